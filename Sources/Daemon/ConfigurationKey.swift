/// One key that a configuration file may set: `check-config --help` and the manual page are made of them.
public struct ConfigurationKey: Sendable, Hashable, Encodable {
    /// `*` stands for one name of the user's choice: `recipient.*.to`.
    public var name: String
    /// What counts where it is not set, as it would be written; empty where nothing does.
    public var fallback: String
    public var meaning: String

    public init(_ name: String, _ fallback: String, _ meaning: String) {
        self.name = name
        self.fallback = fallback
        self.meaning = meaning
    }

    private enum CodingKeys: String, CodingKey {
        case name, meaning
        case fallback = "default"
    }

    /// The keys for people, two lines each.
    public static func help(_ keys: [ConfigurationKey]) -> String {
        "Keys, with what they are when not set:\n\n"
            + keys.map { "  \($0.name) = \($0.fallback)\n      \($0.meaning)" }.joined(separator: "\n")
    }
}
