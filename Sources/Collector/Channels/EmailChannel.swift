import FoundationEssentials
import Reports
import Transfer

/// Tickets by e-mail, through one submission server: a text for people, the same in HTML, and `ticket.json` for programs.
struct EmailChannel: PartnerChannel {
    private let recipient: Recipient

    init(_ recipient: Recipient) { self.recipient = recipient }

    func deliver(_ delivery: Delivery, at time: Timestamp) async throws(ChannelError) -> TicketReference {
        let server: MailServer
        let message: MailMessage
        do {
            server = try mailServer()
            message = try EmailChannel.message(for: delivery, to: recipient)
        } catch {
            throw .retry(after: nil, because: "\(error)")
        }
        do {
            let answer = try await Mail(server: server).send(message)
            let line = CleanText.line(answer, limit: ChannelLimits.answerCharacters)
            return TicketReference(text: line.isEmpty ? nil : line)
        } catch {
            let words = EmailChannel.words(for: error, recipient: recipient.name)
            switch error {
            case .permanent, .badMessage: throw .rejected(because: words)
            // A wrong password or certificate is mended by the administrator, and the message is fine.
            case .temporary, .loginRefused, .tls, .cancelled: throw .retry(after: nil, because: words)
            }
        }
    }

    /// What the mail server did, and which keys of the configuration to look at.
    static func words(for error: MailError, recipient: String) -> String {
        let key = "recipient.\(recipient)"
        return switch error {
        case .loginRefused: "\(error); check `\(key).user`, `\(key).password` and `\(key).tls`"
        case .tls: "\(error); check its certificate, and `\(key).tls`, `\(key).url` and `\(key).ca`"
        case .temporary, .permanent, .badMessage, .cancelled: "\(error)"
        }
    }

    private func mailServer() throws(SecretFileError) -> MailServer {
        guard let address = MailServerAddress(recipient.url) else {
            throw SecretFileError(
                description:
                    "recipient.\(recipient.name).url = \(recipient.url) is no address of the form smtp://server:port")
        }
        return MailServer(
            host: address.host, port: address.port ?? recipient.security.port, security: recipient.security.transfer,
            username: recipient.username, password: try recipient.secret?.read(),
            trust: try SecretFile.trust(caFile: recipient.caFile), timeout: ChannelLimits.timeout)
    }

    /// The same message, byte for byte, whenever the delivery is tried again: its date is the delivery's.
    static func message(for delivery: Delivery, to recipient: Recipient) throws -> MailMessage {
        let language = Language(rawValue: recipient.language) ?? .english
        let text = TicketText(delivery.ticket, in: language)
        let domain = domain(of: recipient.from)
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
            from: recipient.from, to: recipient.to, subject: text.subject, text: text.plain, html: text.html,
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

/// `smtp://host:port`, `smtps://host`, `host:port`.
struct MailServerAddress: Hashable, Sendable {
    var host: String
    var port: Int?

    init?(_ text: String) {
        var rest = text[...]
        if let scheme = text.firstRange(of: "://") {
            guard ["smtp", "smtps"].contains(text[..<scheme.lowerBound].lowercased()) else { return nil }
            rest = text[scheme.upperBound...]
        }
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        if rest.hasPrefix("["), let end = rest.firstIndex(of: "]") {
            host = String(rest[rest.index(after: rest.startIndex)..<end])
            rest = rest[rest.index(after: end)...]
        } else {
            host = String(rest.prefix { $0 != ":" })
            rest = rest.drop { $0 != ":" }
        }
        guard !host.isEmpty, !host.contains("/"), !host.contains("@") else { return nil }
        if rest.isEmpty { return }
        guard rest.hasPrefix(":"), let number = Int(rest.dropFirst()), (1...65_535).contains(number) else { return nil }
        port = number
    }
}

extension Recipient.MailSecurity {
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
