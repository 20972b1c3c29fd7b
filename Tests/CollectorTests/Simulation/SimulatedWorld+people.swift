import Reports
import TestSupport

@testable import Collector

/// What people do at collectors.
extension SimulatedWorld {
    func decide() throws {
        let collector = doors[random.below(doors.count)]
        guard collectors[collector].isUp, collectors[collector].record.standing.maySend else { return }
        switch random.below(6) {
        case 0, 1: try close(collector, .close)
        case 2, 3: try close(collector, .acknowledge)
        case 4: try sendAgain(collector)
        default: try tryNow(collector)
        }
        wakeWorker(collector, in: 1_000)
    }

    private func close(_ collector: Int, _ kind: CollectorAPI.Decision.Kind) throws {
        let (time, policy) = (time, collectors[collector].policy)
        let choice = random.below(1 << 20)
        let decided = try collectors[collector].ledger.transaction("deciding about a case") { transaction -> Case? in
            let open = try transaction.cases(CaseQuery())
            guard !open.isEmpty else { return nil }
            let decision = CaseDecision(kind: kind, by: "admin", because: "so decided", time: time)
            return try CaseRecorder(transaction: transaction, policy: policy, time: time)
                .decide(decision, on: open[choice % open.count])
        }
        guard let decided else { return }
        allowances[decided.host, default: 0] += 1
        trace.note(now, 60, collector) { "admin of \(label(collector)) does \(kind.rawValue) \(decided.number)" }
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
