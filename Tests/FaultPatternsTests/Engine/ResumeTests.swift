import FaultPatterns
import Foundation
import Reports
import TestSupport
import Testing

@Suite("Resuming")
struct ResumeTests {
    private typealias F = Fixtures

    private static let pack: PatternPack? = try? F.pack(
        F.pattern("disk.plain", ["clear": "pending < 8"]),
        F.pattern("disk.samples", ["for": "3 samples"]),
        F.pattern("disk.time", ["when": "temperature > 50", "for": "5m", "clear_for": "2 samples and 1m"]),
        F.pattern("disk.latched", ["when": "health == \"failed\"", "clear": "never"]),
        F.pattern("disk.rise", ["when": "increase(reported[30m]) >= 4 or increase(pending[2h]) >= 30"]),
        F.pattern("disk.serd", ["when": "serd(errors, 3, 10m)", "clear": "not serd(errors, 2, 20m)"]),
        F.pattern("disk.window", ["when": "avg_over_time(temperature[20m]) > 48 and changes(pending[30m]) >= 3"]),
        F.pattern("disk.quantile", ["when": "quantile_over_time(0.5, temperature[30m]) > 47", "clear_for": "1m"]),
        F.pattern("disk.trend", ["when": "deriv(temperature[1h]) > 0.001 or time_to(temperature[1h], 65) < 1h"]),
        F.pattern("disk.bucket", ["when": "bucket(errors, 2, 20m)"]),
        F.pattern("disk.events", ["when": "events(errors, 20m) >= 3 or max_of(\"operation\", errors, 1h) > 1"]),
        F.pattern("disk.sequence", ["when": "sequence(temperature > 60, pending > 25, 30m)"]),
        F.pattern("disk.absent", ["when": "absent_over_time(health[1h])"]),
        F.pattern("disk.count", ["when": "count(pending > 20, rises(reported[1h]) >= 2, temperature > 55) >= 2"]),
        F.pattern("disk.since", ["when": "days_since(last_increase(reported)) > 0.01 and reported > 3"]),
        F.pattern("disk.bits", ["when": "increase(bits(reported, 1, 4)[2h]) >= 3"]),
        F.pattern("disk.peers", ["when": "temperature > peers_median(temperature, \"shelf\") + 8"]),
        F.pattern(
            "disk.cause",
            ["when": "active(\"disk.plain\", self) >= 1", "explains": ["disk.plain self", "disk.rise self"]]),
        F.pattern("disk.extreme", ["when": "max_over_time(temperature[15m]) - min_over_time(temperature[15m]) > 30"]),
        F.pattern(
            "disk.cases",
            [
                "when": "pending >= 4 and lifetime_max(temperature) > 45",
                "urgency": [
                    ["when": "pending > 30", "is": "order"], ["when": "known_for(pending) < 1h", "is": "watch"],
                    ["is": "plan"],
                ],
            ]))

    /// A day in the life of three disks: values, gaps, events, late and repeated samples, an exchange.
    static func script(_ random: inout SplitMix) -> [(
        time: Int64, observations: [Observation], list: [Component]?
    )] {
        var steps: [(time: Int64, observations: [Observation], list: [Component]?)] = []
        var time: Int64 = 0
        var counters: [UInt64] = [0, 0, 0]
        var sent: [Observation] = []
        for _ in 0..<Int.random(in: 40...120, using: &random) {
            time += Int64.random(in: 1...400, using: &random)
            var round: [Observation] = []
            for disk in 0..<3 where Int.random(in: 0..<4, using: &random) > 0 {
                let id = ComponentID(.disk, "d\(disk)")
                func add(_ measurement: Measurement, _ signal: Signal, _ seconds: Int64) {
                    round.append(
                        Observation(
                            component: id, signal: signal, measurement: measurement, time: F.start + .seconds(seconds)))
                }
                switch Int.random(in: 0..<10, using: &random) {
                case 0: counters[disk] = 0
                case 1, 2, 3: counters[disk] += UInt64.random(in: 0...5, using: &random)
                default: break
                }
                add(.counter(counters[disk]), F.reported, time)
                add(
                    Int.random(in: 0..<6, using: &random) == 0
                        ? .unavailable(.asleep) : .counter(UInt64.random(in: 0...40, using: &random)), F.pending, time)
                add(
                    Int.random(in: 0..<8, using: &random) == 0
                        ? .unavailable(.readError) : .reading(Double.random(in: 20...70, using: &random)),
                    F.temperature,
                    time)
                if Int.random(in: 0..<12, using: &random) == 0 { add(.state("failed"), F.health, time) }
                if Int.random(in: 0..<3, using: &random) == 0 {
                    add(
                        .event("e\(Int.random(in: 0..<5, using: &random))"), F.ioError,
                        time - Int64.random(in: 0...90, using: &random))
                }
                if Int.random(in: 0..<15, using: &random) == 0 { add(.unavailable(.denied), F.ioError, time) }
            }
            if let old = sent.randomElement(using: &random), Int.random(in: 0..<3, using: &random) == 0 {
                round.append(old)
            }
            sent += round
            var list: [Component]?
            if Int.random(in: 0..<25, using: &random) == 0 {
                var component = F.component(serial: "S\(Int.random(in: 0..<3, using: &random))")
                component.id = ComponentID(.disk, "d0")
                list = [component]
            }
            steps.append((time, round.shuffled(using: &random), list))
        }
        return steps
    }

    static func words(_ change: FaultChange) -> String {
        "\(change.kind) \(change.fault.pattern) \(change.fault.component) \(change.time): \(change.because)"
    }

    @Test("A diagnosis that is stored and resumed at random moments says the same as one that never stopped")
    func resumeIsNoRestart() throws {
        let pack = try #require(Self.pack)
        let first = UInt64.random(in: 0...UInt64.max / 2)
        var total = 0
        // In the first, a late sample is the first of its signal.
        for seed in [9_123_383_591_255_453_511] + Array(first..<first + 60) {
            var random = SplitMix(seed: seed)
            let steps = Self.script(&random)
            var whole = Diagnosis(patterns: pack)
            var cut = Diagnosis(patterns: pack)
            var stored: [ComponentID: ComponentState] = [:]
            for (number, step) in steps.enumerated() {
                let now = F.start + .seconds(step.time)
                var expected = whole.know(step.list ?? [], at: now)
                var found = cut.know(step.list ?? [], at: now)
                expected += whole.observe(step.observations, at: now)
                found += cut.observe(step.observations, at: now)
                try #require(found.map(Self.words) == expected.map(Self.words), "seed \(seed), step \(number)")
                try #require(found == expected, "seed \(seed), step \(number)")
                total += found.count
                if Int.random(in: 0..<4, using: &random) == 0 {
                    for state in cut.takeChanges(windows: true) { stored[state.component] = state }
                    cut = Diagnosis(patterns: pack, resuming: stored.values.shuffled(using: &random))
                    #expect(cut.problems.isEmpty)
                    try #require(cut.openFaults == whole.openFaults, "seed \(seed), step \(number)")
                    // Inventory is read at every start.
                    if let list = steps[...number].last(where: { $0.list != nil })?.list {
                        #expect(cut.know(list, at: now).isEmpty, "seed \(seed), step \(number)")
                    }
                }
            }
        }
        #expect(total > 500, "the script opens and clears faults")
    }

    @Test("A pack update that leaves a pattern alone changes nothing of what that pattern says, at whatever moment")
    func packUpdate() throws {
        let kept = ["disk.rise", "disk.serd", "disk.window", "disk.trend", "disk.sequence", "disk.samples"]
        let old = try #require(Self.pack)
        // The next release: some patterns gone, one changed, others new, with longer windows on the same signals.
        let new = try F.pack(
            F.pattern("disk.samples", ["for": "3 samples"]),
            F.pattern("disk.rise", ["when": "increase(reported[30m]) >= 4 or increase(pending[2h]) >= 30"]),
            F.pattern("disk.serd", ["when": "serd(errors, 3, 10m)", "clear": "not serd(errors, 2, 20m)"]),
            F.pattern("disk.window", ["when": "avg_over_time(temperature[20m]) > 48 and changes(pending[30m]) >= 3"]),
            F.pattern("disk.trend", ["when": "deriv(temperature[1h]) > 0.001 or time_to(temperature[1h], 65) < 1h"]),
            F.pattern("disk.sequence", ["when": "sequence(temperature > 60, pending > 25, 30m)"]),
            F.pattern("disk.new", ["when": "increase(reported[90d]) >= 400 or max_over_time(temperature[7d]) > 99"]),
            F.pattern("disk.time", ["revision": "2", "when": "temperature > 55", "for": "1m"]))
        let first = UInt64.random(in: 0...UInt64.max / 2)
        var total = 0
        for seed in first..<first + 40 {
            var random = SplitMix(seed: seed)
            let steps = Self.script(&random)
            let update = Int.random(in: 0..<steps.count, using: &random)
            var whole = Diagnosis(patterns: old)
            var updated = Diagnosis(patterns: old)
            for (number, step) in steps.enumerated() {
                let now = F.start + .seconds(step.time)
                if number == update {
                    updated = Diagnosis(patterns: new, resuming: updated.takeChanges(windows: true))
                    // Inventory is read at every start: an exchange that was reported once is so again.
                    if let list = steps[..<number].last(where: { $0.list != nil })?.list {
                        _ = updated.know(list, at: now)
                    }
                }
                func ofKept(_ changes: [FaultChange]) -> [FaultChange] {
                    changes.filter { kept.contains($0.fault.pattern) }
                        .sorted { ($0.fault.component, $0.fault.pattern) < ($1.fault.component, $1.fault.pattern) }
                }
                // `disk.cause` explains `disk.rise` in the old pack: it is left out of both.
                let expected = whole.know(step.list ?? [], at: now) + whole.observe(step.observations, at: now)
                let found = updated.know(step.list ?? [], at: now) + updated.observe(step.observations, at: now)
                let wanted = ofKept(expected).filter { $0.fault.pattern != "disk.rise" }
                try #require(
                    ofKept(found).filter { $0.fault.pattern != "disk.rise" } == wanted, "seed \(seed), step \(number)")
                total += wanted.count
            }
        }
        #expect(total > 200)
    }

    @Test("A crash that loses the windows loses no fault, fires none again, and counts on")
    func latchesAlone() throws {
        var patient = Patient(try #require(Self.pack))
        var stored: [ComponentID: ComponentState] = [:]
        _ = patient.show(pending: 20, at: 1)
        _ = patient.show(F.seen(.event("a"), F.ioError, after: 2), F.seen(.event("b"), F.ioError, after: 3), at: 3)
        for state in patient.diagnosis.takeChanges(windows: false) {
            #expect(state.windows == nil)
            stored[state.component] = state
        }
        let open = patient.diagnosis.openFaults
        #expect(!open.isEmpty)
        patient.diagnosis = Diagnosis(patterns: try #require(Self.pack), resuming: Array(stored.values))
        #expect(patient.diagnosis.openFaults == open)
        #expect(patient.show(pending: 20, at: 4).isEmpty)
        #expect(
            patient.show(F.seen(.event("c"), F.ioError, after: 5), at: 5).contains { $0.fault.pattern == "disk.serd" })
    }

    @Test("Nothing is to be stored twice, and windows only when asked for")
    func changes() throws {
        var patient = Patient(try #require(Self.pack))
        _ = patient.diagnosis.takeChanges(windows: true)
        _ = patient.show(pending: 1, at: 1)
        #expect(patient.diagnosis.takeChanges(windows: false).isEmpty, "a value alone is no latch")
        #expect(patient.diagnosis.takeChanges(windows: true).count == 1)
        #expect(patient.diagnosis.takeChanges(windows: true).isEmpty)
    }

    @Test("A part that was exchanged while the agent was down is noticed at the start")
    func exchangedInBetween() throws {
        var patient = Patient(try #require(Self.pack))
        _ = patient.show(F.seen(.state("failed"), F.health, after: 1), at: 1)
        let stored = patient.diagnosis.takeChanges(windows: true)
        var resumed = Diagnosis(patterns: try #require(Self.pack), resuming: stored)
        #expect(resumed.know([F.component(serial: "S9")], at: F.start + .seconds(2)).isEmpty, "read once")
        let changes = resumed.know([F.component(serial: "S9")], at: F.start + .seconds(2))
        #expect(changes.map(\.kind) == [.cleared])
    }

    @Test("A part that took another's place while the agent was down is noticed at the start")
    func replacedInBetween() throws {
        var patient = Patient(try #require(Self.pack))
        _ = patient.show(F.seen(.state("failed"), F.health, after: 1), at: 1)
        let stored = patient.diagnosis.takeChanges(windows: true)
        var resumed = Diagnosis(patterns: try #require(Self.pack), resuming: stored)
        var other = F.component(serial: "S9")
        other.id = ComponentID(.disk, "wwn-9")
        #expect(resumed.know([other], at: F.start + .seconds(2)).isEmpty, "read once")
        let changes = resumed.know([other], at: F.start + .seconds(2))
        #expect(changes.map(\.because) == ["Part exchanged: /dev/sda, serial S9, sits in Bay 3 now."])
        #expect(
            Diagnosis(patterns: try #require(Self.pack), resuming: resumed.takeChanges(windows: false)).openFaults
                .isEmpty)
    }

    @Test("What is known of a component outlives a restart: patterns apply before the inventory is read again")
    func selectionOutlives() throws {
        let pack = try F.pack(F.pattern("disk.ata", ["applies_to": ["component": "disk", "bus": "ata"]]))
        var patient = Patient(pack)
        var resumed = Diagnosis(patterns: pack, resuming: patient.diagnosis.takeChanges(windows: false))
        let changes = resumed.observe([F.counter(20, after: 1)], at: F.start + .seconds(1))
        #expect(changes.first?.fault.suspects.first?.part.serial == "S1")
    }

    @Test("Stored state that is garbage is said, and costs only itself")
    func garbage() throws {
        var patient = Patient(try #require(Self.pack))
        _ = patient.show(pending: 20, at: 1)
        var states = patient.diagnosis.takeChanges(windows: true)
        states.append(ComponentState(component: ComponentID(.disk, "x"), latches: Data("{]".utf8), windows: nil))
        states[0].windows = Data([0xff])
        let resumed = Diagnosis(patterns: try #require(Self.pack), resuming: states)
        #expect(resumed.problems.count == 2)
        #expect(!resumed.openFaults.isEmpty)
    }

    @Test("A fault of a pattern that was withdrawn is cleared, and says so; one that waits for a newer engine stays")
    func withdrawn() throws {
        var patient = Patient(try F.pack(F.pattern("disk.old"), F.pattern("disk.new")))
        _ = patient.show(pending: 20, at: 1)
        let stored = patient.diagnosis.takeChanges(windows: true)
        let pack = try F.pack(F.pattern("disk.new", ["engine_level": "99"]))
        var resumed = Diagnosis(patterns: pack, resuming: stored)
        let changes = resumed.observe([], at: F.start + .seconds(2))
        #expect(changes.map(\.fault.pattern) == ["disk.old"])
        #expect(changes.first?.because == "The pattern disk.old was withdrawn from the rule base.")
        #expect(resumed.openFaults.map(\.pattern) == ["disk.new"])
        let again = resumed.takeChanges(windows: true)
        #expect(Diagnosis(patterns: pack, resuming: again).openFaults.map(\.pattern) == ["disk.new"])
    }
}
