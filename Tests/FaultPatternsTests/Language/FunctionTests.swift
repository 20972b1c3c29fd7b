import FaultPatterns
import Foundation
import Reports
import Testing

/// The functions of the language, through the engine.
@Suite("Functions")
struct FunctionTests {
    private typealias F = Fixtures

    private static func patient(_ when: String, _ changes: [String: Any?] = [:]) throws -> Patient {
        Patient(try F.pack(F.pattern("disk.test", changes.merging(["when": when]) { own, _ in own })))
    }

    @Test("A field of bits is a counter of its own: one field may rise while the whole number does anything")
    func bits() throws {
        var patient = try Self.patient("increase(bits(reported, 32, 16)[7d]) >= 3")
        #expect(patient.show(reported: 5 << 32 | 900, at: 1).isEmpty)
        #expect(patient.show(reported: 5 << 32 | 64_000, at: 2).isEmpty)
        #expect(patient.show(reported: 8 << 32, at: 3).map(\.kind) == [.opened])
    }

    @Test("A count of conditions is unknown only as far as it matters")
    func count() throws {
        var patient = try Self.patient("count(pending > 0, reported > 0, temperature > 50) >= 2")
        #expect(patient.show(pending: 1, at: 1).isEmpty)
        #expect(patient.show(reported: 1, at: 2).map(\.kind) == [.opened])
    }

    @Test("A level that falls and rises again has risen by the second rise only")
    func level() throws {
        var patient = try Self.patient("increase(pending[7d]) >= 20")
        for (second, value) in [(1, 30), (2, 12), (3, 12), (4, 31)] as [(Int64, UInt64)] {
            #expect(patient.show(pending: value, at: second).isEmpty)
        }
        #expect(patient.show(pending: 32, at: 5).map(\.kind) == [.opened])
    }

    @Test("Days since the first error are counted from the first reading above zero, and unknown before")
    func daysSince() throws {
        var patient = try Self.patient("days_since(first_nonzero(reported)) >= 2")
        #expect(patient.show(reported: 0, at: 0).isEmpty)
        #expect(patient.show(reported: 4, at: 3_600).isEmpty)
        #expect(patient.show(reported: 4, at: 3_600 + 86_400).isEmpty)
        #expect(patient.show(reported: 4, at: 3_600 + 2 * 86_400).map(\.kind) == [.opened])
    }

    @Test("Readings that rose are counted, however much they rose by")
    func rises() throws {
        var patient = try Self.patient("rises(reported[7d]) >= 3")
        for (second, value) in [(0, 0), (60, 900), (120, 900), (180, 901)] as [(Int64, UInt64)] {
            #expect(patient.show(reported: value, at: second).isEmpty)
        }
        #expect(patient.show(reported: 902, at: 240).map(\.kind) == [.opened])
    }

    @Test("Days on which a counter rose are counted once, however often it was read on them")
    func risingDays() throws {
        var patient = try Self.patient("rising_days(reported[7d]) >= 3")
        var value: UInt64 = 0
        for hour in 0..<48 {
            value += 1
            let changes = patient.show(reported: value, at: Int64(hour) * 3_600)
            #expect(changes.isEmpty)
        }
        #expect(patient.show(reported: value, at: 48 * 3_600).isEmpty)
        #expect(patient.show(reported: value + 1, at: 49 * 3_600).map(\.kind) == [.opened])
    }

    @Test("A sequence is b after a, within the time, and not a after b")
    func sequence() throws {
        let when = "sequence(temperature > 60, pending > 0, 1h)"
        var patient = try Self.patient(when)
        func hot(_ value: Double, _ second: Int64) -> Observation {
            F.seen(.reading(value), F.temperature, after: second)
        }
        _ = patient.show(hot(20, 0), F.counter(0, after: 0), at: 0)
        _ = patient.show(hot(70, 60), F.counter(0, after: 60), at: 60)
        _ = patient.show(hot(20, 120), F.counter(0, after: 120), at: 120)
        let changes = patient.show(hot(20, 180), F.counter(3, after: 180), at: 180)
        #expect(changes.map(\.kind) == [.opened])
        var other = try Self.patient(when)
        _ = other.show(hot(20, 0), F.counter(0, after: 0), at: 0)
        _ = other.show(hot(20, 60), F.counter(3, after: 60), at: 60)
        let after = other.show(hot(70, 120), F.counter(3, after: 120), at: 120)
        #expect(after.isEmpty)
    }

    @Test("How many parts have a fault may be asked over time: a second time within the window, and throughout it")
    func faultsOverTime() throws {
        func opens(_ condition: String, _ readings: [(pending: UInt64, minute: Int64)]) throws -> Int64? {
            var patient = Patient(
                try F.pack(
                    F.pattern("disk.other"), F.pattern("disk.test", ["when": condition, "explains": nil])))
            for reading in readings {
                let changes = patient.show(pending: reading.pending, at: reading.minute * 60)
                if changes.contains(where: { $0.kind == .opened && $0.fault.pattern == "disk.test" }) {
                    return reading.minute
                }
            }
            return nil
        }
        let again = "changes(active(\"disk.other\", self)[7d]) >= 3"
        let twice = [0, 20, 20, 0, 0, 20, 20].enumerated().map { (pending: UInt64($1), minute: Int64($0)) }
        #expect(try opens(again, twice).map { (5...6).contains($0) } == true)
        #expect(try opens(again, Array(twice.prefix(5))) == nil)
        let throughout = "min_over_time(active(\"disk.other\", self)[10m]) >= 1"
        let steady = (0...20).map { (pending: $0 < 3 ? 0 : 20 as UInt64, minute: Int64($0)) }
        #expect(try opens(throughout, steady).map { (12...14).contains($0) } == true)
        let interrupted = steady.map { ($0.minute == 8 ? 0 : $0.pending, $0.minute) }
        #expect(try opens(throughout, interrupted).map { $0 > 17 } == true)
        let risen = "active(\"disk.other\", self) - min_over_time(active(\"disk.other\", self)[10m]) >= 1"
        #expect(try opens(risen, steady).map { (3...4).contains($0) } == true)
    }

    @Test("What stops coming while the rest of the part is still read is absent")
    func absent() throws {
        var patient = try Self.patient("absent_over_time(temperature[1h])")
        _ = patient.show(F.seen(.reading(30), F.temperature, after: 0), F.counter(0, after: 0), at: 0)
        #expect(patient.show(pending: 0, at: 3_000).isEmpty)
        #expect(patient.show(pending: 0, at: 3_700).map(\.kind) == [.opened])
        let back = patient.show(F.seen(.reading(30), F.temperature, after: 3_800), at: 3_800)
        #expect(back.map(\.kind) == [.cleared])
    }

    @Test("A leaking bucket fires on the event that fills it, and not when the same number comes slowly")
    func bucket() throws {
        var patient = try Self.patient("bucket(errors, 3, 1h)")
        func event(_ second: Int64) -> Observation { F.seen(.event("e\(second)"), F.ioError, after: second) }
        for second in stride(from: Int64(0), through: 20_000, by: 2_000) {
            let changes = patient.show(event(second), at: second)
            #expect(changes.isEmpty)
        }
        _ = patient.show(event(30_000), at: 30_000)
        _ = patient.show(event(30_001), at: 30_001)
        _ = patient.show(event(30_002), at: 30_002)
        let changes = patient.show(event(30_003), at: 30_003)
        #expect(changes.contains { $0.kind == .opened } || patient.diagnosis.openFaults.count == 1)
    }

    @Test("Events by a label: two on one page fire, two on two pages do not; different columns of one row are counted")
    func keyed() throws {
        let dimm = ComponentID(.dimm, "d")
        func pack(_ when: String) throws -> PatternPack {
            try F.pack(F.pattern("dimm.test", ["applies_to": ["component": "dimm"], "let": nil, "when": when]))
        }
        func event(_ name: String, _ labels: [String: String], _ second: Int64) -> Observation {
            Observation(
                component: dimm, signal: Signal(name, labels), measurement: .event("e\(second)"),
                time: F.start + .seconds(second))
        }
        var pages = Diagnosis(patterns: try pack("serd_by(\"page\", hw.memory.page_error, 2, 24h)"))
        #expect(
            pages.observe(
                [event("hw.memory.page_error", ["page": "a"], 1), event("hw.memory.page_error", ["page": "b"], 2)],
                at: F.start + .seconds(2)
            ).isEmpty)
        #expect(
            pages.observe([event("hw.memory.page_error", ["page": "a"], 3)], at: F.start + .seconds(3)).map(\.kind)
                == [.opened])
        var rows = Diagnosis(
            patterns: try pack("distinct_by(\"bank,row\", \"column\", hw.memory.cell_error, 24h) >= 2"))
        func cell(_ row: String, _ column: String, _ second: Int64) -> Observation {
            event("hw.memory.cell_error", ["bank": "0", "row": row, "column": column, "device": "1"], second)
        }
        #expect(rows.observe([cell("7", "1", 1), cell("8", "2", 2)], at: F.start + .seconds(2)).isEmpty)
        #expect(rows.observe([cell("7", "3", 3)], at: F.start + .seconds(3)).map(\.kind) == [.opened])
    }

    @Test("What an event does not know is no value and no group: neither two unknown ones, nor one beside a known one")
    func unknownLabels() throws {
        func opened(_ condition: String, _ cells: [String: String]...) throws -> Bool {
            var diagnosis = Diagnosis(
                patterns: try F.pack(
                    F.pattern("memory.test", ["applies_to": ["component": "dimm"], "let": nil, "when": condition])))
            let events = cells.enumerated().map { number, labels in
                Observation(
                    component: ComponentID(.dimm, "A1"), signal: Signal("hw.memory.cell_error", labels),
                    measurement: .event("e\(number)"), time: F.start + .seconds(Int64(number)))
            }
            return !diagnosis.observe(events, at: F.start + .seconds(60)).isEmpty
        }
        func cell(_ bank: String, _ row: String, _ device: String?) -> [String: String] {
            ["bank": bank, "row": row, "column": "1", "device": device].compactMapValues(\.self)
        }
        let devices = "distinct(\"device\", hw.memory.cell_error, 24h) >= 2"
        #expect(try opened(devices, cell("0", "1", "3"), cell("0", "1", "4")))
        #expect(try !opened(devices, cell("0", "1", "3"), cell("0", "1", "unknown")))
        #expect(try !opened(devices, cell("0", "1", "3"), cell("0", "1", nil), cell("0", "1", "")))
        let rows = "distinct_by(\"bank\", \"row,column\", hw.memory.cell_error, 24h) >= 1"
        #expect(try opened(rows, cell("0", "1", nil)))
        #expect(try !opened(rows, cell("unknown", "1", nil), cell("unknown", "2", nil)))
        let row = "serd_by(\"bank,row\", hw.memory.cell_error, 2, 24h)"
        #expect(try opened(row, cell("0", "1", nil), cell("0", "1", nil)))
        #expect(try !opened(row, cell("unknown", "1", nil), cell("unknown", "1", nil)))
        #expect(try !opened(row, cell("0", "unknown", nil), cell("0", "unknown", nil)))
    }

    @Test("Of several labels distinct_by counts the one with the fewest values within one group, and not over groups")
    func spread() throws {
        func pack() throws -> PatternPack {
            let when = "distinct_by(\"bank\", \"row,column\", hw.memory.cell_error, 24h) >= 3"
            return try F.pack(
                F.pattern("memory.test", ["applies_to": ["component": "dimm"], "let": nil, "when": when]))
        }
        func cell(_ bank: Int, _ row: Int, _ column: Int, _ second: Int64) -> Observation {
            let labels = ["bank": "\(bank)", "row": "\(row)", "column": "\(column)", "device": "1"]
            return Observation(
                component: ComponentID(.dimm, "A1"), signal: Signal("hw.memory.cell_error", labels),
                measurement: .event("cell \(bank) \(row) \(column)"), time: F.start + .seconds(second))
        }
        // Three rows in one bank, three columns in another: neither bank is failing.
        var apart = Diagnosis(patterns: try pack())
        let cells = (1...3).flatMap { [cell(0, $0, 5, Int64($0)), cell(1, 7, $0, Int64($0))] }
        #expect(apart.observe(cells, at: F.start + .seconds(3)).isEmpty)
        apart = Diagnosis(patterns: try pack(), resuming: apart.takeChanges(windows: true))
        #expect(apart.observe([cell(1, 8, 1, 4)], at: F.start + .seconds(4)).isEmpty, "two rows, three columns")
        let opened = apart.observe([cell(1, 9, 1, 5)], at: F.start + .seconds(5))
        #expect(opened.map(\.kind) == [.opened])
        #expect(opened.first?.because.contains("rows and as many columns") == true, "\(opened.map(\.because))")
        // As values leave the window it is over.
        let later = F.start + .seconds(86_400 + 60)
        #expect(apart.observe([], at: later).map(\.kind) == [.cleared])
    }

    /// A module and errors of its bits, each a second after the other.
    private static func opens(_ condition: String, _ errors: [[String: String]], times: Int = 1) throws -> Bool {
        var diagnosis = Diagnosis(
            patterns: try F.pack(
                F.pattern("memory.test", ["applies_to": ["component": "dimm"], "let": nil, "when": condition])))
        let events = errors.enumerated().map { number, labels in
            Observation(
                component: ComponentID(.dimm, "A1"), signal: Signal("hw.memory.error_bits", labels),
                measurement: .event("e\(number)"), time: F.start + .seconds(Int64(number)), count: times)
        }
        return !diagnosis.observe(events, at: F.start + .seconds(60)).isEmpty
    }

    @Test("Events are counted, and the numbers of their labels added up, each of a second label once")
    func measured() throws {
        let errors = [
            ["lines": "2", "bits": "2", "beat_span": "0", "error": "a"],
            ["lines": "1", "bits": "3", "beat_span": "7", "error": "b"],
            ["lines": "2", "bits": "2", "beat_span": "0", "error": "a"],
        ]
        func opens(_ condition: String, times: Int = 1) throws -> Bool {
            try Self.opens(condition, errors, times: times)
        }
        #expect(try opens("events(hw.memory.error_bits, 6h) >= 3"))
        #expect(try !opens("events(hw.memory.error_bits, 6h) >= 4"))
        #expect(try opens("events(hw.memory.error_bits, 6h) >= 12", times: 4))
        #expect(try opens("events(hw.memory.error_bits{lines=\"2\"}, 6h) == 2"))
        #expect(try opens("sum_of(\"bits\", hw.memory.error_bits, 6h) == 7"))
        #expect(try opens("sum_of(\"bits\", hw.memory.error_bits, 6h) == 28", times: 4))
        #expect(try opens("sum_of(\"bits\", \"error\", hw.memory.error_bits, 6h) == 5", times: 4))
        #expect(try opens("max_of(\"beat_span\", hw.memory.error_bits, 6h) >= 7"))
        #expect(try !opens("max_of(\"beat_span\", hw.memory.error_bits, 6h) > 7"))
        // Nothing came: that is a number too, once the source is known.
        #expect(
            try opens(
                "events(hw.memory.error_bits, 6h) >= 3 and max_of(\"bits\", hw.memory.error_bits{lines=\"4\"}, 6h) == 0"
            ))
    }

    @Test("What a label does not say as a number, or says to be unknown, is not added up")
    func unmeasured() throws {
        let errors = ["unknown", "", "x", "-1", "4"].map { ["bits": $0, "error": $0] }
        #expect(try Self.opens("sum_of(\"bits\", hw.memory.error_bits, 6h) == 4", errors))
        #expect(try Self.opens("events(hw.memory.error_bits, 6h) == 5", errors))
        #expect(try Self.opens("sum_of(\"bits\", \"error\", hw.memory.error_bits, 6h) == 4", errors))
    }

    @Test("Groups are those that have so many values of each label; two rows that each have two columns are two")
    func groups() throws {
        func cells(_ places: [(String, String, String)]) -> [[String: String]] {
            places.map { ["bank": $0.0, "row": $0.1, "column": $0.2] }
        }
        func opens(_ condition: String, _ places: [(String, String, String)]) throws -> Bool {
            var diagnosis = Diagnosis(
                patterns: try F.pack(
                    F.pattern("memory.test", ["applies_to": ["component": "dimm"], "let": nil, "when": condition])))
            let events = cells(places).enumerated().map { number, labels in
                Observation(
                    component: ComponentID(.dimm, "A1"), signal: Signal("hw.memory.cell_error", labels),
                    measurement: .event("e\(number)"), time: F.start + .seconds(Int64(number)))
            }
            return !diagnosis.observe(events, at: F.start + .seconds(60)).isEmpty
        }
        let rows = "groups(\"bank,row\", \"column\", 2, hw.memory.cell_error, 1h) >= 2"
        let two = [("0", "1", "1"), ("0", "1", "2"), ("0", "2", "1"), ("0", "2", "2")]
        #expect(try opens(rows, two))
        #expect(try !opens(rows, [("0", "1", "1"), ("0", "1", "2"), ("0", "1", "3"), ("0", "2", "1")]))
        #expect(try !opens(rows, two.map { ("unknown", $0.1, $0.2) }))
        let bank = "groups(\"bank\", \"row\", 2, \"column\", 3, hw.memory.cell_error, 1h) >= 1"
        #expect(try !opens(bank, two))
        #expect(try opens(bank, two + [("0", "1", "3")]))
        // Its three columns are in another bank than its two rows.
        #expect(try !opens(bank, two + [("1", "1", "3")]))
    }

    @Test(
        "What these functions do not take is refused with its form",
        arguments: [
            "events(hw.memory.error_bits) >= 1", "events(hw.temperature, 6h) >= 1",
            "events(hw.memory.error_bits, 6) >= 1",
            "sum_of(\"bit\", hw.memory.error_bits, 6h) >= 1", "sum_of(\"bits,lines\", hw.memory.error_bits, 6h) >= 1",
            "sum_of(hw.memory.error_bits, 6h) >= 1", "max_of(\"bits\", \"error\", hw.memory.error_bits, 6h) >= 1",
            "groups(\"bank\", \"row\", hw.memory.cell_error, 1h) >= 1",
            "groups(\"bank\", \"row\", 0, hw.memory.cell_error, 1h) >= 1",
            "groups(\"bank\", \"row\", 513, hw.memory.cell_error, 1h) >= 1",
            "groups(\"bank\", \"row\", 2, \"row\", 3, hw.memory.cell_error, 1h) >= 1",
            "groups(\"bank\", \"row\", 1, \"column\", 1, \"device\", 1, \"rank\", 1, \"group\", 1, hw.memory.cell_error, 1h) >= 1",
        ])
    func refused(condition: String) {
        let name = String(condition.prefix { $0 != "(" })
        let problem = #expect(throws: PatternPackError.self) {
            try F.pack(
                F.pattern("memory.test", ["applies_to": ["component": "dimm"], "let": nil, "when": condition]))
        }
        let text = problem.map { "\($0)" } ?? ""
        #expect(text.hasPrefix("pattern memory.test: \(name) ") || text.contains("the labels of"), "\(text)")
    }

    @Test("A trend tells when the limit will be reached, as an interval")
    func trend() throws {
        var patient = try Self.patient(
            "left < 30d",
            [
                "let": ["left": "time_to(temperature[14d], 80)", "temperature": F.temperature.description],
                "time_to_failure": ["trend": "left"],
            ])
        var changes: [FaultChange] = []
        for day in 0..<12 {
            let second = Int64(day) * 86_400
            changes += patient.show(
                F.seen(.reading(40 + Double(day)), F.temperature, after: second), at: second)
        }
        let fault = try #require(changes.first?.fault)
        let time = try #require(fault.timeToFailure)
        #expect(time.earliest > 25 && time.earliest <= 34)
        #expect(time.latest ?? 0 >= time.earliest)
    }

    @Test("A fan that turns slower than it used to at the same drive is off its baseline; another drive is another bin")
    func baseline() throws {
        let fan = ComponentID(.fan, "f")
        let pack = try F.pack(
            F.pattern(
                "fan.slow",
                [
                    "applies_to": ["component": "fan"], "let": nil, "for": "3 samples",
                    "when": "hw.fan.speed < 0.8 * baseline(hw.fan.speed[30d], hw.fan.speed_ratio, 0.1)",
                ]))
        var diagnosis = Diagnosis(patterns: pack)
        var second: Int64 = 0
        func turn(_ speed: Double, _ drive: Double) -> [FaultChange] {
            second += 900
            let time = F.start + .seconds(second)
            return diagnosis.observe(
                [
                    Observation(
                        component: fan, signal: Signal("hw.fan.speed"), measurement: .reading(speed), time: time),
                    Observation(
                        component: fan, signal: Signal("hw.fan.speed_ratio"), measurement: .reading(drive), time: time),
                ], at: time)
        }
        for step in 0..<150 { #expect(turn(3_000 + Double(step % 5) * 10, 0.55).isEmpty) }
        #expect(turn(1_500, 0.25).isEmpty && turn(1_500, 0.25).isEmpty && turn(1_500, 0.25).isEmpty)
        #expect(turn(2_000, 0.55).isEmpty && turn(2_000, 0.55).isEmpty)
        #expect(turn(2_000, 0.55).map(\.kind) == [.opened])
        for _ in 0..<300 { #expect(turn(2_000, 0.55).isEmpty, "it does not get used to it") }
        let cleared = (0..<3).flatMap { _ in turn(3_000, 0.55) }
        #expect(cleared.map(\.kind) == [.cleared])
    }
}

/// What is asked of other components.
@Suite("Neighbours")
struct NeighbourTests {
    private typealias F = Fixtures

    private static func run(
        _ pattern: [String: Any], _ components: [Component],
        _ values: [(ComponentID, Signal, Reports.Measurement)]
    ) throws -> [FaultChange] {
        var diagnosis = Diagnosis(patterns: try F.pack(pattern))
        _ = diagnosis.know(components, at: F.start)
        let time = F.start + .seconds(60)
        return diagnosis.observe(
            values.map { Observation(component: $0.0, signal: $0.1, measurement: $0.2, time: time) }, at: time)
    }

    private static func disk(_ number: Int, model: String = "M") -> Component {
        Component(
            id: ComponentID(.disk, "d\(number)"), kind: .disk, parent: ComponentID(.chassis, "1"), name: "d\(number)",
            part: Part(model: model))
    }

    private static func warm(_ values: [Double]) -> [(ComponentID, Signal, Reports.Measurement)] {
        values.enumerated().map { (ComponentID(.disk, "d\($0)"), F.temperature, .reading($1)) }
    }

    @Test("One disk is compared with the median of its siblings, itself left out")
    func peers() throws {
        let pattern = F.pattern(
            "disk.warm", ["let": nil, "when": "hw.temperature > peers_median(hw.temperature) + 10"])
        let found = try Self.run(pattern, (0..<5).map { Self.disk($0) }, Self.warm([30, 31, 45, 32, 33]))
        #expect(found.map(\.fault.component.rawValue) == ["disk:d2"])
        let few = try Self.run(pattern, (0..<3).map { Self.disk($0) }, Self.warm([30, 31, 90]))
        #expect(few.isEmpty, "two siblings are too few to tell")
    }

    @Test("Siblings of another model do not count where the model is asked for")
    func sameModel() throws {
        let pattern = F.pattern(
            "disk.warm", ["let": nil, "when": "hw.temperature > peers_median(hw.temperature, \"model\") + 10"])
        let components = (0..<8).map { Self.disk($0, model: $0 < 4 ? "A" : "B") }
        let found = try Self.run(pattern, components, Self.warm([30, 30, 30, 31, 55, 55, 56, 70]))
        #expect(found.map(\.fault.component.rawValue) == ["disk:d7"])
    }

    @Test("A part sees the values of what it hangs on, of a kind above it, and of all under it")
    func upAndDown() throws {
        let (chassis, psu) = (ComponentID(.chassis, "1"), ComponentID(.psu, "p"))
        let components = [
            Component(id: chassis, kind: .chassis, name: "c"),
            Component(id: psu, kind: .psu, parent: chassis, name: "p"),
            Component(id: ComponentID(.fan, "f"), kind: .fan, parent: psu, name: "f"),
        ]
        func found(_ kind: String, _ when: String) throws -> [String] {
            try Self.run(
                F.pattern("x.test", ["applies_to": ["component": kind], "let": nil, "when": when]), components,
                [
                    (psu, Signal("hw.psu.mode"), .state("active")), (psu, Signal("hw.psu.output_power"), .reading(80)),
                    (ComponentID(.fan, "f"), Signal("hw.fan.speed"), .reading(5)),
                    (chassis, Signal("hw.temperature"), .reading(50)),
                ]
            ).map(\.fault.component.rawValue)
        }
        #expect(try found("fan", "parent(hw.psu.mode) == \"active\"") == ["fan:f"])
        #expect(try found("fan", "above(\"chassis\", hw.temperature) > 40 and hw.fan.speed < 10") == ["fan:f"])
        #expect(try found("chassis", "under_sum(hw.psu.output_power) > 70 and hw.temperature > 1") == ["chassis:1"])
        #expect(try found("chassis", "under_min(hw.fan.speed) < 10") == ["chassis:1"])
        #expect(try found("fan", "parent(hw.psu.mode) == \"cold_redundant\"").isEmpty)
    }
}

/// Makers', models' and firmwares' own rules.
@Suite("Variants")
struct VariantTests {
    private typealias F = Fixtures

    private static func pack(_ variants: [[String: Any]]) throws -> PatternPack {
        try F.pack(F.pattern("disk.test", ["variants": variants]))
    }

    private static func fires(_ pack: PatternPack, model: String, at value: UInt64) -> Bool {
        var diagnosis = Diagnosis(patterns: pack)
        var component = F.component()
        component.part.model = model
        _ = diagnosis.know([component], at: F.start)
        return !diagnosis.observe([F.counter(value, after: 1)], at: F.start + .seconds(1)).isEmpty
    }

    @Test("The most specific variant counts, whatever the order in the file; others keep the pattern as it is")
    func mostSpecific() throws {
        let variants: [[String: Any]] = [
            ["with": ["model": "CT*"], "when": "pending >= 100"],
            ["with": ["model": "CT*MX500*"], "ignore": "true"],
        ]
        for pack in [try Self.pack(variants), try Self.pack(variants.reversed())] {
            #expect(Self.fires(pack, model: "ST4000DM000", at: 16))
            #expect(!Self.fires(pack, model: "CT500BX100", at: 99))
            #expect(Self.fires(pack, model: "CT500BX100", at: 100))
            #expect(!Self.fires(pack, model: "CT500MX500SSD1", at: 5_000))
        }
    }

    @Test("Two variants that may both be for one part, neither narrower, are refused with the mend")
    func ambiguous() throws {
        let problem = #expect(throws: PatternPackError.self) {
            _ = try Self.pack([
                ["with": ["model": "CT*"], "when": "pending >= 100"],
                ["with": ["model": "*500"], "when": "pending >= 50"],
            ])
        }
        #expect("\(try #require(problem))".contains("neither is narrower"))
        _ = try Self.pack([
            ["with": ["model": "CT*"], "when": "pending >= 100"],
            ["with": ["model": "ST*"], "when": "pending >= 50"],
        ])
    }

    @Test("A part whose model becomes known later is judged by its variant from then on")
    func later() throws {
        var diagnosis = Diagnosis(patterns: try Self.pack([["with": ["model": "CT*"], "ignore": "true"]]))
        var component = F.component()
        component.part.model = nil
        _ = diagnosis.know([component], at: F.start)
        component.part.model = "CT1000"
        _ = diagnosis.know([component], at: F.start + .seconds(1))
        #expect(diagnosis.observe([F.counter(900, after: 2)], at: F.start + .seconds(2)).isEmpty)
    }
}
