import FaultPatterns
import Foundation
import Reports
import TestSupport
import Testing

/// Packs of several makers as one rule base.
@Suite("Compositions of packs")
struct CompositionTests {
    private typealias F = Fixtures
    private typealias Member = PatternComposition.Member

    private static func vendor(_ patterns: [[String: Any]], withdrawals: [String: String] = [:]) -> Member {
        Member(name: "vendor", packs: [F.json(patterns)], withdrawals: withdrawals)
    }

    private static func partner(
        _ patterns: [[String: Any]], prefix: String? = "acme", _ changes: [String: Any] = [:],
        withdrawals: [String: String] = [:]
    ) -> Member {
        Member(
            name: "acme", packs: [F.json(patterns, changes)], prefix: prefix, withdrawals: withdrawals)
    }

    @Test("One pack alone is the same as without composition: order, version, hash")
    func alone() throws {
        let bytes = F.json([F.pattern("disk.b"), F.pattern("disk.a")])
        let composed = try PatternComposition([Member(name: "vendor", packs: [bytes])])
        let pack = try PatternPack(json: bytes)
        #expect(composed.pack.identity == pack.identity)
        #expect(composed.pack.patterns.map(\.id) == pack.patterns.map(\.id))
        #expect(composed.refused.isEmpty && composed.pack.disabled.isEmpty && composed.pack.overlay.isEmpty)
    }

    @Test("What a composition is called, and in which order its patterns stand, hangs on nothing but what is in it")
    func order() throws {
        let packs = [F.json([F.pattern("disk.b")]), F.json([F.pattern("disk.a")], ["version": "2"])]
        let acme = Self.partner([F.pattern("acme.z"), F.pattern("acme.y")])
        let one = try PatternComposition([Member(name: "vendor", packs: packs), acme]).pack
        let other = try PatternComposition([acme, Member(name: "vendor", packs: packs.reversed())]).pack
        #expect(one.identity == other.identity && one.contentHash == other.contentHash)
        #expect(one.patterns.map(\.id) == ["acme.y", "acme.z", "disk.a", "disk.b"])
        #expect(other.patterns.map(\.id) == one.patterns.map(\.id))
        #expect(one.version == "0.1.0+2")
        // A name that a site gives to a channel is no content.
        var renamed = acme
        renamed.name = "partner-north"
        #expect(
            try PatternComposition([Member(name: "vendor", packs: packs), renamed]).pack.identity == one.identity)
        // The same pack twice is once.
        #expect(
            try PatternComposition([Member(name: "vendor", packs: packs + [packs[0]]), acme]).pack.identity
                == one.identity)
    }

    @Test("Another pack, another withdrawal or another overlay is another identity")
    func identity() throws {
        let patterns = [F.pattern("disk.a"), F.pattern("disk.b")]
        let overlay = try PatternOverlay(json: Data(#"{"shadow": {"disk.a": "for a month"}}"#.utf8))
        let all = try [
            PatternComposition([Self.vendor(patterns)]),
            PatternComposition([Self.vendor(patterns, withdrawals: ["disk.a": "it was wrong"])]),
            PatternComposition([Self.vendor(patterns, withdrawals: ["disk.b": "it was wrong"])]),
            PatternComposition([Self.vendor(patterns)], overlay: overlay),
            PatternComposition([Self.vendor(patterns), Self.partner([F.pattern("acme.a")])]),
        ].map(\.pack.identity)
        #expect(Set(all).count == all.count)
        // What withdraws nothing that is there, and what changes nothing, leaves it the pack that it is.
        let same = try PatternComposition(
            [Self.vendor(patterns, withdrawals: ["disk.gone": "long ago"])],
            overlay: PatternOverlay(json: Data("{}".utf8)))
        #expect(same.pack.identity == all[0])
    }

    @Test("Nobody replaces another's pattern: the later pack is refused with a sentence, the one before goes on")
    func collision() throws {
        let stranger = Self.partner(
            [F.pattern("acme.x"), F.pattern("disk.test", ["when": "pending >= 1"])], prefix: nil)
        let composed = try PatternComposition([Self.vendor([F.pattern()]), stranger])
        #expect(composed.pack.patterns.map(\.id) == ["disk.test"])
        #expect(
            composed.refused.map(\.description) == [
                "the patterns of acme are refused: the pattern disk.test is there already, of vendor: nobody replaces "
                    + "another's pattern; give it another id"
            ])
        // As a reader of ids takes them: blanks around one make no other of it.
        let spaced = Self.partner([F.pattern(" disk.test ")], prefix: nil)
        #expect(try PatternComposition([Self.vendor([F.pattern()]), spaced]).refused.count == 1)
        // Two packs of one maker are no different.
        let twice = Member(
            name: "vendor", packs: [F.json([F.pattern()]), F.json([F.pattern()], ["version": "2"])])
        #expect(throws: PatternPackError.self) { try PatternComposition([twice]) }
    }

    @Test("Whoever is bound to a prefix comes after all others, and brings nothing outside of it")
    func prefixes() throws {
        let vendor = Self.vendor([F.pattern("disk.test"), F.pattern("acme.taken")])
        let foreign = try PatternComposition([vendor, Self.partner([F.pattern("acme.a"), F.pattern("disk.b")])])
        #expect(foreign.refused.first?.because.contains("the pattern disk.b is not this maker's") == true)
        #expect(foreign.pack.patterns.map(\.id) == ["disk.test", "acme.taken"])
        #expect(
            try PatternComposition([vendor, Self.partner([F.pattern("acmex.a")])]).refused.count == 1,
            "acme. ends in a dot")
        let late = try PatternComposition([Self.partner([F.pattern("acme.taken")]), vendor])
        #expect(late.refused.map(\.member) == ["acme"], "whatever the order")
    }

    @Test("A withdrawn pattern does not run, is told with its maker's sentence, and its faults end with it")
    func withdrawal() throws {
        let patterns = [F.pattern("disk.old"), F.pattern("disk.new")]
        var patient = Patient(try PatternComposition([Self.vendor(patterns)]).pack)
        _ = patient.show(pending: 20, at: 1)
        let pack = try PatternComposition(
            [Self.vendor(patterns, withdrawals: ["disk.old": "it fires on healthy drives."])]
        ).pack
        #expect(pack.patterns.map(\.id) == ["disk.new"] && pack.skipped.isEmpty)
        let gone = try #require(pack.disabled.first)
        #expect(gone.id == "disk.old" && gone.cause == .withdrawn && gone.because == "it fires on healthy drives")
        #expect(gone.isActive && gone.kinds == [.disk] && gone.titles["de"] == "t")
        let changes = try patient.diagnosis.adopt(pack, at: F.start + .seconds(2))
        #expect(changes.map(\.fault.pattern) == ["disk.old"])
        #expect(
            changes.map(\.because) == ["The pattern disk.old was withdrawn by its maker: it fires on healthy drives."])
        #expect(patient.diagnosis.openFaults.map(\.pattern) == ["disk.new"])
    }

    @Test("A maker withdraws its own patterns and nobody else's")
    func foreignWithdrawal() throws {
        let partner = Self.partner([F.pattern("acme.a")], withdrawals: ["disk.test": "ours is better", "acme.a": "no"])
        let pack = try PatternComposition([Self.vendor([F.pattern()]), partner]).pack
        #expect(pack.patterns.map(\.id) == ["disk.test"])
        #expect(pack.disabled.map(\.id) == ["acme.a"])
    }

    @Test("A pattern above the engine's level is skipped by itself, whoever brings it, and its name is taken")
    func level() throws {
        let future = F.pattern("acme.future", ["engine_level": "99", "when": "oracle(rul) > 0.9"])
        let partner = Self.partner([future, F.pattern("acme.now")])
        let composed = try PatternComposition([Self.vendor([F.pattern()]), partner])
        #expect(composed.pack.patterns.map(\.id) == ["acme.now", "disk.test"])
        #expect(composed.pack.skipped.map(\.id) == ["acme.future"])
        #expect(composed.pack.skipped.first?.cause == .unread)
        let thief = Member(name: "thief", packs: [F.json([F.pattern("acme.future")])], prefix: "acme")
        #expect(try PatternComposition([partner, thief]).refused.map(\.member) == ["thief"])
    }

    @Test("Causes and what patterns look for hold over all packs")
    func references() throws {
        let vendor = Self.vendor([F.pattern("disk.sign", ["when": "pending >= 16"])])
        let partner = Self.partner([
            F.pattern("acme.cause", ["when": "pending >= 16 and temperature > 60", "explains": ["disk.sign self"]]),
            F.pattern("acme.watcher", ["when": "active(\"disk.sign\", self) >= 1"]),
        ])
        var patient = Patient(try PatternComposition([vendor, partner]).pack)
        let hot = F.seen(.reading(70), F.temperature, after: 1)
        let changes = patient.show(F.counter(20, after: 1), hot, at: 1)
        #expect(Set(changes.filter { $0.kind == .opened }.map(\.fault.pattern)) == ["acme.cause", "acme.watcher"])
        #expect(patient.diagnosis.openFaults.allSatisfy { $0.pattern != "disk.sign" }, "it is a sign of the cause")
    }

    @Test("A model that another maker brings may be asked; another one of its name is refused")
    func models() throws {
        func model(_ leaf: Double) -> [String: Any] {
            [
                "format": 1, "name": "m", "features": [["name": "a", "expression": "hw.temperature"]], "split": "<=",
                "link": "sigmoid", "base": 0,
                "trees": [["nodes": "L..", "feature": [0], "threshold": [50], "leaf": [-3, leaf], "cover": [5, 4]]],
                "provenance": "a test", "training": ["data": "none", "by": "hand", "seed": 1],
            ]
        }
        let vendor = Member(name: "vendor", packs: [F.json([F.pattern()], ["models": ["m": model(3)]])])
        let asks = F.pattern("acme.asks", ["when": "pending >= 0 and model(\"m\") > 0.5"])
        let composed = try PatternComposition([vendor, Self.partner([asks])])
        #expect(composed.pack.patterns.map(\.id) == ["acme.asks", "disk.test"], "\(composed.pack.skipped)")
        let same = try PatternComposition([vendor, Self.partner([asks], ["models": ["m": model(3)]])])
        #expect(same.refused.isEmpty)
        let other = try PatternComposition([vendor, Self.partner([asks], ["models": ["m": model(2)]])])
        #expect(other.refused.first?.because.contains("vendor brings another one of this name") == true)
    }

    @Test("Where nothing is left, the reasons are said; what cannot be read costs its maker only")
    func nothingLeft() throws {
        let garbage = Member(name: "acme", packs: [Data("{".utf8)], prefix: "acme")
        #expect { try PatternComposition([garbage]) } throws: {
            "\($0)".contains("the patterns of acme are refused: the pattern pack cannot be read")
        }
        #expect { try PatternComposition([]) } throws: { "\($0)" == "there is no pack of patterns" }
        let composed = try PatternComposition([Self.vendor([F.pattern()]), garbage])
        #expect(composed.refused.count == 1 && composed.pack.patterns.count == 1)
    }
}
