/// One key of a configuration file, as help and documentation show it.
public struct ConfigurationKey: Hashable, Sendable {
    /// `*` stands for a name of the user's choice.
    public var name: String
    /// As it would be written.
    public var fallback: String
    public var meaning: String

    public init(_ name: String, _ fallback: String, _ meaning: String) {
        self.name = name
        self.fallback = fallback
        self.meaning = meaning
    }
}
