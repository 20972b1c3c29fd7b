import FaultPatterns
import Foundation
import Reports
import TestSupport
import Testing

@Suite("Pattern packs")
struct PatternPackTests {
    private typealias F = Fixtures

    private static func refusal(_ patterns: [[String: Any]], _ changes: [String: Any] = [:]) -> String {
        do {
            _ = try PatternPack(json: F.json(patterns, changes))
            return ""
        } catch { return "\(error)" }
    }

    @Test("A pack keeps the order of its patterns, and its identity is the hash of its bytes")
    func read() throws {
        let bytes = F.json([F.pattern("disk.b"), F.pattern("disk.a")])
        let pack = try PatternPack(json: bytes)
        #expect(pack.patterns.map(\.id) == ["disk.b", "disk.a"])
        #expect(pack.contentHash == ContentHash.sha256(bytes))
        #expect(pack.identity == "0.1.0 sha256:\(pack.contentHash.prefix(12))")
    }

    @Test("Another content is another identity")
    func identity() throws {
        #expect(try F.pack(F.pattern()).identity != F.pack(F.pattern("disk.test", ["when": "pending >= 17"])).identity)
    }

    @Test("A pattern that needs a newer engine is skipped by itself, and says so")
    func newerEngine() throws {
        let future = F.pattern("disk.future", ["engine_level": "7", "when": "oracle(rul) > 0.9"])
        let pack = try F.pack(F.pattern(), future)
        #expect(pack.patterns.map(\.id) == ["disk.test"])
        #expect(pack.skipped.map(\.id) == ["disk.future"])
        #expect(pack.skipped.first?.because == "needs engine level 7; this program has 6")
    }

    @Test(
        "A pattern of a later release, in words that came after this program, is skipped by itself: the others work",
        arguments: [
            ["when": "hw.quantum.coherence < 3"],
            ["applies_to": ["component": ["flux-capacitor"]], "when": "hw.flux > 3"],
            ["when": "entropy_over_time(pending[24h]) > 3"],
            ["when": "hw.temperature.limit{limit_type=\"high.sublime\"} > 3"],
            ["urgency": [["is": "yesterday"]]],
        ] as [[String: any Sendable]])
    func newerWords(changes: [String: any Sendable]) throws {
        let pack = try F.pack(F.pattern("disk.future", changes), F.pattern(), F.pattern("disk.last"))
        #expect(pack.patterns.map(\.id) == ["disk.test", "disk.last"])
        let skipped = try #require(pack.skipped.first)
        #expect(skipped.id == "disk.future" && skipped.isActive && skipped.titles["de"] == "t")
        #expect(skipped.because.hasPrefix("this program, \(CallhomeVersion.current), cannot read it: "))
        // Numbers of signals and memories that a half-read pattern has taken lead nobody astray.
        var diagnosis = Diagnosis(patterns: pack)
        _ = diagnosis.know([F.component()], at: F.start)
        let changes = diagnosis.observe([F.counter(40, after: 60)], at: F.start + .seconds(60))
        #expect(Set(changes.map(\.fault.pattern)) == ["disk.test", "disk.last"])
    }

    @Test("Where no pattern can be read, the pack is refused: nothing would be watched")
    func nothingReadable() {
        #expect(Self.refusal([F.pattern("disk.future", ["when": "hw.quantum.coherence < 3"])]).contains("hw.quantum"))
    }

    @Test("Unknown fields of a newer build harm nothing")
    func unknownFields() throws {
        let pack = try F.pack(F.pattern("disk.test", ["explains": ["fs.io-error"], "weight": 3.5, "flag": true]))
        #expect(pack.patterns.count == 1)
    }

    @Test("A pack of another format is refused")
    func format() {
        #expect(Self.refusal([F.pattern()], ["format": 2]).contains("has format 2, this program reads 1"))
    }

    @Test(
        "What is not a pack is refused with a reason",
        arguments: ["", "{", "[]", "null", "\u{0}\u{1}", "{\"format\":1}", "{\"format\":\"x\"}", "\"pack\""])
    func garbage(text: String) {
        #expect {
            _ = try PatternPack(json: Data(text.utf8))
        } throws: { "\($0)".contains("cannot be read") }
    }

    @Test("A pack that nests a hundred thousand deep is refused before a parser recurses into it")
    func deep() {
        let bomb = Data(String(repeating: "[", count: 100_000).utf8)
        #expect { _ = try PatternPack(json: bomb) } throws: { "\($0)".contains("nests more than") }
    }

    @Test("A pack one byte over the limit is refused")
    func large() {
        let bytes = Data(repeating: UInt8(ascii: " "), count: PatternLimits.packBytes + 1)
        #expect { _ = try PatternPack(json: bytes) } throws: {
            $0 as? PatternPackError == .tooLarge(bytes: bytes.count)
        }
    }

    @Test("One pattern too many is refused, at the limit they are taken")
    func many() throws {
        let patterns = (0...PatternLimits.patterns).map {
            F.pattern("disk.p\($0)", ["let": nil, "when": "hw.temperature > \($0)"])
        }
        #expect(Self.refusal(patterns).contains("has 20001 patterns"))
        #expect(try PatternPack(json: F.json(patterns.dropLast())).patterns.count == 20_000)
    }

    @Test("Two patterns of one name are refused")
    func duplicate() {
        #expect(Self.refusal([F.pattern(), F.pattern()]).contains("two patterns are called disk.test"))
    }

    @Test(
        "Expressions that do not fit are refused, and the refusal says the mend",
        arguments: [
            ("pendng >= 16", "`pendng` is not defined; `let` defines errors, health, pending"),
            ("pending", "a number stands where a condition is expected; compare it with a limit: x >= 16"),
            ("health", "a state stands where a condition is expected; compare it with one of its words in quotes"),
            ("errors", "an event stands where a condition is expected; say how many within what time"),
            ("pending >= 16 && temperature > 5", "`&` means nothing here; write `and`"),
            ("temperature > 60C", "60C is neither a number nor a length of time such as 30s"),
            ("health + 1 > 2", "a state stands where a number is expected; a state is compared with one of its words"),
            ("pending = 16", "`=` means nothing here; equality is written =="),
            ("pending >= 16 pending", "join conditions with `and` or `or`"),
            ("pending >= ", "the end stands where a value is expected"),
            ("1 < pending < 5", "comparisons do not chain; write `a < b and b < c`"),
            (
                "temperature > pending",
                "temperature is in degrees Celsius (Cel) and pending has no unit, so that they cannot be compared; only "
                    + "values of one unit go together: take a plain number"
            ),
            (
                "temperature > 5m",
                "temperature is in degrees Celsius (Cel) and 5 min is in seconds (s), so that they cannot be compared; "
                    + "write a plain number, which is taken in degrees Celsius; how long a condition must hold stands"
            ),
            (
                "hw.physical_disk.power_on_time > 30d",
                "power on time is in hours (h) and 30 days is in seconds (s), so that they cannot be compared; write 720"
            ),
            ("temperature + known_for(pending) > 3", "is in seconds (s), so that they cannot be added; only values"),
            ("health > \"failed\"", "a state is compared with == or !=, not with >: states have no order"),
            ("health == 1", "a state cannot be compared with a number; compare it with one of its words in quotes"),
            ("hw.voltag > 1", "no signal is called hw.voltag; perhaps hw.voltage"),
            ("hw.fan.speed > 1", "hw.fan.speed is not a signal of a disk, only of: fan"),
            ("hw.physical_disk.smart > 1", "needs the label attribute"),
            ("hw.temperature.limit{limit_type=\"huge\"} > 1", "the label is one of low.emergency"),
            ("hw.temperature{", "the labels of hw.temperature{ do not end"),
            ("increase(pending) > 1", "increase is written increase(x[24h])"),
            ("increase(temperature[1h]) > 1", "increase is for counters; hw.temperature is a gauge"),
            ("increase(pending[0s]) > 1", "0s is neither a number nor a length of time"),
            ("increase(pending[500d]) > 1", "500d is neither a number nor a length of time"),
            ("pending[1h] > 1", "a window stands only in a function"),
            ("serd(pending, 3, 10m)", "serd counts events; hw.physical_disk.smart is a counter"),
            ("serd(errors, 0, 10m)", "serd counts from 1 to 1000 events"),
            ("serd(errors, 100000, 10m)", "serd counts from 1 to 1000 events"),
            ("predict(pending) > 1", "no function is called `predict`; perhaps predict_linear"),
            ("levels(pending) > 1", "no function is called `levels`; there are above, abs, absent_over_time"),
            ("true", "`when` looks at no signal"),
            ("\"never ends", "the text does not end"),
            ("pending >= 16 and (temperature > 5", "`)` is missing before the end"),
        ])
    func expressions(text: String, words: String) {
        let refusal = Self.refusal([F.pattern("disk.test", ["when": text])])
        #expect(refusal.contains(words), "\(refusal)")
        #expect(refusal.contains("pattern disk.test"))
    }

    @Test(
        "Expressions made to exhaust the machine are refused",
        arguments: [
            String(repeating: "(", count: 1_000) + "pending > 1" + String(repeating: ")", count: 1_000),
            String(repeating: "not ", count: 400) + "pending > 1",
            String(repeating: "-", count: 1_500) + "pending > 1",
            "pending > 1" + String(repeating: " or pending > 1", count: 500),
        ])
    func hostileExpressions(text: String) {
        #expect(!Self.refusal([F.pattern("disk.test", ["when": text])]).isEmpty)
    }

    @Test("Definitions that double each other thirty times are refused, and so are those in a circle")
    func doubling() {
        var definitions = ["a0": "hw.temperature + hw.temperature"]
        for index in 1..<30 { definitions["a\(index)"] = "a\(index - 1) + a\(index - 1)" }
        #expect(
            Self.refusal([F.pattern("disk.test", ["let": definitions, "when": "a29 > 1"])]).contains(
                "more than 500 steps"))
        let circle = ["a": "b + 1", "b": "a + 1"]
        #expect(
            Self.refusal([F.pattern("disk.test", ["let": circle, "when": "a > 1"])]).contains("a, b use each other"))
        #expect(
            Self.refusal([F.pattern("disk.test", ["let": ["a": "a + 1"], "when": "a > 1"])]).contains(
                "the definition a uses itself"))
    }

    @Test(
        "Fields that do not fit are refused, and the refusal says the mend",
        arguments: [
            ("id", "Disk Failing", "`id` is lower-case words with dots"),
            ("revision", "0", "`revision` is a whole number from 1"),
            ("status", "on", "`status` is one of draft, shadow, active, retired"),
            ("evidence", "C", "rests on an estimate (evidence C), so its `status` is shadow"),
            ("urgency", "panic", "`urgency` is one of inform, watch, plan, order"),
            ("for", "two samples", "is written `2 samples`"),
            ("action", "", "`action` is empty"), ("because", "{nothing} is wrong", "`because` names {nothing}"),
            ("because", "{pending", "has a { without its }"),
        ])
    func fields(key: String, value: String, words: String) {
        let refusal = Self.refusal([F.pattern("disk.test", [key: value])])
        #expect(refusal.contains(words), "\(refusal)")
    }

    @Test("Certainties may add up to one and not to more")
    func certainties() throws {
        func suspects(_ shares: String...) -> [[String: String]] {
            zip(["self", "cable", "psu"], shares).map { ["part": $0, "certainty": $1] }
        }
        _ = try F.pack(F.pattern("disk.test", ["suspects": suspects("0.9", "0.1")]))
        #expect(
            Self.refusal([F.pattern("disk.test", ["suspects": suspects("0.9", "0.2")])]).contains(
                "add up to 1.1; the most is 1"))
    }

    @Test("A text is needed in English and in German")
    func languages() {
        let english = ["en": ["title": "t", "description": "d", "impact": "i", "action": "a"]]
        #expect(Self.refusal([F.pattern("disk.test", ["text": english])]).contains("`text` needs the language `de`"))
    }

    @Test("Every field may be of any wrong shape: a reason, never a crash")
    func shapes() {
        for key in F.pattern().keys {
            for value: Any in ["", "x", ["x"], ["a": "b"], [["a": [["b"]]]], [Any](), 5, true, NSNull()] {
                _ = Self.refusal([F.pattern("disk.test", [key: value])])
            }
            #expect(!Self.refusal([F.pattern("disk.test", [key: [["x": ["y"]]]])]).isEmpty)
        }
    }

    @Test("A pack with any of its bytes changed is read or refused, never a crash")
    func flips() throws {
        let bytes = F.json([F.pattern("disk.test", ["when": "increase(pending[24h]) >= 4 and not serd(errors, 3, 1h)"])]
        )
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix(seed: seed)
        var refused = 0
        for _ in 0..<2_000 {
            var broken = bytes
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                broken[Int.random(in: 0..<broken.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            do { _ = try PatternPack(json: broken) } catch {
                refused += 1
                #expect(!"\(error)".isEmpty, "seed \(seed)")
            }
        }
        #expect(refused > 0, "seed \(seed)")
    }
}
