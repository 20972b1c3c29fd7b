import FaultPatterns
import FoundationEssentials
import Logging
import PatternChannel
import PatternMirror
import Reports

/// Keeps account of which patterns run, brings mirrors of the channels that are pinned here up to date, tries what they offer,
/// and changes what runs without a restart. `ChannelCourse` and `ActivePatterns` decide.
///
/// Where no root is pinned it asks nobody, writes nothing and waits.
actor PatternService: Service {
    private let store: PatternStore
    private let clock: any AgentClock
    private let log: Logger
    private let doors: Doors
    private let channels: [String: Channel]
    private let offers: AsyncStream<[PatternOffer]>?
    private let runaways: AsyncStream<String>?
    private let trial: PatternTrial
    private let history: TrialRequest.History?
    /// Nil while none of a channel ever ran here.
    private var active: ActivePatterns?
    private var courses: [String: ChannelCourse]
    /// What each mirror holds; none before it was read.
    private var trusted: [String: TrustedChannel] = [:]
    /// When what runs has run for long enough, by the time since boot; nil where it has.
    private var settlesAt: Duration?
    private var sleeper: Task<Void, Never>?
    private var toldStatuses: [ChannelStatus] = []
    private var isSwapping = false
    /// Why what runs is to be left, while it is being swapped.
    private var runaway: String?
    private var generator = SystemRandomNumberGenerator()

    /// What it reaches beside its files.
    struct Doors: Sendable {
        /// Reads the pack of the package.
        var package: @Sendable () throws -> PatternPack
        /// Goes on with another pack.
        var run: @Sendable (PatternPack) async throws -> Void
        /// Where a channel is to be read; nil where this server is enrolled nowhere.
        var source: @Sendable (String) async -> ChannelSource? = { _ in nil }
        /// Writes down what the server knows up to now, which patterns are tried on.
        var remember: @Sendable () async -> Void = {}
        /// Takes how the channels are, for the next heartbeat.
        var tell: @Sendable ([ChannelStatus]) async -> Void = { _ in }
    }

    private struct Channel: Sendable {
        var pinned: PinnedChannel
        var mirror: ChannelMirror
    }

    /// How long it sleeps where nothing is due.
    private static let idle = Duration.seconds(3600)

    /// - Parameters:
    ///   - active: what runs as this process begins.
    ///   - pinned: the channels that may be asked for.
    ///   - offers: what collectors say of channels; nil: nothing.
    ///   - runaways: why what runs takes too much of the server.
    ///   - history: what this server remembers, for forecasts; nil: nothing.
    ///   - heartbeat: from one heartbeat of this agent to the next.
    ///   - stateDirectory: of the agent: mirrors lie in `channels/NAME`.
    ///   - patience: how long a channel's files may take.
    init(
        store: PatternStore, active: ActivePatterns?, pinned: [PinnedChannel] = [],
        offers: AsyncStream<[PatternOffer]>? = nil, runaways: AsyncStream<String>? = nil,
        heartbeat: Duration = .seconds(60), stateDirectory: String, patience: ChannelPatience = .standard,
        clock: any AgentClock, log: Logger,
        trial: PatternTrial? = nil, history: TrialRequest.History? = nil, doors: Doors
    ) {
        let trial = trial ?? PatternTrial(folder: store.folder)
        self.store = store
        self.active = active
        self.offers = offers
        self.runaways = runaways
        self.clock = clock
        self.log = log
        self.trial = trial
        self.history = history
        self.doors = doors
        channels = Dictionary(
            pinned.map { pinned in
                let mirror = ChannelMirror(
                    "\(stateDirectory)/channels/\(pinned.name)", pinned: pinned.root,
                    ChannelRules(channel: pinned.name, prefix: pinned.prefix), patience: patience,
                    inspecting: { try await trial.contents(of: $0) })
                return (pinned.name, Channel(pinned: pinned, mirror: mirror))
            }, uniquingKeysWith: { first, _ in first })
        courses = Dictionary(
            pinned.map { ($0.name, ChannelCourse($0.name, heartbeat: heartbeat)) },
            uniquingKeysWith: { first, _ in first })
        if active?.probation != nil { settlesAt = clock.now().uptime + ActivePatterns.probationSpan }
    }

    /// Until the task is cancelled; then notes that the agent stops in order.
    func run() async throws {
        let listeners = [
            Task { if let offers { for await offers in offers { take(offers) } } },
            Task { if let runaways { for await reason in runaways { await isRunaway(because: reason) } } },
        ]
        defer { for listener in listeners { listener.cancel() } }
        for name in channels.keys.sorted() where !Task.isCancelled { await readMirror(of: name) }
        while !Task.isCancelled {
            settle(at: clock.now().uptime)
            let end = await step()
            await tell()
            await sleep(until: end)
        }
        guard var stopped = active, stopped.probation != nil, !isSwapping else { return }
        stopped.stop()
        note(stopped)
    }

    private func settle(at uptime: Duration) {
        guard let end = settlesAt, uptime >= end, !isSwapping, var settled = active else { return }
        settlesAt = nil
        settled.settle()
        note(settled)
        log.notice("the patterns have run for long enough to stay")
    }

    /// Where it cannot be written the next start counts one crash too many at most.
    private func note(_ next: ActivePatterns) {
        active = next
        do { try store.save(next) } catch {
            log.error("which patterns run cannot be written down", metadata: ["because": "\(error)"])
        }
    }

    private func tell() async {
        let statuses = self.statuses
        guard statuses != toldStatuses else { return }
        toldStatuses = statuses
        await doors.tell(statuses)
    }

    /// How each channel is, in the order of their names.
    var statuses: [ChannelStatus] {
        courses.values.sorted { $0.name < $1.name }.map { $0.status(active: active) }
    }

    private func sleep(until decision: Duration?) async {
        let idle = clock.now().uptime + PatternService.idle
        let (clock, end) = (clock, [decision, settlesAt, idle].compactMap(\.self).min() ?? idle)
        let sleeper = Task { _ = try? await clock.sleep(until: end) }
        self.sleeper = sleeper
        await withTaskCancellationHandler {
            await sleeper.value
        } onCancel: {
            sleeper.cancel()
        }
        self.sleeper = nil
    }

    // MARK: Channels

    /// What a collector says of channels; of one that is not pinned here it says nothing.
    func take(_ offers: [PatternOffer]) {
        let uptime = clock.now().uptime
        for offer in offers {
            guard courses[offer.channel]?.offer != offer else { continue }
            courses[offer.channel]?.take(offer, at: uptime, using: &generator)
            sleeper?.cancel()
        }
    }

    private func readMirror(of name: String) async {
        guard let channel = channels[name] else { return }
        let (found, refusal) = await channel.mirror.standing(at: clock.now().time)
        trusted[name] = found
        courses[name]?.verified(found, found.expired(at: clock.now().time))
        // Then the next update reads all of it anew, and what a receipt tells of versions holds against a roll-back.
        if let refusal, !Task.isCancelled {
            log.error(
                "the mirror of a channel is refused", metadata: ["channel": "\(name)", "because": "\(refusal)"])
        }
    }

    /// Does what is due, one thing after the other.
    /// - Returns: when something is due next, by the time since boot; nil: nothing is.
    private func step() async -> Duration? {
        var next: Duration?
        for name in channels.keys.sorted() {
            await withdraw(by: name)
            while !Task.isCancelled {
                let uptime = clock.now().uptime
                let action = courses[name]?.next(active: active, isSettled: active?.probation == nil, at: uptime)
                switch action {
                case nil, .wait(nil): break
                case .wait(let time?): next = min(next ?? time, time)
                case .update(let floor): await update(name, floor: floor)
                case .prove(let targets): await prove(targets, of: name)
                case .activate(let targets): await activate(targets, of: name)
                case .goBack: await goBack(from: name)
                }
                if case .wait? = action { break }
                if action == nil { break }
            }
        }
        if let reason = runaway {
            runaway = nil
            await isRunaway(because: reason)
        }
        return next
    }

    private func update(_ name: String, floor: Int64) async {
        guard let channel = channels[name] else { return }
        let before = trusted[name] ?? channel.pinned.root
        var because: String?
        if let source = await doors.source(name) {
            do throws(ChannelFileError) {
                let (found, ending) = try await channel.mirror.update(
                    of: before, from: source, floor: ChannelFloor(channel: name, timestampVersion: floor),
                    at: clock.now().time)
                trusted[name] = found
                courses[name]?.verified(found, ending.warnings)
                because = ending.refusal.map { "\($0)" }
            } catch {
                because = "\(error)"
            }
        } else {
            because = "this server is enrolled at no collector"
        }
        guard !Task.isCancelled else { return }
        courses[name]?.updated(refused: because, at: clock.now().uptime)
        if let because {
            log.error("a channel of patterns is refused", metadata: ["channel": "\(name)", "because": "\(because)"])
            return
        }
        await withdraw(by: name)
    }

    /// What a maker takes back stops at once, whatever else is to wait.
    private func withdraw(by name: String) async {
        guard let packs = trusted[name]?.targets?.content.packs else { return }
        let withdrawn = Dictionary(
            packs.flatMap(\.withdrawals).map { ($0.pattern, $0.because) }, uniquingKeysWith: { first, _ in first })
        var next = active ?? ActivePatterns(.package, at: clock.now().time)
        guard next.withdraw(withdrawn, by: name) else { return }
        do throws(PatternStoreProblem) {
            try await swap(to: next, packs: [:])
            log.notice(
                "patterns are taken back", metadata: ["channel": "\(name)", "patterns": "\(withdrawn.keys.sorted())"])
        } catch {
            log.error(
                "what a maker takes back cannot be stopped", metadata: ["channel": "\(name)", "because": "\(error)"])
        }
    }

    /// What of a channel would run, and where its packs lie in the mirror, by SHA-256.
    private func listed(
        in name: String, _ targets: Int64
    ) -> (content: ActivePatterns.Content, places: [String: String])? {
        guard let channel = channels[name], let trusted = trusted[name], let signed = trusted.targets?.content,
            signed.version == targets
        else { return nil }
        let places = zip(signed.packs, trusted.paths).map { ($0.sha256, "\(channel.mirror.folder)/\($1)") }
        return (
            ActivePatterns.Content(targets: targets, packs: signed.packs.map(\.sha256), prefix: channel.pinned.prefix),
            Dictionary(places, uniquingKeysWith: { first, _ in first })
        )
    }

    private func prove(_ targets: Int64, of name: String) async {
        guard let (content, places) = listed(in: name, targets) else {
            courses[name]?.tried(
                .inconclusive(because: "it is not in the mirror"), of: targets, at: clock.now().uptime)
            return
        }
        await tell()
        await doors.remember()
        let now = clock.now()
        var next = active ?? ActivePatterns(.package, at: now.time)
        next.activate(content, of: name, at: now.time, boot: now.boot)
        var request = store.request(for: next, places: places)
        request.running = store.request(for: active ?? ActivePatterns(.package, at: now.time)).members
        request.history = courses[name]?.remembers == true ? history : nil
        let outcome = await trial.run(request)
        guard !Task.isCancelled else { return }
        courses[name]?.tried(outcome, of: targets, at: clock.now().uptime)
        if let candidate = courses[name]?.candidate {
            log.notice(
                "patterns were tried",
                metadata: [
                    "channel": "\(name)", "targets": "\(targets)", "state": "\(candidate.state)",
                    "because": "\(candidate.because)",
                ])
        }
    }

    private func activate(_ targets: Int64, of name: String) async {
        var because: String?
        do throws(PatternStoreProblem) {
            guard let (content, places) = listed(in: name, targets) else {
                throw PatternStoreProblem("it is not in the mirror")
            }
            var packs: [String: Data] = [:]
            for (pack, path) in places {
                do throws(SysTreeError) {
                    packs[pack] = Data(try SysTree().bytes(path, limit: PatternLimits.packBytes))
                } catch {
                    throw PatternStoreProblem("\(path) cannot be read: \(error)")
                }
            }
            try await activate(content, of: name, packs: packs)
        } catch {
            because = "\(error)"
            log.error(
                "other patterns cannot be taken", metadata: ["channel": "\(name)", "because": "\(error)"])
        }
        courses[name]?.swapped(failed: because, at: clock.now().uptime)
    }

    private func goBack(from name: String) async {
        var because: String?
        do throws(PatternStoreProblem) { try await goBack() } catch {
            because = "\(error)"
            log.error(
                "the patterns of before cannot be taken", metadata: ["channel": "\(name)", "because": "\(error)"])
        }
        courses[name]?.swapped(failed: because, at: clock.now().uptime)
    }

    // MARK: Swaps

    /// What runs of channels.
    var composition: ActivePatterns.Composition { active?.now ?? .package }

    /// Runs other content of a channel from now on. Where that fails what runs goes on.
    /// - Parameter packs: bytes by SHA-256.
    func activate(
        _ content: ActivePatterns.Content, of channel: String, packs: [String: Data]
    ) async throws(PatternStoreProblem) {
        let now = clock.now()
        var next = active ?? ActivePatterns(.package, at: now.time)
        next.activate(content, of: channel, at: now.time, boot: now.boot)
        try await swap(to: next, packs: packs)
        settlesAt = clock.now().uptime + ActivePatterns.probationSpan
        sleeper?.cancel()
        log.notice(
            "other patterns run", metadata: ["channel": "\(channel)", "targets": "\(content.targets)"])
    }

    /// Runs what ran before, since somebody asks for it.
    func goBack() async throws(PatternStoreProblem) {
        guard var next = active else { return }
        next.goBackAsAsked()
        try await swap(to: next, packs: [:])
        settlesAt = nil
        log.notice("the patterns of before run again")
    }

    /// What runs takes more of the server than patterns may: back to what ran before, where there is something.
    func isRunaway(because reason: String) async {
        guard !isSwapping else {
            runaway = reason
            return
        }
        guard var next = active, next.before != nil else { return }
        let because = next.goBack(because: reason)
        do throws(PatternStoreProblem) { try await swap(to: next, packs: [:]) } catch {
            log.error("the patterns of before cannot be taken", metadata: ["because": "\(error)"])
            return
        }
        settlesAt = nil
        sleeper?.cancel()
        log.error("back to the patterns of before", metadata: ["because": "\(because)"])
    }

    /// The disk first: a process that ends in between begins with what was asked for, and its end counts.
    private func swap(to next: ActivePatterns, packs: [String: Data]) async throws(PatternStoreProblem) {
        guard !isSwapping else { throw PatternStoreProblem("other patterns are being taken") }
        isSwapping = true
        defer { isSwapping = false }
        let steps = store.steps(to: next)
        for step in steps {
            if case .remove = step { break }
            try store.perform(step, to: next, packs: packs)
        }
        do {
            guard let (pack, left) = try store.pack(of: next) else {
                try await doors.run(try doors.package())
                return finish(steps, to: next)
            }
            if let refusal = left.first { throw PatternStoreProblem(refusal) }
            try await doors.run(pack)
        } catch {
            if let active { note(active) } else { store.forget() }
            throw PatternStoreProblem("\(error)")
        }
        finish(steps, to: next)
    }

    private func finish(_ steps: [PatternStore.Step], to next: ActivePatterns) {
        active = next
        // One that stays is taken out by the next swap.
        for case .remove(let pack) in steps { try? store.perform(.remove(pack: pack), to: next, packs: [:]) }
    }
}
