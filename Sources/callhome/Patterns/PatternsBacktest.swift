import ArgumentParser
import Backtest
import FaultPatterns
import FoundationEssentials
import Glibc
import Reports
import Synchronization

/// `callhome patterns backtest`.
struct PatternsBacktest: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backtest",
        abstract: "Replay fleets' disk histories through the engine and measure what the patterns foretell.",
        discussion: """
            Histories are CSV in Backblaze's columns (date, serial_number, model, capacity_bytes, failure, smart_N_raw, \
            smart_N_normalized) or of the NVMe health log, plain or gzip, files or folders, by drive or by day. Each \
            drive is replayed one round a day; a value holds until the drive's next row.

            A failed drive is predicted if a fault of urgency plan or order is open on one of the 30 days before the \
            failure. The false-alarm rate (FAR) is the share of healthy drives with such a fault in one window of 30 \
            days. Over the whole life, the first fault of urgency order orders one part: the table counts drives, each \
            once, while --faults has a line for each change of each fault. docs/backtest.md (in packages \
            /usr/share/doc/callhome/backtest.md) says which columns are read, and what every column of the tables, key of \
            --json and column of --faults is.

            What could not be measured, because no drive failed or no history is long enough, is said on standard error.

            \(ExitStatus.help("measured", [
                (.data, "the patterns or the histories cannot be used, or no drive was replayed"),
                (.missing, "no such folder or file"), (.cannotWrite, "a file cannot be written"),
            ]))
            """)

    @Argument(help: "Files or folders of histories.")
    var data: [String]

    @Option(
        help:
            "The folder of the patterns, one file, or a built pack; without it ./patterns, else \(PatternFolder.installed)."
    )
    var patterns: String?

    @Option(help: "Count from this date on, such as 2014-04-01.")
    var since: String?

    @Option(parsing: .unconditional, help: "Days between a healthy drive's window and its last row.")
    var gap: Int = 60

    @Option(
        parsing: .unconditional,
        help: "Days before a failure in which a fault foretells it, and of a healthy drive's window.")
    var window: Int = 30

    @Option(help: "Any number: it chooses, of all windows of a healthy drive, the one for FAR.")
    var seed: UInt64 = 0

    @Option(parsing: .unconditional, help: "Days that a value holds at most; without it until the drive's next row.")
    var hold: Int?

    @Flag(help: "Measure faults of urgency plan as if they stayed open once they are.")
    var latched = false

    @Flag(help: "Measure the rules that everyone knows beside them: any, two, three of five, 7-day increase.")
    var baselines = false

    @Option(
        help: """
            The vendors' limits of normalized values, measured among the baselines (JSON): \
            {"ST4000DM000": {"attributes": {"5": {"threshold": 10, "prefail": true}}}}.
            """)
    var thresholds: String?

    @Flag(
        help: """
            Say of patterns on trial (shadow) what they would do if they were active; where no others are named, the \
            whole result says so without it.
            """)
    var withShadow = false

    @Option(help: "Only the drives whose serial numbers stand in this file, one a line.")
    var drives: String?

    @Option(parsing: .unconditional, help: "Drives replayed at once; without it as many as there are processors.")
    var threads: Int?

    @Option(
        help: """
            Write each change of a fault (opened, updated, cleared) to this file (CSV), many of a drive; faults \
            of patterns on trial are of urgency inform in it, also with --with-shadow.
            """)
    var faults: String?

    @Option(help: "Write the result to this file as a page with charts.")
    var html: String?

    @Option(
        help: "Language of the page: en or de; without it en.", completion: Completion.languages,
        transform: { try KnownWord.read($0) })
    var language: Language?

    @Flag(help: "Show progress also where standard error is no terminal.")
    var progress = false

    @Flag(help: "Print the result as JSON: shares are 0 to 1, and null is what was not measured or does not apply.")
    var json = false

    /// Days of a century: what a number on the command line may be.
    private static let largest = 36_525

    func validate() throws {
        for (name, value, least) in [
            ("gap", gap, 0), ("window", window, 1), ("hold", hold ?? 1, 1), ("threads", threads ?? 1, 1),
        ] where value < least || value > PatternsBacktest.largest {
            throw ValidationError(
                "--\(name) is a whole number from \(least) to \(PatternsBacktest.largest), not \(value)")
        }
        if let since, CalendarDay.number(since) == nil {
            throw ValidationError("--since \(since) is no date such as 2014-04-01")
        }
        if language != nil, html == nil {
            throw ValidationError("--language is for the page: name its file with --html; all else is English")
        }
        guard !data.isEmpty else { throw ValidationError("name at least one file or folder of histories") }
    }

    func run() throws {
        // A replay may take an hour: what cannot be written is reported before it.
        for file in [faults, html].compactMap(\.self) { try OutputPath(path: file).refuseUnwritable() }
        let path = patterns ?? PatternFolder.standard
        let pack = try PatternsBacktest.pack(path, isTrial: false)
        // Measured as it is, a pattern that is only on trial would be worth nothing, whatever it foretells.
        let trial = withShadow || pack.isOnTrial ? try PatternsBacktest.pack(path, isTrial: true) : nil
        let backtest = FleetBacktest(patterns: pack, trial: trial, settings: try settings())
        var table: OutputFile?
        if let faults { table = try OutputFile(path: faults, beginning: FleetBacktest.faultHeader) }
        let meter = BacktestMeter(isShown: progress || isatty(STDERR_FILENO) == 1)
        let result: BacktestResult
        do {
            result = try backtest.run(
                data, faults: { [table] in table?.write($0) }, progress: { meter.show($0) })
        } catch {
            meter.end(nil)
            Console.complain("\(error)")
            throw PatternsBacktest.status(of: error).exit
        }
        meter.end(result)
        if let problem = table?.problem {
            Console.complain("\(faults ?? ""): the fault changes cannot be written: \(problem)")
            throw ExitStatus.cannotWrite.exit
        }
        if let html {
            try OutputPath(path: html).write(
                Data(BacktestPage(result, data: data, language: language ?? .english).html.utf8))
        }
        if json { try Console.print(json: result) } else { print(BacktestText(result).text) }
        for remark in result.remarks() { Console.complain("not measured: \(remark)") }
        if result.isEmpty { throw ExitStatus.data.exit }
    }

    private func settings() throws -> BacktestSettings {
        var settings = BacktestSettings()
        settings.since = since.flatMap(CalendarDay.number)
        settings.gap = gap
        settings.window = window
        settings.seed = seed
        settings.hold = hold
        settings.isLatched = latched
        settings.measuresBaselines = baselines || thresholds != nil
        settings.writesFaults = faults != nil
        settings.threads = threads ?? max(1, Int(sysconf(CInt(_SC_NPROCESSORS_ONLN))))
        if let thresholds {
            do { settings.thresholds = try VendorThresholds(json: try PatternsBacktest.contents(of: thresholds)) } catch
            {
                Console.complain("\(thresholds): these are no thresholds by model: \(error)")
                throw ExitStatus.data.exit
            }
        }
        if let drives {
            let lines = try PatternsBacktest.contents(of: drives).split(separator: UInt8(ascii: "\n"))
            settings.drives = Set(
                lines.map { String(decoding: $0.filter { $0 != UInt8(ascii: "\r") }, as: UTF8.self) })
        }
        return settings
    }

    /// Of what ends a replay.
    static func status(of error: any Error) -> ExitStatus {
        switch error {
        case BacktestError.unreadable, BacktestError.noFiles: .missing
        case BacktestError.unwritable: .cannotWrite
        default: .data
        }
    }

    private static func contents(of file: String) throws -> Data {
        guard let data = FileManager.default.contents(atPath: file) else {
            Console.complain("\(file): the file cannot be read; look at its name and permissions")
            throw ExitStatus.missing.exit
        }
        return data
    }

    private static func pack(_ path: String, isTrial: Bool) throws -> PatternPack {
        do {
            if let data = FileManager.default.contents(atPath: path), PatternPack.isPack(data) {
                return try PatternPack(json: data, trialsCount: isTrial)
            }
        } catch {
            Console.complain("\(path): \(error)")
            throw ExitStatus.data.exit
        }
        let folder = PatternFolder(path: path)
        try folder.refuseProblems()
        do {
            return try PatternPack(
                building: folder.files, models: folder.models, version: "backtest", trialsCount: isTrial)
        } catch {
            Console.complain("\(error)")
            throw ExitStatus.data.exit
        }
    }
}

/// A file that is written a piece at a time.
private final class OutputFile: Sendable {
    private let descriptor: CInt
    private let failed = Mutex<String?>(nil)

    init(path: String, beginning: String) throws {
        descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            let problem = unsafe String(cString: strerror(errno))
            Console.complain("\(path): the file cannot be written: \(problem); look at the folder and its permissions")
            throw ExitStatus.cannotWrite.exit
        }
        write(Array(beginning.utf8))
    }

    deinit { close(descriptor) }

    var problem: String? { failed.withLock { $0 } }

    func write(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard written > 0 else {
                if errno == EINTR { continue }
                let problem = unsafe String(cString: strerror(errno))
                failed.withLock { $0 = problem }
                return
            }
            rest = rest.dropFirst(written)
        }
    }
}

/// Progress on standard error, at most a few times a second.
private final class BacktestMeter: Sendable {
    private let isShown: Bool
    private let begin = ContinuousClock.now
    private let newest = Mutex<ContinuousClock.Instant?>(nil)

    init(isShown: Bool) { self.isShown = isShown }

    func show(_ progress: BacktestProgress) {
        guard isShown else { return }
        newest.withLock { newest in
            let now = ContinuousClock.now
            if let newest, now - newest < .milliseconds(300) { return }
            newest = now
            let share = progress.total > 0 ? 100 * progress.done / progress.total : 100
            let what = progress.isGathering ? "looking for the rows of each drive" : "replaying"
            Console.report("\r\(what): \(min(100, share)) %   ")
        }
    }

    func end(_ result: BacktestResult?) {
        guard isShown else { return }
        let seconds = Double((ContinuousClock.now - begin) / .milliseconds(1)) / 1_000
        guard let result else { return Console.report("\n") }
        let rows = Int(Double(result.rows) / max(seconds, 0.001))
        let steps = Int(Double(result.driveDaysReplayed) / max(seconds, 0.001))
        Console.report(
            "\r\(result.rows) rows, \(result.driveDaysReplayed) drive-days in \(seconds) s: "
                + "\(rows) rows/s, \(steps) drive-days/s\n")
    }
}
