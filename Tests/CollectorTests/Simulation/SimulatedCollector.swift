import Reports

@testable import Collector

/// A collector: its ledger, and what its process knows beside it.
struct SimulatedCollector: Sendable {
    let name: String
    let policy: CasePolicy
    var ledger = MemoryLedger()
    var plan: OutboxPlan
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
        plan = SimulatedCollector.plan(policy, [])
    }

    static func plan(_ policy: CasePolicy, _ states: [RecipientState]) -> OutboxPlan {
        OutboxPlan(
            limits: OutboxPlan.Limits(), fallbacks: [:], resuming: states,
            configured: Set(policy.recipients.map(\.name)))
    }

    /// A new process on what is stored.
    mutating func restart() {
        life += 1
        isUp = true
        writesLeft = nil
        let states = try? ledger.transaction("reading the recipients' states") { [policy] in
            try $0.recipientStates(policy.recipients)
        }
        plan = SimulatedCollector.plan(policy, states ?? [])
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
        for fault in ticket.faults where fault.urgency == .order {
            orders[fault.provenance, default: []].insert(delivery.id)
        }
    }
}
