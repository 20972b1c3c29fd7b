/// Where mail is handed in: a submission server or a local relay.
public struct MailServer: Sendable {
    public enum Security: String, Sendable {
        case none
        /// The plain port, and no mail if the server does not offer STARTTLS (RFC 3207).
        case startTLS = "starttls"
        /// TLS from the first byte (RFC 8314).
        case tls
    }
    public var host: String
    public var port: Int
    public var security: Security
    public var username: String?
    public var password: String?
    public var trust: Trust
    /// For the whole message.
    public var timeout: Duration

    public init(
        host: String, port: Int, security: Security, username: String? = nil, password: String? = nil,
        trust: Trust = .system, timeout: Duration = .seconds(60)
    ) {
        self.host = host
        self.port = port
        self.security = security
        self.username = username
        self.password = password
        self.trust = trust
        self.timeout = timeout
    }
}

/// Sends mail through libcurl: SMTP (RFC 5321).
public struct Mail: Sendable {
    /// Bytes of a server's replies that are read.
    private static let maximumReplyBytes = 64 << 10

    private let server: MailServer

    public init(server: MailServer) { self.server = server }

    /// Hands `message` to the server. When this returns, it has taken it for every mailbox but those that it refused; where
    /// it refuses all of them, this throws.
    @discardableResult
    public func send(_ message: MailMessage) async throws(MailError) -> MailReceipt {
        let name = "\(server.host):\(server.port)"
        let from = try Mail.address(message.from)
        var recipients: [String] = []
        for recipient in message.to { recipients.append(try Mail.address(recipient)) }
        guard !recipients.isEmpty else { throw .badMessage(because: "it has no recipient") }
        guard (1...65535).contains(server.port), Mail.isHost(server.host) else {
            throw .badMessage(because: "\(name.debugDescription) is no server and port")
        }
        let host = server.host.contains(":") ? "[\(server.host)]" : server.host
        let job = CurlJob(
            url: "\(server.security == .tls ? "smtps" : "smtp")://\(host):\(server.port)",
            kind: .mail(
                from: from, to: recipients, content: message.rfc5322(), startTLS: server.security == .startTLS,
                username: server.username, password: server.password),
            trust: server.trust, proxy: nil, unixSocket: nil, connectTimeout: server.timeout, timeout: server.timeout,
            maximumResponseBytes: Mail.maximumReplyBytes)
        let outcome = await CurlLoop.perform(job)
        if let failure = outcome.failure {
            let refusals = MailReceipt.refusals(of: outcome.headerLines, mailboxes: message.to)
            if refusals.contains(where: \.isFinal), !refusals.allSatisfy(\.isFinal) {
                throw .someLater(name, refusals)
            }
            throw MailError(failure, outcome, server: name)
        }
        return MailReceipt(outcome.headerLines, mailboxes: message.to)
    }

    /// Whether it is `name@server` or `Words <name@server>`, as `send` takes it.
    public static func isAddress(_ text: String) -> Bool { MailAddress(text) != nil }

    private static func address(_ text: String) throws(MailError) -> String {
        guard let address = MailAddress(text) else {
            throw .badMessage(because: "\(text.debugDescription) is no address of the form name@server")
        }
        return address.mailbox
    }

    private static func isHost(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || "-._:%".utf8.contains(byte)
            }
    }
}

/// What a server said to a mail that it took.
public struct MailReceipt: Sendable, Hashable {
    /// A mailbox that the server did not take the mail for.
    public struct Refusal: Sendable, Hashable {
        /// As it stands in the message.
        public var mailbox: String
        /// The server's reply to it: RFC 5321 section 4.2.
        public var reply: String
        /// False where the server may take it later (4xx).
        public var isFinal: Bool { !reply.hasPrefix("4") }

        public init(mailbox: String, reply: String) {
            self.mailbox = mailbox
            self.reply = reply
        }
    }

    /// The server's words on taking it, mostly with its own number for the message.
    public var reply: String
    public var refusals: [Refusal]

    public init(reply: String, refusals: [Refusal] = []) {
        self.reply = reply
        self.refusals = refusals
    }

    /// What the server said to each mailbox where it took the mail for none; empty where it came no further than that, or not so far.
    static func refusals(of lines: [String], mailboxes: [String]) -> [Refusal] {
        var replies = lines.filter { !$0.dropFirst(3).hasPrefix("-") }
        guard !replies.contains(where: { $0.hasPrefix("354") }) else { return [] }
        // Its word at the end, where it was asked to end.
        if replies.last?.hasPrefix("221") == true { replies.removeLast() }
        let answers = replies.suffix(mailboxes.count)
        guard answers.count == mailboxes.count, answers.allSatisfy({ $0.hasPrefix("4") || $0.hasPrefix("5") }) else {
            return []
        }
        return zip(mailboxes, answers).map { Refusal(mailbox: $0, reply: $1) }
    }

    /// - Parameters:
    ///   - lines: the server's side of the dialogue.
    ///   - mailboxes: in the order in which they were named to it, one command each.
    init(_ lines: [String], mailboxes: [String]) {
        // The last line of each reply: `250-` goes on, `250 ` ends.
        let replies = lines.filter { !$0.dropFirst(3).hasPrefix("-") }
        let data = replies.lastIndex { $0.hasPrefix("354") } ?? replies.endIndex
        let answers = replies[..<data].suffix(mailboxes.count)
        self.init(
            reply: lines.last { $0.hasPrefix("250") } ?? "",
            refusals: zip(mailboxes, answers).filter { !$0.1.hasPrefix("2") }.map { Refusal(mailbox: $0, reply: $1) })
    }
}

/// Why a mail was not taken. The first value is the server and its port.
public enum MailError: Error, Sendable, Hashable, CustomStringConvertible {
    /// May work later: the server cannot be reached, is silent, or answered 4xx.
    case temporary(String, because: String)
    /// The server answered 5xx: the same message will not be taken later.
    case permanent(String, because: String)
    /// It did not take the mail for these: for some of them never, and for some perhaps later.
    case someLater(String, [MailReceipt.Refusal])
    /// User name or password is wrong, or the server offers no way to log in. Who names the server's settings states
    /// which of them to check.
    case loginRefused(String, because: String)
    /// Its certificate is not trusted, or it does not speak TLS at this port: likewise.
    case tls(String, because: String)
    /// STARTTLS is asked for, and the server does not offer it: neither password nor mail was sent.
    case noStartTLS(String)
    /// It cannot be sent to any server.
    case badMessage(because: String)
    case cancelled(String)

    public var description: String {
        switch self {
        case .temporary(let server, let because): "the mail server \(server) did not take the mail for now: \(because)"
        case .permanent(let server, let because): "the mail server \(server) refused the mail: \(because)"
        case .someLater(let server, let refusals):
            "the mail server \(server) did not take the mail for "
                + refusals.map { "\($0.mailbox) (\($0.reply))" }.joined(separator: ", ")
        case .loginRefused(let server, let because):
            "the mail server \(server) refused the login: \(because)"
        case .tls(let server, let because):
            "no trusted connection to the mail server \(server): \(because)"
        case .noStartTLS(let server): "the mail server \(server) does not offer STARTTLS"
        case .badMessage(let because): "the mail cannot be sent: \(because)"
        case .cancelled(let server): "sending the mail to \(server) was cancelled"
        }
    }

    init(_ failure: CurlFailure, _ outcome: CurlOutcome, server: String) {
        let reply = outcome.headerLines.last { line in line.hasPrefix("4") || line.hasPrefix("5") }
        let words = reply ?? failure.words
        switch failure.kind {
        case .tls: self = .tls(server, because: failure.because)
        case .unreachable(.noTLS): self = .tls(server, because: words)
        case .tlsNotOffered: self = .noStartTLS(server)
        case .loginDenied where (400..<500).contains(outcome.status): self = .temporary(server, because: words)
        case .loginDenied: self = .loginRefused(server, because: words)
        case .cancelled: self = .cancelled(server)
        case .brokenOff where (500..<600).contains(outcome.status), .closed where (500..<600).contains(outcome.status):
            self = .permanent(server, because: words)
        case .badURL: self = .badMessage(because: "\(server) is no server and port")
        case .brokenOff, .closed, .unreachable, .timedOut, .tooLarge: self = .temporary(server, because: words)
        }
    }
}

extension CurlFailure {
    /// What went wrong and what to do, without the server's name.
    fileprivate var words: String {
        switch kind {
        case .unreachable(let obstacle): obstacle.description
        case .timedOut: "it is connected but silent (\(because)); its log may say why"
        case .closed: "it \(TransferError.closing(because))"
        default: because
        }
    }
}
