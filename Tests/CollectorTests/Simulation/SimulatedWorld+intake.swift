import Reports
import TestSupport

@testable import Collector
@testable import SensorAgent

/// What collectors do with what servers say, and with their silence.
extension SimulatedWorld {
    // MARK: Intake

    func take(_ request: Request) throws {
        let site = door(for: request.agent)
        guard collectors[site].isUp else { return }
        let id = try verifyingKey(request.key).id
        let key = try collectors[site].ledger.transaction("reading a key") { try $0.agentKey(id: id) }
        if rules.hold(.keysAreChecked) || key == nil {
            guard let key else { return answer(request, .problem(status: 401, nil, retryAfter: nil)) }
            guard key.revokedAt == nil else { return answer(request, .problem(status: 403, nil, retryAfter: nil)) }
        }
        try show(request.shown, to: site)
        guard collectors[site].record.standing.takesReports else {
            return answer(request, .problem(status: 409, nil, retryAfter: nil))
        }
        let before = mirror(of: request.host, at: site)
        let reports = try doctored(request, at: site).map { try verified($0, of: request, by: key?.key) }
        let batch = VerifiedBatch(host: request.host, reports: reports)
        let (time, policy) = (time, collectors[site].policy)
        let taken = try write(site, "storing reports") {
            try ReportRecorder(transaction: $0, policy: policy, time: time).accept(batch)
        }
        checkTaken(site)
        checkAlways(site, batch, before)
        guard var receipt = taken else { return }
        trace.note(now, 12, request.agent, Int(receipt.epoch), Int(receipt.through(.faults)), batch.reports.count) {
            "\(label(site)) takes \(batch.reports.map { "\($0.position.epoch).\($0.position.sequence)" }) "
                + "\(request.stream.rawValue) of \(request.host): \(receipt.epoch).\(receipt.through(.faults))"
                + (receipt.restate == nil ? "" : ", and asks")
        }
        if receipt.restate != nil {
            collectors[site].exchanges += 1
            checkAsked(request.agent)
        }
        for report in request.reports {
            if case .statement = report.content { collectors[site].exchanges += 1 }
        }
        if !rules.hold(.differenceIsAskedAbout) { receipt.restate = nil }
        answer(request, .receipt(try signed(receipt, as: .receipt, by: collectors[site].name)))
        wakeWorker(site, in: 1_000)
    }

    private func answer(_ request: Request, _ answer: UplinkStateMachine.Answer) {
        send(
            .answer(agent: request.agent, life: request.life, request: request.number, answer),
            over: .agent(request.agent))
    }

    func mirror(of host: HostID, at site: Int) -> [FaultID: MirroredFault] {
        (collectors[site].ledger.mirror[host] ?? [:]).mapValues(\.value)
    }

    // MARK: Silence

    func watch(_ collector: Int) throws {
        guard !collectors[collector].isOff else { return }
        queue.add(.watch(collector: collector), at: now + SimulatedWorld.hour)
        guard collectors[collector].isUp, collectors[collector].record.standing.maySend else { return }
        let (time, policy) = (time, collectors[collector].policy)
        let fell = try write(collector, "recording silence") { transaction in
            var monitor =
                try transaction.setting("silence", as: LivenessMonitor.self) ?? LivenessMonitor(startingAt: time)
            let recorder = SilenceRecorder(transaction: transaction, policy: policy, time: time)
            monitor.tick(at: time, grace: .seconds(2 * 3600))
            let silent = monitor.findings(among: try recorder.subjects(), grace: .seconds(60))
            try recorder.record(monitor, silent: silent)
            return silent.count
        }
        guard let fell, fell > 0 else { return }
        trace.note(now, 30, collector, fell) { "\(label(collector)) misses \(fell)" }
        wakeWorker(collector, in: 1_000)
    }
}
