import Reports

/// What one recipient was told of one case, and what it is still owed: state that is reconciled until both are the same.
///
/// There is one row for each recipient that a case was, or is to be, told to. What waits is not a message but the wish that
/// the recipient knows the case as it stands: the message is made when its turn comes, so nothing old is ever sent.
struct ToldRow: Hashable, Sendable, Codable {
    /// A message that was begun and that nobody confirmed yet. It is durable before the first attempt, and as long as the
    /// case stays as it is the same bytes are sent again under the same id.
    struct Trying: Hashable, Sendable, Codable {
        enum Answer: String, Sendable, Codable {
            /// No attempt has ended: it runs, or the collector died in it.
            case none
            /// The recipient was not reached, was silent, or put it off: it may have the message.
            case unknown
            /// It will not take this message.
            case refused
        }
        /// The idempotency key: random, the same on every repetition.
        var id: String
        var order: TicketOrder
        var ticket: Ticket
        /// Attempts that have ended.
        var attempts: Int
        var answer: Answer
        var beganAt: Timestamp
        /// Of several addresses of the recipient those that have it; nil where none was settled alone.
        var reached: [String]?
        /// Of several addresses of the recipient those that refused it for good.
        var refused: [AddressRefusal]?
    }

    /// A message that it confirmed.
    struct Taken: Hashable, Sendable, Codable {
        var order: TicketOrder
        /// Whether it was the case's end.
        var isEnd: Bool
        var at: Timestamp
    }

    var caseNumber: String
    /// Name of the recipient in the configuration.
    var recipient: String
    /// The newest state of the case that it is to know; nil where it is owed nothing.
    var want: TicketOrder?
    /// The newest that it has confirmed, or that it is known to hold; what is given up counts as well, because it may have arrived.
    var told: TicketOrder?
    /// The newest that it has confirmed, by its own word and no guess; nil of a test.
    var taken: Taken?
    var trying: Trying?
    /// The newest message that may have arrived without being confirmed: an attempt at it had no answer. That a repetition of
    /// it, or a later message, is refused takes nothing back.
    var perhaps: TicketOrder?
    /// Somebody asked for the newest state once more.
    var isAskedAgain = false
    /// It is configured no more: it is told nothing until it is configured again.
    var isEnded = false
    /// Why the case is told, in one sentence: of the newest step.
    var because: String
    /// Of the case when it changed last.
    var urgency: Urgency
    var isTest: Bool
    /// Since when something is owed.
    var owedSince: Timestamp
    /// Not to be tried before: a refused message is parked, and a case that changes all the time waits.
    var next: Timestamp
    /// Until when an attempt may last; nil while none runs.
    var claimedUntil: Timestamp?
    var lastAttempt: Timestamp?
    /// Since when attempts have failed without one that succeeded.
    var failingSince: Timestamp?
    /// Why the last attempt failed, in one sentence.
    var lastError: String?
    /// The recipient in whose place this one is told, where it is a fallback.
    var insteadOf: String?
    /// The fallback that is told as well, because this recipient does not take it.
    var standIn: String?

    init(
        caseNumber: String, recipient: String, because: String, urgency: Urgency, isTest: Bool, owedSince: Timestamp,
        insteadOf: String? = nil
    ) {
        self.caseNumber = caseNumber
        self.recipient = recipient
        self.because = because
        self.urgency = urgency
        self.isTest = isTest
        self.owedSince = owedSince
        next = owedSince
        self.insteadOf = insteadOf
    }

    /// Whether there is something to send.
    var isOwed: Bool {
        guard !isEnded else { return false }
        if trying != nil || isAskedAgain { return true }
        guard let want else { return false }
        return told.map { $0 < want } ?? true
    }

    /// Nothing about the case was ever sent to it, as far as is known: its end is no news.
    var isUntold: Bool { told == nil && trying == nil && perhaps == nil }

    /// A test that nobody has tried to deliver yet: it goes first, whatever is known of the recipient.
    var isNewTest: Bool { isTest && isUntold }

    var isRefused: Bool { trying?.answer == .refused }

    /// Forgets what is owed. What was begun counts as told, because it may have arrived.
    mutating func settle() {
        if let trying, trying.answer != .refused { told = max(told ?? trying.order, trying.order) }
        if let perhaps { told = max(told ?? perhaps, perhaps) }
        perhaps = nil
        (want, trying, claimedUntil, failingSince, lastError) = (nil, nil, nil, nil, nil)
        isAskedAgain = false
    }
}

extension ToldRow {
    /// In which order the rows of one recipient have their turn: the lowest first, among equals the oldest.
    var rank: Int {
        if isNewTest { return 0 }
        switch urgency {
        case .order: return 1
        case .plan: return 2
        case .watch: return 3
        case .inform: return 4
        }
    }
}
