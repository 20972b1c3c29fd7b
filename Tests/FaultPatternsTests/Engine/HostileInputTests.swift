import FaultPatterns
import Foundation
import Reports
import TestSupport
import Testing

/// What a broken probe, a broken clock or an enemy can bring: refused or bounded, by name, and never a crash.
@Suite("Hostile patterns and data")
struct HostileInputTests {
    private typealias F = Fixtures

    private static func pack() throws -> PatternPack {
        try F.pack(
            F.pattern("disk.pending", ["clear": "pending < 8"]), F.pattern("disk.hot", ["when": "temperature > 50"]),
            F.pattern("disk.rise", ["when": "increase(reported[24h]) >= 4"]),
            F.pattern("disk.burst", ["when": "serd(errors, 3, 10m)"]),
            F.pattern(
                "disk.trend",
                [
                    "engine_level": "2",
                    "when":
                        "deriv(temperature[1h]) > 1 or z(temperature[30d]) > 9 or avg_over_time(temperature[1h]) > 90",
                ]))
    }

    @Test("An expression of a megabyte is refused by its length, whatever stands in it")
    func longExpressions() throws {
        for text in [
            "pending >= 16" + String(repeating: " or pending >= 16", count: 60_000),
            String(repeating: "(", count: 1 << 20),
            String(repeating: "\u{301}", count: 1 << 19), "pending >= " + String(repeating: "9", count: 1 << 20),
        ] {
            #expect {
                _ = try F.pack(F.pattern("disk.test", ["when": text]))
            } throws: { error in
                "\(error)".contains("pattern disk.test") && "\(error)".contains("the limit is 2000")
            }
        }
    }

    @Test("A definition that nests to the limit is taken, one level more is refused")
    func nesting() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "(", count: depth) + "pending >= 16" + String(repeating: ")", count: depth)
        }
        var deepest = 0
        for depth in 1...PatternLimits.expressionDepth + 1 {
            if (try? F.pack(F.pattern("disk.test", ["when": nested(depth)]))) != nil { deepest = depth }
        }
        #expect((10...PatternLimits.expressionDepth).contains(deepest))
        #expect { _ = try F.pack(F.pattern("disk.test", ["when": nested(deepest + 1)])) } throws: {
            "\($0)".contains("pattern disk.test") && "\($0)".contains("nest")
        }
    }

    @Test(
        "A reading that is no number, or infinite, is one that is not there: it fires nothing and clears nothing",
        arguments: [Double.nan, .signalingNaN, .infinity, -.infinity])
    func notFinite(value: Double) throws {
        var patient = Patient(try Self.pack())
        for second in Int64(0)..<20 {
            #expect(patient.show(F.seen(.reading(value), F.temperature, after: second * 60), at: second * 60).isEmpty)
        }
        #expect(patient.show(F.seen(.reading(60), F.temperature, after: 2_000), at: 2_000).map(\.kind) == [.opened])
        #expect(patient.show(F.seen(.reading(value), F.temperature, after: 2_060), at: 2_060).isEmpty)
        let stored = patient.diagnosis.takeChanges(windows: true)
        #expect(stored.count == 1 && patient.diagnosis.problems.isEmpty, "it can be stored")
        #expect(Diagnosis(patterns: try Self.pack(), resuming: stored).openFaults.count == 1)
    }

    @Test(
        "The largest finite numbers are measured and stored like any other",
        arguments: [Double.greatestFiniteMagnitude, -.greatestFiniteMagnitude, 1e308, 1e154, .leastNonzeroMagnitude])
    func extremes(value: Double) throws {
        var patient = Patient(try Self.pack())
        for second in Int64(0)..<200 {
            let reading = second.isMultiple(of: 2) ? value : -value
            _ = patient.show(F.seen(.reading(reading), F.temperature, after: second * 60), at: second * 60)
        }
        #expect(patient.diagnosis.takeChanges(windows: true).count == 1)
        #expect(patient.diagnosis.problems.isEmpty)
    }

    @Test("A persistent counter at 2^64-1 that begins anew has not risen, nor when it is back where it was")
    func largestCounter() throws {
        var patient = Patient(try Self.pack())
        #expect(patient.show(reported: .max, at: 0).isEmpty)
        #expect(patient.show(reported: 3, at: 60).isEmpty)
        #expect(patient.show(reported: 40, at: 120).isEmpty)
        #expect(patient.show(pending: .max, at: 180).map(\.fault.pattern) == ["disk.pending"])
        #expect(patient.show(reported: .max, at: 240).isEmpty)
        let stored = patient.diagnosis.takeChanges(windows: true)
        let resumed = Diagnosis(patterns: try Self.pack(), resuming: stored)
        #expect(resumed.openFaults == patient.diagnosis.openFaults)
    }

    @Test(
        "Times before 1970, and the first and last that there are, neither crash nor make the engine deaf",
        arguments: [Int64.min, .min + 1, -1, -62_135_596_800_000, .max - 1, .max])
    func times(milliseconds: Int64) throws {
        let strange = Timestamp(milliseconds: milliseconds)
        func told(_ value: UInt64, at time: Timestamp) -> Observation {
            Observation(component: F.disk, signal: F.pending, measurement: .counter(value), time: time)
        }
        // The time of an observation.
        var patient = Patient(try Self.pack())
        _ = patient.diagnosis.observe([told(0, at: strange)], at: F.start)
        #expect(patient.show(pending: 20, at: 60).map(\.kind) == [.opened])
        // The clock itself, at the first start and at a boot in between; then it is right again.
        func moment(_ wall: Timestamp, _ boot: String, _ seconds: Int64) -> Moment {
            Moment(time: wall, boot: boot, uptime: .seconds(seconds))
        }
        var clock = EngineClock(at: moment(strange, "a", 5))
        var machine = Diagnosis(patterns: try Self.pack())
        _ = machine.know([F.component()], at: clock.read(moment(strange, "a", 6)))
        for (wall, boot, seconds, value): (Timestamp, String, Int64, UInt64) in [
            (strange, "a", 7, 0), (F.start, "b", 5, 0), (strange, "c", 5, 0), (F.start, "d", 60, 0),
        ] {
            let now = clock.read(moment(wall, boot, seconds))
            _ = machine.observe([told(value, at: now)], at: now)
        }
        let now = clock.read(moment(F.start, "d", 120))
        #expect(machine.observe([told(20, at: now)], at: now).map(\.kind) == [.opened])
        #expect(machine.takeChanges(windows: true).count == 1)
    }

    @Test("Of a million components as many are remembered as the limit says; those that are known go on being judged")
    func components() throws {
        var patient = Patient(try Self.pack())
        #expect(patient.show(pending: 0, at: 0).isEmpty)
        for batch in 0..<100 {
            let crowd = (0..<10_000).map { number in
                F.counter(20, after: 10, of: ComponentID(.disk, "crowd-\(batch)-\(number)"))
            }
            _ = patient.diagnosis.observe(crowd, at: F.start + .seconds(10))
            if batch == 2 { #expect(patient.diagnosis.openFaults.count == PatternLimits.components - 1) }
        }
        #expect(patient.diagnosis.openFaults.count == PatternLimits.components - 1)
        #expect(patient.show(pending: 20, at: 60).map(\.fault.component) == [F.disk])
        #expect(patient.diagnosis.takeChanges(windows: true).count == PatternLimits.components)
    }

    @Test("Where there is no more room, components that are gone and have no fault make it; what finds none is counted")
    func room() throws {
        var diagnosis = Diagnosis(patterns: try Self.pack())
        func disks(_ name: String, _ count: Int) -> [Component] {
            (0..<count).map { Component(id: ComponentID(.disk, "\(name)-\($0)"), kind: .disk, name: "\(name)-\($0)") }
        }
        func look(_ components: [Component], _ value: UInt64, at seconds: Int64) -> [FaultChange] {
            diagnosis.know(components, at: F.start + .seconds(seconds))
                + diagnosis.observe(
                    components.map { F.counter(value, after: seconds, of: $0.id) }, at: F.start + .seconds(seconds))
        }
        let limit = PatternLimits.components
        let first = disks("first", limit)
        #expect(look(first, 0, at: 0).isEmpty)
        // One of them has a fault, and is gone then with all the others.
        let failed = look([first[7]], 20, at: 60).map(\.fault.component)
        #expect(failed == [first[7].id])
        let second = disks("second", 4_000)
        #expect(look(second, 20, at: 120).count == second.count)
        #expect(diagnosis.openFaults.count == second.count + 1)
        let forgotten = diagnosis.takeForgotten()
        #expect(forgotten.count == second.count && Set(forgotten).count == second.count)
        #expect(!forgotten.contains(first[7].id) && diagnosis.takeForgotten().isEmpty)
        #expect(diagnosis.takeChanges(windows: true).count <= limit)
        #expect(diagnosis.unheardComponents == 0)
        // Those that were not given away are still known, and one that comes back finds room again.
        #expect(look([Component(id: forgotten[0], kind: .disk, name: "back")], 20, at: 180).map(\.kind) == [.opened])
        #expect(diagnosis.unheardComponents == 0)
        _ = look(disks("third", limit), 0, at: 240)
        #expect(diagnosis.unheardComponents > 0)
    }

    @Test("A hundred thousand events on one part are remembered in no more room than the pattern asks for")
    func events() throws {
        var patient = Patient(try Self.pack())
        for round in Int64(0)..<1_000 {
            let burst = (0..<100).map { number in F.seen(.event("sector \(round) \(number)"), F.ioError, after: round) }
            _ = patient.diagnosis.observe(burst, at: F.start + .seconds(round))
        }
        let stored = try #require(patient.diagnosis.takeChanges(windows: true).first)
        #expect(stored.latches.count + (stored.windows?.count ?? 0) < 20_000)
    }

    @Test("Parents that go in a circle are walked once")
    func circle() throws {
        var diagnosis = Diagnosis(patterns: try Self.pack())
        let names = (0..<5).map { ComponentID(.disk, "\($0)") }
        let list = names.indices.map { index in
            Component(id: names[index], kind: .disk, parent: names[(index + 1) % 5], name: "\(index)")
        }
        _ = diagnosis.know(list, at: F.start)
        let found = diagnosis.observe(names.map { F.counter(20, after: 0, of: $0) }, at: F.start)
        #expect(found.count == 5)
    }

    @Test("Stored state with any of its bytes changed is taken up or starts afresh, and says so; never a crash")
    func damagedState() throws {
        let pack = try Self.pack()
        var patient = Patient(pack)
        for second in Int64(0)..<50 {
            _ = patient.show(
                F.counter(UInt64(second), F.reported, after: second), F.counter(20, after: second),
                F.seen(.reading(Double(second)), F.temperature, after: second),
                F.seen(.event("e\(second)"), F.ioError, after: second), at: second)
        }
        let stored = patient.diagnosis.takeChanges(windows: true)
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix(seed: seed)
        var complaints = 0
        for _ in 0..<500 {
            var broken = stored
            var bytes = broken[0].windows ?? Data()
            bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 32...126, using: &random)
            broken[0].windows = bytes
            broken[0].latches[Int.random(in: 0..<broken[0].latches.count, using: &random)] =
                UInt8.random(in: 32...126, using: &random)
            var resumed = Diagnosis(patterns: pack, resuming: broken)
            complaints += resumed.problems.count
            _ = resumed.observe(
                [F.counter(100, after: 100), F.seen(.reading(60), F.temperature, after: 100)],
                at: F.start + .seconds(100))
            _ = resumed.takeChanges(windows: true)
        }
        #expect(complaints > 0, "seed \(seed)")
    }
}
