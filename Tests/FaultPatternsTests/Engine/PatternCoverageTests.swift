import FaultPatterns
import Foundation
import Reports
import Testing

@Suite("What a pattern can see")
struct PatternCoverageTests {
    private typealias F = Fixtures

    private func missing(_ condition: String, receivesEvents: Bool = false, after observations: Observation...) throws
        -> [Signal]
    {
        var patient = Patient(try F.pack(F.pattern("disk.test", ["when": condition])))
        _ = patient.diagnosis.observe(observations, at: F.start + .seconds(1))
        let coverage = try #require(patient.diagnosis.patternCoverage(receivesEvents: { _ in receivesEvents }).first)
        #expect(coverage.pattern == "disk.test")
        #expect(coverage.component == F.disk)
        return coverage.missing.map(\.signal)
    }

    @Test("Of terms that must all hold, each one that is not told is missing")
    func all() throws {
        let both = "pending >= 16 and temperature > 50"
        #expect(try missing(both) == [F.pending, F.temperature].sorted { $0.description < $1.description })
        #expect(try missing(both, after: F.counter(0, after: 1)) == [F.temperature])
    }

    @Test("Of terms that are alternatives, one that is told is enough")
    func alternatives() throws {
        #expect(try missing("pending >= 16 or reported >= 1", after: F.counter(0, after: 1)).isEmpty)
        #expect(try missing("increase(pending[7d]) > 0", after: F.counter(0, after: 1)).isEmpty)
        #expect(try missing("increase(pending[7d]) > 0") == [F.pending])
    }

    @Test("What cannot be read is missing, with the reason that was given")
    func unavailable() throws {
        var patient = Patient(try F.pack(F.pattern()))
        _ = patient.show(F.seen(.unavailable(.denied), F.pending, after: 1), at: 1)
        let coverage = try #require(patient.diagnosis.patternCoverage(receivesEvents: { _ in true }).first)
        #expect(coverage.missing == [PatternCoverage.Missing(signal: F.pending, kind: .disk, because: .denied)])
    }

    @Test("A disk that sleeps is still seen: its last reading holds until it is awake")
    func asleep() throws {
        let slept = F.seen(.unavailable(.asleep), F.pending, after: 1)
        #expect(try missing("pending >= 16", after: slept) == [F.pending], "never read before")
        #expect(
            try missing("pending >= 16", after: F.counter(0, after: 0), slept).isEmpty, "read before it fell asleep")
    }

    @Test("Events are seen where some source of them is heard, though none has come")
    func events() throws {
        #expect(try missing("serd(errors, 1, 1d)", receivesEvents: true).isEmpty)
        #expect(try missing("serd(errors, 1, 1d)", receivesEvents: false) == [F.ioError])
    }

    @Test("Who hears events is asked with the labels that tell them apart, and whether one that tells them has come")
    func labelsOfEvents() throws {
        func asked(_ condition: String, after labels: [String: String]? = nil) throws -> AwaitedEvent? {
            let dimm = ComponentID(.dimm, "A1")
            var diagnosis = Diagnosis(
                patterns: try F.pack(
                    F.pattern("memory.test", ["applies_to": ["component": "dimm"], "let": nil, "when": condition])))
            _ = diagnosis.know([Component(id: dimm, kind: .dimm, name: "A1")], at: F.start)
            if let labels {
                let cell = Observation(
                    component: dimm, signal: Signal("hw.memory.cell_error", labels), measurement: .event("e"),
                    time: F.start)
                _ = diagnosis.observe([cell], at: F.start)
            }
            var asked: AwaitedEvent?
            let coverage = diagnosis.patternCoverage {
                asked = $0
                return false
            }
            #expect(coverage.first?.missing.first?.labels == asked?.labels)
            return asked
        }
        let whole = ["bank": "1", "row": "2", "column": "3", "device": "4"]
        let row = try asked("serd_by(\"bank,row\", hw.memory.cell_error, 50, 1d)")
        #expect(row?.labels == ["bank", "row"] && row?.hasCome == false && row?.kind == .dimm)
        #expect(try asked("serd_by(\"bank,row\", hw.memory.cell_error, 50, 1d)", after: whole)?.hasCome == true)
        let chips = "distinct(\"device\", hw.memory.cell_error, 1d) >= 2"
        #expect(try asked(chips)?.labels == ["device"])
        #expect(try asked(chips, after: whole)?.hasCome == true)
        #expect(try asked(chips, after: whole.merging(["device": "unknown"]) { $1 })?.hasCome == false)
        #expect(try asked("serd(hw.memory.cell_error, 50, 1d)", after: whole)?.labels == [])
    }

    /// What a pattern of the chassis lacks that looks for faults of its disk, of which `observations` come.
    private func lackingAbove(_ condition: String, after observations: Observation...) throws -> [PatternCoverage
        .Missing]
    {
        var patient = Patient(
            try F.pack(
                F.pattern("disk.pending", ["when": "pending >= 16"]),
                F.pattern("disk.hot", ["when": "temperature > 50"]),
                F.pattern("fan.gone", ["applies_to": ["component": "fan"], "let": nil, "when": "hw.fan.speed < 100"]),
                F.pattern("chassis.sick", ["applies_to": ["component": "chassis"], "let": nil, "when": condition])))
        let chassis = Component(id: ComponentID(.chassis, "1"), kind: .chassis, name: "chassis")
        _ = patient.diagnosis.know([F.component(), chassis], at: F.start)
        _ = patient.diagnosis.observe(observations, at: F.start + .seconds(1))
        let patternCoverage = patient.diagnosis.patternCoverage(receivesEvents: { _ in false })
        return try #require(patternCoverage.first { $0.pattern == "chassis.sick" }).missing
    }

    @Test("Who looks for faults of others lacks what the patterns lack that tell of them")
    func inherited() throws {
        let pending = [PatternCoverage.Missing(signal: F.pending, kind: .disk, because: nil)]
        #expect(try lackingAbove("active(\"disk.pending\", under self) >= 1") == pending)
        #expect(
            try lackingAbove("active(\"disk.pending\", under self) >= 1", after: F.counter(0, after: 1)).isEmpty)
    }

    @Test(
        "Of several kinds of faults that count, one that would be seen is enough",
        arguments: [
            "active(\"disk.pending\", under self) + active(\"disk.hot\", under self) >= 2",
            "max(active(\"disk.pending\", under self), active(\"disk.hot\", under self)) >= 2",
            "count(active(\"disk.pending\", under self) >= 1, active(\"disk.hot\", under self) >= 1) >= 1",
            "active(\"disk.*\", under self) >= 1",
        ])
    func oneOfSeveral(condition: String) throws {
        #expect(try lackingAbove(condition, after: F.counter(0, after: 1)).isEmpty)
        #expect(try lackingAbove(condition).map(\.signal) == [F.temperature, F.pending].sorted { "\($0)" < "\($1)" })
    }

    @Test("Faults that are to be few need nobody who sees them")
    func few() throws {
        let condition = "active(\"disk.pending\", under self) >= 1 and active(\"disk.hot\", under self) < 1"
        #expect(try lackingAbove(condition, after: F.counter(0, after: 1)).isEmpty)
    }

    @Test("Where no part is that could have such a fault, the patterns that tell of it are named")
    func nobody() throws {
        let missing = try lackingAbove("active(\"fan.gone\", under self) >= 1")
        #expect(missing.map(\.patterns) == [["fan.gone"]])
    }

    @Test("Patterns on trial are no promise: nothing is said of them")
    func shadow() throws {
        let patient = Patient(try F.pack(F.pattern("disk.test", ["status": "shadow"])))
        #expect(patient.diagnosis.patternCoverage(receivesEvents: { _ in true }).isEmpty)
    }
}
