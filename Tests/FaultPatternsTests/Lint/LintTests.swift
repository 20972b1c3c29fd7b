import Foundation
import Testing

@testable import FaultPatterns

/// What lint says of patterns, each with the fields that matter and the rest in order.
@Suite("Lint of patterns")
struct LintTests {
    private static func node(_ value: Any, line: Int) -> SourceNode {
        let place = SourceLocation(file: "test.yaml", line: line, column: 1)
        switch value {
        case let list as [Any]: return SourceNode(.sequence(list.map { node($0, line: line) }), at: place)
        case let map as [String: Any]:
            return SourceNode(
                .mapping(
                    map.sorted { $0.key < $1.key }.map { key, value in
                        SourceNode.Entry(key: key, location: place, value: node(value, line: line))
                    }), at: place)
        default: return SourceNode(.scalar("\(value)"), at: place)
        }
    }

    /// A pattern with tests, some fields otherwise; nil takes a field out.
    private static func file(_ id: String = "disk.test", _ changes: [String: Any?] = [:]) throws -> PatternFile {
        var fields = Fixtures.pattern(id)
        fields["text"] = [
            "en": ["title": "Failing", "description": "It fails.", "impact": "Loss.", "action": "Swap."],
            "de": ["title": "Defekt", "description": "Sie fällt aus.", "impact": "Verlust.", "action": "Tauschen."],
        ]
        fields["time_to_failure"] = ["latest": "90d"]
        for (key, value) in changes { fields[key] = value }
        let series = [
            "pending": "0x3", "reported": "0x3", "health": "passedx3", "temperature": "20x3", "errors": "_x3",
        ]
        let gaps = series.mapValues { _ in "_x3" }
        // The kinds of tests that each pattern brings; what they say does not matter here.
        fields["tests"] = [
            ["name": "fires", "series": series, "expect": ["at": "1"]],
            ["name": "does not", "series": series.filter { $0.key != "errors" }, "expect": "none"],
            ["name": "gaps", "series": gaps, "expect": "none"],
            ["name": "reset", "series": ["pending": "5 0", "reported": "5 0"], "expect": "none"],
        ].map { test in
            var test = test
            let used = Set((test["series"] as? [String: String] ?? [:]).keys)
            let definitions = (fields["let"] as? [String: String]) ?? [:]
            test["series"] = (test["series"] as? [String: String])?.filter {
                definitions[$0.key] != nil && used.contains($0.key)
            }
            return test
        }
        return try PatternFile(reading: node(fields, line: 1))
    }

    /// Findings without those of fields that a test does not care for.
    private static func findings(_ files: PatternFile..., isWhole: Bool = true) -> [LintFinding] {
        PatternLint(files, isWhole: isWhole).findings().filter {
            $0.rule != .unusedDefinition && $0.severity == .finding
        }
    }

    private static func rules(_ changes: [String: Any?]) throws -> [LintFinding.Rule] {
        findings(try file("disk.test", changes)).map(\.rule)
    }

    @Test("A pattern in order has no findings")
    func clean() throws {
        #expect(try Self.rules([:]).isEmpty)
    }

    @Test(
        "A condition whose limits contradict each other never holds",
        arguments: [
            "pending >= 16 and pending < 8", "pending > 4 and pending < 5", "pending < 0",
            "health == \"failed\" and health == \"passed\"", "temperature > 60 and not (temperature > 50)",
            "increase(pending[7d]) >= 16 and increase(pending[30d]) < 4",
            "serd(errors, 5, 10m) and not serd(errors, 3, 1h)",
            "reported >= 1 or (pending >= 16 and pending <= 15)",
        ])
    func neverHolds(when: String) throws {
        #expect(try Self.rules(["when": when]).contains(.neverHolds))
    }

    @Test(
        "A condition that leaves nothing out always holds",
        arguments: ["pending >= 0", "pending > 4 or pending <= 4", "temperature < 50 or temperature >= 50"])
    func alwaysHolds(when: String) throws {
        #expect(try Self.rules(["when": when]) == [.alwaysHolds])
    }

    @Test(
        "Conditions that can be met and missed are left alone",
        arguments: [
            "pending > 4 and pending < 6", "temperature > 4 and temperature < 5", "temperature > 5 or temperature < 5",
            "increase(pending[30d]) >= 16 and increase(pending[7d]) < 4", "health != \"passed\"",
            "serd(errors, 3, 10m) and not serd(errors, 5, 10m)", "pending > reported",
        ])
    func mayHold(when: String) throws {
        #expect(try Self.rules(["when": when]).isEmpty)
    }

    @Test(
        "`clear` must not hold while `when` does",
        arguments: [
            ("pending >= 16", "pending < 20", true), ("pending >= 16", "pending < 16", false),
            ("pending >= 16 or reported >= 1", "pending < 8", true),
            ("pending >= 16 or reported >= 1", "pending < 8 and reported == 0", false),
            ("increase(pending[7d]) >= 16", "increase(pending[30d]) < 16", false),
            ("temperature > 60", "health == \"passed\"", false),
        ])
    func flapping(when: String, clear: String, isFound: Bool) throws {
        #expect(try Self.rules(["when": when, "clear": clear]).contains(.clearsWhileItHolds) == isFound)
    }

    @Test(
        "A fault must not clear while `when` can go on holding by what it remembers: it would open again by itself",
        arguments: [
            // A day of memory, and an end that a quarter of an hour proves: the fault of a member that is back.
            ("serd(errors, 1, 24h)", "health == \"passed\"", "15m", true),
            ("serd(errors, 1, 15m)", "health == \"passed\"", "15m", false),
            ("serd(errors, 1, 24h)", "health == \"passed\" and not serd(errors, 1, 24h)", "15m", false),
            ("serd(errors, 3, 24h)", "health == \"passed\" and not serd(errors, 1, 24h)", "15m", false),
            // The end of one way leaves the other.
            ("serd(errors, 1, 24h) or pending >= 16", "pending < 8", "15m", true),
            ("serd(errors, 1, 24h) and pending >= 16", "pending < 8", "15m", false),
            // Nothing new for an hour is not yet nothing in a day.
            ("increase(pending[24h]) >= 5", "increase(pending[1h]) < 1", "1h", true),
            ("increase(pending[24h]) >= 5", "increase(pending[1h]) < 1", "23h", false),
            ("increase(pending[24h]) >= 5", "increase(pending[24h]) < 1", "1h", false),
            // What was counted is not undone by the value.
            ("max_over_time(temperature[1h]) > 60", "temperature < 50", "10m", true),
            ("max_over_time(temperature[1h]) > 60", "temperature < 50", "1h", false),
            // That nothing is told may go on for ever, and is no memory; how two values go together is not known.
            ("absent_over_time(pending[1h])", "health == \"passed\"", "1m", false),
            ("temperature > 1.2 * avg_over_time(temperature[7d])", "pending < 1", "1m", false),
        ])
    func reopening(when: String, clear: String, clearFor: String, isFound: Bool) throws {
        let found = try Self.rules(["when": when, "clear": clear, "clear_for": clearFor, "for": "1m"])
        #expect(found.contains(.opensAgain) == isFound, "\(found)")
    }

    private static func cases(_ conditions: (String?, String)...) -> [[String: String]] {
        conditions.map { when, urgency in
            var line = ["is": urgency]
            line["when"] = when
            return line
        }
    }

    @Test("A case of urgency that an earlier one takes, or that `when` rules out, is never reached")
    func unreachable() throws {
        let behind = Self.cases(("pending >= 16", "plan"), ("pending >= 250", "order"), (nil, "watch"))
        #expect(try Self.rules(["when": "pending >= 4", "urgency": behind]) == [.unreachableUrgency])
        let ruledOut = Self.cases(("pending < 4", "order"), (nil, "plan"))
        #expect(try Self.rules(["when": "pending >= 4", "urgency": ruledOut]) == [.unreachableUrgency])
        let nothingLeft = Self.cases(("pending >= 4", "order"), (nil, "plan"))
        #expect(try Self.rules(["when": "pending >= 16", "urgency": nothingLeft]) == [.unreachableUrgency])
        let good = Self.cases(("pending >= 250", "order"), ("pending >= 64", "plan"), (nil, "watch"))
        #expect(try Self.rules(["when": "pending >= 16", "urgency": good]).isEmpty)
    }

    @Test("A value between two cases of urgency is a gap")
    func gaps() throws {
        func of(_ cases: [[String: String]]) throws -> [LintFinding.Rule] {
            try Self.rules(["when": "temperature > 10 or reported >= 1", "urgency": cases])
        }
        #expect(
            try of(Self.cases(("temperature > 60", "order"), ("temperature < 60", "plan"), (nil, "watch"))) == [.gap])
        #expect(
            try of(Self.cases(("temperature >= 60", "order"), ("temperature < 50", "plan"), (nil, "watch"))).isEmpty)
        let whole = Self.cases(("pending > 4", "order"), ("pending < 4", "plan"), (nil, "watch"))
        #expect(try Self.rules(["when": "reported >= 1", "urgency": whole]) == [.gap])
    }

    @Test("A hazard that falls, or that is earlier than the earliest, is found")
    func hazards() throws {
        let falls: [String: Any] = ["hazard": ["7d": "0.5", "30d": "0.4"]]
        #expect(try Self.rules(["time_to_failure": falls]) == [.hazard])
        let early: [String: Any] = ["earliest": "30d", "hazard": ["7d": "0.2", "60d": "0.4"]]
        #expect(try Self.rules(["time_to_failure": early]) == [.hazard])
        let good: [String: Any] = ["latest": "90d", "hazard": ["7d": "0.2", "30d": "0.2", "90d": "0.8"]]
        #expect(try Self.rules(["time_to_failure": good]).isEmpty)
    }

    @Test("What is more urgent leaves no more time")
    func times() throws {
        let cases: [[String: Any]] = [
            ["when": "pending >= 250", "is": "order", "time_to_failure": ["latest": "90d"]],
            ["is": "plan", "time_to_failure": ["latest": "30d"]],
        ]
        #expect(try Self.rules(["urgency": cases]) == [.timeLeft])
    }

    @Test("Two patterns of one condition for the same parts are found, of different parts they are not")
    func same() throws {
        let one = try Self.file("disk.a", ["when": "pending >= 16 and reported >= 1"])
        let other = try Self.file("disk.b", ["when": "not (reported < 1 or pending < 16)"])
        let found = Self.findings(one, other)
        #expect(found.map(\.rule) == [.sameCondition])
        #expect(found.first?.description.contains("test.yaml:1:1: `when` is that of disk.a") ?? false)
        let sas = try Self.file(
            "disk.b", ["when": "pending >= 16 and reported >= 1", "applies_to": ["component": "disk", "bus": "sas"]])
        let ata = try Self.file(
            "disk.a", ["when": "pending >= 16 and reported >= 1", "applies_to": ["component": "disk", "bus": "ata"]])
        #expect(Self.findings(ata, sas).isEmpty)
    }

    @Test("A pattern that fires only where another one has fired, no more urgently, is shadowed")
    func shadowed() throws {
        let wide = try Self.file("disk.wide", ["when": "pending >= 4"])
        let narrow = try Self.file("disk.narrow", ["when": "pending >= 16 and reported >= 1"])
        #expect(Self.findings(wide, narrow).map(\.pattern) == ["disk.narrow"])
        #expect(Self.findings(wide, narrow).map(\.rule) == [.shadowed])
        let urgent = try Self.file("disk.narrow", ["when": "pending >= 16", "urgency": "order"])
        #expect(Self.findings(wide, urgent).isEmpty, "it is more urgent")
        let faster = try Self.file("disk.narrow", ["when": "pending >= 16", "time_to_failure": ["latest": "30d"]])
        #expect(Self.findings(wide, faster).isEmpty, "it knows of less time")
        let slow = try Self.file("disk.wide", ["when": "pending >= 4", "for": "1h"])
        #expect(Self.findings(slow, narrow).isEmpty, "it fires earlier")
        let cause = try Self.file("disk.narrow", ["when": "pending >= 16", "explains": ["disk.wide"]])
        #expect(Self.findings(wide, cause).isEmpty, "it takes the other's place")
        let other = try Self.file("disk.narrow", ["when": "reported >= 16"])
        #expect(Self.findings(wide, other).isEmpty)
    }

    @Test("A dangling cause is found in a whole folder only")
    func dangling() throws {
        let file = try Self.file("disk.a", ["explains": ["disk.nothing"]])
        #expect(Self.findings(file).map(\.rule) == [.dangling])
        #expect(Self.findings(file, isWhole: false).isEmpty)
    }

    @Test("A definition that nothing asks for is found; one in the sentence is used")
    func unused() throws {
        let definitions = Fixtures.definitions.filter { ["pending", "reported"].contains($0.key) }
        func unused(_ because: String?) throws -> Int {
            let file = try Self.file("disk.a", ["let": definitions, "because": because])
            return PatternLint([file], isWhole: true).findings().count { $0.rule == .unusedDefinition }
        }
        #expect(try unused(nil) == 1)
        #expect(try unused("{reported} errors") == 0)
    }

    @Test("Texts that are not translated, or say what people do not know, are found")
    func texts() throws {
        let text = [
            "en": ["title": "Failing", "description": "Above the threshold.", "impact": "Loss.", "action": "Swap."],
            "de": ["title": "Failing", "description": "Zu viel.", "impact": "Verlust.", "action": "Tauschen."],
        ]
        #expect(Set(try Self.rules(["text": text])) == [.language, .hardWord])
    }

    @Test("A ticket needs a source and a word for what it rests on; without the time left it is warned of")
    func grounds() throws {
        #expect(try Self.rules(["sources": [Any]()]) == [.source])
        #expect(try Self.rules(["provenance": "everybody knows"]) == [.provenance])
        #expect(try Self.rules(["provenance": "measured on many failures"]) == [.provenance])
        #expect(try Self.rules(["provenance": "measured on 812 failures"]).isEmpty)
        #expect(try Self.rules(["provenance": "everybody knows", "urgency": "watch"]).isEmpty)
        let open = PatternLint([try Self.file("disk.a", ["time_to_failure": nil])], isWhole: true).findings()
        #expect(open.contains { $0.rule == .timeLeft && $0.severity == .warning })
    }

    @Test("A signal or a word that no probe reports of such a part is found")
    func unreported() throws {
        func found(_ changes: [String: Any?]) throws -> [String] {
            PatternLint([try Self.file("disk.test", changes)], isWhole: true).findings().filter {
                $0.rule == .unreported && $0.severity == .finding
            }.map(\.message)
        }
        #expect(try found([:]).isEmpty)
        #expect(
            try found(["when": "hw.physical_disk.spin_up_time > 100"]) == [
                "no probe reports `hw.physical_disk.spin_up_time` of a disk (smartctl gives no time in seconds: ATA's "
                    + "attribute 3 has no unit)"
            ])
        #expect(try found(["when": "hw.power > 100"]) == ["no probe reports `hw.power` of a disk"])
        #expect(try found(["when": "above(\"chassis\", hw.power) > 100"]) == [])
        #expect(
            try found(["when": #"hw.physical_disk.kernel_state == "off-line""#]) == [
                #"`hw.physical_disk.kernel_state` is never "off-line""#
            ])
        #expect(try found(["when": #"hw.physical_disk.kernel_state == "offline""#]) == [])
    }

    @Test("Drafts and retired patterns are left out")
    func drafts() throws {
        #expect(try Self.rules(["when": "pending >= 0", "status": "draft"]).isEmpty)
    }

    @Test("A pattern that makes tickets on more than one in a hundred healthy drives of a large model is found")
    func fleet() throws {
        let lint = PatternLint([try Self.file("disk.a")], isWhole: true)
        func found(_ drives: Int, _ alarmed: Int) -> [LintFinding] {
            lint.findings(onHealthy: [.init(name: "M1", drives: drives, alarmed: ["disk.a": alarmed])])
        }
        #expect(found(1_000, 10).isEmpty, "one in a hundred is not more")
        #expect(found(1_000, 11).first?.message.contains("1.1 % of the healthy drives of M1 (11 of 1000") ?? false)
        #expect(found(199, 199).isEmpty, "too few drives to say")
        let trial = PatternLint([try Self.file("disk.a", ["status": "shadow"])], isWhole: true)
        #expect(trial.findings(onHealthy: [.init(name: "M1", drives: 1_000, alarmed: ["disk.a": 900])]).isEmpty)
    }
}
