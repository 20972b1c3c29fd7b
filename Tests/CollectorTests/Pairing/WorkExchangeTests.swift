import Foundation
import Reports
import Testing

@testable import Collector

@Suite("Work goes both ways between paired collectors")
struct WorkExchangeTests {
    /// A site with a partner and a mailbox of its own, a server with a fault, and the case at both.
    private struct Scene {
        var line: PairedFleets
        var server: TestServer
        var fault: Fault
        var number: String

        init(urgency: Urgency = .plan) async throws {
            let site = try await TestFleet.site("Praxis Nord", partners: ["service"], mailboxes: ["desk"])
            let partner = try await TestFleet.site("Service Süd", mailboxes: ["office"])
            line = try await PairedFleets(site, partner)
            server = try await site.enrol("h1", hostname: "srv-1")
            fault = SampleFault.make("f1", urgency: urgency)
            try await server.open(fault)
            number = try await site.store.theOnlyCase().number
            try await line.deliver()
            try await line.site.emptyOutbox(toMailbox: "desk")
            try await line.partner.emptyOutbox(toMailbox: "office")
            try await line.exchange()
        }
    }

    @Test(
        "What the partner acknowledges and closes is so at the site with the next heartbeat, and all others are told once"
    )
    func down() async throws {
        let scene = try await Scene()
        let (line, number) = (scene.line, scene.number)
        let there = try await line.relayed(number).number
        try await line.partner.decide(.acknowledge, "a technician comes", on: there)
        try await line.exchange()
        var here = try await line.site.theCase(number)
        #expect(here.state == .acknowledged)
        #expect(here.history.last?.by == "anna (Service Süd)")
        #expect(here.history.last?.because == "a technician comes")

        try await line.partner.decide(.close, "disk swapped", on: there)
        #expect(try await line.partner.emptyOutbox(toMailbox: "office") == [.closed])
        try await line.exchange()
        here = try await line.site.theCase(number)
        #expect(here.state == .closed)
        #expect(here.closedBecause == "anna (Service Süd): disk swapped")
        #expect(try await line.site.emptyOutbox(toMailbox: "desk") == [.closed])
        // The site tells the partner too: there it is no news, and nobody is told a second time.
        #expect(try await line.deliver().map(\.event) == [.closed])
        #expect(try await line.partner.emptyOutbox(toMailbox: "office").isEmpty)
        #expect(try await line.partner.theCase(there).closedBecause == "disk swapped")
        // And then nothing more is said.
        #expect(try await line.deliver().isEmpty)
        let outcomes = try await line.exchange()
        #expect(outcomes.allSatisfy { $0.toldAgain.isEmpty && $0.warnings.isEmpty })
    }

    @Test("What the site acknowledges and closes is so at the partner, whether the step or the ticket comes first")
    func up() async throws {
        for isStepFirst in [true, false] {
            let scene = try await Scene()
            let (line, number) = (scene.line, scene.number)
            try await line.site.decide(.acknowledge, "we look", on: number)
            try await line.exchange()
            #expect(try await line.relayed(number).state == .acknowledged)
            try await line.site.decide(.close, "cable was loose", on: number)
            if isStepFirst { try await line.exchange() }
            try await line.deliver()
            try await line.exchange()
            let there = try await line.relayed(number)
            #expect(there.state == .closed)
            #expect(try await line.partner.emptyOutbox(toMailbox: "office") == [.closed], "\(isStepFirst)")
            #expect(there.folded == (try await line.site.theCase(number)).folded)
            #expect(there.history.filter { $0.kind == .closed }.count == 1, "\(isStepFirst): one close is one line")
        }
    }

    @Test("That a case ended by itself which people had closed stands in the partner's history, as no second close")
    func endedBesides() async throws {
        let scene = try await Scene()
        let (line, number) = (scene.line, scene.number)
        let there = try await line.relayed(number).number
        try await line.partner.decide(.close, "disk swapped", on: there)
        try await scene.server.clear(scene.fault, because: "it is read no longer")
        try await line.deliver()
        try await line.exchange()
        let history = try await line.partner.theCase(there).history
        #expect(history.filter { $0.kind == .closed }.map(\.because) == ["disk swapped"])
        #expect(history.contains { $0.kind == .updated && $0.because == "it is read no longer" })
    }

    @Test("Whoever looks after a case without knowing that it got worse hears of it, and it is open at both ends")
    func late() async throws {
        let scene = try await Scene()
        let (line, number) = (scene.line, scene.number)
        try await scene.server.open(SampleFault.make("f2"))
        try await line.partner.decide(.acknowledge, "we come", on: try await line.relayed(number).number)
        try await line.exchange()
        let here = try await line.site.theCase(number)
        #expect(here.state == .open)
        #expect(
            here.history.last?.because.hasSuffix("looks after it without knowing that it had got worse: it stays open.")
                == true)
        try await line.deliver()
        let there = try await line.relayed(number)
        #expect(there.state == .open && there.folded == here.folded)
    }

    @Test("A step that is older than the partner's case comes once the case is there")
    func before() async throws {
        let site = try await TestFleet.site("Nord", partners: ["service"])
        let line = try await PairedFleets(site, try await TestFleet.site("Süd"))
        let server = try await site.enrol("h1", hostname: "srv-1")
        try await server.open(SampleFault.make("f1"))
        let number = try await site.store.theOnlyCase().number
        try await site.decide(.acknowledge, "we look", on: number)
        try await line.exchange()
        #expect(try await line.partner.store.allCases().isEmpty)
        try await line.deliver()
        try await line.exchange()
        #expect(try await line.relayed(number).state == .acknowledged)
    }

    @Test(
        "Of three collectors in a chain the middle one hands steps on, up and down, and each tells its own recipients once"
    )
    func chain() async throws {
        let site = try await TestFleet.site("A", partners: ["service"], mailboxes: ["desk"])
        let middle = try await TestFleet.site("B", partners: ["maker"], mailboxes: ["office"])
        let top = try await TestFleet.site("C", mailboxes: ["depot"])
        let (lower, upper) = (
            try await PairedFleets(site, middle), try await PairedFleets(middle, top, as: "maker")
        )
        let server = try await site.enrol("h1", hostname: "srv-1")
        try await server.open(SampleFault.make("f1"))
        let number = try await site.store.theOnlyCase().number
        func carry() async throws {
            try await lower.deliver()
            try await upper.deliver()
            try await upper.exchange()
            try await lower.exchange()
        }
        try await carry()
        let there = try await upper.relayed(try await lower.relayed(number).number).number
        for (fleet, box) in [(site, "desk"), (middle, "office"), (top, "depot")] {
            #expect(try await fleet.emptyOutbox(toMailbox: box) == [.opened])
        }
        try await site.decide(.acknowledge, "we look", on: number, by: "berta")
        try await lower.exchange()
        try await upper.exchange()
        #expect(try await top.theCase(there).state == .acknowledged)
        #expect(try await top.theCase(there).history.last?.by == "berta (A)")

        try await top.decide(.close, "replaced on site", on: there, by: "carl")
        try await carry()
        try await carry()
        let found = try await site.theCase(number)
        #expect(found.closedBecause == "carl (C): replaced on site")
        for (fleet, box) in [(site, "desk"), (middle, "office"), (top, "depot")] {
            #expect(try await fleet.emptyOutbox(toMailbox: box) == [.closed], "\(box)")
        }
        for other in [try await lower.relayed(number), try await top.theCase(there)] {
            #expect(other.folded == found.folded)
        }
    }

    @Test(
        "A fault that got worse while the partner closed the case is lost at neither, and a close that knows of it closes both"
    )
    func worseMeanwhile() async throws {
        let scene = try await Scene(urgency: .plan)
        let (line, number) = (scene.line, scene.number)
        let there = try await line.relayed(number).number
        // The line is cut: neither hears of the other.
        try await scene.server.open(SampleFault.make("f1", urgency: .order))
        try await line.partner.decide(.close, "can wait", on: there)
        try await line.exchange()
        var here = try await line.site.theCase(number)
        #expect(here.state == .open)
        #expect(here.urgency == .order)
        #expect(here.folded.outcomes.map(\.notApplied) == [.worsened])
        #expect(here.history.contains { $0.because.contains("without knowing that it had got worse") })
        try await line.deliver()
        var other = try await line.partner.theCase(there)
        #expect(other.state == .open)
        #expect(other.urgency == .order)
        #expect(other.history.contains { $0.because.contains("anna at Service Süd did not know of") })
        #expect(other.folded == here.folded)
        // The office is told of the case as it stands.
        #expect(try await line.partner.emptyOutbox(toMailbox: "office") == [.updated])

        try await line.partner.decide(.close, "swapped", on: there)
        try await line.exchange()
        try await line.deliver()
        (here, other) = (try await line.site.theCase(number), try await line.partner.theCase(there))
        #expect(here.state == .closed)
        #expect(other.state == .closed)
        #expect(here.folded == other.folded)
    }

    @Test(
        "A fault that gets worse after the close was known opens a case of its own; the closed one stays closed at both"
    )
    func worseAfterwards() async throws {
        let scene = try await Scene(urgency: .plan)
        let (line, number) = (scene.line, scene.number)
        let there = try await line.relayed(number).number
        try await line.partner.decide(.close, "can wait", on: there)
        try await line.exchange()
        try await line.deliver()
        try await scene.server.open(SampleFault.make("f1", urgency: .order))
        try await line.deliver()
        try await line.exchange()
        #expect(try await line.site.store.allCases().count == 2)
        #expect(try await line.site.theCase(number).state == .closed)
        #expect(try await line.partner.theCase(there).state == .closed)
        #expect(try await line.partner.store.cases(CaseQuery()).map(\.urgency) == [.order])
    }

    @Test("A message of the site that is not worse than what was closed opens nothing again, and nobody is told")
    func staleUpdate() async throws {
        let scene = try await Scene()
        let (line, number) = (scene.line, scene.number)
        let there = try await line.relayed(number).number
        // The part has another place: told, and no worse. The site has not heard of the close yet.
        try await scene.server.open(
            SampleFault.make("f1", urgency: .plan, part: SampleFault.part(location: "Bay 4")))
        try await line.partner.decide(.close, "done", on: there)
        #expect(try await line.partner.emptyOutbox(toMailbox: "office") == [.closed])
        #expect(try await line.deliver().map(\.event) == [.updated])
        #expect(try await line.partner.theCase(there).state == .closed)
        #expect(try await line.partner.emptyOutbox(toMailbox: "office").isEmpty)
        try await line.exchange()
        #expect(try await line.site.theCase(number).state == .closed)
    }

    @Test("More steps than one message holds come over in one exchange, both ways, and none twice")
    func pages() async throws {
        let site = try await TestFleet.site("Nord", partners: ["service"])
        let line = try await PairedFleets(site, try await TestFleet.site("Süd"))
        let server = try await site.enrol("h1", hostname: "srv-1")
        for name in 0..<10 { try await server.open(SampleFault.make("f\(name)", blaming: "sd\(name)")) }
        try await line.deliver()
        let numbers = try await site.store.allCases().map(\.number).sorted()
        let reason = String(repeating: "ä", count: 490)
        for (index, number) in numbers.enumerated() {
            let there = try await line.relayed(number).number
            for _ in 0..<8 {
                try await line.site.decide(.replaced, reason, on: number)
                if index < 5 { try await line.partner.addNote(reason, on: there) }
            }
        }
        let outcomes = try await line.exchange()
        #expect(outcomes.count > 3, "it was meant to be too much for one message")
        #expect(outcomes.allSatisfy { $0.warnings.isEmpty })
        for (index, number) in numbers.enumerated() {
            let (here, there) = (try await line.site.theCase(number), try await line.relayed(number))
            #expect(here.work?.entries.count == (index < 5 ? 16 : 8))
            #expect(here.folded == there.folded)
        }
        #expect(try await line.exchange().count == 1)
    }

    @Test("A site of 0.1 is answered as ever; once it tells of work, it hears what was done meanwhile")
    func upgrade() async throws {
        let scene = try await Scene()
        let (line, number) = (scene.line, scene.number)
        let there = try await line.relayed(number).number
        try await line.partner.decide(.acknowledge, "a technician comes", on: there)
        #expect(try await line.door.accept(heartbeat: line.signed(try await line.heartbeat())) == nil)
        var old = try await line.heartbeat()
        old.root = nil
        let notice = try #require(try await line.door.accept(heartbeat: line.signed(old)))
        #expect(notice.payloadType == PayloadType.rootNotice.rawValue)
        #expect(try await line.site.theCase(number).state == .open)
        try await line.exchange()
        #expect(try await line.site.theCase(number).state == .acknowledged)
    }

    @Test("What a site of 0.1 tells of a closed case opens it again, as it always did")
    func oldSite() async throws {
        let scene = try await Scene()
        let (line, number) = (scene.line, scene.number)
        let known = try await line.relayed(number)
        try await line.partner.decide(.close, "done", on: known.number)
        var ticket = try #require(known.relayed)
        (ticket.worsened, ticket.revision, ticket.event) = (nil, ticket.revision + 1, .updated)
        let envelope = try Envelope.sign(
            WireFormat.encode(ticket), as: .ticket, with: line.site.environment.signingKey)
        _ = try await line.door.accept(RelayedTicket(id: "old", ticket: envelope, reports: [], certificates: []))
        #expect(try await line.partner.theCase(known.number).state == .open)
    }
}

extension TestFleet {
    /// A step that changes nothing.
    func addNote(_ why: String, on number: String) async throws {
        clock.advance(.seconds(1))
        try await store.addNote(why, on: number, at: clock.time)
    }
}

extension CollectorStore {
    /// A step that changes nothing.
    func addNote(_ why: String, on number: String, at time: Timestamp) async throws {
        try await transaction("adding a note") { [policy] transaction in
            let found = try #require(try transaction.findCase(number: number))
            let work = WorkRecorder(transaction: transaction, policy: policy, time: time)
            try transaction.save(try work.adding(.note, to: found, by: "anna", because: why), senderNumber: nil)
        }
    }
}
