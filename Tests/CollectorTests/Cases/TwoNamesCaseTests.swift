import FaultPatterns
import Foundation
import Reports
import TestSupport
import Testing

@testable import Collector

/// From what the kernel and the management controller tell of memory modules to what recipients are told, through the
/// shipped patterns.
@Suite("One module under two names, from the readings to the message", .everyStore)
struct TwoNamesCaseTests {
    private static let pack = Result { try PatternPack(json: try Data(contentsOf: ShippedPackFile.url())) }

    private static func dimm(_ name: String) -> ComponentID { ComponentID(.dimm, name) }

    /// An agent with its diagnosis, and the store that it reports to.
    private struct Site {
        let store: any CollectorStore
        var agent: AccountingAgent
        var diagnosis: Diagnosis
        var time = SampleFault.time
        /// What the kernel has counted, by module.
        var counted: [ComponentID: UInt64] = [:]
        /// The newest message to the desk of each case, and how many there were.
        private(set) var messages: [String: [Ticket]] = [:]

        init() async throws {
            store = try openStore()
            agent = AccountingAgent(try await store.enrolled("h1"))
            diagnosis = Diagnosis(patterns: try TwoNamesCaseTests.pack.get())
            var components = ["DIMM_A1", "DIMM_B1"].map { name in
                Component(
                    id: TwoNamesCaseTests.dimm(name), kind: .dimm, name: name,
                    part: Part(partNumber: "M393", serial: "S-\(name)", location: name))
            }
            for number in [0, 4] {
                let name = "mc0/dimm\(number)"
                components.append(
                    Component(
                        id: TwoNamesCaseTests.dimm(name), kind: .dimm, name: name,
                        attributes: [
                            "ambiguous": "no locator of SMBIOS fits the label", "edac": name,
                            "label": "CPU_SrcID#0_MC#0_Chan#\(number)_DIMM#0",
                        ]))
                counted[TwoNamesCaseTests.dimm(name)] = 0
            }
            try await report(diagnosis.know(components, at: time))
            try await look()
        }

        /// A minute later: what the kernel counts, and what the log brought meanwhile.
        mutating func look(_ log: [(String, String)] = [], minutes: Int = 1) async throws {
            time = time + .seconds(60 * minutes)
            var seen = counted.sorted { $0.key < $1.key }.map { module, count in
                Observation(
                    component: module, signal: Signal("hw.errors", ["error.type": "uncorrected"]),
                    measurement: .counter(count), time: time)
            }
            seen += log.map { module, type in
                Observation(
                    component: TwoNamesCaseTests.dimm(module), signal: Signal("hw.memory.error", ["error.type": type]),
                    measurement: .event("Uncorrectable ECC (\(module))"), time: time)
            }
            try await report(diagnosis.observe(seen, at: time))
        }

        mutating func count(_ module: String) async throws {
            counted[TwoNamesCaseTests.dimm(module), default: 0] += 1
            try await look()
        }

        private mutating func report(_ changes: [FaultChange]) async throws {
            guard !changes.isEmpty else { return }
            try await store.accept(agent.faults(changes), from: "h1", at: time)
            for delivery in try await store.deliverAll(at: time) where delivery.recipient == "desk" {
                messages[delivery.caseNumber, default: []].append(delivery.ticket)
            }
        }

        func open() async throws -> [Case] {
            try await store.cases(CaseQuery()).sorted { ($0.openedAt, $0.number) < ($1.openedAt, $1.number) }
        }
    }

    @Test("What was ordered of a module that nobody could place goes on under its number with the place: one order")
    func numberFirst() async throws {
        var site = try await Site()
        try await site.count("mc0/dimm0")
        let first = try #require(try await site.open().first)
        let vague = try #require(site.messages[first.number]?.last)
        #expect(vague.urgency == .order && vague.suspect.component == Self.dimm("mc0/dimm0"))
        #expect(vague.suspect.part.location == nil)
        #expect(vague.faults.first?.text(in: "en").action.contains("edac-ctl --register-labels") == true)

        try await site.look([("DIMM_A1", "uncorrected")])
        let found = try await site.store.theOnlyCase()
        #expect(found.number == first.number && !found.isClosed && found.urgency == .order)
        #expect(found.suspect.part.location == "DIMM_A1" && found.suspect.part.serial == "S-DIMM_A1")
        #expect(found.openFaults.map(\.component) == [Self.dimm("DIMM_A1")])
        #expect(found.worsened ?? 1 == 1, "it is no further failure")
        let told = try #require(site.messages[first.number])
        #expect(told.map(\.event) == [.opened, .updated])
        #expect(told.last?.suspect.part.location == "DIMM_A1")
        #expect(told.last?.because.contains("known now which part it is: DIMM_A1") == true)
        #expect(told.last?.because.contains("mc0/dimm0") == true)

        // Whatever comes of it by either name belongs to it.
        try await site.look([("DIMM_A1", "deferred")], minutes: 5)
        try await site.count("mc0/dimm0")
        #expect(try await site.store.allCases().map(\.number) == [first.number])
    }

    @Test("A module that the log names first is ordered once, whatever is counted of its number after it")
    func nameFirst() async throws {
        var site = try await Site()
        try await site.look([("DIMM_A1", "uncorrected")])
        try await site.count("mc0/dimm0")
        let found = try await site.store.theOnlyCase()
        #expect(found.suspect.part.location == "DIMM_A1" && found.openFaults.count == 1)
        #expect(site.messages[found.number]?.map(\.event) == [.opened])
        #expect(found.worsened ?? 1 == 1, "it is no further failure")
    }

    @Test("A case that a person closed is not opened again by what is counted of the same failure")
    func closed() async throws {
        var site = try await Site()
        try await site.look([("DIMM_A1", "uncorrected")])
        let word = CaseDecision(kind: .close, by: "anna", because: "ordered by telephone", time: site.time)
        _ = try await site.store.decide(word, onCase: try await site.store.theOnlyCase().number)
        try await site.count("mc0/dimm0")
        #expect(try await site.store.theOnlyCase().isClosed)
    }

    @Test(
        "Two modules that really fail are two orders, in whatever order they are told by name and by number",
        arguments: 0..<6)
    func two(order: Int) async throws {
        var site = try await Site()
        var steps = ["mc0/dimm0", "mc0/dimm4", "DIMM_A1", "DIMM_B1"]
        var random = SplitMix(seed: UInt64(order))
        steps.shuffle(using: &random)
        for step in steps {
            if step.hasPrefix("DIMM") {
                try await site.look([(step, "uncorrected")])
            } else {
                try await site.count(step)
            }
        }
        let open = try await site.open()
        #expect(Set(open.compactMap(\.suspect.part.location)) == ["DIMM_A1", "DIMM_B1"], "\(steps)")
        #expect(open.count == 2 && open.allSatisfy { $0.urgency == .order }, "\(steps)")
        #expect(try await site.store.allCases().count == 2, "no third number: \(steps)")
    }

    @Test("A second failure that only the kernel counts stays a case of its own beside the named one")
    func one() async throws {
        var site = try await Site()
        try await site.count("mc0/dimm0")
        try await site.look([("DIMM_A1", "uncorrected")])
        try await site.count("mc0/dimm4")
        let open = try await site.open()
        #expect(open.map(\.suspect.component) == [Self.dimm("DIMM_A1"), Self.dimm("mc0/dimm4")])
    }

    @Test("Where the named module had a case already, each of the two messages names the other's number")
    func twoCases() async throws {
        var site = try await Site()
        // Planned by its name, long before.
        try await site.look([("DIMM_A1", "deferred")])
        let planned = try #require(try await site.open().first)
        for _ in 0..<2 { try await site.look(minutes: 60) }
        try await site.count("mc0/dimm0")
        let numbered = try #require(try await site.open().first { $0.number != planned.number })
        try await site.look([("DIMM_A1", "uncorrected")])

        let cases = try await site.store.allCases()
        #expect(cases.count == 2)
        #expect(cases.first { $0.number == planned.number }?.urgency == .order)
        #expect(cases.first { $0.number == numbered.number }?.isClosed == true)
        let goesOn = try #require(site.messages[planned.number]?.last)
        #expect(goesOn.event == .updated && goesOn.because.contains("the same failure as in case \(numbered.number)"))
        let ends = try #require(site.messages[numbered.number]?.last)
        #expect(ends.event == .closed && ends.because.contains("goes on in case \(planned.number)"))
    }

    @Test("A module that is exchanged ends the case, and what was told under its number opens none again")
    func exchanged() async throws {
        var site = try await Site()
        try await site.count("mc0/dimm0")
        try await site.look([("DIMM_A1", "uncorrected")])
        let new = Component(
            id: Self.dimm("DIMM_A1"), kind: .dimm, name: "DIMM_A1", part: Part(serial: "NEW", location: "DIMM_A1"))
        for _ in 0..<2 {
            let changes = site.diagnosis.know([new], at: site.time)
            if !changes.isEmpty { try await site.store.accept(site.agent.faults(changes), from: "h1", at: site.time) }
        }
        for _ in 0..<30 { try await site.look(minutes: 60) }
        #expect(try await site.open().isEmpty)
        #expect(try await site.store.allCases().count == 1)
    }

    @Test("A case that learned its part survives a crash under both: the next fault of the part joins it")
    func afterCrash() async throws {
        var site = try await Site()
        try await site.count("mc0/dimm0")
        try await site.look([("DIMM_A1", "uncorrected")])
        let number = try await site.store.theOnlyCase().number
        try await StoreUnderTest.$current.withValue(try #require(StoreUnderTest.current).afterCrash()) {
            let store = try openStore()
            var fault = try #require(site.diagnosis.openFaults.first)
            fault.id = FaultID(rawValue: "another")
            fault.alsoSeenAs = nil
            var changes = site.agent
            try await store.accept(
                changes.faults(FaultChange(kind: .opened, fault: fault, because: "b", time: site.time)), from: "h1",
                at: site.time)
            #expect(try await store.theOnlyCase().number == number)
        }
    }
}
