import Crypto
import FoundationEssentials
import SwiftASN1
import X509

/// A key and the certificate that it signed for itself: what an authority issues certificates with.
struct CertifiedKey: Sendable {
    let certificate: Certificate
    private let key: P256.Signing.PrivateKey

    /// Valid at any time: a server whose clock is decades off must still be able to report.
    static let validFrom = Date(timeIntervalSince1970: 0)
    /// 9999-12-31T23:59:59Z, which RFC 5280 (4.1.2.5) gives to certificates without an end.
    static let validThrough = Date(timeIntervalSince1970: 253_402_300_799)

    /// Makes a new key.
    init(
        name: DistinguishedName, extensions: (Certificate.PublicKey) throws -> Certificate.Extensions
    ) throws {
        key = P256.Signing.PrivateKey()
        let publicKey = Certificate.PublicKey(key.publicKey)
        certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: publicKey, notValidBefore: CertifiedKey.validFrom,
            notValidAfter: CertifiedKey.validThrough, issuer: name, subject: name,
            signatureAlgorithm: .ecdsaWithSHA256, extensions: extensions(publicKey), issuerPrivateKey: .init(key))
    }

    init(certificatePEM: String, keyPEM: String) throws {
        certificate = try Certificate(pemEncoded: certificatePEM)
        key = try P256.Signing.PrivateKey(pemRepresentation: keyPEM)
    }

    var certificatePEM: String { get throws { try certificate.serializeAsPEM().pemString } }
    var keyPEM: String { key.pemRepresentation }

    /// A certificate of another key, in PEM.
    func issue(
        _ publicKey: Certificate.PublicKey, subject: DistinguishedName, through end: Date,
        _ extensions: Certificate.Extensions
    ) throws -> String {
        try Certificate(
            version: .v3, serialNumber: .init(), publicKey: publicKey, notValidBefore: CertifiedKey.validFrom,
            notValidAfter: end, issuer: certificate.subject, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: extensions, issuerPrivateKey: .init(key)
        ).serializeAsPEM().pemString
    }
}
