import Foundation
import Reports
import Testing

@testable import FaultPatterns

/// What probes tell and nobody judges.
@Suite("Lint: told, and judged by none")
struct JudgementTests {
    private struct Row: Decodable {
        var signal: String
        var part: String
        var labels: [String: String]
        var word: String?
        var judges: [String]
        var context: Bool

        var unit: ToldUnit {
            ToldUnit(signal: signal, kind: ComponentKind(rawValue: part), labels: labels, word: word)
        }
    }

    private static func rows() throws -> [Row] {
        let outcome = try ShippedPatternTests.callhome(["patterns", "lint", "--judges", "--json"])
        try #require(outcome.status == 0, "\(outcome.problems)")
        return try JSONDecoder().decode([Row].self, from: outcome.output)
    }

    @Test("Every unit that a probe tells is judged, and it is found once all its judges are taken away")
    func every() throws {
        let rows = try Self.rows()
        #expect(rows.map(\.unit) == ToldUnit.all && rows.count > 500)
        let pack = try ShippedPatternTests.pack()
        // The models look at attributes of disks by their numbers, which patterns look at as well.
        let judges = pack.patterns.map { Judge($0, models: []) }
        for row in rows {
            #expect(row.context == row.judges.isEmpty, "judged by none, or by a pattern and the list: \(row.unit)")
            let others = judges.filter { !row.judges.contains($0.pattern) }
            #expect(PatternLint.unjudged([row.unit], by: others, context: []) == [row.unit], "\(row.unit)")
            if !row.judges.isEmpty {
                #expect(PatternLint.unjudged([row.unit], by: judges, context: []).isEmpty, "\(row.unit)")
            }
        }
        let judged = Set(rows.filter { !$0.judges.isEmpty }.map(\.signal))
        #expect(Set(rows.map(\.signal)).subtracting(judged).count <= ContextSignals.limit)
    }

    @Test("The command fails where the one pattern that judges something is gone, and where an entry of the list is")
    func command() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "judges-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        try FileManager.default.copyItem(at: root.appending(path: "patterns"), to: folder)
        func found() throws -> (status: Int32, text: String) {
            let outcome = try ShippedPatternTests.callhome(["patterns", "lint", "--no-warnings", folder.path])
            return (outcome.status, outcome.text)
        }
        let whole = try found()
        #expect(whole.status == 0, "\(whole.text)")
        try FileManager.default.removeItem(at: folder.appending(path: "server/nmi.yaml"))
        let without = try found()
        #expect(without.status == 1 && without.text.contains("no pattern judges what probes tell: `hw.nmi"))
        let card = folder.appending(path: "gpu/corrected-memory.yaml")
        let asked = try String(contentsOf: card, encoding: .utf8)
        let unheard = asked.replacing("hw.errors{error.type=\"corrected\"}", with: "hw.errors{error.type=\"crc\"}")
        try unheard.write(to: card, atomically: true, encoding: .utf8)
        #expect(try found().text.contains("no probe reports `hw.errors{error.type=\"crc\"}` of a gpu"))
        let list = folder.appending(path: ContextSignals.fileName)
        let lines = try String(contentsOf: list, encoding: .utf8).split(
            separator: "\n", omittingEmptySubsequences: false)
        let fewer = lines.filter { !$0.contains("signal: hw.network.io,") }
        #expect(fewer.count == lines.count - 1)
        try fewer.joined(separator: "\n").write(to: list, atomically: true, encoding: .utf8)
        #expect(try found().text.contains("no pattern judges what probes tell: `hw.network.io"))
    }

    // MARK: The list

    private static func tree(_ entries: [[(String, String)]]) -> SourceNode {
        let place = SourceLocation(file: "context-signals.yaml", line: 1, column: 1)
        func scalar(_ text: String) -> SourceNode { SourceNode(.scalar(text), at: place) }
        func mapping(_ fields: [(String, SourceNode)]) -> SourceNode {
            SourceNode(
                .mapping(fields.map { SourceNode.Entry(key: $0.0, location: place, value: $0.1) }), at: place)
        }
        let items = entries.map { fields in mapping(fields.map { ($0.0, scalar($0.1)) }) }
        return mapping([("context", SourceNode(.sequence(items), at: place))])
    }

    private static func refusal(_ fields: [(String, String)]) -> String? {
        do throws(PatternProblem) {
            _ = try ContextSignals(reading: tree([fields]))
            return nil
        } catch { return error.message }
    }

    @Test("An entry names a signal, who judges it instead or of what it is a covariate, and why")
    func entries() {
        #expect(
            Self.refusal([("signal", "hw.uptime"), ("covariate", "life"), ("why", "it is how long it runs")]) == nil)
        #expect(
            Self.refusal([("signal", "hw.uptime"), ("why", "nobody cares")])
                == "an entry that names no `judge` and no `covariate` is no reason: say what judges it instead")
        #expect(Self.refusal([("signal", "hw.uptime"), ("covariate", "life")]) == "an entry needs `why`: a sentence")
        #expect(
            Self.refusal([("signal", "hw.nothing"), ("covariate", "life"), ("why", "x")])
                == "`signal` is a signal of the catalogue, with labels or without")
        #expect(
            Self.refusal([("signal", "hw.uptime"), ("covariate", "taste"), ("why", "x")])
                == "`covariate` is one of load, setting, life")
        #expect(
            Self.refusal([("signal", "hw.uptime"), ("of", "toaster"), ("covariate", "life"), ("why", "x")])
                == "no kind of part is called toaster")
    }

    @Test("The list holds at most 55 signals, and one more is refused")
    func limit() throws {
        let names = SignalCatalogue.entries.map(\.name).prefix(ContextSignals.limit + 1)
        func list(_ count: Int) -> SourceNode {
            Self.tree(names.prefix(count).map { [("signal", $0), ("covariate", "life"), ("why", "x")] })
        }
        #expect(try ContextSignals(reading: list(ContextSignals.limit)).entries.count == ContextSignals.limit)
        #expect(throws: PatternProblem.self) { try ContextSignals(reading: list(ContextSignals.limit + 1)) }
    }

    // MARK: What a pattern judges

    private static func judge(_ changes: [String: Any]) throws -> Judge {
        var fields = Fixtures.pattern("disk.test")
        for (key, value) in changes { fields[key] = value }
        return Judge(try #require(try Fixtures.pack(fields).patterns.first), models: [])
    }

    private static func unit(
        _ signal: String, _ kind: ComponentKind = .disk, _ labels: [String: String] = [:], word: String? = nil
    ) -> ToldUnit { ToldUnit(signal: signal, kind: kind, labels: labels, word: word) }

    @Test(
        "A pattern judges the word that it asks for, all others where it asks that it is not one, and no other part's")
    func words() throws {
        let name = "hw.physical_disk.kernel_state"
        let offline = try Self.judge(["when": "\(name) == \"offline\""])
        #expect(offline.judges(Self.unit(name, word: "offline")) && !offline.judges(Self.unit(name, word: "dead")))
        #expect(!offline.judges(Self.unit(name, .dimm, word: "offline")))
        let notRunning = try Self.judge(["when": "not \(name) == \"running\""])
        #expect(notRunning.judges(Self.unit(name, word: "offline")) && notRunning.judges(Self.unit(name, word: "dead")))
        let unequal = try Self.judge(["when": "\(name) != \"offline\""])
        #expect(!unequal.judges(Self.unit(name, word: "offline")) && unequal.judges(Self.unit(name, word: "dead")))
    }

    @Test("What only clears a fault, or was only absent, is judged by nobody; what makes it more urgent is judged")
    func places() throws {
        let clearing = try Self.judge(["when": "hw.temperature > 60", "clear": "hw.physical_disk.stalled < 1"])
        #expect(!clearing.judges(Self.unit("hw.physical_disk.stalled")) && clearing.judges(Self.unit("hw.temperature")))
        let absent = try Self.judge(["when": "hw.temperature > 60 or absent_over_time(hw.physical_disk.stalled[1h])"])
        #expect(!absent.judges(Self.unit("hw.physical_disk.stalled")))
        let urgent = try Self.judge([
            "when": "hw.temperature > 60",
            "urgency": [["when": "hw.physical_disk.stalled > 9", "is": "plan"], ["is": "watch"]],
        ])
        #expect(urgent.judges(Self.unit("hw.physical_disk.stalled")))
    }

    @Test("A value of a label is judged by who asks for it, or for an event of any")
    func labels() throws {
        let name = "hw.physical_disk.sense"
        let medium = try Self.judge(["when": "serd(\(name){key=\"medium\"}, 1, 24h)"])
        #expect(medium.judges(Self.unit(name, .disk, ["key": "medium"])))
        #expect(!medium.judges(Self.unit(name, .disk, ["key": "hardware"])))
        let any = try Self.judge(["when": "serd(\(name), 1, 24h)"])
        #expect(any.judges(Self.unit(name, .disk, ["key": "hardware"])))
    }
}
