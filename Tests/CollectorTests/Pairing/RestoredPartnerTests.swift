import Foundation
import GRDB
import Reports
import Testing

@testable import Collector

@Suite("A site and its partner after one of them was restored from a backup")
struct RestoredPartnerTests {
    private func paired() async throws -> (PairedFleets, TestServer) {
        let site = try await TestFleet.site("Nord", partners: ["service"])
        let partner = try await TestFleet.site("Süd", mailboxes: ["office"])
        return (try await PairedFleets(site, partner), try await site.enrol("h1", hostname: "srv-1"))
    }

    private func fault(_ name: String, urgency: Urgency = .plan) -> Fault {
        SampleFault.make("f\(name)", blaming: "sd\(name)", urgency: urgency)
    }

    private func number(of fault: Fault, at site: TestFleet) async throws -> String {
        let all = try await site.store.allCases()
        return try #require(all.first { $0.members.contains { $0.fault.id == fault.id } }).number
    }

    /// Heartbeats and messages until nothing is said any more.
    private func settle(_ line: PairedFleets) async throws -> [Ticket] {
        var taken: [Ticket] = []
        for _ in 0..<4 {
            try await line.exchange()
            taken += try await line.deliver()
        }
        return taken
    }

    @Test(
        "A partner that was restored is told what it lacks, newer states and ends as well, each once, and then nothing more"
    )
    func partner() async throws {
        let (first, server) = try await paired()
        var line = first
        for name in ["stays", "ends", "grows"] { try await server.open(fault(name)) }
        try await line.deliver()
        try await line.exchange()
        let backup = try line.partner.backup()
        // A day passes that the partner forgets.
        line.site.clock.advance(.seconds(86_400))
        line.partner.clock.advance(.seconds(86_400))
        try await server.open(fault("new"))
        try await server.clear(fault("ends"), because: "it was replaced")
        try await server.open(fault("grows", urgency: .order))
        try await line.deliver()
        try await line.exchange()
        #expect(try await line.partner.store.cases(CaseQuery()).count == 3)

        line.partner = try await TestFleet(restoring: backup, of: line.partner)
        #expect(try await line.relayed(try await number(of: fault("ends"), at: line.site)).state == .open)
        let again = try await settle(line)
        #expect(again.count == 3, "\(again.map { ($0.number, $0.event) })")
        let new = try await line.relayed(try await number(of: fault("new"), at: line.site))
        #expect(new.state == .open)
        #expect(try await line.relayed(try await number(of: fault("ends"), at: line.site)).state == .closed)
        #expect(try await line.relayed(try await number(of: fault("grows"), at: line.site)).urgency == .order)
        #expect(try await line.relayed(try await number(of: fault("stays"), at: line.site)).state == .open)
        let found = try await line.site.theCase(try await number(of: fault("new"), at: line.site))
        #expect(found.history.contains { $0.because.contains("restored from a backup?") })
        let told = try await line.site.store.toldTickets(recipient: "service")
        let held = try await line.partner.store.heldTickets(sender: line.site.environment.identity.site)
        #expect(ToldTickets(told).isSame(as: ToldTickets(held)))
        #expect(told.count == 3)
        #expect(try await settle(line).isEmpty)
    }

    @Test(
        "What people did comes back to a partner that was restored: its own steps, the site's, and those of cases it lost"
    )
    func partnersWork() async throws {
        let (first, server) = try await paired()
        var line = first
        try await server.open(fault("a"))
        try await line.deliver()
        try await line.exchange()
        let backup = try line.partner.backup()
        line.partner.clock.advance(.seconds(3_600))
        line.site.clock.advance(.seconds(3_600))
        try await server.open(fault("b"))
        try await line.deliver()
        let (a, b) = (
            try await number(of: fault("a"), at: line.site), try await number(of: fault("b"), at: line.site)
        )
        try await line.partner.decide(.acknowledge, "coming", on: try await line.relayed(a).number)
        try await line.site.decide(.acknowledge, "we look", on: b)
        try await line.exchange()
        try await line.partner.decide(.close, "done", on: try await line.relayed(b).number)
        try await line.exchange()
        try await line.deliver()

        line.partner = try await TestFleet(restoring: backup, of: line.partner)
        #expect(try await line.relayed(a).state == .open)
        _ = try await settle(line)
        let known = try await line.relayed(a)
        #expect(known.state == .acknowledged)
        #expect(known.history.last?.by == "anna", "its own step, and nobody else's")
        #expect(known.folded == (try await line.site.theCase(a)).folded)
        // It goes on counting behind what it had lost.
        try await line.partner.decide(.close, "swapped", on: known.number)
        _ = try await settle(line)
        #expect(try await line.site.theCase(a).closedBecause == "anna (Süd): swapped")
    }

    @Test("What people did about a case that a partner lost comes once the case is there, though it was told before")
    func workBeforeItsCase() async throws {
        let (first, server) = try await paired()
        var line = first
        try await server.open(fault("a"))
        try await line.deliver()
        try await line.exchange()
        let backup = try line.partner.backup()
        try await server.open(fault("b", urgency: .order))
        try await line.deliver()
        let b = try await number(of: fault("b"), at: line.site)
        try await line.partner.decide(.acknowledge, "coming", on: try await line.relayed(b).number)
        try await line.exchange()
        #expect(try await line.site.theCase(b).state == .acknowledged)

        line.partner = try await TestFleet(restoring: backup, of: line.partner)
        // A message that is on its way says all that there is: the site tells nothing again. The steps come first.
        try await server.open(fault("b", urgency: .plan))
        _ = try await line.beat()
        #expect(try await line.deliver().map(\.event) == [.updated])
        try await line.exchange()
        let known = try await line.relayed(b)
        #expect(known.state == .acknowledged)
        #expect(known.folded == (try await line.site.theCase(b)).folded)
    }

    @Test(
        "What people did comes back to a site that was restored, and what only its partner knows is said and closes nothing"
    )
    func site() async throws {
        let (first, server) = try await paired()
        var line = first
        try await server.open(fault("a"))
        try await line.deliver()
        try await line.exchange()
        let backup = try line.site.backup()
        line.partner.clock.advance(.seconds(3_600))
        line.site.clock.advance(.seconds(3_600))
        let a = try await number(of: fault("a"), at: line.site)
        try await line.site.decide(.acknowledge, "we look", on: a, by: "berta")
        try await server.open(fault("lost"))
        try await line.deliver()
        try await line.exchange()
        let lost = try await number(of: fault("lost"), at: line.site)
        try await line.partner.decide(.close, "done", on: try await line.relayed(a).number)

        line.site = try await TestFleet(restoring: backup, of: line.site)
        let outcomes = try await line.exchange()
        let found = try await line.site.theCase(a)
        #expect(found.state == .closed)
        #expect(found.history.map(\.by).contains("berta"))
        #expect(found.folded == (try await line.relayed(a)).folded)
        #expect(outcomes.flatMap(\.warnings).contains { $0.contains(lost) && $0.contains("does not know") })
        #expect(try await line.relayed(lost).state == .open, "an order is not lost because its site forgot it")
        _ = try await settle(line)
        #expect(try await line.exchange().flatMap(\.warnings).isEmpty, "it is said once a day")
    }

    /// A site whose backup holds a case that nobody had been told of; its partner was told since.
    /// - Parameter isMild: so that nobody was to be told either.
    private func untold(
        isMild: Bool = false
    ) async throws -> (line: PairedFleets, number: String, backup: TemporaryFolder) {
        let (line, server) = try await paired()
        try await server.open(fault("a", urgency: isMild ? .watch : .plan))
        let backup = try line.site.backup()
        if isMild { try await server.open(fault("a")) }
        try await line.deliver()
        try await line.exchange()
        return (line, try await number(of: fault("a"), at: line.site), backup)
    }

    private func restoreSite(of line: inout PairedFleets, from backup: TemporaryFolder) async throws {
        line.site.clock.advance(.seconds(3_600))
        line.site = try await TestFleet(restoring: backup, of: line.site)
        let time = line.site.clock.time
        _ = try await line.site.store.beginServing(on: nil, knownUntil: time, at: time)
    }

    @Test("What people did about a case comes to a site that was restored to before it told of it, once it tells of it")
    func workBeforeItWasTold() async throws {
        let (first, number, backup) = try await untold()
        var line = first
        try await line.site.decide(.close, "the cable", on: number, by: "berta")
        try await line.deliver()
        try await line.exchange()
        #expect(try await line.relayed(number).state == .closed)

        try await restoreSite(of: &line, from: backup)
        try await line.exchange()
        #expect(try await line.site.theCase(number).state == .open, "whoever it told of it, it does not know")
        #expect(try await line.deliver().map(\.event) == [.opened])
        try await line.exchange()
        try await line.exchange()
        let found = try await line.site.theCase(number)
        #expect(found.state == .closed && found.closedBecause == "the cable")
        #expect(found.folded == (try await line.relayed(number)).folded)
        #expect(try await line.deliver().map(\.event) == [.closed])
        #expect(try await settle(line).isEmpty)
    }

    @Test("So it does where the partner's own account shows that it was told")
    func workBeforeItWasKnown() async throws {
        let (first, number, backup) = try await untold(isMild: true)
        var line = first
        try await line.partner.decide(.acknowledge, "coming", on: try await line.relayed(number).number)
        try await line.exchange()

        try await restoreSite(of: &line, from: backup)
        try await line.site.decide(.acknowledge, "we look", on: number, by: "berta")
        _ = try await settle(line)
        let found = try await line.site.theCase(number)
        #expect(found.state == .acknowledged)
        #expect(Set(found.folded.outcomes.map(\.step.who)) == ["anna", "berta"])
        #expect(found.folded == (try await line.relayed(number)).folded)
    }

    @Test("What was passed over is asked for once, and of the newest cases")
    func passedOver() {
        var state = NeighbourState()
        state.ours = 900
        func origin(_ number: Int) -> Ticket.Origin { Ticket.Origin(store: "s", number: "CH-\(number)") }
        for number in 0...NeighbourState.mostPassedOver {
            state.passOver(origin(number), after: Int64(100 + number))
            state.passOver(origin(number), after: Int64(500 + number))
        }
        #expect(state.passedOver?.count == NeighbourState.mostPassedOver)
        state.askAgain { $0 == origin(0) }
        #expect(state.ours == 900)
        state.askAgain { [origin(7), origin(5)].contains($0) }
        #expect(state.ours == 105)
        state.ours = 900
        state.askAgain { [origin(7), origin(5)].contains($0) }
        #expect(state.ours == 900)
    }

    @Test(
        "What gets worse at a site that was restored is more than anybody knew who looks after it, and open at both ends"
    )
    func worseAgain() async throws {
        let (first, server) = try await paired()
        var line = first
        try await server.open(fault("a"))
        try await line.deliver()
        try await line.exchange()
        let backup = try line.site.backup()
        let number = try await number(of: fault("a"), at: line.site)
        try await server.open(fault("a", urgency: .order))
        try await line.deliver()
        try await line.partner.decide(.acknowledge, "coming", on: try await line.relayed(number).number)
        try await line.exchange()

        try await restoreSite(of: &line, from: backup)
        _ = try await settle(line)
        #expect(try await line.site.theCase(number).state == .acknowledged)
        try await server.reporting(to: line.site).open(fault("a", urgency: .order))
        _ = try await settle(line)
        let (here, there) = (try await line.site.theCase(number), try await line.relayed(number))
        #expect(here.state == .open && there.state == .open)
        #expect(here.folded == there.folded)
    }

    @Test("What got worse after the copy that a site goes on from was made is looked after at both ends, as before")
    func worseUnknown() async throws {
        let (first, server) = try await paired()
        var line = first
        try await server.open(fault("a"))
        try await line.deliver()
        try await line.exchange()
        let number = try await number(of: fault("a"), at: line.site)
        try await line.partner.decide(.acknowledge, "coming", on: try await line.relayed(number).number)
        try await line.exchange()
        let backup = try line.site.backup()
        try await server.open(fault("a", urgency: .order))
        try await line.deliver()
        #expect(try await line.relayed(number).state == .open)

        try await restoreSite(of: &line, from: backup)
        _ = try await settle(line)
        let (here, there) = (try await line.site.theCase(number), try await line.relayed(number))
        #expect(here.state == .acknowledged && there.state == .acknowledged)
        #expect(here.folded == there.folded)
    }

    @Test("A partner that lost all of 250 cases is told all of them, in pages, each once")
    func everything() async throws {
        let site = try await TestFleet {
            $0.recipients = [SampleRecipient.partner("https://127.0.0.1:1", name: "service")]
            $0.casesPerHostPerHour = 1_000
        }
        var line = try await PairedFleets(site, try await TestFleet.site("Süd"))
        let server = try await site.enrol("h1", hostname: "srv-1")
        let backup = try line.partner.backup()
        let changes = (0..<250).map { SampleFault.change(.opened, fault("\($0)")) }
        try await server.send(.faults(changes))
        #expect(try await line.deliver().count == 250)
        line.partner = try await TestFleet(restoring: backup, of: line.partner)
        // 250 are on the site's list, so none is on the partner's: its one page is empty, and whole.
        #expect(try await line.exchange().flatMap(\.toldAgain).count == 250)
        #expect(try await line.deliver().count == 250)
        #expect(try await line.exchange().allSatisfy { $0.toldAgain.isEmpty })
        // The other way: the site's end of 250 is not known to the partner any more.
        let open = try line.partner.backup()
        try await server.send(
            .faults(
                changes.map { FaultChange(kind: .cleared, fault: $0.fault, because: "well", time: SampleFault.time) }))
        #expect(try await line.deliver().count == 250)
        line.partner = try await TestFleet(restoring: open, of: line.partner)
        let outcomes = try await line.exchange()
        #expect(outcomes.count >= 3, "100 a page")
        #expect(Set(outcomes.flatMap(\.toldAgain)).count == 250)
        #expect(try await line.deliver().count == 250)
        #expect(try await line.partner.store.cases(CaseQuery(limit: 1)).isEmpty)
        #expect(try await settle(line).isEmpty)
    }

    @Test("A partner's database of 0.1 knows what its sites told and did not end")
    func upgrade() async throws {
        let (line, server) = try await paired()
        for name in ["a", "b"] { try await server.open(fault(name)) }
        try await line.deliver()
        try await server.clear(fault("b"), because: "well")
        try await line.deliver()
        let sender = line.site.environment.identity.site
        let before = try await line.partner.store.heldTickets(sender: sender)
        #expect(before.map(\.number) == [try await number(of: fault("a"), at: line.site)])
        let copy = try line.partner.backup()
        let queue = try DatabaseQueue(path: "\(copy.path)/collector.sqlite")
        try await queue.write { db in
            try db.execute(
                sql: """
                    DROP TABLE work_log; DROP TABLE work_neighbour; DROP TABLE held_ticket; DROP INDEX told_open;
                    DELETE FROM grdb_migrations WHERE identifier = 'work'
                    """)
        }
        try queue.close()
        let opened = try await TestFleet(restoring: copy, of: line.partner)
        #expect(try await opened.store.heldTickets(sender: sender) == before)
    }

    @Test("What the partner still lacks after it was told again is not told again within a day")
    func onceADay() async throws {
        let (line, server) = try await paired()
        try await server.open(fault("a"))
        try await line.deliver()
        try await line.exchange()
        let number = try await number(of: fault("a"), at: line.site)
        // It takes what it is told, and lists nothing: as a program with a fault of its own would.
        let held = HeldTickets([], after: nil)
        let neighbour = WorkNeighbour.partner(recipient: "service", keyID: "k")
        func settle(_ hours: Int64) async throws -> [String] {
            line.site.clock.advance(.seconds(hours * 3_600))
            let time = line.site.clock.time
            let outcome = try await line.site.store.settle(
                held, of: neighbour, recipient: "service", heartbeat: time, at: time)
            try await line.deliver()
            return outcome.again
        }
        #expect(try await settle(1) == [number])
        #expect(try await settle(1).isEmpty)
        #expect(try await settle(22).isEmpty)
        #expect(try await settle(2) == [number])
    }

    /// What the site does of a case that its partner is found to hold so.
    private func settle(_ line: PairedFleets, holding tickets: [HeldTicket]) async throws -> HeldOutcome {
        line.site.clock.advance(.seconds(86_400))
        let time = line.site.clock.time
        return try await line.site.store.settle(
            HeldTickets(tickets, after: nil), of: .partner(recipient: "service", keyID: "k"), recipient: "service",
            heartbeat: time, at: time)
    }

    @Test("What is told again says that it may have been ordered, and stands behind what the partner holds")
    func repeated() async throws {
        let (line, server) = try await paired()
        try await server.open(fault("a"))
        try await line.deliver()
        #expect(try await settle(line, holding: []).again.count == 1)
        let again = try await line.deliver()
        #expect(again.map(\.event) == [.opened])
        #expect(again.map(\.repeated) == [true])
    }

    @Test(
        "What newer message a partner holds than a restored site remembers, it is told of the case as it stands, once")
    func behind() async throws {
        let (first, server) = try await paired()
        var line = first
        try await server.open(fault("a"))
        try await line.deliver()
        let backup = try line.site.backup()
        line.site.clock.advance(.seconds(3_600))
        try await server.open(fault("a", urgency: .order))
        try await line.deliver()
        let number = try await number(of: fault("a"), at: line.site)
        #expect(try await line.relayed(number).urgency == .order)

        line.site = try await TestFleet(restoring: backup, of: line.site)
        // A collector that starts to serve is another life of the store: what it says now is newer.
        let time = line.site.clock.time
        _ = try await line.site.store.beginServing(on: nil, knownUntil: time, at: time)
        let told = try await settle(line)
        #expect(told.map(\.urgency) == [.plan])
        #expect(try await line.relayed(number).urgency == .plan)
        let found = try await line.site.theCase(number)
        #expect(found.history.contains { $0.because.contains("not known here any more") })
        #expect(try await settle(line).isEmpty)
    }

    @Test(
        "An answer that was lost to a person's drop is believed, and its end is told; what it does not hold is forgotten"
    )
    func dropped() async throws {
        let (line, server) = try await paired()
        for name in ["a", "b"] { try await server.open(fault(name)) }
        let begun = try await line.site.store.begin(at: line.site.clock.time)
        _ = try await line.site.store.decide(
            RecipientDecision(kind: .drop, by: "anna", because: "by phone", time: line.site.clock.time),
            recipient: "service")
        let tickets = begun.map {
            HeldTicket(number: $0.caseNumber, epoch: $0.ticket.epoch ?? .unbegun, revision: $0.ticket.revision)
        }
        #expect(try await settle(line, holding: tickets).again.isEmpty, "it has what there is")
        #expect(Set(try await line.site.store.toldTickets(recipient: "service")) == Set(tickets))
        // The end of one is dropped too, and the partner turns out not to have it.
        let a = try await number(of: fault("a"), at: line.site)
        try await server.clear(fault("a"), because: "well")
        _ = try await line.site.store.decide(
            RecipientDecision(kind: .drop, by: "anna", because: "by phone", time: line.site.clock.time),
            recipient: "service")
        let rest = tickets.filter { $0.number != a }
        #expect(try await settle(line, holding: rest).again.isEmpty)
        #expect(try await line.site.store.toldTickets(recipient: "service") == rest)
        // Where it has it after all, it is told the end.
        #expect(try await settle(line, holding: tickets).again == [a])
        #expect(try await line.site.store.begin(at: line.site.clock.time).map(\.ticket.event) == [.closed])
    }

    @Test("A case that comes back to the collector where it began counts as held there, and is not told again")
    func circle() async throws {
        let one = try await TestFleet.site("Nord", partners: ["service"])
        let two = try await TestFleet.site("Süd", partners: ["back"])
        let (out, back) = (try await PairedFleets(one, two), try await PairedFleets(two, one, as: "back"))
        try await one.enrol("h1", hostname: "srv-1").open(fault("a"))
        #expect(try await out.deliver().count == 1)
        #expect(try await back.deliver().count == 1)
        #expect(try await one.store.allCases().count == 1)
        for line in [out, back] {
            #expect(try await line.exchange().allSatisfy { $0.toldAgain.isEmpty })
            #expect(try await line.deliver().isEmpty)
        }
    }

    @Test("A partner that is held takes what it lacks and tells nothing of its own until it is taken over")
    func held() async throws {
        let (line, server) = try await paired()
        try await server.open(fault("a"))
        try await line.deliver()
        let (number, time) = (try await number(of: fault("a"), at: line.site), line.partner.clock.time)
        try await line.partner.decide(.acknowledge, "coming", on: try await line.relayed(number).number)
        for machine in ["m1", "m2"] {
            _ = try await line.partner.store.beginServing(on: machine, knownUntil: time, at: time)
        }
        #expect(await !line.partner.environment.maySend)
        try await line.site.decide(.close, "the cable", on: number)
        #expect(try await line.exchange().count == 1)
        #expect(try await line.relayed(number).state == .closed)
        #expect(try await line.site.theCase(number).folded.outcomes.count == 1)
        _ = try await line.partner.store.takeOver(on: "m2", at: time)
        try await line.exchange()
        let (here, there) = (try await line.site.theCase(number), try await line.relayed(number))
        #expect(here.folded.outcomes.count == 2)
        #expect(here.folded == there.folded)
    }
}
