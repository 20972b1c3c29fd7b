import Foundation
import Reports
import Testing

@testable import FaultPatterns

@Suite("Time that nobody watched")
struct GapTests {
    private typealias F = Fixtures
    private static let minute: Int64 = 60

    /// Tells of temperature and pending sectors minute by minute.
    private struct Watch {
        var diagnosis: Diagnosis
        var changes: [(minute: Int64, pattern: String, kind: FaultChange.Kind)] = []

        init(_ patterns: [String: Any]...) throws {
            diagnosis = Diagnosis(patterns: try PatternPack(json: F.json(patterns)))
            _ = diagnosis.know([F.component()], at: F.start)
        }

        mutating func tell(
            _ minutes: some Sequence<Int64>, _ measurement: Measurement, _ signal: Signal = F.temperature,
            every interval: Duration = .seconds(60)
        ) {
            for minute in minutes {
                let time = F.start + .seconds(minute * 60)
                let seen = Observation(component: F.disk, signal: signal, measurement: measurement, time: time)
                changes += diagnosis.observe([seen], at: time, interval: interval).map {
                    (minute: minute, pattern: $0.fault.pattern, kind: $0.kind)
                }
            }
        }

        mutating func tick(_ minute: Int64) {
            let time = F.start + .seconds(minute * 60)
            changes += diagnosis.observe([], at: time, interval: .seconds(60)).map {
                (minute: minute, pattern: $0.fault.pattern, kind: $0.kind)
            }
        }

        var opened: [Int64] { changes.filter { $0.kind == .opened }.map(\.minute) }
        var cleared: [Int64] { changes.filter { $0.kind == .cleared }.map(\.minute) }
    }

    private static func hot(_ changes: [String: Any?] = [:]) -> [String: Any] {
        F.pattern("disk.hot", ["when": "temperature > 50", "for": "30m", "clear_for": "30m"].merging(changes) { $1 })
    }

    @Test("Two samples with a silence between them are not a condition that held so long")
    func silence() throws {
        var watch = try Watch(Self.hot())
        watch.tell(0...5, .reading(60))
        // A month later: five minutes were watched; 25 more are needed.
        let month: Int64 = 30 * 1_440
        watch.tell(month...month + 40, .reading(60))
        #expect(watch.opened == [month + 25])
    }

    @Test("A sample keeps for three intervals, a quarter of an hour at least and 25 hours at most")
    func keeps() throws {
        for (interval, gap, isGap) in [
            (Duration.seconds(60), Int64(15), false), (.seconds(60), 16, true), (.seconds(630), 31, false),
            (.seconds(630), 32, true), (.seconds(86_400), 25 * 60, false), (.seconds(86_400), 25 * 60 + 1, true),
        ] {
            var watch = try Watch(Self.hot(["for": "26h"]))
            watch.tell([0, 1, 1 + gap], .reading(60), every: interval)
            let rest = stride(from: gap + 2, to: gap + 2_000, by: 1)
            watch.tell(rest, .reading(60), every: interval)
            #expect(watch.opened == [isGap ? 1_560 + gap : 1_560], "\(interval) \(gap)")
        }
    }

    @Test("While nobody watches a clock stands still, also if others look: a fault opens and clears no sooner")
    func others() throws {
        var watch = try Watch(Self.hot(), F.pattern("disk.other", ["when": "pending > 9000"]))
        watch.tell(0...10, .reading(60))
        watch.tell(11...200, .counter(0), F.pending)
        #expect(watch.opened.isEmpty)
        watch.tell(201...240, .reading(60))
        #expect(watch.opened == [221])
        watch.tell(241...250, .reading(20))
        for minute in 251...600 as ClosedRange<Int64> { watch.tick(minute) }
        #expect(watch.cleared.isEmpty)
        watch.tell(601...640, .reading(20))
        #expect(watch.cleared == [622])
    }

    @Test("Samples that were counted stay counted over a silence")
    func samples() throws {
        var watch = try Watch(Self.hot(["for": "3 samples and 10m"]))
        watch.tell([0, 10], .reading(60))
        watch.tell([5_000], .reading(60))
        #expect(watch.opened == [5_000])
    }

    @Test("Of what either of two signals is enough for, the one that is watched is what counts")
    func either() throws {
        var watch = try Watch(Self.hot(["when": "temperature > 50 or pending > 10"]))
        watch.tell([0], .counter(20), F.pending)
        watch.tell(0...60, .reading(60))
        #expect(watch.opened == [30])
        var both = try Watch(Self.hot(["when": "temperature > 50 and pending > 10"]))
        both.tell([0], .counter(20), F.pending)
        both.tell(1...60, .reading(60))
        #expect(both.opened.isEmpty)
        for minute in 61...120 as ClosedRange<Int64> {
            both.tell([minute], .counter(20), F.pending)
            both.tell([minute], .reading(60))
        }
        // From minute 1 on, less the silence until minute 61.
        #expect(both.opened == [91])
    }

    @Test("Silences of two signals that overlap are taken out once")
    func overlap() {
        var progress = Progress(since: F.start, samples: 0)
        func at(_ second: Int64) -> Timestamp { F.start + .seconds(second) }
        progress.hold(from: at(10), until: at(20))
        progress.hold(from: at(15), until: at(30))
        #expect(progress.watched(until: at(40)) == 20_000)
        progress.hold(from: at(5), until: at(40))
        #expect(progress.watched(until: at(50)) == 15_000)
        progress.hold(from: at(60), until: at(70))
        #expect(progress.watched(until: at(80)) == 35_000)
        progress.hold(from: at(-50), until: at(80))
        #expect(progress.watched(until: at(80)) >= 0)
        #expect(progress.watched(until: at(-9)) == 0)
    }

    @Test("A stop shorter than what keeps is no gap; a longer one holds all clocks from its beginning on")
    func stops() throws {
        for (stop, opens) in [(Int64(15), Int64(30)), (16, 46), (20_000, 20_030)] {
            var watch = try Watch(Self.hot())
            watch.tell(0...10, .reading(60))
            let states = watch.diagnosis.takeChanges(windows: true)
            let end = F.start + .seconds(10 * 60)
            watch.diagnosis = Diagnosis(
                patterns: try F.pack(Self.hot()), resuming: states, stoppedAt: end)
            watch.tick(10 + stop)
            #expect(watch.opened.isEmpty, "\(stop)")
            watch.tell(10 + stop...70 + stop, .reading(60))
            #expect(watch.opened == [opens], "\(stop)")
        }
    }

    @Test("What was read before the stop keeps from the stop on, not from its own time: windows are stored seldom")
    func storedLate() throws {
        let pack = try F.pack(Self.hot())
        var watch = try Watch(Self.hot())
        watch.tell(0...5, .reading(60))
        let states = watch.diagnosis.takeChanges(windows: true)
        // It went on until minute 15, and only this was stored of it.
        watch.diagnosis = Diagnosis(patterns: pack, resuming: states, stoppedAt: F.start + .seconds(15 * 60))
        watch.tell(25...60, .reading(60))
        #expect(watch.opened == [30])
    }

    @Test("A condition on events waits through a silence of the part's other signals, and not through a long stop")
    func events() throws {
        let pattern = F.pattern("disk.events", ["when": "serd(errors, 2, 20h)", "for": "2h"])
        var watch = try Watch(pattern)
        watch.tell([0], .event("a"), F.ioError)
        watch.tell([1], .event("b"), F.ioError)
        for minute in 2...60 as ClosedRange<Int64> { watch.tick(minute) }
        let states = watch.diagnosis.takeChanges(windows: true)
        watch.diagnosis = Diagnosis(
            patterns: try F.pack(pattern), resuming: states, stoppedAt: F.start + .seconds(3_600))
        for minute in 360...460 as ClosedRange<Int64> { watch.tick(minute) }
        #expect(watch.opened == [421])
    }
}
