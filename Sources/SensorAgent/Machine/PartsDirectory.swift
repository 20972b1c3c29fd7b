import Reports
import Synchronization

/// The one answer to "which part is this": for all probes, from one reading.
///
/// In the agent one thread reads (`PartsWatch`), and probes are given what was read last: they never wait, whatever hangs.
/// Elsewhere (`callhome-agent probe`, recordings, tests) nobody watches, and who asks reads first: what there is, and later
/// what came or went.
///
/// It calls nobody: facts that a probe has asked a device for are told to it (`learn`).
public final class PartsDirectory: Sendable {
    /// A reading that takes longer is told; until it ends, what was read before stands.
    static let patience = Duration.seconds(5)
    /// Parts about which probes have told facts.
    private static let factLimit = 4_096

    let isWatched: Bool
    private let state = Mutex(State())
    /// Held by whoever reads: the one thread that watches, or whoever asks where nobody does.
    private let builder: Mutex<PartsBuilder>

    private struct State {
        var snapshot = PartsSnapshot()
        /// The content as read, without what probes told.
        var content = PartsSnapshot()
        var facts: [ComponentID: PartFacts] = [:]
        var reading: Reading?
        /// When a reading ended last.
        var readAt: Moment?
        var waiting: [FirstResult<Void>] = []

        mutating func publish(_ content: PartsSnapshot, at time: Timestamp?) {
            self.content = content
            var next = content
            if !facts.isEmpty { next.disks = content.disks.located(facts) }
            snapshot = next.following(snapshot, at: time)
        }

        /// Forgets facts of parts that are gone.
        mutating func forgetFacts() {
            let present = Set(content.disks.disks.map(\.id))
            facts = facts.filter { present.contains($0.key) }
        }
    }

    /// What is being read.
    private struct Reading {
        var since: Duration
        var path: String
    }

    /// Nothing is read yet.
    /// - Parameter tree: where files are read; on a recorded one udev is not asked.
    public convenience init(tree: SysTree) { self.init(tree: tree, isWatched: false) }

    /// - Parameter isWatched: whether `PartsWatch` will read, and nobody else.
    init(tree: SysTree, isWatched: Bool) {
        self.isWatched = isWatched
        builder = Mutex(PartsBuilder(tree: tree, touchesDevices: !isWatched))
        guard isWatched else { return }
        // The builder tells where it is, so that a hang has a place.
        let telling = tree.telling { [weak self] path in self?.state.withLock { $0.reading?.path = path } }
        builder.withLock { $0 = PartsBuilder(tree: telling, touchesDevices: false) }
    }

    // MARK: Readers

    /// The parts as they were read last; where nobody watches, read now as far as names show that something came or went.
    /// - Parameters:
    ///   - time: of the look; names that change hands do so then.
    ///   - anew: what is read in any case where nobody watches.
    func parts(at time: Timestamp? = nil, anew: PartsSections = []) -> PartsSnapshot {
        guard !isWatched else { return state.withLock { $0.snapshot } }
        return builder.withLock { builder in
            builder.refresh(anew: anew)
            return publish(builder.content, at: time)
        }
    }

    /// Takes what a probe has asked a device for. Where nobody watches, nothing: there the reading has asked by itself.
    func learn(_ facts: [ComponentID: PartFacts], at time: Timestamp) {
        guard isWatched else { return }
        state.withLock { state in
            for (part, facts) in facts where state.facts.count < PartsDirectory.factLimit || state.facts[part] != nil {
                state.facts[part] = facts
            }
            if !state.content.read.isEmpty { state.publish(state.content, at: time) }
        }
    }

    // MARK: The writer

    private func publish(_ content: PartsSnapshot, at time: Timestamp?) -> PartsSnapshot {
        state.withLock { state in
            state.publish(content, at: time)
            return state.snapshot
        }
    }

    /// Reads, and hands on what was read when it is complete; what is read for the first time, section by section.
    /// - Parameter work: what is due, by `PartsRenewal`.
    /// - Returns: what changed; nil where nothing did.
    func read(_ work: PartsRenewal.Work, clock: any AgentClock) -> PartsChange? {
        let begun = clock.now()
        let before = state.withLock { state in
            state.reading = Reading(since: begun.uptime, path: "")
            return state.snapshot
        }
        builder.withLock { builder in
            switch work {
            case .everything:
                let isFirst = builder.content.read != .all
                builder.read(.all) { content in
                    if isFirst { _ = publish(content, at: clock.now().time) }
                }
            case .listings: builder.refresh()
            case .memory: builder.read(.memory)
            case .devices(let news): builder.read(news)
            }
            _ = publish(builder.content, at: clock.now().time)
        }
        return state.withLock { state in
            state.reading = nil
            state.readAt = clock.now()
            if case .everything = work { state.forgetFacts() }
            for waiting in state.waiting { waiting.answer(()) }
            state.waiting = []
            return state.snapshot.generation > before.generation
                ? PartsChange(from: before, to: state.snapshot) : nil
        }
    }

    /// Returns once the parts were read for the first time, or after `patience`: who looks before sees less.
    func firstReading(within patience: Duration = PartsDirectory.patience) async {
        guard isWatched else { return }
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let first = FirstResult(continuation)
            let isDone = state.withLock { state in
                if state.readAt == nil { state.waiting.append(first) }
                return state.readAt != nil
            }
            guard !isDone else { return first.answer(()) }
            Task {
                try? await Task.sleep(for: patience)
                first.answer(())
            }
        }
    }

    /// What is the matter with the list of parts; nil while it is as it should be.
    func trouble(at now: Moment) -> Heartbeat.Coverage? {
        let (reading, readAt, known) = state.withLock { ($0.reading, $0.readAt, $0.snapshot.parts.count) }
        guard let reading, now.uptime - reading.since >= PartsDirectory.patience else { return nil }
        let age = readAt.map { "\(Int((now.uptime - $0.uptime).inSeconds)) s old" } ?? "not complete yet"
        let path = reading.path.isEmpty ? "" : " at \(reading.path)"
        return Heartbeat.Coverage(
            probe: "parts", state: "hanging",
            because: "the list of parts is \(age): reading it hangs\(path) for "
                + "\(Int((now.uptime - reading.since).inSeconds)) s; what was known before stands until it ends",
            components: known, signals: 0, lastSuccess: readAt?.time)
    }
}
