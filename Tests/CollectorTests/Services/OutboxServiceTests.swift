import Foundation
import Reports
import ServiceLifecycle
import TestSupport
import Testing

@testable import Collector

@Suite("From a fault to the partner's mailbox and webhook")
struct OutboxServiceTests {
    private struct Mail: Decodable { var content: String }
    private struct Hook: Decodable {
        var id: String
        var valid: Bool
    }

    /// Runs the outbox until `done`, in real time: what is tested is the service with real servers.
    private func deliver(_ fleet: TestFleet, until done: @escaping @Sendable () async throws -> Bool) async throws {
        let group = ServiceGroup(
            configuration: .init(services: [OutboxService(fleet.environment)], logger: fleet.environment.logger))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let deadline = ContinuousClock.now + .seconds(120)
            while try await !done(), ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(20)) }
            let finished = try await done()
            #expect(finished, "the outbox did not finish")
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    @Test("One fault becomes one mail and one webhook under one number; its end becomes one more of each, in order")
    func whole() async throws {
        let smtp = try ServerProgram("smtp")
        let hook = try ServerProgram("webhook")
        let fleet = try await TestFleet {
            $0.recipients = [
                SampleRecipient.email("smtp://127.0.0.1:\(smtp["plain"])"),
                SampleRecipient.webhook("http://127.0.0.1:\(hook["port"])/ok", name: "hook", secret: hook["secret"]),
            ]
        }
        let server = try await fleet.enrol("h1", hostname: "srv-1")
        try await server.open(SampleTicket.fault)
        let store = fleet.store
        let number = try #require(try await store.cases(CaseQuery(states: Set(Case.State.allCases))).first).number
        let isTold: @Sendable () async throws -> Bool = {
            try await store.deliveries(caseNumber: number).allSatisfy { $0.state == .delivered }
        }
        try await deliver(fleet, until: isTold)
        try await server.clear(SampleTicket.fault, because: "the disk was exchanged")
        try await deliver(fleet, until: isTold)
        let mails = try smtp.output.map { try JSONDecoder().decode(Mail.self, from: Data($0.utf8)).content }
        #expect(mails.count == 2)
        #expect(mails.allSatisfy { $0.contains("[\(number)]") })
        #expect(mails.first?.contains("Order: disk in Bay 3 of srv-1") == true)
        #expect(mails.last?.contains("Closed: ") == true)
        let hooks = try hook.output.map { try JSONDecoder().decode(Hook.self, from: Data($0.utf8)) }
        #expect(hooks.count == 2)
        #expect(hooks.allSatisfy { $0.valid })
        #expect(Set(hooks.map(\.id)).count == 2)
    }

    @Test("A collector that died between the server's acceptance and its own note sends the same Message-ID again")
    func repetition() async throws {
        let smtp = try ServerProgram("smtp")
        let fleet = try await TestFleet {
            $0.recipients = [SampleRecipient.email("smtp://127.0.0.1:\(smtp["plain"])")]
        }
        let server = try await fleet.enrol("h1", hostname: "srv-1")
        try await server.open(SampleTicket.fault)
        let time = fleet.clock.time
        let claimed = try #require(try await fleet.store.begin(at: time).first)
        _ = try await fleet.environment.configuration.recipients[0].makeChannel(
            fleet.store, fleet.environment.signingKey
        ).deliver(claimed, at: time)
        // The collector dies here: the attempt runs out.
        fleet.clock.advance(.seconds(120))
        let store = fleet.store
        try await deliver(fleet) {
            let deliveries = try await store.deliveries(caseNumber: claimed.caseNumber)
            return deliveries.allSatisfy { $0.state == .delivered }
        }
        let identifiers = smtp.output.compactMap { line in
            line.components(separatedBy: "Message-ID: <").dropFirst().first?.components(separatedBy: ">").first
        }
        #expect(identifiers == ["\(claimed.id)@site.example", "\(claimed.id)@site.example"])
    }

    @Test("A test after the cause was mended goes out at once, and takes with it what waited for the next attempt")
    func mended() async throws {
        let smtp = try ServerProgram("smtp")
        let fleet = try await TestFleet {
            $0.recipients = [SampleRecipient.email("smtp://127.0.0.1:\(smtp["plain"])")]
        }
        let store = fleet.store
        let server = try await fleet.enrol("h1", hostname: "srv-1")
        try await server.open(SampleTicket.fault)
        let time = fleet.clock.time
        // The server was away for long: the next attempt is due in an hour.
        let claimed = try #require(try await store.begin(at: time).first)
        try await store.record(.failed(after: .seconds(3600), because: "connection refused"), to: claimed, at: time)
        try await server.send(.test(TestFault(id: "t1", fault: SampleFault.make("t1"))))
        // The fleet's clock stands still.
        try await deliver(fleet) {
            try await store.deliveries(caseNumber: claimed.caseNumber).allSatisfy { $0.state == .delivered }
        }
        #expect(smtp.output.count == 2)
        #expect(smtp.output.first?.contains("TEST, ") == true)
    }

    @Test("A recipient that refuses is shown, and the fallback gets the message once, under the same number")
    func fallback() async throws {
        let smtp = try ServerProgram("smtp")
        let hook = try ServerProgram("webhook")
        let fleet = try await TestFleet {
            $0.recipients = [
                SampleRecipient.webhook(
                    "http://127.0.0.1:\(hook["port"])/gone", name: "hook", secret: hook["secret"], fallback: "spare"),
                SampleRecipient.email("smtp://127.0.0.1:\(smtp["plain"])", name: "spare"),
            ]
        }
        let environment = fleet.environment
        let server = try await fleet.enrol("h1", hostname: "srv-1")
        try await server.open(SampleTicket.fault)
        let number = try #require(try await fleet.store.cases(CaseQuery()).first).number
        let store = fleet.store
        let group = ServiceGroup(
            configuration: .init(services: [OutboxService(environment)], logger: environment.logger))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let deadline = ContinuousClock.now + .seconds(120)
            while smtp.output.isEmpty, ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(20)) }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
        #expect(smtp.output.count == 1)
        #expect(smtp.output.first?.contains(number) == true)
        let deliveries = try await store.deliveries(caseNumber: number)
        let refused = try #require(deliveries.first { $0.recipient == "hook" })
        #expect(refused.state == .refused)
        #expect(deliveries.first { $0.recipient == "spare" }?.insteadOf == "hook")
        #expect(try await store.findCase(number: number)?.history.count { $0.kind == .diverted } == 1)
        #expect(refused.lastError?.contains("gone for good") == true)
    }

    @Test(
        "After a restore another problem has neither number nor id of what was told before: a partner takes both"
    )
    func restored() async throws {
        let before = try await TestFleet.site("Nord", partners: ["service"])
        let server = try await before.enrol("h1", hostname: "srv-1")
        let after = try await TestFleet(restoring: before.backup(), of: before)
        let partner = try await TestFleet.site("Dienst")
        _ = try await PairedFleets(before, partner)
        var told: [Delivery] = []
        for (fleet, part) in [(before, "sda"), (after, "sdb")] {
            let server = TestServer(
                host: server.host, hostname: server.hostname, key: server.key, epoch: server.epoch, fleet: fleet)
            try await server.open(SampleFault.make(part, blaming: part))
            told += await OutboxService(fleet.environment).begin()
        }
        #expect(told.count == 2 && Set(told.map(\.id)).count == 2 && Set(told.map(\.caseNumber)).count == 2)
        for message in told {
            let ticket = VerifiedTicket(
                id: message.id, sender: before.environment.identity.site, ticket: message.ticket, reports: [],
                certificates: [])
            #expect(try await !partner.store.accept(ticket, at: partner.clock.time).repeated)
        }
        let parts = try await partner.store.cases(CaseQuery()).map { $0.suspect.component?.rawValue ?? "" }
        #expect(parts.sorted() == ["disk:sda", "disk:sdb"])
    }

    @Test("A recipient that hangs delays no other: each of many messages to the living one goes at once")
    func hanging() async throws {
        let web = try ServerProgram("web")
        let hook = try ServerProgram("webhook")
        let fleet = try await TestFleet {
            $0.outbox.inFlight = 4
            $0.recipients = [
                SampleRecipient.webhook("http://127.0.0.1:\(web["silent"])/", name: "dead", secret: hook["secret"]),
                SampleRecipient.webhook("http://127.0.0.1:\(hook["port"])/ok", name: "hook", secret: hook["secret"]),
            ]
        }
        let server = try await fleet.enrol("h1", hostname: "srv-1")
        for number in 0..<8 { try await server.open(SampleFault.make("f\(number)", blaming: "sd\(number)")) }
        let environment = fleet.environment
        let group = ServiceGroup(
            configuration: .init(services: [OutboxService(environment)], logger: environment.logger))
        let (start, limit) = (ContinuousClock.now, Duration.seconds(25))
        let tasks = Task { try await group.run() }
        while hook.output.count < 8, ContinuousClock.now - start < limit {
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(hook.output.count == 8, "\(hook.output.count) of 8 within \(limit), while the other is waited for")
        tasks.cancel()
        _ = await tasks.result
    }
}
