import FoundationEssentials
import Reports
import Transfer

/// How a report lies in a row of the spool: a fault as the line that is sent, telemetry packed.
///
/// Packed is gzip over the envelope without its payload, a newline, and the payload. The payload stands in the envelope in
/// base64, in which hardly anything repeats; by itself it takes about a tenth. The bytes that were signed stay as they are.
enum StoredReport {
    private static let newline = UInt8(ascii: "\n")
    /// RFC 1952; a line begins with a brace.
    private static let magic: [UInt8] = [0x1F, 0x8B]

    /// What is stored of a signed line.
    static func packed(_ line: Data, of stream: ReportStream) throws -> Data {
        guard stream == .telemetry else { return line }
        var envelope = try WireFormat.decode(Envelope.self, from: line)
        let payload = envelope.payload
        envelope.payload = Data()
        var plain = try WireFormat.encode(envelope)
        plain.append(newline)
        plain.append(payload)
        return try Gzip.compress(plain)
    }

    /// The line to send, of a stored blob.
    static func line(_ stored: Data) throws -> Data {
        guard stored.starts(with: magic) else { return stored }
        let plain = try Gzip.decompress(stored, limit: WireLimits.envelopeBytes)
        guard let end = plain.firstIndex(of: newline) else { throw GzipError.malformed }
        var envelope = try WireFormat.decode(Envelope.self, from: Data(plain[..<end]))
        envelope.payload = Data(plain[plain.index(after: end)...])
        return try WireFormat.encode(envelope)
    }
}
