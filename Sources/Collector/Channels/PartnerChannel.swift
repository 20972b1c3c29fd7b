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
    /// Says that this collector lives, tells what was done about cases, and takes what the answer brings.
    @discardableResult
    func announce(_ heartbeat: CollectorHeartbeat) async throws(ChannelError) -> AnnounceOutcome
}

/// What came of one heartbeat.
struct AnnounceOutcome: Hashable, Sendable {
    /// Whether more waits on either side: then another one follows at once.
    var isMoreWaiting = false
    /// The next page of what the partner holds follows behind this number.
    var heldAfter: String?
    /// What the log should say: steps that were refused, and tickets that nobody here knows.
    var warnings: [String] = []
    /// Cases of which the partner is told again.
    var toldAgain: [String] = []
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
