import FoundationEssentials
import Logging
import PatternChannel
import PatternMirror
import Reports
import ServiceLifecycle

/// Keeps the mirrors of channels of patterns up to date, and brings their versions to the servers. What is refused, out of date or
/// does not come is said and stops nothing: what the mirror holds goes on.
actor PatternService: Service {
    /// Between two looks at a source that did not answer.
    private static let retry = Duration.seconds(300)
    /// Between two looks whether a person wants the sources to be asked now.
    private static let glance = Duration.seconds(1)
    /// Between two looks at the servers at most; a ring that lasts for less is looked at as often.
    private static let longestLook = Duration.seconds(30)

    private let environment: CollectorEnvironment
    private let patience: ChannelPatience
    private var mirrors: [Mirror] = []
    /// What was logged last, so that each failure is logged once.
    private var failure: StoreError?
    /// What a person has to look at, as it was logged last: by channel.
    private var alarmed: [String: ChannelAlarm] = [:]

    private struct Mirror {
        var settings: PatternChannelSettings
        /// Nil while its files cannot be used.
        var files: ChannelMirror?
        var trusted: TrustedChannel?
        var known: MirroredChannel
    }

    /// - Parameter patience: how long a source may take.
    init(_ environment: CollectorEnvironment, patience: ChannelPatience = .standard) {
        self.environment = environment
        self.patience = patience
        mirrors = environment.configuration.channels.map {
            Mirror(settings: $0, known: MirroredChannel(name: $0.name, source: $0.source))
        }
    }

    func run() async throws {
        guard !mirrors.isEmpty else {
            try? await gracefulShutdown()
            return
        }
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                // A source that is slow keeps no server waiting.
                group.addTask {
                    var due = ContinuousClock.now
                    while !Task.isCancelled {
                        if await self.refresh(isDue: due <= .now) { due = .now + (await self.rest) }
                        try? await Task.sleep(for: PatternService.glance)
                    }
                }
                group.addTask {
                    while !Task.isCancelled {
                        await self.advance()
                        try? await Task.sleep(for: await self.look)
                    }
                }
            }
        }
    }

    private var rest: Duration {
        let isAway = mirrors.contains { $0.known.refusal?.isAbsence ?? false }
        return isAway ? PatternService.retry : PatternChannelSettings.askingInterval
    }

    private var look: Duration {
        mirrors.map(\.settings.soak).reduce(PatternService.longestLook, min)
    }

    /// What the mirrors hold, before anything is asked of a source.
    func resume() async {
        for place in mirrors.indices { await open(place) }
        await advance()
    }

    private func open(_ place: Int) async {
        var mirror = mirrors[place]
        let time = environment.now()
        do throws(PatternChannelProblem) {
            let pinned = try mirror.settings.pinned()
            let files = mirror.settings.mirror(
                in: environment.configuration.dataDirectory, pinned: pinned, patience: patience)
            let (trusted, refusal) = await files.standing(at: time)
            if let refusal {
                note(
                    "mirror",
                    "\(files.folder) holds what is refused: \(refusal). Move it away and restart the collector: it is "
                        + "fetched anew", of: &mirror)
            } else {
                mirror.files = files
                mirror.trusted = trusted
                mirror.known.take(trusted, in: files.folder, at: time)
            }
        } catch {
            note("root", error.description, of: &mirror)
        }
        mirrors[place] = mirror
        environment.patterns.set(mirror.known)
    }

    /// Asks each source where it is time to, or a person wants it.
    /// - Returns: whether they were asked.
    func refresh(isDue: Bool) async -> Bool {
        let asked = environment.patterns.asked
        guard isDue || asked > environment.patterns.answered else { return false }
        await refresh()
        if !Task.isCancelled { environment.patterns.answer(through: asked) }
        return true
    }

    /// Asks each source once.
    func refresh() async {
        for place in mirrors.indices {
            if mirrors[place].files == nil { await open(place) }
            await refresh(place)
            if Task.isCancelled { return }
        }
    }

    private func refresh(_ place: Int) async {
        var mirror = mirrors[place]
        guard let files = mirror.files, let before = mirror.trusted else { return }
        let time = environment.now()
        mirror.known.askedAt = time
        do {
            let source = try mirror.settings.opened()
            let (trusted, ending) = try await files.update(of: before, from: source, at: time)
            if Task.isCancelled { return }
            mirror.trusted = trusted
            mirror.known.take(trusted, in: files.folder, at: time)
            mirror.known.warnings = ending.warnings.map { "\($0)" }
            if ending.isNew { mirror.known.takenAt = time }
            if let refusal = ending.refusal {
                note(refusal.reason, "\(refusal)", of: &mirror)
            } else {
                if mirror.known.refusal != nil { log(.notice, "a channel of patterns comes again", mirror) }
                mirror.known.refusal = nil
            }
            if ending.isNew { log(.notice, "a new version of patterns is here", mirror) }
        } catch let error as ChannelFileError {
            note("disk", error.description, of: &mirror)
        } catch {
            note("source", "\(error)", of: &mirror)
        }
        mirrors[place] = mirror
        environment.patterns.set(mirror.known)
    }

    /// One look at the servers, for each channel.
    func advance() async {
        guard !mirrors.isEmpty else { return }
        reportAlarms()
        do throws(StoreError) {
            // A store that stands back brings nothing to anybody.
            guard try await environment.store.storeRecord().standing.maySend else {
                for mirror in mirrors { environment.patterns.set(RolloutOffers(), of: mirror.known.name) }
                return
            }
            let servers = try await environment.store.patternServers()
            for mirror in mirrors { try await advance(mirror, servers) }
            failure = nil
        } catch {
            if Task.isCancelled || error.isCancellation { return }
            if failure != error {
                environment.logger.error("cannot bring patterns to the servers", metadata: ["error": "\(error)"])
            }
            failure = error
        }
    }

    private func advance(_ mirror: Mirror, _ all: [PatternServer]) async throws(StoreError) {
        let known = mirror.known
        guard let targets = known.targets else { return }
        let time = environment.now()
        let stored = try await environment.store.rollout(of: known.name)
        let isNew = stored?.targets != targets
        var rollout =
            stored.flatMap { isNew ? nil : $0 }
            ?? Rollout(channel: known.name, targets: targets, revisions: known.revisions, after: stored, at: time)
        let servers = all.map { RolloutServer($0.server, $0.openings, mirror.settings) }
        let isChanged = rollout.decide(servers, RolloutRules(soak: mirror.settings.soak), at: time)
        if isNew || isChanged {
            // Somebody decided meanwhile: the next look begins with that.
            guard try await environment.store.keep(rollout, over: stored) else { return }
        }
        environment.patterns.set(rollout.offers(to: servers), of: known.name, by: rollout)
        guard isNew || rollout.state != stored?.state || rollout.ring != stored?.ring else { return }
        let isTrouble = rollout.state == .held || rollout.state == .halted
        environment.logger.log(
            level: isTrouble ? .warning : .notice, "patterns on their way to the servers",
            metadata: [
                "channel": "\(known.name)", "version": "\(targets)", "state": "\(rollout.state.rawValue)",
                "because": "\(rollout.cause?.words(in: .english) ?? "")",
            ])
    }

    /// What a person has to look at, once when it begins, and when it is over.
    private func reportAlarms() {
        let time = environment.now()
        for mirror in mirrors {
            let (alarm, before) = (mirror.known.alarm(at: time), alarmed[mirror.known.name])
            alarmed[mirror.known.name] = alarm
            guard alarm?.reason != before?.reason else { continue }
            guard let alarm else {
                log(.notice, "a channel of patterns needs nobody any more", mirror)
                continue
            }
            environment.logger.error(
                "a channel of patterns needs a person; what runs goes on",
                metadata: [
                    "channel": "\(alarm.channel)", "reason": "\(alarm.reason)", "since": "\(alarm.since)",
                    "because": "\(CleanText.line(alarm.because, limit: 500))",
                ])
        }
    }

    /// Logs the change, not every round.
    private func note(_ reason: String, _ because: String, of mirror: inout Mirror) {
        let earlier = mirror.known.refusal
        mirror.known.refusal = MirroredChannel.Refusal(
            reason: reason, because: because,
            since: earlier?.reason == reason ? earlier?.since ?? environment.now() : environment.now())
        if earlier?.because != because { log(.warning, "nothing new is taken from a channel of patterns", mirror) }
    }

    private func log(_ level: Logger.Level, _ message: Logger.Message, _ mirror: Mirror) {
        var metadata: Logger.Metadata = ["channel": "\(mirror.known.name)"]
        metadata["version"] = mirror.known.targets.map { "\($0)" }
        metadata["because"] = mirror.known.refusal.map { "\(CleanText.line($0.because, limit: 500))" }
        environment.logger.log(level: level, message, metadata: metadata)
    }
}
