import Daemon
import Reports

/// What the configuration contains for a recipient of one kind.
protocol ChannelSettings: Hashable, Sendable {
    static var kind: ChannelKind { get }
    /// The keys of `recipient.*` that only this channel knows.
    static var keys: [ConfigurationKey] { get }

    /// What is wrong or missing is gathered by `keys`, so that all of it can be reported at once.
    init(_ keys: inout RecipientKeys)

    /// Looks into the files that it names, and for what it lacks.
    func check(_ check: inout RecipientCheck)

    /// - Parameters:
    ///   - store: knows with whom this collector is paired.
    ///   - signingKey: signs what other collectors get.
    func channel(to recipient: Recipient, _ store: any CollectorStore, _ signingKey: SigningKey) -> any PartnerChannel
}

extension Channel {
    /// What one channel is called, the keys that it knows, and how they are read.
    struct Row: Sendable {
        let kind: ChannelKind
        let keys: [ConfigurationKey]
        let read: @Sendable (inout RecipientKeys) -> Channel

        init<Settings: ChannelSettings>(_ channel: @escaping @Sendable (Settings) -> Channel) {
            kind = Settings.kind
            keys = Settings.keys
            read = { keys in channel(Settings(&keys)) }
        }
    }

    var kind: ChannelKind { type(of: settings).kind }
}

extension Recipient {
    /// The channel that hands tickets to this recipient.
    func makeChannel(_ store: any CollectorStore, _ signingKey: SigningKey) -> any PartnerChannel {
        channel.settings.channel(to: self, store, signingKey)
    }
}
