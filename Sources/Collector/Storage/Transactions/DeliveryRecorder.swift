import Reports

/// Carries out what `OutboxRules` decide of an attempt that has ended, inside one transaction.
struct DeliveryRecorder {
    let transaction: any StoreTransaction
    let policy: CasePolicy
    let time: Timestamp

    func record(_ outcome: DeliveryOutcome, for delivery: Delivery) throws {
        guard let stored = try transaction.findDelivery(id: delivery.id) else {
            throw StoreError.notFound(what: "delivery \(delivery.id)")
        }
        guard let next = OutboxRules.applying(outcome, to: stored, claimed: delivery, at: time) else { return }
        try transaction.update(next)
        var noted = outcome
        if case .failed(let because, let nextAttempt, let divertTo?) = outcome {
            // The fallback is notified once, however often the recipient fails after that.
            noted = .failed(because: because, nextAttempt: nextAttempt, divertTo: nil)
            if let addressee = policy.recipients.first(where: { $0.name == divertTo }) {
                let standIn = Delivery(stored.ticket, to: addressee, insteadOf: stored.recipient, at: time)
                if try transaction.findDelivery(id: standIn.id) == nil {
                    try transaction.enqueue(standIn)
                    noted = outcome
                }
            }
        }
        try note(noted, of: stored)
    }

    private func note(_ outcome: DeliveryOutcome, of stored: Delivery) throws {
        guard var found = try transaction.findCase(number: stored.caseNumber) else { return }
        if let event = OutboxRules.event(of: outcome, for: stored, at: time) {
            found.note(event.kind, by: event.by, because: event.because, at: time)
            try transaction.save(found, senderNumber: nil)
        }
        guard found.test != nil, !found.isClosed, try transaction.allDelivered(caseNumber: found.number) else { return }
        _ = try CaseRecorder(transaction: transaction, policy: policy, time: time).close(
            found, by: "collector", because: "Every recipient confirmed the test.", chassis: Part())
    }
}
