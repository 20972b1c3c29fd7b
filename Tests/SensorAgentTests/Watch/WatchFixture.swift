import FaultPatterns
import Foundation
import Logging
import Reports
import Synchronization
import Testing

@testable import SensorAgent

/// A clock that stands still until it is moved on.
final class ManualClock: AgentClock {
    private struct Sleeper {
        var until: Duration
        var continuation: CheckedContinuation<Void, any Error>
    }
    private struct State {
        var elapsed = Duration.zero
        /// By how much the wall clock is off.
        var ahead = Duration.zero
        var sleepers: [Int: Sleeper] = [:]
        var cancelled: Set<Int> = []
        var next = 0
    }
    private let state = Mutex(State())

    func now() -> Moment {
        let (elapsed, ahead) = state.withLock { ($0.elapsed, $0.ahead) }
        return Moment(time: SpoolFixture.start + elapsed + ahead, boot: "b0", uptime: .seconds(100) + elapsed)
    }

    /// Somebody sets the wall clock.
    func leap(by duration: Duration) { state.withLock { $0.ahead += duration } }

    func sleep(until uptime: Duration) async throws {
        let end = uptime - .seconds(100)
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let outcome: Result<Void, any Error>? = state.withLock { state in
                    if state.cancelled.remove(number) != nil { return .failure(CancellationError()) }
                    if state.elapsed >= end { return .success(()) }
                    state.sleepers[number] = Sleeper(until: end, continuation: continuation)
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                let sleeper = state.sleepers.removeValue(forKey: number)
                if sleeper == nil { state.cancelled.insert(number) }
                return sleeper
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    func advance(by duration: Duration) {
        let due = state.withLock { state in
            state.elapsed += duration
            let numbers = state.sleepers.filter { $0.value.until <= state.elapsed }.map(\.key)
            return numbers.compactMap { state.sleepers.removeValue(forKey: $0) }
        }
        for sleeper in due { sleeper.continuation.resume() }
    }
}

/// A probe that does what a closure says.
struct FixtureProbe: Probe {
    static let declaration = ProbeDeclaration(reads: "what a test sets", through: "a closure", signals: [])
    var name = "fixture"
    var interval = Duration.seconds(10)
    var deadline = Duration.seconds(5)
    var look: @Sendable (Timestamp, ProbeCursor?) async throws(ProbeError) -> ProbeResult

    func observe(at time: Timestamp, since cursor: ProbeCursor?) async throws(ProbeError) -> ProbeResult {
        try await look(time, cursor)
    }
}

/// A value that a test turns and a probe reads.
final class Dial<Value: Sendable>: Sendable {
    private let mutex: Mutex<Value>
    init(_ value: Value) { mutex = Mutex(value) }
    var value: Value {
        get { mutex.withLock { $0 } }
        set { mutex.withLock { $0 = newValue } }
    }
}

enum WatchFixture {
    static let fan = Component(
        id: ComponentID(.fan, "chip/fan1"), kind: .fan, name: "Fan 1",
        part: Part(partNumber: "FAN-0074", location: "FAN1"))

    /// A fan whose speed a test sets; nil is a fan that cannot be read.
    static func fanProbe(_ speed: Dial<Double?>) -> FixtureProbe {
        FixtureProbe(look: { time, _ in
            let measurement: Reports.Measurement = speed.value.map { .reading($0) } ?? .unavailable(.readError)
            let observation = Observation(
                component: fan.id, signal: Signal("hw.fan.speed"), measurement: measurement, time: time)
            return ProbeResult(components: [fan], observations: [observation])
        })
    }

    private static func pattern(_ id: String, _ component: String, _ when: String, urgency: String) -> String {
        """
        {"id": "\(id)", "revision": "1", "status": "active", "evidence": "B", "applies_to": {"component": "\(component)"},
        "when": "\(when)", "urgency": [{"is": "\(urgency)"}], "suspects": [{"part": "self", "certainty": "0.9"}],
        "action": "replace-planned", "provenance": "vendor's rule", "sources": ["the test"],
        "text": {"en": {"title": "t", "description": "d", "impact": "i", "action": "a"},
        "de": {"title": "t", "description": "d", "impact": "i", "action": "a"}}}
        """
    }

    /// A pack of one pattern of the fan that waits.
    static func patientPack(for span: String) throws -> PatternPack {
        let slow = pattern("fan.slow", "fan", "hw.fan.speed < 500", urgency: "plan")
            .replacing("\"urgency\"", with: "\"for\": \"\(span)\", \"urgency\"")
        return try PatternPack(
            json: Data(#"{"format": 1, "engine_level": 1, "version": "t1", "patterns": [\#(slow)]}"#.utf8))
    }

    static func pack(withTest: Bool = true) throws -> PatternPack {
        try PatternPack(json: packJSON(withTest: withTest))
    }

    static func packJSON(withTest: Bool = true) -> Data {
        var patterns = [pattern("fan.stopped", "fan", "hw.fan.speed < 100", urgency: "plan")]
        if withTest { patterns.append(pattern("callhome.test", "test", "callhome.test >= 1", urgency: "order")) }
        let json = """
            {"format": 1, "engine_level": 1, "version": "t1", "patterns": [\(patterns.joined(separator: ", "))]}
            """
        return Data(json.utf8)
    }

    /// Looks again and again until `condition` holds.
    static func eventually(
        _ what: Comment, sourceLocation: Testing.SourceLocation = #_sourceLocation, _ condition: () async throws -> Bool
    ) async throws {
        let end = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < end {
            if try await condition() { return }
            try await Task.sleep(for: .milliseconds(2))
        }
        Issue.record(what, sourceLocation: sourceLocation)
    }
}

/// A watch over fixture probes, running until it is stopped.
struct RunningWatch {
    let spool: Spool
    let watch: WatchService
    let clock: ManualClock
    private let task: Task<Void, any Error>

    init(
        _ probes: [any Probe], in directory: String, clock: ManualClock = ManualClock(), disabled: Set<String> = [],
        pack: PatternPack? = nil, keepsHistory: Bool = false, log: Logger = SpoolFixture.log,
        newsWasStored: @escaping @Sendable () -> Void = {}
    ) async throws {
        self.clock = clock
        spool = try await Spool.open(
            directory: directory, author: SpoolFixture.author(), at: clock.now(), log: log)
        watch = WatchService(
            probes: probes, disabled: disabled, pack: try pack ?? WatchFixture.pack(), saved: try await spool.saved(),
            spool: spool, clock: clock, log: log,
            keeper: keepsHistory ? HistoryKeeper(directory: directory, log: log) : nil, newsWasStored: newsWasStored)
        task = Task { [watch] in try await watch.run() }
    }

    func stop() async throws {
        task.cancel()
        try await task.value
    }

    func changes() async throws -> [FaultChange] {
        try await SpoolFixture.reports(spool, .faults).flatMap { report -> [FaultChange] in
            if case .faults(let changes) = report.content { changes } else { [] }
        }
    }

    func heartbeats() async throws -> [Heartbeat] {
        try await SpoolFixture.reports(spool, .telemetry).compactMap { report in
            if case .heartbeat(let heartbeat) = report.content { heartbeat } else { nil }
        }
    }

    func answers() async throws -> [DeclarationAnswer] {
        try await SpoolFixture.reports(spool, .faults).compactMap { report in
            if case .declaration(let answer) = report.content { answer } else { nil }
        }
    }

    func inventories() async throws -> [Inventory] {
        try await SpoolFixture.reports(spool, .telemetry).compactMap { report in
            if case .inventory(let inventory) = report.content { inventory } else { nil }
        }
    }
}
