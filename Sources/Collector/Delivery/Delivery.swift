import Reports

/// One message to one recipient about a case, as a channel hands it over.
struct Delivery: Hashable, Sendable {
    /// The idempotency key: random, the same on every repetition of the same message.
    var id: String
    /// Ticket number of the case.
    var caseNumber: String
    /// Name of the recipient in the configuration.
    var recipient: String
    var channel: ChannelKind
    var ticket: Ticket
    /// The agents' signed reports that the case rests on, newest last; empty for cases that the collector opened itself.
    var reports: [Envelope]
    /// PEM certificates of the agents that signed `reports`.
    var certificates: [String]
    /// Attempts that ended before this one.
    var attempts: Int
    /// When the message was made: the same on every repetition.
    var createdAt: Timestamp
    /// Of several addresses of the recipient those that have it, and are not tried again.
    var reached: [String] = []
    /// Of several addresses of the recipient those that refused it for good, and are not tried again.
    var refused: [AddressRefusal] = []
}

/// How one attempt ended.
enum DeliveryAnswer: Hashable, Sendable {
    case taken(TicketReference)
    /// The recipient answers, and will not take this message as it is.
    case refused(because: String)
    /// It was not reached, was silent, or wants to be left alone; `after` where it stated for how long.
    case failed(after: Duration?, because: String)
    /// Some of its addresses may take it later; the others have it, or refused it for good.
    case partly(reached: [String], refused: [AddressRefusal] = [], because: String)

    /// Of several addresses of the recipient those that refused the message in this attempt for good.
    var refusals: [AddressRefusal] {
        switch self {
        case .taken(let reference): reference.refused
        case .partly(_, let refused, _): refused
        case .refused, .failed: []
        }
    }

    init(_ error: ChannelError) {
        switch error {
        case .retry(let after, let because): self = .failed(after: after, because: because)
        case .rejected(let because): self = .refused(because: because)
        case .partly(let reached, let refused, let because):
            self = .partly(reached: reached, refused: refused, because: because)
        }
    }
}

/// What became of one message: a line for pages and programs, kept beside the state that decides.
struct DeliveryRecord: Hashable, Sendable, Codable {
    enum State: String, Sendable, Codable, CaseIterable {
        /// Owed, and not begun.
        case queued
        /// Being sent.
        case claimed
        case delivered
        /// Tried and not confirmed; tried again at `nextAttempt`, for ever.
        case retrying
        /// The recipient answered, and will not take it as it is: tried again when its case changes, or at `nextAttempt`.
        case refused
        /// It was not confirmed, and a newer message took its place.
        case superseded
        /// Given up: by a person, or because the recipient is configured no more or the case was a test that is over.
        case dropped
    }

    /// Of the message; of one that is owed and not begun, what names the row.
    var id: String
    var caseNumber: String
    var recipient: String
    var channel: ChannelKind
    var order: TicketOrder
    var event: Ticket.Event
    var state: State
    /// Attempts that have ended.
    var attempts: Int
    /// Since when it was owed.
    var createdAt: Timestamp
    /// When the message was made.
    var begunAt: Timestamp
    /// When it may be tried next.
    var nextAttempt: Timestamp
    var deliveredAt: Timestamp?
    /// Why the last attempt failed; of a message that was taken, who of the recipient's addresses did not get it.
    var lastError: String?
    /// Of several addresses of the recipient those that refused it for good; nil where none did.
    var refusedBy: [String]?
    /// What the recipient calls it.
    var reference: String?
    /// The recipient that it stands in for, where this is a fallback.
    var insteadOf: String?
}
