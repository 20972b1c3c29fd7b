import Foundation
import Reports
import Testing

@testable import Collector

@Suite("What people declare of parts, at the collector", .everyStore)
struct DeclarationContractTests {
    private let time = SampleFault.time

    private func decision(_ kind: CollectorAPI.Decision.Kind) -> CaseDecision {
        CaseDecision(kind: kind, by: "anna", because: "new disk", time: time)
    }

    @Test("The agent is asked with each receipt until it answers; the case tells both, and is closed by what clears")
    func oneCase() async throws {
        let store = try openStore()
        var agent = try await store.enrolled("h1")
        let fault = SampleFault.make("f1")
        #expect(try await store.accept(agent.faults(SampleFault.change(.opened, fault)), from: "h1").asks == nil)
        let number = try await store.theOnlyCase().number
        let told = try await store.decide(decision(.replaced), onCase: number)
        #expect(told.state == .open && told.declarations?.map(\.declaration.verb) == [.replaced])
        let asks = try #require(try await store.accept(agent.heartbeat(), from: "h1").asks)
        #expect(asks.map(\.component) == [fault.component] && asks.map(\.serial) == ["S1"])
        #expect(asks[0].because == "new disk" && asks[0].by == "anna")
        #expect(try await store.accept(agent.heartbeat(), from: "h1").asks == asks)
        let answer = DeclarationAnswer(id: asks[0].id, state: .applied, because: "1 fault cleared.", time: time)
        let answered = try await store.accept(
            agent.verified(agent.report(.declaration(answer))), from: "h1")
        #expect(answered.asks == nil)
        #expect(try await store.theOnlyCase().state == .open, "the answer does not close it")
        #expect(try await store.theOnlyCase().declarations?.first?.answer == answer)
        try await store.accept(
            agent.faults(SampleFault.change(.cleared, fault, because: "declared replaced")), from: "h1")
        let closed = try await store.theOnlyCase()
        #expect(closed.state == .closed)
        #expect(
            closed.history.filter { $0.kind == .declared }.map(\.because)
                == ["Declared replaced: new disk", "applied: 1 fault cleared."])
    }

    @Test("Another server's answer, and a second one, change nothing")
    func others() async throws {
        let store = try openStore()
        var agent = try await store.enrolled("h1")
        var other = try await store.enrolled("h2")
        try await store.accept(agent.faults(SampleFault.change(.opened, SampleFault.make("f1"))), from: "h1")
        let number = try await store.theOnlyCase().number
        _ = try await store.decide(decision(.acquitted), onCase: number)
        let id = try #require(try await store.accept(agent.heartbeat(), from: "h1").asks?.first?.id)
        let refused = DeclarationAnswer(id: id, state: .refused, because: "no such part", time: time)
        try await store.accept(other.verified(other.report(.declaration(refused))), from: "h2")
        #expect(try await store.theOnlyCase().declarations?.first?.answer == nil)
        try await store.accept(agent.verified(agent.report(.declaration(refused))), from: "h1")
        let applied = DeclarationAnswer(id: id, state: .applied, because: "", time: time)
        try await store.accept(agent.verified(agent.report(.declaration(applied))), from: "h1")
        #expect(try await store.theOnlyCase().declarations?.first?.answer == refused)
    }

    @Test("Of a part that the machine does not show, what its faults were found on is meant, and these faults alone")
    func cable() async throws {
        let store = try openStore()
        var agent = try await store.enrolled("h1")
        var fault = SampleFault.make("f1")
        fault.suspects = [Suspect(component: nil, kind: .cable, name: "cable", part: Part(), certainty: 0.8)]
        try await store.accept(agent.faults(SampleFault.change(.opened, fault)), from: "h1")
        _ = try await store.decide(decision(.replaced), onCase: try await store.theOnlyCase().number)
        let ask = try #require(try await store.accept(agent.heartbeat(), from: "h1").asks?.first)
        #expect(ask.verb == .repaired && ask.component == fault.component && ask.faultClass == "disk.failing")
    }

    @Test("A part is named by id, name, place or serial number; one that is not there, or two, are refused")
    func named() async throws {
        let store = try openStore()
        var agent = try await store.enrolled("h1")
        let disks = [
            SampleFault.disk("sda", serial: "S1"), SampleFault.disk("sdb", serial: "S2", location: "Bay 4"),
            SampleFault.disk("sdc", serial: "S3", location: "Bay 4"),
        ]
        let inventory = agent.report(.inventory(Inventory(components: disks)), .telemetry)
        try await store.accept(agent.verified(inventory), from: "h1")
        for words in ["disk:sda", "/dev/sda", "bay 3", "S1"] {
            let declared = try await store.declare(
                .repaired, part: words, faultClass: nil, host: "h1", by: "anna", because: "seated", at: time)
            #expect(declared.declaration.component == disks[0].id && declared.declaration.serial == "S1")
        }
        await #expect(throws: StoreError.self) {
            try await store.declare(
                .repaired, part: "Bay 4", faultClass: nil, host: "h1", by: "anna", because: "seated", at: time)
        }
        let missing = StoreError.notFound(what: "part /dev/sdx of srv-h1; perhaps /dev/sda or /dev/sdb or /dev/sdc")
        await #expect(throws: missing) {
            try await store.declare(
                .repaired, part: "/dev/sdx", faultClass: nil, host: "h1", by: "anna", because: "seated", at: time)
        }
    }

    @Test("A case about no part is refused with what to do")
    func aboutNoPart() async throws {
        let store = try openStore()
        var agent = try await store.enrolled("h1")
        let test = TestFault(id: "t1", fault: SampleFault.make("f1"))
        try await store.accept(agent.verified(agent.report(.test(test))), from: "h1")
        let number = try await store.theOnlyCase().number
        await #expect(throws: StoreError.conflict(because: "case \(number) is about no part: close it instead")) {
            try await store.decide(decision(.replaced), onCase: number)
        }
    }
}
