import Daemon
import FaultPatterns
import FoundationEssentials
import Glibc
public import Logging
public import Reports

/// One agent: probes, diagnosis, spool, uplink and control socket, wired in one place for the program, the tests and the
/// demonstration.
public struct Agent: Sendable {
    private let services: [any Service]
    private let control: AgentControl

    /// Puts an agent together; nothing runs yet.
    /// - Parameters:
    ///   - probes: instead of all that there are, for a made-up machine.
    ///   - clock: instead of the machine's, for a faster one.
    /// - Throws: what keeps this agent from starting, and what to do.
    public init(
        _ configuration: AgentConfiguration, probes: [any Probe]? = nil, clock: (any AgentClock)? = nil, log: Logger
    ) async throws(AgentError) {
        let tree = SysTree(root: configuration.root)
        let names = MachineNames(tree: tree)
        let hostname = configuration.hostname ?? names.hostname
        let clock = clock ?? MachineClock(boot: names.boot)
        let site = SiteOverlay(path: configuration.patternOverlay)
        if let problem = site.problem { log.error("patterns", metadata: ["problem": "\(problem)"]) }
        let (packPath, overlay) = (configuration.patternPack, site.overlay)
        try Agent.makeDirectory(configuration.stateDirectory)
        let patterns = PatternStore(
            stateDirectory: configuration.stateDirectory, packagePath: packPath,
            overlayPath: configuration.patternOverlay)
        let (pinned, problems) = PinnedChannel.read(configuration.channelFolders)
        for problem in problems { log.error("a channel of patterns is left out", metadata: ["because": "\(problem)"]) }
        let chosen = try patterns.begin(at: clock.now(), pinned: Set(pinned.map(\.name))) { () throws(AgentError) in
            try Agent.patternPack(packPath, changedBy: overlay)
        }
        for sentence in chosen.sentences { log.error("patterns", metadata: ["problem": "\(sentence)"]) }
        let pack = chosen.pack
        for entry in pack.overlay {
            guard let because = entry.inactive else { continue }
            log.warning(
                "the overlay has no effect",
                metadata: ["entry": "\(entry.action.rawValue)", "pattern": "\(entry.pattern)", "because": "\(because)"])
        }

        let identities = IdentityFile(directory: configuration.stateDirectory)
        let (identity, spool) = try await Agent.memory(
            configuration, identities, host: names.host, hostname: hostname, at: clock.now(), log)
        let saved: Spool.Saved
        do throws(SpoolError) { saved = try await spool.saved() } catch { throw AgentError("\(error)") }

        var reachable = identity
        reachable.enrolment?.collectors.insert(contentsOf: configuration.collectors, at: 0)
        // The uplink is there before the watch: what people declare waits in between.
        let (asks, asked) = AsyncStream.makeStream(
            of: WatchService.Asks.self, bufferingPolicy: .bufferingNewest(WatchService.Asks.waiting))
        let (offers, offered) = AsyncStream.makeStream(of: [PatternOffer].self, bufferingPolicy: .bufferingNewest(1))
        let (runaways, runaway) = AsyncStream.makeStream(of: String.self, bufferingPolicy: .bufferingNewest(1))
        let uplink = UplinkService(
            source: spool, identity: reachable, hostname: hostname, proxy: configuration.proxy,
            heartbeat: configuration.heartbeatInterval, log: log,
            now: { clock.now().time },
            declare: { asked.yield(WatchService.Asks(declarations: $0, time: $1)) }, offer: { offered.yield($0) },
            renewal: TrustRenewal(identities: identities, proxy: configuration.proxy))
        var settings = WatchService.Settings()
        settings.heartbeatInterval = configuration.heartbeatInterval
        settings.sampleSpan = configuration.sampleInterval
        settings.inventoryInterval = configuration.inventoryInterval
        let parts = PartsDirectory(tree: tree, isWatched: probes == nil && tree.isThisMachine)
        let watched =
            probes
            ?? AllProbes.make(
                tree: tree, siteFolder: configuration.siteFolder, cacheDirectory: configuration.stateDirectory,
                redfish: configuration.redfish, parts: parts)
        let watch = WatchService(
            probes: watched, intervals: configuration.probeIntervals,
            disabled: configuration.disabledProbes, settings: settings, pack: pack, saved: saved, spool: spool,
            clock: clock, log: log,
            environment: {
                HostEnvironment(
                    tree: tree, asksRedfish: configuration.redfish != nil, firmware: parts.parts().firmware.table)
            },
            asks: asks, parts: parts, keeper: HistoryKeeper(directory: configuration.stateDirectory, log: log),
            departure: { await Departure(tree, at: $0).away },
            newsWasStored: { uplink.newsWasStored() }, isRunaway: { runaway.yield($0) })
        let control = AgentControl(
            watch: watch, spool: spool, uplink: uplink,
            enroller: Enroller(identities: identities, hostname: hostname, proxy: configuration.proxy),
            query: TestProgressQuery(proxy: configuration.proxy), identity: identity, clock: clock, log: log)
        let patternService = PatternService(
            store: patterns, active: chosen.active, pinned: pinned, offers: offers, runaways: runaways,
            heartbeat: configuration.heartbeatInterval, stateDirectory: configuration.stateDirectory, clock: clock,
            log: log,
            history: TrialRequest.History(
                path: HistoryKeeper.path(in: configuration.stateDirectory), days: Agent.forecastDays,
                order: watched.map(\.name)),
            doors: PatternService.Doors(
                package: { try Agent.patternPack(packPath, changedBy: overlay) },
                run: { try await watch.adopt($0) }, source: { await uplink.source(of: $0) },
                remember: { await watch.writeRecording() }, tell: { await watch.note(channels: $0) }))
        // The order is that of dependency; they are stopped from the end.
        var services: [any Service] = [
            patternService, ControlSocket(path: configuration.controlSocket, log: log) { await control.answer($0) },
            uplink, watch, NotificationService(ServiceNotification(), watch: watch) { await control.summary() },
        ]
        if parts.isWatched {
            services.insert(PartsWatch(parts, tree: tree, clock: clock, log: log), at: 0)
        }
        self.services = services
        self.control = control
        let off = configuration.disabledProbes.count
        log.notice(
            "the agent starts",
            metadata: [
                "version": "\(CallhomeVersion.current)",
                "patterns": "\(pack.identity), \(pack.patterns.count) patterns",
                "probes": "\(watched.count - off)\(off == 0 ? "" : ", and \(off) switched off")",
                "host": "\(identity.host)",
                "enrolled": "\(Agent.enrolment(of: reachable))",
            ])
    }

    /// At which collectors, in words; how, where there are none yet.
    private static func enrolment(of identity: Identity) -> String {
        guard let enrolment = identity.enrolment else {
            return "no: make a token on the collector (callhome-collector tokens create), then "
                + "callhome enroll URL --token TOKEN"
        }
        return "at \(enrolment.collectors.joined(separator: ", "))"
    }

    /// Runs until the task is cancelled, or until SIGTERM or SIGINT where `stopsOnSignals`.
    /// - Throws: what ended a service, such as a control socket that cannot be made.
    public func run(stopsOnSignals: Bool = false) async throws {
        try await AgentServices.run(services, until: stopsOnSignals ? [SIGTERM, SIGINT] : [])
    }

    /// What the control socket would answer.
    public func answer(_ request: ControlRequest) async -> ControlResponse { await control.answer(request) }

    /// How far back patterns on trial are played.
    private static let forecastDays = 14

    // MARK: Parts

    /// - Parameters:
    ///   - overlay: what the site changed of it.
    ///   - isArgument: whoever calls named the pack, and not the configuration.
    static func patternPack(
        _ path: String, changedBy overlay: PatternOverlay? = nil, isArgument: Bool = false
    ) throws(AgentError) -> PatternPack {
        let data: Data
        do { data = try Data(contentsOf: URL(filePath: path)) } catch let error as CocoaError {
            // The package that brings it may only be on its way: the next start can find it.
            throw AgentError("the pattern pack \(path) \(Agent.reason(error, path, isArgument))")
        } catch {
            throw AgentError("the pattern pack \(path) cannot be read: \(error)")
        }
        do throws(PatternPackError) {
            guard let overlay else { return try PatternPack(json: data) }
            return try PatternComposition(
                [PatternComposition.Member(name: path, packs: [data])], overlay: overlay
            ).pack
        } catch {
            throw AgentError("the pattern pack \(path) is refused: \(error)", status: .configuration)
        }
    }

    /// Why the pack cannot be read, and what to do: only where it is missing is there something to install.
    private static func reason(_ error: CocoaError, _ path: String, _ isArgument: Bool) -> String {
        switch error.code {
        case .fileReadNoSuchFile where isArgument:
            "is not there: correct the path; `callhome patterns build FOLDER -o PACK` makes one"
        case .fileReadNoSuchFile where path == AgentConfiguration.standardPack:
            "is not there: install the package callhome-agent of this version, which brings it"
        case .fileReadNoSuchFile: "is not there: patterns.pack in the configuration names it; correct the path"
        case .fileReadNoPermission: "may not be read by this user: make it readable for all (chmod a+r)"
        default: "cannot be read: it must be a file that `callhome patterns build` wrote"
        }
    }

    private static func makeDirectory(_ path: String) throws(AgentError) {
        do throws(PrivateFileError) { try PrivateFile.makeFolder(path) } catch {
            throw AgentError("the state directory \(path) cannot be made: \(error.because)")
        }
    }

    private static func memory(
        _ configuration: AgentConfiguration, _ identities: IdentityFile, host: HostID, hostname: String,
        at moment: Moment, _ log: Logger
    ) async throws(AgentError) -> (Identity, Spool) {
        do {
            let identity = try identities.loadOrMake(host: host)
            var limits = Spool.Limits()
            limits.bytes = Int64(configuration.spoolBytes)
            limits.telemetryAge = configuration.telemetryAge
            limits.sampleAge = configuration.sampleAge
            let author = ReportSigner(host: identity.host, hostname: hostname, key: try identity.key)
            let spool = try await Spool.open(
                directory: configuration.stateDirectory, memoryDirectory: configuration.memoryDirectory, author: author,
                limits: limits, at: moment, log: log)
            return (identity, spool)
        } catch let error as SpoolError {
            // Every start would find the same until the newer agent is back, or the file is away.
            if case .later = error { throw AgentError("\(error)", status: .data) }
            throw AgentError("\(error)")
        } catch {
            throw AgentError("\(error)")
        }
    }
}

/// What keeps an agent from starting, in words.
public struct AgentError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String
    /// What the program exits with: one of `ExitStatus.lasting` where another start would end the same.
    public let status: ExitStatus
    init(_ description: String, status: ExitStatus = .failure) {
        self.description = description
        self.status = status
    }
}
