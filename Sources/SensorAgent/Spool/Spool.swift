import Daemon
import FaultPatterns
import FoundationEssentials
import Logging
import Reports

/// The agent's memory: diagnosis state, cursors, reports that wait, sample history. It lies on disk, and in memory for as
/// long as the disk cannot be written (`Spool+memory.swift`).
///
/// What belongs together is one transaction: a fault report is stored with the latches that keep it from being reported
/// twice, and with the cursor behind the event that caused it. Reports are numbered and signed when they are stored, by
/// the key that the agent has since its first start; enrolment only introduces that key to a collector.
actor Spool {
    /// How much is kept.
    struct Limits: Sendable {
        /// Bytes of the file that telemetry and samples may fill it up to. Faults are stored whatever it is.
        var bytes: Int64 = 64 << 20
        /// Telemetry reports that nobody took in this time are given up, by a signed `dropped` report.
        var telemetryAge = Duration.seconds(14 * 86_400)
        /// How long aggregates stay in the sample history.
        var sampleAge = Duration.seconds(30 * 86_400)
        /// Bytes that telemetry may fill a spool in memory up to, and that faults may.
        var memoryBytes: Int64 = 6 << 20
        var memoryFaultBytes: Int64 = 16 << 20
    }

    /// What a new process goes on from.
    struct Saved: Sendable {
        var states: [ComponentState]
        var cursors: [ProbeCursor]
    }

    /// The epoch of reports whose numbers are not settled: no collector takes any of them. Each answers with the epoch that it
    /// knows, and the reports are numbered in the next.
    ///
    /// A spool that was made anew, restored or moved cannot know which numbers a process before this one used while it could
    /// not write them down; a number used twice is taken for a repeat, and its report is lost.
    static let unsettled: Int64 = 0

    /// Pages of SQLite's log that are written into the file at once: its own default, and while the disk is full.
    private static let pages = 1_000
    private static let pagesWhenFull = 8

    let file: SpoolFile
    let limits: Limits
    var author: ReportSigner
    var database: SQLite
    var epoch: Int64
    /// When the spool was spoken to last: for reports that it writes on its own account.
    var latest: Moment
    /// Whether it lies in memory, and why.
    var memory: MemorySpool?
    /// When it went back to disk last, and how long it then waits before it does so again.
    var leftMemory: (at: Duration, wait: Duration)?
    /// What was renumbered while it may have been on its way; nil when nothing was since the last batch was taken.
    var renumbered: RenumberedReports?
    /// The room of the ballast was given back, and there is none yet to take it again.
    var isBallastGiven = false
    /// More faults stand than the account holds; said once.
    var isAccountFull = false
    /// By how much the wall clock was ahead of the time since boot, and since when: what ages is left alone for a while
    /// after a leap.
    var clock: ClockWatch
    /// What became of the file when it was damaged; nil when nothing happened to it since it was opened.
    private var damage: String?
    let log: Logger
    private let executor = BlockingExecutor(label: "callhome.spool")

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.unowned }

    /// What a person should know about the spool; nil when it is well.
    var incident: String? {
        if let memory { return memory.words(directory: file.directory) }
        if isBallastGiven {
            return "the disk of \(file.directory) is full: the reserve of the spool was given back; make room on it"
        }
        return damage
    }

    /// Opens the spool of `directory`, or makes it. A damaged file is set aside, and what can still be read is kept. Where
    /// an agent was at home before and the disk can no longer be written, the spool begins in memory.
    /// - Parameter memoryDirectory: a folder in memory that outlives the process (`/run/callhome`); nil: none.
    /// - Throws: `SpoolError.disk` where a first spool cannot be made, `.later` for a file of a newer agent.
    static func open(
        directory: String, memoryDirectory: String? = nil, author: ReportSigner, limits: Limits = Limits(),
        at moment: Moment, log: Logger
    ) async throws(SpoolError) -> Spool {
        let file = SpoolFile(directory: directory, memoryDirectory: memoryDirectory)
        let spool = try Spool(file, author: author, limits: limits, at: moment, log: log)
        try await spool.settleEpoch()
        return spool
    }

    private init(
        _ file: SpoolFile, author: ReportSigner, limits: Limits, at moment: Moment, log: Logger
    ) throws(SpoolError) {
        var incident: String?
        var memory: MemorySpool?
        let wasHere = file.wasHere
        do {
            var database = try SQLite(path: SpoolFile.nowhere)
            var epoch = Spool.unsettled
            do {
                (epoch, incident) = try Spool.openDisk(file, author: author, at: moment, into: &database)
                if let newer = try Spool.newerInMemory(file, than: &database) {
                    // A process before this one could not write the disk, and what it had is the newest.
                    memory = MemorySpool(path: newer, because: "a process before this one could not write it", moment)
                    database = try SQLite(path: newer)
                    epoch = try SpoolSchema.prepare(&database, path: newer, epoch: Spool.unsettled)
                }
            } catch let error where wasHere && Spool.isOfTheDisk(error) {
                database = try SQLite(path: SpoolFile.nowhere)
                memory = try Spool.beginInMemory(file, author: author, limits, because: error, at: moment, &database)
                epoch = try SpoolSchema.epoch(&database) ?? Spool.unsettled
            }
            self.database = database
            self.epoch = epoch
        } catch {
            throw SpoolError(error, path: file.path)
        }
        self.file = file
        self.limits = limits
        self.author = author
        self.damage = incident
        self.memory = memory
        self.log = log
        latest = moment
        clock = ClockWatch(moment)
        if let incident { log.error("the spool was damaged", metadata: ["what": "\(incident)"]) }
        if let memory { Spool.tell(memory, file, log) }
        if memory == nil { isBallastGiven = !file.takeBallast() && file.isFull }
    }

    /// Opens or makes the file on disk.
    /// - Returns: its epoch, and what became of a damaged one.
    static func openDisk(
        _ file: SpoolFile, author: ReportSigner, at moment: Moment, into database: inout SQLite
    ) throws -> (epoch: Int64, incident: String?) {
        if !file.exists { try file.record(epoch: file.firstEpoch) }
        database = try SQLite(path: file.path)
        do {
            let recorded = file.recordedEpoch() ?? unsettled
            return (try SpoolSchema.prepare(&database, path: file.path, epoch: recorded), nil)
        } catch let error as SQLiteError where error.isCorruption {
            // Closed before the file is renamed: closing removes the log by name.
            database = try SQLite(path: SpoolFile.nowhere)
            return try replace(file, author: author, because: error, at: moment, &database)
        }
    }

    /// Sets a damaged file aside and pours what can be read of it into a new one.
    private static func replace(
        _ file: SpoolFile, author: ReportSigner, because error: SQLiteError, at moment: Moment,
        _ database: inout SQLite
    ) throws -> (epoch: Int64, incident: String?) {
        try file.record(epoch: unsettled)
        let salvage = SpoolRecovery(from: try file.setAside(at: moment.time), author: author)
        database = try SQLite(path: file.path)
        _ = try SpoolSchema.prepare(&database, path: file.path, epoch: unsettled)
        return (unsettled, try salvage.pour(into: &database, because: error))
    }

    /// The epoch beside the file is ahead of the one in it: the file is an old copy, or a crash came between the two.
    private func settleEpoch() throws(SpoolError) {
        guard memory == nil, epoch != Spool.unsettled else { return }
        let recorded = file.recordedEpoch() ?? 0
        if recorded > epoch {
            log.warning(
                "the spool is older than its epoch says: a new epoch begins",
                metadata: ["recorded": "\(recorded)", "found": "\(epoch)"])
            try startEpoch(Spool.unsettled)
        } else if recorded < epoch {
            try perform { () throws in if memory == nil { try file.record(epoch: epoch) } }
        }
    }

    // MARK: What the watch stores

    /// Diagnosis state and cursors as they were committed last.
    func saved() throws(SpoolError) -> Saved {
        try perform { () throws in
            let states = try database.rows("SELECT id, latches, windows FROM component").compactMap { row in
                row[0].text.map {
                    ComponentState(
                        component: ComponentID(rawValue: $0), latches: row[1].blob ?? Data(), windows: row[2].blob)
                }
            }
            let cursors = try database.rows("SELECT probe, value FROM cursor").compactMap { row in
                row[0].text.flatMap { probe in row[1].text.map { ProbeCursor(probe: probe, value: $0) } }
            }
            return Saved(states: states, cursors: cursors)
        }
    }

    /// One transaction: fault changes as signed reports, the state that remembers them, the cursors behind them.
    /// - Parameter forgotten: components whose state is to go: they are gone, and others need their room.
    func commit(
        _ changes: [FaultChange], states: [ComponentState], cursors: [ProbeCursor], forgotten: [ComponentID] = [],
        at moment: Moment
    ) throws(SpoolError) {
        latest = moment
        try perform { () throws in
            try store(changes[...], at: moment)
            for component in forgotten {
                try database.run("DELETE FROM component WHERE id = ?", .text(component.rawValue))
            }
            for state in states {
                try database.run(
                    """
                    INSERT INTO component VALUES(?, ?, ?) ON CONFLICT(id)
                    DO UPDATE SET latches = excluded.latches, windows = coalesce(excluded.windows, windows)
                    """, .text(state.component.rawValue), .blob(state.latches), SQLiteValue(state.windows))
            }
            for cursor in cursors {
                try database.run("INSERT OR REPLACE INTO cursor VALUES(?, ?)", .text(cursor.probe), .text(cursor.value))
            }
            if memory != nil { try keepWithinMemory(at: moment) }
        }
    }

    /// Stores one report of telemetry (heartbeat, inventory), the test fault or the answer to a declaration, each in its
    /// stream.
    func append(_ content: ReportContent, at moment: Moment) throws(SpoolError) {
        latest = moment
        try perform { () throws in
            let stream = content.stream
            try insert(content, in: stream, at: moment)
            if stream == .telemetry { try keepWithinBounds(at: moment) }
        }
        if isBallastGiven, memory == nil, file.takeBallast() {
            isBallastGiven = false
            try? database.script("PRAGMA wal_autocheckpoint=\(Spool.pages);")
        }
    }

    /// Sends aggregates as telemetry and keeps them in the history.
    func append(samples: [SampleAggregate], at moment: Moment) throws(SpoolError) {
        latest = moment
        try perform { () throws in
            for start in stride(from: 0, to: samples.count, by: WireLimits.samplesPerReport) {
                let end = min(start + WireLimits.samplesPerReport, samples.count)
                try insert(.samples(Array(samples[start..<end])), in: .telemetry, at: moment)
            }
            // A history in memory would be short, and gone with it.
            if memory == nil { try keep(samples) }
            try keepWithinBounds(at: moment)
        }
    }

    /// Whether the report of this test still waits for a receipt.
    func isWaiting(test id: String) throws(SpoolError) -> Bool {
        try perform { () throws in
            try database.value("SELECT 1 FROM report WHERE test = ?", .text(id)) != nil
        }
    }

    // MARK: Storing reports

    /// A report holds at most `WireLimits.changesPerReport` changes and `WireLimits.envelopeBytes` bytes.
    private func store(_ changes: ArraySlice<FaultChange>, at moment: Moment) throws {
        guard !changes.isEmpty else { return }
        if changes.count <= WireLimits.changesPerReport {
            let bytes = try WireFormat.encode(ReportContent.faults(Array(changes))).count
            // Base64 makes four bytes of three; the rest of the envelope is small.
            if changes.count == 1 || bytes / 3 * 4 < WireLimits.envelopeBytes * 9 / 10 {
                return try insert(.faults(try keepAccount(of: changes)), in: .faults, at: moment)
            }
        }
        let middle = changes.startIndex + changes.count / 2
        try store(changes[..<middle], at: moment)
        try store(changes[middle...], at: moment)
    }

    func insert(_ content: ReportContent, in stream: ReportStream, at moment: Moment) throws {
        let sequence = try nextSequence(of: stream)
        var new = report(content, at: ReportPosition(epoch: epoch, stream: stream, sequence: sequence), moment)
        switch content {
        case .faults, .statement, .heartbeat:
            let through = stream == .faults ? sequence : try nextSequence(of: .faults) - 1
            new.standing = StandingFaults(epoch: epoch, through: through, stamps: try stamps())
        case .inventory, .samples, .test, .declaration, .dropped, .unknown: break
        }
        try insert(new)
        try database.run("UPDATE stream SET next = ? WHERE name = ?", .integer(sequence + 1), .text(stream.rawValue))
    }

    func nextSequence(of stream: ReportStream) throws -> Int64 {
        try database.value("SELECT next FROM stream WHERE name = ?", .text(stream.rawValue))?.integer ?? 1
    }

    func report(_ content: ReportContent, at position: ReportPosition, _ moment: Moment) -> Report {
        Report(
            host: author.host, hostname: author.hostname, position: position, time: moment.time, boot: moment.boot,
            uptime: moment.uptime.inMilliseconds, agentVersion: CallhomeVersion.current, content: content)
    }

    /// Signs a report and stores it at its position.
    func insert(_ report: Report) throws {
        try database.insert(report, signedBy: author)
    }

    // MARK: Transactions

    /// Runs `body` as one transaction. A full disk and a damaged file are dealt with once, and `body` runs again; where
    /// the disk still refuses, the spool moves into memory, and `body` runs there.
    @discardableResult
    func perform<Value>(_ body: () throws -> Value) throws(SpoolError) -> Value {
        do {
            do {
                return try mending(body)
            } catch let error where Spool.isOfTheDisk(error) && memory?.path != SpoolFile.nowhere {
                try moveToMemory(because: error)
                return try transaction(body)
            }
        } catch {
            throw SpoolError(error, path: memory?.path ?? file.path)
        }
    }

    private func mending<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try transaction(body)
        } catch let error as SQLiteError where error.isCorruption && memory == nil {
            try replaceFile(because: error)
            return try transaction(body)
        } catch let error as SQLiteError where error.isFull {
            if memory == nil, file.giveBallast() {
                isBallastGiven = true
                log.error(
                    "the disk of the spool is full: its reserve is given back", metadata: ["error": "\(error)"])
                // From now on the log takes next to nothing of the room that was given back.
                try? database.script(
                    "PRAGMA wal_autocheckpoint=\(Spool.pagesWhenFull); PRAGMA wal_checkpoint(TRUNCATE);")
                do { return try transaction(body) } catch let error as SQLiteError where error.isFull {}
            }
            try transaction { () throws in try freeAll() }
            try database.script("PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE);")
            return try transaction(body)
        }
    }

    func transaction<Value>(_ body: () throws -> Value) throws -> Value {
        let before = epoch
        try database.script("BEGIN IMMEDIATE;")
        do {
            let value = try body()
            try database.script("COMMIT;")
            return value
        } catch {
            // Some errors have rolled back already (https://sqlite.org/lang_transaction.html); then this one fails.
            try? database.script("ROLLBACK;")
            epoch = before
            throw error
        }
    }

    /// The file was damaged under the running agent: what can be read of it goes into a new one.
    private func replaceFile(because error: SQLiteError) throws {
        // First what shows whether the disk can be written: while the file is open, what it still gives can be read.
        try file.record(epoch: Spool.unsettled)
        database = try SQLite(path: SpoolFile.nowhere)
        let (next, what) = try Spool.replace(file, author: author, because: error, at: latest, &database)
        epoch = next
        damage = what
        log.error("the spool was damaged", metadata: ["what": "\(what ?? "")"])
    }

    /// The damage that was told once need not be told any more: everything was written anew.
    func forgetDamage() { damage = nil }

    /// Whether an error is one of the disk, its file system or the file: the kind that memory has not.
    static func isOfTheDisk(_ error: any Error) -> Bool {
        switch error {
        case let error as SQLiteError: error.isOfTheDisk
        case SpoolError.disk: true
        default: false
        }
    }
}

extension SpoolError {
    init(_ error: any Error, path: String) {
        switch error {
        case let error as SpoolError: self = error
        case let error as SQLiteError where error.isCorruption:
            self = .malformed(path: path, problem: error.description)
        case let error as SQLiteError where error.isLocked: self = .inUse(path: path)
        case let error as SQLiteError: self = .disk(code: error.code, message: error.description)
        default: self = .malformed(path: path, problem: "\(error)")
        }
    }
}

extension SQLite {
    /// Signs a report and stores it at its position.
    mutating func insert(_ report: Report, signedBy author: ReportSigner) throws {
        let test: String? = if case .test(let test) = report.content { test.id } else { nil }
        try run(
            "INSERT INTO report(stream, sequence, first, kind, test, time, envelope) VALUES(?, ?, ?, ?, ?, ?, ?)",
            .text(report.position.stream.rawValue), .integer(report.position.sequence), .integer(report.position.first),
            .text(report.content.kind), SQLiteValue(test), .integer(report.time.milliseconds),
            .blob(StoredReport.packed(author.sign(report), of: report.position.stream)))
    }
}
