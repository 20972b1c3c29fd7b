import Reports
import Testing

@testable import Collector

@Suite("What every store promises of trust, silence and relaying", .everyStore)
struct TrustContractTests {
    private let time = SampleFault.time

    @Test("A token lets in one server, even when two come at the same moment")
    func tokenOnce() async throws {
        let store = try openStore()
        try await store.save(
            IssuedToken(
                id: "t", purpose: .server, secretHash: "", note: "", createdAt: time, expiresAt: time + .seconds(60)))
        let entered = await withTaskGroup(of: Bool.self) { group in
            for number in 1...8 {
                group.addTask {
                    let enrolment = AcceptedEnrolment(
                        tokenID: "t", host: "h\(number)", hostname: "srv", key: SigningKey().publicKey, certificate: "",
                        replaces: false)
                    return (try? await store.enrol(enrolment, at: time)) != nil
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(entered == 1)
        #expect(try await store.servers().count == 1)
    }

    @Test(
        "A known server is not enrolled over; a replacement goes on with the history in a new epoch")
    func replaces() async throws {
        let store = try openStore()
        var first = try await store.enrolled("h1")
        try await store.accept(first.faults(SampleFault.change(.opened, SampleFault.make("f1"))), from: "h1")
        await #expect(throws: StoreError.self) { _ = try await store.enrolled("h1") }
        let second = try await store.enrolled("h1", replaces: true)
        #expect(second.epoch == 2)
        #expect(try await store.agentKey(id: first.key.publicKey.id)?.revokedBecause == "replaced by a new enrolment")
        #expect(try await store.agentKey(id: second.key.publicKey.id)?.revokedAt == nil)
        #expect(try await store.cases(CaseQuery(host: "h1")).count == 1)
    }

    @Test("Silence opens one case with deliveries; the next heartbeat closes it")
    func silence() async throws {
        let store = try openStore()
        var agent = try await store.enrolled("h1")
        try await store.accept(agent.heartbeat(), from: "h1")
        let subject = try #require(try await store.silenceSubjects().first)
        let finding = LivenessFinding(subject: subject, dueAt: time, because: "it is overdue")
        let watch = LivenessMonitor(startingAt: time)
        for _ in 1...2 { try await store.recordSilence(watch, silent: [finding], at: time) }
        let found = try await store.theOnlyCase()
        #expect(found.origin == .silence)
        #expect(found.history[0].because == "it is overdue")
        #expect(try await store.deliveries(caseNumber: found.number).map(\.event) == [.opened, .opened])
        #expect(try await store.server(host: "h1")?.state == .silent)
        #expect(try await store.livenessMonitor() == watch)
        try await store.accept(agent.heartbeat(), from: "h1", at: time + .seconds(5))
        #expect(try await store.theOnlyCase().state == .closed)
        #expect(try await store.server(host: "h1")?.state == .connected)
    }

    @Test("A finding that was overtaken by a heartbeat opens nothing")
    func overtaken() async throws {
        let store = try openStore()
        var agent = try await store.enrolled("h1")
        let subject = try #require(try await store.silenceSubjects().first)
        try await store.accept(agent.heartbeat(), from: "h1")
        try await store.recordSilence(
            LivenessMonitor(startingAt: time), silent: [LivenessFinding(subject: subject, dueAt: time, because: "")],
            at: time)
        #expect(try await store.allCases().isEmpty)
    }

    private func site(_ id: String) -> PairedSite {
        PairedSite(
            id: id, name: "Praxis", ca: "CA", crossCertificate: "X", key: SigningKey().publicKey, pairedAt: time,
            isSilent: false)
    }

    private func paired(_ store: any CollectorStore) async throws {
        try await store.save(
            IssuedToken(
                id: "p", purpose: .site, secretHash: "", note: "", createdAt: time, expiresAt: time + .seconds(60)))
        try await store.pair(site("s1"), token: "p", at: time)
    }

    private func message(_ revision: Int, _ event: Ticket.Event, number: String = "CH-AAAA-000001") -> VerifiedTicket {
        let fault = SampleFault.make("f1")
        let ticket = Ticket(
            number: number, event: event, revision: revision, test: event == .test, urgency: .order, openedAt: time,
            closedAt: event == .closed ? time : nil,
            site: Ticket.Site(name: "Praxis", address: "Deich 1", contact: "x"),
            server: Ticket.Server(host: "far-1", hostname: "far", part: Part()), suspect: fault.suspects[0],
            faults: [fault],
            because: "revision \(revision)")
        return VerifiedTicket(id: "m\(number)\(revision)", sender: "s1", ticket: ticket, reports: [], certificates: [])
    }

    @Test(
        "A relayed ticket becomes one case under the sender's number and goes on to our recipients")
    func relayed() async throws {
        let store = try openStore()
        try await paired(store)
        let first = try await store.accept(message(1, .opened), at: time)
        #expect(first == TicketAcceptance(reference: "CH-AAAA-000001", repeated: false))
        #expect(
            try await store.accept(message(1, .opened), at: time)
                == TicketAcceptance(reference: "CH-AAAA-000001", repeated: true))
        var begun = try await store.deliverAll(at: time)
        _ = try await store.accept(message(3, .closed), at: time)
        _ = try await store.accept(message(2, .updated), at: time)
        begun += try await store.deliverAll(at: time)
        let found = try await store.theOnlyCase()
        #expect(found.state == .closed)
        let deliveries = begun.filter { $0.recipient == "desk" }
        #expect(deliveries.map(\.ticket.event) == [.opened, .closed])
        #expect(deliveries.allSatisfy { $0.ticket.site.name == "Praxis" && $0.ticket.server.host == "far-1" })
    }

    @Test("A ticket that comes back from the partner it was handed to makes no new case: two partners end somewhere")
    func comesBack() async throws {
        let store = try openStore()
        try await paired(store)
        var agent = try await store.enrolled("h1")
        try await store.accept(agent.faults(SampleFault.change(.opened, SampleFault.make("f1"))), from: "h1")
        let own = try await store.theOnlyCase()
        let sent = try #require(try await store.begin(at: time).first).ticket
        for revision in 1...3 {
            var ticket = sent
            ticket.revision = revision
            let back = VerifiedTicket(id: "b\(revision)", sender: "s1", ticket: ticket, reports: [], certificates: [])
            #expect(try await store.accept(back, at: time).reference == own.number)
        }
        #expect(try await store.allCases().map(\.number) == [own.number])
        #expect(try await store.theOnlyCase().sender == nil)
    }

    @Test("A number that is taken here forces another one, and stays with it")
    func clash() async throws {
        let store = try openStore()
        try await paired(store)
        var agent = try await store.enrolled("h1")
        try await store.accept(agent.faults(SampleFault.change(.opened, SampleFault.make("f1"))), from: "h1")
        let own = try await store.theOnlyCase().number
        let reference = try await store.accept(message(1, .opened, number: own), at: time).reference
        #expect(reference != own)
        #expect(try await store.accept(message(2, .closed, number: own), at: time).reference == reference)
        #expect(try await store.findCase(number: own)?.state == .open)
    }

    @Test("A number that a site brings is not drawn here as well: each keeps its case")
    func foreignNumberFirst() async throws {
        let store = try openStore()
        try await paired(store)
        // The first that a collector of up to 0.1 would have counted.
        let foreign = "CH-\(try await store.identity().shortName)-000001"
        _ = try await store.accept(message(1, .opened, number: foreign), at: time)
        var agent = try await store.enrolled("h1")
        try await store.accept(agent.faults(SampleFault.change(.opened, SampleFault.make("f1"))), from: "h1")
        #expect(try await store.findCase(number: foreign)?.host == "far-1")
        #expect(try await store.allCases().map(\.host).sorted() == ["far-1", "h1"])
    }

    @Test("A dead site collector opens one case, which its next sign of life closes")
    func deadSite() async throws {
        let store = try openStore()
        try await paired(store)
        let subject = try #require(try await store.silenceSubjects().first)
        #expect(subject.kind == .site)
        try await store.recordSilence(
            LivenessMonitor(startingAt: time),
            silent: [LivenessFinding(subject: subject, dueAt: time, because: "dead")],
            at: time)
        #expect(try await store.theOnlyCase().members[0].fault.faultClass == "collector.silent")
        try await store.recordSiteHeartbeat(site: "s1", interval: 60, at: time + .seconds(1))
        #expect(try await store.theOnlyCase().state == .closed)
    }

    @Test("Samples give the latest reading and a history, bounded in age")
    func samples() async throws {
        let store = try openStore()
        var agent = try await store.enrolled("h1")
        let (component, signal) = (ComponentID(.fan, "f1"), Signal("hw.fan.speed"))
        for minute in 0..<3 {
            let at = time + .seconds(minute * 60)
            let sample = SampleAggregate(
                component: component, signal: signal, from: at, through: at, count: 6, minimum: 1, maximum: 3,
                mean: Double(minute))
            try await store.accept(agent.verified(agent.report(.samples([sample]), .telemetry)), from: "h1", at: at)
        }
        #expect(try await store.readings(host: "h1").map(\.aggregate.mean) == [2])
        let history = try await store.history(host: "h1", component: component, signal: signal, since: time)
        #expect(history.map(\.mean) == [0, 1, 2])
        try await store.tidy(
            Retention(closedCases: .seconds(9), history: .seconds(60), reports: .seconds(9)), at: time + .seconds(120))
        #expect(
            try await store.history(host: "h1", component: component, signal: signal, since: time).map(\.mean) == [
                1, 2,
            ])
    }
}
