import Foundation
import Reports
import TestSupport
import Testing

@testable import FaultPatterns

/// What a site changes of the patterns that it gets, and parameters that it may choose.
@Suite("Overlays")
struct OverlayTests {
    private typealias F = Fixtures

    private static var limit: [String: Any] { ["limit": ["default": "16", "min": "8", "max": "64"]] }

    /// A pattern with a parameter.
    private static func tunable(_ changes: [String: Any?] = [:]) -> [String: Any] {
        F.pattern(
            "disk.test",
            [
                "engine_level": "5", "tunable": limit, "when": "reported >= limit",
                "because": "{reported} of at most {limit}",
            ].merging(changes) { _, new in new })
    }

    private static func composed(
        _ overlay: [String: Any], _ patterns: [[String: Any]] = [tunable(), F.pattern("disk.other")]
    ) throws -> PatternPack {
        let bytes = try JSONSerialization.data(withJSONObject: overlay, options: [.sortedKeys])
        let members = [PatternComposition.Member(name: "vendor", packs: [F.json(patterns)])]
        return try PatternComposition(members, overlay: try PatternOverlay(json: bytes)).pack
    }

    private static func opens(_ pack: PatternPack, at value: UInt64) -> [FaultChange] {
        var patient = Patient(pack)
        return patient.show(reported: value, at: 1)
    }

    private static func tune(_ value: String) -> [String: Any] {
        ["tune": ["disk.test": ["limit": value, "because": "these drives have many"]]]
    }

    // MARK: Parameters

    @Test("A parameter counts as its default, and stands in the sentence with its unit")
    func defaults() throws {
        let pack = try F.pack(Self.tunable())
        #expect(Self.opens(pack, at: 15).isEmpty)
        #expect(Self.opens(pack, at: 16).map(\.because) == ["16 of at most 16."])
        #expect(pack.patterns[0].edition == "1")
        let warm = F.pattern(
            "disk.test",
            [
                "engine_level": "5", "when": "temperature > hot", "because": "{temperature} is above {hot}",
                "tunable": ["hot": ["default": "50", "min": "40", "max": "60", "unit": "Cel"]],
            ])
        var patient = Patient(try F.pack(warm))
        #expect(
            patient.show(F.seen(.reading(55), F.temperature, after: 1), at: 1).map(\.because) == [
                "55 °C is above 50 °C."
            ])
    }

    @Test("A site's choice within the bounds counts, in conditions and in the sentence")
    func tuned() throws {
        let pack = try Self.composed(Self.tune("32"))
        #expect(Self.opens(pack, at: 31).isEmpty)
        #expect(Self.opens(pack, at: 32).map(\.because) == ["32 of at most 32."])
        #expect(pack.overlay.map(\.inactive) == [nil])
        #expect(pack.patterns.first { $0.id == "disk.test" }?.edition == "1 limit=32")
    }

    @Test(
        "At its bounds a choice counts; one past them, and what is none, has no effect and is told, and the pattern runs on"
    )
    func bounds() throws {
        for value in ["8", "64"] {
            #expect(try Self.composed(Self.tune(value)).overlay.first?.inactive == nil)
        }
        let told = [
            "7": "limit is 7, and the pattern allows 8 to 64", "65": "limit is 65, and the pattern allows 8 to 64",
            "8.5": "limit is a whole number, from 8 to 64", "1h": "limit is a number, such as 16",
            "many": "limit: many is neither a number nor a length of time",
        ]
        for (value, sentence) in told {
            let pack = try Self.composed(Self.tune(value))
            #expect(pack.overlay.first?.inactive?.description == sentence)
            #expect(Self.opens(pack, at: 16).count == 1, "\(value): the default counts")
        }
    }

    @Test("A bound that an update narrows, a parameter or a pattern that is gone: without effect, and told")
    func narrowed() throws {
        let narrow = Self.tunable(["tunable": ["limit": ["default": "16", "min": "8", "max": "24"]]])
        let pack = try Self.composed(Self.tune("32"), [narrow])
        #expect(pack.overlay.first?.inactive?.description == "limit is 32, and the pattern allows 8 to 24")
        #expect(Self.opens(pack, at: 16).count == 1)
        let plain = try Self.composed(Self.tune("32"), [F.pattern()])
        #expect(plain.overlay.first?.inactive?.description == "the pattern has no parameters")
        let gone = try Self.composed(Self.tune("32"), [F.pattern("disk.other")])
        #expect(gone.overlay.first?.inactive?.description == "no pattern is called so")
        #expect(gone.overlay.first?.inactive?.words(in: .german) == "kein Muster heißt so")
    }

    @Test(
        "A length of time is a parameter too, also where a function wants one, and a count where it wants a whole number"
    )
    func spans() throws {
        let pattern = F.pattern(
            "disk.test",
            [
                "engine_level": "5", "when": "serd(errors, n, span)",
                "tunable": [
                    "n": ["default": "3", "min": "1", "max": "10"],
                    "span": ["default": "10m", "min": "1m", "max": "1h"],
                ],
            ])
        func opens(_ overlay: [String: Any]) throws -> Bool {
            var patient = Patient(try Self.composed(overlay, [pattern]))
            _ = patient.show(F.seen(.event("a"), F.ioError, after: 1), at: 1)
            return !patient.show(F.seen(.event("b"), F.ioError, after: 61), at: 61).isEmpty
        }
        #expect(try !opens([:]))
        #expect(try opens(["tune": ["disk.test": ["n": "2", "because": "few"]]]))
        #expect(try opens(["tune": ["disk.test": ["n": "2", "span": "1m", "because": "both ends count"]]]))
        #expect(try opens(["tune": ["disk.test": ["n": "2", "span": "59s", "because": "below its bound"]]]))
        #expect(
            try Self.composed(["tune": ["disk.test": ["span": "2h", "because": "long"]]], [pattern]).overlay.first?
                .inactive?.description == "span is 2h, and the pattern allows 1m to 1h")
    }

    @Test("A parameter of another unit than what it is compared with is refused, and so is one that nothing uses")
    func files() throws {
        func problem(_ changes: [String: Any?]) -> String {
            Draft(changes).problem.map { "\($0)" } ?? ""
        }
        let sectors: [String: Any] = ["limit": ["default": "16", "min": "8", "max": "64"]]
        #expect(problem(["tunable": sectors, "when": "pending >= limit"]) == "")
        #expect(problem(["tunable": sectors]).contains("`limit` of `tunable` is never used"))
        let degrees: [String: Any] = ["limit": ["default": "16", "min": "8", "max": "64", "unit": "Cel"]]
        #expect(
            problem(["tunable": degrees, "when": "pending >= limit"]).contains("only values of one unit go together"))
        let furlongs: [String: Any] = ["limit": ["default": "16", "min": "8", "max": "64", "unit": "furlong"]]
        #expect(problem(["tunable": furlongs, "when": "pending >= limit"]).contains("no signal is in furlong"))
        for wrong in [
            ["default": "4", "min": "8", "max": "64"], ["default": "8", "min": "8", "max": "8"],
            ["default": "16", "min": "8"], ["default": "16", "min": "8", "max": "1h"],
            ["default": "sixteen", "min": "8", "max": "64"], ["default": "nan", "min": "8", "max": "64"],
        ] {
            #expect(problem(["tunable": ["limit": wrong], "when": "pending >= limit"]) != "", "\(wrong)")
        }
        #expect(problem(["tunable": ["pending": sectors["limit"] ?? ""]]).contains("is a name of `let` already"))
    }

    @Test("An expression has to fit wherever a site may put a parameter")
    func extremes() {
        let share: [String: Any] = ["q": ["default": "0.5", "min": "0", "max": "2"]]
        let when = "pending >= 16 and quantile_over_time(q, hw.temperature[1h]) > -300"
        let problem = Draft(["tunable": share, "when": when]).problem
        #expect(problem?.message == "with q = 2 of `tunable`: a quantile is a number from 0 to 1")
    }

    @Test("A pattern with parameters needs an engine of level 5")
    func level() throws {
        let draft = Draft([
            "tunable": ["limit": ["default": "16", "min": "8", "max": "64"]], "when": "pending >= limit",
        ])
        #expect(try PatternFile(reading: draft.tree).engineLevel == 5)
    }

    // MARK: What a site may do

    @Test("What is switched off does not run, and its faults end with the site's sentence")
    func disable() throws {
        let patterns = [Self.tunable(), F.pattern("disk.other", ["when": "reported > 1"])]
        var patient = Patient(try Self.composed([:], patterns))
        _ = patient.show(reported: 20, at: 1)
        let pack = try Self.composed(["disable": ["disk.test": "the shelf is known"]], patterns)
        #expect(pack.patterns.map(\.id) == ["disk.other"])
        #expect(pack.disabled.map(\.cause) == [.switchedOff] && pack.disabled.map(\.because) == ["the shelf is known"])
        #expect(
            try patient.diagnosis.adopt(pack, at: F.start + .seconds(2)).map(\.because) == [
                "The site has switched the pattern disk.test off: the shelf is known."
            ])
        #expect(patient.diagnosis.openFaults.map(\.pattern) == ["disk.other"])
    }

    @Test("What is on trial is shown and never more, in its variants too")
    func shadow() throws {
        let varied = Self.tunable([
            "variants": [["with": ["model": ["M"]], "status": "active", "when": "reported >= 2"]]
        ])
        let pack = try Self.composed(["shadow": ["disk.test": "for a month"]], [varied])
        #expect(pack.patterns.map(\.status) == [.shadow])
        #expect(Self.opens(pack, at: 16).map(\.fault.urgency) == [.inform])
        let again = try Self.composed(["shadow": ["disk.test": "for a month"]], [Self.tunable(["status": "shadow"])])
        #expect(again.overlay.first?.inactive?.description == "it is on trial anyway")
    }

    @Test("A pattern that the site adds runs beside the makers'; one whose name a maker takes later has no effect")
    func add() throws {
        let own = F.pattern("site.own", ["when": "reported > 2"])
        let pack = try Self.composed(["add": [own]])
        #expect(Self.opens(pack, at: 3).map(\.fault.pattern) == ["site.own"])
        let taken = try Self.composed(["add": [own]], [Self.tunable(), F.pattern("site.own")])
        #expect(taken.overlay.first?.inactive?.description == "a maker has a pattern of this name now")
        #expect(Self.opens(taken, at: 3).isEmpty)
        let unread = try Self.composed(["add": [F.pattern("site.own", ["when": "hw.quantum > 3"])]])
        #expect(unread.overlay.first?.inactive?.description.contains("cannot read it") == true)
        #expect(Self.opens(unread, at: 16).count == 1, "the makers' patterns run on")
    }

    @Test(
        "Anything else is refused by name",
        arguments: [
            (#"{"urgency": {"disk.test": "inform"}}"#, "an overlay cannot say `urgency`"),
            (
                #"{"tune": {"disk.test": {"when": ["pending > 1"], "because": "x"}}}"#,
                "`when` of a pattern cannot be changed"
            ),
            (#"{"tune": {"disk.test": {"limit": "3"}}}"#, "needs `because`"),
            (#"{"tune": {"disk.test": {"because": "x"}}}"#, "names 1 to 16 parameters"),
            (#"{"disable": ["disk.test"]}"#, "`disable` is a mapping"),
            (#"{"disable": {"disk.test": {"because": "x"}}}"#, "`disable` says of a pattern only why"),
            (#"{"disable": {"disk.test": " "}}"#, "is empty"),
            (#"{"disable": {"a.b": "x"}, "shadow": {"a.b": "y"}}"#, "a.b is switched off by `disable`"),
            (#"{"add": [{"id": "disk.test"}]}"#, "begins with site."), (#"{"add": [{}]}"#, "begins with site."),
            (#"{"add": [{"id": "site.a"}, {"id": "site.a"}]}"#, "two patterns are called site.a"),
            (#"{"format": "2"}"#, "of format 1"), ("[]", "an overlay is a mapping"), ("{", "is not JSON"),
        ])
    func refused(text: String, words: String) {
        #expect { _ = try PatternOverlay(json: Data(text.utf8)) } throws: { "\($0)".contains(words) }
    }

    @Test("At its limits an overlay is read, one past them it is refused")
    func limits() throws {
        func overlay(_ count: Int) -> Data {
            let entries = (0..<count).map { "\"a.p\($0)\": \"why\"" }.joined(separator: ", ")
            return Data("{\"disable\": {\(entries)}}".utf8)
        }
        _ = try PatternOverlay(json: overlay(PatternLimits.overlayEntries))
        #expect(throws: PatternProblem.self) { try PatternOverlay(json: overlay(PatternLimits.overlayEntries + 1)) }
        let large = Data(repeating: UInt8(ascii: " "), count: PatternLimits.overlayBytes + 1)
        #expect { _ = try PatternOverlay(json: large) } throws: { "\($0)".contains("the limit is") }
        let deep = Data(String(repeating: "[", count: 100_000).utf8)
        #expect { _ = try PatternOverlay(json: deep) } throws: { "\($0)".contains("nests more than") }
        let long = String(repeating: "x", count: PatternLimits.reasonCharacters + 1)
        #expect(throws: PatternProblem.self) {
            try PatternOverlay(json: Data(#"{"disable": {"a.b": "\#(long)"}}"#.utf8))
        }
    }

    @Test("Withdrawn patterns cannot be changed by the site, and that is told")
    func withdrawn() throws {
        let overlay = try PatternOverlay(
            json: Data(#"{"disable": {"disk.other": "x"}, "tune": {"disk.test": {"limit": 20, "because": "y"}}}"#.utf8))
        let pack = try PatternComposition(
            [
                PatternComposition.Member(
                    name: "vendor",
                    packs: [F.json([Self.tunable(), F.pattern("disk.other"), F.pattern("disk.third")])],
                    withdrawals: ["disk.test": "wrong", "disk.other": "wrong too"])
            ], overlay: overlay
        ).pack
        #expect(
            pack.overlay.map(\.inactive?.description) == [
                "its maker has withdrawn it: wrong too", "its maker has withdrawn it: wrong",
            ])
        #expect(pack.patterns.map(\.id) == ["disk.third"])
    }
}
