import Reports

/// What the outcome of an attempt does to a delivery and its case; inside one transaction.
enum OutboxRules {
    /// The delivery after `outcome`; nil where the outcome comes from a claim that has ended.
    static func applying(_ outcome: DeliveryOutcome, to stored: Delivery, claimed: Delivery, at time: Timestamp)
        -> Delivery?
    {
        guard stored.state != .delivered else { return nil }
        var next = stored
        switch outcome {
        case .delivered(let reference):
            // Taken is taken, even if the claim ran out meanwhile.
            next.state = .delivered
            next.attempts += 1
            next.deliveredAt = time
            next.reference = reference
            next.failingSince = nil
            next.lastError = nil
        case .failed(let because, let nextAttempt, _):
            guard stored.state == .claimed, stored.attempts == claimed.attempts else { return nil }
            next.state = .retrying
            next.attempts += 1
            next.nextAttempt = nextAttempt
            next.failingSince = stored.failingSince ?? time
            next.lastError = because
        }
        return next
    }

    /// The line in the case's history; nil for a repeated failure, which adds nothing new.
    static func event(of outcome: DeliveryOutcome, for stored: Delivery, at time: Timestamp) -> Case.Event? {
        let message = "message \(stored.ticket.revision) (\(stored.ticket.event.rawValue))"
        switch outcome {
        case .delivered(let reference):
            let named = reference.map { "; its reference is \($0)" } ?? ""
            return Case.Event(
                time: time, kind: .delivered, by: stored.recipient,
                because: "\(stored.recipient) took \(message)\(named).")
        case .failed(let because, _, let divertTo):
            if let divertTo {
                return Case.Event(
                    time: time, kind: .diverted, by: stored.recipient,
                    because:
                        "\(stored.recipient) does not take \(message) (\(because)); it goes to \(divertTo) as well.")
            }
            guard stored.attempts == 0 else { return nil }
            return Case.Event(
                time: time, kind: .deliveryFailed, by: stored.recipient,
                because: "\(stored.recipient) did not take \(message): \(because). It is tried again.")
        }
    }
}
