import Crypto
import FoundationEssentials
import HummingbirdTLS
import NIOCore
import NIOSSL
import Reports
import SwiftASN1
import Synchronization
import X509

/// The certificate that the HTTPS server shows: by the TLS root, renewed while the server runs. Behind it goes, while
/// somebody still trusts the authority of before, that one's certificate for the root.
final class ServerTLS: Sendable {
    /// How long a certificate is good: the longest that common TLS clients accept.
    static let lifetime = Duration.seconds(398 * 86_400)
    /// With less left, it is renewed.
    static let renewal = Duration.seconds(30 * 86_400)
    /// How long a connection that the server ends waits for the client's close_notify (RFC 8446, 6.1).
    static let farewell = TimeAmount.milliseconds(200)

    private let directory: DataDirectory
    private let root: TLSRoot
    /// PEM; nil where there was no authority before the root.
    private let cross: String?
    private let names: [String]
    private let current: Mutex<NIOSSLContextConfigurationOverride>

    /// - Parameters:
    ///   - cross: PEM of the root's certificate by the authority of before; nil where there was none.
    ///   - names: DNS names and addresses, the first is the subject.
    init(
        directory: DataDirectory, root: TLSRoot, cross: String?, names: [String], at time: Timestamp
    ) throws {
        self.directory = directory
        self.root = root
        self.cross = cross
        self.names = names
        current = Mutex(try ServerTLS.certificate(directory, root, cross, names, at: time))
    }

    /// Renews the certificate when it is due. New connections get the new one; nothing is restarted.
    /// - Parameter servesCross: whether anybody still trusts the authority of before.
    func renew(servesCross: Bool, at time: Timestamp) throws {
        let certificate = try ServerTLS.certificate(directory, root, servesCross ? cross : nil, names, at: time)
        current.withLock { $0 = certificate }
    }

    /// Whether there was an authority before the root.
    var hasCross: Bool { cross != nil }

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
        _ directory: DataDirectory, _ root: TLSRoot, _ cross: String?, _ names: [String], at time: Timestamp
    ) throws -> NIOSSLContextConfigurationOverride {
        var pair = try stored(directory)
        if let (certificate, _) = pair, !serves(certificate, root, names, at: time) { pair = nil }
        let (certificate, key): (String, String)
        if let pair {
            (certificate, key) = (try pair.0.serializeAsPEM().pemString, pair.1)
        } else {
            let new = P256.Signing.PrivateKey()
            certificate = try root.certifyServer(new.publicKey, names: names, until: time + lifetime)
            key = new.pemRepresentation
            try directory.write(key, to: directory.serverKey)
            try directory.write(certificate, to: directory.serverCertificate)
        }
        var override = NIOSSLContextConfigurationOverride()
        override.certificateChain = try NIOSSLCertificate.fromPEMBytes(Array((certificate + "\n" + (cross ?? "")).utf8))
            .map { .certificate($0) }
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
        _ certificate: Certificate, _ root: TLSRoot, _ names: [String], at time: Timestamp
    ) -> Bool {
        guard root.certificate.publicKey.isValidSignature(certificate.signature, for: certificate),
            Timestamp(certificate.notValidAfter) - time > renewal,
            let held = try? certificate.extensions.subjectAlternativeNames
        else { return false }
        return Set(held) == Set(TLSRoot.alternativeNames(names))
    }
}
