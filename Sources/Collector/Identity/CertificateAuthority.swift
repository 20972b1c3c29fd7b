import Crypto
import FoundationEssentials
import Reports
import SwiftASN1
@_spi(DisableValidityCheck) import X509

/// The site's certificate authority: it vouches for the collector's TLS certificate, for every agent's key, and for the
/// authorities of paired sites.
struct CertificateAuthority: Sendable {
    let certificate: Certificate
    private let key: P256.Signing.PrivateKey

    /// Valid at any time: a server whose clock is decades off must still be able to report.
    private static let validFrom = Date(timeIntervalSince1970: 0)
    /// 9999-12-31T23:59:59Z, which RFC 5280 (4.1.2.5) gives to certificates without an end.
    private static let validThrough = Date(timeIntervalSince1970: 253_402_300_799)
    private static let hostPrefix = "urn:callhome:host:"

    /// Makes a new authority.
    /// - Parameter site: the collector's id; part of the name, so that no two sites' authorities are called alike.
    init(site: String) throws {
        key = P256.Signing.PrivateKey()
        let name = try DistinguishedName { CommonName("Callhome CA \(site)") }
        let publicKey = Certificate.PublicKey(key.publicKey)
        certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: publicKey, notValidBefore: CertificateAuthority.validFrom,
            notValidAfter: CertificateAuthority.validThrough, issuer: name, subject: name,
            signatureAlgorithm: .ecdsaWithSHA256, extensions: CertificateAuthority.authorityExtensions(publicKey),
            issuerPrivateKey: .init(key))
    }

    init(certificatePEM: String, keyPEM: String) throws {
        certificate = try Certificate(pemEncoded: certificatePEM)
        key = try P256.Signing.PrivateKey(pemRepresentation: keyPEM)
    }

    var certificatePEM: String { get throws { try certificate.serializeAsPEM().pemString } }
    var keyPEM: String { key.pemRepresentation }

    /// SHA-256 of the certificate's DER, in hexadecimal: what join tokens carry.
    var fingerprint: String { get throws { try CertificateAuthority.fingerprint(of: certificate) } }

    static func fingerprint(of certificate: Certificate) throws -> String {
        var serializer = DER.Serializer()
        try serializer.serialize(certificate)
        return SHA256.hash(data: serializer.serializedBytes).hexadecimal
    }

    private static func authorityExtensions(_ publicKey: Certificate.PublicKey) throws -> Certificate.Extensions {
        try Certificate.Extensions {
            Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
            Critical(KeyUsage(keyCertSign: true, cRLSign: true))
            SubjectKeyIdentifier(hash: publicKey)
        }
    }

    // MARK: What it issues

    /// The statement that `host` holds `key`, in PEM.
    func certify(_ agent: VerifyingKey, host: HostID) throws -> String {
        try issue(
            to: .init(agent.key), name: host, from: CertificateAuthority.validFrom,
            through: CertificateAuthority.validThrough
        ) {
            Critical(BasicConstraints.notCertificateAuthority)
            Critical(KeyUsage(digitalSignature: true))
            SubjectAlternativeNames([.uniformResourceIdentifier(CertificateAuthority.hostPrefix + host)])
        }
    }

    /// A TLS server certificate in PEM, valid until `end`.
    func certifyServer(_ server: P256.Signing.PublicKey, names: [String], until end: Timestamp) throws -> String {
        try issue(
            to: .init(server), name: names.first ?? "callhome-collector", from: CertificateAuthority.validFrom,
            through: end.date
        ) {
            Critical(BasicConstraints.notCertificateAuthority)
            Critical(KeyUsage(digitalSignature: true))
            try ExtendedKeyUsage([.serverAuth])
            SubjectAlternativeNames(CertificateAuthority.alternativeNames(names))
        }
    }

    static func alternativeNames(_ names: [String]) -> [GeneralName] {
        names.map { name in
            IPAddressBytes.parse(name).map { .ipAddress(ASN1OctetString(contentBytes: $0[...])) } ?? .dnsName(name)
        }
    }

    /// Certifies the key of another site's authority, so that whoever trusts us can check that site's agents.
    func crossCertify(_ other: Certificate) throws -> String {
        try Certificate(
            version: .v3, serialNumber: .init(), publicKey: other.publicKey,
            notValidBefore: CertificateAuthority.validFrom,
            notValidAfter: CertificateAuthority.validThrough, issuer: certificate.subject, subject: other.subject,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: CertificateAuthority.authorityExtensions(other.publicKey), issuerPrivateKey: .init(key)
        ).serializeAsPEM().pemString
    }

    private func issue(
        to publicKey: Certificate.PublicKey, name: String, from start: Date, through end: Date,
        @ExtensionsBuilder extensions: () throws -> Result<Certificate.Extensions, any Error>
    ) throws -> String {
        try Certificate(
            version: .v3, serialNumber: .init(), publicKey: publicKey, notValidBefore: start, notValidAfter: end,
            issuer: certificate.subject, subject: try DistinguishedName { CommonName(String(name.prefix(64))) },
            signatureAlgorithm: .ecdsaWithSHA256, extensions: try extensions().get(), issuerPrivateKey: .init(key)
        ).serializeAsPEM().pemString
    }

    // MARK: What others issued

    /// The certificates of PEM texts, of which each may hold several.
    static func certificates(in texts: [String]) throws -> [Certificate] {
        try texts.flatMap { try PEMDocument.parseMultiple(pemString: $0).map { try Certificate(pemDocument: $0) } }
    }

    /// The host and key that a certificate speaks of, if `root` stands behind it.
    ///
    /// Its dates are not looked at: they are without end, and either clock may be wrong.
    static func host(
        of leaf: Certificate, by root: Certificate, through intermediates: [Certificate]
    ) async -> (host: HostID, key: VerifyingKey)? {
        var verifier = Verifier(rootCertificates: CertificateStore([root])) {
            RFC5280Policy.withValidityCheckDisabled()
        }
        guard
            case .validCertificate = await verifier.validate(leaf: leaf, intermediates: CertificateStore(intermediates)),
            let key = Curve25519.Signing.PublicKey(leaf.publicKey),
            let names = try? leaf.extensions.subjectAlternativeNames
        else { return nil }
        for case .uniformResourceIdentifier(let name) in names where name.hasPrefix(hostPrefix) {
            return (String(name.dropFirst(hostPrefix.count)), VerifyingKey(key))
        }
        return nil
    }
}
