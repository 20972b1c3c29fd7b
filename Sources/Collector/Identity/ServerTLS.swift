import Crypto
import FoundationEssentials
import HummingbirdTLS
import NIOCore
import NIOSSL
import Reports
import SwiftASN1
import Synchronization
import X509

/// The certificate that the HTTPS server shows: by the site's CA, renewed while the server runs.
final class ServerTLS: Sendable {
    /// How long a certificate is good: the longest that common TLS clients accept.
    static let lifetime = Duration.seconds(398 * 86_400)
    /// With less left, it is renewed.
    static let renewal = Duration.seconds(30 * 86_400)
    /// How long a connection that the server ends waits for the client's close_notify (RFC 8446, 6.1).
    static let farewell = TimeAmount.milliseconds(200)

    private let directory: DataDirectory
    private let authority: CertificateAuthority
    private let names: [String]
    private let current: Mutex<NIOSSLContextConfigurationOverride>

    /// - Parameter names: DNS names and addresses, the first is the subject.
    init(
        directory: DataDirectory, authority: CertificateAuthority, names: [String], at time: Timestamp
    ) throws {
        self.directory = directory
        self.authority = authority
        self.names = names
        current = Mutex(try ServerTLS.certificate(directory, authority, names, at: time))
    }

    /// Renews the certificate when it is due. New connections get the new one; nothing is restarted.
    func renew(at time: Timestamp) throws {
        let certificate = try ServerTLS.certificate(directory, authority, names, at: time)
        current.withLock { $0 = certificate }
    }

    /// What the server is started with.
    var configuration: TLSConfiguration {
        get throws {
            let first = current.withLock { $0 }
            guard let key = first.privateKey else { throw NIOSSLError.failedToLoadCertificate }
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: first.certificateChain ?? [], privateKey: key)
            configuration.minimumTLSVersion = .tlsv12
            configuration.applicationProtocols = ["http/1.1"]
            // A client that keeps its connection for later does not read it, and so never answers the close_notify:
            // every stop would wait the library's 5 s for it. No answer is on its way by then (RFC 8446, 6.1).
            configuration.shutdownTimeout = ServerTLS.farewell
            configuration.sslContextCallback = { [self] _, promise in promise.succeed(current.withLock { $0 }) }
            return configuration
        }
    }

    /// The stored certificate if it still serves, else a new one.
    private static func certificate(
        _ directory: DataDirectory, _ authority: CertificateAuthority, _ names: [String], at time: Timestamp
    ) throws -> NIOSSLContextConfigurationOverride {
        var pair = try stored(directory)
        if let (certificate, _) = pair, !serves(certificate, authority, names, at: time) { pair = nil }
        let (certificate, key): (String, String)
        if let pair {
            (certificate, key) = (try pair.0.serializeAsPEM().pemString, pair.1)
        } else {
            let new = P256.Signing.PrivateKey()
            certificate = try authority.certifyServer(new.publicKey, names: names, until: time + lifetime)
            key = new.pemRepresentation
            try directory.write(key, to: directory.serverKey)
            try directory.write(certificate, to: directory.serverCertificate)
        }
        var override = NIOSSLContextConfigurationOverride()
        override.certificateChain = try NIOSSLCertificate.fromPEMBytes(Array(certificate.utf8)).map { .certificate($0) }
        override.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem))
        return override
    }

    private static func stored(_ directory: DataDirectory) throws -> (Certificate, String)? {
        guard let pem = try directory.text(at: directory.serverCertificate),
            let key = try directory.text(at: directory.serverKey),
            let certificate = try? Certificate(pemEncoded: pem),
            let pair = try? P256.Signing.PrivateKey(pemRepresentation: key),
            // A crash between the two files leaves a pair that does not match.
            certificate.publicKey == Certificate.PublicKey(pair.publicKey)
        else { return nil }
        return (certificate, key)
    }

    private static func serves(
        _ certificate: Certificate, _ authority: CertificateAuthority, _ names: [String], at time: Timestamp
    ) -> Bool {
        guard authority.certificate.publicKey.isValidSignature(certificate.signature, for: certificate),
            Timestamp(certificate.notValidAfter) - time > renewal,
            let held = try? certificate.extensions.subjectAlternativeNames
        else { return false }
        return Set(held) == Set(CertificateAuthority.alternativeNames(names))
    }
}
