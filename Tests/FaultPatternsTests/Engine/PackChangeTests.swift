import FaultPatterns
import Foundation
import Reports
import TestSupport
import Testing

/// Another rule base takes over while the machine is watched.
@Suite("Changes of the pack")
struct PackChangeTests {
    private typealias F = Fixtures

    /// Patterns that both packs have alike.
    private static var unchanged: [[String: Any]] {
        [
            F.pattern("disk.plain", ["clear": "pending < 8"]),
            F.pattern("disk.samples", ["for": "3 samples"]),
            F.pattern("disk.time", ["when": "temperature > 50", "for": "5m", "clear_for": "2 samples and 1m"]),
            F.pattern("disk.latched", ["when": "health == \"failed\"", "clear": "never"]),
            F.pattern("disk.rise", ["when": "increase(reported[30m]) >= 4 or increase(pending[2h]) >= 30"]),
            F.pattern(
                "disk.serd", ["when": "serd(errors, 3, 10m)", "clear": "not serd(errors, 2, 20m)", "clear_for": "4m"]),
            F.pattern("disk.window", ["when": "avg_over_time(temperature[20m]) > 48 and changes(pending[30m]) >= 3"]),
            F.pattern("disk.trend", ["when": "deriv(temperature[1h]) > 0.001 or time_to(temperature[1h], 65) < 1h"]),
            F.pattern("disk.bucket", ["when": "bucket(errors, 2, 20m)"]),
            F.pattern("disk.sequence", ["when": "sequence(temperature > 60, pending > 25, 30m)"]),
            F.pattern("disk.absent", ["when": "absent_over_time(health[1h])"]),
            F.pattern("disk.bits", ["when": "increase(bits(reported, 1, 4)[2h]) >= 3"]),
            F.pattern(
                "disk.cases",
                ["when": "pending >= 4", "urgency": [["when": "pending > 30", "is": "order"], ["is": "plan"]]]),
            F.pattern("disk.cause", ["when": "active(\"disk.plain\", self) >= 1", "explains": ["disk.plain self"]]),
        ]
    }
    private static let kept = Set(unchanged.compactMap { $0["id"] as? String })
    private static let changed: Set = ["disk.moved", "disk.reworded", "disk.follows"]

    private static let old = Result {
        try PatternPack(
            json: F.json(
                unchanged + [
                    F.pattern("disk.moved", ["when": "temperature > 50", "for": "5m"]),
                    F.pattern("disk.reworded", ["when": "pending >= 12", "for": "2 samples"]),
                    F.pattern("disk.follows", ["when": "sequence(temperature > 40, pending > 20, 30m)"]),
                    F.pattern("disk.sign", ["when": "pending >= 10"]),
                    F.pattern("disk.gone", ["when": "pending >= 18", "explains": ["disk.sign self"]]),
                ]))
    }

    private static let new = Result {
        try PatternPack(
            json: F.json(
                [F.pattern("disk.first", ["when": "max_over_time(temperature[7d]) > 60"])] + unchanged.reversed() + [
                    F.pattern("disk.moved", ["revision": "2", "when": "temperature > 30", "for": "20m"]),
                    F.pattern("disk.reworded", ["revision": "2", "when": "pending >= 12", "for": "2 samples"]),
                    F.pattern(
                        "disk.follows", ["revision": "2", "when": "sequence(temperature < 40, pending > 10, 30m)"]),
                    F.pattern("disk.sign", ["when": "pending >= 10"]),
                    F.pattern("disk.new", ["when": "increase(reported[90d]) >= 4"]),
                ]))
    }

    /// A day of three disks, slower or faster, with looks that tell how often they are made and who made them.
    private static func script(_ random: inout SplitMix) -> [(
        time: Int64, observations: [Observation], list: [Component]?
    )] {
        let pace = Int64.random(in: 1...8, using: &random)
        return ResumeTests.script(&random).map { step in
            let observations = step.observations.map { observation in
                var slower = observation
                slower.time = F.start + .milliseconds((observation.time.milliseconds - F.start.milliseconds) * pace)
                return slower
            }
            return (step.time * pace, observations, step.list)
        }
    }

    /// What a reader of the changes believes to be open.
    private struct Reader {
        var open: [FaultID: Fault] = [:]
        var problems: [String] = []

        mutating func take(_ changes: [FaultChange]) {
            for change in changes {
                let fault = change.fault
                switch change.kind {
                case .opened:
                    let twins = open.values.filter {
                        $0.pattern == fault.pattern && $0.component == fault.component
                    }
                    if !twins.isEmpty { problems.append("doubled: \(ResumeTests.words(change))") }
                    open[fault.id] = fault
                case .updated:
                    if open[fault.id] == nil { problems.append("raised and not open: \(ResumeTests.words(change))") }
                    open[fault.id] = fault
                case .cleared:
                    if open.removeValue(forKey: fault.id) == nil {
                        problems.append("cleared and not open: \(ResumeTests.words(change))")
                    }
                }
            }
        }
    }

    private static func sorted(_ changes: [FaultChange], of patterns: Set<String>) -> [FaultChange] {
        changes.filter { patterns.contains($0.fault.pattern) }
            .sorted { ($0.fault.component, $0.fault.pattern) < ($1.fault.component, $1.fault.pattern) }
    }

    @Test(
        "What did not change says the same as if the pack had not changed; of all else no fault is lost, and none doubled",
        arguments: [false, true])
    func swap(isRestart: Bool) throws {
        let (old, new) = (try Self.old.get(), try Self.new.get())
        let first = UInt64.random(in: 0...UInt64.max / 2)
        var (total, standing, endedByMaker, goneOn) = (0, 0, 0, 0)
        for seed in first..<first + 80 {
            var random = SplitMix(seed: seed)
            let steps = Self.script(&random)
            let swap = Int.random(in: 1..<steps.count, using: &random)
            let interval: Duration? = isRestart ? nil : .seconds(Int64.random(in: 60...1_200, using: &random))
            let source: String? = isRestart ? nil : "log"
            var whole = Diagnosis(patterns: old)
            var changing = Diagnosis(patterns: old)
            var reader = Reader()
            for (number, step) in steps.enumerated() {
                let now = F.start + .seconds(step.time)
                if number == swap {
                    let before = changing.openFaults
                    if isRestart {
                        changing = Diagnosis(patterns: new, resuming: changing.takeChanges(windows: true))
                        // Inventory is read at every start: an exchange that was reported once is so again.
                        if let list = steps[..<number].last(where: { $0.list != nil })?.list {
                            reader.take(changing.know(list, at: now))
                        }
                    } else {
                        let adopted = try changing.adopt(new, at: now)
                        reader.take(adopted)
                        endedByMaker += adopted.count { $0.because.contains("was withdrawn from the rule base") }
                        goneOn += adopted.count { $0.because.contains("what explained it (disk.gone) is over") }
                    }
                    let stay = before.filter { Self.changed.contains($0.pattern) }
                    standing += stay.count
                    #expect(changing.openFaults.filter { Self.changed.contains($0.pattern) } == stay, "seed \(seed)")
                }
                let expected =
                    whole.know(step.list ?? [], at: now)
                    + whole.observe(step.observations, at: now, interval: interval, from: source)
                let found =
                    changing.know(step.list ?? [], at: now)
                    + changing.observe(step.observations, at: now, interval: interval, from: source)
                reader.take(found)
                try #require(reader.problems.isEmpty, "seed \(seed), step \(number): \(reader.problems)")
                try #require(
                    Set(reader.open.keys) == Set(changing.openFaults.map(\.id)), "seed \(seed), step \(number)")
                let (wanted, same) = (Self.sorted(expected, of: Self.kept), Self.sorted(found, of: Self.kept))
                try #require(
                    same.map(ResumeTests.words) == wanted.map(ResumeTests.words),
                    "seed \(seed), swap at \(swap), step \(number)")
                try #require(same == wanted, "seed \(seed), swap at \(swap), step \(number)")
                total += wanted.count
                endedByMaker += found.count { $0.because.contains("was withdrawn from the rule base") }
                goneOn += found.count { $0.because.contains("what explained it (disk.gone) is over") }
            }
        }
        #expect(
            total > 1_000 && standing > 20 && endedByMaker > 5 && goneOn > 5,
            "\(total) \(standing) \(endedByMaker) \(goneOn)")
    }

    @Test("What was on its way under another revision, or another choice of the site, begins anew; else it goes on")
    func progress() throws {
        func opens(after change: [String: Any?], overlay: String = "{}") throws -> Bool {
            let tunable: [String: Any?] = [
                "tunable": ["limit": ["default": "16", "min": "8", "max": "64"]], "when": "pending >= limit",
                "for": "2 samples",
            ]
            func pack(_ change: [String: Any?], _ overlay: String) throws -> PatternPack {
                let pattern = F.pattern("disk.test", tunable.merging(change) { _, new in new })
                let vendor = PatternComposition.Member(name: "vendor", packs: [F.json([pattern])])
                return try PatternComposition([vendor], overlay: PatternOverlay(json: Data(overlay.utf8))).pack
            }
            var patient = Patient(try pack([:], "{}"))
            #expect(patient.show(pending: 20, at: 1).isEmpty)
            #expect(try patient.diagnosis.adopt(try pack(change, overlay), at: F.start + .seconds(2)).isEmpty)
            return !patient.show(pending: 20, at: 61).isEmpty
        }
        #expect(try opens(after: [:]))
        #expect(try !opens(after: ["revision": "2"]))
        #expect(try !opens(after: [:], overlay: #"{"tune": {"disk.test": {"limit": 18, "because": "x"}}}"#))
        #expect(try opens(after: [:], overlay: #"{"tune": {"disk.test": {"limit": 16, "because": "as it is"}}}"#))
    }

    @Test("A kind of part that no pattern was for is watched from the change on, as it is")
    func newKind() throws {
        let fan = Component(
            id: ComponentID(.fan, "1"), kind: .fan, name: "Fan 1", part: Part(model: "F"), attributes: ["bus": "x"])
        let reads = F.pattern(
            "fan.stopped",
            [
                "applies_to": ["component": "fan"], "let": ["speed": "hw.fan.speed"], "when": "speed < 100",
                "variants": [["with": ["model": ["G"]], "ignore": "true"]],
            ])
        var diagnosis = Diagnosis(patterns: try F.pack(F.pattern()))
        _ = diagnosis.know([F.component(), fan], at: F.start)
        #expect(try diagnosis.adopt(try F.pack(F.pattern(), reads), at: F.start + .seconds(1)).isEmpty)
        let slow = Observation(
            component: fan.id, signal: Signal("hw.fan.speed"), measurement: .reading(50), time: F.start + .seconds(5))
        let changes = diagnosis.observe([slow], at: F.start + .seconds(5))
        #expect(changes.map(\.fault.pattern) == ["fan.stopped"])
        #expect(changes.first?.fault.suspects.first?.name == "Fan 1")
    }
}
