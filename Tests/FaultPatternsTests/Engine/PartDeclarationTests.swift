import FaultPatterns
import Foundation
import Reports
import Testing

@Suite("What people declare of parts")
struct PartDeclarationTests {
    private typealias F = Fixtures

    private static func said(
        _ verb: PartDeclaration.Verb, of component: ComponentID = F.disk, serial: String? = nil, class: String? = nil
    ) -> PartDeclaration {
        PartDeclaration(
            id: "1", verb: verb, component: component, serial: serial, faultClass: `class`, because: "seen by hand.",
            by: "anna", at: F.start)
    }

    private static func at(_ seconds: Int64) -> Timestamp { F.start + .seconds(seconds) }

    /// What a diagnosis makes of one reading.
    private static func show(
        _ value: Double, of signal: String, on component: ComponentID, at seconds: Int64, to diagnosis: inout Diagnosis
    ) -> [FaultChange] {
        diagnosis.observe(
            [
                Observation(
                    component: component, signal: Signal(signal), measurement: .reading(value), time: at(seconds))
            ], at: at(seconds))
    }

    @Test("A repaired part's fault clears, and only what comes after it opens one again, which says so")
    func repaired() throws {
        let rise = F.pattern("disk.rise", ["when": "increase(reported[90d]) >= 4", "clear": "never"])
        var patient = Patient(try F.pack(rise))
        #expect(patient.show(reported: 10, at: 0).isEmpty)
        let first = try #require(patient.show(reported: 15, at: 10).first)
        let cleared = try patient.diagnosis.apply(Self.said(.repaired), at: Self.at(20))
        #expect(cleared.map(\.kind) == [.cleared])
        #expect(cleared.first?.because == "/dev/sda declared repaired by anna: seen by hand.")
        #expect(patient.diagnosis.openFaults.isEmpty)
        #expect(patient.show(reported: 15, at: 30).isEmpty)
        #expect(patient.show(reported: 18, at: 40).isEmpty)
        let again = try #require(patient.show(reported: 19, at: 3 * 86_400).first)
        #expect(again.kind == .opened && again.fault.id != first.fault.id)
        #expect(again.because.hasSuffix(" Again, 2 days after it was repaired."))
        #expect(again.fault.because == again.because)
    }

    @Test("After ninety days nobody says again")
    func long() throws {
        var patient = Patient(try F.pack(F.pattern("disk.test", ["clear": "never"])))
        _ = patient.show(pending: 20, at: 0)
        _ = try patient.diagnosis.apply(Self.said(.replaced), at: Self.at(1))
        let last = try #require(patient.show(pending: 20, at: 90 * 86_400 + 1).first)
        #expect(!last.because.contains("Again"))
    }

    @Test("A part without a serial number can be replaced, and the fault does not follow the new one")
    func replaced() throws {
        let fan = ComponentID(.fan, "FAN1")
        let pattern = F.pattern(
            "fan.test",
            [
                "applies_to": ["component": "fan"], "let": ["speed": "hw.fan.speed"],
                "when": "min_over_time(speed[30d]) < 500", "clear": "never",
            ])
        var diagnosis = Diagnosis(patterns: try F.pack(pattern))
        _ = diagnosis.know([Component(id: fan, kind: .fan, name: "FAN1")], at: F.start)
        func show(_ speed: Double, _ seconds: Int64) -> [FaultChange] {
            Self.show(speed, of: "hw.fan.speed", on: fan, at: seconds, to: &diagnosis)
        }
        #expect(show(0, 1).map(\.kind) == [.opened])
        #expect(try diagnosis.apply(Self.said(.replaced, of: fan), at: Self.at(2)).map(\.kind) == [.cleared])
        #expect(show(2_000, 3).isEmpty)
        #expect(show(2_000, 86_400).isEmpty, "the old fan's standstill is forgotten")
    }

    @Test(
        "What still holds after a part was declared mended is a fault again, also where a pattern asks what the part was at its best",
        arguments: [PartDeclaration.Verb.replaced, .repaired], [nil, "fan.test"] as [String?])
    func wordAlone(verb: PartDeclaration.Verb, named: String?) throws {
        let fan = ComponentID(.fan, "FAN1")
        let pack = try F.pack(
            F.pattern(
                "fan.test",
                [
                    "applies_to": ["component": "fan"], "let": ["speed": "hw.fan.speed"],
                    "when": "speed < 1 and lifetime_max(speed) >= 100", "clear": "speed >= 100",
                ]))
        var diagnosis = Diagnosis(patterns: pack)
        _ = diagnosis.know([Component(id: fan, kind: .fan, name: "FAN1")], at: F.start)
        func show(_ speed: Double, _ seconds: Int64) -> [FaultChange] {
            Self.show(speed, of: "hw.fan.speed", on: fan, at: seconds, to: &diagnosis)
        }
        #expect(show(1200, 1).isEmpty)
        #expect(show(0, 2).map(\.kind) == [.opened])
        let said = Self.said(verb, of: fan, class: named)
        #expect(try diagnosis.apply(said, at: Self.at(3)).map(\.kind) == [.cleared])
        diagnosis = Diagnosis(patterns: pack, resuming: diagnosis.takeChanges(windows: true))
        let again = show(0, 4)
        #expect(again.map(\.kind) == [.opened])
        #expect(again.first?.because.hasSuffix("after it was \(verb.rawValue).") == true)
        #expect(show(1200, 5).map(\.kind) == [.cleared])
    }

    @Test(
        "What a part was at its best is nothing to the one that the machine shows in its place",
        arguments: [("S1", "Card A", true), ("S2", "Card A", false), ("S1", "Card B", false)])
    func another(serial: String, model: String, isSame: Bool) throws {
        let card = ComponentID(.nic, "0000:01:00.0")
        func component(_ serial: String, _ model: String) -> Component {
            Component(id: card, kind: .nic, name: "eth0", part: Part(model: model, serial: serial))
        }
        var diagnosis = Diagnosis(
            patterns: try F.pack(
                F.pattern(
                    "nic.test",
                    [
                        "applies_to": ["component": "nic"], "let": ["speed": "hw.network.bandwidth.limit"],
                        "when": "speed < lifetime_max(speed)", "clear": "never",
                    ])))
        _ = diagnosis.know([component("S1", "Card A")], at: F.start)
        func show(_ speed: Double, _ seconds: Int64) -> [FaultChange] {
            Self.show(speed, of: "hw.network.bandwidth.limit", on: card, at: seconds, to: &diagnosis)
        }
        #expect(show(10_000, 1).isEmpty)
        #expect(show(1_000, 2).map(\.kind) == [.opened])
        _ = try diagnosis.apply(Self.said(.replaced, of: card), at: Self.at(3))
        for seconds: Int64 in [4, 5] { _ = diagnosis.know([component(serial, model)], at: Self.at(seconds)) }
        #expect(show(1_000, 6).map(\.kind) == (isSame ? [.opened] : []))
    }

    @Test("An acquitted part's pattern keeps quiet until its condition was once false, also over a restart")
    func acquitted() throws {
        let pack = try F.pack(F.pattern("disk.test", ["clear": "never"]))
        var patient = Patient(pack)
        _ = patient.show(pending: 20, at: 0)
        #expect(try patient.diagnosis.apply(Self.said(.acquitted), at: Self.at(1)).map(\.kind) == [.cleared])
        #expect(patient.show(pending: 20, at: 2).isEmpty)
        #expect(patient.show(pending: 40, at: 3).isEmpty)
        let states = patient.diagnosis.takeChanges(windows: true)
        var resumed = patient
        resumed.diagnosis = Diagnosis(patterns: pack, resuming: states)
        #expect(resumed.show(pending: 50, at: 4).isEmpty)
        #expect(resumed.show(pending: 3, at: 5).isEmpty)
        #expect(resumed.show(pending: 20, at: 6).map(\.kind) == [.opened])
    }

    @Test("An acquitted part is accused again when the condition gets more urgent")
    func moreUrgent() throws {
        let cases: [[String: String]] = [["when": "pending >= 250", "is": "order"], ["is": "plan"]]
        var patient = Patient(try F.pack(F.pattern("disk.test", ["urgency": cases, "clear": "never"])))
        _ = patient.show(pending: 20, at: 0)
        _ = try patient.diagnosis.apply(Self.said(.acquitted), at: Self.at(1))
        #expect(patient.show(pending: 249, at: 2).isEmpty)
        let change = try #require(patient.show(pending: 250, at: 3).first)
        #expect(change.kind == .opened && change.fault.urgency == .order)
    }

    @Test("Only the class that is named is ended")
    func oneClass() throws {
        var patient = Patient(
            try F.pack(
                F.pattern("disk.a", ["clear": "never"]),
                F.pattern("disk.b", ["when": "pending >= 17", "clear": "never"])))
        _ = patient.show(pending: 20, at: 0)
        let ended = try patient.diagnosis.apply(Self.said(.acquitted, class: "disk.b"), at: Self.at(1))
        #expect(ended.map(\.fault.pattern) == ["disk.b"])
        #expect(patient.diagnosis.openFaults.map(\.pattern) == ["disk.a"])
    }

    @Test("A fault on another component that suspects the part first ends with it")
    func elsewhere() throws {
        let chassis = ComponentID(.chassis, "1")
        var patient = Patient(
            try F.pack(
                F.pattern("disk.test", ["suspects": [["part": "parent", "certainty": "0.9"]], "clear": "never"])))
        _ = patient.diagnosis.know(
            [Component(id: chassis, kind: .chassis, name: "chassis"), F.component()], at: F.start)
        let change = try #require(patient.show(pending: 20, at: 0).first)
        #expect(change.fault.suspects.first?.component == chassis)
        let cleared = try patient.diagnosis.apply(Self.said(.repaired, of: chassis), at: Self.at(1))
        #expect(cleared.map(\.kind) == [.cleared])
    }

    @Test("What cannot be applied is refused with the reason, and changes nothing")
    func refused() throws {
        var patient = Patient(try F.pack(F.pattern("disk.test", ["clear": "never"])))
        #expect(throws: DeclarationRefusal.self) { try patient.diagnosis.apply(Self.said(.acquitted), at: Self.at(1)) }
        _ = patient.show(pending: 20, at: 2)
        let other = #expect(throws: DeclarationRefusal.self) {
            try patient.diagnosis.apply(Self.said(.replaced, serial: "S0"), at: Self.at(3))
        }
        #expect(other?.description == "/dev/sda bears serial S1, not S0: it was exchanged already.")
        #expect(throws: DeclarationRefusal.self) {
            try patient.diagnosis.apply(Self.said(.replaced, of: ComponentID(.disk, "gone")), at: Self.at(3))
        }
        #expect(patient.diagnosis.openFaults.count == 1)
    }
}
