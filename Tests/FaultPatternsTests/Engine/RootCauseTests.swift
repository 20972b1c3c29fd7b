import FaultPatterns
import Foundation
import Reports
import Testing

/// Which fault is told, and which is only a sign of it.
@Suite("Root cause")
struct RootCauseTests {
    private typealias F = Fixtures

    private static let speed = Signal("hw.fan.speed")
    private static let chassis = ComponentID(.chassis, "1")
    private static let fan = ComponentID(.fan, "f1")
    private static let hba = ComponentID(.controller, "hba")

    private static func pattern(
        _ id: String, _ kind: String, when: String, _ more: [String: Any?] = [:]
    ) -> [String: Any] {
        F.pattern(
            id, ["applies_to": ["component": kind], "let": nil, "when": when].merging(more) { _, own in own })
    }

    /// A fan that stands still, the zones that it cools, and the room that explains more than the fan does.
    private static func cooling() throws -> PatternPack {
        try F.pack(
            pattern("temperature.hot", "temperature", when: "hw.temperature >= 90", ["clear": "hw.temperature < 85"]),
            pattern(
                "fan.seized", "fan", when: "hw.fan.speed < 100",
                ["explains": ["temperature.hot under parent within 30m"], "urgency": "order"]),
            pattern(
                "room.hot", "chassis", when: "active(\"temperature.hot\", under self) >= 2",
                ["explains": ["temperature.hot under self"]]))
    }

    private struct Machine {
        var diagnosis: Diagnosis
        var second: Int64 = 0

        init(_ pack: PatternPack, _ components: [Component]) {
            diagnosis = Diagnosis(patterns: pack)
            _ = diagnosis.know(components, at: F.start)
        }

        mutating func show(_ values: [(ComponentID, Signal, Reports.Measurement)]) -> [FaultChange] {
            second += 60
            let time = F.start + .seconds(second)
            let seen = values.map { Observation(component: $0.0, signal: $0.1, measurement: $0.2, time: time) }
            return diagnosis.observe(seen, at: time)
        }

        var told: [String] { diagnosis.openFaults.map { "\($0.pattern) \($0.component)" }.sorted() }

        /// Stored and taken up again.
        mutating func restart(_ pack: PatternPack) {
            var states: [ComponentID: ComponentState] = [:]
            for state in stored { states[state.component] = state }
            diagnosis = Diagnosis(patterns: pack, resuming: Array(states.values))
        }

        private var stored: [ComponentState] {
            mutating get { diagnosis.takeChanges(windows: true) }
        }
    }

    private static func component(_ id: ComponentID, under parent: ComponentID? = nil) -> Component {
        Component(
            id: id, kind: ComponentKind(rawValue: String(id.rawValue.prefix { $0 != ":" })), parent: parent,
            name: id.rawValue)
    }

    private static func zone(_ number: Int) -> ComponentID { ComponentID(.temperature, "z\(number)") }

    private static func coolingMachine() throws -> Machine {
        Machine(
            try cooling(),
            [component(chassis), component(fan, under: chassis)]
                + (1...3).map { component(zone($0), under: chassis) })
    }

    private static func temperatures(_ values: Double...) -> [(ComponentID, Signal, Reports.Measurement)] {
        values.enumerated().map { (zone($0 + 1), Signal("hw.temperature"), .reading($1)) }
    }

    @Test("A fault that another explains is not told: it stands in the evidence of its cause")
    func oneFault() throws {
        var machine = try Self.coolingMachine()
        let changes = machine.show([(Self.fan, Self.speed, .reading(0))] + Self.temperatures(95, 40, 40))
        #expect(changes.map(\.fault.pattern) == ["fan.seized"])
        #expect(changes.first?.fault.suspects.first?.component == Self.fan)
        #expect(changes.first?.fault.evidence.contains { $0.component == Self.zone(1) } == true)
        #expect(machine.told == ["fan.seized \(Self.fan)"])
    }

    @Test("A sign that was told before its cause was found is closed with the cause's name")
    func signFirst() throws {
        var machine = try Self.coolingMachine()
        #expect(machine.show(Self.temperatures(95, 40, 40)).map(\.kind) == [.opened])
        let changes = machine.show([(Self.fan, Self.speed, .reading(0))])
        #expect(changes.map(\.kind) == [.opened, .cleared])
        #expect(changes.last?.because == "Explained by another fault: t.")
        #expect(machine.told == ["fan.seized \(Self.fan)"])
    }

    /// Modules behind a controller that counts the errors of all of them, and never forgets one by itself.
    private static func memoryMachine() throws -> (machine: Machine, controller: ComponentID, modules: [ComponentID]) {
        let pack = try F.pack(
            pattern(
                "memory.lost", "dimm", when: "increase(hw.errors{error.type=\"uncorrected\"}[1d]) >= 1",
                ["clear": "never", "explains": ["memory.unplaced under parent"], "urgency": "order"]),
            pattern(
                "memory.unplaced", "memory_controller",
                when: "increase(hw.errors{error.type=\"uncorrected\"}[1d]) >= 1", ["clear": "never"]))
        let controller = ComponentID(.memoryController, "mc0")
        let modules = [ComponentID(.dimm, "mc0/dimm0"), ComponentID(.dimm, "mc0/dimm1")]
        return (
            Machine(pack, [component(controller)] + modules.map { component($0, under: controller) }), controller,
            modules
        )
    }

    @Test(
        "When the part that a fault was put down to is exchanged or mended, what was counted before is of the part that is gone",
        arguments: [
            PartDeclaration.Verb.replaced, .repaired, .acquitted,
        ])
    func mended(by verb: PartDeclaration.Verb) throws {
        var (machine, controller, modules) = try Self.memoryMachine()
        let signal = Signal("hw.errors", ["error.type": "uncorrected"])
        func counts(_ all: UInt64, _ first: UInt64) -> [(ComponentID, Signal, Reports.Measurement)] {
            [(controller, signal, .counter(all)), (modules[0], signal, .counter(first))]
        }
        #expect(machine.show(counts(0, 0)).isEmpty)
        #expect(machine.show(counts(1, 1)).map(\.fault.pattern) == ["memory.lost"])
        let declaration = PartDeclaration(
            id: "1", verb: verb, component: modules[0], because: nil, by: "anna", at: F.start)
        let changes = try machine.diagnosis.apply(declaration, at: F.start + .seconds(machine.second + 1))
        guard verb != .acquitted else {
            // The module is well, and so it was another.
            #expect(changes.map(\.fault.pattern) == ["memory.unplaced", "memory.lost"])
            return
        }
        #expect(changes.map(\.fault.pattern) == ["memory.lost"] && changes.map(\.kind) == [.cleared])
        #expect(machine.show(counts(1, 1)).isEmpty && machine.told.isEmpty)
        // What comes now is news, of whichever module.
        #expect(machine.show(counts(2, 1)).map(\.fault.pattern) == ["memory.unplaced"])
    }

    @Test("When the cause clears first, what remains comes back as an episode of its own")
    func comesBack() throws {
        var machine = try Self.coolingMachine()
        let opened = machine.show([(Self.fan, Self.speed, .reading(0))] + Self.temperatures(95, 40, 40))
        let changes = machine.show([(Self.fan, Self.speed, .reading(3_000))])
        #expect(changes.map(\.kind) == [.opened, .cleared])
        #expect(changes.first?.fault.pattern == "temperature.hot")
        #expect(changes.first?.fault.openedAt == changes.first?.time)
        #expect(changes.first?.because.contains("fan.seized") == true)
        #expect(changes.last?.fault.id == opened.first?.fault.id)
        #expect(machine.show(Self.temperatures(40, 40, 40)).map(\.fault.id) == [changes.first?.fault.id])
        #expect(machine.told.isEmpty)
    }

    @Test("A sign that goes while its cause is open is not told, and does not come back")
    func signGoes() throws {
        var machine = try Self.coolingMachine()
        _ = machine.show([(Self.fan, Self.speed, .reading(0))] + Self.temperatures(95, 40, 40))
        #expect(machine.show(Self.temperatures(40, 40, 40)).isEmpty)
        #expect(machine.show([(Self.fan, Self.speed, .reading(3_000))]).map(\.kind) == [.cleared])
        #expect(machine.told.isEmpty)
    }

    @Test(
        "A sign that is itself well again when its cause clears is not told, also over a restart, unless it comes back")
    func signEnds() throws {
        var machine = try Self.coolingMachine()
        _ = machine.show([(Self.fan, Self.speed, .reading(0))] + Self.temperatures(95, 40, 40))
        // Below what opens it, above what clears it.
        #expect(machine.show(Self.temperatures(87, 40, 40)).isEmpty)
        #expect(machine.show([(Self.fan, Self.speed, .reading(3_000))]).map(\.kind) == [.cleared])
        #expect(machine.told.isEmpty)
        machine.restart(try Self.cooling())
        #expect(machine.show(Self.temperatures(86, 40, 40)).isEmpty)
        let again = machine.show(Self.temperatures(95, 40, 40))
        #expect(again.map(\.kind) == [.opened])
        #expect(again.first?.fault.component == Self.zone(1))
        #expect(again.first?.fault.openedAt == again.first?.time)
        #expect(machine.show(Self.temperatures(40, 40, 40)).map(\.kind) == [.cleared])
    }

    @Test("A sign too long after its cause is a fault of its own")
    func tooLate() throws {
        var machine = try Self.coolingMachine()
        _ = machine.show([(Self.fan, Self.speed, .reading(0))])
        machine.second += 3_600
        #expect(machine.show(Self.temperatures(95, 40, 40)).map(\.fault.pattern) == ["temperature.hot"])
    }

    @Test("A cause with evidence of its own is never explained away; one that is only inferred is")
    func rivals() throws {
        var machine = try Self.coolingMachine()
        let changes = machine.show([(Self.fan, Self.speed, .reading(0))] + Self.temperatures(95, 95, 95))
        // Both explain three zones; the fan was seen standing, the room is a guess.
        #expect(changes.map(\.fault.pattern).contains("fan.seized"))
        #expect(machine.told.contains("fan.seized \(Self.fan)"))
        #expect(!machine.told.contains { $0.hasPrefix("temperature.hot") })
    }

    @Test("Without a better cause, what several signs have in common is one fault")
    func common() throws {
        var machine = try Self.coolingMachine()
        _ = machine.show([(Self.fan, Self.speed, .reading(3_000))] + Self.temperatures(95, 95, 95))
        #expect(machine.told == ["room.hot \(Self.chassis)"])
    }

    private static func links() throws -> PatternPack {
        let errors = "increase(hw.physical_disk.smart{attribute=\"199.raw\"}[24h]) >= 1"
        return try F.pack(
            pattern("disk.link", "disk", when: errors),
            pattern(
                "shelf.failing", "backplane", when: "active(\"disk.link\", under self) >= 2",
                ["explains": ["disk.link under self"], "weight": "1"]),
            pattern(
                "hba.failing", "controller", when: "active(\"disk.link\", under self) >= 3",
                ["explains": ["disk.link under self"], "weight": "1"]))
    }

    private static func linkMachine() throws -> Machine {
        let shelves = (1...2).map { ComponentID(.backplane, "b\($0)") }
        let disks = (0..<8).map { ComponentID(.disk, "d\($0)") }
        return Machine(
            try links(),
            [component(hba)] + shelves.map { component($0, under: hba) }
                + disks.enumerated().map { component($1, under: shelves[$0 / 4]) })
    }

    private static func crc(_ disks: Range<Int>, _ value: UInt64) -> [(ComponentID, Signal, Reports.Measurement)] {
        disks.map { (ComponentID(.disk, "d\($0)"), F.crc, .counter(value)) }
    }

    @Test("Of rivals, the one that explains more signs is told, and the others are among its signs")
    func moreSigns() throws {
        var machine = try Self.linkMachine()
        _ = machine.show(Self.crc(0..<8, 0))
        _ = machine.show(Self.crc(0..<8, 5))
        #expect(machine.told == ["hba.failing \(Self.hba)"])
    }

    @Test("Of rivals that explain as much, the narrower is told")
    func narrower() throws {
        var machine = try Self.linkMachine()
        _ = machine.show(Self.crc(0..<8, 0))
        _ = machine.show(Self.crc(0..<4, 5))
        #expect(machine.told.count == 1)
        #expect(machine.told == ["shelf.failing backplane:b1"])
    }

    @Test("What explains what survives a restart")
    func survives() throws {
        var machine = try Self.linkMachine()
        _ = machine.show(Self.crc(0..<8, 0))
        _ = machine.show(Self.crc(0..<8, 5))
        let before = machine.diagnosis.openFaults
        machine.restart(try Self.links())
        #expect(machine.diagnosis.openFaults == before)
        #expect(machine.show(Self.crc(0..<8, 5)).isEmpty)
    }

    @Test("A pattern on trial explains nothing")
    func trial() throws {
        let pack = try F.pack(
            Self.pattern("temperature.hot", "temperature", when: "hw.temperature >= 90"),
            Self.pattern(
                "fan.seized", "fan", when: "hw.fan.speed < 100",
                ["explains": ["temperature.hot under parent"], "status": "shadow"]))
        var machine = Machine(
            pack,
            [
                Self.component(Self.chassis), Self.component(Self.fan, under: Self.chassis),
                Self.component(Self.zone(1), under: Self.chassis),
            ])
        _ = machine.show([(Self.fan, Self.speed, .reading(0))] + Self.temperatures(95))
        #expect(machine.told == ["fan.seized \(Self.fan)", "temperature.hot \(Self.zone(1))"])
    }

    @Test("Parents in a circle stop nothing")
    func circle() throws {
        var machine = Machine(
            try Self.cooling(),
            [Self.component(Self.chassis, under: Self.fan), Self.component(Self.fan, under: Self.chassis)])
        #expect(machine.show([(Self.fan, Self.speed, .reading(0))]).count == 1)
    }
}
