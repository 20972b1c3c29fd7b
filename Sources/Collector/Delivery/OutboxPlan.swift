import Reports

/// Decides for each delivery whether it is tried now, and what follows from how the attempt ended.
///
/// A recipient that fails is probed with one message at a time, in growing intervals, for ever; what else it is owed
/// waits. One that fails for longer than `alarmAfter` is an alarm, and its fallback gets the messages as well. A person
/// who asks for a test has mended something, or wants to know: a new test is tried at once, and what waited follows it.
struct OutboxPlan: Sendable {
    /// Times of the outbox.
    struct Limits: Hashable, Sendable {
        /// A recipient that takes nothing for longer is an alarm.
        var alarmAfter = Duration.seconds(3600)
        /// Deliveries at the same time, over all recipients.
        var inFlight = 16
        /// After the first failure; doubled with each further one.
        var firstRetry = Duration.seconds(5)
        /// Between two attempts at a recipient that does not answer.
        var longestRetry = Duration.seconds(600)
        /// Between two attempts with a message that the recipient refused.
        var refusedRetry = Duration.seconds(3600)
        /// How long a claim is held: longer than any attempt takes.
        var claim = Duration.seconds(120)
        /// Longer than any of these and than what a recipient may ask for: nothing is put off for so long.
        static let longestWait = Duration.seconds(2 * 86_400)
    }

    enum Decision: Hashable, Sendable {
        case deliver
        case postpone(DeliveryOutcome)
    }

    private struct Health: Hashable, Sendable {
        var failures = 0
        var failingSince: Timestamp?
        var lastError = ""
        /// Nothing is tried before.
        var holdUntil: Timestamp?
        var inFlight = 0
    }

    let limits: Limits
    /// Recipient to its fallback.
    let fallbacks: [String: String]
    /// Who is told what is still owed to a recipient that is configured no more; nil where nobody is left.
    let heir: String?
    /// Those that are configured; nil: all.
    private let configured: Set<String>?
    private var health: [String: Health] = [:]

    /// - Parameters:
    ///   - states: what the store remembers, so that a restart forgets no alarm.
    ///   - configured: names of the recipients that there are; nil where all are.
    ///   - heir: gets what is owed to one that is configured no more.
    init(
        limits: Limits, fallbacks: [String: String], resuming states: [RecipientState] = [],
        configured: Set<String>? = nil, heir: String? = nil
    ) {
        self.limits = limits
        self.fallbacks = fallbacks
        self.configured = configured
        self.heir = heir
        for state in states {
            guard let since = state.failingSince else { continue }
            health[state.name] = Health(failures: 1, failingSince: since, lastError: state.lastError ?? "")
        }
    }

    /// Deliveries that are being tried.
    var inFlight: Int { health.values.reduce(0) { $0 + $1.inFlight } }

    mutating func begin(_ delivery: Delivery, at time: Timestamp) -> Decision {
        var state = health[delivery.recipient] ?? Health()
        if delivery.isNewTest {
            state.holdUntil = nil
        } else if state.failures > 0 {
            // Whatever lies further ahead than that was noted before the clock went back.
            let held = state.holdUntil ?? time
            let hold = held - time > Limits.longestWait ? time : held
            // One message probes; the others wait for how it fares.
            if hold > time || state.inFlight > 0 {
                let next = max(hold, time + limits.firstRetry)
                return .postpone(
                    .failed(
                        because:
                            "not tried, because \(delivery.recipient) did not take another message: \(state.lastError)",
                        nextAttempt: next, divertTo: diversion(of: delivery, state, at: time)))
            }
        }
        state.inFlight += 1
        health[delivery.recipient] = state
        return .deliver
    }

    mutating func succeeded(_ delivery: Delivery, with reference: TicketReference) -> DeliveryOutcome {
        let inFlight = health[delivery.recipient]?.inFlight ?? 1
        health[delivery.recipient] = Health(inFlight: max(0, inFlight - 1))
        return .delivered(reference: reference.text)
    }

    /// - Parameter jitter: 0..<1, so that many collectors do not knock at the same moment.
    mutating func failed(
        _ delivery: Delivery, with error: ChannelError, at time: Timestamp, jitter: Double
    ) -> DeliveryOutcome {
        var state = health[delivery.recipient] ?? Health()
        state.inFlight = max(0, state.inFlight - 1)
        defer { health[delivery.recipient] = state }
        switch error {
        case .rejected(let because):
            // The recipient answers: other messages need not wait. This one is shown to the fallback at once.
            let next = time + spread(limits.refusedRetry, jitter)
            return .failed(because: because, nextAttempt: next, divertTo: fallback(of: delivery))
        case .retry(let after, let because):
            // Of several messages that failed together only one counts: the recipient was down once.
            if state.failures == 0 || time >= state.holdUntil ?? time { state.failures += 1 }
            if let hold = state.holdUntil, hold - time > Limits.longestWait { state.holdUntil = nil }
            state.failingSince = min(state.failingSince ?? time, time)
            state.lastError = because
            let wait = max(after ?? .zero, spread(backoff(after: state.failures), jitter))
            let next = time + wait
            state.holdUntil = max(state.holdUntil ?? next, next)
            return .failed(because: because, nextAttempt: next, divertTo: diversion(of: delivery, state, at: time))
        }
    }

    /// `firstRetry`, doubled with each failure, up to `longestRetry`.
    private func backoff(after failures: Int) -> Duration {
        min(limits.longestRetry, limits.firstRetry * (1 << min(failures - 1, 16)))
    }

    private func spread(_ duration: Duration, _ jitter: Double) -> Duration {
        duration + .milliseconds(Int64(Double(duration.inMilliseconds) * 0.25 * min(1, max(0, jitter))))
    }

    private func diversion(of delivery: Delivery, _ state: Health, at time: Timestamp) -> String? {
        let since = [delivery.failingSince, state.failingSince].compactMap(\.self).min()
        guard let since, time - since >= limits.alarmAfter else { return nil }
        return fallback(of: delivery)
    }

    /// Never back to the recipient that this message stands in for.
    private func fallback(of delivery: Delivery) -> String? {
        let isGone = configured.map { !$0.contains(delivery.recipient) } ?? false
        guard let name = fallbacks[delivery.recipient] ?? (isGone ? heir : nil), name != delivery.recipient,
            name != delivery.insteadOf
        else { return nil }
        return name
    }
}
