import Daemon
import FoundationEssentials
import Logging
import Reports
import Transfer

/// Keeps what the engine was told in the file `history.sqlite` beside the spool, so that other patterns can be played over it.
///
/// Nothing depends on it: where the file cannot be opened or written, that is one line of the log, and there is no history
/// until it can be. What a crash loses is the batch that was not handed over, a quarter of an hour at most.
actor HistoryKeeper {
    /// How much is kept.
    struct Limits: Sendable {
        /// Bytes of the file beside events; past them the oldest go.
        var bytes: Int64 = 12 << 20
        /// Bytes of events, packed.
        var eventBytes: Int64 = 8 << 20
        /// What is older goes.
        var age = Duration.seconds(90 * 86_400)
        /// Batches that become one row of each signal: a day of one each quarter of an hour.
        var batchesPerChunk = 96
        /// Bytes that a gauge may take in such a row; what takes more is thinned.
        var chunkBytes = 384
        /// Bytes that a counter may take on average of `creditDays`; what takes more is thinned. Errors in a storm may take
        /// what the days before did not.
        var counterBytes = 128
        var creditDays = 30
        /// Gauges, and what was thinned already, are thinned more when they are so old.
        var sharpAge = Duration.seconds(14 * 86_400)
        /// What takes no more bytes than this stays as it is, however old.
        var agedBytes = 72
        /// Bytes that stay free on the disk: faults that wait for the collector need them more than a history does.
        var roomForOthers: Int64 = 64 << 20
        /// States of the engine that are kept.
        var states = 14
    }

    /// Where a recorder goes on from.
    struct Resumed: Sendable {
        /// What each signal was when it was written down last.
        var last: [(series: HistorySeries, point: HistoryPoint)] = []
        /// When the newest state of the engine was stored.
        var stateAt: Timestamp?
        /// When the first look was that is written down; nil where there is none.
        var beganAt: Timestamp?
    }

    static func path(in directory: String) -> String { "\(directory)/history.sqlite" }

    /// Points of one row at most, so that each can be unpacked.
    private static let pointsPerPiece = HistoryPoints.limit / 2
    /// Bytes of the journal past which it is packed before its time.
    private static let journalBytes = 4 << 20
    /// Bytes of the journal that are packed in one pass.
    private static let passBytes: Int64 = 512 << 10
    /// Rows that are thinned for their age at once.
    private static let agedAtOnce = 500

    private let path: String
    private let directory: String
    private let limits: Limits
    private let log: Logger
    private var database: SQLite?
    /// That it cannot be written was said.
    private var isTroubleTold = false
    private let executor = BlockingExecutor(label: "callhome.history")

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.unowned }

    init(directory: String, limits: Limits = Limits(), log: Logger) {
        path = HistoryKeeper.path(in: directory)
        self.directory = directory
        self.limits = limits
        self.log = log
    }

    // MARK: What the watch asks

    /// Opens the file, or makes it; one that is damaged is made anew. nil, and one line of the log, where it cannot be used.
    func resume() -> Resumed? {
        attempt("open") { () throws in
            try open()
            return try perform { database in
                Resumed(
                    last: try HistoryKeeper.last(&database),
                    stateAt: try database.value("SELECT max(time) FROM state")?.integer.map(
                        Timestamp.init(milliseconds:)),
                    beganAt: try database.value("SELECT min(start) FROM looks")?.integer.map(
                        Timestamp.init(milliseconds:)))
            }
        }
    }

    /// Writes down a batch, in one transaction. false, and one line of the log, where it cannot be: then it is lost, and who
    /// records begins anew by `resume`.
    func keep(_ batch: HistoryBatch) -> Bool {
        guard !batch.isEmpty else { return true }
        let kept: Void? = attempt("write") { () throws in
            guard DiskRoom.has(limits.roomForOthers, in: directory) else {
                throw SQLiteError(code: 0, message: "the disk is nearly full", doing: "write \(path)")
            }
            try perform { database in
                try database.script("BEGIN IMMEDIATE;")
                do {
                    let now = try store(batch, &database)
                    if let now { try condense(at: now, &database) }
                    try keepWithinBounds(&database)
                    try database.script("COMMIT;")
                } catch {
                    try? database.script("ROLLBACK;")
                    throw error
                }
            }
        }
        return kept != nil
    }

    private func attempt<Value>(_ what: String, _ body: () throws -> Value) -> Value? {
        do {
            let value = try body()
            if isTroubleTold {
                log.notice("what the patterns see is written down again", metadata: ["file": "\(path)"])
            }
            isTroubleTold = false
            return value
        } catch {
            database = nil
            if !isTroubleTold {
                log.warning(
                    "cannot \(what) the history: other patterns cannot be tried on it until this is mended",
                    metadata: ["file": "\(path)", "because": "\(error)"])
            }
            isTroubleTold = true
            return nil
        }
    }

    private func open() throws {
        database = nil
        for isLast in [false, true] {
            var opened = try SQLite(path: path)
            do {
                if try HistorySchema.prepare(&opened) {
                    database = consume opened
                    return
                }
            } catch let error as SQLiteError where error.isCorruption && !isLast {}
            log.warning("the history is damaged or of another version: it begins anew", metadata: ["file": "\(path)"])
            for suffix in ["-journal", ""] { try? FileManager.default.removeItem(atPath: path + suffix) }
        }
        throw SQLiteError(code: 0, message: "it is damaged as soon as it is made", doing: "open \(path)")
    }

    /// Lends the open file. It is closed where something fails.
    private func perform<Value>(_ body: (inout SQLite) throws -> Value) throws -> Value {
        guard var lent = database.take() else {
            throw SQLiteError(code: 0, message: "it is not open", doing: "open \(path)")
        }
        let value = try body(&lent)
        database = consume lent
        return value
    }

    // MARK: Storing

    /// - Returns: the newest time in it.
    private func store(_ batch: HistoryBatch, _ database: inout SQLite) throws -> Timestamp? {
        let first = (try database.value("SELECT value FROM note WHERE key = 'looks'")?.integer ?? 0) + 1
        let count = Int64(batch.looks.count)
        if let start = batch.looks.first?.start, let through = batch.looks.last?.told {
            try database.run(
                "INSERT INTO looks VALUES(?, ?, ?, ?, ?)", .integer(first), .integer(count),
                .integer(start.milliseconds), .integer(through.milliseconds), .blob(HistoryLooks.packed(batch.looks)))
            try database.run("INSERT OR REPLACE INTO note VALUES('looks', ?)", .integer(first + count - 1))
        }
        if !batch.points.isEmpty {
            var body: [(series: Int64, points: Data)] = []
            for (series, points) in batch.points {
                let some = HistoryThinning.thinnedAtOnce(points, within: limits.chunkBytes)
                body.append((try HistoryKeeper.number(of: series, &database), HistoryPoints.packed(some)))
            }
            try database.run(
                "INSERT INTO journal VALUES(?, ?)", .integer(first), .blob(HistoryJournal.packed(body)))
        }
        if !batch.events.isEmpty {
            let body = try Gzip.compress(WireFormat.encode(batch.events))
            try database.run(
                "INSERT INTO event VALUES(?, ?, ?)", .integer(first), .integer(Int64(body.count)), .blob(body))
        }
        for seen in batch.components {
            let body = SQLiteValue.blob(try Gzip.compress(WireFormat.encode(seen.components)))
            // At each start all probes tell anew what they told before.
            let known = try database.value(
                "SELECT body FROM components WHERE source = ? ORDER BY first DESC LIMIT 1", .text(seen.source))
            if known == body { continue }
            try database.run(
                "INSERT OR REPLACE INTO components VALUES(?, ?, ?)", .integer(first + Int64(seen.look)),
                .text(seen.source), body)
        }
        for declared in batch.declared {
            try database.run(
                "INSERT INTO declared(first, time, body) VALUES(?, ?, ?)", .integer(first + Int64(declared.looks)),
                .integer(declared.time.milliseconds), .blob(try WireFormat.encode(declared.declaration)))
        }
        if let state = batch.state {
            try database.run(
                "INSERT OR REPLACE INTO state VALUES(?, ?, ?)", .integer(first + count),
                .integer(state.time.milliseconds), .blob(try Gzip.compress(WireFormat.encode(state))))
        }
        return batch.looks.last?.told ?? batch.state?.time
    }

    private static func number(of series: HistorySeries, _ database: inout SQLite) throws(SQLiteError) -> Int64 {
        let names = [
            SQLiteValue.text(series.component.rawValue), .text(series.signal.description), .text(series.source),
        ]
        let known = "SELECT id FROM series WHERE component = ? AND signal = ? AND source = ?"
        if let number = try database.value(known, names[0], names[1], names[2])?.integer { return number }
        try database.run(
            "INSERT INTO series(component, signal, source) VALUES(?, ?, ?)", names[0], names[1], names[2])
        return try database.value(known, names[0], names[1], names[2])?.integer ?? 0
    }

    // MARK: Once a day

    /// Makes of the journal one row of each signal, and gives up what is too old.
    private func condense(at now: Timestamp, _ database: inout SQLite) throws {
        let row = try database.rows("SELECT count(*), sum(length(body)), min(first) FROM journal").first
        guard let row, let batches = row[0].integer, let first = row[2].integer,
            batches >= limits.batchesPerChunk || row[1].integer ?? 0 >= HistoryKeeper.journalBytes
        else { return }
        try condenseJournal(from: first, &database)
        try condenseLooks(from: first, &database)
        try thinAged(before: now - limits.sharpAge, &database)
        try HistoryKeeper.forget(before: now - limits.age, &database)
        try database.run(
            "DELETE FROM state WHERE first NOT IN (SELECT first FROM state ORDER BY first DESC LIMIT ?)",
            .integer(Int64(limits.states)))
        try database.script("PRAGMA incremental_vacuum;")
    }

    /// In several passes, each of some of the signals: what the journal holds of all takes more memory than an agent has.
    private func condenseJournal(from first: Int64, _ database: inout SQLite) throws {
        let numbers = try database.rows("SELECT first FROM journal ORDER BY first").compactMap { $0[0].integer }
        let bytes = try database.value("SELECT sum(length(body)) FROM journal")?.integer ?? 0
        let passes = 1 + bytes / HistoryKeeper.passBytes
        for pass in 0..<passes {
            var parts: [Int64: [Data]] = [:]
            for number in numbers {
                let body = try database.value("SELECT body FROM journal WHERE first = ?", .integer(number))?.blob
                try HistoryJournal.read(body ?? Data()) { series, points in
                    if series % passes == pass { parts[series, default: []].append(Data(points)) }
                }
            }
            try condense(parts, from: first, &database)
        }
        try database.run("DELETE FROM journal")
    }

    private func condense(_ parts: [Int64: [Data]], from first: Int64, _ database: inout SQLite) throws {
        for (series, packed) in parts.sorted(by: { $0.key < $1.key }) {
            var points: [HistoryPoint] = []
            for part in packed { points += try HistoryPoints.points(part) }
            for (piece, start) in stride(from: 0, to: points.count, by: HistoryKeeper.pointsPerPiece).enumerated() {
                let some = Array(points[start..<min(start + HistoryKeeper.pointsPerPiece, points.count)])
                guard let oldest = some.first, let newest = some.last else { continue }
                let isOfCounter = HistoryThinning.isOfCounter(some)
                let room =
                    isOfCounter ? try room(ofCounter: series, at: newest.time, &database) : limits.chunkBytes
                let (body, isLossy) = HistoryThinning.packed(some, within: room)
                let loss: Loss = isLossy ? .thinned : isOfCounter ? .none : .notYet
                try database.run(
                    "INSERT INTO chunk VALUES(NULL, ?, ?, ?, ?, ?, ?, ?, ?)", .integer(series), .integer(first),
                    .integer(Int64(piece)), .integer(oldest.time.milliseconds), .integer(newest.time.milliseconds),
                    .integer(newest.value == .absent ? 1 : 0), .integer(loss.rawValue), .blob(body))
            }
        }
    }

    /// How exact a row is.
    private enum Loss: Int64 {
        /// It is as it was, and stays so.
        case none = 0
        /// It was thinned.
        case thinned = 1
        /// It was thinned for its age, or takes so little that it stays as it is.
        case aged = 2
        /// It is as it was, and is thinned when it is old.
        case notYet = 3
    }

    /// Bytes that a counter's row may take: what its days before left of their share.
    private func room(
        ofCounter series: Int64, at now: Timestamp, _ database: inout SQLite
    ) throws(SQLiteError) -> Int {
        guard limits.counterBytes < .max else { return .max }
        let since = now - .seconds(86_400 * limits.creditDays)
        let row = try database.rows(
            """
            SELECT min(start), coalesce(sum(CASE WHEN through > ?2 THEN length(body) END), 0) FROM chunk WHERE series = ?1
            """, .integer(series), .integer(since.milliseconds)
        ).first
        guard let row, let oldest = row[0].integer, let used = row[1].integer else { return limits.counterBytes }
        let days = min(Int64(limits.creditDays), max(0, (now.milliseconds - oldest) / 86_400_000))
        return max(limits.counterBytes, limits.counterBytes * Int(days + 1) - Int(used))
    }

    /// Thins what has become old: it is written anew, so that pages stay full.
    private func thinAged(before horizon: Timestamp, _ database: inout SQLite) throws {
        let sql = "SELECT max(first) FROM looks WHERE through < ?"
        guard let last = try database.value(sql, .integer(horizon.milliseconds))?.integer else { return }
        var through = try database.value("SELECT value FROM note WHERE key = 'aged'")?.integer ?? 0
        var isAll = false
        while !isAll {
            var found: [[SQLiteValue]] = []
            isAll = true
            try database.read(
                "SELECT id, first, loss, body, series, piece, start, through, ends FROM chunk WHERE id > ? ORDER BY id",
                .integer(through)
            ) { row in
                guard let id = row[0].integer, let first = row[1].integer, first <= last else { return false }
                through = id
                let isSharp = row[2].integer == Loss.thinned.rawValue || row[2].integer == Loss.notYet.rawValue
                if isSharp, row[3].blob?.count ?? 0 > limits.agedBytes { found.append(row) }
                isAll = found.count < HistoryKeeper.agedAtOnce
                return isAll
            }
            for row in found {
                guard let body = row[3].blob, let aged = try HistoryThinning.aged(body) else { continue }
                try database.run("DELETE FROM chunk WHERE id = ?", row[0])
                try database.run(
                    "INSERT INTO chunk VALUES(NULL, ?, ?, ?, ?, ?, ?, ?, ?)", row[4], row[1], row[5], row[6], row[7],
                    row[8], .integer(Loss.aged.rawValue), .blob(aged))
            }
        }
        try database.run("INSERT OR REPLACE INTO note VALUES('aged', ?)", .integer(through))
    }

    private func condenseLooks(from first: Int64, _ database: inout SQLite) throws {
        let rows = try database.rows("SELECT count, body FROM looks WHERE first >= ? ORDER BY first", .integer(first))
        guard rows.count > 1, rows.reduce(0, { $0 + ($1[0].integer ?? 0) }) <= HistoryLooks.limit else { return }
        var looks: [HistoryLook] = []
        for case let body? in rows.map({ $0[1].blob }) { looks += try HistoryLooks.looks(body) }
        guard let oldest = looks.first, let newest = looks.last else { return }
        try database.run("DELETE FROM looks WHERE first >= ?", .integer(first))
        try database.run(
            "INSERT INTO looks VALUES(?, ?, ?, ?, ?)", .integer(first), .integer(Int64(looks.count)),
            .integer(oldest.start.milliseconds), .integer(newest.told.milliseconds),
            .blob(HistoryLooks.packed(looks)))
    }

    // MARK: Bounds

    /// Gives up what was before a time: but of each signal that still is as it was then, when it became so.
    private static func forget(before horizon: Timestamp, _ database: inout SQLite) throws(SQLiteError) {
        let time = SQLiteValue.integer(horizon.milliseconds)
        try database.run("DELETE FROM looks WHERE through < ?", time)
        try database.run(
            """
            DELETE FROM chunk WHERE through < ?1 AND (ends = 1 OR EXISTS (SELECT 1 FROM chunk AS later
                WHERE later.series = chunk.series AND (later.first, later.piece) > (chunk.first, chunk.piece)
                AND later.start <= ?1))
            """, time)
        try database.run("DELETE FROM state WHERE time < ?", time)
        let oldest = SQLiteValue.integer(try database.value("SELECT min(first) FROM looks")?.integer ?? .max)
        try database.run("DELETE FROM declared WHERE first < ?", oldest)
        try database.run(
            """
            DELETE FROM components WHERE first < ?1 AND EXISTS (SELECT 1 FROM components AS later
                WHERE later.source = components.source AND later.first > components.first AND later.first <= ?1)
            """, oldest)
        try database.run("DELETE FROM event WHERE first < ?", oldest)
        if try database.value("SELECT 1 FROM journal LIMIT 1") == nil {
            try database.run("DELETE FROM series WHERE id NOT IN (SELECT series FROM chunk)")
        }
    }

    private func keepWithinBounds(_ database: inout SQLite) throws {
        var events = try database.value("SELECT sum(bytes) FROM event")?.integer ?? 0
        while events > limits.eventBytes {
            let cut = try database.value(
                "SELECT first FROM event ORDER BY first LIMIT 1 OFFSET (SELECT count(*) FROM event) / 16")
            guard let cut else { break }
            try database.run("DELETE FROM event WHERE first <= ?", cut)
            try database.run("INSERT OR REPLACE INTO note VALUES('events-cut', ?)", cut)
            events = try database.value("SELECT sum(bytes) FROM event")?.integer ?? 0
        }
        // The oldest eighth at a time; what is left after as many times as there are eighths is too much by itself.
        for _ in 0..<24 {
            guard try HistoryKeeper.used(&database) - events > limits.bytes,
                let row = try database.rows("SELECT min(start), max(through) FROM looks").first,
                let oldest = row[0].integer, let newest = row[1].integer
            else { break }
            try HistoryKeeper.forget(
                before: Timestamp(milliseconds: oldest + max(1, (newest - oldest) / 8)), &database)
            try database.script("PRAGMA incremental_vacuum;")
        }
        if try HistoryKeeper.used(&database) - events > 2 * limits.bytes {
            for table in ["looks", "journal", "chunk", "components", "declared", "state", "series", "event"] {
                try database.run("DELETE FROM \(table)")
            }
            try database.script("PRAGMA incremental_vacuum;")
            throw SQLiteError(code: 0, message: "one batch is larger than the history may be", doing: "write \(path)")
        }
    }

    /// Bytes of pages that hold something.
    private static func used(_ database: inout SQLite) throws(SQLiteError) -> Int64 {
        let pages = try database.value("PRAGMA page_count")?.integer ?? 0
        let free = try database.value("PRAGMA freelist_count")?.integer ?? 0
        return (pages - free) * (try database.value("PRAGMA page_size")?.integer ?? 4096)
    }

    // MARK: Going on

    /// What each signal was when it was written down last.
    private static func last(_ database: inout SQLite) throws -> [(series: HistorySeries, point: HistoryPoint)] {
        var newest: [Int64: HistoryPoint] = [:]
        for series in try database.rows("SELECT id FROM series").compactMap({ $0[0].integer }) {
            let body = try database.value(
                "SELECT body FROM chunk WHERE series = ? ORDER BY first DESC, piece DESC LIMIT 1", .integer(series))
            if let body = body?.blob { newest[series] = try HistoryPoints.points(body).last }
        }
        for body in try database.rows("SELECT body FROM journal ORDER BY first").compactMap({ $0[0].blob }) {
            try HistoryJournal.read(body) { newest[$0] = try HistoryPoints.points($1).last }
        }
        return try database.rows("SELECT id, source, component, signal FROM series").compactMap { row in
            guard let number = row[0].integer, let point = newest[number], let series = HistorySeries(row) else {
                return nil
            }
            return (series, point)
        }
    }
}

extension HistorySeries {
    /// Of a row of `id, source, component, signal`.
    init?(_ row: [SQLiteValue]) {
        guard let source = row[1].text, let component = row[2].text,
            let signal = row[3].text.flatMap(Signal.init(parsing:))
        else { return nil }
        self.init(source: source, component: ComponentID(rawValue: component), signal: signal)
    }
}

/// The points of many signals as one blob: of each the number of the signal and the length, eight and four bytes, then the
/// packed points. It lies a day at most, so that it need not be small.
enum HistoryJournal {
    static func packed(_ parts: [(series: Int64, points: Data)]) -> Data {
        var bytes = Data()
        for part in parts {
            for shift in stride(from: 0, to: 64, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: part.series >> Int64(shift)))
            }
            for shift in stride(from: 0, to: 32, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: part.points.count >> shift))
            }
            bytes += part.points
        }
        return bytes
    }

    /// Each signal's points, without copies of them.
    static func read(_ packed: Data, _ body: (_ series: Int64, _ points: Data) throws -> Void) throws {
        var rest = packed
        func number(of bytes: Data) -> UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
        while !rest.isEmpty {
            guard rest.count >= 12 else { throw HistoryChunkError.truncated }
            let series = Int64(bitPattern: number(of: rest.prefix(8)))
            let length = Int(number(of: rest.dropFirst(8).prefix(4)))
            rest = rest.dropFirst(12)
            guard length <= rest.count else { throw HistoryChunkError.truncated }
            try body(series, rest.prefix(length))
            rest = rest.dropFirst(length)
        }
    }
}
