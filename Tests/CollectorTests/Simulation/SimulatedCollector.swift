import Reports

@testable import Collector

/// A collector: its ledger, and what its process knows beside it.
struct SimulatedCollector: Sendable {
    let name: String
    let policy: CasePolicy
    var ledger = MemoryLedger()
    /// Counts starts: what was under way in an earlier life never ends.
    var life = 0
    var isUp = true
    /// The newest plan to look into the outbox.
    var wake = 0
    var backups: [MemoryLedger] = []
    var restores = 0
    /// After so many more writes it dies at once; nil: it does not.
    var writesLeft: Int?
    /// Questions and statements that were sent and taken, and messages that were sent, over all lives.
    var exchanges = 0

    init(name: String, policy: CasePolicy, identity: StoreIdentity) {
        self.name = name
        self.policy = policy
        ledger.identity = identity
    }

    /// A new process on what is stored.
    mutating func restart(at time: Timestamp) {
        life += 1
        isUp = true
        writesLeft = nil
        // It cannot fail: nothing of a ledger in memory is unreadable.
        try? ledger.transaction("looking at the recipients") { [policy] in
            try OutboxRecorder(transaction: $0, policy: policy, time: time).resume([:])
        }
    }
}

/// What a recipient has been told: a mailbox that nobody can restore.
struct SimulatedMailbox: Sendable {
    struct View: Hashable, Sendable {
        var revision: Int
        var isClosed: Bool
    }

    var views: [String: View] = [:]
    /// Ids of messages that have come.
    var seen: Set<String> = []
    /// Ids of orders of each failure of a part.
    var orders: [String: Set<String>] = [:]

    mutating func take(_ delivery: Delivery) {
        guard seen.insert(delivery.id).inserted else { return }
        let ticket = delivery.ticket
        let known = views[ticket.number]
        if (known?.revision ?? 0) <= ticket.revision {
            views[ticket.number] = View(revision: ticket.revision, isClosed: ticket.event == .closed)
        }
        guard ticket.event == .opened, ticket.urgency == .order else { return }
        // It says that it may be known: under the number of a case that was ordered for, it is no second order.
        if ticket.repeated == true, known != nil { return }
        // What comes late is older than what it has.
        if let known, known.revision > ticket.revision { return }
        for fault in ticket.faults where fault.urgency == .order {
            orders[fault.provenance, default: []].insert(delivery.id)
        }
    }
}
