import Reports

/// A way to hand a ticket to a recipient. Each is a file and stands in `AllChannels.swift`.
protocol PartnerChannel: Sendable {
    /// Hands the message over; when it returns, the recipient has taken it. Repeating it is harmless: the delivery's id
    /// goes with it each time.
    /// - Parameter time: of this attempt.
    func deliver(_ delivery: Delivery, at time: Timestamp) async throws(ChannelError) -> TicketReference
}

/// A recipient that watches over this collector: it opens a case when the heartbeats stop.
protocol HeartbeatReceiver: PartnerChannel {
    func announce(_ heartbeat: CollectorHeartbeat) async throws(ChannelError)
}

/// Limits of channels, each with its unit.
enum ChannelLimits {
    /// For one message, connecting included.
    static let timeout = Duration.seconds(30)
    /// Bytes of a recipient's answer that are read.
    static let answerBytes = 64 << 10
    /// Characters of a recipient's answer that are kept.
    static let answerCharacters = 300
    /// Bytes of a webhook's body: Standard Webhooks states 20 kB at most.
    static let webhookBodyBytes = 20_000
    /// Bytes of a file with a secret or a certificate.
    static let secretBytes = 64 << 10
}
