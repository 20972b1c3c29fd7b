import Reports
import TestSupport

@testable import Collector

/// What people do at collectors.
extension SimulatedWorld {
    func decide() throws {
        let collector = doors[random.below(doors.count)]
        guard collectors[collector].isUp, collectors[collector].record.standing.maySend else { return }
        switch random.below(8) {
        case 0, 1: try decide(.close, at: collector)
        case 2, 3: try decide(.acknowledge, at: collector)
        case 4, 5: try decideAtBothEnds(collector)
        case 6: try sendAgain(collector)
        default: try tryNow(collector)
        }
        wakeWorker(collector, in: 1_000)
        try tellSigns(collector, after: nil)
    }

    private func decide(_ kind: CollectorAPI.Decision.Kind, at collector: Int) throws {
        let choice = random.below(1 << 20)
        try decide(kind, at: collector) { open in open.isEmpty ? nil : open[choice % open.count] }
    }

    /// - Parameter choose: among the open cases.
    private func decide(
        _ kind: CollectorAPI.Decision.Kind, at collector: Int, about choose: ([Case]) -> Case?
    ) throws {
        let (time, policy) = (time, collectors[collector].policy)
        let decided = try collectors[collector].ledger.transaction("deciding about a case") { transaction -> Case? in
            guard let found = choose(try transaction.cases(CaseQuery())) else { return nil }
            let decision = CaseDecision(kind: kind, by: "admin", because: "so decided", time: time)
            return try CaseRecorder(transaction: transaction, policy: policy, time: time).decide(decision, on: found)
        }
        guard let decided else { return }
        allowances[decided.host, default: 0] += 1
        if kind == .close { settled.formUnion(decided.members.map(\.fault.provenance)) }
        trace.note(now, 60, collector) { "admin of \(label(collector)) does \(kind.rawValue) \(decided.number)" }
    }

    /// Somebody at the site and somebody at the partner look after the same case at the same time, neither knowing of the other, and
    /// the line between the two may be cut.
    private func decideAtBothEnds(_ collector: Int) throws {
        let (partner, choice) = (doors[partner], random.below(1 << 20))
        guard collectors[partner].isUp, collectors[partner].record.standing.maySend else { return }
        let relayed = collectors[partner].ledger.cases.values.map(\.value.body)
            .filter { !$0.isClosed && $0.sender != nil }.sorted { $0.number < $1.number }
        guard !relayed.isEmpty else { return }
        let theirs = relayed[choice % relayed.count]
        guard let site = collectors.firstIndex(where: { $0.name == theirs.sender }) else { return }
        let ours = doors[collectors[site].site]
        if random.below(2) == 0 { cuts[.site(collectors[ours].site)] = now + 60_000 + Int64(random.below(7_200_000)) }
        let kinds: [CollectorAPI.Decision.Kind] = [.acknowledge, .close]
        try decide(kinds[random.below(2)], at: partner) { $0.first { $0.number == theirs.number } }
        wakeWorker(partner, in: 1_000)
        guard collectors[ours].isUp, collectors[ours].record.standing.maySend else { return }
        try decide(kinds[random.below(2)], at: ours) { $0.first { $0.number == theirs.relayed?.number } }
        wakeWorker(ours, in: 1_000)
        try tellSigns(ours, after: nil)
    }

    private func sendAgain(_ collector: Int) throws {
        let (time, policy) = (time, collectors[collector].policy)
        let choice = random.below(1 << 20)
        let sent = try collectors[collector].ledger.transaction("sending again") { transaction -> String? in
            let open = try transaction.cases(CaseQuery()).filter { $0.revision > 0 }
            guard !open.isEmpty else { return nil }
            return try OutboxRecorder(transaction: transaction, policy: policy, time: time)
                .resend(open[choice % open.count].number, to: nil, by: "admin", because: "so decided").number
        }
        trace.note(now, 61, collector) { "admin of \(label(collector)) sends \(sent ?? "nothing") again" }
    }

    private func tryNow(_ collector: Int) throws {
        let (time, policy) = (time, collectors[collector].policy)
        let name = policy.recipients[random.below(policy.recipients.count)].name
        _ = try collectors[collector].ledger.transaction("trying now") {
            try OutboxRecorder(transaction: $0, policy: policy, time: time).tryNow(name)
        }
        collectors[collector].askedToWait[name] = nil
        trace.note(now, 62, collector) { "admin of \(label(collector)) has \(name) tried" }
    }
}
