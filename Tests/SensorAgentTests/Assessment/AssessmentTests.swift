import FaultPatterns
import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("What is said of one look")
struct AssessmentTests {
    private static let start = Timestamp(seconds: 1_795_953_600)
    private static let disk = Component(id: ComponentID(.disk, "wwn-1"), kind: .disk, name: "/dev/sda")
    private static let errors = Signal("hw.physical_disk.media_errors")
    private static let temperature = Signal("hw.temperature")
    private static let timeout = Signal("hw.physical_disk.command_timeout")

    private typealias Looks = [(probe: String, outcome: Result<ProbeResult, ProbeError>)]

    private static func pack(_ conditions: (id: String, when: String, wait: String?)...) throws -> PatternPack {
        let text = ["title": "It breaks", "description": "d", "impact": "i", "action": "a"]
        let patterns = conditions.map { condition -> [String: Any] in
            var pattern: [String: Any] = [
                "id": condition.id, "revision": "1", "status": "active", "evidence": "B",
                "applies_to": ["component": "disk"], "when": condition.when, "urgency": "plan",
                "suspects": [["part": "self", "certainty": "0.9"]], "action": "replace-planned",
                "provenance": "vendor's rule", "sources": ["a test"],
                "text": ["en": text, "de": text.merging(["title": "Es geht kaputt"]) { _, new in new }],
            ]
            pattern["for"] = condition.wait
            return pattern
        }
        let pack: [String: Any] = ["format": 1, "engine_level": 1, "version": "0.1.0", "patterns": patterns]
        return try PatternPack(json: JSONSerialization.data(withJSONObject: pack))
    }

    private static func look(_ told: (Signal, Reports.Measurement)..., before: Duration = .zero) -> Looks {
        let observations = told.map { signal, measurement in
            Observation(component: disk.id, signal: signal, measurement: measurement, time: start - before)
        }
        return [("made-up", .success(ProbeResult(components: [disk], observations: observations)))]
    }

    private static func said(_ assessment: Assessment) -> [String] {
        assessment.changes.map { "\($0.change.rawValue) \($0.fault.pattern) at \($0.after.inSeconds) by \($0.looks)" }
    }

    @Test("What needs no time opens at once; what waits for readings or time opens later, and when is told")
    func times() throws {
        let pack = try Self.pack(
            ("a.now", "hw.physical_disk.media_errors > 2", nil),
            ("b.readings", "hw.physical_disk.media_errors > 2", "3 samples"),
            ("c.time", "hw.temperature > 60", "10m"), ("d.long", "hw.temperature > 60", "13h"))
        let look = Self.look((Self.errors, .counter(3)), (Self.temperature, .reading(61)))
        let assessment = Assessment(of: look, at: Self.start, by: pack)
        #expect(
            Self.said(assessment) == [
                "opened a.now at 0.0 by 1", "opened b.readings at 120.0 by 3", "opened c.time at 600.0 by 11",
            ])
        #expect(assessment.atOnce.map(\.fault.pattern) == ["a.now"])
        let waiting = try #require(assessment.near.first)
        #expect(assessment.near.count == 1)
        #expect(waiting.pattern == "d.long" && waiting.since == Self.start)
        #expect(waiting.lacks == ["for 13 h"])
        let longer = Assessment(
            of: look, at: Self.start, by: pack,
            over: Assessment.Horizon(every: .seconds(3600), length: .seconds(50_000)))
        #expect(Self.said(longer).contains("opened d.long at 46800.0 by 14"))
    }

    @Test("Events are told once, however often it looks; a reading that is older than the look is told once too")
    func once() throws {
        let pack = try Self.pack(
            ("a.twice", "serd(hw.physical_disk.command_timeout, 2, 24h)", nil),
            ("b.readings", "hw.physical_disk.media_errors > 2", "2 samples"))
        let events = Self.look((Self.timeout, .event("time-out")), (Self.errors, .counter(3)))
        let assessment = Assessment(of: events, at: Self.start, by: pack)
        #expect(Self.said(assessment) == ["opened b.readings at 60.0 by 2"])
        #expect(assessment.near.map(\.pattern) == ["a.twice"])
        let old = Assessment(of: Self.look((Self.errors, .counter(3)), before: .seconds(60)), at: Self.start, by: pack)
        #expect(Self.said(old) == [])
    }

    @Test("Of two values of one time, the one that the probe reports first counts, as in the agent")
    func order() throws {
        let pack = try Self.pack(("a.now", "hw.physical_disk.media_errors > 2", nil))
        let well = Self.look((Self.errors, .counter(1)), (Self.errors, .counter(3)))
        #expect(Self.said(Assessment(of: well, at: Self.start, by: pack)) == [])
        let ill = Self.look((Self.errors, .counter(3)), (Self.errors, .counter(1)))
        #expect(Self.said(Assessment(of: ill, at: Self.start, by: pack)) == ["opened a.now at 0.0 by 1"])
    }

    @Test("Near is what has happened in part, is close to its limit or has not grown; what is far or not told is not")
    func near() throws {
        let pack = try Self.pack(
            ("a.grows", "increase(hw.physical_disk.media_errors[7d]) >= 1", nil),
            ("b.close", "hw.temperature > 60", nil), ("c.far", "hw.temperature > 90", nil),
            ("d.untold", "hw.physical_disk.grown_defects > 0", nil),
            ("e.both", "hw.temperature > 60 and hw.physical_disk.media_errors > 2", nil),
            ("f.one", "hw.temperature > 90 and hw.physical_disk.media_errors > 2", nil),
            ("g.either", "hw.temperature > 90 or hw.temperature > 59", nil))
        let look = Self.look((Self.errors, .counter(3)), (Self.temperature, .reading(58)))
        let near = Assessment(of: look, at: Self.start, by: pack).near
        #expect(near.map(\.pattern) == ["a.grows", "b.close", "e.both", "g.either"])
        let both = try #require(near.first { $0.pattern == "e.both" })
        #expect(both.holds == ["physical disk media errors is 3 errors (more than 2 errors)"])
        #expect(both.lacks == ["temperature is 58 °C (wanted: more than 60 °C)"])
        #expect(near.last?.lacks == ["temperature is 58 °C (wanted: more than 59 °C)"])
        #expect(near.first?.lacks.count == 1)
    }

    @Test("A disk that says nothing is near nothing")
    func silent() throws {
        let pack = try Self.pack(("a.grows", "increase(hw.physical_disk.media_errors[7d]) >= 1", nil))
        #expect(Assessment(of: Self.look(), at: Self.start, by: pack).near.isEmpty)
        #expect(Assessment(of: Self.look((Self.errors, .counter(0))), at: Self.start, by: pack).near.isEmpty)
        #expect(
            Assessment(of: Self.look((Self.errors, .unavailable(.notSupported))), at: Self.start, by: pack).near.isEmpty
        )
    }

    @Test("It exits with 0 where there is no fault, with 1 where one opens, and as the probe where it could not look")
    func exitCodes() throws {
        let pack = try Self.pack(("a.now", "hw.physical_disk.media_errors > 2", "2 samples"))
        #expect(Assessment(of: Self.look((Self.errors, .counter(2))), at: Self.start, by: pack).exitCode == 0)
        #expect(Assessment(of: Self.look((Self.errors, .counter(3))), at: Self.start, by: pack).exitCode == 1)
        let refused: Looks = [("made-up", .failure(.malformed(path: "disk.json", problem: "torn")))]
        let assessment = Assessment(of: refused, at: Self.start, by: pack)
        #expect(assessment.exitCode == 65)
        let text = assessment.text(in: .english)
        #expect(text.contains("made-up: failing: disk.json: torn") && text.contains("nothing is judged"))
        #expect(!text.contains("No fault opens"), "what could not be read is not well")
    }

    @Test("The text says what is read, what opens and when, who is to blame and what is wanting, in both languages")
    func words() throws {
        let pack = try Self.pack(
            ("a.now", "hw.physical_disk.media_errors > 2", nil), ("b.time", "hw.physical_disk.media_errors > 2", "2h"),
            ("c.close", "hw.temperature > 60", nil))
        let look = Self.look((Self.errors, .counter(3)), (Self.temperature, .reading(58)))
        let assessment = Assessment(of: look, at: Self.start, by: pack)
        let english = assessment.text(in: .english)
        for words in [
            "hw.physical_disk.media_errors = 3", "Opens at once:", "plan  a.now  disk:wwn-1 (/dev/sda)", "It breaks",
            "to blame: /dev/sda (90 %)", "If it stayed so for 12 h, looked at every 1 min:",
            "plan after 2 h (look 121)  b.time", "c.close", "wanting: temperature is 58 °C (wanted: more than 60 °C)",
        ] {
            #expect(english.contains(words), "\(words) is not in:\n\(english)")
        }
        let german = assessment.text(in: .german)
        for words in [
            "Öffnet sofort:", "Es geht kaputt", "wohl schuld: /dev/sda (90 %)", "nach 2 h (Blick 121)", "fehlt: ",
        ] {
            #expect(german.contains(words), "\(words) is not in:\n\(german)")
        }
    }

    @Test("Entries of long before the look come with the time that judges them as they were")
    func oldEntries() throws {
        let pack = try Self.pack(("a.once", "serd(hw.physical_disk.command_timeout, 1, 1h)", nil))
        let look = Self.look((Self.timeout, .event("time-out")), before: .seconds(86_400))
        let text = Assessment(of: look, at: Self.start, by: pack).text(in: .english)
        #expect(text.contains("--at 2026-11-28T12:00:00Z"))
        #expect(
            !Assessment(of: Self.look((Self.timeout, .event("now"))), at: Self.start, by: pack).text(in: .english)
                .contains("--at"))
    }
}
