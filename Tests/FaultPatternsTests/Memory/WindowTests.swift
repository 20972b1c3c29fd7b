import FaultPatterns
import Foundation
import Reports
import Testing

@Suite("Windows")
struct WindowTests {
    private typealias F = Fixtures

    private static func patient(_ condition: String, _ changes: [String: Any?] = [:]) throws -> Patient {
        Patient(try F.pack(F.pattern("disk.test", changes.merging(["when": condition]) { first, _ in first })))
    }

    @Test("The first reading of a counter is a baseline, never an increase")
    func baseline() throws {
        var patient = try Self.patient("increase(pending[24h]) >= 1")
        #expect(patient.show(pending: 5_000, at: 1).isEmpty)
        #expect(patient.show(pending: 5_000, at: 2).isEmpty)
        #expect(patient.show(pending: 5_001, at: 3).map(\.kind) == [.opened])
    }

    @Test("A volatile counter that falls was reset and counts from zero")
    func reset() throws {
        let timeouts = Signal("hw.physical_disk.timeouts")
        var patient = Patient(
            try F.pack(
                F.pattern(
                    "disk.test", ["let": ["timeouts": timeouts.description], "when": "increase(timeouts[24h]) >= 5"])))
        _ = patient.show(F.counter(100, timeouts, after: 1), at: 1)
        #expect(patient.show(F.counter(4, timeouts, after: 2), at: 2).isEmpty)
        #expect(patient.show(F.counter(5, timeouts, after: 3), at: 3).map(\.kind) == [.opened])
    }

    @Test("A persistent counter that falls counts nothing, also in a bucket, and the evidence says that it fell")
    func persistent() throws {
        for condition in ["increase(reported[24h]) >= 5", "bucket(reported, 5, 24h)", "rate(reported[24h]) > 0.0001"] {
            var patient = try Self.patient("\(condition) or pending >= 16")
            _ = patient.show(reported: 2_000, at: 1)
            #expect(patient.show(reported: 1_999, at: 2).isEmpty, "\(condition)")
            let opened = try #require(patient.show(pending: 20, at: 3).first, "\(condition)")
            let evidence = try #require(opened.fault.evidence.first { $0.signal == F.reported })
            #expect(evidence.value.contains("1999"), "\(condition)")
            if condition.hasPrefix("bucket") { continue }
            #expect(evidence.value.contains("(fell from 2000"), "\(evidence.value)")
            #expect(evidence.value.hasSuffix("on 2026-01-01: taken for a reset, which counts nothing)"))
        }
    }

    @Test("A counter of 32 bits that wraps goes on counting")
    func wrap() throws {
        var patient = try Self.patient("increase(reported[24h]) >= 10")
        _ = patient.show(reported: UInt64(UInt32.max) - 4, at: 1)
        #expect(patient.show(reported: 4, at: 2).isEmpty)
        #expect(patient.show(reported: 5, at: 3).map(\.kind) == [.opened])
    }

    @Test("A counter at the top of 64 bits is no trap")
    func top() throws {
        var patient = try Self.patient("increase(reported[24h]) >= 1")
        _ = patient.show(reported: 0, at: 1)
        #expect(patient.show(reported: .max, at: 2).map(\.kind) == [.opened])
        #expect(patient.show(reported: 0, at: 3).isEmpty)
    }

    @Test("An increase ends when the window has passed, and not before the window was watched whole")
    func window() throws {
        var patient = try Self.patient("increase(pending[1h]) >= 3")
        _ = patient.show(pending: 0, at: 0)
        #expect(patient.show(pending: 3, at: 60).map(\.kind) == [.opened])
        #expect(patient.show(pending: 3, at: 3_599).isEmpty)
        #expect(patient.show(pending: 3, at: 3_660).map(\.kind) == [.cleared])
    }

    @Test("A rise during a gap longer than the window may lie outside it: it does not fire")
    func gap() throws {
        var patient = try Self.patient("increase(pending[1h]) >= 3")
        _ = patient.show(pending: 0, at: 0)
        #expect(patient.show(pending: 100, at: 7_200).isEmpty)
        #expect(patient.show(pending: 103, at: 7_260).map(\.kind) == [.opened])
    }

    @Test("While a counter cannot be read, its increase fires nothing and clears nothing")
    func blind() throws {
        var patient = try Self.patient("increase(pending[1h]) >= 3")
        _ = patient.show(pending: 0, at: 0)
        #expect(patient.show(pending: 3, at: 60).map(\.kind) == [.opened])
        #expect(patient.show(F.seen(.unavailable(.asleep), F.pending, after: 4_000), at: 4_000).isEmpty)
        #expect(patient.diagnosis.openFaults.count == 1)
        #expect(patient.show(pending: 3, at: 4_100).map(\.kind) == [.cleared])
    }

    @Test("However many rises, what is remembered of a window stays small and adds up")
    func bounded() throws {
        var patient = try Self.patient("increase(pending[1h]) >= 2000")
        for second in 0..<3_000 { #expect(patient.show(pending: UInt64(second / 2), at: Int64(second)).isEmpty) }
        let state = try #require(patient.diagnosis.takeChanges(windows: true).first)
        #expect((state.windows?.count ?? .max) < 16_000)
        #expect(patient.show(pending: 2_000, at: 3_001).map(\.kind) == [.opened])
    }

    @Test("Highest and lowest of a window hold as long as they lie in it")
    func extremes() throws {
        var patient = try Self.patient(
            "max_over_time(temperature[10m]) >= 60", ["clear": "max_over_time(temperature[10m]) < 60"])
        #expect(patient.show(F.seen(.reading(61), F.temperature, after: 0), at: 0).map(\.kind) == [.opened])
        for minute in 1..<11 {
            #expect(
                patient.show(
                    F.seen(.reading(40), F.temperature, after: Int64(minute) * 60 - 1), at: Int64(minute) * 60 - 1
                ).isEmpty)
        }
        #expect(patient.show(F.seen(.reading(40), F.temperature, after: 615), at: 615).map(\.kind) == [.cleared])
        var cold = try Self.patient("min_over_time(temperature[10m]) < 5")
        #expect(cold.show(F.seen(.reading(5), F.temperature, after: 0), at: 0).isEmpty)
        #expect(cold.show(F.seen(.reading(4), F.temperature, after: 1), at: 1).map(\.kind) == [.opened])
    }

    @Test("What was ever the highest is never forgotten")
    func lifetime() throws {
        var patient = try Self.patient("temperature < 1 and lifetime_max(temperature) >= 100")
        _ = patient.show(F.seen(.reading(120), F.temperature, after: 0), at: 0)
        for day in 1..<100 {
            _ = patient.show(F.seen(.reading(50), F.temperature, after: Int64(day) * 86_400), at: Int64(day) * 86_400)
        }
        #expect(
            patient.show(F.seen(.reading(0), F.temperature, after: 8_640_000), at: 8_640_000).map(\.kind) == [.opened])
    }

    @Test("How long a signal has been known is counted from its first reading")
    func knownFor() throws {
        var patient = try Self.patient("known_for(pending) >= 1h")
        #expect(patient.show(pending: 0, at: 0).isEmpty)
        #expect(patient.show(pending: 0, at: 3_599).isEmpty)
        #expect(patient.show(pending: 0, at: 3_600).map(\.kind) == [.opened])
    }
}

@Suite("Soft error rate discrimination")
struct SerdTests {
    private typealias F = Fixtures

    private static func patient() throws -> Patient {
        Patient(try F.pack(F.pattern("disk.test", ["when": "serd(errors, 3, 10m)"])))
    }

    private static func event(_ text: String, at seconds: Int64) -> Observation {
        F.seen(.event(text), F.ioError, after: seconds)
    }

    @Test("The third of three events fires, if it comes within the time, both ends included")
    func fires() throws {
        var patient = try Self.patient()
        #expect(patient.show(Self.event("a", at: 0), at: 0).isEmpty)
        #expect(patient.show(Self.event("b", at: 300), at: 300).isEmpty)
        let opened = patient.show(Self.event("c", at: 600), at: 600)
        #expect(opened.map(\.kind) == [.opened])
        #expect(opened.first?.because == "3 times errors within 10 min (limit 3).")
    }

    @Test("A millisecond too late is too late")
    func tooLate() throws {
        var patient = try Self.patient()
        _ = patient.show(Self.event("a", at: 0), Self.event("b", at: 1), at: 1)
        var late = Self.event("c", at: 600)
        late.time = late.time + .milliseconds(1)
        #expect(patient.diagnosis.observe([late], at: late.time).isEmpty)
    }

    @Test("An event that is told twice is one event; two of one moment with other words are two")
    func repeated() throws {
        var patient = try Self.patient()
        for _ in 0..<5 { #expect(patient.show(Self.event("a", at: 1), at: 2).isEmpty) }
        #expect(patient.show(Self.event("b", at: 1), at: 3).isEmpty)
        #expect(patient.show(Self.event("c", at: 1), at: 4).map(\.kind) == [.opened])
    }

    @Test("An event that comes late is counted at its time")
    func late() throws {
        var patient = try Self.patient()
        #expect(patient.show(Self.event("a", at: 100), Self.event("c", at: 500), at: 500).isEmpty)
        #expect(patient.show(Self.event("b", at: 300), at: 600).map(\.kind) == [.opened])
        var other = try Self.patient()
        _ = other.show(Self.event("b", at: 1_000), Self.event("c", at: 1_500), at: 1_500)
        #expect(other.show(Self.event("a", at: 899), at: 1_501).isEmpty, "more than ten minutes before the last")
    }

    @Test("Many events in one batch are judged at their own times, not at the end")
    func batch() throws {
        var patient = try Self.patient()
        let changes = patient.show(
            Self.event("a", at: 0), Self.event("b", at: 1), Self.event("c", at: 2), at: 10_000)
        #expect(changes.map(\.kind) == [.opened, .cleared])
        #expect(changes.first?.time == F.start + .seconds(2))
    }

    @Test("Time alone ends it, and a source that cannot be read does not")
    func ends() throws {
        var patient = try Self.patient()
        _ = patient.show(Self.event("a", at: 0), Self.event("b", at: 1), Self.event("c", at: 2), at: 2)
        #expect(patient.show(at: 600).isEmpty)
        var blind = patient
        #expect(blind.show(F.seen(.unavailable(.denied), F.ioError, after: 601), at: 601).isEmpty)
        #expect(blind.show(at: 1_000).isEmpty)
        #expect(patient.show(at: 601).map(\.kind) == [.cleared])
        #expect(blind.show(at: 1_202).map(\.kind) == [.cleared])
    }
}
