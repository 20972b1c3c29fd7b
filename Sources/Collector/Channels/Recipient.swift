import Daemon
import Reports

/// Someone who gets tickets: `recipient.NAME.*` of the configuration.
struct Recipient: Hashable, Sendable {
    var name: String
    /// Language of the message for people.
    var language: Language = .english
    /// The recipient that gets what this one does not take, and nothing else.
    var fallback: String?
    /// How it is reached, with what that needs.
    var channel: Channel

    var kind: ChannelKind { channel.kind }

    /// The key of the configuration, for messages to the administrator.
    func key(_ name: String) -> String { "recipient.\(self.name).\(name)" }
}

extension Recipient {
    /// - Throws: `ConfigurationError` with file and line.
    init(_ keys: RecipientKeys) throws(ConfigurationError) {
        let kinds = Channel.all.map(\.kind.rawValue)
        guard let word = keys.text("kind") else {
            throw keys.error(
                "kind", "it is missing: set \(kinds.dropLast().joined(separator: ", ")) or \(kinds.last ?? "")")
        }
        guard let row = Channel.all.first(where: { $0.kind.rawValue == word }) else {
            throw keys.error("kind", "\(word.debugDescription) is none of \(kinds.joined(separator: ", "))")
        }
        let code = keys.text("language") ?? Language.english.rawValue
        guard let language = Language(rawValue: code) else {
            throw keys.error("language", "\(code) is neither en nor de")
        }
        self.init(
            name: keys.recipient, language: language, fallback: keys.text("fallback"),
            channel: try row.read(keys))
    }
}

/// The lines `recipient.NAME.*` of one recipient, by the part after the name.
struct RecipientKeys {
    let recipient: String
    let file: ConfigurationFile

    private func key(_ name: String) -> String { "recipient.\(recipient).\(name)" }

    func text(_ name: String) -> String? { file.text(key(name)) }
    func list(_ name: String) -> [String] { file.list(key(name)) }
    func secret(_ name: String) -> Secret? { text(name).map(Secret.init(named:)) }
    func choice<Word: RawRepresentable & CaseIterable>(
        _ name: String, of words: Word.Type
    ) throws(ConfigurationError) -> Word? where Word.RawValue == String { try file.choice(key(name), of: words) }
    func error(_ name: String, _ because: String) -> ConfigurationError { file.error(key(name), because) }

    /// The address of the recipient, which begins with one of the schemes.
    func url(_ schemes: [String], orElse fallback: String = "") throws(ConfigurationError) -> String {
        let url = text("url") ?? fallback
        guard schemes.contains(where: url.hasPrefix) else {
            throw error("url", "it begins with \(schemes.joined(separator: " or "))")
        }
        return url
    }
}
