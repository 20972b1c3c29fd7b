import FoundationEssentials
import Reports

/// The spool as the uplink sees it.
extension Spool: ReportSource {
    func nextBatch(of stream: ReportStream, limit: Int, bytes: Int) throws(SpoolError) -> [StoredEnvelope] {
        try perform { () throws in
            renumbered = nil
            // A question is answered to one as well as to many.
            let limit = epoch == Spool.unsettled ? 1 : limit
            while true {
                let (batch, damaged) = try read(stream, limit: limit, bytes: bytes)
                guard let damaged else { return batch }
                try admitDamage(of: damaged, in: stream)
                if !batch.isEmpty { return batch }
            }
        }
    }

    /// - Returns: what can be read, up to the first report that cannot, and the row of that one.
    private func read(
        _ stream: ReportStream, limit: Int, bytes: Int
    ) throws -> (batch: [StoredEnvelope], damaged: SQLiteValue?) {
        var batch: [StoredEnvelope] = []
        var total = 0
        var damaged: SQLiteValue?
        let epoch = epoch
        try database.read(
            "SELECT sequence, envelope, id FROM report WHERE stream = ? ORDER BY sequence LIMIT ?",
            .text(stream.rawValue), .integer(Int64(limit))
        ) { row in
            guard let sequence = row[0].integer, let line = row[1].blob.flatMap({ try? StoredReport.line($0) }) else {
                damaged = row[2]
                return false
            }
            total += line.count + 1
            guard batch.isEmpty || total <= bytes else { return false }
            batch.append(StoredEnvelope(epoch: epoch, sequence: sequence, bytes: line))
            return true
        }
        return (batch, damaged)
    }

    /// A report that cannot be unpacked would hold up all that come after it: a signed admission takes its place.
    private func admitDamage(of row: SQLiteValue, in stream: ReportStream) throws {
        let found = try database.rows("SELECT first, sequence FROM report WHERE id = ?", row).first
        try database.run("DELETE FROM report WHERE id = ?", row)
        guard let first = found?[0].integer, let sequence = found?[1].integer else { return }
        let position = ReportPosition(epoch: epoch, stream: stream, first: first, sequence: sequence)
        try insert(report(.dropped(Dropped(reason: "damaged")), at: position, latest))
    }

    func discard(through sequence: Int64, of stream: ReportStream) throws(SpoolError) {
        try perform { () throws in
            try rememberLast(through: sequence, of: stream)
            try database.run(
                "DELETE FROM report WHERE stream = ? AND sequence <= ?", .text(stream.rawValue), .integer(sequence))
        }
    }

    func discardRenumbered(through sequence: Int64, of stream: ReportStream, from epoch: Int64) throws(SpoolError) {
        guard let renumbered, renumbered.epoch == epoch,
            let place = renumbered.places[stream]?.last(where: { $0.old <= sequence })
        else { return }
        try discard(through: place.new, of: stream)
    }

    func oldest(of stream: ReportStream) throws(SpoolError) -> Int64? {
        try perform { () throws in
            try database.value(
                "SELECT first FROM report WHERE stream = ? ORDER BY sequence LIMIT 1", .text(stream.rawValue))?.integer
        }
    }

    func newest(of stream: ReportStream) throws(SpoolError) -> Int64 {
        try perform { () throws in try nextSequence(of: stream) - 1 }
    }

    func counts() throws(SpoolError) -> [ReportStream: Int] {
        try perform { () throws in
            var counts: [ReportStream: Int] = [:]
            for stream in ReportStream.allCases {
                let count = try database.value("SELECT count(*) FROM report WHERE stream = ?", .text(stream.rawValue))
                counts[stream] = Int(count?.integer ?? 0)
            }
            return counts
        }
    }

    func startEpoch(_ next: Int64) throws(SpoolError) {
        try perform { () throws in
            if memory == nil { try file.record(epoch: next) }
            for stream in ReportStream.allCases { try renumber(stream, into: next) }
            try database.run("UPDATE note SET value = ? WHERE key = 'epoch'", .integer(next))
            epoch = next
            // Whoever takes the first report of an epoch may know of none before.
            if next != Spool.unsettled, try !stamps().isEmpty { try state(answering: nil) }
        }
    }

    /// From now on reports are written in this name; those that wait are signed again by `startEpoch`.
    func adopt(host: HostID, hostname: String) {
        author.host = host
        author.hostname = hostname
    }

    func declareLoss(
        of stream: ReportStream, from first: Int64, through last: Int64, reason: String
    ) throws(SpoolError) {
        guard first <= last else { return }
        try perform { () throws in
            let position = ReportPosition(epoch: epoch, stream: stream, first: first, sequence: last)
            let present = try database.value(
                "SELECT 1 FROM report WHERE stream = ? AND first <= ? AND sequence >= ?", .text(stream.rawValue),
                .integer(last), .integer(first))
            // Asked twice, or for what is still here: the reports themselves are the better answer.
            guard present == nil else { return }
            try insert(report(.dropped(Dropped(reason: reason)), at: position, latest))
        }
    }

    /// One report at a time, by row: the spool may be larger than the memory that an agent should take.
    private func renumber(_ stream: ReportStream, into next: Int64) throws {
        var sequence: Int64 = 0
        // Negative numbers for the time between, so that no two rows claim one number.
        try database.run("UPDATE report SET sequence = -sequence WHERE stream = ?", .text(stream.rawValue))
        while let row = try database.rows(
            "SELECT id, envelope FROM report WHERE stream = ? AND sequence < 0 ORDER BY sequence DESC LIMIT 1",
            .text(stream.rawValue)
        ).first {
            try database.run("DELETE FROM report WHERE id = ?", row[0])
            let old = row[1].blob.flatMap { try? author.read(StoredReport.line($0)) }
            let covered = old.map { $0.position.sequence - $0.position.first } ?? 0
            let first = sequence + 1
            sequence = first + max(0, covered)
            let position = ReportPosition(epoch: next, stream: stream, first: first, sequence: sequence)
            var renewed = old ?? report(.dropped(Dropped(reason: "damaged")), at: position, latest)
            renewed.position = position
            renewed.host = author.host
            renewed.hostname = author.hostname
            try insert(renewed)
        }
        try database.run("UPDATE stream SET next = ? WHERE name = ?", .integer(sequence + 1), .text(stream.rawValue))
    }
}
