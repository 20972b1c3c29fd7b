import Crypto
import Daemon
import FoundationEssentials
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

    /// Hash of the settings: another one means that somebody changed, and perhaps mended, something. What stands in files of
    /// secrets is no part of it.
    var fingerprint: String {
        Array(SHA256.hash(data: Data(String(reflecting: self).utf8)).prefix(16)).hexadecimal
    }

    /// The key of the configuration, for messages to the administrator.
    func key(_ name: String) -> String { "recipient.\(self.name).\(name)" }
}

extension Recipient {
    /// What every recipient has, by the part after its name.
    private static let keys = ["kind", "url", "ca", "language", "fallback"]

    /// nil where its kind is not stated; what is wrong or missing is gathered by `keys`.
    init?(_ keys: inout RecipientKeys) {
        let code = keys.text("language") ?? Language.english.rawValue
        let language = Language(rawValue: code)
        if language == nil { keys.refuse("language", "\(code) is neither en nor de") }
        let kinds = Channel.all.map(\.kind.rawValue)
        guard let word = keys.text("kind") else {
            keys.refuse(
                "kind", "it is missing: set \(kinds.dropLast().joined(separator: ", ")) or \(kinds.last ?? "")")
            return nil
        }
        guard let row = Channel.all.first(where: { $0.kind.rawValue == word }) else {
            keys.refuse(
                "kind", "\(word.prefix(40).debugDescription) is none of \(kinds.joined(separator: ", "))")
            return nil
        }
        let names = Recipient.keys + row.keys.compactMap { $0.name.split(separator: ".").last.map(String.init) }
        for name in keys.names where !names.contains(name) {
            keys.refuse(
                name, "a recipient of the kind \(word) has no such key: it has \(names.joined(separator: ", "))")
        }
        self.init(
            name: keys.recipient, language: language ?? .english, fallback: keys.text("fallback"),
            channel: row.read(&keys))
    }
}

/// The lines `recipient.NAME.*` of one recipient, by the part after the name.
struct RecipientKeys {
    let recipient: String
    /// Has what is wrong of them.
    private(set) var reader: ConfigurationReader

    init(of recipient: String, _ reader: ConfigurationReader) {
        self.recipient = recipient
        self.reader = reader
    }

    private func key(_ name: String) -> String { "recipient.\(recipient).\(name)" }

    /// Those that are set, in order.
    var names: [String] {
        let start = key("")
        return reader.file.keys.filter { $0.hasPrefix(start) }.map { String($0.dropFirst(start.count)) }.sorted()
    }

    func text(_ name: String) -> String? { reader.text(key(name)) }
    func list(_ name: String) -> [String] { reader.list(key(name)) }
    func secret(_ name: String) -> Secret? { text(name).map(Secret.init(named:)) }
    mutating func choice<Word: RawRepresentable<String> & CaseIterable>(_ name: String, of words: Word.Type) -> Word? {
        reader.choice(key(name), of: words)
    }
    mutating func refuse(_ name: String, _ problem: String) { reader.refuse(key(name), problem) }

    /// The address of the recipient, with one of the schemes.
    mutating func url(_ schemes: [String]) -> String {
        let form = "\(schemes.first ?? "")://server:port/path"
        guard let url = text("url") else {
            refuse("url", "it is missing: set an address of the form \(form)")
            return ""
        }
        if !WebAddress.isValid(url, schemes: schemes) {
            refuse("url", "\(WebAddress.shown(url)) is no address of the form \(form)")
        }
        return url
    }
}
