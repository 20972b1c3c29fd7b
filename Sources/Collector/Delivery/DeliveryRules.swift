import Reports

/// Decides what is sent when, and what follows from how an attempt ended. Pure: rows, times and answers in, rows out.
///
/// A recipient that cannot be reached is held, and probed with one message at a time, in growing intervals, for ever; what
/// else it is owed waits, and counts as not tried. A message that it refuses is parked alone. Neither delays another
/// recipient.
struct DeliveryRules: Hashable, Sendable {
    /// Times and numbers of the outbox.
    struct Limits: Hashable, Sendable {
        /// A recipient that takes nothing for longer is an alarm, and its fallback is told.
        var alarmAfter = Duration.seconds(3600)
        /// Attempts at the same time over all recipients; each recipient has one in any case.
        var inFlight = 16
        /// Attempts at the same time to one recipient.
        var perRecipient = 4
        /// After the first failure; doubled with each further one.
        var firstRetry = Duration.seconds(5)
        /// Between two attempts at a recipient that does not answer.
        var longestRetry = Duration.seconds(600)
        /// How long a message is parked that the recipient refused, while its case stays as it is.
        var refusedRetry = Duration.seconds(3600)
        /// How long an attempt may last: longer than any channel takes.
        var claim = Duration.seconds(120)
        /// For how long nobody works on a store while its collector is restarted: longer than that takes and than the minute between
        /// two notes of the clock. A store that nobody worked on for longer may have been put back from a backup.
        static let restart = Duration.seconds(180)
        /// Longer than any of these and than what a recipient may ask for: nothing is put off for so long.
        static let longestWait = Duration.seconds(2 * 86_400)
        /// Rows that are handed to fallbacks in one transaction.
        static let diversions = 100
    }

    var limits: Limits

    init(limits: Limits = Limits()) { self.limits = limits }

    // MARK: 1 Whose turn it is

    /// How many messages to the recipient may be begun now, and which.
    enum Room: Hashable, Sendable {
        /// Only tests that nobody has tried yet: a person who asks for one has mended something, or wants to know.
        case newTests(Int, because: String)
        /// One, which shows how the recipient is: the one that was tried least lately, so that none that breaks the line
        /// keeps the others back.
        case probe
        case turns(Int)
    }

    /// - Parameters:
    ///   - own: attempts at the recipient that run.
    ///   - all: at all recipients.
    func room(_ health: RecipientHealth, own: Int, all: Int, at time: Timestamp) -> Room {
        // One in any case: those that hang take nobody's place.
        let left = max(own == 0 ? 1 : 0, limits.inFlight - all)
        let free = max(0, min(limits.perRecipient - own, left))
        guard health.isFailing else { return .turns(free) }
        let error = health.lastError ?? "it did not answer"
        if let hold = health.holdUntil, DeliveryRules.isAhead(hold, of: time) {
            return .newTests(free, because: "held until \(hold): \(error)")
        }
        guard own == 0 else { return .newTests(free, because: "another message shows whether it answers") }
        return .probe
    }

    /// Whether `moment` is still to come. What lies further ahead than anything can be put off was noted before the clock
    /// went back.
    static func isAhead(_ moment: Timestamp, of time: Timestamp) -> Bool {
        moment > time && moment - time <= Limits.longestWait
    }

    /// What is done when a row's turn has come.
    enum Turn: Hashable, Sendable {
        /// The same message again, byte for byte.
        case again(ToldRow.Trying)
        /// A new message of this kind; the one that it replaces, where one was begun.
        case new(Ticket.Event, replacing: ToldRow.Trying?)
        /// Nothing is sent, and nothing is owed any more.
        case nothing(because: String)
    }

    /// - Parameters:
    ///   - isClosed: whether the case is, now.
    ///   - isTest: whether the case is one.
    func turn(of row: ToldRow, isClosed: Bool, isTest: Bool) -> Turn {
        if isTest, isClosed { return .nothing(because: "the test is over") }
        if isClosed, row.isUntold, !row.isAskedAgain {
            return .nothing(because: "the case ended before it could be told of it")
        }
        if let trying = row.trying, trying.order >= row.want ?? trying.order, !row.isAskedAgain {
            return .again(trying)
        }
        if isTest { return .new(.test, replacing: row.trying) }
        if isClosed { return .new(.closed, replacing: row.trying) }
        // The first message that a recipient takes is the case's opening, whatever step caused it.
        return .new(row.told == nil ? .opened : .updated, replacing: row.trying)
    }

    /// The row with the message begun that is now sent, which has to be stored before it is.
    func begun(_ row: ToldRow, _ trying: ToldRow.Trying, at time: Timestamp) -> ToldRow {
        var row = row
        // The collector ended in that attempt.
        if let old = row.trying, old.answer == .none { DeliveryRules.mayHaveArrived(old, &row) }
        row.trying = trying
        // Whatever became of the attempt before: should the collector end in this one, nobody knows what becomes of it.
        row.trying?.answer = .none
        row.want = max(row.want ?? trying.order, trying.order)
        row.isAskedAgain = false
        row.claimedUntil = time + limits.claim
        row.lastAttempt = time
        return row
    }

    // MARK: 3 What follows from the answer

    /// The row and the recipient after an attempt; nil where the answer is that of an attempt which had been given up.
    /// - Parameters:
    ///   - delivery: as it was handed over.
    ///   - jitter: 0..<1, so that many collectors do not knock at the same moment.
    func answered(
        _ answer: DeliveryAnswer, to delivery: Delivery, _ row: ToldRow, _ health: RecipientHealth, at time: Timestamp,
        jitter: Double
    ) -> (row: ToldRow, health: RecipientHealth)? {
        var (row, health) = (row, health)
        let isCurrent = row.trying?.id == delivery.id
        if case .taken(let reference) = answer {
            // Taken is taken, even if the attempt was given up meanwhile.
            row.told = max(row.told ?? delivery.order, delivery.order)
            if delivery.ticket.event != .test, row.taken.map({ $0.order <= delivery.order }) ?? true {
                row.taken = ToldRow.Taken(order: delivery.order, isEnd: delivery.ticket.event == .closed, at: time)
            }
            (row.failingSince, row.lastError, row.perhaps) = (nil, nil, nil)
            if isCurrent { (row.trying, row.claimedUntil, row.next) = (nil, nil, time) }
            health.answered()
            health.noteRefusals(delivery.refused + reference.refused, takenBy: nil, at: time)
            health.delivered += 1
            health.lastDelivered = time
            return (row, health)
        }
        guard isCurrent, var trying = row.trying, trying.attempts == delivery.attempts else { return nil }
        trying.attempts += 1
        row.claimedUntil = nil
        row.failingSince = row.failingSince ?? time
        switch answer {
        case .taken: break
        case .refused(let because):
            // The recipient answers: its other messages need not wait.
            trying.answer = .refused
            row.lastError = because
            row.next = row.want.map { $0 > trying.order } ?? false ? time : time + spread(limits.refusedRetry, jitter)
            health.answered()
        case .partly(let reached, let refused, let because):
            trying.answer = .unknown
            DeliveryRules.mayHaveArrived(trying, &row)
            trying.reached = (trying.reached ?? []) + reached
            if !refused.isEmpty { trying.refused = (trying.refused ?? []) + refused }
            health.noteRefusals(refused, takenBy: reached, at: time)
            row.lastError = because
            row.next = time + spread(backoff(after: trying.attempts), jitter)
            health.answered()
        case .failed(let after, let because):
            trying.answer = .unknown
            DeliveryRules.mayHaveArrived(trying, &row)
            row.lastError = because
            row.next = time
            hold(&health, after: after, because: because, at: time, jitter: jitter)
        }
        row.trying = trying
        return (row, health)
    }

    private static func mayHaveArrived(_ trying: ToldRow.Trying, _ row: inout ToldRow) {
        row.perhaps = max(row.perhaps ?? trying.order, trying.order)
    }

    private func hold(
        _ health: inout RecipientHealth, after: Duration?, because: String, at time: Timestamp, jitter: Double
    ) {
        let held = health.holdUntil.flatMap { DeliveryRules.isAhead($0, of: time) ? $0 : nil }
        // Of several messages that failed together only one counts: the recipient was down once.
        if held == nil { health.failures += 1 }
        health.failingSince = min(health.failingSince ?? time, time)
        health.lastError = because
        let next = time + max(after ?? .zero, spread(backoff(after: health.failures), jitter))
        health.holdUntil = max(held ?? next, next)
    }

    /// `firstRetry`, doubled with each failure, up to `longestRetry`.
    private func backoff(after failures: Int) -> Duration {
        min(limits.longestRetry, limits.firstRetry * (1 << min(max(0, failures - 1), 16)))
    }

    private func spread(_ duration: Duration, _ jitter: Double) -> Duration {
        duration + .milliseconds(Int64(Double(duration.inMilliseconds) * 0.25 * min(1, max(0, jitter))))
    }

    // MARK: Fallbacks

    /// Whether the recipient's fallback is to be told as well: at once of what it refuses, else after the time of the alarm.
    func isDiverted(_ row: ToldRow, _ health: RecipientHealth, at time: Timestamp) -> Bool {
        guard row.isOwed, row.standIn == nil else { return false }
        if row.isRefused { return true }
        let since = [row.failingSince, health.failingSince].compactMap(\.self).min()
        return since.map { time - $0 >= limits.alarmAfter } ?? false
    }
}

extension Delivery {
    /// Where its message stands among those about the case.
    var order: TicketOrder { TicketOrder(epoch: ticket.epoch ?? .unbegun, revision: ticket.revision) }
}
