import Daemon
import FaultPatterns
import FoundationEssentials
import Logging
import Reports

/// The agent's memory on disk: diagnosis state, cursors, reports that wait, sample history.
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
    }

    /// What a new process goes on from.
    struct Saved: Sendable {
        var states: [ComponentState]
        var cursors: [ProbeCursor]
    }

    let file: SpoolFile
    let limits: Limits
    var author: ReportSigner
    var database: SQLite
    var epoch: Int64
    /// When the spool was spoken to last: for reports that it writes on its own account.
    var latest: Moment
    /// What a person should know about the file; nil when nothing happened to it since it was opened.
    private(set) var incident: String?
    private let log: Logger
    private let executor = BlockingExecutor(label: "callhome.spool")

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.unowned }

    /// Opens the spool of `directory`, or makes it. A damaged file is set aside, and what can still be read is kept.
    /// - Throws: `SpoolError.disk` where the directory cannot be written, `.malformed` for a file of a newer agent.
    static func open(
        directory: String, author: ReportSigner, limits: Limits = Limits(), at moment: Moment, log: Logger
    ) async throws(SpoolError) -> Spool {
        let spool = try Spool(directory: directory, author: author, limits: limits, at: moment, log: log)
        try await spool.settleEpoch()
        return spool
    }

    private init(
        directory: String, author: ReportSigner, limits: Limits, at moment: Moment, log: Logger
    ) throws(SpoolError) {
        let file = SpoolFile(directory: directory)
        var incident: String?
        do {
            if !file.exists { try file.record(epoch: file.nextEpoch(at: moment.time)) }
            let epoch = file.recordedEpoch() ?? file.nextEpoch(at: moment.time)
            var database = try SQLite(path: file.path)
            do {
                try SpoolSchema.prepare(&database, path: file.path, epoch: epoch)
            } catch let error as SQLiteError where error.isCorruption {
                // Closed before the file is renamed: closing removes the log by name.
                database = try SQLite(path: ":memory:")
                let next = file.nextEpoch(at: moment.time)
                try file.record(epoch: next)
                let salvage = SpoolRecovery(from: try file.setAside(at: moment.time), author: author)
                database = try SQLite(path: file.path)
                try SpoolSchema.prepare(&database, path: file.path, epoch: next)
                incident = try salvage.pour(into: &database, epoch: next, because: error)
            }
            self.epoch = try database.value("SELECT value FROM note WHERE key = 'epoch'")?.integer ?? epoch
            self.database = database
        } catch let error as SQLiteError {
            throw SpoolError(error, path: file.path)
        } catch let error as SpoolError {
            throw error
        } catch {
            throw .malformed(path: file.path, problem: "\(error)")
        }
        self.file = file
        self.limits = limits
        self.author = author
        self.incident = incident
        self.log = log
        latest = moment
        if let incident { log.error("the spool was damaged", metadata: ["what": "\(incident)"]) }
    }

    /// The epoch beside the file is ahead of the one in it: the file is an old copy, or a crash came between the two.
    private func settleEpoch() throws(SpoolError) {
        let recorded = file.recordedEpoch() ?? 0
        if recorded > epoch {
            log.warning(
                "the spool is older than its epoch says: a new epoch begins",
                metadata: ["recorded": "\(recorded)", "found": "\(epoch)"])
            try startEpoch(recorded + 1)
        } else if recorded < epoch {
            try file.record(epoch: epoch)
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
    func commit(
        _ changes: [FaultChange], states: [ComponentState], cursors: [ProbeCursor], at moment: Moment
    ) throws(SpoolError) {
        latest = moment
        try perform { () throws in
            try store(changes[...], at: moment)
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
    }

    /// Sends aggregates as telemetry and keeps them in the history.
    func append(samples: [SampleAggregate], at moment: Moment) throws(SpoolError) {
        latest = moment
        try perform { () throws in
            for start in stride(from: 0, to: samples.count, by: WireLimits.samplesPerReport) {
                let end = min(start + WireLimits.samplesPerReport, samples.count)
                try insert(.samples(Array(samples[start..<end])), in: .telemetry, at: moment)
            }
            try keep(samples)
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
            let content = ReportContent.faults(Array(changes))
            let bytes = try WireFormat.encode(content).count
            // Base64 makes four bytes of three; the rest of the envelope is small.
            if changes.count == 1 || bytes / 3 * 4 < WireLimits.envelopeBytes * 9 / 10 {
                return try insert(content, in: .faults, at: moment)
            }
        }
        let middle = changes.startIndex + changes.count / 2
        try store(changes[..<middle], at: moment)
        try store(changes[middle...], at: moment)
    }

    private func insert(_ content: ReportContent, in stream: ReportStream, at moment: Moment) throws {
        let sequence = try nextSequence(of: stream)
        try insert(
            report(content, at: ReportPosition(epoch: epoch, stream: stream, sequence: sequence), moment))
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

    /// Runs `body` as one transaction. A full disk and a damaged file are dealt with once, and `body` runs again.
    @discardableResult
    func perform<Value>(_ body: () throws -> Value) throws(SpoolError) -> Value {
        do {
            do {
                return try transaction(body)
            } catch let error as SQLiteError where error.isCorruption {
                try replaceFile(because: error)
                return try transaction(body)
            } catch let error as SQLiteError where error.isFull {
                log.error(
                    "the disk of the spool is full: samples and old telemetry go", metadata: ["error": "\(error)"])
                try transaction { () throws in try freeAll() }
                try database.script("PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE);")
                return try transaction(body)
            }
        } catch let error as SQLiteError {
            throw SpoolError(error, path: file.path)
        } catch let error as SpoolError {
            throw error
        } catch {
            throw .malformed(path: file.path, problem: "\(error)")
        }
    }

    private func transaction<Value>(_ body: () throws -> Value) throws -> Value {
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
        let next = max(file.nextEpoch(at: latest.time), epoch + 1)
        try file.record(epoch: next)
        database = try SQLite(path: ":memory:")
        let salvage = SpoolRecovery(from: try file.setAside(at: latest.time), author: author)
        database = try SQLite(path: file.path)
        try SpoolSchema.prepare(&database, path: file.path, epoch: next)
        epoch = next
        let what = try salvage.pour(into: &database, epoch: next, because: error)
        incident = what
        log.error("the spool was damaged", metadata: ["what": "\(what)"])
    }
}

extension SpoolError {
    init(_ error: SQLiteError, path: String) {
        if error.isCorruption {
            self = .malformed(path: path, problem: error.description)
        } else if error.isLocked {
            self = .inUse(path: path)
        } else {
            self = .disk(code: error.code, message: error.description)
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
            .blob(author.sign(report)))
    }
}
