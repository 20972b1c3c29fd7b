import Daemon
import FaultPatterns
import FoundationEssentials
import Glibc
import Logging
public import Reports

/// What the commands of `callhome-agent` do; each returns the exit code.
public enum AgentProgram {
    public static let version = CallhomeVersion.current

    /// The program ended as requested; the configuration is good.
    public static let done = ExitStatus.done.rawValue
    /// It could not start, or a service of it failed; the reason is in the log.
    public static let failed = ExitStatus.failure.rawValue
    /// The configuration is refused.
    public static let refused = ExitStatus.configuration.rawValue

    /// The keys of the configuration with their defaults and meanings.
    public static var configurationHelp: String { ConfigurationKey.help(AgentConfiguration.keys) }

    /// The same as JSON, for whoever writes configurations or their manual page.
    public static var configurationKeys: String {
        get throws { try PrintedJSON.text(of: AgentConfiguration.keys, isOneLine: true) }
    }

    /// Runs the agent until SIGTERM or SIGINT.
    /// - Parameter path: the configuration; nil for the standard one, which may be missing.
    public static func run(configuration path: String?) async -> Int32 {
        guard let configuration = configuration(path) else { return refused }
        // Nobody else needs to read the agent's key and spool.
        umask(0o077)
        // A log or a client that went away is no reason to die.
        signal(SIGPIPE, SIG_IGN)
        LoggingSetup.start(level: configuration.logLevel)
        let log = Logger(label: "callhome-agent")
        for warning in configuration.warnings {
            log.warning("hardly meant in the configuration", metadata: ["problem": "\(warning)"])
        }
        do {
            try await Agent(configuration, log: log).run(stopsOnSignals: true)
            return done
        } catch {
            log.critical("the agent stops", metadata: ["because": "\(error)"])
            return ((error as? AgentError)?.status ?? .failure).rawValue
        }
    }

    /// Prints every value in effect, or all that is wrong: a pattern pack that cannot be read would end the agent too.
    public static func checkConfiguration(_ path: String?) -> Int32 {
        let (configuration, errors) = AgentConfiguration.read(
            path: path ?? AgentConfiguration.standardPath, mustExist: path != nil)
        if let errors = ConfigurationErrors(errors) { complain("\(errors)") }
        for warning in configuration.warnings { complain("warning: \(warning)") }
        guard configuration.patternPack.hasPrefix("/") else { return refused }
        let site = SiteOverlay(path: configuration.patternOverlay)
        if let problem = site.problem { complain("warning: \(problem)") }
        do throws(AgentError) {
            let pack = try Agent.patternPack(configuration.patternPack, changedBy: site.overlay)
            for skipped in pack.skipped {
                complain("warning: the pattern \(skipped.id) is skipped: \(skipped.because)")
            }
            for entry in pack.overlay {
                guard let because = entry.inactive else { continue }
                complain(
                    "warning: \(entry.action.rawValue) of \(entry.pattern) in the overlay has no effect: \(because)")
            }
        } catch {
            complain("\(error)")
            return refused
        }
        guard errors.isEmpty else { return refused }
        print(configuration.effective)
        return done
    }

    /// Why a probe could not look, for the help of the commands that look.
    public static let refusals: [(status: ExitStatus, when: String)] = [
        (.data, "nothing was recognised in the recording, or an answer is damaged"),
        (.unavailable, "the interface, device or tool is not there"), (.unreadable, "it cannot be read"),
        (.tryAgain, "no answer in time"), (.permission, "no permission"),
    ]

    /// What was named on the command line, for the help of the commands that take files.
    public static let notThere: (status: ExitStatus, when: String) = (
        .missing, "a file or tree that was named is not there"
    )

    /// Whether a file or folder that was named on the command line is there; if not, it is complained of.
    public static func isThere(_ path: String) -> Bool {
        guard unsafe access(path, F_OK) != 0, errno == ENOENT || errno == ENOTDIR else { return true }
        complain("\(path) is not there: name a file or folder that is.")
        return false
    }

    /// The time that a person typed: RFC 3339 or seconds since 1970; nil where it is neither.
    public static func time(_ text: String) -> Timestamp? { Timestamp(text: text) }

    /// Looks once with each probe, prints what it sees or why it refuses, and returns whether anything could be seen.
    /// - Parameter time: what the look is stamped with and ages are counted to; nil for now.
    public static func look(with probes: [any Probe], at time: Timestamp? = nil, json: Bool) async throws -> Int32 {
        let document = await ProbeDocument(observing: probes, at: time ?? MachineClock(boot: "").now().time)
        print(json ? try PrintedJSON.text(of: document, isOneLine: true) : document.text)
        // Of one probe, what it could not read of a check is not lost among others.
        return probes.count == 1 && document.hasBrokenCheck ? ExitStatus.negative.rawValue : document.exitCode
    }

    /// Probes that look where the configuration says.
    private static let configured: Set<String> = ["redfish", "site"]

    /// What one look of one probe takes from the configuration; nil, with all that is wrong told, where it is refused.
    /// - Parameter path: nil for the standard one, which only a probe that is configured must be able to read: others
    ///   look for whoever may not.
    public static func settings(of probe: String, configuration path: String?) -> AgentConfiguration? {
        if path == nil, !configured.contains(probe) {
            return (try? AgentConfiguration(path: AgentConfiguration.standardPath)) ?? AgentConfiguration()
        }
        return configuration(path)
    }

    /// Looks once with each probe, and prints what the pattern pack says of it, now and if it stayed so.
    /// - Parameters:
    ///   - time: when the look is taken to have been; nil for now.
    ///   - path: the configuration; nil for the standard one.
    ///   - packPath: the pattern pack; nil: that of the configuration.
    ///   - every: how often it would be looked, as configurations write spans of time; `length`: for how long.
    ///   - word: the language, `de` or `en`; nil: that of the environment.
    public static func diagnose(
        with probes: [any Probe], at time: Timestamp?, configuration path: String?, patterns packPath: String?,
        every: String, for length: String, language word: String?, json: Bool
    ) async throws -> Int32 {
        guard let language = language(word) else { return ExitStatus.usage.rawValue }
        guard let horizon = horizon(every: every, for: length) else { return ExitStatus.usage.rawValue }
        let source: String
        var overlay: PatternOverlay?
        if let packPath {
            source = packPath
        } else {
            guard let configuration = configuration(path) else { return refused }
            source = configuration.patternPack
            let site = SiteOverlay(path: configuration.patternOverlay)
            if let problem = site.problem { complain(problem) }
            overlay = site.overlay
        }
        let pack: PatternPack
        do throws(AgentError) {
            pack = try Agent.patternPack(source, changedBy: overlay, isArgument: packPath != nil)
        } catch {
            complain("\(error)")
            if packPath == nil, source == AgentConfiguration.standardPack {
                complain(
                    "Without the package: `callhome patterns build patterns -o PACK` makes one in a checkout; give it with --patterns PACK."
                )
            }
            if packPath != nil {
                complain(
                    "Patterns are judged as a built pack: callhome patterns build FOLDER -o PACK makes one of their files."
                )
            }
            return refused
        }
        let assessment = await Assessment(
            with: probes, at: time ?? MachineClock(boot: "").now().time, by: pack, over: horizon)
        print(json ? try PrintedJSON.text(of: assessment, isOneLine: true) : assessment.text(in: language))
        return assessment.exitCode
    }

    private static func horizon(every: String, for length: String) -> Assessment.Horizon? {
        func span(_ text: String, of option: String) -> Duration? {
            if let span = ConfigurationFile.duration(text) { return span }
            complain("--\(option) \(text) is no span of time: write 30s, 5min, 12h or 2d.")
            return nil
        }
        guard let every = span(every, of: "every"), let length = span(length, of: "for") else { return nil }
        let horizon = Assessment.Horizon(every: every, length: length)
        guard every >= .seconds(1), horizon.looks <= Assessment.Horizon.most else {
            complain(
                "--every is at least 1s, and it is looked at most \(Assessment.Horizon.most) times: choose a longer "
                    + "--every or a shorter --for.")
            return nil
        }
        return horizon
    }

    /// Looks once with all probes that the configuration has.
    public static func once(configuration path: String?, json: Bool) async throws -> Int32 {
        guard let configuration = configuration(path) else { return refused }
        let probes = AllProbes.make(
            tree: SysTree(root: configuration.root), siteFolder: configuration.siteFolder,
            redfish: configuration.redfish)
        return try await look(with: probes.filter { !configuration.disabledProbes.contains($0.name) }, json: json)
    }

    /// Looks once with all probes and prints which failure modes of the rule base would be seen on this machine.
    /// - Parameter word: the language, `de` or `en`; nil: that of the environment.
    public static func coverage(configuration path: String?, language word: String?, json: Bool) async throws -> Int32 {
        guard let language = language(word) else { return ExitStatus.usage.rawValue }
        guard let configuration = configuration(path) else { return refused }
        let site = SiteOverlay(path: configuration.patternOverlay)
        if let problem = site.problem { complain(problem) }
        let pack: PatternPack
        do throws(AgentError) {
            pack = try Agent.patternPack(configuration.patternPack, changedBy: site.overlay)
        } catch {
            complain("\(error)")
            return refused
        }
        let tree = SysTree(root: configuration.root)
        let parts = PartsDirectory(tree: tree)
        let probes = AllProbes.make(
            tree: tree, siteFolder: configuration.siteFolder, redfish: configuration.redfish, parts: parts
        ).filter { !configuration.disabledProbes.contains($0.name) }
        let look = CoverageReport(
            await ProbeDocument(observing: probes, at: MachineClock(boot: "").now().time), pack,
            HostEnvironment(
                tree: tree, asksRedfish: configuration.redfish != nil, firmware: parts.parts().firmware.table),
            declared: AllProbes.declarations)
        print(json ? try look.json : look.text(in: language))
        return look.modes.contains(where: \.isBlind) ? notAllSeen : done
    }

    /// Plays what this agent was told through another pattern pack, and prints what it would have found. Nothing is changed.
    /// - Parameters:
    ///   - packPath: the built pack.
    ///   - days: how far back.
    ///   - word: the language, `de` or `en`; nil: that of the environment.
    public static func replay(
        pack packPath: String, days: Int, configuration path: String?, language word: String?, json: Bool
    ) throws -> Int32 {
        guard let language = language(word) else { return ExitStatus.usage.rawValue }
        guard let configuration = configuration(path) else { return refused }
        let pack: PatternPack
        do throws(AgentError) { pack = try Agent.patternPack(packPath, isArgument: true) } catch {
            complain("\(error)")
            return refused
        }
        let file = HistoryKeeper.path(in: configuration.stateDirectory)
        let forecast: ReplayForecast
        do {
            forecast = try ReplayForecast(
                of: RecordedHistory(path: file, days: days), by: pack, order: AllProbes.make().map(\.name))
        } catch let error as SQLiteError {
            complain(
                "the history \(file) cannot be read: \(error)\nThe agent writes it a quarter of an hour after its start."
            )
            return ExitStatus.unavailable.rawValue
        } catch {
            complain("the history \(file) is damaged: \(error)")
            return ExitStatus.data.rawValue
        }
        print(json ? try PrintedJSON.text(of: forecast, isOneLine: true) : forecast.text(in: language))
        return forecast.rows.contains { $0.atMost > 0 } ? ExitStatus.negative.rawValue : done
    }

    /// Tries patterns, as the agent asks for it in a child process, and prints what came of it.
    /// - Parameter path: what to try.
    public static func tryPatterns(_ path: String) throws -> Int32 {
        ProcessLimits.restrain(processor: PatternTrial.processorSeconds, memory: PatternTrial.memoryBytes)
        let request: TrialRequest
        do {
            let bytes = try SysTree().bytes(path, limit: TrialRequest.bytes)
            request = try WireFormat.decode(TrialRequest.self, from: Data(bytes))
        } catch {
            complain("\(path) is no request for a trial: \(error)")
            return ExitStatus.data.rawValue
        }
        print(try PrintedJSON.text(of: TrialReport(on: request), isOneLine: true))
        return done
    }

    /// Measures what each probe costs.
    public static func costs(configuration path: String?, json: Bool) async throws -> Int32 {
        guard let configuration = configuration(path) else { return refused }
        let tree = SysTree(root: configuration.root)
        var costs: [ProbeCost] = []
        for probe in AllProbes.make(tree: tree) where !configuration.disabledProbes.contains(probe.name) {
            let interval = configuration.probeIntervals[probe.name] ?? probe.interval
            costs.append(await ProbeCost(of: probe, every: interval, clock: MachineClock(boot: "")))
        }
        print(json ? try PrintedJSON.text(of: costs, isOneLine: true) : ProbeCost.table(costs))
        return done
    }

    /// Some failure mode would not be seen.
    public static let notAllSeen = ExitStatus.negative.rawValue

    /// Lines on standard error, each with the name of the program.
    public static func complain(_ text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { String($0).printable }
        let line = lines.map { "callhome-agent: \($0)\n" }.joined()
        _ = unsafe write(STDERR_FILENO, line, line.utf8.count)
    }

    /// The language that was named, else that of the environment; nil, and a complaint, where there is none such.
    private static func language(_ word: String?) -> Language? {
        let locale = { (name: String) in unsafe getenv(name).map { unsafe String(cString: $0) } }
        let language = word.map(Language.init(rawValue:)) ?? Language(ofEnvironment: locale)
        if language == nil {
            complain("no texts in the language \(word ?? ""): there are \(Language.allCases.map(\.rawValue))")
        }
        return language
    }

    private static func configuration(_ path: String?) -> AgentConfiguration? {
        do throws(ConfigurationErrors) {
            return try AgentConfiguration(path: path ?? AgentConfiguration.standardPath, mustExist: path != nil)
        } catch {
            complain("\(error)")
            return nil
        }
    }
}
