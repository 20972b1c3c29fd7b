/// How a recipient is reached, by name: `recipient.NAME.kind`, and the word of deliveries, tests and metrics. Each channel
/// names itself in its file; a delivery keeps the name though its channel may be gone.
struct ChannelKind: RawRepresentable, Hashable, Sendable, Codable {
    var rawValue: String
}
