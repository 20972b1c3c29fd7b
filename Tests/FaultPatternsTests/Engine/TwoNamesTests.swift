import FaultPatterns
import Foundation
import Reports
import TestSupport
import Testing

/// One failure that two watch under two names, one of which says nothing of the place.
@Suite("One part under two names")
struct TwoNamesTests {
    private typealias F = Fixtures

    private static let lost = Signal("hw.memory.error", ["error.type": "uncorrected"])
    private static let deferred = Signal("hw.memory.error", ["error.type": "deferred"])

    private static func dimm(_ name: String) -> ComponentID { ComponentID(.dimm, name) }

    /// Of lost data, which is an order, and of a warning, which is a plan and explains it.
    private static func pack() throws -> PatternPack {
        func pattern(_ id: String, _ signal: Signal, _ urgency: String) -> [String: Any] {
            F.pattern(
                id,
                [
                    "applies_to": ["component": "dimm"], "let": nil, "when": "serd(\(signal), 1, 24h)",
                    "clear": "never",
                    "urgency": urgency, "explains": ["memory.lost unidentified within 1h"],
                ])
        }
        return try F.pack(pattern("memory.lost", lost, "order"), pattern("memory.warned", deferred, "plan"))
    }

    /// `dimm:A1` on the board.
    private static func named(_ name: String, serial: String? = nil, edac: String? = nil) -> Component {
        Component(
            id: ComponentID(.dimm, name), kind: .dimm, name: name, part: Part(serial: serial, location: name),
            attributes: edac.map { ["edac": $0] } ?? [:])
    }

    /// `dimm:mc0/dimm0` of the kernel, wherever it sits.
    private static func numbered(_ number: Int) -> Component {
        let name = "mc0/dimm\(number)"
        return Component(
            id: ComponentID(.dimm, name), kind: .dimm, name: name,
            attributes: [
                "ambiguous": "no locator fits", "edac": name, "label": "CPU_SrcID#0_MC#0_Chan#0_DIMM#\(number)",
            ])
    }

    /// `dimm:mc0/dimm0` of the kernel with a label that somebody gave it, which SMBIOS does not know.
    private static func labelled(_ number: Int, _ label: String) -> Component {
        var module = numbered(number)
        module.name = label
        module.part.location = label
        module.attributes["label"] = label
        return module
    }

    private struct Machine {
        var diagnosis: Diagnosis
        var components: [Component]
        var second: Int64 = 0
        private var stored: [ComponentID: ComponentState] = [:]

        init(_ components: Component...) throws { try self.init(components) }

        init(_ components: [Component]) throws {
            self.components = components
            diagnosis = Diagnosis(patterns: try TwoNamesTests.pack())
            _ = diagnosis.know(components, at: F.start)
        }

        /// A failure, as many minutes after what came before.
        mutating func fail(_ name: String, _ signal: Signal = TwoNamesTests.lost, after minutes: Int64 = 1)
            -> [FaultChange]
        {
            second += minutes * 60
            let time = F.start + .seconds(second)
            return diagnosis.observe(
                [
                    Observation(
                        component: ComponentID(.dimm, name), signal: signal, measurement: .event("e"), time: time)
                ],
                at: time)
        }

        mutating func restart() throws {
            for state in diagnosis.takeChanges(windows: true) { stored[state.component] = state }
            diagnosis = Diagnosis(patterns: try TwoNamesTests.pack(), resuming: Array(stored.values))
        }

        var now: Timestamp { F.start + .seconds(second) }
        var told: [String] { diagnosis.openFaults.map { "\($0.component) \($0.urgency)" }.sorted() }
    }

    @Test(
        "What is told of a part before it is known which one it is gives way to the part's name, and the fault says so")
    func numberFirst() throws {
        var machine = try Machine(Self.named("A1"), Self.numbered(0))
        #expect(machine.fail("mc0/dimm0").map(\.kind) == [.opened])
        let changes = machine.fail("A1")
        #expect(changes.map(\.kind) == [.opened, .cleared])
        #expect(changes.first?.fault.component == Self.dimm("A1"))
        #expect(changes.first?.fault.alsoSeenAs == Self.dimm("mc0/dimm0"))
        #expect(
            changes.first?.fault.evidence.contains { $0.isExplained && $0.component == Self.dimm("mc0/dimm0") } == true)
        #expect(changes.last?.fault.component == Self.dimm("mc0/dimm0"))
        #expect(machine.told == ["dimm:A1 order"])
    }

    @Test("What is told of a part by its name is told once, whatever is counted of its number after it")
    func nameFirst() throws {
        var machine = try Machine(Self.named("A1"), Self.numbered(0))
        #expect(machine.fail("A1").map(\.kind) == [.opened])
        let changes = machine.fail("mc0/dimm0")
        #expect(changes.map(\.kind) == [.updated])
        #expect(changes.first?.fault.alsoSeenAs == Self.dimm("mc0/dimm0"))
        #expect(machine.told == ["dimm:A1 order"])
    }

    @Test("Whatever fails in whatever order, as many parts are told as fail, under either kind of name")
    func counts() throws {
        for seed in 0..<200 as Range<UInt64> {
            var random = SplitMix(seed: seed)
            let names = (1...4).map { "A\($0)" }
            let numbers = (0..<4).map { "mc0/dimm\($0)" }
            let failing = names.prefix(Int.random(in: 0...4, using: &random))
            let counted = numbers.prefix(Int.random(in: 0...4, using: &random))
            var machine = try Machine(names.map { Self.named($0) } + (0..<4).map(Self.numbered))
            for name in (failing + counted).shuffled(using: &random) {
                _ = machine.fail(name)
                if Bool.random(using: &random) { try machine.restart() }
            }
            #expect(machine.told.count == max(failing.count, counted.count), "seed \(seed): \(machine.told)")
            let named = Set(machine.diagnosis.openFaults.map(\.component))
            #expect(named.isSuperset(of: failing.map { Self.dimm($0) }), "seed \(seed)")
            let twins = machine.diagnosis.openFaults.compactMap(\.alsoSeenAs)
            #expect(Set(twins).count == twins.count, "seed \(seed)")
        }
    }

    @Test(
        "A label that names the part's own place says which one it is, however both are written",
        arguments: ["DIMM_A1", "CPU1_DIMM_A1", "A1", "dimm-a1"])
    func labels(label: String) throws {
        let modules = [
            Self.named("P0-DIMMA1"), Self.named("DIMM_A1"), Self.labelled(0, "DIMM_B1"), Self.labelled(1, label),
        ]
        for name in label.hasPrefix("CPU1") ? ["DIMM_A1"] : ["P0-DIMMA1", "DIMM_A1"] {
            var machine = try Machine(
                modules.filter { $0.kind == .dimm && ($0.attributes["edac"] != nil || $0.name == name) })
            _ = machine.fail(name)
            _ = machine.fail("mc0/dimm1")
            #expect(machine.told == ["dimm:\(name) order"], "one module under two names")
            _ = machine.fail("mc0/dimm0")
            #expect(machine.told == ["dimm:\(name) order", "dimm:mc0/dimm0 order"], "DIMM_B1 is another")
        }
    }

    @Test("Where no label is written as the part's name, any of them may be it")
    func otherWords() throws {
        var machine = try Machine(Self.named("DIMM 3"), Self.labelled(0, "DIMM_A1"))
        _ = machine.fail("mc0/dimm0")
        _ = machine.fail("DIMM 3")
        #expect(machine.told == ["dimm:DIMM 3 order"])
    }

    @Test("How to find a module is said where nobody has said its place, and only there")
    func finding() throws {
        for (module, isSaid) in [(Self.numbered(0), true), (Self.labelled(0, "DIMM_A1"), false)] {
            var machine = try Machine(module)
            let fault = try #require(machine.fail("mc0/dimm0").first?.fault)
            #expect(fault.texts.values.allSatisfy { $0.action.contains("edac-ctl --register-labels") == isSaid })
            #expect(!fault.texts.isEmpty)
        }
    }

    @Test("Of two failures none hides the other: what is known by its number only goes on beside")
    func oneEach() throws {
        var machine = try Machine(Self.named("A1"), Self.numbered(0), Self.numbered(4))
        _ = machine.fail("mc0/dimm0")
        _ = machine.fail("A1")
        #expect(machine.fail("mc0/dimm4").map(\.kind) == [.opened])
        #expect(machine.told == ["dimm:A1 order", "dimm:mc0/dimm4 order"])
        try machine.restart()
        #expect(machine.told == ["dimm:A1 order", "dimm:mc0/dimm4 order"])
    }

    @Test("One named part is never taken for another, nor for one that the kernel numbers beside it")
    func namedAndNamed() throws {
        var machine = try Machine(
            Self.named("A1"), Self.named("B1"), Self.named("C1", edac: "mc0/dimm2"), Self.numbered(0))
        _ = machine.fail("A1")
        _ = machine.fail("B1")
        #expect(machine.told == ["dimm:A1 order", "dimm:B1 order"])
        var kernels = try Machine(Self.named("C1", edac: "mc0/dimm2"), Self.numbered(0))
        _ = kernels.fail("C1")
        _ = kernels.fail("mc0/dimm0")
        #expect(kernels.told == ["dimm:C1 order", "dimm:mc0/dimm0 order"])
    }

    @Test("What comes later than the two can part is another failure")
    func later() throws {
        var machine = try Machine(Self.named("A1"), Self.numbered(0))
        _ = machine.fail("mc0/dimm0")
        #expect(machine.fail("A1", after: 61).map(\.kind) == [.opened])
        #expect(machine.told == ["dimm:A1 order", "dimm:mc0/dimm0 order"])
    }

    @Test("A fault is as urgent as the gravest that is told of the same part, and stays so", arguments: [true, false])
    func urgency(isNamedFirst: Bool) throws {
        var machine = try Machine(Self.named("A1"), Self.numbered(0))
        if isNamedFirst {
            #expect(machine.fail("A1", Self.deferred).map(\.fault.urgency) == [.plan])
            #expect(machine.fail("mc0/dimm0").map { "\($0.kind) \($0.fault.urgency)" } == ["updated order"])
        } else {
            _ = machine.fail("mc0/dimm0")
            #expect(machine.fail("A1", Self.deferred).map(\.fault.urgency) == [.order, .order])
        }
        #expect(machine.told == ["dimm:A1 order"])
        try machine.restart()
        #expect(machine.told == ["dimm:A1 order"])
        #expect(machine.fail("A1", Self.deferred).allSatisfy { $0.fault.urgency == .order })
        #expect(machine.told == ["dimm:A1 order"])
    }

    @Test("With the part's exchange all of it ends, also what was told under its number")
    func exchange() throws {
        var machine = try Machine(Self.named("A1", serial: "S1"), Self.numbered(0))
        _ = machine.fail("mc0/dimm0")
        _ = machine.fail("A1")
        machine.components[0] = Self.named("A1", serial: "S2")
        var changes: [FaultChange] = []
        for _ in 0..<2 { changes += machine.diagnosis.know(machine.components, at: machine.now) }
        #expect(changes.map(\.kind) == [.cleared])
        #expect(machine.told.isEmpty)
    }

    @Test(
        "What a person declares of a part counts for what was told under its number",
        arguments: PartDeclaration.Verb.allCases)
    func declaration(verb: PartDeclaration.Verb) throws {
        var machine = try Machine(Self.named("A1"), Self.numbered(0))
        _ = machine.fail("mc0/dimm0")
        _ = machine.fail("A1")
        let changes = try machine.diagnosis.apply(
            PartDeclaration(id: "d1", verb: verb, component: Self.dimm("A1"), by: "anna", at: machine.now),
            at: machine.now)
        #expect(changes.map(\.kind) == [.cleared])
        #expect(changes.first?.fault.component == Self.dimm("A1"))
        #expect(machine.told.isEmpty)
    }

    @Test("Where nobody knows the place, the ticket's texts say so in each language, with the ways to find it")
    func onlyTheNumber() throws {
        var machine = try Machine(Self.named("A1"), Self.numbered(0))
        let fault = try #require(machine.fail("mc0/dimm0").first?.fault)
        for (language, words) in ["en": "is not known", "de": "ist nicht bekannt"] {
            let action = fault.text(in: language).action
            #expect(action.hasPrefix("a ") && action.contains(words) && action.contains("edac-ctl --register-labels"))
            #expect(action.contains("mc0/dimm0 (CPU_SrcID#0_MC#0_Chan#0_DIMM#0)"))
        }
        let named = try #require(machine.fail("A1", after: 90).first?.fault)
        #expect(named.text(in: "en").action == "a")
    }

    @Test("Signs of what a part is suspected for lie on it, where it is itself of the kind that is suspected")
    func ownKind() throws {
        let pack = try F.pack(
            F.pattern(
                "memory.spared",
                [
                    "applies_to": ["component": "dimm"], "let": nil, "when": "serd(\(Self.lost), 1, 24h)",
                    "suspects": [["part": "dimm", "certainty": "0.8"]],
                ]))
        var diagnosis = Diagnosis(patterns: pack)
        _ = diagnosis.know([Self.named("A1"), Self.named("B1")], at: F.start)
        let changes = diagnosis.observe(
            [Observation(component: Self.dimm("A1"), signal: Self.lost, measurement: .event("e"), time: F.start)],
            at: F.start)
        #expect(changes.first?.fault.suspects.first?.component == Self.dimm("A1"))
    }
}
