import FaultPatterns
import Reports
import Testing

/// Common causes, told by the shipped patterns: many signs in, one fault out.
@Suite("Common causes of shipped patterns")
struct ShippedCausesTests {
    @Test(
        "What the kernel counts of a module that it cannot place is put down to the module whose limit the firmware tells of",
        arguments: [true, false])
    func moduleUnderTwoNames(isCountedFirst: Bool) throws {
        var server = try Server([(.dimm, "DIMM_A1", .chassis, "main"), (.dimm, "mc0/dimm3", .chassis, "main")]) {
            $0.id == ComponentID(.dimm, "mc0/dimm3") ? ["ambiguous": "no locator fits", "edac": "mc0/dimm3"] : [:]
        }
        let (named, numbered) = (ComponentID(.dimm, "DIMM_A1"), ComponentID(.dimm, "mc0/dimm3"))
        func show(corrected: UInt64, limit: Bool = false, for minutes: Int = 1) {
            server.play(for: minutes) { time in
                let count = Observation(
                    component: numbered, signal: Signal("hw.errors", ["error.type": "corrected"]),
                    measurement: .counter(corrected), time: time)
                let notice = Observation(
                    component: named, signal: Signal("hw.memory.correction_limit"),
                    measurement: .event("limit \(time)"),
                    time: time)
                return limit ? [count, notice] : [count]
            }
        }
        show(corrected: 0)
        if isCountedFirst {
            show(corrected: 40)
            #expect(server.classes == ["memory.corrected-errors"])
        }
        for _ in 0..<3 { show(corrected: isCountedFirst ? 40 : 0, limit: true) }
        #expect(server.classes == ["memory.correction-limit", "memory.correction-limit-again"])
        show(corrected: 80, for: 60)
        #expect(server.classes == ["memory.correction-limit", "memory.correction-limit-again"])
        #expect(server.components == [named])
    }

    @Test("A fan that stands still explains ten hot sensors, and they come back when it turns while they are hot")
    func stoppedFan() throws {
        var server = try Server(
            [(.fan, "1", .chassis, "main")] + (1...10).map { (.temperature, "\($0)", .chassis, "main") })
        let fan = ComponentID(.fan, "1")
        func show(rpm: Double, celsius: Double, for minutes: Int) {
            server.play(for: minutes) { time in
                [
                    .init(component: fan, signal: Signal("hw.fan.speed"), measurement: .reading(rpm), time: time),
                    .init(
                        component: fan, signal: Signal("hw.alarm", ["alarm": "any"]),
                        measurement: .state(rpm < 100 ? "asserted" : "clear"), time: time),
                ]
                    + (1...10).flatMap { Server.temperature("\($0)", celsius, critical: 90, at: time) }
            }
        }
        show(rpm: 3000, celsius: 60, for: 5)
        show(rpm: 0, celsius: 60, for: 3)
        #expect(server.classes == ["fan.seized"])
        show(rpm: 0, celsius: 95, for: 10)
        try server.expectCause("fan.seized", suspect: .fan, explains: 10)
        show(rpm: 3000, celsius: 95, for: 10)
        #expect(server.classes == Array(repeating: "temperature.above-critical", count: 10))
        show(rpm: 3000, celsius: 60, for: 10)
        #expect(server.classes.isEmpty)
    }

    @Test("A warm room explains what is hot inside, and a hot sensor comes back when the room is cool again")
    func warmRoom() throws {
        var server = try Server(
            (1...4).map { (.temperature, "\($0)", .chassis, "main") } + [(.temperature, "in", .chassis, "main")]
        ) {
            $0.id == ComponentID(.temperature, "in") ? ["role": "inlet"] : [:]
        }
        func show(inlet: Double, inside: Double, for minutes: Int) {
            server.play(for: minutes) { time in
                Server.temperature("in", inlet, critical: 60, at: time)
                    + (1...4).flatMap { Server.temperature("\($0)", inside, critical: 90, at: time) }
            }
        }
        show(inlet: 22, inside: 60, for: 5)
        show(inlet: 41, inside: 96, for: 20)
        try server.expectCause("airflow.ambient-hot", suspect: .cooling, explains: 4)
        show(inlet: 22, inside: 96, for: 20)
        #expect(server.classes == Array(repeating: "temperature.above-critical", count: 4))
    }

    @Test("Hot sensors of one zone whose fans turn are put down to the air, not to a part")
    func blockedZone() throws {
        var server = try Server(
            [(.zone, "front", .chassis, "main"), (.fan, "1", .zone, "front")]
                + (1...5).map { (.temperature, "\($0)", .zone, "front") })
        func show(celsius: Double, for minutes: Int) {
            server.play(for: minutes) { time in
                [
                    .init(
                        component: ComponentID(.fan, "1"), signal: Signal("hw.fan.speed"),
                        measurement: .reading(5000), time: time)
                ] + (1...5).flatMap { Server.temperature("\($0)", celsius, critical: 90, at: time) }
            }
        }
        show(celsius: 60, for: 5)
        show(celsius: 96, for: 15)
        try server.expectCause("airflow.zone-blocked", suspect: .cooling, explains: 5)
        show(celsius: 60, for: 30)
        #expect(server.classes.isEmpty)
    }

    @Test("Twelve disks of one controller with damaged transfers are one fault of the controller")
    func hostBusAdapter() throws {
        var server = try Server(
            [(.controller, "hba", .chassis, "main"), (.disk, "spare", .chassis, "main")]
                + (1...12).map { (.disk, "\($0)", .controller, "hba") })
        server.damageTransfers(of: (1...12).map(String.init))
        try server.expectCause("controller.failing", suspect: .controller, explains: 12)
    }

    @Test("Disks of one shelf with damaged transfers are one fault of the shelf, not of the controller above it")
    func backplane() throws {
        var server = try Server(
            [
                (.controller, "hba", .chassis, "main"), (.backplane, "shelf", .controller, "hba"),
                (.backplane, "other", .controller, "hba"), (.disk, "far", .backplane, "other"),
            ] + (1...4).map { (.disk, "\($0)", .backplane, "shelf") })
        server.damageTransfers(of: (1...4).map(String.init))
        try server.expectCause("backplane.failing", suspect: .backplane, explains: 4)
    }

    @Test("Damaged transfers and resets of one disk whose surface is well are one fault of its cable")
    func cable() throws {
        var server = try Server(
            [
                (.controller, "hba", .chassis, "main"), (.disk, "1", .controller, "hba"),
                (.disk, "2", .controller, "hba"),
            ])
        server.damageTransfers(of: ["1"], withResets: true)
        try server.expectCause("cable.disk-link", suspect: .cable, explains: 2)
    }

    @Test("Two power supplies without power are one fault of the mains, and one without is its own")
    func mains() throws {
        var server = try Server([(.psu, "1", .chassis, "main"), (.psu, "2", .chassis, "main")])
        func show(lost: [String], for minutes: Int) {
            server.play(for: minutes) { time in
                ["1", "2"].map { supply in
                    .init(
                        component: ComponentID(.psu, supply),
                        signal: Signal("hw.psu.state", ["offset": "input_lost"]),
                        measurement: .state(lost.contains(supply) ? "asserted" : "clear"), time: time)
                }
            }
        }
        show(lost: [], for: 3)
        show(lost: ["1", "2"], for: 6)
        try server.expectCause("mains.all-inputs-lost", suspect: .ups, explains: 2)
        show(lost: ["1"], for: 15)
        #expect(server.classes == ["psu.input-lost"])
        show(lost: [], for: 15)
        #expect(server.classes.isEmpty)
    }

    @Test("A UPS on battery explains power supplies without power")
    func mainsBehindUPS() throws {
        var server = try Server([(.psu, "1", .chassis, "main"), (.psu, "2", .chassis, "main"), (.ups, "1", nil, "")])
        server.play(for: 8) { time in
            ["1", "2"].map { supply in
                .init(
                    component: ComponentID(.psu, supply), signal: Signal("hw.psu.state", ["offset": "input_lost"]),
                    measurement: .state("asserted"), time: time)
            }
                + [("OB", "asserted"), ("LB", "clear"), ("CAL", "clear")].map { flag, state in
                    .init(
                        component: ComponentID(.ups, "1"), signal: Signal("hw.ups.status", ["flag": flag]),
                        measurement: .state(state), time: time)
                }
        }
        try server.expectCause("mains.lost", suspect: .ups, explains: 2)
    }

    @Test("A failed power supply explains lost redundancy and wrong voltages")
    func powerSupply() throws {
        var server = try Server(
            [(.psu, "1", .chassis, "main")] + ["12", "5"].map { (.voltage, $0, .chassis, "main") })
        func show(failed: Bool, for minutes: Int) {
            server.play(for: minutes) { time in
                [
                    .init(
                        component: ComponentID(.psu, "1"), signal: Signal("hw.psu.state", ["offset": "failure"]),
                        measurement: .state(failed ? "asserted" : "clear"), time: time),
                    .init(
                        component: Server.chassis, signal: Signal("hw.psu.redundancy"),
                        measurement: .state(failed ? "lost" : "full"), time: time),
                ] + ["12", "5"].flatMap { Server.rail($0, share: failed ? 0.9 : 1, at: time) }
            }
        }
        show(failed: false, for: 5)
        show(failed: true, for: 20)
        try server.expectCause("psu.failed", suspect: .psu, explains: 3)
    }

    @Test("Two rails outside their limits are one fault of the power supply")
    func rails() throws {
        var server = try Server(
            [(.psu, "1", .chassis, "main")] + ["12", "5", "3.3"].map { (.voltage, $0, .chassis, "main") })
        func show(share: Double, for minutes: Int) {
            server.play(for: minutes) { time in ["12", "5"].flatMap { Server.rail($0, share: share, at: time) } }
        }
        show(share: 1, for: 5)
        show(share: 0.9, for: 20)
        try server.expectCause("psu.rails-failing", suspect: .psu, explains: 2)
        show(share: 1, for: 30)
        #expect(server.classes.isEmpty)
    }

    @Test("Two modules of one channel with errors are one fault of the processor's side")
    func memoryChannel() throws {
        var server = try Server(
            [
                (.cpu, "0", .chassis, "main"), (.memoryController, "mc0", .cpu, "0"),
                (.memoryChannel, "a", .memoryController, "mc0"), (.memoryChannel, "b", .memoryController, "mc0"),
                (.dimm, "a1", .memoryChannel, "a"), (.dimm, "a2", .memoryChannel, "a"),
                (.dimm, "b1", .memoryChannel, "b"),
            ])
        func show(errors: UInt64, for minutes: Int) {
            server.play(for: minutes) { time in
                ["a1", "a2", "b1"].map { module in
                    .init(
                        component: ComponentID(.dimm, module),
                        signal: Signal("hw.errors", ["error.type": "corrected"]),
                        measurement: .counter(module == "b1" ? 0 : errors), time: time)
                }
            }
        }
        show(errors: 0, for: 3)
        show(errors: 20, for: 10)
        try server.expectCause("memory.channel-failing", suspect: .cpu, explains: 2)
    }
}

/// A server with a chassis, watched minute by minute by the shipped patterns.
private struct Server {
    static let chassis = ComponentID(.chassis, "main")
    private static let pack = Result { try ShippedPatternTests.pack() }
    private let onTrial: Set<String>
    private var diagnosis: Diagnosis
    private var now = Fixtures.start
    private var told: [FaultID: Fault] = [:]

    init(
        _ parts: [(kind: ComponentKind, name: String, parentKind: ComponentKind?, parent: String)],
        attributes: (Component) -> [String: String] = { $0.kind == .disk ? ["bus": "ata", "rotational": "1"] : [:] }
    ) throws {
        let pack = try Server.pack.get()
        onTrial = Set(pack.patterns.filter { $0.status == .shadow }.map(\.id))
        diagnosis = Diagnosis(patterns: pack)
        var components = [Component(id: Server.chassis, kind: .chassis, name: "chassis")]
        for part in parts {
            var component = Component(
                id: ComponentID(part.kind, part.name), kind: part.kind,
                parent: part.parentKind.map { ComponentID($0, part.parent) }, name: "\(part.kind) \(part.name)",
                part: Part(serial: part.name))
            component.attributes = attributes(component)
            components.append(component)
        }
        take(diagnosis.know(components, at: now))
    }

    /// Classes of the faults that are told now, shadow patterns left out.
    var classes: [String] { told.values.map(\.faultClass).sorted() }

    /// What these faults are on.
    var components: Set<ComponentID> { Set(told.values.map(\.component)) }

    mutating func play(for minutes: Int, _ observations: (Timestamp) -> [Observation]) {
        for _ in 0..<minutes {
            now = now + .seconds(60)
            take(diagnosis.observe(observations(now), at: now))
        }
    }

    /// One fault is told, it blames a part of this kind first, and as many signs stand in its evidence.
    func expectCause(
        _ faultClass: String, suspect: ComponentKind, explains count: Int,
        at place: Testing.SourceLocation = #_sourceLocation
    ) throws {
        #expect(classes == [faultClass], sourceLocation: place)
        let fault = try #require(told.values.first { $0.faultClass == faultClass }, sourceLocation: place)
        #expect(fault.suspects.first?.kind == suspect, sourceLocation: place)
        let explained = fault.evidence.filter { $0.value.hasPrefix("Explained: ") }
        #expect(explained.count >= count, sourceLocation: place)
    }

    private mutating func take(_ changes: [FaultChange]) {
        for change in changes where !onTrial.contains(change.fault.pattern) {
            told[change.fault.id] = change.kind == .cleared ? nil : change.fault
        }
    }

    static func temperature(_ name: String, _ celsius: Double, critical: Double, at time: Timestamp) -> [Observation] {
        let id = ComponentID(.temperature, name)
        return [
            Observation(component: id, signal: Signal("hw.temperature"), measurement: .reading(celsius), time: time),
            Observation(
                component: id, signal: Signal("hw.temperature.limit", ["limit_type": "high.critical"]),
                measurement: .reading(critical), time: time),
        ]
    }

    /// A rail of `name` volts at a share of its nominal value; five per cent off are its limits.
    static func rail(_ name: String, share: Double, at time: Timestamp) -> [Observation] {
        let id = ComponentID(.voltage, name)
        let nominal = Double(name) ?? 0
        let values = [
            (Signal("hw.voltage"), nominal * share), (Signal("hw.voltage.nominal"), nominal),
            (Signal("hw.voltage.limit", ["limit_type": "low.critical"]), nominal * 0.95),
            (Signal("hw.voltage.limit", ["limit_type": "high.critical"]), nominal * 1.05),
        ]
        return values.map { Observation(component: id, signal: $0, measurement: .reading($1), time: time) }
    }

    mutating func damageTransfers(of disks: [String], withResets: Bool = false) {
        let crc = Signal("hw.physical_disk.smart", ["attribute": "199.raw"])
        for step in 0..<20 {
            let reset = Signal("hw.physical_disk.reset")
            play(for: 1) { time in
                disks.flatMap { disk -> [Observation] in
                    let id = ComponentID(.disk, disk)
                    let counted = Observation(
                        component: id, signal: crc, measurement: .counter(step < 5 ? 0 : 7), time: time)
                    guard withResets, (5..<8).contains(step) else { return [counted] }
                    return [
                        counted,
                        Observation(component: id, signal: reset, measurement: .event("reset \(step)"), time: time),
                    ]
                }
            }
        }
    }
}
