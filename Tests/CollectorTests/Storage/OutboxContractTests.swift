import Reports
import Testing

@testable import Collector

@Suite("What every outbox promises", .everyStore)
struct OutboxContractTests {
    private let time = SampleFault.time
    private var later: Timestamp { time + .seconds(60) }

    private func storeWithCase() async throws -> (any CollectorStore, SigningAgent) {
        let store = try openStore()
        var agent = try await store.enrolled("h1")
        try await store.accept(
            agent.faults(SampleFault.change(.opened, SampleFault.make("f1", urgency: .plan))), from: "h1")
        return (store, agent)
    }

    @Test("What is claimed is claimed by nobody else until the claim ends")
    func claims() async throws {
        let (store, _) = try await storeWithCase()
        let claimed = try await store.claimDeliveries(limit: 9, at: time, until: later)
        #expect(claimed.count == 2)
        #expect(try await store.claimDeliveries(limit: 9, at: time, until: later).isEmpty)
        #expect(try await store.nextDeliveryDue() == later)
        let again = try await store.claimDeliveries(limit: 9, at: later, until: later + .seconds(60))
        #expect(again.map(\.id) == claimed.map(\.id))
    }

    @Test(
        "Of one case and recipient the next message waits until the one before is taken")
    func order() async throws {
        var (store, agent) = try await storeWithCase()
        try await store.accept(
            agent.faults(SampleFault.change(.updated, SampleFault.make("f1", urgency: .order))), from: "h1")
        let first = try await store.claimDeliveries(limit: 9, at: time, until: later)
        #expect(first.map(\.ticket.revision) == [1, 1])
        try await store.record(
            .failed(because: "refused", nextAttempt: later, divertTo: nil), for: first[0], at: time)
        #expect(try await store.claimDeliveries(limit: 9, at: time, until: later).isEmpty)
        try await store.record(.delivered(reference: "R1"), for: first[1], at: time)
        let second = try await store.claimDeliveries(limit: 9, at: time, until: later)
        #expect(second.map(\.recipient) == ["hook"])
        #expect(second.map(\.ticket.revision) == [2])
    }

    @Test(
        "An update that was never sent gives way to a newer one; the opening never does")
    func superseded() async throws {
        var (store, agent) = try await storeWithCase()
        for number in 2...4 {
            try await store.accept(
                agent.faults(SampleFault.change(.opened, SampleFault.make("f\(number)"))), from: "h1")
        }
        let number = try await store.theOnlyCase().number
        let states = try await store.deliveries(caseNumber: number).filter { $0.recipient == "desk" }.map(\.state)
        #expect(states == [.queued, .superseded, .superseded, .queued])
    }

    @Test("A new test goes first, and makes due at once what its recipients did not take")
    func testFirst() async throws {
        var (store, agent) = try await storeWithCase()
        let first = try await store.claimDeliveries(limit: 9, at: time, until: later)
        for delivery in first {
            try await store.record(.failed(because: "down", nextAttempt: later, divertTo: nil), for: delivery, at: time)
        }
        #expect(try await store.claimDeliveries(limit: 9, at: time, until: later).isEmpty)
        let test = TestFault(id: "t1", fault: SampleFault.make("t1", blaming: "callhome"))
        let report = agent.report(.test(test))
        try await store.accept(agent.verified(report), from: "h1")
        let due = try await store.claimDeliveries(limit: 3, at: time, until: later)
        #expect(due.map(\.ticket.event) == [.test, .test, .opened])
        #expect(due.prefix(2).allSatisfy { $0.isNewTest })
    }

    @Test("A repeated message has the same id; ids of other messages differ")
    func ids() async throws {
        let (store, _) = try await storeWithCase()
        let found = try await store.theOnlyCase()
        let deliveries = try await store.deliveries(caseNumber: found.number)
        #expect(Set(deliveries.map(\.id)).count == 2)
        let told = deliveries[0].ticket
        #expect(
            deliveries[0].id
                == Delivery.id(caseNumber: told.number, revision: 1, recipient: "desk", epoch: told.epoch))
        #expect(told.number == found.number)
        let fields = deliveries[0].id.split(separator: "-").map(\.count)
        #expect(fields == [8, 4, 4, 4, 12])
    }

    @Test("A failure goes to the fallback as well, once, and is tried again")
    func diverts() async throws {
        let store = try openStore(
            CasePolicy(
                site: StoreUnderTest.policy.site, recipients: [.init(name: "desk", kind: .email)],
                casesPerHostPerHour: 9))
        var agent = try await store.enrolled("h1")
        try await store.accept(agent.faults(SampleFault.change(.opened, SampleFault.make("f1"))), from: "h1")
        await store.close()
        let next = try openStore()
        let claimed = try #require(try await next.claimDeliveries(limit: 9, at: time, until: later).first)
        let outcome = DeliveryOutcome.failed(because: "connection refused", nextAttempt: later, divertTo: "hook")
        try await next.record(outcome, for: claimed, at: time)
        let diverted = try await next.claimDeliveries(limit: 9, at: time, until: later)
        #expect(diverted.map(\.recipient) == ["hook"])
        #expect(diverted.map(\.insteadOf) == ["desk"])
        let again = try #require(try await next.claimDeliveries(limit: 1, at: later, until: later).first)
        #expect(again.attempts == 1)
        #expect(again.failingSince == time)
        try await next.record(outcome, for: again, at: later)
        #expect(try await next.deliveries(caseNumber: claimed.caseNumber).count == 2)
    }

    @Test("A delivery that was taken stays taken, whatever a late worker says")
    func takenIsTaken() async throws {
        let (store, _) = try await storeWithCase()
        let claimed = try #require(try await store.claimDeliveries(limit: 1, at: time, until: later).first)
        let again = try #require(try await store.claimDeliveries(limit: 1, at: later, until: later + .seconds(9)).first)
        try await store.record(.delivered(reference: "R"), for: claimed, at: later)
        try await store.record(.failed(because: "late", nextAttempt: later, divertTo: nil), for: again, at: later)
        let stored = try await store.deliveries(caseNumber: claimed.caseNumber)[0]
        #expect(stored.state == .delivered)
        #expect(stored.reference == "R")
    }

    @Test("Recipients' states tell what waits, since when it fails, and why")
    func states() async throws {
        let (store, _) = try await storeWithCase()
        let claimed = try await store.claimDeliveries(limit: 9, at: time, until: later)
        try await store.record(.failed(because: "550 no", nextAttempt: later, divertTo: nil), for: claimed[0], at: time)
        try await store.record(.delivered(reference: nil), for: claimed[1], at: time)
        let states = try await store.recipientStates()
        #expect(states.map(\.name) == ["desk", "hook"])
        #expect(states.map(\.waiting) == [1, 0])
        #expect(states[0].failingSince == time)
        #expect(states[0].lastError == "550 no")
        #expect(states[1].lastDelivered == time)
    }
}
