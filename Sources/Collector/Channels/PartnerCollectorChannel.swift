import Daemon
import FoundationEssentials
import Reports
import Transfer

/// What the configuration contains for a recipient that is another collector.
struct PartnerSettings: Hashable, Sendable {
    /// The base URL of the other collector.
    var url: String
    /// The token made by `callhome-collector pair create` there; needed until paired.
    var pairing: Secret?
}

extension ChannelKind {
    static let partner = ChannelKind(rawValue: "partner")
}

extension PartnerSettings: ChannelSettings {
    static let kind = ChannelKind.partner
    static let keys = [
        ConfigurationKey(
            "recipient.*.pairing", "",
            "partner: the token of callhome-collector pair create, /FILE or credential with it")
    ]

    init(_ keys: inout RecipientKeys) {
        url = keys.url(["https"])
        pairing = keys.secret("pairing")
    }

    func check(_ check: inout RecipientCheck) {
        if let pairing {
            if case .credential(let name) = pairing, check.isServiceOnly {
                check.note(
                    "\(check.key("pairing")): \(name.debugDescription) is taken for the name of a systemd credential: "
                        + "a pairing token begins with \(JoinToken.prefix)., a file with /")
            }
            if let text = check.text(of: pairing, "pairing"), JoinToken(parsing: text) == nil {
                check.refuse("pairing", "it is no pairing token: copy it whole")
            }
        } else if check.isPaired == nil {
            check.note("\(check.key("pairing")): whether it is paired was not checked: ask as root")
        } else if check.isPaired == false {
            check.refuse(
                "pairing", "it is missing: run callhome-collector pair create at the partner and set its token")
        }
    }

    func channel(to recipient: Recipient, _ store: any CollectorStore, _ signingKey: SigningKey) -> any PartnerChannel {
        PartnerCollectorChannel(self, to: recipient, store, signingKey)
    }
}

/// Tickets to another collector, which stores and forwards them: signed by this one, with the agents' own signed reports.
struct PartnerCollectorChannel: HeartbeatReceiver {
    private let settings: PartnerSettings
    private let recipient: Recipient
    private let store: any CollectorStore
    private let signingKey: SigningKey

    init(
        _ settings: PartnerSettings, to recipient: Recipient, _ store: any CollectorStore, _ signingKey: SigningKey
    ) {
        self.settings = settings
        self.recipient = recipient
        self.store = store
        self.signingKey = signingKey
    }

    func deliver(_ delivery: Delivery, at time: Timestamp) async throws(ChannelError) -> TicketReference {
        let trust = try await trust()
        let body: Data
        do {
            body = try relayed(delivery)
        } catch {
            throw .rejected(because: "the ticket cannot be signed: \(error)")
        }
        let response = try await post(body, to: Routes.tickets, trust: trust, at: time)
        guard let acceptance = try? WireFormat.decode(TicketAcceptance.self, from: response.body) else {
            throw .retry(
                after: nil,
                because: "\(trust.url) answered \(response.status), but not as a collector does: check the URL")
        }
        return TicketReference(text: CleanText.line(acceptance.reference, limit: 80))
    }

    func announce(_ heartbeat: CollectorHeartbeat) async throws(ChannelError) -> AnnounceOutcome {
        let trust = try await trust()
        let link = PartnerLink(
            site: heartbeat.site, recipient: recipient.name, trust: trust, store: store, signingKey: signingKey)
        let body: Data
        var heartbeat = heartbeat
        heartbeat.root = CertificateAuthority.fingerprint(ofPEM: trust.ca)
        // Whoever gets one cannot hand it to another partner as a sign that this collector still lives.
        heartbeat.receiver = trust.key.id
        try await link.fill(&heartbeat)
        do {
            let payload = try WireFormat.encode(heartbeat)
            body = try WireFormat.encode(Envelope.sign(payload, as: .heartbeat, with: signingKey))
        } catch {
            throw .rejected(because: "the heartbeat cannot be signed: \(error)")
        }
        let response = try await post(body, to: Routes.heartbeats, trust: trust, at: heartbeat.time)
        guard let envelope = try? WireFormat.decode(Envelope.self, from: response.body) else {
            return AnnounceOutcome()
        }
        guard let answer = link.answer(envelope, to: heartbeat) else {
            await take(envelope, from: trust, as: heartbeat.site, at: heartbeat.time)
            return AnnounceOutcome()
        }
        if let root = answer.root {
            await take(RootNotice(site: answer.site, root: root), from: trust, at: heartbeat.time)
        }
        return try await link.take(answer, to: heartbeat)
    }

    /// The partner's signed word which root to trust from now on. It is kept once the partner was reached by it: a wrong one
    /// would cut the line for good.
    func take(_ envelope: Envelope, from trust: PartnerTrust, as site: String, at time: Timestamp) async {
        guard let payload = try? envelope.verified(as: .rootNotice, by: trust.key),
            let notice = try? WireFormat.decode(RootNotice.self, from: payload), notice.site == site
        else { return }
        await take(notice, from: trust, at: time)
    }

    /// - Parameter notice: its signature was checked.
    private func take(_ notice: RootNotice, from trust: PartnerTrust, at time: Timestamp) async {
        guard let outline = CertificateOutline(pem: notice.root), outline.objectionAsRoot == nil,
            await isReached(trust.url, by: notice.root, at: time)
        else { return }
        var moved = trust
        moved.ca = notice.root
        // What cannot be stored now is told again with the next sign of life.
        guard let known = try? await store.partnerTrust(recipient: recipient.name), known == trust else { return }
        try? await store.save(moved)
    }

    /// Whether a collector that the root stands behind answers there, and shows the same root.
    private func isReached(_ url: String, by root: String, at time: Timestamp) async -> Bool {
        let transfer = HTTPTransfer(
            HTTPTransfer.Options(
                trust: .partner(rootPEM: root, at: time), timeout: ChannelLimits.timeout,
                maximumResponseBytes: ChannelLimits.answerBytes))
        let base = url.hasSuffix("/") ? String(url.dropLast()) : url
        guard let answer = try? await transfer.send(Transfer.HTTPRequest(url: base + Routes.ca)),
            let shown = CertificateAuthority.fingerprint(ofPEM: String(decoding: answer.body, as: UTF8.self))
        else { return false }
        return shown == CertificateAuthority.fingerprint(ofPEM: root)
    }

    /// The signed ticket and as many of its reports as one request holds; the newest are last, and stay.
    private func relayed(_ delivery: Delivery) throws -> Data {
        let ticket = try Envelope.sign(
            WireFormat.encode(delivery.ticket), as: .ticket, with: signingKey)
        var reports = delivery.reports
        while true {
            let body = try WireFormat.encode(
                RelayedTicket(id: delivery.id, ticket: ticket, reports: reports, certificates: delivery.certificates))
            if body.count <= WireLimits.bodyBytes || reports.isEmpty { return body }
            reports.removeFirst()
        }
    }

    private func trust() async throws(ChannelError) -> PartnerTrust {
        do {
            if let trust = try await store.partnerTrust(recipient: recipient.name) { return trust }
        } catch {
            throw .retry(after: nil, because: error.description)
        }
        throw .retry(
            after: nil,
            because: "this collector is not paired with \(settings.url) yet: make a pairing token there and set it as "
                + "\(recipient.key("pairing")) here")
    }

    private func post(
        _ body: Data, to path: String, trust: PartnerTrust, at time: Timestamp
    ) async throws(ChannelError) -> Transfer.HTTPResponse {
        let transfer = HTTPTransfer(
            HTTPTransfer.Options(
                trust: .partner(rootPEM: trust.ca, at: time), timeout: ChannelLimits.timeout,
                maximumResponseBytes: ChannelLimits.answerBytes))
        let base = trust.url.hasSuffix("/") ? String(trust.url.dropLast()) : trust.url
        let response: Transfer.HTTPResponse
        do {
            response = try await transfer.send(
                Transfer.HTTPRequest(
                    method: "POST", url: base + path,
                    headers: [
                        ("content-type", "application/json"), ("user-agent", "callhome/\(CallhomeVersion.current)"),
                    ],
                    body: body))
        } catch {
            throw .retry(after: nil, because: error.description)
        }
        if let refusal = ChannelError(response, from: "the partner collector \(recipient.name)") { throw refusal }
        return response
    }
}

extension Trust {
    /// Another collector, by the time that is known: while the system's clock is years ahead of it, no partner's certificate
    /// has ended by that clock, and orders go on.
    static func partner(rootPEM: String, at time: Timestamp) -> Trust {
        .collector(rootPEM: rootPEM, knownTime: time.milliseconds / 1000)
    }
}
