import Crypto
import FoundationEssentials
import Reports

/// One message owed to one recipient about a case: a row of the outbox until the recipient has taken it.
struct Delivery: Hashable, Sendable, Codable {
    enum State: String, Sendable, Codable, CaseIterable {
        /// Waiting for its turn: never tried, or for an older one of the same case and recipient.
        case queued
        /// Being delivered; if its worker died, it is claimable again at `nextAttempt`.
        case claimed
        case delivered
        /// Tried and failed; tried again at `nextAttempt`, for ever.
        case retrying
        /// A newer update of the same case took its place before it was ever sent.
        case superseded
    }

    /// The idempotency key: the same on every repetition, made of case, revision, recipient and the store's epoch.
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
    var state: State
    /// Attempts that have ended.
    var attempts: Int
    var createdAt: Timestamp
    /// When it may be tried next; for a claimed one, when the claim ends.
    var nextAttempt: Timestamp
    /// Since when attempts have failed without one that succeeded.
    var failingSince: Timestamp?
    /// Why the last attempt failed, in one sentence.
    var lastError: String?
    var deliveredAt: Timestamp?
    /// What the recipient calls it.
    var reference: String?
    /// The recipient that it stands in for, where this is a fallback.
    var insteadOf: String?

    /// Whether it is a test that nobody has tried to deliver yet.
    var isNewTest: Bool { ticket.event == .test && attempts == 0 }

    /// A UUID (RFC 9562 version 8) of SHA-256 over what the message is about.
    /// - Parameter epoch: of the store when the message was made: one that was put back counts revisions a second time, for
    ///   other messages, which would be taken for repetitions. Nil for messages of before.
    static func id(caseNumber: String, revision: Int, recipient: String, epoch: StoreEpoch? = nil) -> String {
        let life = epoch.map { "\n\($0.term)\n\($0.start)" } ?? ""
        var bytes = Array(
            SHA256.hash(data: Data("callhome-delivery\n\(caseNumber)\n\(revision)\n\(recipient)\(life)".utf8))
                .prefix(16))
        bytes[6] = bytes[6] & 0x0F | 0x80
        bytes[8] = bytes[8] & 0x3F | 0x80
        let text = Array(bytes.hexadecimal)
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(text[$0]) }.joined(separator: "-")
    }
}

/// How one attempt ended.
enum DeliveryOutcome: Hashable, Sendable {
    /// `reference`: what the recipient calls it.
    case delivered(reference: String?)
    /// Tried again at `nextAttempt`. `divertTo`: the fallback recipient that gets the message as well, from now on.
    case failed(because: String, nextAttempt: Timestamp, divertTo: String?)
}

/// How one recipient is doing: for the console, the alarm and the metrics.
struct RecipientState: Hashable, Sendable, Codable {
    var name: String
    var channel: ChannelKind
    /// Messages not taken yet.
    var waiting: Int
    var delivered: Int
    var lastDelivered: Timestamp?
    /// The oldest failure of a message that still waits.
    var failingSince: Timestamp?
    var lastError: String?
}
