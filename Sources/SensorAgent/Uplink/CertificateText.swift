import Crypto
import FoundationEssentials
import Reports

/// A certificate in PEM (RFC 7468). What is in it does not matter here: it is compared as a whole.
struct CertificateText: Hashable, Sendable {
    private static let begin = "-----BEGIN CERTIFICATE-----"
    private static let end = "-----END CERTIFICATE-----"

    let der: Data

    /// The first certificate of a text; nil where there is none.
    init?(_ text: String) {
        guard let start = text.firstRange(of: CertificateText.begin),
            let stop = text[start.upperBound...].firstRange(of: CertificateText.end)
        else { return nil }
        let base64 = text[start.upperBound..<stop.lowerBound].filter { !$0.isWhitespace }
        guard let der = Data(base64Encoded: base64), !der.isEmpty else { return nil }
        self.der = der
    }

    /// SHA-256 of the DER, in lower-case hexadecimal.
    var fingerprint: String { SHA256.hash(data: der).hexadecimal }

    /// This certificate and nothing else: what stood beside it in the text is not to be trusted with it.
    var pem: String {
        let base64 = Array(der.base64EncodedString().utf8)
        let lines = stride(from: 0, to: base64.count, by: 64).map {
            String(decoding: base64[$0..<min($0 + 64, base64.count)], as: UTF8.self)
        }
        return ([CertificateText.begin] + lines + [CertificateText.end]).joined(separator: "\n") + "\n"
    }
}
