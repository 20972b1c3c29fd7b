import FoundationEssentials
import Reports

/// What the spool remembers of collectors' answers beyond what they cover.
extension Spool {
    func shownReceipt() throws(SpoolError) -> String? {
        try perform { () throws in try SpoolSchema.note("receipt", &database) }
    }

    func keep(receipt line: String) throws(SpoolError) {
        try perform { () throws in try SpoolSchema.setNote("receipt", line, &database) }
    }

    func contentHash(at sequence: Int64, of stream: ReportStream) throws(SpoolError) -> String? {
        try perform { () throws in
            let stored = try database.value(
                "SELECT envelope FROM report WHERE stream = ? AND sequence = ?", .text(stream.rawValue),
                .integer(sequence))
            if let stored { return stored.blob.flatMap { Spool.contentHash(of: $0) } }
            let last = try SpoolSchema.note("last.\(stream.rawValue)", &database).flatMap { LastDiscarded($0) }
            return last.flatMap { $0.epoch == epoch && $0.sequence == sequence ? $0.hash : nil }
        }
    }

    /// Of the newest report that is about to be discarded: whether the collector has it, or another one in its place, is asked
    /// later as well.
    func rememberLast(through sequence: Int64, of stream: ReportStream) throws {
        let row = try database.rows(
            "SELECT sequence, envelope FROM report WHERE stream = ? AND sequence <= ? ORDER BY sequence DESC LIMIT 1",
            .text(stream.rawValue), .integer(sequence)
        ).first
        guard let row, let found = row[0].integer, let hash = row[1].blob.flatMap({ Spool.contentHash(of: $0) }) else {
            return
        }
        let last = LastDiscarded(epoch: epoch, sequence: found, hash: hash)
        try SpoolSchema.setNote("last.\(stream.rawValue)", last.note, &database)
    }

    private static func contentHash(of stored: Data) -> String? {
        guard let line = try? StoredReport.line(stored),
            let envelope = try? WireFormat.decode(Envelope.self, from: line)
        else { return nil }
        return Receipt.contentHash(of: envelope.payload)
    }
}

/// The last report of a stream that was discarded.
private struct LastDiscarded {
    var epoch: Int64
    var sequence: Int64
    /// `Receipt.contentHash`.
    var hash: String

    init(epoch: Int64, sequence: Int64, hash: String) {
        (self.epoch, self.sequence, self.hash) = (epoch, sequence, hash)
    }

    /// `7 120 c10e…`
    init?(_ note: String) {
        let words = note.split(separator: " ")
        guard words.count == 3, let epoch = Int64(words[0]), let sequence = Int64(words[1]) else { return nil }
        self.init(epoch: epoch, sequence: sequence, hash: String(words[2]))
    }

    var note: String { "\(epoch) \(sequence) \(hash)" }
}
