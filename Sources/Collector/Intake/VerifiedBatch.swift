import FoundationEssentials
import Reports

/// Reports of one agent, in the order in which they came, whose signatures were checked.
struct VerifiedBatch: Sendable {
    var host: HostID
    var reports: [VerifiedReport]
    /// What the agent is told of, where it does not trust it alone yet or needs a certificate; nil: it is told nothing.
    var root: ShownRoot?

    /// Whether storing it takes long enough for others to notice.
    var isHeavy: Bool { reports.reduce(0) { $0 + $1.work } > ReportLimits.heavyWork }
}

/// One report whose signature was checked.
struct VerifiedReport: Sendable {
    var position: ReportPosition
    /// As it was signed; kept for relaying.
    var envelope: Envelope
    /// PEM of the agent that signed it.
    var certificate: String
    var content: Content

    enum Content: Sendable {
        case report(Report)
        /// Validly signed, and wrong: it is refused for good, with the reason.
        case malformed(because: String)
    }
}

extension VerifiedReport {
    /// What storing it costs beside its bytes, in changes of one case: each rewrites a case, and an inventory is compared
    /// with all that are open.
    var work: Int {
        guard case .report(let report) = content else { return 0 }
        switch report.content {
        case .faults(let changes): return changes.count
        case .statement(let statement): return statement.faults.count
        case .test: return 1
        case .inventory(let inventory):
            return (inventory.components.count + (inventory.failureModes?.count ?? 0)) / 100
        case .heartbeat, .samples, .declaration, .dropped, .unknown: return 0
        }
    }
}
