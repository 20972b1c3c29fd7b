import Reports

/// What is known of one recipient, apart from cases. It is kept in the store, so that a restart forgets no hold and no alarm.
struct RecipientHealth: Hashable, Sendable, Codable {
    var name: String
    var channel: ChannelKind
    /// Attempts in a row that did not reach it; those that ran at the same time count once.
    var failures = 0
    /// Since when; nil while it answers.
    var failingSince: Timestamp?
    var lastError: String?
    /// Nothing is tried before; nil while nothing holds it.
    var holdUntil: Timestamp?
    /// Messages that it has taken.
    var delivered = 0
    var lastDelivered: Timestamp?
    /// Hash of its settings, as they were when the collector started last.
    var fingerprint: String?
    /// Of several addresses of it those that refused the newest message to them for good; nil where none did.
    var refusing: [RefusingAddress]?

    struct RefusingAddress: Hashable, Sendable, Codable {
        var refusal: AddressRefusal
        /// When it refused the first of those that it refused in a row.
        var since: Timestamp
    }

    /// Addresses of one recipient that are remembered.
    static let mostRefusing = 100

    init(name: String, channel: ChannelKind) {
        self.name = name
        self.channel = channel
    }

    var isFailing: Bool { failures > 0 }

    /// Whoever mended something need not wait. That it failed stays known until it takes something.
    mutating func release() { holdUntil = nil }

    /// What its addresses made of a message.
    /// - Parameter taken: the addresses that took it; nil: all but those that refused it.
    mutating func noteRefusals(_ refused: [AddressRefusal], takenBy taken: [String]?, at time: Timestamp) {
        let known = refusing ?? []
        let kept = known.filter { old in
            taken.map { !$0.contains(old.refusal.address) } ?? false
                && !refused.contains { $0.address == old.refusal.address }
        }
        let new = refused.map { refusal in
            let since = known.first { $0.refusal.address == refusal.address }?.since
            return RefusingAddress(refusal: refusal, since: since ?? time)
        }
        let all = kept + new
        refusing = all.isEmpty ? nil : Array(all.suffix(RecipientHealth.mostRefusing))
    }

    mutating func answered() {
        (failures, failingSince, lastError, holdUntil) = (0, nil, nil, nil)
    }
}

/// How one recipient is doing: for the console, the alarm and the metrics.
struct RecipientState: Hashable, Sendable, Codable {
    var name: String
    var channel: ChannelKind
    /// Cases of which it does not know the newest yet.
    var waiting: Int
    /// Those among them whose message it refused.
    var refused = 0
    var delivered: Int
    var lastDelivered: Timestamp?
    /// Since when it takes nothing; nil while it does.
    var failingSince: Timestamp?
    var lastError: String?
    /// When it is tried again; nil while nothing holds it.
    var holdUntil: Timestamp?
    /// Of several addresses of it those that refuse what is sent to them.
    var refusing: [RecipientHealth.RefusingAddress] = []

    init(
        name: String, channel: ChannelKind, waiting: Int, delivered: Int, lastDelivered: Timestamp? = nil,
        failingSince: Timestamp? = nil, lastError: String? = nil
    ) {
        (self.name, self.channel, self.waiting, self.delivered) = (name, channel, waiting, delivered)
        (self.lastDelivered, self.failingSince, self.lastError) = (lastDelivered, failingSince, lastError)
    }

    /// Refused messages after which a recipient that takes nothing else counts as one that takes nothing.
    static let refusalsOfAll = 2

    /// - Parameters:
    ///   - waiting: rows that are owed something.
    ///   - refused: how many of them it refused, and since when the first; why one of all of them was not taken.
    init(_ health: RecipientHealth, waiting: Int, refused: (count: Int, since: Timestamp?, error: String?)) {
        self.init(
            name: health.name, channel: health.channel, waiting: waiting, delivered: health.delivered,
            lastDelivered: health.lastDelivered, failingSince: health.failingSince,
            lastError: health.lastError ?? refused.error
                ?? health.refusing.flatMap { $0.map(\.refusal).words }.map { "not taken by \($0)" })
        self.refused = refused.count
        refusing = health.refusing ?? []
        holdUntil = health.holdUntil
        // One refused message says nothing of the recipient; where it refuses all of several, it is gone.
        guard failingSince == nil, refused.count >= RecipientState.refusalsOfAll, let since = refused.since,
            health.lastDelivered.map({ $0 < since }) ?? true
        else { return }
        failingSince = since
    }
}
