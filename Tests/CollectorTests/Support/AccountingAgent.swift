import Reports

@testable import Collector

/// An agent that keeps account of the faults that stand, as an agent of today does. A value: a copy is a backup of its spool.
struct AccountingAgent {
    var agent: SigningAgent
    private(set) var account: [FaultID: FaultStatement.Standing] = [:]
    private(set) var stamp: Int64 = 0

    init(_ agent: SigningAgent) { self.agent = agent }

    /// One report of these changes.
    mutating func faults(_ changes: FaultChange...) throws -> VerifiedReport { try faults(changes) }

    mutating func faults(_ changes: [FaultChange]) throws -> VerifiedReport {
        let stamped = account.take(changes, after: &stamp)
        return try signed(.faults(stamped), .faults)
    }

    mutating func heartbeat(_ coverage: [Heartbeat.Coverage] = []) throws -> VerifiedReport {
        try signed(
            .heartbeat(
                Heartbeat(interval: 60, coverage: coverage, patternPack: "p", openFaults: account.count)), .telemetry)
    }

    /// All that stands, in parts of at most `size`.
    mutating func statement(answering question: String?, size: Int = 256) throws -> [VerifiedReport] {
        let all = account.values.sorted { $0.stamp < $1.stamp }
        let starts = all.isEmpty ? [0] : Array(stride(from: 0, to: all.count, by: size))
        return try starts.enumerated().map { index, start in
            let faults = Array(all[start..<min(start + size, all.count)])
            return try signed(
                .statement(FaultStatement(answers: question, part: index + 1, of: starts.count, faults: faults)),
                .faults)
        }
    }

    /// As after a receipt of a newer epoch, or an enrolment.
    mutating func begin(epoch: Int64, knownStamp: Int64? = nil) throws -> [VerifiedReport] {
        stamp = max(stamp, knownStamp ?? 0)
        agent.epoch = epoch
        agent.next = [:]
        return account.isEmpty ? [] : try statement(answering: nil)
    }

    /// The memory is lost: nothing is known to stand.
    mutating func forget() { account = [:] }

    private mutating func signed(_ content: ReportContent, _ stream: ReportStream) throws -> VerifiedReport {
        var report = agent.report(content, stream)
        report.standing = StandingFaults(
            epoch: agent.epoch, through: agent.next[.faults, default: 0], stamps: account.mapValues(\.stamp))
        return try agent.verified(report)
    }
}
