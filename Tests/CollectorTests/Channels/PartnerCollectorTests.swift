import Foundation
import Logging
import Reports
import ServiceLifecycle
import Testing

@testable import Collector

@Suite("Tickets and signs of life to a real partner collector over TLS")
struct PartnerCollectorTests {
    private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func collector(
        _ folder: TemporaryFolder, _ change: (inout CollectorConfiguration) -> Void = { _ in }
    ) async throws -> CollectorProgram {
        var configuration = CollectorConfiguration()
        configuration.dataDirectory = "\(folder.path)/data"
        configuration.socket = nil
        (configuration.listenAddress, configuration.listenPort) = ("127.0.0.1", 0)
        change(&configuration)
        return try await CollectorProgram.build(configuration, logger: quiet) { Timestamp(Date()) }
    }

    /// Runs a partner, pairs a site with it, and hands both over.
    private func paired(
        _ work: (_ partner: CollectorProgram, _ site: CollectorProgram, Recipient) async throws -> Void
    ) async throws {
        let (upper, lower) = (try TemporaryFolder(), try TemporaryFolder())
        let partner = try await collector(upper)
        let group = ServiceGroup(configuration: .init(services: [partner], logger: quiet))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let token = try await partner.administration.createToken(
                for: .site, note: "", lifetime: nil, at: Timestamp(Date()))
            let recipient = SampleRecipient.partner("https://127.0.0.1:\(try await partner.port)", token: token)
            let site = try await collector(lower) { $0.recipients = [recipient] }
            try await PairingService(environment: site.environment).pair(recipient)
            try await work(partner, site, recipient)
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    @Test("A ticket becomes one case there, however often it is handed over, and its number there is the reference")
    func once() async throws {
        try await paired { partner, site, recipient in
            let channel = recipient.makeChannel(site.environment.store, site.environment.signingKey)
            let delivery = SampleTicket.delivery(to: "partner", channel: .partner)
            let first = try await channel.deliver(delivery, at: SampleTicket.time)
            let second = try await channel.deliver(delivery, at: SampleTicket.time)
            #expect(first == second)
            let cases = try await partner.environment.store.cases(CaseQuery())
            #expect(cases.map(\.number) == [first.text])
            #expect(cases.first?.relayed?.number == delivery.caseNumber)
            // The partner's page says where the part has to go: host names repeat from site to site.
            let frame = PageLayout(
                lang: "en", title: "", account: nil, csrf: "", german: "", english: "", isGerman: false,
                onServers: false,
                onCases: true, onDelivery: false, onPatterns: false, refresh: nil, alarms: [])
            let page = CasePage(try #require(cases.first), deliveries: [], frame: frame, language: .english)
            #expect(page.fields.prefix(3).map(\.label) == ["Site", "Address", "Contact"])
            #expect(page.fields.prefix(3).map(\.value).contains(delivery.ticket.site.address))
        }
    }

    @Test("A heartbeat is taken, and the partner knows when the next one is due")
    func heartbeat() async throws {
        try await paired { partner, site, _ in
            await HeartbeatService(site.environment).announce()
            let known = try #require(try await partner.environment.store.pairedSites().first)
            #expect(known.lastHeartbeat != nil)
            #expect(known.heartbeatInterval == 60)
        }
    }

    @Test("What a partner did is at the site after one round of signs of life, however much it is")
    func work() async throws {
        try await paired { partner, site, recipient in
            let (store, time) = (site.environment.store, Timestamp(Date()))
            var agent = try await store.enrolled("h1", at: time)
            try await store.accept(
                agent.faults(SampleFault.change(.opened, SampleFault.make("f1"))), from: "h1", at: time)
            let channel = recipient.makeChannel(store, site.environment.signingKey)
            for delivery in try await store.begin(at: time) {
                var delivery = delivery
                // Its certificate is made up: the case alone is what matters here.
                (delivery.reports, delivery.certificates) = ([], [])
                try await store.record(.taken(try await channel.deliver(delivery, at: time)), to: delivery, at: time)
            }
            let known = try await partner.environment.store.theOnlyCase()
            let upper = partner.environment.store
            for number in 1...50 {
                try await upper.addNote(String(repeating: "x", count: 490) + "\(number)", on: known.number, at: time)
            }
            _ = try await upper.decide(
                CaseDecision(kind: .close, by: "anna", because: "swapped", time: Timestamp(Date())),
                onCase: known.number)
            let service = HeartbeatService(site.environment)
            await service.announce()
            let found = try await store.theOnlyCase()
            #expect(found.state == .closed)
            #expect(found.work?.entries.count == 51)
            #expect(found.folded == (try await upper.theOnlyCase()).folded)
            #expect(try await store.recipientStates().map(\.waiting) == [1], "its own close is still to be told")
        }
    }

    @Test("A partner that is down, or not paired, is tried again and named")
    func down() async throws {
        let folder = try TemporaryFolder()
        let recipient = SampleRecipient.partner("https://127.0.0.1:1")
        let site = try await collector(folder) { $0.recipients = [recipient] }
        let channel = recipient.makeChannel(site.environment.store, site.environment.signingKey)
        var outcome: ChannelError?
        do throws(ChannelError) {
            _ = try await channel.deliver(
                SampleTicket.delivery(to: "partner", channel: .partner), at: SampleTicket.time)
        } catch {
            outcome = error
        }
        guard case .retry(_, let because) = outcome else {
            Issue.record("\(String(describing: outcome)) is not tried again")
            return
        }
        #expect(because.contains("not paired with https://127.0.0.1:1 yet"))
    }
}
