import Dispatch
public import FaultPatterns
import Glibc
import Reports
import Synchronization

/// How far a back-test is.
public struct BacktestProgress: Sendable {
    /// Bytes read of the files as they lie on the disk; of rows that were gathered, rows.
    public var done: Int
    public var total: Int
    /// Rows of drives are being looked for in files that are not sorted by drive.
    public var isGathering: Bool
}

/// Replays fleets' histories through the engine, one round a day, and measures what it would have reported.
public struct FleetBacktest: Sendable {
    private let pack: PatternPack
    private let trial: PatternPack?
    private let settings: BacktestSettings

    /// The first line of the table of fault changes; `docs/backtest.md` explains the columns.
    public static let faultHeader = "serial_number,date,change,pattern,class,urgency,status,failure_date,counts\n"

    /// - Parameters:
    ///   - pack: as agents load it.
    ///   - trial: the same patterns, those on trial as if they were active; nil: what these would do is not measured.
    public init(patterns pack: PatternPack, trial: PatternPack? = nil, settings: BacktestSettings) {
        self.pack = pack
        self.trial = trial
        self.settings = settings
    }

    /// - Parameters:
    ///   - paths: files, and folders of files, in Backblaze's columns, plain or gzip.
    ///   - faults: takes the lines of the table of fault changes, in the order of the drives.
    public func run(
        _ paths: [String], faults: @escaping @Sendable ([UInt8]) -> Void = { _ in },
        progress: @escaping @Sendable (BacktestProgress) -> Void = { _ in }
    ) throws(BacktestError) -> BacktestResult {
        let names = try FleetFile.paths(in: paths)
        guard !names.isEmpty else { throw .noFiles(path: paths.first ?? ".") }
        allowManyFiles(names.count)
        if names.count == 1, var tallies = try replaySorted(names[0], faults: faults, progress: progress) {
            tallies.problems.locate(in: names)
            return BacktestResult(tallies, pack: pack, settings: settings, hasTrial: trial != nil)
        }
        var tallies = try replayGathered(names, faults: faults, progress: progress)
        tallies.problems.locate(in: names)
        return BacktestResult(tallies, pack: pack, settings: settings, hasTrial: trial != nil)
    }

    /// One open file for each day of years is more than is usually allowed at first.
    private func allowManyFiles(_ count: Int) {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0,
            limit.rlim_cur < rlim_t(count + 64)
        else { return }
        limit.rlim_cur = min(limit.rlim_max, rlim_t(count + 64))
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    // MARK: Files sorted by drive

    /// - Returns: nil for a file in which a drive's rows do not stand together.
    private func replaySorted(
        _ path: String, faults: @escaping @Sendable ([UInt8]) -> Void,
        progress: @escaping @Sendable (BacktestProgress) -> Void
    ) throws(BacktestError) -> Tallies? {
        let file = try FleetFile(path: path)
        let layout = file.layout
        let total = file.source.bytes
        let feed = Mutex(SortedFeed(file))
        // Lines of changes wait until it is known that no drive comes twice.
        let outcome = try replay(layouts: [layout], layoutOfFile: [0]) { () throws(BacktestError) in
            try feed.withLock { feed throws(BacktestError) in
                let chunk = try feed.next()
                progress(BacktestProgress(done: feed.bytesRead, total: total, isGathering: false))
                return chunk
            }
        }
        guard var outcome else { return nil }
        for lines in outcome.faultLines { faults(lines) }
        outcome.tallies.problems.add(feed.withLock { $0.problems })
        return outcome.tallies
    }

    private struct SortedFeed {
        private let file: FleetFile
        private var source: LineSource

        init(_ file: FleetFile) {
            self.file = file
            source = LineSource(file, number: 0, keepsDrives: true)
        }

        var bytesRead: Int { file.source.bytesRead }
        var problems: RowProblems { source.problems }
        mutating func next() throws(BacktestError) -> Chunk? { try source.next() }
    }

    // MARK: Files in any order

    private func replayGathered(
        _ paths: [String], faults: @escaping @Sendable ([UInt8]) -> Void,
        progress: @escaping @Sendable (BacktestProgress) -> Void
    ) throws(BacktestError) -> Tallies {
        var files: [FleetFile] = []
        for path in paths { files.append(try FleetFile(path: path)) }
        var layouts: [CSVLayout] = []
        var numbers: [String: Int] = [:]
        var layoutOfFile: [Int] = []
        for file in files {
            if numbers[file.layout.header] == nil {
                numbers[file.layout.header] = layouts.count
                layouts.append(file.layout)
            }
            layoutOfFile.append(numbers[file.layout.header] ?? 0)
        }
        let total = files.reduce(0) { $0 + $1.source.bytes }
        let gathered = try GatheredRows(files) { done in
            progress(BacktestProgress(done: done, total: total, isGathering: true))
        }
        let feed = Mutex(gathered)
        let outcome = try replay(layouts: layouts, layoutOfFile: layoutOfFile) { () throws(BacktestError) in
            feed.withLock { rows in
                progress(BacktestProgress(done: rows.rowsGiven, total: rows.rowCount, isGathering: false))
                return rows.next()
            }
        }
        guard var outcome else { return Tallies(patterns: pack.patterns.count) }
        for lines in outcome.faultLines { faults(lines) }
        outcome.tallies.problems.add(feed.withLock { $0.problems })
        return outcome.tallies
    }

    // MARK: In parallel

    private struct Outcome {
        var tallies: Tallies
        /// In the order of the pieces.
        var faultLines: [[UInt8]]
    }

    private struct Shared {
        var tallies: Tallies
        var extents: [Int: DriveReplay.Extent] = [:]
        var faultLines: [Int: [UInt8]] = [:]
        var isSorted = true
        var error: BacktestError?

        /// Notes what a piece reached from and to. Pieces end in any order, so that neighbours are compared when both
        /// are there.
        mutating func note(_ extent: DriveReplay.Extent, of number: Int) {
            extents[number] = extent
            if !extent.isSorted { isSorted = false }
            if let before = extents[number - 1], !before.last.lexicographicallyPrecedes(extent.first) {
                isSorted = false
            }
            if let after = extents[number + 1], !extent.last.lexicographicallyPrecedes(after.first) { isSorted = false }
        }
    }

    /// - Returns: nil where drives do not stand together.
    private func replay(
        layouts: [CSVLayout], layoutOfFile: [Int], next: @escaping @Sendable () throws(BacktestError) -> Chunk?
    ) throws(BacktestError) -> Outcome? {
        let reach = PatternApplicability(pack)
        let shared = Mutex(Shared(tallies: Tallies(patterns: pack.patterns.count)))
        DispatchQueue.concurrentPerform(iterations: max(1, settings.threads)) { _ in
            var replay = DriveReplay(
                pack: pack, trial: trial, reach: reach, layouts: layouts, layoutOfFile: layoutOfFile,
                settings: settings)
            while shared.withLock({ $0.isSorted && $0.error == nil }) {
                let chunk: Chunk?
                do throws(BacktestError) { chunk = try next() } catch {
                    shared.withLock { $0.error = error }
                    break
                }
                guard let chunk else { break }
                let extent = replay.replay(chunk)
                let lines = replay.takeFaultLines()
                shared.withLock { shared in
                    if let extent { shared.note(extent, of: chunk.number) }
                    if !lines.isEmpty { shared.faultLines[chunk.number] = lines }
                }
            }
            let tallies = replay.tallies
            shared.withLock { $0.tallies.add(tallies) }
        }
        let outcome = shared.withLock { $0 }
        if let error = outcome.error { throw error }
        guard outcome.isSorted else { return nil }
        return Outcome(
            tallies: outcome.tallies,
            faultLines: outcome.faultLines.sorted { $0.key < $1.key }.map(\.value))
    }
}
