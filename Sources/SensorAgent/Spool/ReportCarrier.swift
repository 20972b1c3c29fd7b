import FoundationEssentials
import Reports

/// Carries what waits, diagnosis state and cursors from one file to another, as far as the first can be read. Reports are
/// signed again, in the epoch `Spool.unsettled`, from 1 on, each covering as many numbers as before.
struct ReportCarrier {
    let author: ReportSigner
    /// Stored bytes of each stream that are carried, the newest first; nil: all.
    let budget: Int?
    let moment: Moment
    /// What stood where, of the oldest of each stream.
    private(set) var places: [ReportStream: [(old: Int64, new: Int64)]] = [:]
    /// The last number that was given out.
    private var sequences: [ReportStream: Int64] = [:]

    init(author: ReportSigner, budget: Int?, moment: Moment) {
        self.author = author
        self.budget = budget
        self.moment = moment
    }

    /// - Throws: what the target refuses. What cannot be read of the source is left, and noted in the target.
    /// - Parameter epoch: of the source, where it is known; nil: as it says.
    mutating func carry(from source: inout SQLite, epoch: Int64? = nil, into target: inout SQLite) throws {
        var unread = UnreadReports(epoch: epoch ?? (try? SpoolSchema.epoch(&source)) ?? Spool.unsettled)
        for stream in ReportStream.allCases {
            let ranges = try carry(stream, from: &source, into: &target)
            if !ranges.isEmpty { unread.ranges[stream] = ranges }
        }
        if !unread.ranges.isEmpty { try SpoolSchema.setNote("unread", unread.note, &target) }
        try ReportCarrier.copy(
            "SELECT id, latches, windows FROM component", "INSERT OR REPLACE INTO component VALUES(?1, ?2, ?3)",
            from: &source, into: &target)
        try ReportCarrier.copy(
            "SELECT probe, value, NULL FROM cursor", "INSERT OR REPLACE INTO cursor SELECT ?1, ?2 WHERE ?3 IS NULL",
            from: &source, into: &target)
        try ReportCarrier.copy(
            "SELECT fault, stamp, body FROM standing", "INSERT OR REPLACE INTO standing VALUES(?1, ?2, ?3)",
            from: &source, into: &target)
        try ReportCarrier.copy(
            "SELECT key, value, NULL FROM note WHERE key IN ('stamp', 'restated', 'receipt')",
            "INSERT OR REPLACE INTO note SELECT ?1, ?2 WHERE ?3 IS NULL", from: &source, into: &target)
    }

    /// From a disk that takes no write, not even that of the log beside the file that opening it makes: from a copy with its
    /// log, where there is room for one, or else from the file as it was when its log was written into it last.
    mutating func carry(fromUnwritable file: SpoolFile, into target: inout SQLite) throws {
        if let copy = file.copyToMemory() {
            defer { file.removeCopy() }
            if var source = try? SQLite(path: copy), SpoolSchema.isReadable(&source) {
                return try carry(from: &source, into: &target)
            }
        }
        guard var source = try? SQLite(untouched: file.path), SpoolSchema.isReadable(&source) else {
            // Nothing of it is here: all that it holds is to be read once it can be, whatever its numbers.
            var unread = UnreadReports(epoch: UnreadReports.anyEpoch)
            for stream in ReportStream.allCases { unread.ranges[stream] = [1...(.max)] }
            return try SpoolSchema.setNote("unread", unread.note, &target)
        }
        try carry(from: &source, into: &target)
        var unread = UnreadReports(epoch: (try? SpoolSchema.epoch(&source)) ?? Spool.unsettled)
        for stream in ReportStream.allCases {
            unread.ranges[stream] = [(ReportCarrier.next(of: stream, &source) ?? 1)...(.max)]
        }
        try SpoolSchema.setNote("unread", unread.note, &target)
    }

    /// Lines of reports whose numbers lie in a range, as far as they can be read now.
    func take(_ unread: [ReportStream: [ClosedRange<Int64>]], from source: inout SQLite) -> [ReportStream: [Report]] {
        var found: [ReportStream: [Report]] = [:]
        for (stream, range) in unread.flatMap({ stream, ranges in ranges.map { (stream, $0) } }) {
            let author = author
            try? source.read(
                "SELECT envelope FROM report WHERE stream = ? AND sequence BETWEEN ? AND ? ORDER BY sequence",
                .text(stream.rawValue), .integer(range.lowerBound), .integer(range.upperBound)
            ) { row in
                if let report = row[0].blob.flatMap({ try? author.read(StoredReport.line($0)) }) {
                    found[stream, default: []].append(report)
                }
                return true
            }
        }
        return found
    }

    mutating func put(_ reports: [ReportStream: [Report]], into target: inout SQLite) throws {
        for (stream, reports) in reports {
            for report in reports {
                _ = try put(
                    report, of: stream, covering: report.position.sequence - report.position.first, into: &target)
            }
        }
    }

    // MARK: One stream

    /// - Returns: the numbers that could not be read.
    private mutating func carry(
        _ stream: ReportStream, from source: inout SQLite, into target: inout SQLite
    ) throws -> [ClosedRange<Int64>] {
        let (oldest, isCut) = oldestCarried(of: stream, &source)
        // What stands before the damage is not left out for want of room: it may be read once the disk is well.
        let before = isCut && oldest > 1 ? [1...(oldest - 1)] : []
        var found: [(old: Int64, new: Int64)] = []
        if !isCut, let left = leftOut(of: stream, before: oldest, &source) {
            let new = try put(
                dropped(because: "memory-full"), of: stream, covering: left.last - left.first, into: &target)
            found.append((left.last, new))
        }
        var failure: (any Error)?
        var last: Int64 = 0
        var isWhole = true
        do {
            try source.read(
                "SELECT sequence, first, envelope FROM report WHERE stream = ? AND sequence >= ? ORDER BY sequence",
                .text(stream.rawValue), .integer(oldest)
            ) { row in
                guard let old = row[0].integer, let first = row[1].integer else { return false }
                let isPosition = SequenceBounds.range.contains(old) && SequenceBounds.range.contains(first)
                let report = row[2].blob.flatMap { try? author.read(StoredReport.line($0)) }
                do {
                    let new = try put(
                        report ?? dropped(because: "damaged"), of: stream, covering: isPosition ? old - first : 0,
                        into: &target)
                    // Damage made other numbers of those that it had: nobody refers to it by them.
                    guard isPosition else { return true }
                    if found.count < RenumberedReports.limit { found.append((old, new)) }
                    last = old
                    return true
                } catch {
                    failure = error
                    return false
                }
            }
        } catch {
            // What comes after it would stand in another order.
            isWhole = false
        }
        if let failure { throw failure }
        places[stream] = found
        try target.run(
            "UPDATE stream SET next = ? WHERE name = ?", .integer(sequences[stream, default: 0] + 1),
            .text(stream.rawValue))
        guard !isWhole else { return before }
        // Past the last number that was given out lies only what a failed commit left.
        let next = ReportCarrier.next(of: stream, &source) ?? .max
        return before + (next > max(last + 1, oldest) ? [max(last + 1, oldest)...(next - 1)] : [])
    }

    private mutating func put(
        _ report: Report, of stream: ReportStream, covering width: Int64, into target: inout SQLite
    ) throws -> Int64 {
        let first = sequences[stream, default: 0] + 1
        let sequence = first + max(0, width)
        sequences[stream] = sequence
        var renewed = report
        renewed.position = ReportPosition(epoch: Spool.unsettled, stream: stream, first: first, sequence: sequence)
        renewed.host = author.host
        renewed.hostname = author.hostname
        try target.insert(renewed, signedBy: author)
        return sequence
    }

    private func dropped(because reason: String) -> Report {
        Report(
            host: author.host, hostname: author.hostname,
            position: ReportPosition(epoch: Spool.unsettled, stream: .telemetry, sequence: 1), time: moment.time,
            boot: moment.boot, uptime: moment.uptime.inMilliseconds, agentVersion: CallhomeVersion.current,
            content: .dropped(Dropped(reason: reason)))
    }

    private static func next(of stream: ReportStream, _ source: inout SQLite) -> Int64? {
        (try? source.value("SELECT next FROM stream WHERE name = ?", .text(stream.rawValue)))?.integer
    }

    /// The first of the newest that the budget has room for, and whether damage, not the budget, ended the search.
    private func oldestCarried(of stream: ReportStream, _ source: inout SQLite) -> (sequence: Int64, isCut: Bool) {
        guard let budget else { return (.min, false) }
        var (bytes, oldest) = (0, Int64.min)
        let isWhole: Void? = try? source.read(
            "SELECT sequence, length(envelope) FROM report WHERE stream = ? ORDER BY sequence DESC",
            .text(stream.rawValue)
        ) { row in
            guard let sequence = row[0].integer, let length = row[1].integer else { return false }
            bytes += Int(length)
            guard bytes <= budget else { return false }
            oldest = sequence
            return true
        }
        return (oldest, isWhole == nil)
    }

    /// What stands before the first that is carried.
    private func leftOut(
        of stream: ReportStream, before oldest: Int64, _ source: inout SQLite
    ) -> (first: Int64, last: Int64)? {
        let row = try? source.rows(
            "SELECT min(first), max(sequence) FROM report WHERE stream = ? AND sequence < ?", .text(stream.rawValue),
            .integer(oldest)
        ).first
        guard let row, let first = row[0].integer, let last = row[1].integer else { return nil }
        let arePositions = SequenceBounds.range.contains(first) && SequenceBounds.range.contains(last)
        return arePositions ? (first, last) : (0, 0)
    }

    // MARK: What is no report

    /// Rows of three values, as far as they can be read.
    private static func copy(
        _ query: String, _ insertion: String, from source: inout SQLite, into target: inout SQLite
    ) throws {
        var failure: (any Error)?
        try? source.read(query) { row in
            do {
                try target.run(insertion, row[0], row[1], row[2])
                return true
            } catch {
                failure = error
                return false
            }
        }
        if let failure { throw failure }
    }
}

/// Reports that a disk did not give when the spool left it, and that may be read once it is well.
struct UnreadReports: Hashable {
    /// The epoch of their numbers; `anyEpoch` where not even that could be read.
    var epoch: Int64
    static let anyEpoch: Int64 = -1
    /// Ascending.
    var ranges: [ReportStream: [ClosedRange<Int64>]] = [:]

    init(epoch: Int64) { self.epoch = epoch }

    /// `7 faults 3 9 faults 20 31 telemetry 1 4`
    init?(_ note: String) {
        let words = note.split(separator: " ")
        guard let first = words.first, let epoch = Int64(first) else { return nil }
        self.epoch = epoch
        var rest = words.dropFirst()
        while rest.count >= 3 {
            let triple = Array(rest.prefix(3))
            guard let stream = ReportStream(rawValue: String(triple[0])), let lower = Int64(triple[1]),
                let upper = Int64(triple[2]), lower <= upper
            else { return nil }
            ranges[stream, default: []].append(lower...upper)
            rest = rest.dropFirst(3)
        }
    }

    var note: String {
        let words = ranges.sorted { $0.key.rawValue < $1.key.rawValue }.flatMap { stream, ranges in
            ranges.map { " \(stream.rawValue) \($0.lowerBound) \($0.upperBound)" }
        }
        return "\(epoch)" + words.joined()
    }
}
