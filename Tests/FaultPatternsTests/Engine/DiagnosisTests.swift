import FaultPatterns
import Foundation
import Reports
import Testing

@Suite("Diagnosis")
struct DiagnosisTests {
    private typealias F = Fixtures

    @Test("A threshold fires at its value and not one below, and says the value and the limit")
    func threshold() throws {
        var patient = Patient(try F.pack(F.pattern()))
        #expect(patient.show(pending: 15, at: 1).isEmpty)
        let change = try #require(patient.show(pending: 16, at: 2).first)
        #expect(change.kind == .opened)
        #expect(change.fault.because == "Pending is 16 sectors (at least 16 sectors).")
        #expect(change.fault.evidence.map(\.value) == ["16 sectors"])
        #expect(change.fault.component == F.disk)
        #expect(change.fault.suspects.first?.part.serial == "S1")
        #expect(change.fault.suspects.first?.part.location == "Bay 3")
        #expect(change.fault.urgency == .plan)
        #expect(patient.diagnosis.openFaults == [change.fault])
    }

    @Test("With hysteresis, a value between the two limits changes nothing either way")
    func hysteresis() throws {
        var patient = Patient(try F.pack(F.pattern("disk.test", ["clear": "pending < 8"])))
        #expect(patient.show(pending: 12, at: 1).isEmpty)
        #expect(patient.show(pending: 20, at: 2).map(\.kind) == [.opened])
        #expect(patient.show(pending: 12, at: 3).isEmpty)
        let cleared = patient.show(pending: 7, at: 4)
        #expect(cleared.map(\.kind) == [.cleared])
        #expect(cleared.first?.because == "Cleared: Pending is 7 sectors (less than 8 sectors).")
        #expect(patient.show(pending: 12, at: 5).isEmpty)
    }

    @Test("`for` in samples counts distinct samples, in a row, and starts anew after one that does not hold")
    func samples() throws {
        var patient = Patient(try F.pack(F.pattern("disk.test", ["for": "2 samples"])))
        #expect(patient.show(pending: 20, at: 1).isEmpty)
        #expect(patient.show(pending: 0, at: 2).isEmpty)
        #expect(patient.show(pending: 20, at: 3).isEmpty)
        #expect(patient.show(F.counter(20, after: 3), at: 3).isEmpty, "a repetition is no second sample")
        let opened = patient.show(pending: 20, at: 4)
        #expect(opened.map(\.kind) == [.opened])
        #expect(opened.first?.because.hasSuffix(", in 2 readings in a row.") == true)
        #expect(patient.show(pending: 0, at: 5).isEmpty, "clearing takes two samples as well")
        #expect(patient.show(pending: 0, at: 6).map(\.kind) == [.cleared])
    }

    @Test("`for` in time fires on the first sample at which the time is full, and unknown time does not count")
    func time() throws {
        var patient = Patient(try F.pack(F.pattern("disk.test", ["for": "5m"])))
        #expect(patient.show(pending: 20, at: 0).isEmpty)
        #expect(patient.show(pending: 20, at: 60).isEmpty)
        #expect(patient.show(F.seen(.unavailable(.asleep), F.pending, after: 120), at: 120).isEmpty)
        #expect(patient.show(pending: 20, at: 1_320).isEmpty)
        #expect(patient.show(pending: 20, at: 1_499).isEmpty)
        #expect(patient.show(pending: 20, at: 1_500).map(\.kind) == [.opened])
    }

    @Test("What is unknown neither fires nor clears")
    func unknown() throws {
        var patient = Patient(
            try F.pack(
                F.pattern("disk.a", ["when": "not (pending < 16)"]), F.pattern("disk.b", ["when": "pending >= 16"])))
        #expect(patient.show(F.seen(.unavailable(.readError), F.pending, after: 1), at: 1).isEmpty)
        #expect(patient.show(pending: 20, at: 2).map(\.kind) == [.opened, .opened])
        #expect(patient.show(F.seen(.unavailable(.readError), F.pending, after: 3), at: 3).isEmpty)
        #expect(patient.diagnosis.openFaults.count == 2)
    }

    @Test("`or` holds with one known part, `and` fails with one known part, whatever the other is")
    func threeValues() throws {
        var patient = Patient(
            try F.pack(
                F.pattern("disk.or", ["when": "pending >= 16 or temperature > 50"]),
                F.pattern("disk.and", ["when": "pending >= 16 and temperature > 50"])))
        let opened = patient.show(pending: 20, at: 1)
        #expect(opened.map(\.fault.pattern) == ["disk.or"])
        #expect(opened.first?.because == "Pending is 20 sectors (at least 16 sectors).")
    }

    @Test("A limit of the same component is compared with its value, in the same unit")
    func signals() throws {
        let limit = Signal("hw.temperature.limit", ["limit_type": "high.critical"])
        var patient = Patient(
            try F.pack(
                F.pattern("disk.test", ["when": "temperature >= \(limit)", "clear": "temperature < \(limit) - 5"])))
        #expect(patient.show(F.seen(.reading(70), F.temperature, after: 1), at: 1).isEmpty)
        let opened = patient.show(
            F.seen(.reading(71.5), F.temperature, after: 2), F.seen(.reading(70), limit, after: 2), at: 2)
        #expect(opened.first?.because == "Temperature is 71.5 °C (at least temperature limit (high.critical), 70 °C).")
        #expect(patient.show(F.seen(.reading(65), F.temperature, after: 3), at: 3).isEmpty)
        #expect(patient.show(F.seen(.reading(64.9), F.temperature, after: 4), at: 4).map(\.kind) == [.cleared])
    }

    @Test("A value that only the sentence names is known in it")
    func sentence() throws {
        var patient = Patient(
            try F.pack(F.pattern("disk.test", ["when": "pending >= 16", "because": "{pending} at {temperature}"])))
        let opened = patient.show(
            F.seen(.reading(41), F.temperature, after: 1), F.seen(.counter(20), F.pending, after: 1), at: 1)
        #expect(opened.first?.because == "20 sectors at 41 °C.")
    }

    @Test("An urgency rises while the condition holds and never falls; each rise is told once")
    func urgency() throws {
        let cases: [[String: String]] = [["when": "pending >= 250", "is": "order"], ["is": "plan"]]
        var patient = Patient(try F.pack(F.pattern("disk.test", ["urgency": cases, "clear": "never"])))
        let id = try #require(patient.show(pending: 20, at: 1).first).fault.id
        let raised = try #require(patient.show(pending: 300, at: 2).first)
        #expect(raised.kind == .updated && raised.fault.urgency == .order && raised.fault.id == id)
        #expect(raised.because.hasPrefix("Urgency rises from plan to order: Pending is 300 sectors"))
        #expect(patient.show(pending: 300, at: 3).isEmpty)
        #expect(patient.show(pending: 20, at: 4).isEmpty)
        #expect(patient.diagnosis.openFaults.first?.urgency == .order)
    }

    @Test("A part whose identity is provisional is planned and not ordered, and ordered once it is settled")
    func provisional() throws {
        var patient = Patient(try F.pack(F.pattern("disk.test", ["urgency": "order", "clear": "never"])))
        var part = F.component()
        part.attributes["provisional"] = "udev has not named it yet"
        _ = patient.diagnosis.know([part], at: F.start)
        #expect(patient.show(pending: 20, at: 1).first?.fault.urgency == .plan)
        #expect(patient.show(pending: 20, at: 2).isEmpty)
        _ = patient.diagnosis.know([F.component()], at: F.start + .seconds(3))
        let raised = try #require(patient.show(pending: 21, at: 4).first)
        #expect(raised.kind == .updated && raised.fault.urgency == .order)
    }

    @Test("An urgency case that is unknown makes nothing more urgent")
    func unknownUrgency() throws {
        let cases: [[String: String]] = [["when": "temperature > 50", "is": "watch"], ["is": "order"]]
        var patient = Patient(try F.pack(F.pattern("disk.test", ["urgency": cases])))
        #expect(patient.show(pending: 20, at: 1).first?.fault.urgency == .watch)
    }

    @Test("A pattern on trial is shown and makes no ticket")
    func shadow() throws {
        var patient = Patient(try F.pack(F.pattern("disk.test", ["status": "shadow", "urgency": "order"])))
        #expect(patient.show(pending: 20, at: 1).first?.fault.urgency == .inform)
    }

    @Test("A latched fault outlives its cause, and ends when the part is exchanged")
    func exchange() throws {
        var patient = Patient(try F.pack(F.pattern("disk.test", ["clear": "never"])))
        #expect(patient.show(pending: 20, at: 1).map(\.kind) == [.opened])
        #expect(patient.show(pending: 0, at: 2).isEmpty)
        #expect(patient.diagnosis.know([F.component()], at: F.start + .seconds(3)).isEmpty)
        #expect(patient.diagnosis.know([], at: F.start + .seconds(4)).isEmpty, "absence is no recovery")
        #expect(patient.diagnosis.know([F.component(serial: "S2")], at: F.start + .seconds(5)).isEmpty, "read once")
        let changes = patient.diagnosis.know([F.component(serial: "S2")], at: F.start + .seconds(5))
        #expect(changes.map(\.kind) == [.cleared])
        #expect(changes.first?.because == "Part exchanged: serial S1 has become S2.")
        #expect(patient.diagnosis.openFaults.isEmpty)
        #expect(patient.show(pending: 20, at: 6).map(\.kind) == [.opened], "the new part is judged by itself")
    }

    @Test("A part under another name in the same place has taken the old one's place")
    func sameBay() throws {
        var patient = Patient(try F.pack(F.pattern("disk.test", ["clear": "never"])))
        _ = patient.show(pending: 20, at: 1)
        var other = F.component(serial: "S2")
        other.id = ComponentID(.disk, "wwn-2")
        var elsewhere = other
        elsewhere.part.location = "Bay 4"
        var copy = patient
        #expect(copy.diagnosis.know([elsewhere], at: F.start + .seconds(2)).isEmpty)
        #expect(copy.diagnosis.openFaults.count == 1)
        copy = patient
        #expect(copy.diagnosis.know([F.component(), other], at: F.start + .seconds(2)).isEmpty, "both are there")
        #expect(patient.diagnosis.know([other], at: F.start + .seconds(2)).isEmpty, "read once")
        copy = patient
        #expect(copy.diagnosis.know([F.component(), other], at: F.start + .seconds(3)).isEmpty, "it is back")
        #expect(!copy.diagnosis.awaitsReports)
        let changes = patient.diagnosis.know([other], at: F.start + .seconds(3))
        #expect(changes.first?.because == "Part exchanged: /dev/sda, serial S2, sits in Bay 3 now.")
    }

    @Test("A part that was there under another name, or whose place has no name, has taken nobody's place")
    func foundAnew() throws {
        var patient = Patient(try F.pack(F.pattern("disk.test", ["clear": "never"])))
        _ = patient.show(pending: 20, at: 1)
        var neighbour = F.component(serial: "S2")
        neighbour.id = ComponentID(.disk, "wwn-2")
        var copy = patient
        _ = copy.diagnosis.know([F.component(), neighbour], at: F.start + .seconds(2))
        var anew = neighbour
        anew.id = ComponentID(.disk, "path-2")
        for second in 3..<6 as Range<Int64> {
            #expect(copy.diagnosis.know([anew], at: F.start + .seconds(second)).isEmpty)
        }
        #expect(copy.diagnosis.openFaults.count == 1)
        // An empty name is no place.
        var (own, other) = (F.component(), neighbour)
        (own.part.location, other.part.location) = ("", "")
        _ = patient.diagnosis.know([own], at: F.start + .seconds(2))
        for second in 3..<6 as Range<Int64> {
            #expect(patient.diagnosis.know([other], at: F.start + .seconds(second)).isEmpty)
        }
    }

    @Test("An exchange takes the new serial twice from one probe or once from two; until then nothing is forgotten")
    func confirmedExchange() throws {
        var patient = Patient(try F.pack(F.pattern("disk.test", ["clear": "never"])))
        _ = patient.show(pending: 20, at: 1)
        let (old, new) = (F.component(), F.component(serial: "S2"))
        // One probe reads the number wrongly once.
        var glitch = patient
        #expect(glitch.diagnosis.know([new], reported: [new], at: F.start + .seconds(2)).isEmpty)
        #expect(glitch.diagnosis.awaitsReports)
        #expect(glitch.diagnosis.openFaults.first?.suspects.first?.part.serial == "S1")
        #expect(glitch.diagnosis.know([old], reported: [old], at: F.start + .seconds(3)).isEmpty)
        #expect(!glitch.diagnosis.awaitsReports)
        #expect(glitch.diagnosis.know([new], reported: [new], at: F.start + .seconds(4)).isEmpty, "it begins anew")
        // Two probes disagree for ever: the list has the one's, the other says otherwise in between.
        var discord = patient
        for second in 2..<40 as Range<Int64> {
            let said = second % 2 == 0 ? new : old
            #expect(discord.diagnosis.know([new], reported: [said], at: F.start + .seconds(second)).isEmpty)
        }
        #expect(discord.show(pending: 0, at: 41).isEmpty && discord.diagnosis.openFaults.count == 1)
        // Another wrong number is not the first one's second time.
        var noise = patient
        for (second, serial) in [(Int64(2), "S2"), (3, "S3"), (4, "S2")] {
            let said = F.component(serial: serial)
            #expect(noise.diagnosis.know([said], reported: [said], at: F.start + .seconds(second)).isEmpty)
        }
        // A probe that says nothing of the part does not confirm it; a second one that agrees does.
        _ = patient.diagnosis.know([new], reported: [new], at: F.start + .seconds(2))
        #expect(patient.diagnosis.know([new], reported: [], at: F.start + .seconds(3)).isEmpty)
        #expect(patient.diagnosis.know([new], reported: [new], at: F.start + .seconds(4)).map(\.kind) == [.cleared])
        let stored = patient.diagnosis.takeChanges(windows: true)
        var resumed = Diagnosis(patterns: try F.pack(F.pattern("disk.test", ["clear": "never"])), resuming: stored)
        #expect(resumed.know([new], reported: [new], at: F.start + .seconds(5)).isEmpty && !resumed.awaitsReports)
    }

    @Test("A disk known by its path whose hours of power fall by more than a day is another one; a numbered one is not")
    func exchangeByHours() throws {
        func hours(_ value: UInt64, of id: ComponentID, at second: Int64) -> Observation {
            Observation(
                component: id, signal: DiskSignals.powerOnTime, measurement: .counter(value),
                time: F.start + .seconds(second))
        }
        for (name, later, isExchange) in [
            ("path-pci-0000:00:1f.2-ata-3", UInt64(12), true), ("device-sda", 475, true), ("device-sda", 476, false),
            ("device-sda", 500, false), ("wwn-0x5000c500a1b2c3d4", 12, false), ("serial-S1", 12, false),
        ] {
            let id = ComponentID(.disk, name)
            let pack = try F.pack(F.pattern("disk.test", ["clear": "never", "when": "pending >= 16"]))
            var diagnosis = Diagnosis(patterns: pack)
            let seen = [F.counter(20, after: 1, of: id), hours(500, of: id, at: 1)]
            #expect(diagnosis.observe(seen, at: F.start + .seconds(1)).map(\.kind) == [.opened])
            diagnosis = Diagnosis(patterns: pack, resuming: diagnosis.takeChanges(windows: true))
            let look = [F.counter(0, after: 2, of: id), hours(later, of: id, at: 2)]
            let changes = diagnosis.observe(look, at: F.start + .seconds(2))
            #expect(changes.map(\.kind) == (isExchange ? [.cleared] : []), "\(name) \(later)")
            if isExchange {
                let because = "Part exchanged: 500 hours of power have become \(later)."
                #expect(changes.first?.because == because)
            }
        }
    }

    @Test("Late samples and repetitions change nothing")
    func lateSamples() throws {
        var patient = Patient(try F.pack(F.pattern()))
        #expect(patient.show(pending: 0, at: 10).isEmpty)
        #expect(patient.show(F.counter(20, after: 9), at: 11).isEmpty)
        #expect(patient.show(F.counter(20, after: 10), at: 12).isEmpty)
    }

    @Test("A clock that was set back stops nothing and opens nothing twice")
    func clockSetBack() throws {
        var patient = Patient(try F.pack(F.pattern("disk.test", ["for": "2 samples"])))
        var clock = EngineClock(at: Moment(time: F.start + .seconds(100_000), boot: "b", uptime: .seconds(50)))
        func show(_ pending: UInt64, wall: Int64, uptime: Int64) -> [FaultChange] {
            let now = clock.read(Moment(time: F.start + .seconds(wall), boot: "b", uptime: .seconds(uptime)))
            let seen = Observation(component: F.disk, signal: F.pending, measurement: .counter(pending), time: now)
            return patient.diagnosis.observe([seen], at: now)
        }
        #expect(show(20, wall: 100_000, uptime: 50).isEmpty)
        #expect(show(20, wall: 10, uptime: 60).map(\.kind) == [.opened])
        #expect(show(20, wall: 20, uptime: 70).isEmpty)
        #expect(show(0, wall: 30, uptime: 80).isEmpty)
        #expect(show(0, wall: 40, uptime: 90).map(\.kind) == [.cleared])
    }

    @Test("A sample of the future counts as one of now")
    func future() throws {
        var patient = Patient(try F.pack(F.pattern()))
        #expect(patient.show(F.counter(20, after: 1_000_000), at: 1).first?.time == F.start + .seconds(1))
        #expect(patient.show(pending: 0, at: 2).map(\.kind) == [.cleared])
    }

    @Test("A value that nobody renewed for more than a day is unknown")
    func stale() throws {
        var patient = Patient(try F.pack(F.pattern("disk.test", ["when": "pending >= 16 and temperature > 50"])))
        #expect(patient.show(pending: 20, at: 0).isEmpty)
        #expect(patient.show(F.seen(.reading(60), F.temperature, after: 26 * 3600), at: 26 * 3600).isEmpty)
        #expect(patient.show(pending: 20, at: 26 * 3600 + 1).map(\.kind) == [.opened])
    }

    @Test("Patterns apply to their kind and attributes only, and not to exceptions")
    func selection() throws {
        let pack = try F.pack(
            F.pattern("disk.ata", ["applies_to": ["component": "disk", "bus": "ata"]]),
            F.pattern("disk.nvme", ["applies_to": ["component": "disk", "bus": ["nvme", "sas"]]]),
            F.pattern("disk.not-ata", ["except": ["bus": ["ata"]]]),
            F.pattern(
                "disk.spinning",
                [
                    "applies_to": ["component": ["disk", "raid_array"], "rotational": "1"], "let": nil,
                    "when": "hw.status == \"failed\"",
                ]))
        var patient = Patient(pack)
        let failed = F.seen(.state("failed"), Signal("hw.status"), after: 1)
        let changes = patient.show(F.counter(20, after: 1), failed, at: 1)
        #expect(changes.map(\.fault.pattern) == ["disk.ata", "disk.spinning"])
    }

    @Test("Suspects are found above, below, or as the only one of their kind, and unnamed else")
    func suspects() throws {
        let suspects: [[String: String]] = [
            ["part": "self", "certainty": "0.4"], ["part": "parent", "certainty": "0.3"],
            ["part": "psu", "certainty": "0.2"], ["part": "cable", "certainty": "0.1"],
        ]
        var patient = Patient(try F.pack(F.pattern("disk.test", ["suspects": suspects])))
        let chassis = Component(id: ComponentID(.chassis, "1"), kind: .chassis, name: "Rack server")
        let psu = Component(id: ComponentID(.psu, "1"), kind: .psu, name: "PSU 1", part: Part(serial: "P1"))
        _ = patient.diagnosis.know([chassis, psu], at: F.start)
        let found = try #require(patient.show(pending: 20, at: 1).first).fault.suspects
        #expect(found.map(\.name) == ["/dev/sda", "Rack server", "PSU 1", "cable"])
        #expect(found.map(\.component) == [F.disk, chassis.id, psu.id, nil])
        #expect(found.map(\.certainty) == [0.4, 0.3, 0.2, 0.1])
    }

    @Test("The only cable that a machine lists is that of another part, unless it hangs with this one")
    func otherCables() throws {
        let suspects: [[String: String]] = [
            ["part": "self", "certainty": "0.6"], ["part": "cable", "certainty": "0.2"],
        ]
        let pack = try F.pack(F.pattern("disk.test", ["suspects": suspects]))
        for (parent, expected) in [(ComponentID(.controller, "1"), nil), (F.disk, ComponentID(.cable, "port 2"))] {
            var patient = Patient(pack)
            let cable = Component(
                id: ComponentID(.cable, "port 2"), kind: .cable, parent: parent, name: "cable of port 2")
            _ = patient.diagnosis.know([cable], at: F.start)
            let found = try #require(patient.show(pending: 20, at: 1).first).fault.suspects
            #expect(found.map(\.component) == [F.disk, expected])
        }
    }

    @Test("The name of a fault follows from pattern, component and time; a second episode has another")
    func names() throws {
        let pack = try F.pack(F.pattern())
        var one = Patient(pack)
        var two = Patient(pack)
        let first = try #require(one.show(pending: 20, at: 1).first).fault.id
        #expect(two.show(pending: 20, at: 1).first?.fault.id == first)
        _ = one.show(pending: 0, at: 2)
        #expect(one.show(pending: 20, at: 3).first?.fault.id != first)
    }

    @Test("A component of a thousand is judged by itself, in the order of the names")
    func many() throws {
        var diagnosis = Diagnosis(patterns: try F.pack(F.pattern()))
        let round = (0..<1_000).map {
            F.counter($0 % 100 == 7 ? 99 : 0, after: 1, of: ComponentID(.disk, String(format: "%04d", $0)))
        }
        let changes = diagnosis.observe(round.shuffled(), at: F.start + .seconds(1))
        #expect(changes.map(\.fault.component.rawValue) == (0..<10).map { String(format: "disk:%04d", $0 * 100 + 7) })
    }
}
