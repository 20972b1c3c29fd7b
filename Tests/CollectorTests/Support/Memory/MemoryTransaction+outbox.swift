import Reports

@testable import Collector

/// The outbox.
extension MemoryTransaction {
    func enqueue(_ delivery: Delivery) throws {
        guard ledger.deliveries[delivery.id] == nil else { return }
        ledger.places += 1
        var delivery = delivery
        (delivery.reports, delivery.certificates) = ([], [])
        ledger.deliveries[delivery.id] = Kept(MemoryLedger.DeliveryRow(place: ledger.places, body: delivery))
        ledger.deliveriesOfCase[delivery.caseNumber, default: []].append(delivery.id)
        keep(delivery)
    }

    func supersedeUpdates(caseNumber: String, recipient: String, all: Bool) throws {
        for var delivery in try deliveries(caseNumber: caseNumber)
        where delivery.recipient == recipient && delivery.attempts == 0
            && (delivery.state == .queued || delivery.state == .retrying)
            && (delivery.ticket.event == .updated || all && delivery.ticket.event == .closed)
        {
            delivery.state = .superseded
            keep(delivery)
        }
    }

    func messages(caseNumber: String, since: Timestamp) throws -> (count: Int, oldest: Timestamp?) {
        let made = try deliveries(caseNumber: caseNumber).filter { $0.createdAt > since && $0.state != .superseded }
        let most = Dictionary(grouping: made, by: \.recipient).values.max { $0.count < $1.count } ?? []
        return (most.count, most.map(\.createdAt).min())
    }

    func retryNow(recipient: String, at time: Timestamp) throws {
        for id in ledger.waiting {
            guard var delivery = ledger.deliveries[id]?.value.body, delivery.recipient == recipient,
                delivery.state == .retrying, delivery.nextAttempt > time
            else { continue }
            delivery.nextAttempt = time
            keep(delivery)
        }
    }

    func allDelivered(caseNumber: String) throws -> Bool {
        let all = try deliveries(caseNumber: caseNumber)
        return !all.isEmpty && all.allSatisfy { $0.state == .delivered }
    }

    func claim(limit: Int, at time: Timestamp, until: Timestamp) throws -> [Delivery] {
        let rows = ledger.waiting.compactMap { ledger.deliveries[$0]?.value }
        let far = time + OutboxPlan.Limits.longestWait
        // Of one case and recipient only the oldest.
        let first = Dictionary(grouping: rows) { [$0.body.caseNumber, $0.body.recipient] }
            .compactMap { $0.value.min { $0.place < $1.place } }
        let due = first.filter { $0.body.nextAttempt <= time || $0.body.nextAttempt > far }.sorted { one, other in
            if one.body.isNewTest != other.body.isNewTest { return one.body.isNewTest }
            return (one.body.nextAttempt, one.place) < (other.body.nextAttempt, other.place)
        }
        return due.prefix(limit).map { row in
            var claimed = whole(row.body)
            claimed.state = .claimed
            claimed.nextAttempt = until
            keep(claimed)
            return claimed
        }
    }

    func findDelivery(id: String) throws -> Delivery? { (ledger.deliveries[id]?.value.body).map(whole) }

    func update(_ delivery: Delivery) throws { keep(delivery) }

    func deliveries(caseNumber: String) throws -> [Delivery] {
        (ledger.deliveriesOfCase[caseNumber] ?? []).compactMap { (ledger.deliveries[$0]?.value.body).map(whole) }
    }

    /// Writes how it stands.
    private func keep(_ delivery: Delivery) {
        guard let row = ledger.deliveries[delivery.id]?.value else { return }
        var kept = delivery
        (kept.reports, kept.certificates) = ([], [])
        ledger.deliveries[delivery.id] = Kept(MemoryLedger.DeliveryRow(place: row.place, body: kept))
        let isOver = delivery.state == .delivered || delivery.state == .superseded
        if isOver { ledger.waiting.remove(delivery.id) } else { ledger.waiting.insert(delivery.id) }
    }

    /// With what the case rests on now.
    private func whole(_ delivery: Delivery) -> Delivery {
        var whole = delivery
        let kept = ledger.reportsOfCase[delivery.caseNumber]?.value ?? []
        whole.reports = kept.map(\.envelope)
        whole.certificates = kept.compactMap(\.certificate).reduce(into: []) { all, pem in
            if !all.contains(pem) { all.append(pem) }
        }
        return whole
    }

    func nextDeliveryDue() throws -> Timestamp? {
        ledger.waiting.compactMap { ledger.deliveries[$0]?.value.body.nextAttempt }.min()
    }

    func moveDeliveries(by shift: Duration) throws {
        for id in ledger.waiting {
            guard var delivery = ledger.deliveries[id]?.value.body else { continue }
            delivery.nextAttempt = delivery.nextAttempt + shift
            delivery.failingSince = delivery.failingSince.map { $0 + shift }
            keep(delivery)
        }
    }

    func recipientStates(_ addressees: [CasePolicy.Addressee]) throws -> [RecipientState] {
        let all = Dictionary(grouping: ledger.deliveries.values.map(\.value.body), by: \.recipient)
        var states = all.map { name, deliveries in
            let owed = deliveries.filter { $0.state == .retrying || $0.state == .claimed }
            return RecipientState(
                name: name, channel: deliveries.map(\.channel).min { $0.rawValue < $1.rawValue } ?? .email,
                waiting: deliveries.count { ledger.waiting.contains($0.id) },
                delivered: deliveries.count { $0.state == .delivered },
                lastDelivered: deliveries.compactMap(\.deliveredAt).max(),
                failingSince: owed.compactMap(\.failingSince).min(),
                lastError: owed.filter { $0.lastError != nil }
                    .max { $0.failingSince ?? .distantPast < $1.failingSince ?? .distantPast }?.lastError)
        }
        states.removeAll { state in state.waiting == 0 && !addressees.contains { $0.name == state.name } }
        for addressee in addressees where !states.contains(where: { $0.name == addressee.name }) {
            states.append(RecipientState(name: addressee.name, channel: addressee.kind, waiting: 0, delivered: 0))
        }
        return states.sorted { $0.name < $1.name }
    }
}

extension Timestamp {
    fileprivate static let distantPast = Timestamp(milliseconds: .min)
}
