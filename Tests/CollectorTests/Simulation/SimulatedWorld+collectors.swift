import FoundationEssentials
import Reports
import TestSupport

@testable import Collector
@testable import SensorAgent

/// What collectors do: taking reports, telling recipients, watching for silence.
extension SimulatedWorld {
    // MARK: Writing

    /// One transaction, after which the process may die.
    /// - Returns: nil where it died of it.
    private func write<Value>(
        _ collector: Int, _ doing: String, _ body: (any StoreTransaction) throws -> Value
    ) throws(StoreError) -> Value? {
        let value = try collectors[collector].ledger.transaction(doing, body)
        if let left = collectors[collector].writesLeft {
            collectors[collector].writesLeft = left - 1
            if left <= 1 {
                crash(collector)
                return nil
            }
        }
        return value
    }

    func crash(_ collector: Int) {
        guard collectors[collector].isUp else { return }
        trace.note(now, 10, collector) { "\(collectors[collector].name) dies" }
        collectors[collector].isUp = false
        collectors[collector].life += 1
        collectors[collector].writesLeft = nil
        queue.add(.startCollector(collector), at: now + 10_000 + Int64(random.below(1_200_000)))
    }

    func startCollector(_ collector: Int) {
        guard !collectors[collector].isUp else { return }
        trace.note(now, 11, collector) { "\(collectors[collector].name) starts" }
        collectors[collector].restart(at: time)
        wakeWorker(collector, in: 1_000)
    }

    // MARK: Intake

    func take(_ request: Request) throws {
        let site = agents[request.agent].site
        guard collectors[site].isUp else { return }
        let id = try verifyingKey(request.key).id
        let key = try collectors[site].ledger.transaction("reading a key") { try $0.agentKey(id: id) }
        if rules.hold(.keysAreChecked) || key == nil {
            guard let key else { return answer(request, .problem(status: 401, nil, retryAfter: nil)) }
            guard key.revokedAt == nil else { return answer(request, .problem(status: 403, nil, retryAfter: nil)) }
        }
        let reports = try doctored(request, at: site).map { waiting in
            let position = ReportPosition(
                epoch: request.epoch, stream: request.stream, first: waiting.first, sequence: waiting.sequence)
            let report = Report(
                host: request.host, hostname: "srv-\(request.host)", position: position, time: waiting.time,
                boot: "b", uptime: 0, agentVersion: "1", content: waiting.content, standing: waiting.standing)
            return VerifiedReport(
                position: position, envelope: SimulatedWorld.envelope, certificate: "PEM", content: .report(report))
        }
        let batch = VerifiedBatch(host: request.host, reports: reports)
        let before = mirror(of: request.host, at: site)
        let (time, policy) = (time, collectors[site].policy)
        let taken = try write(site, "storing reports") {
            try ReportRecorder(transaction: $0, policy: policy, time: time).accept(batch)
        }
        checkAlways(site, request.host, before)
        guard var receipt = taken else { return }
        trace.note(now, 12, request.agent, Int(receipt.epoch), Int(receipt.through(.faults)), reports.count) {
            "\(collectors[site].name) takes \(reports.map { "\($0.position.epoch).\($0.position.sequence)" }) "
                + "\(request.stream.rawValue) of \(request.host): \(receipt.epoch).\(receipt.through(.faults))"
                + (receipt.restate == nil ? "" : ", and asks")
        }
        if receipt.restate != nil { collectors[site].exchanges += 1 }
        for report in request.reports {
            if case .statement = report.content { collectors[site].exchanges += 1 }
        }
        if !rules.hold(.differenceIsAskedAbout) { receipt.restate = nil }
        answer(request, .receipt(receipt))
        wakeWorker(site, in: 1_000)
    }

    private func answer(_ request: Request, _ answer: UplinkStateMachine.Answer) {
        send(
            .answer(agent: request.agent, life: request.life, request: request.number, answer),
            over: .agent(request.agent))
    }

    /// What stands in for a signed line.
    private static let envelope = Envelope(
        payload: Data(), payloadType: PayloadType.report.rawValue,
        signatures: [Envelope.Signature(keyid: "", sig: Data(repeating: 0, count: 16))])

    func mirror(of host: HostID, at site: Int) -> [FaultID: MirroredFault] {
        (collectors[site].ledger.mirror[host] ?? [:]).mapValues(\.value)
    }

    // MARK: The outbox

    func wakeWorker(_ collector: Int, in milliseconds: Int64) {
        collectors[collector].wake += 1
        queue.add(.work(collector: collector, wake: collectors[collector].wake), at: now + milliseconds)
    }

    func work(_ collector: Int) throws {
        guard collectors[collector].isUp else { return }
        let (time, policy) = (time, collectors[collector].policy)
        var count = messagesBegun
        let begun = try write(collector, "choosing messages") { transaction in
            try OutboxRecorder(transaction: transaction, policy: policy, time: time).begin {
                count += 1
                return "m\(count)"
            }
        }
        messagesBegun = count
        guard let begun else { return }
        for delivery in begun { try dispatch(delivery, collector) }
        guard let next = nextTurn(of: collector) else { return }
        wakeWorker(collector, in: max(500, (next - time).inMilliseconds))
    }

    /// When something is due that is not now. What is due now waits for the answer to what is under way.
    private func nextTurn(of collector: Int) -> Timestamp? {
        let ledger = collectors[collector].ledger
        return ledger.owed.flatMap { name, numbers in
            numbers.compactMap { number in
                guard let row = ledger.told[number]?[name]?.value else { return nil }
                let moments = [row.next, row.claimedUntil, ledger.recipients[name]?.holdUntil].compactMap(\.self)
                return moments.max()
            }
        }.filter { $0 > time }.min()
    }

    private func dispatch(_ delivery: Delivery, _ collector: Int) throws {
        collectors[collector].exchanges += 1
        trace.note(now, 20, collector, delivery.ticket.revision) {
            "\(collectors[collector].name) sends \(delivery.recipient) \(delivery.ticket.number) "
                + "\(delivery.ticket.event.rawValue) \(delivery.ticket.revision)"
        }
        checkSent(delivery, by: collector)
        var delivery = delivery
        if !rules.hold(.sameIdAgain), delivery.attempts > 0 { delivery.id += "+\(delivery.attempts)" }
        let link: Link = delivery.recipient == "partner" ? .site(collector) : .mailbox(collector)
        let life = collectors[collector].life
        send(.deliver(collector: collector, life: life, delivery), over: link)
        queue.add(
            .outcome(
                collector: collector, life: life, delivery,
                .failure(.retry(after: nil, because: "no answer within 60 s"))), at: now + 60_000)
    }

    /// At the other end.
    func arrive(_ delivery: Delivery, from collector: Int, _ life: Int) throws {
        var reference = "took it"
        if delivery.recipient == "partner" {
            guard collectors[partner].isUp else { return }
            let ticket = VerifiedTicket(
                id: delivery.id, sender: collectors[collector].name, ticket: delivery.ticket, reports: [],
                certificates: [])
            if !rules.hold(.olderIsNoNews) { try forgetRevision(of: ticket) }
            let (time, policy) = (time, collectors[partner].policy)
            let acceptance = try write(partner, "storing a ticket") {
                try RelayRecorder(transaction: $0, policy: policy, time: time).accept(ticket)
            }
            guard let acceptance else { return }
            reference = acceptance.reference
            trace.note(now, 21, collector, delivery.ticket.revision) {
                "partner takes \(delivery.ticket.number) \(delivery.ticket.revision) of \(collectors[collector].name)"
            }
            checkPartner(collector, delivery.ticket)
            wakeWorker(partner, in: 1_000)
        } else {
            mailboxes[collector].take(delivery)
            checkOrders(collector)
        }
        let link: Link = delivery.recipient == "partner" ? .site(collector) : .mailbox(collector)
        send(
            .outcome(collector: collector, life: life, delivery, .success(TicketReference(text: reference))), over: link
        )
    }

    func record(_ result: Result<TicketReference, ChannelError>, of delivery: Delivery, _ collector: Int) throws {
        var delivery = delivery
        delivery.id = delivery.id.split(separator: "+").first.map(String.init) ?? delivery.id
        let row = collectors[collector].ledger.told[delivery.caseNumber]?[delivery.recipient]?.value
        // The other of the two, the answer or the end of waiting for it, came first.
        guard let row, row.claimedUntil != nil, row.trying?.id == delivery.id,
            row.trying?.attempts == delivery.attempts
        else { return }
        let answer: DeliveryAnswer
        switch result {
        case .success(let reference): answer = .taken(reference)
        case .failure(let error):
            answer = DeliveryAnswer(error)
            if !rules.hold(.unknownIsOwed) {
                _ = try write(collector, "giving up") { transaction in
                    var given = row
                    given.settle()
                    try transaction.save(given)
                }
                return wakeWorker(collector, in: 500)
            }
        }
        let (time, policy) = (time, collectors[collector].policy)
        let noted: Void? = try write(collector, "recording a delivery") {
            try OutboxRecorder(transaction: $0, policy: policy, time: time).record(answer, to: delivery, jitter: 0.5)
        }
        guard noted != nil else { return }
        wakeWorker(collector, in: 500)
    }

    // MARK: Silence

    func watch(_ collector: Int) throws {
        queue.add(.watch(collector: collector), at: now + SimulatedWorld.hour)
        guard collectors[collector].isUp else { return }
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
        trace.note(now, 30, collector, fell) { "\(collectors[collector].name) misses \(fell)" }
        wakeWorker(collector, in: 1_000)
    }
}
