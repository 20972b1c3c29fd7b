import Reports

@testable import Collector

/// Somebody who is told of cases, whom nobody can restore: mailboxes under one name, or a desk behind a webhook.
struct SimulatedReceiver: Sendable {
    /// What one address holds of a case.
    struct View: Hashable, Sendable, CustomStringConvertible {
        var order: TicketOrder
        var isClosed: Bool
        var urgency: Urgency

        var description: String {
            "\(isClosed ? "closed" : urgency.rawValue) \(order.revision) of \(order.epoch.term).\(order.epoch.start)"
        }
    }

    struct Inbox: Sendable {
        var views: [String: View] = [:]
        /// When the newest message of each number was begun.
        var begun: [String: Timestamp] = [:]
        /// Ids of messages that have come.
        var seen: Set<String> = []
    }

    /// How it answers for a while.
    enum Mood: Hashable, Sendable {
        /// It takes nothing, and asks to be left alone for a while.
        case away
        /// It will not take messages about some of the cases.
        case refusing
        /// The address does not exist at the moment.
        case lacking(String)
    }

    private(set) var inboxes: [String: Inbox]
    /// Ids of orders of each failure of a part.
    private(set) var orders: [String: Set<String>] = [:]
    private var mood: Mood?
    private var moodEnds = Timestamp(seconds: 0)

    init(addresses: [String]) {
        inboxes = Dictionary(uniqueKeysWithValues: addresses.map { ($0, Inbox()) })
    }

    var addresses: [String] { inboxes.keys.sorted() }

    mutating func fall(into mood: Mood, until time: Timestamp) { (self.mood, moodEnds) = (mood, time) }

    mutating func recover() { mood = nil }

    /// - Returns: what it answers.
    mutating func take(_ delivery: Delivery, at time: Timestamp) -> DeliveryAnswer {
        var missing: String?
        if let mood, time < moodEnds {
            switch mood {
            case .away: return .failed(after: .seconds(1800), because: "it is away for half an hour")
            case .refusing:
                // Some of them only: by their numbers, so that a message is refused as long as the mood lasts.
                if (delivery.caseNumber.utf8.last ?? 0) % 2 == 0 {
                    return .refused(because: "it takes no such message")
                }
            case .lacking(let address): missing = address
            }
        }
        let wanted = addresses.filter { !delivery.reached.contains($0) }
        let reached = wanted.filter { $0 != missing }
        let isKnown = isKnown(delivery)
        var isNew = false
        for address in reached { isNew = put(delivery, into: address) || isNew }
        if isNew, !isKnown { noteOrder(delivery) }
        if reached.count < wanted.count {
            return reached.isEmpty && delivery.reached.isEmpty
                ? .failed(after: nil, because: "no address took it")
                : .partly(reached: reached, because: "an address did not take it")
        }
        return .taken(TicketReference(text: "took it"))
    }

    /// It says that it may be known, or it comes late: under the number of a case that is known it is no second order.
    private func isKnown(_ delivery: Delivery) -> Bool {
        inboxes.values.contains { inbox in
            if inbox.seen.contains(delivery.id) { return true }
            guard let known = inbox.views[delivery.ticket.number] else { return false }
            // Of one order, what was begun before the message that is here was overtaken by it on its way.
            let isOvertaken = inbox.begun[delivery.ticket.number].map { delivery.createdAt < $0 } ?? false
            return delivery.ticket.repeated == true || known.order > delivery.order || isOvertaken
        }
    }

    /// - Returns: whether the message is new there.
    private mutating func put(_ delivery: Delivery, into address: String) -> Bool {
        guard var inbox = inboxes[address], inbox.seen.insert(delivery.id).inserted else { return false }
        let ticket = delivery.ticket
        inbox.begun[ticket.number] = max(inbox.begun[ticket.number] ?? delivery.createdAt, delivery.createdAt)
        if inbox.views[ticket.number].map({ $0.order <= delivery.order }) ?? true {
            inbox.views[ticket.number] = View(
                order: delivery.order, isClosed: ticket.event == .closed, urgency: ticket.urgency)
        }
        inboxes[address] = inbox
        return true
    }

    private mutating func noteOrder(_ delivery: Delivery) {
        let ticket = delivery.ticket
        guard ticket.event == .opened, ticket.urgency == .order else { return }
        for fault in ticket.faults where fault.urgency == .order {
            orders[fault.provenance, default: []].insert(delivery.id)
        }
    }
}
