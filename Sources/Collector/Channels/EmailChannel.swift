import Daemon
import FoundationEssentials
import Reports
import Transfer

/// What the configuration contains for a recipient by e-mail.
struct EmailSettings: Hashable, Sendable {
    /// How the mail server is spoken to.
    enum Security: String, Hashable, Sendable, CaseIterable {
        /// STARTTLS, required.
        case starttls
        /// TLS from the first byte.
        case tls
        /// In clear, for a server on the same machine.
        case none
    }

    /// The submission server: `smtp://host:port`.
    var url: String
    /// Addresses, at least one.
    var to: [String]
    var from: String
    var username: String?
    var password: Secret?
    var security: Security
    /// PEM file with the CA that is trusted instead of the system's.
    var caFile: String?
}

extension ChannelKind {
    static let email = ChannelKind(rawValue: "email")
}

extension EmailSettings: ChannelSettings {
    static let kind = ChannelKind.email
    static let keys = [
        ConfigurationKey("recipient.*.to", "", "email: addresses, separated by commas"),
        ConfigurationKey("recipient.*.from", "callhome@HOST", "email: the sender"),
        ConfigurationKey("recipient.*.user", "", "email: login at the mail server"),
        ConfigurationKey(
            "recipient.*.password", "", "email: /FILE with the password, or the name of a systemd credential"),
        ConfigurationKey("recipient.*.tls", "starttls", "email: starttls, tls or none"),
    ]

    init(_ keys: inout RecipientKeys) {
        url = keys.text("url") ?? "smtp://localhost:25"
        if !url.contains("://") || MailServerAddress(url) == nil {
            keys.refuse("url", "\(WebAddress.shown(url)) is no address of the form smtp://server:port")
        }
        to = keys.list("to")
        from = keys.text("from") ?? "callhome@\(ProcessInfo.processInfo.hostName)"
        username = keys.text("user")
        password = keys.secret("password")
        security = keys.choice("tls", of: Security.self) ?? .starttls
        caFile = keys.text("ca")
        if to.isEmpty { keys.refuse("to", "it is missing: set an e-mail address") }
    }

    func check(_ check: inout RecipientCheck) {
        for address in to where !Mail.isAddress(address) { check.refuse("to", EmailSettings.noAddress(address)) }
        if !Mail.isAddress(from) { check.refuse("from", EmailSettings.noAddress(from)) }
        if let password {
            _ = check.text(of: password, "password")
        } else if username != nil {
            check.refuse("password", "it is missing while \(check.key("user")) is set: name a file with the password")
        }
        check.authority(caFile)
    }

    private static func noAddress(_ text: String) -> String {
        "\(CleanText.line(text, limit: 80)) is no address of the form name@server"
    }

    func channel(to recipient: Recipient, _ store: any CollectorStore, _ signingKey: SigningKey) -> any PartnerChannel {
        EmailChannel(self, to: recipient)
    }
}

/// Tickets by e-mail, through one submission server: a text for people, the same in HTML, and `ticket.json` for programs.
struct EmailChannel: PartnerChannel {
    private let settings: EmailSettings
    private let recipient: Recipient

    init(_ settings: EmailSettings, to recipient: Recipient) {
        self.settings = settings
        self.recipient = recipient
    }

    func deliver(_ delivery: Delivery, at time: Timestamp) async throws(ChannelError) -> TicketReference {
        let server: MailServer
        let message: MailMessage
        do {
            server = try mailServer()
            var whole = try EmailChannel.message(for: delivery, by: settings, in: recipient.language)
            let settled = Set(delivery.reached + delivery.refused.map(\.address))
            whole.to.removeAll { settled.contains($0) }
            message = whole
        } catch {
            throw .retry(after: nil, because: "\(error)")
        }
        guard !message.to.isEmpty else {
            // Whoever it waited for is configured no more.
            guard delivery.reached.isEmpty, let words = delivery.refused.words else {
                return TicketReference(text: nil)
            }
            throw .rejected(because: "it was not taken by \(words)")
        }
        let receipt: MailReceipt
        do {
            receipt = try await Mail(server: server).send(message)
        } catch {
            let words = EmailChannel.words(for: error, recipient: recipient.name)
            switch error {
            case .someLater(_, let refusals):
                throw .partly(reached: [], refused: EmailChannel.forGood(refusals), because: words)
            // The others have it, or refused it: what ails these says nothing of the recipient.
            case .temporary where delivery.isSettledInPart: throw .partly(reached: [], because: words)
            // As settled as what the others took.
            case .permanent(_, let because) where !delivery.reached.isEmpty:
                let reply = CleanText.line(because, limit: ChannelLimits.answerCharacters)
                return TicketReference(
                    text: nil,
                    refused: message.to.map {
                        AddressRefusal(address: $0, because: reply)
                    })
            case .permanent, .badMessage: throw .rejected(because: words)
            // A wrong password or certificate is mended by the administrator, and the message is fine.
            case .temporary, .loginRefused, .tls, .noStartTLS, .cancelled: throw .retry(after: nil, because: words)
            }
        }
        return try EmailChannel.reference(receipt, of: message, by: server)
    }

    /// - Throws: `partly` where the server may take the mail for some of its mailboxes later.
    private static func reference(
        _ receipt: MailReceipt, of message: MailMessage, by server: MailServer
    ) throws(ChannelError) -> TicketReference {
        let settled = forGood(receipt.refusals)
        guard receipt.refusals.allSatisfy(\.isFinal) else {
            let error = MailError.someLater("\(server.host):\(server.port)", receipt.refusals)
            let refusing = receipt.refusals.map(\.mailbox)
            throw .partly(
                reached: message.to.filter { !refusing.contains($0) }, refused: settled,
                because: CleanText.line("\(error)"))
        }
        let line = CleanText.line(receipt.reply, limit: ChannelLimits.answerCharacters)
        return TicketReference(text: line.isEmpty ? nil : line, refused: settled)
    }

    /// The mailboxes that will never take it.
    private static func forGood(_ refusals: [MailReceipt.Refusal]) -> [AddressRefusal] {
        refusals.filter(\.isFinal).map { refusal in
            AddressRefusal(
                address: refusal.mailbox,
                because: CleanText.line(refusal.reply, limit: ChannelLimits.answerCharacters))
        }
    }

    /// What the mail server did, and which keys of the configuration to look at.
    static func words(for error: MailError, recipient: String) -> String {
        let key = "recipient.\(recipient)"
        return switch error {
        case .loginRefused: "\(error); check `\(key).user`, `\(key).password` and `\(key).tls`"
        case .tls: "\(error); check its certificate, and `\(key).tls`, `\(key).url` and `\(key).ca`"
        case .noStartTLS:
            "\(error): use its port for TLS (`\(key).tls` = tls, usually with port 465 in `\(key).url`); none sends all in "
                + "clear text, for a server on this machine"
        case .someLater: CleanText.line("\(error)")
        case .temporary, .permanent, .badMessage, .cancelled: "\(error)"
        }
    }

    private func mailServer() throws(SecretFileError) -> MailServer {
        guard let address = MailServerAddress(settings.url) else {
            throw SecretFileError(
                description:
                    "\(recipient.key("url")) = \(WebAddress.shown(settings.url)) is no address of the form smtp://server:port"
            )
        }
        return MailServer(
            host: address.host, port: address.port ?? settings.security.port, security: settings.security.transfer,
            username: settings.username, password: try settings.password?.read(),
            trust: try SecretFile.trust(caFile: settings.caFile), timeout: ChannelLimits.timeout)
    }

    /// The same message, byte for byte, whenever the delivery is tried again: its date is the delivery's.
    static func message(
        for delivery: Delivery, by settings: EmailSettings, in language: Language
    ) throws -> MailMessage {
        let text = TicketText(delivery.ticket, in: language)
        let domain = domain(of: settings.from)
        let attachment = MailMessage.Attachment(
            filename: "ticket.json", contentType: "application/json", data: try WireFormat.encode(delivery.ticket))
        var headers: [(name: String, value: String)] = [
            // All mails about one case stand together: RFC 5322, section 3.6.4.
            ("References", "<\(identifier(delivery.caseNumber))@\(domain)>"),
            // RFC 3834: no holiday notice answers it.
            ("Auto-Submitted", "auto-generated"),
            ("X-Callhome-Case", CleanText.line(delivery.caseNumber, limit: 40)),
        ]
        if delivery.ticket.isTest { headers.append(("X-Callhome-Test", "yes")) }
        return MailMessage(
            from: settings.from, to: settings.to, subject: text.subject, text: text.plain, html: text.html,
            attachments: [attachment], messageID: "\(delivery.id)@\(domain)", date: delivery.createdAt.milliseconds,
            headers: headers)
    }

    /// The part after the last `@`, as far as it is a host name.
    private static func domain(of address: String) -> String {
        let end = address.split(separator: "@").last ?? ""
        let name = end.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "." || $0 == "-") }
        return name.isEmpty || !address.contains("@") ? "callhome.invalid" : String(name)
    }

    private static func identifier(_ text: String) -> String {
        String(text.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }.prefix(60))
    }
}

extension Delivery {
    fileprivate var isSettledInPart: Bool { !reached.isEmpty || !refused.isEmpty }
}

extension EmailSettings.Security {
    /// The port of the service: RFC 8314 and RFC 6409.
    fileprivate var port: Int {
        switch self {
        case .starttls: 587
        case .tls: 465
        case .none: 25
        }
    }

    fileprivate var transfer: MailServer.Security {
        switch self {
        case .starttls: .startTLS
        case .tls: .tls
        case .none: .none
        }
    }
}
