import Reports

/// How a recipient is reached.
enum ChannelKind: String, Hashable, Sendable, Codable, CaseIterable { case email, webhook, partner }

/// Someone who gets tickets: `recipient.NAME.*` of the configuration.
struct Recipient: Hashable, Sendable {
    /// How a mail server is spoken to.
    enum MailSecurity: String, Hashable, Sendable, CaseIterable {
        /// STARTTLS, required.
        case starttls
        /// TLS from the first byte.
        case tls
        /// In clear, for a server on the same machine.
        case none
    }

    var name: String
    var kind: ChannelKind
    /// E-mail: `smtp://host:port`; webhook: the URL that is posted to; partner: the base URL of the other collector.
    var url: String
    /// Language of the message for people, `en` or `de`.
    var language: String
    /// The recipient that gets what this one does not take, and nothing else.
    var fallback: String?
    /// E-mail addresses.
    var to: [String]
    var from: String
    var username: String?
    /// Password of the mail server, or the webhook's signing secret (`whsec_…`).
    var secret: Secret?
    var security: MailSecurity
    /// PEM file with the CA that is trusted instead of the system's.
    var caFile: String?
    /// Partner: the token made by `callhome-collector pair create` there; needed until paired.
    var pairing: Secret?
}

/// Where a secret stands. It is read when needed and never logged.
enum Secret: Hashable, Sendable {
    case file(path: String)
    /// A file in `$CREDENTIALS_DIRECTORY` (systemd's LoadCredential).
    case credential(name: String)
    /// In the configuration itself; only one-time tokens.
    case inline(String)
}

/// What is logged never shows the secret.
extension Secret: CustomStringConvertible, CustomDebugStringConvertible {
    var description: String {
        switch self {
        case .file(let path): path
        case .credential(let name): "credential \(name)"
        case .inline: "(secret)"
        }
    }
    var debugDescription: String { description }
}
