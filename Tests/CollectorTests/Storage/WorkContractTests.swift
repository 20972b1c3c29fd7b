import Reports
import Testing

@testable import Collector

@Suite("What every store promises of work", .everyStore)
struct WorkContractTests {
    private let time = SampleFault.time

    @Test("The log is in the order in which steps came, behind the clock, and a step is in it once")
    func log() async throws {
        let store = try openStore()
        let (one, two) = (WorkStep.ID(collector: "a", counter: 5), WorkStep.ID(collector: "b", counter: 1))
        let now = time
        let rows = try await store.transaction("logging") { transaction in
            try transaction.log(one, caseNumber: "n1", at: now)
            // The clock went back: the log does not.
            try transaction.log(two, caseNumber: "n2", at: now - .seconds(60))
            return try transaction.workLog(after: 0, limit: 9)
        }
        #expect(rows.map(\.step) == [one, two])
        #expect(rows.map(\.place) == [now.milliseconds, now.milliseconds + 1])
        await #expect(throws: StoreError.self) {
            try await store.transaction("logging") { try $0.log(one, caseNumber: "n2", at: now) }
        }
        try await store.transaction("logging") { transaction in
            try transaction.logAgain(caseNumber: "n1", at: now)
            #expect(try transaction.workLog(after: now.milliseconds + 1, limit: 9).map(\.step) == [one])
            #expect(try transaction.caseNumber(ofStep: two) == "n2")
            #expect(try transaction.highestStep(of: "a") == 5)
            #expect(try transaction.highestStep(of: "c") == 0)
        }
        #expect(try await store.newestWork() == now.milliseconds + 2)
    }

    @Test("Told is what a recipient confirmed last and did not see the end of: not what may merely have arrived")
    func told() async throws {
        let store = try openStore()
        var agent = try await store.enrolled("h1")
        let fault = SampleFault.make("f1", urgency: .plan)
        try await store.accept(agent.faults(SampleFault.change(.opened, fault)), from: "h1")
        let number = try await store.theOnlyCase().number
        #expect(try await store.toldTickets(recipient: "desk").isEmpty)
        let begun = try await store.begin()
        #expect(try await store.toldTickets(recipient: "desk").isEmpty, "it is on its way")
        for delivery in begun { try await store.record(.taken(TicketReference(text: "r")), to: delivery) }
        let first = HeldTicket(number: number, epoch: .unbegun, revision: 1)
        #expect(try await store.toldTickets(recipient: "desk") == [first])
        #expect(try await store.toldTickets(recipient: "hook") == [first])
        #expect(try await store.toldTickets(recipient: "nobody").isEmpty)
        // What is given up counts as told, because it may have arrived, and was confirmed by nobody.
        try await store.accept(
            agent.faults(SampleFault.change(.updated, SampleFault.make("f1", urgency: .order))), from: "h1")
        _ = try await store.begin()
        _ = try await store.decide(
            RecipientDecision(kind: .drop, by: "anna", because: "by phone", time: time), recipient: "desk")
        #expect(try await store.toldTickets(recipient: "desk") == [first])
        let row = try await store.read("reading") { try $0.toldRow(caseNumber: number, recipient: "desk") }
        #expect(row?.told?.revision == 2)
        // The end is confirmed by one of the two.
        try await store.accept(agent.faults(SampleFault.change(.cleared, fault)), from: "h1")
        for delivery in try await store.begin() where delivery.recipient == "desk" {
            try await store.record(.taken(TicketReference(text: nil)), to: delivery)
        }
        #expect(try await store.toldTickets(recipient: "desk").isEmpty)
        #expect(try await store.toldTickets(recipient: "hook") == [first])
    }

    @Test("What a paired site told and did not end is held under its number, the newest of each, and a test never is")
    func held() async throws {
        let store = try openStore()
        let epoch = StoreEpoch(term: 1, start: 7)
        func note(_ number: String, _ event: Ticket.Event, _ revision: Int, test: Bool = false, of site: String = "s")
            async throws
        {
            let told = SampleTicket.make {
                ($0.number, $0.event, $0.revision, $0.test, $0.epoch) = (number, event, revision, test, epoch)
            }
            try await store.transaction("noting") { try $0.noteHeld(told, of: site, caseNumber: "own") }
        }
        try await note("CH-2", .opened, 1)
        try await note("CH-1", .opened, 1)
        try await note("CH-1", .updated, 4)
        try await note("CH-1", .opened, 9, of: "other")
        try await note("CH-3", .test, 1, test: true)
        #expect(
            try await store.heldTickets(sender: "s") == [
                HeldTicket(number: "CH-1", epoch: epoch, revision: 4),
                HeldTicket(number: "CH-2", epoch: epoch, revision: 1),
            ])
        try await note("CH-1", .closed, 5)
        #expect(try await store.heldTickets(sender: "s").map(\.number) == ["CH-2"])
        #expect(try await store.heldTickets(sender: "other").map(\.revision) == [9])
    }

    @Test(
        "The steps of a case are logged once more when a recipient has confirmed it for the first time, and not again")
    func logAgain() async throws {
        let store = try openStore()
        var agent = try await store.enrolled("h1")
        try await store.accept(
            agent.faults(SampleFault.change(.opened, SampleFault.make("f1", urgency: .plan))), from: "h1")
        let number = try await store.theOnlyCase().number
        _ = try await store.decide(
            CaseDecision(kind: .acknowledge, by: "anna", because: "we look", time: time), onCase: number)
        let first = try await store.newestWork()
        #expect(first > 0)
        try await store.deliverAll()
        let second = try await store.newestWork()
        #expect(second > first)
        try await store.accept(
            agent.faults(SampleFault.change(.updated, SampleFault.make("f1", urgency: .order))), from: "h1")
        #expect(try await store.deliverAll().count == 2)
        #expect(try await store.newestWork() == second)
    }
}
