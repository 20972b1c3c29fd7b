import Crypto
import FoundationEssentials
import Reports
import SwiftASN1
@_spi(DisableValidityCheck) import X509

/// The site's certificate authority: it vouches for every agent's key, and for the authorities of paired sites. TLS has a
/// root of its own, `TLSRoot`.
struct CertificateAuthority: Sendable {
    let certificate: Certificate
    private let key: P256.Signing.PrivateKey

    /// Valid at any time: a server whose clock is decades off must still be able to report.
    static let validFrom = Date(timeIntervalSince1970: 0)
    /// 9999-12-31T23:59:59Z, which RFC 5280 (4.1.2.5) gives to certificates without an end.
    static let validThrough = Date(timeIntervalSince1970: 253_402_300_799)

    /// Makes a new authority.
    /// - Parameter site: the collector's id; part of the name, so that no two sites' authorities are called alike.
    init(site: String) throws {
        key = P256.Signing.PrivateKey()
        let name = try CertificateAuthority.name(ofSite: site)
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

    private static func name(ofSite site: String) throws -> DistinguishedName {
        try DistinguishedName { CommonName("Callhome CA \(site)") }
    }

    /// SHA-256 of the certificate's DER, in hexadecimal.
    var fingerprint: String { get throws { try CertificateAuthority.fingerprint(of: certificate) } }

    /// Of a certificate in PEM; nil where it cannot be read.
    static func fingerprint(ofPEM pem: String) -> String? {
        (try? Certificate(pemEncoded: pem)).flatMap { try? fingerprint(of: $0) }
    }

    static func fingerprint(of certificate: Certificate) throws -> String {
        var serializer = DER.Serializer()
        try serializer.serialize(certificate)
        return SHA256.hash(data: serializer.serializedBytes).hexadecimal
    }

    /// What this authority's own certificate may be used for: to vouch for agents, and for sites that do.
    private static func authorityExtensions(_ publicKey: Certificate.PublicKey) throws -> Certificate.Extensions {
        try Certificate.Extensions {
            Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 1))
            Critical(KeyUsage(keyCertSign: true))
            Critical(try ExtendedKeyUsage([.clientAuth]))
            SubjectKeyIdentifier(hash: publicKey)
        }
    }

    // MARK: What it issues

    /// The statement that `host` holds the key, in PEM, valid until `end`. It is named by the key, names no server, and is
    /// for clients only: whoever holds it can be no server.
    func certify(_ agent: VerifyingKey, host: HostID, until end: Timestamp) throws -> String {
        try sign(
            .init(agent.key), subject: try AgentCertificate.subject(agent, host: host), through: end.date,
            try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                Critical(try ExtendedKeyUsage([.clientAuth]))
            })
    }

    /// Certifies the key of another site's authority, so that whoever trusts us can check that site's agents: agents only,
    /// no authority below it, and no name or address of a server.
    func crossCertify(_ other: Certificate) throws -> String {
        try sign(
            other.publicKey, subject: other.subject, through: CertificateAuthority.validThrough,
            try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true))
                Critical(try ExtendedKeyUsage([.clientAuth]))
                Critical(CertificateAuthority.noServers)
                SubjectKeyIdentifier(hash: other.publicKey)
            })
    }

    /// Every name and every address: the empty name is at the end of each, and no bit of an address counts.
    private static let noServers = NameConstraints(
        excludedDNSDomains: [""],
        excludedIPRanges: [8, 32].map { ASN1OctetString(contentBytes: Array(repeating: 0, count: $0)[...]) })

    /// Whether a cross-certificate is one of those above; those of 0.1 bound nothing.
    static func isConstrained(cross: String) -> Bool {
        guard let certificate = try? Certificate(pemEncoded: cross) else { return false }
        return (try? certificate.extensions.nameConstraints) == noServers
            && (try? certificate.extensions.extendedKeyUsage)?.contains(.clientAuth) == true
            && (try? certificate.extensions.basicConstraints) == .isCertificateAuthority(maxPathLength: 0)
    }

    /// Certifies the TLS root for whoever still trusts this authority for TLS, as all did up to 0.1.
    func crossSign(_ root: TLSRoot) throws -> String {
        try sign(
            root.certificate.publicKey, subject: root.certificate.subject, through: CertificateAuthority.validThrough,
            try TLSRoot.extensions(root.certificate.publicKey))
    }

    private func sign(
        _ publicKey: Certificate.PublicKey, subject: DistinguishedName, through end: Date,
        _ extensions: Certificate.Extensions
    ) throws -> String {
        try Certificate(
            version: .v3, serialNumber: .init(), publicKey: publicKey,
            notValidBefore: CertificateAuthority.validFrom, notValidAfter: end, issuer: certificate.subject,
            subject: subject, signatureAlgorithm: .ecdsaWithSHA256, extensions: extensions,
            issuerPrivateKey: .init(key)
        ).serializeAsPEM().pemString
    }

    // MARK: What others issued

    /// The certificates of PEM texts, of which each may hold several.
    static func certificates(in texts: [String]) throws -> [Certificate] {
        try texts.flatMap { try PEMDocument.parseMultiple(pemString: $0).map { try Certificate(pemDocument: $0) } }
    }

    /// The host and key that a certificate speaks of, if `root` stands behind it.
    ///
    /// Its dates are not looked at: a report was signed while it was good, and either clock may be wrong.
    static func host(
        of leaf: Certificate, by root: Certificate, through intermediates: [Certificate]
    ) async -> AgentCertificate? {
        var verifier = Verifier(rootCertificates: CertificateStore([root])) {
            RFC5280Policy.withValidityCheckDisabled()
            AgentUsagePolicy()
        }
        guard
            case .validCertificate = await verifier.validate(leaf: leaf, intermediates: CertificateStore(intermediates))
        else { return nil }
        return AgentCertificate(leaf)
    }

    /// Why `certificate` is not the authority of `site`; nil where it is: it signed itself, is called after the site as
    /// every version calls it, and its key is none of `known`.
    static func objection(
        to certificate: Certificate, of site: String, known: [Certificate.PublicKey]
    ) -> String? {
        guard certificate.publicKey.isValidSignature(certificate.signature, for: certificate) else {
            return "its CA is no self-signed certificate"
        }
        guard case .isCertificateAuthority? = try? certificate.extensions.basicConstraints else {
            return "its CA is no certificate of an authority"
        }
        guard certificate.subject == (try? name(ofSite: site)) else { return "its CA is not called after the site" }
        return known.contains(certificate.publicKey) ? "its CA has the key of another site" : nil
    }
}
