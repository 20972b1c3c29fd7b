import Foundation
import Reports
import Testing

@testable import Collector

extension TestFleet {
    /// A site whose tickets go to `recipients`: names of partner collectors, and of mailboxes.
    static func site(
        _ name: String, partners: [String] = [], mailboxes: [String] = []
    ) async throws -> TestFleet {
        try await TestFleet {
            $0.site.name = name
            $0.recipients =
                partners.map { SampleRecipient.partner("https://127.0.0.1:1", name: $0) }
                + mailboxes.map { SampleRecipient.email("smtp://127.0.0.1:1", name: $0) }
        }
    }

    /// What a backup of the database would hold now.
    func backup() throws -> TemporaryFolder {
        let copy = try TemporaryFolder()
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) where !name.hasSuffix("-shm") {
            try FileManager.default.copyItem(atPath: "\(folder.path)/\(name)", toPath: "\(copy.path)/\(name)")
        }
        return copy
    }

    /// The same collector, with its keys, on a database from a backup.
    init(restoring backup: TemporaryFolder, of fleet: TestFleet) async throws {
        folder = backup
        clock = fleet.clock
        var environment = fleet.environment
        environment.store = try SQLiteStore(
            path: "\(backup.path)/collector.sqlite", policy: CasePolicy(fleet.environment.configuration))
        self.environment = environment
    }

    func decide(_ kind: CollectorAPI.Decision.Kind, _ because: String, on number: String, by: String = "anna")
        async throws
    {
        clock.advance(.seconds(1))
        _ = try await store.decide(
            CaseDecision(kind: kind, by: by, because: because, time: clock.time), onCase: number)
    }

    func theCase(_ number: String) async throws -> Case { try #require(try await store.findCase(number: number)) }

    /// Everything that mailboxes are owed counts as taken.
    /// - Returns: what they took, in order.
    @discardableResult
    func emptyOutbox(toMailbox name: String) async throws -> [Ticket.Event] {
        var events: [Ticket.Event] = []
        try await forgetAttempts()
        while true {
            let due = try await store.begin(at: clock.time).filter { $0.recipient == name }
            for delivery in due {
                try await store.record(.taken(TicketReference(text: nil)), to: delivery, at: clock.time)
                events.append(delivery.ticket.event)
            }
            if due.isEmpty { return events }
        }
    }

    /// What was begun for another recipient than the one that a test looked at may be begun again, as after a restart.
    func forgetAttempts() async throws { try await store.resumeRecipients([:], at: clock.time) }
}

/// A site and its partner, with a line between them that a test can cut and carry one message at a time over.
struct PairedFleets {
    var site: TestFleet
    var partner: TestFleet
    /// The site's recipient.
    let recipient: String
    private let authority: CertificateAuthority

    init(_ site: TestFleet, _ partner: TestFleet, as recipient: String = "service") async throws {
        (self.site, self.partner, self.recipient) = (site, partner, recipient)
        authority = try CertificateAuthority(site: partner.environment.identity.site)
        let token = "pair-\(site.environment.identity.site)"
        let time = partner.clock.time
        try await partner.store.save(
            IssuedToken(
                id: token, purpose: .site, secretHash: "", note: "", createdAt: time, expiresAt: time + .seconds(60)))
        try await partner.store.pair(
            PairedSite(
                id: site.environment.identity.site, name: site.environment.siteName, ca: "", crossCertificate: "",
                key: site.environment.signingKey.publicKey, pairedAt: time, isSilent: false,
                root: partner.environment.tlsRoot.fingerprint), token: token, at: time)
        try await site.store.save(trust)
    }

    private var trust: PartnerTrust {
        PartnerTrust(
            recipient: recipient, url: "https://127.0.0.1:1", ca: "", key: partner.environment.signingKey.publicKey,
            pairedAt: TestFleet.start, token: "t")
    }

    var door: PairingRoute { PairingRoute(partner.environment, authority: authority) }

    private var link: PartnerLink {
        PartnerLink(
            site: site.environment.identity.site, recipient: recipient, trust: trust, store: site.store,
            signingKey: site.environment.signingKey)
    }

    /// Carries what the site owes the partner.
    /// - Returns: what the partner took, in order; what it had had before is left out.
    @discardableResult
    func deliver() async throws -> [Ticket] {
        var taken: [Ticket] = []
        try await site.forgetAttempts()
        while true {
            let due = try await site.store.begin(at: site.clock.time).filter { $0.recipient == recipient }
            for delivery in due {
                let ticket = try Envelope.sign(
                    WireFormat.encode(delivery.ticket), as: .ticket, with: site.environment.signingKey)
                let acceptance = try await door.accept(
                    RelayedTicket(id: delivery.id, ticket: ticket, reports: [], certificates: []))
                try await site.store.record(
                    .taken(TicketReference(text: acceptance.reference)), to: delivery, at: site.clock.time)
                if !acceptance.repeated { taken.append(delivery.ticket) }
            }
            if due.isEmpty { return taken }
        }
    }

    func heartbeat(after: String? = nil) async throws -> CollectorHeartbeat {
        site.clock.advance(.seconds(1))
        var heartbeat = CollectorHeartbeat(
            site: site.environment.identity.site, version: "1", time: site.clock.time, interval: 60, openCases: 0,
            waiting: 0, counter: try await site.store.nextHeartbeat(at: site.clock.time),
            receiver: partner.environment.signingKey.publicKey.id)
        heartbeat.root = partner.environment.tlsRoot.fingerprint
        heartbeat.told = after.map { ToldTickets([], after: $0) }
        return heartbeat
    }

    func signed(_ heartbeat: CollectorHeartbeat) throws -> Envelope {
        try Envelope.sign(WireFormat.encode(heartbeat), as: .heartbeat, with: site.environment.signingKey)
    }

    /// One heartbeat and its answer.
    func beat(after: String? = nil) async throws -> AnnounceOutcome {
        var heartbeat = try await heartbeat(after: after)
        try await link.fill(&heartbeat)
        let message = try signed(heartbeat)
        let answer = try #require(try await door.accept(heartbeat: message))
        for envelope in [message, answer] {
            #expect(try WireFormat.encode(envelope).count <= 64 << 10, "a message is larger than is read")
        }
        let read = try #require(link.answer(answer, to: heartbeat))
        return try await link.take(read, to: heartbeat)
    }

    /// Heartbeats as the service sends them: one after the other while more waits.
    /// - Returns: what each led to.
    @discardableResult
    func exchange() async throws -> [AnnounceOutcome] {
        var outcomes = [try await beat()]
        while let last = outcomes.last, last.isMoreWaiting || last.heldAfter != nil {
            try #require(outcomes.count < 64, "it never comes to an end")
            outcomes.append(try await beat(after: last.heldAfter))
        }
        return outcomes
    }

    /// The partner's case made of the site's.
    func relayed(_ number: String) async throws -> Case {
        let all = try await partner.store.allCases()
        return try #require(
            all.first { $0.sender == site.environment.identity.site && $0.relayed?.number == number })
    }
}
