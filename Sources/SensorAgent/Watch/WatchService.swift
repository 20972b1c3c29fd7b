import FaultPatterns
import FoundationEssentials
import Logging
import Reports

/// Runs the probes, puts what they see through the diagnosis, and stores what came of it.
///
/// One place takes results, so that their order is the order of the reports. `ProbeSchedule` decides, this acts.
actor WatchService: Service {
    struct Settings: Sendable {
        /// Time from one heartbeat to the next.
        var heartbeatInterval = Duration.seconds(60)
        /// The span of one sample aggregate; windows are stored as often, so that the flash is not worn by the monitor.
        var sampleSpan = Duration.seconds(300)
        /// An inventory is sent when it changed, and anyway after this time.
        var inventoryInterval = Duration.seconds(86_400)
        /// A part that comes and goes does not make one inventory each time.
        var inventorySpacing = Duration.seconds(60)
        /// What was told is written down this often, and after a trouble tried again: what a crash may lose of it.
        var historyInterval = Duration.seconds(900)
        /// From one state of the engine to the next in the history, for other patterns to begin from.
        var historyStateInterval = Duration.seconds(7 * 86_400)
    }

    /// Declarations of one receipt.
    struct Asks: Sendable {
        var declarations: [PartDeclaration]
        /// The collector's.
        var time: Timestamp

        /// Receipts whose declarations wait; of more, the newest stay, and the collector asks again.
        static let waiting = 16
    }

    /// What is decided and not yet on disk.
    private struct Batch {
        var changes: [FaultChange] = []
        var states: [ComponentID: ComponentState] = [:]
        var cursors: [String: ProbeCursor] = [:]
        /// Components whose stored state is to go.
        var forgotten: Set<ComponentID> = []
        var isEmpty: Bool { changes.isEmpty && states.isEmpty && cursors.isEmpty && forgotten.isEmpty }

        mutating func add(_ newStates: [ComponentState]) {
            for var state in newStates {
                state.windows = state.windows ?? states[state.component]?.windows
                states[state.component] = state
            }
        }

        /// Changes that wait for a spool that takes none.
        static let changeLimit = 4_096

        /// What a later change of the same fault says too goes first, then the least urgent, the oldest first.
        /// - Returns: how many had to go though no later one says the same.
        mutating func keepWithinBounds() -> Int {
            guard changes.count > Batch.changeLimit else { return 0 }
            var later: Set<FaultID> = []
            var kept: [FaultChange] = []
            for change in changes.reversed() where !later.contains(change.fault.id) || change.kind != .updated {
                later.insert(change.fault.id)
                kept.append(change)
            }
            kept.reverse()
            var excess = kept.count - Batch.changeLimit
            let lost = max(0, excess)
            for urgency in Urgency.allCases where excess > 0 {
                kept.removeAll { change in
                    guard excess > 0, change.fault.urgency == urgency else { return false }
                    excess -= 1
                    return true
                }
            }
            changes = kept
            return lost
        }
    }

    private let probes: [String: any Probe]
    private let settings: Settings
    /// What is judged by; `adopt` changes it.
    private(set) var pack: PatternPack
    private let spool: Spool
    private let clock: any AgentClock
    private let log: Logger
    private let environment: @Sendable () -> HostEnvironment
    private let asks: AsyncStream<Asks>?
    private let parts: PartsDirectory?
    private let keeper: HistoryKeeper?
    private let departure: @Sendable (Timestamp) async -> Heartbeat.Away
    private let newsWasStored: @Sendable () -> Void
    private let startedAt: Timestamp

    /// The engine's time, which no step of the wall clock moves; stored with every transaction and heartbeat.
    private var engineClock: EngineClock
    /// The engine's time of each probe's last look that brought something, for what only other clocks stamp.
    private var lastLooks: [String: Timestamp] = [:]
    private let resumedFrom: Timestamp?

    private var schedule: ProbeSchedule
    private var catalogue: ComponentCatalogue
    private var diagnosis: Diagnosis
    private var history = SampleHistory()
    /// Writes down what the diagnosis is told; nil while there is no file for it.
    private var recorder: HistoryRecorder?
    /// When the newest state of the diagnosis was written down.
    private var recordedStateAt: Timestamp?
    private var isRecording = false
    private var nextRecording: Duration
    private var cursors: [String: ProbeCursor]
    private var pending = Batch()
    private var isCommitting = false
    /// Declarations of which this process has sent the answer, and when.
    private var answersSent: [String: Duration] = [:]
    private var toldOfTooMany = false
    /// What went wrong with the spool last; nil when all is stored.
    private var spoolProblem: String?

    private var codePages = CodePages()
    /// How the channels of patterns are; nil where none is pinned.
    private var channels: [ChannelStatus]?
    private var load = EvaluationLoad()
    private let isRunaway: @Sendable (String) -> Void
    private var nextHeartbeat: Duration
    /// Whether the next heartbeat goes out at once: somebody waits for what it says. Until the first of a process or an epoch comes
    /// the collector takes the server for away.
    private var isHeartbeatAwaited = true
    private var nextSpan: Duration
    private var spanStart: Timestamp
    private var inventoryIsNews = true
    private var inventorySentAt: Duration?
    /// What the last inventory reported of the failure modes: working it out for each heartbeat would cost too much.
    private var failureModeCountsSent: Heartbeat.FailureModeCounts?
    private var reportedEpoch: Int64?
    /// What the last heartbeat said of the spool.
    private var reportedIncident: String?
    private var sleeper: Task<Void, Never>?
    /// When the loop means to wake up at the latest.
    private var nextRound: Duration

    /// - Parameters:
    ///   - intervals: by name, for probes that are not to keep their own.
    ///   - disabled: names of probes that are not run, and reported as switched off.
    ///   - saved: what the process before left.
    ///   - environment: what the machine is and has beside what is read, asked for whenever the coverage is reported.
    ///   - asks: what the collector passes on of people's declarations; nil: nothing.
    ///   - parts: what probes look with, to wait for at the start and to report where reading it hangs.
    ///   - keeper: of the history of what is told, for other patterns to be tried on; nil: none is kept.
    ///   - departure: why the agent is stopped, asked once, when it is.
    ///   - newsWasStored: called after each transaction that holds fault changes, and after a heartbeat for which somebody waits:
    ///     the first of the process and of each epoch, and one that says what came of a version of patterns.
    ///   - isRunaway: called where judging takes more than patterns may, with the reason.
    init(
        probes: [any Probe], intervals: [String: Duration] = [:], disabled: Set<String> = [],
        settings: Settings = Settings(), pack: PatternPack, saved: Spool.Saved, spool: Spool, clock: any AgentClock,
        log: Logger, environment: @escaping @Sendable () -> HostEnvironment = { HostEnvironment() },
        asks: AsyncStream<Asks>? = nil, parts: PartsDirectory? = nil, keeper: HistoryKeeper? = nil,
        departure: @escaping @Sendable (Timestamp) async -> Heartbeat.Away = { _ in Heartbeat.Away(because: .stop) },
        newsWasStored: @escaping @Sendable () -> Void = {},
        isRunaway: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        let now = clock.now()
        self.probes = Dictionary(probes.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.settings = settings
        self.pack = pack
        self.spool = spool
        self.clock = clock
        self.log = log
        self.environment = environment
        self.asks = asks
        self.parts = parts
        self.keeper = keeper
        self.departure = departure
        self.newsWasStored = newsWasStored
        self.isRunaway = isRunaway
        startedAt = now.time
        schedule = ProbeSchedule(
            probes.map {
                ProbeSchedule.Entry(
                    name: $0.name, interval: intervals[$0.name] ?? $0.interval, deadline: $0.deadline,
                    enabled: !disabled.contains($0.name))
            }, at: now.uptime)
        catalogue = ComponentCatalogue(order: probes.map(\.name))
        cursors = Dictionary(saved.cursors.map { ($0.probe, $0) }, uniquingKeysWith: { first, _ in first })
        let stored = cursors.removeValue(forKey: WatchService.clockCursor).flatMap { cursor in
            try? WireFormat.decode(EngineClock.self, from: Data(cursor.value.utf8))
        }
        resumedFrom = stored?.anchor.engine
        let read = cursors.removeValue(forKey: WatchService.eventSourcesCursor).flatMap { cursor in
            try? WireFormat.decode([String: Timestamp].self, from: Data(cursor.value.utf8))
        }
        let resumed = Diagnosis(
            patterns: pack, resuming: saved.states, stoppedAt: stored?.anchor.engine, eventSourcesRead: read ?? [:])
        diagnosis = resumed
        if let stored {
            engineClock = stored
        } else {
            engineClock = EngineClock(at: now, notBefore: resumed.newestTime)
        }
        nextHeartbeat = now.uptime + settings.heartbeatInterval
        nextSpan = now.uptime + settings.sampleSpan
        nextRecording = now.uptime + settings.historyInterval
        spanStart = now.time
        nextRound = now.uptime
        for problem in diagnosis.problems { log.warning("diagnosis state", metadata: ["problem": "\(problem)"]) }
        for skipped in pack.skipped {
            log.warning("pattern skipped", metadata: ["pattern": "\(skipped.id)", "because": "\(skipped.because)"])
        }
    }

    /// Watches until the task is cancelled; then stores what is not stored yet, and that the agent goes away in order.
    func run() async throws {
        await parts?.firstReading()
        let open = diagnosis.openFaults.map(engineClock.told)
        do throws(SpoolError) { try await spool.align(with: open) } catch { note(error) }
        await beginRecording()
        await watch()
        await closeSpan(at: clock.now())
        if var recorder { _ = await keeper?.keep(recorder.take()) }
        let away = await departure(clock.now().time)
        log.notice("the agent goes away", metadata: ["why": "\(away.why.rawValue)", "back-within": "\(away.atMost) s"])
        await append(.heartbeat(await heartbeat(away: away)), at: clock.now())
    }

    private func watch() async {
        let listeners = listenForPrompts() + listenForAsks()
        defer { for listener in listeners { listener.cancel() } }
        while !Task.isCancelled {
            let now = clock.now()
            startAndGiveUpProbes(at: now)
            await commit()
            await keepTime(at: now)
            await sleepUntilNextDecision()
        }
    }

    // MARK: Probes

    private func startAndGiveUpProbes(at now: Moment) {
        for name in schedule.overdue(at: now.uptime) {
            log.error("probe hangs", metadata: ["probe": "\(name)", "deadline": "\(probes[name]?.deadline ?? .zero)"])
        }
        for name in schedule.start(at: now.uptime) {
            guard let probe = probes[name] else { continue }
            let cursor = cursors[name]
            let look = EngineClock.Look(wall: now.time, engine: engineClock.read(now))
            // Not a child task: one that hangs in the kernel must not keep the agent from stopping.
            Task {
                let outcome: Result<ProbeResult, ProbeError>
                do throws(ProbeError) {
                    outcome = .success(try await probe.look(at: now.time, since: cursor))
                } catch {
                    outcome = .failure(error)
                }
                await self.finished(name, look, outcome)
            }
        }
    }

    private func finished(
        _ name: String, _ look: EngineClock.Look, _ outcome: Result<ProbeResult, ProbeError>
    ) async {
        let now = clock.now()
        let before = schedule.state(of: name)
        // With a probe that goes blind or sees again, other failure modes can be seen.
        defer { if schedule.state(of: name) != before { inventoryIsNews = true } }
        switch outcome {
        case .success(let result):
            noteShortfall(of: name, result.shortfall)
            schedule.finished(
                name,
                .looked(
                    components: result.components.count, signals: result.observations.count,
                    shortfall: result.shortfall), at: now)
            take(result, of: name, look, at: now)
        case .failure(let error):
            noteFailure(of: name, error)
            schedule.finished(name, .failed(error), at: now)
        }
        await commit()
        // The schedule may have moved while it slept until something later.
        sleeper?.cancel()
    }

    private func take(_ result: ProbeResult, of name: String, _ look: EngineClock.Look, at now: Moment) {
        let time = engineClock.read(now)
        let began = ProcessorTime.ofThread
        defer { if let reason = load.add(ProcessorTime.ofThread - began, at: now.uptime) { isRunaway(reason) } }
        var changes: [FaultChange] = []
        let isNews = catalogue.update(name, result.components)
        if isNews { inventoryIsNews = true }
        if isNews || diagnosis.awaitsReports {
            changes += diagnosis.know(catalogue.components, reported: result.components, at: time)
        }
        let last = lastLooks[name] ?? (cursors[name] == nil ? nil : resumedFrom)
        lastLooks[name] = look.engine
        let observations = result.observations.map { observation in
            Observation(
                component: observation.component, signal: observation.signal, measurement: observation.measurement,
                time: EngineClock.time(of: observation.time, in: look, since: last, now: time),
                count: observation.count)
        }
        let interval = result.interval ?? schedule.interval(of: name)
        changes += diagnosis.observe(observations, at: time, interval: interval, from: name)
        recorder?.record(
            observations,
            of: HistoryLook(source: name, start: look.engine, told: time, interval: interval?.inMilliseconds),
            components: result.components, isNews: isNews)
        history.record(result.observations)
        note(changes)
        forgetWhatIsGone()
        pending.add(diagnosis.takeChanges(windows: false))
        if let cursor = result.cursor, cursors[name] != cursor {
            cursors[name] = cursor
            pending.cursors[name] = cursor
        }
        if !pending.isEmpty { storeClock() }
    }

    /// Logs what the diagnosis has found, and keeps it to be stored.
    private func note(_ found: [FaultChange]) {
        let changes = found.map(engineClock.told)
        for change in changes {
            log.notice(
                "fault \(change.kind.rawValue)",
                metadata: [
                    "fault": "\(change.fault.faultClass)", "component": "\(change.fault.component)",
                    "urgency": "\(change.fault.urgency.rawValue)", "because": "\(change.because)",
                ])
        }
        pending.changes += changes
    }

    // MARK: Other patterns

    /// Takes how the channels of patterns are, for the next heartbeat. What came of a version waits for no turn: no other server is
    /// to begin with what this one went back from.
    func note(channels: [ChannelStatus]) {
        let isNews = !channels.outcomes.isSubset(of: (self.channels ?? []).outcomes)
        self.channels = channels.isEmpty ? nil : channels
        // The first heartbeat waits for the first look.
        guard isNews, reportedEpoch != nil else { return }
        nextHeartbeat = clock.now().uptime
        isHeartbeatAwaited = true
        sleeper?.cancel()
    }

    /// Judges by another pack from now on. Nothing waits in between, so that no look falls between the two.
    /// - Throws: where what is remembered cannot be carried over; then the pack of before goes on.
    func adopt(_ next: PatternPack) async throws(DiagnosisProblem) {
        let now = clock.now()
        let time = engineClock.read(now)
        note(try diagnosis.adopt(next, at: time))
        pack = next
        load = EvaluationLoad()
        for skipped in next.skipped {
            log.warning("pattern skipped", metadata: ["pattern": "\(skipped.id)", "because": "\(skipped.because)"])
        }
        forgetWhatIsGone()
        pending.add(diagnosis.takeChanges(windows: true))
        storeClock()
        // Other failure modes can be seen by it, and another pack is told.
        inventoryIsNews = true
        nextHeartbeat = now.uptime
        await commit()
        sleeper?.cancel()
    }

    /// Under this name the engine's clock is stored, as what a source was read up to.
    private static let clockCursor = "engine-clock"

    /// Under this name it is stored when each source of events was last read.
    private static let eventSourcesCursor = "event-sources"

    /// Stores the engine's clock as it is now, and when sources of events were read. (A moment from before the last await may be older than what others have
    /// read since, which to the clock would be another boot.)
    private func storeClock() {
        _ = engineClock.read(clock.now())
        // Only a number that is not finite cannot be written; there is none.
        guard let json = try? WireFormat.encode(engineClock) else { return }
        pending.cursors[WatchService.clockCursor] = ProbeCursor(
            probe: WatchService.clockCursor, value: String(decoding: json, as: UTF8.self))
        guard let read = try? WireFormat.encode(diagnosis.eventSourcesRead) else { return }
        pending.cursors[WatchService.eventSourcesCursor] = ProbeCursor(
            probe: WatchService.eventSourcesCursor, value: String(decoding: read, as: UTF8.self))
    }

    /// Where there were more components than there is room for, gone ones made room; that more are there is told once.
    private func forgetWhatIsGone() {
        for component in diagnosis.takeForgotten() {
            pending.states[component] = nil
            pending.forgotten.insert(component)
        }
        guard !toldOfTooMany, diagnosis.unheardComponents > 0 || history.ignored > 0 || catalogue.isOverfull else {
            return
        }
        toldOfTooMany = true
        log.error(
            "more components than the agent can watch: some are not judged",
            metadata: [
                "limit": "\(WireLimits.componentsPerInventory)",
                "do": "switch off the probe that brings most of them (callhome-agent once, probe.NAME.enabled = no)",
            ])
    }

    /// Logged once for each new reason, not at every look.
    private func noteFailure(of name: String, _ error: ProbeError) {
        let before = schedule.coverage.first { $0.probe == name }
        guard before?.state != error.coverageState || before?.because != error.description else { return }
        let metadata: Logger.Metadata = ["probe": "\(name)", "because": "\(error)"]
        if case .absent = error {
            log.info("nothing for this probe to see", metadata: metadata)
        } else {
            log.warning("probe failed", metadata: metadata)
        }
    }

    /// Logged when it begins, and not at every look.
    private func noteShortfall(of name: String, _ shortfall: Advice?) {
        guard let shortfall, schedule.state(of: name) != "partly" else { return }
        log.warning(
            "probe has missed something",
            metadata: ["probe": "\(name)", "because": "\(shortfall.because(in: .english) ?? shortfall.code)"])
    }

    /// Lets each probe that is notified of events look when there was one: something was plugged or pulled.
    private func listenForPrompts() -> [Task<Void, Never>] {
        probes.values.compactMap { probe in
            guard let prompts = probe.prompts else { return nil }
            return Task {
                for await prompt in prompts {
                    log.info("looking again", metadata: ["probe": "\(probe.name)", "because": "\(prompt)"])
                    lookAgain(with: probe.name)
                }
            }
        }
    }

    private func listenForAsks() -> [Task<Void, Never>] {
        guard let asks else { return [] }
        return [Task { for await ask in asks { await apply(ask.declarations, at: ask.time) } }]
    }

    private func lookAgain(with name: String) {
        schedule.hasten(name, at: clock.now().uptime)
        sleeper?.cancel()
    }

    // MARK: What people declare

    /// How long an answer is given to reach the collector before it is sent again to one that still asks.
    private static let answerSpacing = Duration.seconds(600)

    /// Applies what collectors pass on: each declaration once.
    /// - Parameter time: the collector's, by which the age of a declaration is told.
    func apply(_ asks: [PartDeclaration], at time: Timestamp) async {
        for ask in asks {
            let now = clock.now()
            if let sent = answersSent[ask.id], now.uptime - sent < WatchService.answerSpacing { continue }
            let answer = await apply(ask, receivedAt: time)
            if answersSent.count >= AnsweredDeclarations.limit { answersSent = [:] }
            answersSent[ask.id] = now.uptime
            await append(.declaration(answer), at: now)
            newsWasStored()
        }
    }

    /// Applies one declaration, unless it was applied before.
    /// - Parameter received: the time of whom it came from; nil for one that was made here and now.
    func apply(_ declaration: PartDeclaration, receivedAt received: Timestamp? = nil) async -> DeclarationAnswer {
        var answered = AnsweredDeclarations(cursors[AnsweredDeclarations.cursor])
        if let known = answered.answer(to: declaration.id) { return known }
        let now = clock.now()
        var answer = DeclarationAnswer(id: declaration.id, state: .applied, because: "", time: now.time)
        var changes: [FaultChange] = []
        if let received, received - declaration.at > PartDeclaration.lifetime {
            answer.state = .expired
            answer.because = "It was declared more than 30 days before it arrived: declare it again if it still holds."
        } else {
            do throws(DeclarationRefusal) {
                changes = try diagnosis.apply(declaration, at: now.time)
                recorder?.record(declaration, at: now.time)
                answer.cleared = changes.filter { $0.kind == .cleared }.map(\.fault.id)
                answer.because =
                    answer.cleared.isEmpty
                    ? "No fault was open on it; what was counted is forgotten."
                    : "\(Wording.counted(answer.cleared.count, "fault")) cleared."
            } catch {
                answer.state = .refused
                answer.because = "\(error)"
            }
        }
        log.notice(
            "declaration \(answer.state.rawValue)",
            metadata: [
                "part": "\(declaration.component)", "verb": "\(declaration.verb.rawValue)", "by": "\(declaration.by)",
                "because": "\(answer.because)",
            ])
        answered.add(answer)
        cursors[AnsweredDeclarations.cursor] = answered.stored
        pending.cursors[AnsweredDeclarations.cursor] = answered.stored
        pending.changes += changes
        pending.add(diagnosis.takeChanges(windows: true))
        await commit()
        return answer
    }

    /// The one part that a person means.
    func part(meant words: String) throws(Problem) -> Component {
        let found = Component.meant(by: words, among: catalogue.components)
        if let part = found.first, found.count == 1 { return part }
        let shown = words.prefix(120).debugDescription
        if found.isEmpty {
            let names = catalogue.components.flatMap { [$0.id.rawValue, $0.name] }
            throw Problem(
                code: "not-found", message: "This server has no part \(shown): \(Wording.hint(words, among: names)).")
        }
        throw Problem(
            code: "ambiguous",
            message: "\(shown) may be \(Wording.names(found.map(\.id.rawValue))): name it by its id.")
    }

    // MARK: Storing

    /// Stores what is pending, in order. What cannot be stored is kept and tried again at the next occasion.
    private func commit() async {
        // While one commit waits for the disk, others come by: they leave what they have to it.
        guard !isCommitting else { return }
        isCommitting = true
        defer { isCommitting = false }
        while !pending.isEmpty {
            let batch = pending
            pending = Batch()
            do throws(SpoolError) {
                try await spool.commit(
                    batch.changes, states: batch.states.values.sorted { $0.component < $1.component },
                    cursors: batch.cursors.values.sorted { $0.probe < $1.probe },
                    forgotten: batch.forgotten.filter { batch.states[$0] == nil }.sorted(), at: clock.now())
                noteStored()
                if !batch.changes.isEmpty { newsWasStored() }
            } catch {
                // What came in the meantime is newer than the batch.
                var merged = batch
                merged.changes += pending.changes
                merged.add(Array(pending.states.values))
                merged.cursors.merge(pending.cursors) { _, newer in newer }
                merged.forgotten.formUnion(pending.forgotten)
                for component in pending.forgotten where pending.states[component] == nil {
                    merged.states[component] = nil
                }
                let lost = merged.keepWithinBounds()
                if lost > 0 { log.error("fault changes are lost", metadata: ["changes": "\(lost)"]) }
                pending = merged
                note(error)
                return
            }
        }
    }

    /// The state is logged when it begins and when it ends, whatever words each failure has.
    private func note(_ error: SpoolError) {
        if spoolProblem == nil { log.error("cannot store", metadata: ["because": "\(error)"]) }
        spoolProblem = error.description
    }

    private func noteStored() {
        if spoolProblem != nil { log.notice("what waited is stored") }
        spoolProblem = nil
    }

    private func append(_ content: ReportContent, at now: Moment) async {
        do throws(SpoolError) { try await spool.append(content, at: now) } catch { note(error) }
        // What only memory holds does not wait for its turn.
        if await spool.isInMemory { newsWasStored() }
    }

    // MARK: What is due by time

    private func keepTime(at now: Moment) async {
        if now.uptime >= nextSpan {
            nextSpan = now.uptime + settings.sampleSpan
            await closeSpan(at: now)
            if now.uptime >= nextRecording { handOverRecording(at: now) }
        }
        if recorder?.isFull == true { handOverRecording(at: now) }
        await listenForNewEpoch(at: now)
        if isInventoryDue(at: now) {
            inventoryIsNews = false
            inventorySentAt = now.uptime
            let modes = await failureModes().modes
            failureModeCountsSent = Heartbeat.FailureModeCounts(modes)
            await append(.inventory(Inventory(components: catalogue.components, failureModes: modes)), at: now)
        }
        let isFirst = reportedEpoch == nil
        // That the spool cannot be written, or can be again, is told at once.
        if !isFirst, await spool.incident != reportedIncident { nextHeartbeat = now.uptime }
        if now.uptime >= nextHeartbeat || (isFirst && schedule.hasLookedOnce) {
            nextHeartbeat = now.uptime + settings.heartbeatInterval
            reportedEpoch = await spool.epoch
            reportedIncident = await spool.incident
            await append(.heartbeat(await heartbeat()), at: now)
            // Storing this one may have shown that the disk cannot be written.
            if await spool.incident != reportedIncident {
                reportedIncident = await spool.incident
                await append(.heartbeat(await heartbeat()), at: now)
            }
            storeClock()
            await commit()
            if isHeartbeatAwaited { newsWasStored() }
            isHeartbeatAwaited = false
            codePages.tidy(at: now.uptime)
        }
    }

    /// Aggregates of the span that ends become telemetry, and windows are stored.
    private func closeSpan(at now: Moment) async {
        let samples = history.take(from: spanStart, through: now.time)
        spanStart = now.time
        pending.add(diagnosis.takeChanges(windows: true))
        storeClock()
        await commit()
        guard !samples.isEmpty else { return }
        do throws(SpoolError) { try await spool.append(samples: samples, at: now) } catch { note(error) }
    }

    /// A new epoch means that someone else may listen, who has received nothing yet.
    private func listenForNewEpoch(at now: Moment) async {
        guard let reportedEpoch, await spool.epoch != reportedEpoch else { return }
        self.reportedEpoch = await spool.epoch
        inventoryIsNews = true
        inventorySentAt = nil
        nextHeartbeat = now.uptime
        isHeartbeatAwaited = true
        history.forgetWhatWasSaid()
    }

    private func isInventoryDue(at now: Moment) -> Bool {
        guard schedule.hasLookedOnce else { return false }
        guard let sent = inventorySentAt else { return true }
        return now.uptime - sent >= (inventoryIsNews ? settings.inventorySpacing : settings.inventoryInterval)
    }

    private func heartbeat(away: Heartbeat.Away? = nil) async -> Heartbeat {
        Heartbeat(
            interval: Int(settings.heartbeatInterval.components.seconds), coverage: await coverage(),
            failureModeCounts: failureModeCountsSent, patternPack: pack.identity,
            openFaults: diagnosis.openFaults.count, away: away, channels: channels)
    }

    /// What each probe sees, and the spool and the list of parts where something is the matter with them.
    private func coverage() async -> [Heartbeat.Coverage] {
        var coverage = schedule.coverage
        if let trouble = parts?.trouble(at: clock.now()) { coverage.append(trouble) }
        if let problem = spoolProblem {
            coverage.append(WatchService.spoolCoverage(problem))
        } else if let incident = await spool.incident {
            coverage.append(WatchService.spoolCoverage(incident))
        }
        return coverage
    }

    /// Which failure modes of the rule base would be seen now, and what only a person on the spot knows.
    func failureModes() async -> (modes: [FailureMode], questions: [Advice]) {
        let coverage = await coverage()
        let (components, environment) = (catalogue.components, environment())
        let modes = FailureModes(pack, coverage: coverage, components: components, environment: environment)
        let hearing = EventHearing(
            coverage, declared: probes.mapValues { type(of: $0).declaration }, components: components,
            environment: environment)
        return (modes.modes(of: diagnosis.patternCoverage(receivesEvents: hearing.hears)), modes.questions)
    }

    private static func spoolCoverage(_ because: String) -> Heartbeat.Coverage {
        Heartbeat.Coverage(
            probe: "spool", state: "failing", because: because, components: 0, signals: 0, lastSuccess: nil)
    }

    private func sleepUntilNextDecision() async {
        var next = min(nextHeartbeat, nextSpan)
        if let decision = schedule.nextDecision { next = min(next, decision) }
        if inventoryIsNews, let sent = inventorySentAt { next = min(next, sent + settings.inventorySpacing) }
        nextRound = next
        let (clock, end) = (clock, next)
        let sleeper = Task { _ = try? await clock.sleep(until: end) }
        self.sleeper = sleeper
        await withTaskCancellationHandler {
            await sleeper.value
        } onCancel: {
            sleeper.cancel()
        }
        self.sleeper = nil
    }

    /// Looks now at what is due: the agent was enrolled, say, and somebody waits for its first heartbeat.
    func rouse() { sleeper?.cancel() }

    /// Lateness past which a round that did not come is taken for one that never will: a disk that hangs under the
    /// spool, say.
    private static let patience = Duration.seconds(45)

    /// Whether the loop still wakes up when it means to.
    var goesOn: Bool { clock.now().uptime < nextRound + WatchService.patience }

    // MARK: What is remembered for other patterns

    private func beginRecording() async {
        guard let resumed = await keeper?.resume() else { return }
        recorder = HistoryRecorder(resuming: resumed.last)
        recordedStateAt = resumed.stateAt ?? resumed.beganAt
        // A history begins with what is known then: what is played begins with a state, and what was before it is not played.
        guard recordedStateAt == nil else { return }
        let first = stateToRecord()
        if first == nil { recordedStateAt = engineClock.read(clock.now()) }
        if let first, await !keep(first) { recorder = nil }
    }

    private func keep(_ state: HistoryState) async -> Bool {
        await keeper?.keep(HistoryBatch(state: state)) ?? false
    }

    /// Hands over what was told, and waits for nobody: whatever becomes of the file, the watch goes on.
    private func handOverRecording(at now: Moment) {
        guard let keeper else { return }
        nextRecording = now.uptime + settings.historyInterval
        guard !isRecording else {
            // The disk is slower than what is told: there is no history of it, and no end of memory either.
            if recorder?.isFull == true { recorder = nil }
            return
        }
        isRecording = true
        guard recorder != nil else {
            Task {
                await beginRecording()
                isRecording = false
            }
            return
        }
        let batch = recorder?.take(state: stateToRecord()) ?? HistoryBatch()
        Task { await keep(batch, by: keeper) }
    }

    private func keep(_ batch: HistoryBatch, by keeper: HistoryKeeper) async {
        if await !keeper.keep(batch) {
            recorder = nil
            recordedStateAt = nil
        }
        isRecording = false
    }

    /// Writes down what was told up to now, before other patterns are tried on it: what stands now is what they would say first.
    func writeRecording() async {
        guard let keeper, !isRecording, recorder != nil else { return }
        isRecording = true
        nextRecording = clock.now().uptime + settings.historyInterval
        await keep(recorder?.take(state: stateToRecord()) ?? HistoryBatch(), by: keeper)
    }

    /// The diagnosis as it is, where the newest one in the history is old.
    private func stateToRecord() -> HistoryState? {
        guard let time = diagnosis.newestTime else { return nil }
        if let last = recordedStateAt, time - last < settings.historyStateInterval { return nil }
        recordedStateAt = time
        return HistoryState(
            time: time, states: diagnosis.wholeState, eventSourcesRead: diagnosis.eventSourcesRead,
            patternPack: pack.identity)
    }

    // MARK: Who asks

    /// How the watch is doing, for the control socket.
    struct Standing: Sendable {
        var startedAt: Timestamp
        var coverage: [Heartbeat.Coverage]
        var openFaults: [Fault]
        var patternPack: String
        var channels: [ChannelStatus]?
    }

    func standing() async -> Standing {
        Standing(
            startedAt: startedAt, coverage: await coverage(), openFaults: diagnosis.openFaults.map(engineClock.told),
            patternPack: pack.identity, channels: channels)
    }
}

/// What came of a channel's versions.
private enum ChannelOutcome: Hashable {
    case runs(channel: String, targets: Int64?)
    case wasTried(channel: String, targets: Int64, state: String)
    case isRefused(channel: String)
}

extension [ChannelStatus] {
    fileprivate var outcomes: Set<ChannelOutcome> {
        reduce(into: []) { outcomes, status in
            outcomes.insert(.runs(channel: status.channel, targets: status.active))
            if let candidate = status.candidate, candidate.state != "checking" {
                outcomes.insert(
                    .wasTried(channel: status.channel, targets: candidate.targets, state: candidate.state))
            }
            if status.refused != nil { outcomes.insert(.isRefused(channel: status.channel)) }
        }
    }
}
