import Crypto
import FoundationEssentials
import Reports
import SwiftASN1
import X509

/// What this collector's TLS certificate comes from, and nothing else: the one certificate that agents, commands and other
/// collectors trust when they speak to it. Apart from the authority that vouches for agents' keys, so that nobody whom that
/// one vouches for can pass for the collector.
struct TLSRoot: Sendable {
    private let own: CertifiedKey

    /// - Parameter site: the collector's id; part of the name, so that no two collectors' roots are called alike.
    init(site: String) throws {
        own = try CertifiedKey(
            name: DistinguishedName { CommonName("Callhome TLS \(site)") }, extensions: TLSRoot.extensions)
    }

    init(certificatePEM: String, keyPEM: String) throws {
        own = try CertifiedKey(certificatePEM: certificatePEM, keyPEM: keyPEM)
    }

    var certificate: Certificate { own.certificate }
    var certificatePEM: String { get throws { try own.certificatePEM } }
    var keyPEM: String { own.keyPEM }

    /// SHA-256 of the certificate's DER, in hexadecimal: what join tokens carry.
    var fingerprint: String { get throws { try CertificateAuthority.fingerprint(of: certificate) } }

    /// What others are given of it.
    var shown: ShownRoot { get throws { ShownRoot(pem: try certificatePEM, fingerprint: try fingerprint) } }

    /// Directly above servers, and for servers only: a client that looks at no more than the chain refuses all else.
    static func extensions(_ publicKey: Certificate.PublicKey) throws -> Certificate.Extensions {
        try Certificate.Extensions {
            Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
            Critical(KeyUsage(keyCertSign: true))
            Critical(try ExtendedKeyUsage([.serverAuth]))
            SubjectKeyIdentifier(hash: publicKey)
        }
    }

    /// A TLS server certificate in PEM, valid until `end`.
    func certifyServer(_ server: P256.Signing.PublicKey, names: [String], until end: Timestamp) throws -> String {
        let subject = try DistinguishedName {
            CommonName(String((names.first ?? "callhome-collector").prefix(64)))
        }
        return try own.issue(
            .init(server), subject: subject, through: end.date,
            try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth])
                SubjectAlternativeNames(TLSRoot.alternativeNames(names))
            })
    }

    static func alternativeNames(_ names: [String]) -> [GeneralName] {
        names.map { name in
            IPAddressBytes.parse(name).map { .ipAddress(ASN1OctetString(contentBytes: $0[...])) } ?? .dnsName(name)
        }
    }
}

/// A TLS root as others see it.
struct ShownRoot: Hashable, Sendable {
    var pem: String
    /// SHA-256 of its DER, in hexadecimal.
    var fingerprint: String
}
