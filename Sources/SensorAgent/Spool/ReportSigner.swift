import FoundationEssentials
import Reports

/// In whose name reports are written, and the key they are signed with.
struct ReportSigner: Sendable {
    var host: HostID
    var hostname: String
    var key: SigningKey

    /// One report, signed, as one line of JSON without the newline.
    func sign(_ report: Report) throws -> Data {
        try WireFormat.encode(Envelope.sign(WireFormat.encode(report), as: .report, with: key))
    }

    /// The report in a stored line, if this author's key signed it.
    func verify(_ line: Data) throws -> Report {
        let envelope = try WireFormat.decode(Envelope.self, from: line)
        return try WireFormat.decode(Report.self, from: envelope.verified(as: .report, by: key.publicKey))
    }

    /// The report in a stored line, whoever signed it: the spool is the agent's own, and its key may have changed.
    func read(_ line: Data) throws -> Report {
        try WireFormat.decode(Report.self, from: WireFormat.decode(Envelope.self, from: line).payload)
    }
}
