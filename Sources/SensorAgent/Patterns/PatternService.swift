import FaultPatterns
import FoundationEssentials
import Logging
import Reports

/// Keeps account of which patterns run, and changes them without a restart.
///
/// Until some of a channel run, it writes nothing and waits.
actor PatternService: Service {
    private let store: PatternStore
    private let clock: any AgentClock
    private let log: Logger
    private let package: @Sendable () throws -> PatternPack
    private let adopt: @Sendable (PatternPack) async throws -> Void
    /// Nil while none of a channel ever ran here.
    private var active: ActivePatterns?
    /// When what runs has run for long enough, by the time since boot; nil where it has.
    private var settlesAt: Duration?
    private var sleeper: Task<Void, Never>?

    /// How long it sleeps where nothing is due.
    private static let idle = Duration.seconds(3600)

    /// - Parameters:
    ///   - active: what runs as this process begins.
    ///   - package: reads the pack of the package.
    ///   - adopt: goes on with another pack.
    init(
        store: PatternStore, active: ActivePatterns?, clock: any AgentClock, log: Logger,
        package: @escaping @Sendable () throws -> PatternPack,
        adopt: @escaping @Sendable (PatternPack) async throws -> Void
    ) {
        self.store = store
        self.active = active
        self.clock = clock
        self.log = log
        self.package = package
        self.adopt = adopt
        if active?.probation != nil { settlesAt = clock.now().uptime + ActivePatterns.probationSpan }
    }

    /// Until the task is cancelled; then notes that the agent stops in order.
    func run() async throws {
        while !Task.isCancelled {
            settle(at: clock.now().uptime)
            await sleep()
        }
        guard var stopped = active, stopped.probation != nil else { return }
        stopped.stop()
        note(stopped)
    }

    private func settle(at uptime: Duration) {
        guard let end = settlesAt, uptime >= end, var settled = active else { return }
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

    private func sleep() async {
        let (clock, end) = (clock, settlesAt ?? clock.now().uptime + PatternService.idle)
        let sleeper = Task { _ = try? await clock.sleep(until: end) }
        self.sleeper = sleeper
        await withTaskCancellationHandler {
            await sleeper.value
        } onCancel: {
            sleeper.cancel()
        }
        self.sleeper = nil
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

    /// The disk first: a process that ends in between begins with what was asked for.
    private func swap(to next: ActivePatterns, packs: [String: Data]) async throws(PatternStoreProblem) {
        let steps = store.steps(to: next)
        for step in steps {
            if case .remove = step { break }
            try store.perform(step, to: next, packs: packs)
        }
        do {
            try await adopt(try store.pack(of: next.now, package: package))
        } catch {
            if let active { note(active) } else { store.forget() }
            throw PatternStoreProblem("\(error)")
        }
        active = next
        for step in steps { if case .remove = step { try store.perform(step, to: next, packs: packs) } }
    }
}
