import Crypto
import Daemon
import FoundationEssentials
import Reports
import Transfer

/// What the configuration contains for a recipient by webhook.
struct WebhookSettings: Hashable, Sendable {
    /// What is posted to.
    var url: String
    /// One or more signing secrets (`whsec_…`).
    var secret: Secret?
    /// PEM file with the CA that is trusted instead of the system's.
    var caFile: String?
}

extension ChannelKind {
    static let webhook = ChannelKind(rawValue: "webhook")
}

extension WebhookSettings: ChannelSettings {
    static let kind = ChannelKind.webhook
    static let keys = [
        ConfigurationKey(
            "recipient.*.secret", "", "webhook: /FILE with the signing secret (whsec_…), or a systemd credential")
    ]

    init(_ keys: inout RecipientKeys) {
        url = keys.url(["https", "http"])
        secret = keys.secret("secret")
        caFile = keys.text("ca")
    }

    func check(_ check: inout RecipientCheck) {
        if let secret {
            if let text = check.text(of: secret, "secret") {
                do throws(SecretFileError) {
                    _ = try WebhookSignature.header(id: "", seconds: 0, body: Data(), secrets: text)
                } catch {
                    check.refuse("secret", error.description)
                }
            }
        } else {
            check.refuse(
                "secret",
                "it is missing: name a file with what echo whsec_$(openssl rand -base64 32) prints, and give the "
                    + "receiver the same")
        }
        check.authority(caFile)
    }

    func channel(to recipient: Recipient, _ store: any CollectorStore, _ signingKey: SigningKey) -> any PartnerChannel {
        WebhookChannel(self, to: recipient)
    }
}

/// Tickets to a URL, as Standard Webhooks 1.0 (https://www.standardwebhooks.com) describes it.
struct WebhookChannel: PartnerChannel {
    private let settings: WebhookSettings
    private let recipient: Recipient

    init(_ settings: WebhookSettings, to recipient: Recipient) {
        self.settings = settings
        self.recipient = recipient
    }

    func deliver(_ delivery: Delivery, at time: Timestamp) async throws(ChannelError) -> TicketReference {
        let body: Data
        do {
            body = try WebhookBody.encode(delivery.ticket)
        } catch {
            throw .rejected(because: "the ticket cannot be written as JSON: \(error)")
        }
        return try await post(body, id: delivery.id, at: time)
    }

    private func post(_ body: Data, id: String, at time: Timestamp) async throws(ChannelError) -> TicketReference {
        let signature: String
        let transfer: HTTPTransfer
        do {
            signature = try WebhookSignature.header(
                id: id, seconds: time.milliseconds / 1000, body: body, secrets: settings.secret?.read() ?? "")
            transfer = HTTPTransfer(
                HTTPTransfer.Options(
                    trust: try SecretFile.trust(caFile: settings.caFile), timeout: ChannelLimits.timeout,
                    maximumResponseBytes: ChannelLimits.answerBytes))
        } catch {
            throw .retry(after: nil, because: "recipient \(recipient.name): \(error)")
        }
        let request = Transfer.HTTPRequest(
            method: "POST", url: settings.url,
            headers: [
                ("content-type", "application/json"), ("user-agent", "callhome/\(CallhomeVersion.current)"),
                ("webhook-id", id), ("webhook-timestamp", "\(time.milliseconds / 1000)"),
                ("webhook-signature", signature),
            ], body: body)
        let response: Transfer.HTTPResponse
        do {
            response = try await transfer.send(request)
        } catch {
            throw .retry(after: nil, because: error.description)
        }
        if let refusal = ChannelError(response, from: "the webhook \(recipient.name)") { throw refusal }
        return TicketReference(text: nil)
    }
}

/// The body of a message: Standard Webhooks' `type`, `timestamp`, `data`.
struct WebhookMessage<Content: Encodable>: Encodable {
    var type: String
    /// RFC 3339.
    var timestamp: String
    /// True where evidence was left out to stay within the size limit.
    var shortened: Bool?
    var data: Content
}

enum WebhookBody {
    /// `ticket.opened`, `ticket.updated`, `ticket.closed`, `ticket.test`, at most `ChannelLimits.webhookBodyBytes`: when
    /// the whole ticket is larger, evidence goes first, then the further faults, then texts.
    static func encode(_ ticket: Ticket) throws -> Data {
        let type = "ticket.\(ticket.isTest ? Ticket.Event.test.rawValue : ticket.event.rawValue)"
        let timestamp = (ticket.closedAt ?? ticket.faults.last?.updatedAt ?? ticket.openedAt).rfc3339
        var data = Data()
        for (step, shortened) in [ticket, ticket.shortened(evidence: 4), ticket.withFirstFaultOnly, ticket.cut]
            .enumerated()
        {
            data = try WireFormat.encode(
                WebhookMessage(type: type, timestamp: timestamp, shortened: step > 0 ? true : nil, data: shortened))
            if data.count < ChannelLimits.webhookBodyBytes { break }
        }
        return data
    }
}

extension Ticket {
    fileprivate func shortened(evidence limit: Int) -> Ticket {
        var ticket = self
        for index in ticket.faults.indices {
            ticket.faults[index].evidence = Array(ticket.faults[index].evidence.prefix(limit))
        }
        return ticket
    }

    fileprivate var withFirstFaultOnly: Ticket {
        var ticket = shortened(evidence: 2)
        ticket.faults = Array(ticket.faults.prefix(1))
        return ticket
    }

    /// What still names the case, the part and the place when single strings are huge.
    fileprivate var cut: Ticket {
        var ticket = withFirstFaultOnly
        ticket.because = CleanText.line(because)
        ticket.insteadOf = insteadOf.map { CleanText.line($0, limit: 100) }
        ticket.standIn = standIn.map { CleanText.line($0, limit: 100) }
        ticket.suspect.name = CleanText.line(suspect.name)
        ticket.suspect.part = suspect.part.cut
        ticket.server.part = server.part.cut
        ticket.server.hostname = CleanText.line(server.hostname)
        ticket.site = Site(
            name: CleanText.line(site.name), address: CleanText.line(site.address),
            contact: CleanText.line(site.contact))
        for index in ticket.faults.indices {
            ticket.faults[index].because = CleanText.line(ticket.faults[index].because)
            ticket.faults[index].evidence = []
            ticket.faults[index].texts = [:]
            ticket.faults[index].suspects = Array(ticket.faults[index].suspects.prefix(1)).map { suspect in
                var suspect = suspect
                suspect.name = CleanText.line(suspect.name)
                suspect.part = suspect.part.cut
                return suspect
            }
        }
        return ticket
    }
}

extension Part {
    fileprivate var cut: Part {
        func line(_ text: String?) -> String? { text.map { CleanText.line($0, limit: 100) } }
        return Part(
            manufacturer: line(manufacturer), model: line(model), partNumber: line(partNumber), serial: line(serial),
            firmware: line(firmware), location: line(location))
    }
}

enum WebhookSignature {
    /// `v1,<base64>` for each secret, parted by blanks: while secrets are changed, both the old and the new one sign.
    /// - Parameter secrets: one or more `whsec_<base64>`, parted by blanks or line ends.
    static func header(id: String, seconds: Int64, body: Data, secrets: String) throws(SecretFileError) -> String {
        var signed = Data("\(id).\(seconds).".utf8)
        signed.append(body)
        var signatures: [String] = []
        for secret in secrets.split(whereSeparator: \.isWhitespace) {
            guard secret.hasPrefix("whsec_"), let key = Data(base64Encoded: String(secret.dropFirst(6))),
                (24...64).contains(key.count)
            else {
                throw SecretFileError(
                    description: "the webhook's secret is not of the form whsec_ and base64 of 24 to 64 bytes; "
                        + "make one with: echo whsec_$(openssl rand -base64 32)")
            }
            let code = HMAC<SHA256>.authenticationCode(for: signed, using: SymmetricKey(data: key))
            signatures.append("v1,\(Data(code).base64EncodedString())")
        }
        guard !signatures.isEmpty else {
            throw SecretFileError(
                description: "no webhook secret is set; make one with: echo whsec_$(openssl rand -base64 32)")
        }
        return signatures.joined(separator: " ")
    }
}
