import Foundation
import Reports
import Testing

@testable import FaultPatterns

/// Words of pattern files that no agent says, and what is said of them.
@Suite("Words of patterns")
struct VocabularyTests {
    private func refused(_ changes: [String: Any?], at key: String, _ words: String) throws {
        let draft = Draft(changes)
        let problem = try #require(draft.problem, "\(changes) is accepted")
        #expect(problem.message.contains(words), "\(problem)")
        #expect(problem.location.line == draft.lines[key], "\(problem)")
    }

    @Test("A pattern whose words are all known is accepted")
    func accepted() {
        #expect(Draft().problem == nil)
        let selection: [String: Any] = [
            "component": "disk", "bus": ["ata", "sas"], "rotational": "1", "model": "ST*", "firmware": "SD1?",
        ]
        #expect(Draft(["applies_to": selection]).problem == nil)
    }

    @Test("A kind of part that there is none of is refused where it stands, before any signal, with the one meant")
    func kinds() throws {
        try refused(
            ["applies_to": ["component": "disc"]], at: "applies_to", "no kind of part is called disc; perhaps disk")
        try refused(
            ["suspects": [["part": "cabel", "certainty": "0.5"]]], at: "suspects",
            "no kind of part is called cabel; perhaps cable")
        try refused(
            ["explains": ["disk.other under chasis within 6h"]], at: "explains",
            "no kind of part is called chasis; perhaps chassis")
        try refused(
            ["when": "pending >= 16 and active(\"disk.other\", under chasis) > 0"], at: "when", "perhaps chassis")
    }

    @Test("A scope that there is not is refused with all that there are, in explains and in active")
    func scopes() throws {
        let words = "self, parent, under self, under parent, beside self, under KIND, unidentified, anywhere"
        try refused(["explains": ["disk.other unidentifed within 1h"]], at: "explains", words)
        try refused(["when": "pending >= 16 and active(\"disk.other\", unidentifed) > 0"], at: "when", words)
    }

    @Test("Unidentified parts need an engine of level 4, whether a pattern explains faults on them or looks for them")
    func levels() throws {
        func level(_ changes: [String: Any?]) throws -> Int {
            try PatternFile(reading: Draft(changes).tree).engineLevel
        }
        #expect(try level(["explains": ["disk.other unidentified within 1h"]]) == 4)
        #expect(try level(["explains": ["disk.other", "disk.third unidentified"]]) == 4)
        #expect(try level(["explains": ["unidentified.other within 1h"]]) == 2)
        #expect(
            try level([
                "urgency": [["when": "active(\"disk.other\", unidentified) > 0", "is": "order"], ["is": "plan"]]
            ]) == 4)
        #expect(try level([:]) == 1)
    }

    @Test(
        "What counts events, their groups and the numbers of their labels, follows open faults over time, or compares parts anywhere, needs an engine of level 6",
        arguments: [
            ("events(hw.memory.error_bits, 6h) >= 1", 6), ("sum_of(\"bits\", hw.memory.error_bits, 6h) >= 1", 6),
            ("max_of(\"bits\", hw.memory.error_bits, 6h) >= 1", 6),
            ("groups(\"bank\", \"row\", 2, hw.memory.cell_error, 1h) >= 1", 6),
            ("distinct_by(\"bank\", \"row,column\", hw.memory.cell_error, 1h) >= 1", 3),
            ("hw.temperature > peers_median(hw.temperature, \"model\", anywhere)", 6),
            ("hw.temperature > peers_median(hw.temperature, \"model\")", 2),
            ("changes(active(\"memory.other\", self)[7d]) >= 3", 6), ("active(\"memory.other\", self) >= 1", 2),
        ])
    func measuringLevels(condition: String, level: Int) throws {
        let draft = Draft(["applies_to": ["component": "dimm"], "let": nil, "when": condition])
        #expect(try PatternFile(reading: draft.tree, models: [], depth: .expressions).engineLevel == level)
    }

    @Test("An attribute or value that no part has is refused, in applies_to, except and variants")
    func attributes() throws {
        try refused(
            ["applies_to": ["component": "disk", "rotatonal": "1"]], at: "applies_to",
            "no part has an attribute `rotatonal`; perhaps rotational")
        try refused(["except": ["modell": "X"]], at: "except", "perhaps model")
        try refused(
            ["variants": [["with": ["modell": "X"], "ignore": "true"]]], at: "variants",
            "no part has an attribute `modell`; perhaps model")
        for value in ["sata", "ATA", "x*"] {
            try refused(
                ["applies_to": ["component": "disk", "bus": value]], at: "applies_to",
                "`bus` is never \(value); it is one of ata, sas")
        }
        #expect(Draft(["variants": [["with": ["bus": "ATA"], "ignore": "true"]]]).problem == nil, "without case there")
    }

    @Test("A mend without a code in the list is refused, with those that are near or all there are")
    func actions() throws {
        try refused(["action": "replace-planed"], at: "action", "perhaps replace-planned")
        try refused(["action": "swap"], at: "action", "no mend has the code swap; there are add-spare, ")
    }

    @Test(
        "A SMART attribute in another form than the probe's is refused: it would never be told",
        arguments: [
            "{attribute=\"1100.raw\"}", "{attribute=\"11\"}", "{attribute=\"11.Raw\"}", "{attribute=\"0.raw\"}",
            "{attribute=\"011.raw\"}", "{attribute=\"+11.raw\"}", ".normalized{attribute=\"5.raw\"}",
            ".normalized{attribute=\"256.value\"}",
        ])
    func labels(label: String) throws {
        try refused(
            ["let": ["pending": "hw.physical_disk.smart\(label)"]], at: "let", "the label is an attribute from 1 to 255"
        )
    }

    @Test("The labels that the probe and the histories tell have the right form")
    func rightLabels() {
        for attribute in UInt64(1)...255 {
            var signals = ["value", "worst", "thresh"].map { DiskSignals.normalized(attribute, $0) }
            signals.append(DiskSignals.raw(attribute))
            #expect(signals.allSatisfy { SignalCatalogue.formObjection(to: $0) == nil })
        }
    }

    @Test("A misspelt signal is refused with the one that is meant and how to list them")
    func signals() throws {
        try refused(
            ["let": ["pending": Fixtures.pending.description, "heat": "hw.temprature"]], at: "let",
            "no signal is called hw.temprature; perhaps hw.temperature; `callhome patterns signals` lists")
    }

    @Test("A key that is missing because it is misspelt is told where the misspelt one stands")
    func missingKey() throws {
        try refused(
            ["suspects": .none, "suspekts": [["part": "self", "certainty": "0.9"]]], at: "suspekts",
            "a pattern needs `suspects`, and `suspekts` is not one of its keys")
        let without = Draft(["text": .none])
        #expect(without.problem?.message == "a pattern needs `text`", "`tests` is a key of its own")
        #expect(without.problem?.location.line == 1)
    }

    @Test("An estimate that is active is told where the later of the two stands, also in a variant")
    func estimate() throws {
        try refused(["evidence": "C"], at: "status", "rests on an estimate")
        try refused(
            ["variants": [["with": ["model": "X"], "evidence": "C"]]], at: "variants", "rests on an estimate")
    }

    @Test("Every kind of part that the code has a name for is known to authors")
    func allKinds() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Sources/Reports/Component.swift")
        let text = try String(contentsOf: file, encoding: .utf8)
        let named = text.matches(of: /= ComponentKind\(rawValue: "([a-z_]+)"\)/).map { String($0.output.1) }
        #expect(named.count > 30)
        #expect(Set(named).isSubset(of: Set(ComponentKind.known.map(\.rawValue))))
    }

    @Test("Near are words a few slips away, then those that contain the word; a strange one has none")
    func near() {
        let words = ["disk", "dimm", "disk.ata.media-failing", "fan"]
        #expect(Wording.near("disc", among: words) == ["disk"])
        #expect(Wording.near("dsik", among: words).first == "disk")
        #expect(Wording.near("media", among: words) == ["disk.ata.media-failing"])
        #expect(Wording.near("zzzz", among: words).isEmpty)
        #expect(Wording.near(String(repeating: "x", count: 1 << 20), among: words).isEmpty)
        #expect(Wording.counted(1, "pattern") == "1 pattern" && Wording.counted(0, "pattern") == "0 patterns")
    }

    @Test(
        "A computed length of time is told in days, hours or minutes, never in thousands of seconds",
        arguments: [
            (1_500_000.0, "17.4 days"), (44_640, "12.4 h"), (210, "3.5 min"), (90, "90 s"), (-200_000, "-2.3 days"),
            (.infinity, "without end"),
        ])
    func lengths(seconds: Double, words: String) {
        #expect(Quantity.words(seconds, unit: "s", of: nil) == words)
    }

    @Test("Findings with the same words are one, with their number; other words stay apart")
    func folded() {
        let place = FaultPatterns.SourceLocation(file: "a.yaml", line: 1)
        let findings = ["a", "b", "c"].map { LintFinding(.timeLeft, of: $0, at: place, "no time", mend: "add it") }
        let other = LintFinding(.timeLeft, of: "d", at: place, "other", mend: "add it")
        let folded = LintFinding.folded(findings + [other])
        #expect(folded.map(\.count) == [3, 1] && folded[0].finding.pattern == "a")
    }

    @Test("Where nothing is exchanged nobody needs to know by when")
    func timeLeft() throws {
        func warns(_ action: String) throws -> Bool {
            let file = try PatternFile(reading: Draft(["action": action]).tree)
            return PatternLint([file], isWhole: true).findings().contains { $0.rule == .timeLeft }
        }
        #expect(try warns("replace-planned"))
        #expect(try !warns("check-cable"))
    }

    @Test("Of a fleet it is told how many models were judged")
    func judged() {
        let models = [1_000, 200, 199].map { PatternLint.HealthyModel(name: "M\($0)", drives: $0, alarmed: [:]) }
        #expect(PatternLint.judged(models) == (2, 1))
        #expect(PatternLint.judged([]) == (0, 0))
    }

    @Test("Where a model's feature comes from is checked like a pattern's expression, with its place")
    func features() {
        func problem(_ source: ModelImport.Source) -> String {
            let node = SourceNode(
                .scalar("x"), at: FaultPatterns.SourceLocation(file: "features.yaml", line: 3, column: 9),
                isVerbatim: true)
            do throws(PatternProblem) {
                try ModelImport.check(source, at: node)
                return ""
            } catch { return "\(error)" }
        }
        #expect(problem(.expression("increase(hw.physical_disk.smart{attribute=\"197.raw\"}[7d])")) == "")
        #expect(problem(.attribute("model")) == "")
        #expect(problem(.expression("hw.temprature")).contains("features.yaml:3:9: no signal is called hw.temprature"))
        #expect(problem(.expression("hw.temperature >")).contains("features.yaml:3:"))
        #expect(problem(.expression("hw.temperature > 3")).contains("where a number is expected"))
        #expect(problem(.expression("hw.physical_disk.smart{attribute=\"7\"}")).contains("from 1 to 255"))
        #expect(problem(.attribute("modell")).contains("features.yaml:3:9: no part has an attribute `modell`"))
    }

    @Test("A model whose features come from nowhere says which, and what to give")
    func missingSources() throws {
        let imported = try ModelImport.form(of: try ModelFixtures.data("lightgbm.txt"), .init(name: "m"))
        let words = try #require(imported.missingSources)
        #expect(words.contains(imported.form.features[0].name) && words.contains("--features"))
    }

    @Test("A built pack is known as one, and a pattern file or a model is none")
    func packs() {
        #expect(PatternPack.isPack(Fixtures.json([Fixtures.pattern()])))
        #expect(!PatternPack.isPack(Data("id: x".utf8)))
        #expect(!PatternPack.isPack(Data(#"{"format":1,"name":"m","trees":[]}"#.utf8)))
        #expect(!PatternPack.isPack(Data(String(repeating: "{\"a\":", count: 1 << 16).utf8)))
    }
}
