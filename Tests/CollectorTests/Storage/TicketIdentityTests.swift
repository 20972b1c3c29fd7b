import Foundation
import Reports
import Testing

@testable import Collector

/// By what a ticket is known again: never by its number alone.
@Suite("What tickets of others are known by", .everyStore)
struct TicketIdentityTests {
    private let time = SampleFault.time

    /// A store that takes tickets of these sites.
    private func partner(
        of sites: String..., policy: CasePolicy = StoreUnderTest.policy
    ) async throws -> any CollectorStore {
        let store = try openStore(policy)
        for site in sites {
            try await store.save(
                IssuedToken(
                    id: site, purpose: .site, secretHash: "", note: "", createdAt: time, expiresAt: time + .seconds(60))
            )
            try await store.pair(
                PairedSite(
                    id: site, name: site, ca: "CA", crossCertificate: "X", key: SigningKey().publicKey, pairedAt: time,
                    isSilent: false), token: site, at: time)
        }
        return store
    }

    private func ticket(_ change: (inout Ticket) -> Void = { _ in }) -> Ticket {
        var ticket = SampleTicket.make {
            $0.number = "CH-AAAA-AAAA"
            $0.origin = Ticket.Origin(store: "s1", number: "CH-AAAA-AAAA")
            $0.epoch = StoreEpoch(term: 0, start: 100)
            $0.problem = Ticket.problem(host: "h1", fault: FaultID(rawValue: "f1"))
        }
        change(&ticket)
        return ticket
    }

    private func message(_ ticket: Ticket, from sender: String = "s1") -> VerifiedTicket {
        VerifiedTicket(id: UUID().uuidString, sender: sender, ticket: ticket, reports: [], certificates: [])
    }

    /// An order of our own, and the ticket about it.
    private func ordered(_ store: any CollectorStore) async throws -> Ticket {
        var agent = try await store.enrolled("h1")
        try await store.accept(agent.faults(SampleFault.change(.opened, SampleFault.make("f1"))), from: "h1")
        let number = try #require(try await store.allCases().first { $0.sender == nil }).number
        return try #require(try await store.begin(at: time).first { $0.caseNumber == number }).ticket
    }

    @Test(
        "A fallback is told the end of a site's case that the store of before had and this one got anew, and of no later one"
    )
    func fallbackOfTheStoreBefore() async throws {
        let policy = CasePolicy(
            site: StoreUnderTest.policy.site,
            recipients: [
                .init(name: "desk", kind: .email, fallback: "spare"),
                .init(name: "spare", kind: .webhook, standsIn: true),
            ], casesPerHostPerHour: 9)
        let store = try await partner(of: "s1", policy: policy)
        let own = try await store.beginServing(on: "m1", knownUntil: time, at: time).epoch
        try await store.learn(of: StoreEpoch(term: own.term, start: own.start + 30))
        let at = time + .seconds(3600)
        _ = try await store.takeOver(on: "m1", at: at)
        for (number, began) in [("CH-AAAA-AAAA", time), ("CH-BBBB-BBBB", at + .seconds(60))] {
            let opened = ticket {
                $0.number = number
                $0.origin = Ticket.Origin(store: "s1", number: number)
                $0.openedAt = began
            }
            _ = try await store.accept(message(opened), at: at + .seconds(120))
            try await store.deliverAll(at: at + .seconds(120))
            var closed = opened
            (closed.event, closed.revision) = (.closed, opened.revision + 1)
            _ = try await store.accept(message(closed), at: at + .seconds(180))
            let ends = try await store.deliverAll(at: at + .seconds(180))
            #expect(ends.allSatisfy { $0.ticket.event == .closed })
            #expect(ends.map(\.recipient).sorted() == (began == time ? ["desk", "spare"] : ["desk"]))
        }
    }

    @Test("A foreign order under a number of ours, of the same server and the same moment, is a case of its own")
    func foreignNumber() async throws {
        let store = try await partner(of: "s1")
        let own = try await ordered(store)
        var foreign = own
        foreign.origin = Ticket.Origin(store: "s1", number: own.number)
        foreign.suspect.name = "another part"
        let reference = try await store.accept(message(foreign), at: time).reference
        #expect(reference != own.number)
        #expect(try await store.findCase(number: reference)?.suspect.name == "another part")
        #expect(try await store.findCase(number: own.number)?.sender == nil)
        #expect(try await store.deliveries(caseNumber: reference).count == 2)
    }

    @Test("So it is where the sender does not say who made the number: another fault is another case")
    func foreignNumberOfBefore() async throws {
        let store = try await partner(of: "s1")
        var foreign = try await ordered(store)
        let own = foreign.number
        (foreign.origin, foreign.epoch, foreign.problem) = (nil, nil, nil)
        foreign.faults[0].id = FaultID(rawValue: "another")
        let reference = try await store.accept(message(foreign), at: time).reference
        #expect(reference != own)
        #expect(try await store.deliveries(caseNumber: reference).count == 2)
    }

    @Test("A ticket that comes back to where its number was made opens nothing, by whatever way and name it comes")
    func comesBack() async throws {
        let store = try await partner(of: "s1")
        var back = try await ordered(store)
        let own = back.number
        back.number = "CH-OTHE-RNAM"
        back.openedAt = time + .seconds(5)
        #expect(try await store.accept(message(back), at: time).reference == own)
        // Nor where this store has lost the case: it was told from here.
        back.origin?.number = "CH-LOST-LOST"
        #expect(try await store.accept(message(back), at: time).reference == "CH-LOST-LOST")
        #expect(try await store.allCases().count == 1)
    }

    @Test(
        "A ticket that comes by two ways is one case, and its own collector is heard whoever spoke in its name before")
    func twoWays() async throws {
        let store = try await partner(of: "s1", "s2")
        // A sender speaks for itself only: what s2 brings in the name of s1 keeps nothing of s1 out.
        let claimed = try await store.accept(message(ticket(), from: "s2"), at: time).reference
        let direct = try await store.accept(message(ticket { $0.suspect.name = "direct" }), at: time).reference
        #expect(direct != claimed)
        _ = try await store.accept(
            message(ticket { ($0.revision, $0.event) = (2, .closed) }, from: "s2"), at: time)
        #expect(try await store.findCase(number: direct)?.state == .open)
        #expect(try await store.findCase(number: claimed)?.state == .closed)
        // And what another relays of a case that is here by its own collector is the same case.
        let other = ticket { $0.origin = Ticket.Origin(store: "s1", number: "CH-BBBB-BBBB") }
        let first = try await store.accept(message(other), at: time).reference
        #expect(try await store.accept(message(other, from: "s2"), at: time).reference == first)
    }

    @Test("A later epoch is newer whatever its revision, and an older one is not")
    func epochs() async throws {
        let store = try await partner(of: "s1")
        func tell(_ term: Int64, _ start: Int64, _ revision: Int, _ because: String) async throws -> String? {
            let next = ticket {
                $0.epoch = StoreEpoch(term: term, start: start)
                ($0.revision, $0.because) = (revision, because)
            }
            let reference = try await store.accept(message(next), at: time).reference
            return try await store.findCase(number: reference)?.relayed?.because
        }
        #expect(try await tell(0, 100, 7, "before the restore") == "before the restore")
        #expect(try await tell(0, 100, 6, "late") == "before the restore")
        #expect(try await tell(0, 200, 2, "after it") == "after it")
        #expect(try await tell(0, 100, 8, "late") == "after it")
        #expect(try await tell(1, 50, 1, "taken over") == "taken over")
        #expect(try await tell(0, 300, 9, "late") == "taken over")
    }

    @Test("A site that is updated goes on with the case that it told of before")
    func updatedSite() async throws {
        let store = try await partner(of: "s1")
        let before = ticket { ($0.origin, $0.epoch, $0.problem, $0.revision) = (nil, nil, nil, 5) }
        let reference = try await store.accept(message(before), at: time).reference
        let after = ticket { ($0.revision, $0.event, $0.because) = (6, .closed, "over") }
        #expect(try await store.accept(message(after), at: time).reference == reference)
        #expect(try await store.theOnlyCase().closedBecause == "over")
        let again = ticket { ($0.revision, $0.because) = (7, "again") }
        #expect(try await store.accept(message(again), at: time).reference == reference)
        #expect(try await store.theOnlyCase().isClosed == false)
    }

    @Test("What goes on to the next collector says where the number was made and names the same problem")
    func chain() async throws {
        let store = try await partner(of: "s1")
        let own = try await ordered(store)
        #expect(own.origin == Ticket.Origin(store: try await store.identity().site, number: own.number))
        #expect(own.problem == Ticket.problem(host: "h1", fault: FaultID(rawValue: "f1")))
        // The number is taken here, so that the next collector sees another; the origin is the same.
        let foreign = ticket {
            $0.number = own.number
            $0.origin = Ticket.Origin(store: "s0", number: "CH-CCCC-CCCC")
            $0.problem = "00ff"
        }
        let reference = try await store.accept(message(foreign), at: time).reference
        let passed = try #require(try await store.begin(at: time).first { $0.caseNumber == reference }).ticket
        #expect(passed.number == reference && reference != own.number)
        #expect(passed.origin == Ticket.Origin(store: "s0", number: "CH-CCCC-CCCC"))
        #expect(passed.problem == "00ff")
    }
}
