import FaultPatterns
import Foundation
import Reports
import Testing

@Suite("What a pattern can see")
struct SightTests {
    private typealias F = Fixtures

    private func missing(_ condition: String, hears: Bool = false, after observations: Observation...) throws
        -> [Signal]
    {
        var patient = Patient(try F.pack(F.pattern("disk.test", ["when": condition])))
        _ = patient.diagnosis.observe(observations, at: F.start + .seconds(1))
        let sight = try #require(patient.diagnosis.sights(hears: { _ in hears }).first)
        #expect(sight.pattern == "disk.test")
        #expect(sight.component == F.disk)
        return sight.missing.map(\.signal)
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
        let sight = try #require(patient.diagnosis.sights(hears: { _ in true }).first)
        #expect(sight.missing == [Sight.Missing(signal: F.pending, because: .denied)])
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
        #expect(try missing("serd(errors, 1, 1d)", hears: true).isEmpty)
        #expect(try missing("serd(errors, 1, 1d)", hears: false) == [F.ioError])
    }

    @Test("Patterns on trial are no promise: nothing is said of them")
    func shadow() throws {
        let patient = Patient(try F.pack(F.pattern("disk.test", ["status": "shadow"])))
        #expect(patient.diagnosis.sights(hears: { _ in true }).isEmpty)
    }
}
