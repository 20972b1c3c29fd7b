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

    // MARK: Sources of events

    /// Minute by minute: who looks, and in which minutes an event is found.
    private struct Sources {
        var diagnosis: Diagnosis
        let pack: PatternPack
        var changes: [(minute: Int64, kind: FaultChange.Kind)] = []

        init(_ changes: [String: Any?]) throws {
            pack = try F.pack(F.pattern("disk.errors", changes))
            diagnosis = Diagnosis(patterns: pack)
            _ = diagnosis.know([F.component()], at: F.start)
        }

        /// - Parameter events: the minutes in which they happened, all found at this look.
        mutating func look(_ source: String?, at minute: Int64, finding events: Int64...) {
            let time = F.start + .seconds(minute * 60)
            let found = events.map {
                Observation(
                    component: F.disk, signal: F.ioError, measurement: .event("e\($0)"),
                    time: F.start + .seconds($0 * 60))
            }
            let told = diagnosis.observe(found, at: time, interval: .seconds(60), from: source)
            changes += told.map { (minute: minute, kind: $0.kind) }
        }

        mutating func look(_ sources: [String], in minutes: ClosedRange<Int64>) {
            for minute in minutes { for source in sources { look(source, at: minute) } }
        }

        mutating func restart(at minute: Int64) {
            let read = diagnosis.eventSourcesRead
            diagnosis = Diagnosis(
                patterns: pack, resuming: diagnosis.takeChanges(windows: true),
                stoppedAt: F.start + .seconds(minute * 60), eventSourcesRead: read)
        }

        var opened: [Int64] { changes.filter { $0.kind == .opened }.map(\.minute) }
        var cleared: [Int64] { changes.filter { $0.kind == .cleared }.map(\.minute) }
    }

    private static var once: [String: Any?] { ["when": "serd(errors, 1, 40m)"] }

    @Test("While the source of events is not read a fault on them does not clear, whoever else looks")
    func blindSource() throws {
        for (clearFor, clears) in [(nil, Int64(500)), ("30m", 530)] {
            var watch = try Sources(Self.once.merging(["clear_for": clearFor]) { $1 })
            watch.look("log", at: 0, finding: 0)
            watch.look(["log", "disks"], in: 1...5)
            watch.look(["disks"], in: 6...499)
            #expect(watch.opened == [0] && watch.cleared.isEmpty)
            watch.look(["log", "disks"], in: 500...600)
            #expect(watch.cleared == [clears])
        }
        // With a source that is read, and with none that is known, it clears when the window has passed.
        for source in ["log", nil] {
            var watch = try Sources(Self.once)
            watch.look(source, at: 0, finding: 0)
            for minute in 1...60 as ClosedRange<Int64> {
                watch.look(source, at: minute)
                watch.look("disks", at: minute)
            }
            #expect(watch.cleared == [41])
        }
    }

    @Test("A clearing that was on its way goes on where it was held")
    func blindWhileClearing() throws {
        var watch = try Sources(Self.once.merging(["clear_for": "2h"]) { $1 })
        watch.look("log", at: 0, finding: 0)
        // From minute 41 on there is nothing; read until minute 100: 59 of 120 minutes.
        watch.look(["log", "disks"], in: 1...100)
        watch.look(["disks"], in: 101...2_000)
        watch.look(["log", "disks"], in: 2_001...2_100)
        #expect(watch.cleared == [2_001 + 61])
    }

    @Test("What waits for time matures by none in which its source was not read")
    func blindWhileOpening() throws {
        var watch = try Sources(["when": "serd(errors, 1, 60h)", "for": "2h"])
        watch.look("log", at: 0, finding: 0)
        watch.look(["log", "disks"], in: 1...30)
        watch.look(["disks"], in: 31...1_000)
        #expect(watch.opened.isEmpty)
        watch.look(["log", "disks"], in: 1_001...1_200)
        #expect(watch.opened == [1_001 + 90])
    }

    @Test("A source that keeps is no gap, one that was not read for longer is one")
    func sourceKeeps() throws {
        for (until, opens) in [(Int64(15), Int64(120)), (16, 136)] {
            var watch = try Sources(["when": "serd(errors, 1, 60h)", "for": "2h"])
            watch.look("log", at: 0, finding: 0)
            watch.look(["disks"], in: 1...until)
            watch.look(["log", "disks"], in: until...200)
            #expect(watch.opened == [opens])
        }
    }

    @Test("What a log has kept meanwhile counts at its own time, and the fault stays")
    func backlog() throws {
        var watch = try Sources(Self.once.merging(["clear_for": "30m"]) { $1 })
        watch.look("log", at: 0, finding: 0)
        watch.look(["log", "disks"], in: 1...5)
        watch.look(["disks"], in: 6...499)
        watch.look("log", at: 500, finding: 300, 490)
        watch.look(["log", "disks"], in: 501...700)
        #expect(watch.opened == [0])
        #expect(watch.cleared == [490 + 41 + 30])
    }

    @Test("Of two sources that have told of it, both must be read; of one that never has, nothing is missed")
    func twoSources() throws {
        var watch = try Sources(Self.once)
        watch.look("log", at: 0, finding: 0)
        watch.look("board", at: 1, finding: 1)
        watch.look("other", at: 1)
        watch.look(["log"], in: 2...300)
        #expect(watch.cleared.isEmpty)
        watch.look("board", at: 301)
        #expect(watch.cleared == [301])
    }

    @Test("A source that is not read after a restart is as one that was not read before it")
    func restartedBlind() throws {
        var watch = try Sources(Self.once.merging(["clear_for": "2h"]) { $1 })
        watch.look("log", at: 0, finding: 0)
        watch.look(["log", "disks"], in: 1...100)
        watch.restart(at: 100)
        watch.look(["disks"], in: 101...900)
        watch.restart(at: 900)
        watch.look(["disks"], in: 901...2_000)
        #expect(watch.cleared.isEmpty)
        watch.look(["log", "disks"], in: 2_001...2_100)
        #expect(watch.cleared == [2_001 + 61])
    }
}
