import Foundation
import Reports
import Testing
import Transfer

@testable import Collector

@Suite("Paired collectors over TLS")
struct PairingTests {
    private func post(_ live: LiveCollector, _ path: String, _ value: some Encodable) async throws
        -> Transfer.HTTPResponse
    {
        try await live.send(
            "POST", path, try WireFormat.encode(value), headers: [(name: "content-type", value: "application/json")])
    }

    /// A partner, a site that is paired with it, and the site's recipient for it.
    private func pair(
        _ work: (_ partner: LiveCollector, _ site: LiveCollector) async throws -> Void
    ) async throws {
        try await LiveCollector.with { partner in
            let token = try await partner.token(.site)
            let recipient = SampleRecipient.partner(partner.url, name: "service", token: token)
            try await LiveCollector.with {
                $0.recipients = [recipient]
            } _: { site in
                try await PairingService(environment: site.program.environment).pair(recipient)
                try await work(partner, site)
            }
        }
    }

    private func relayed(_ site: LiveCollector, _ agent: inout SigningAgent, certificate: String) throws
        -> RelayedTicket
    {
        let fault = SampleFault.make("f1")
        let report = try agent.sign(agent.report(.faults([SampleFault.change(.opened, fault)])))
        let ticket = Ticket(
            number: "CH-SITE-000001", event: .opened, revision: 1, test: false, urgency: .order,
            openedAt: SampleFault.time,
            closedAt: nil, site: site.program.environment.configuration.site,
            server: Ticket.Server(host: agent.host, hostname: "far", part: Part()), suspect: fault.suspects[0],
            faults: [fault],
            because: "24 pending sectors")
        return RelayedTicket(
            id: "m1",
            ticket: try Envelope.sign(
                WireFormat.encode(ticket), as: .ticket, with: site.program.environment.signingKey),
            reports: [report], certificates: [certificate])
    }

    @Test("Pairing by token trusts both sides; asked again with the same token nothing changes")
    func pairs() async throws {
        try await pair { partner, site in
            let known = try #require(try await partner.store.pairedSites().first)
            #expect(known.id == site.program.environment.identity.site)
            #expect(known.key == site.program.environment.signingKey.publicKey)
            let trust = try #require(try await site.store.partnerTrust(recipient: "service"))
            #expect(trust.ca == partner.program.environment.tlsRoot.pem)
            let recipient = try #require(site.program.environment.configuration.recipients.first)
            try await PairingService(environment: site.program.environment).pair(recipient)
            #expect(try await site.store.partnerTrust(recipient: "service") == trust)
        }
    }

    @Test("A token of another collector is noticed before anything is said")
    func impostor() async throws {
        try await pair { partner, site in
            let recipient = SampleRecipient.partner(partner.url, name: "service", token: try await site.token(.site))
            await #expect(throws: PairingError.self) {
                try await PairingService(environment: site.program.environment).pair(recipient)
            }
            #expect(try await partner.store.pairedSites().count == 1)
        }
    }

    @Test("A relayed ticket is taken with the agent's own report, once, under the sender's number")
    func relays() async throws {
        try await pair { partner, site in
            var (agent, enrolment) = try await site.enrolled("h1")
            let message = try relayed(site, &agent, certificate: enrolment.certificate)
            let first = try await post(partner, Routes.tickets, message)
            #expect(first.status == 200)
            let taken = TicketAcceptance(reference: "CH-SITE-000001", repeated: false)
            #expect(try WireFormat.decode(TicketAcceptance.self, from: first.body) == taken)
            let second = try await post(partner, Routes.tickets, message)
            #expect(try WireFormat.decode(TicketAcceptance.self, from: second.body).repeated)
            #expect(try await partner.store.theOnlyCase().sender == site.program.environment.identity.site)
        }
    }

    @Test("A site cannot make up reports, hand on those of another server, or speak for another site")
    func forged() async throws {
        try await pair { partner, site in
            var (agent, enrolment) = try await site.enrolled("h1")
            let (other, _) = try await site.enrolled("h2")
            let good = try relayed(site, &agent, certificate: enrolment.certificate)
            func code(_ message: RelayedTicket) async throws -> String {
                let response = try await post(partner, Routes.tickets, message)
                return "\(response.status) \(try partner.problem(response).code)"
            }
            var forged = good
            forged.reports = [try SigningAgent("h1").sign(agent.report(.faults([])))]
            #expect(try await code(forged) == "422 bad-report")
            forged.reports = [
                try other.sign(other.report(.faults([]), at: ReportPosition(epoch: 1, stream: .faults, sequence: 1)))
            ]
            #expect(try await code(forged) == "422 bad-report")
            var uncertified = good
            let foreign = try CertificateAuthority(site: "foreign").certify(
                agent.key.publicKey, host: "h1", until: Timestamp(Date()) + AgentCertificate.lifetime)
            uncertified.certificates = [foreign]
            #expect(try await code(uncertified) == "422 bad-report")
            uncertified.certificates = ["no certificate"]
            #expect(try await code(uncertified) != "200 ")
            var unknown = good
            unknown.ticket = try Envelope.sign(good.ticket.payload, as: .ticket, with: SigningKey())
            #expect(try await code(unknown) == "401 unknown-key")
            var changed = good
            changed.ticket.payload[20] ^= 1
            #expect(try await code(changed) == "401 bad-signature")
            #expect(try await partner.store.allCases().isEmpty)
        }
    }

    @Test("Whoever trusts only the partner can check the agents of its sites, by the cross certificate")
    func chain() async throws {
        try await pair { partner, site in
            let (agent, enrolment) = try await site.enrolled("h1")
            let known = try #require(try await partner.store.pairedSites().first)
            let all = try CertificateAuthority.certificates(in: [enrolment.certificate, known.crossCertificate])
            let root = partner.program.authority.certificate
            let named = await CertificateAuthority.host(of: all[0], by: root, through: all)
            #expect(named?.host == "h1")
            #expect(named?.key == agent.key.publicKey)
            #expect(await CertificateAuthority.host(of: all[0], by: root, through: []) == nil)
        }
    }

    @Test("A site's sign of life is taken only from the site")
    func heartbeats() async throws {
        try await pair { partner, site in
            var beat = CollectorHeartbeat(
                site: site.program.environment.identity.site, version: "1", time: SampleFault.time, interval: 60,
                openCases: 0,
                waiting: 0)
            beat.root = partner.program.environment.tlsRoot.fingerprint
            let good = try Envelope.sign(
                WireFormat.encode(beat), as: .heartbeat, with: site.program.environment.signingKey)
            #expect(try await post(partner, Routes.heartbeats, good).status == 204)
            #expect(try await partner.store.pairedSites().first?.lastHeartbeat != nil)
            let stranger = try Envelope.sign(WireFormat.encode(beat), as: .heartbeat, with: SigningKey())
            #expect(try await post(partner, Routes.heartbeats, stranger).status == 401)
        }
    }

    private func beat(
        _ site: LiveCollector, to partner: LiveCollector, naming name: String? = nil, at time: Timestamp,
        counter: Int64? = nil, term: Int64? = nil, receiver: String? = nil
    ) throws -> Envelope {
        var heartbeat = CollectorHeartbeat(
            site: name ?? site.program.environment.identity.site, version: "1", time: time, interval: 60, openCases: 0,
            waiting: 0, counter: counter, term: term.map { StoreTerm(wrappedValue: $0) }, receiver: receiver)
        heartbeat.root = partner.program.environment.tlsRoot.fingerprint
        return try Envelope.sign(
            WireFormat.encode(heartbeat), as: .heartbeat, with: site.program.environment.signingKey)
    }

    @Test("A sign of life counts once, for the site that signed it, and for the collector that it is meant for")
    func heartbeatsAreBound() async throws {
        try await pair { partner, site in
            func answer(_ envelope: Envelope) async throws -> String {
                let response = try await post(partner, Routes.heartbeats, envelope)
                return response.status == 204 ? "204" : "\(response.status) \(try partner.problem(response).code)"
            }
            let old = Timestamp(milliseconds: 0)
            #expect(try await answer(beat(site, to: partner, naming: "another", at: old)) == "422 other-site")
            // Of a site that does not count, its time does: a clock that is wrong refuses nothing by itself.
            let dated = try beat(site, to: partner, at: old)
            #expect(try await answer(dated) == "204")
            #expect(try await answer(dated) == "409 repeated")
            #expect(try await answer(beat(site, to: partner, at: old - .seconds(60))) == "409 repeated")
            // One that counts may begin with any number, and then only goes up, whatever its clock says.
            let other = SigningKey().publicKey.id
            let stray = try beat(site, to: partner, at: old, counter: 7, receiver: other)
            #expect(try await answer(stray) == "422 other-collector")
            let mine = partner.program.environment.signingKey.publicKey.id
            let counted = try beat(site, to: partner, at: old, counter: -5, receiver: mine)
            #expect(try await answer(counted) == "204")
            #expect(try await answer(counted) == "409 repeated")
            #expect(try await answer(beat(site, to: partner, at: old - .seconds(9), counter: -4)) == "204")
            let unnumbered = try beat(site, to: partner, at: SampleFault.time)
            #expect(try await answer(unnumbered) == "409 repeated", "it has no number any more")
            // Paired once more by the same key, nothing of before counts again.
            var known = try #require(try await partner.store.pairedSites().first)
            (known.heartbeatNumber, known.countsHeartbeats) = (nil, nil)
            try await partner.store.pair(known, token: try await partner.token(.site).id, at: SampleFault.time)
            #expect(try await answer(counted) == "409 repeated")
            // A store that was put back goes on by a person's word, in a later term: its counter may have fallen.
            let takenOver = try beat(site, to: partner, at: old, counter: -90, term: 1)
            #expect(try await answer(takenOver) == "204")
            #expect(try await answer(takenOver) == "409 repeated")
            let before = try beat(site, to: partner, at: old, counter: 900)
            #expect(try await answer(before) == "409 repeated", "of the term before")
            #expect(try await answer(beat(site, to: partner, at: old, counter: -89, term: 1)) == "204")
            // As far as a number goes: what is beyond it counts as the highest, and opens no way back.
            #expect(try await answer(beat(site, to: partner, at: old, counter: 0, term: .max)) == "204")
            #expect(try await answer(beat(site, to: partner, at: old, counter: 5, term: 1)) == "409 repeated")
        }
    }

    @Test("The numbers of heartbeats go up over restarts, clocks that go back, and older copies of the database")
    func heartbeatNumbers() async throws {
        let folder = try TemporaryFolder()
        func open() throws -> SQLiteStore {
            try SQLiteStore(path: "\(folder.path)/a.db", policy: StoreUnderTest.policy)
        }
        let time = SampleFault.time
        let store = try open()
        let first = try await store.nextHeartbeat(at: time)
        let second = try await store.nextHeartbeat(at: time - .seconds(86_400))
        #expect(second == first + 1)
        await store.close()
        let again = try open()
        #expect(try await again.nextHeartbeat(at: time - .seconds(1)) == second + 1)
        let copy = try SQLiteStore(path: "\(folder.path)/b.db", policy: StoreUnderTest.policy)
        #expect(try await copy.nextHeartbeat(at: time + .seconds(60)) > second + 1)
    }
}
