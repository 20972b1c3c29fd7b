import Reports

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

extension Secret {
    /// What a value of the configuration stands for: `/FILE`, a pairing token, or the name of a systemd credential.
    init(named text: String) {
        if text.hasPrefix("/") {
            self = .file(path: text)
        } else if text.hasPrefix("\(JoinToken.prefix).") {
            self = .inline(text)
        } else {
            self = .credential(name: text)
        }
    }
}
