import Crypto
import FoundationEssentials
import Reports
import SwiftASN1
@_spi(DisableValidityCheck) import X509

/// The site's certificate authority: it vouches for every agent's key, and for the authorities of paired sites. TLS has a
/// root of its own, `TLSRoot`.
struct CertificateAuthority: Sendable {
    private let own: CertifiedKey

    /// Makes a new authority.
    /// - Parameter site: the collector's id; part of the name, so that no two sites' authorities are called alike.
    init(site: String) throws {
        own = try CertifiedKey(
            name: CertificateAuthority.name(ofSite: site), extensions: CertificateAuthority.authorityExtensions)
    }

    init(certificatePEM: String, keyPEM: String) throws {
        own = try CertifiedKey(certificatePEM: certificatePEM, keyPEM: keyPEM)
    }

    var certificate: Certificate { own.certificate }
    var certificatePEM: String { get throws { try own.certificatePEM } }
    var keyPEM: String { own.keyPEM }

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
        try own.issue(
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
        try own.issue(
            other.publicKey, subject: other.subject, through: CertifiedKey.validThrough,
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
        try own.issue(
            root.certificate.publicKey, subject: root.certificate.subject, through: CertifiedKey.validThrough,
            try TLSRoot.extensions(root.certificate.publicKey))
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
