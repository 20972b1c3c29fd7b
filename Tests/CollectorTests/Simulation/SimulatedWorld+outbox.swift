import Reports

@testable import Collector

/// How recipients are told: what `OutboxService` does, with the real recorder.
extension SimulatedWorld {
    func wakeWorker(_ collector: Int, in milliseconds: Int64) {
        collectors[collector].wake += 1
        queue.add(.work(collector: collector, wake: collectors[collector].wake), at: now + milliseconds)
    }

    func work(_ collector: Int) throws {
        guard collectors[collector].isUp, collectors[collector].record.standing.maySend else { return }
        let (time, policy) = (time, collectors[collector].policy)
        var count = messages
        let begun = try write(collector, "choosing messages") { transaction in
            try OutboxRecorder(transaction: transaction, policy: policy, time: time).begin {
                count += 1
                return "m\(count)"
            }
        }
        messages = count
        guard let begun else { return }
        for delivery in begun where collectors[collector].isUp { dispatch(delivery, collector) }
        guard collectors[collector].isUp else { return }
        endFallbacks(collector)
        guard let next = nextTurn(of: collector) else { return }
        wakeWorker(collector, in: max(500, (next - time).inMilliseconds))
    }

    /// When something is due that is not now. What is due now waits for the answer to what is under way.
    private func nextTurn(of collector: Int) -> Timestamp? {
        let ledger = collectors[collector].ledger
        var next: Timestamp?
        for (name, numbers) in ledger.owed {
            let hold = ledger.recipients[name]?.holdUntil
            for number in numbers {
                guard let row = ledger.told[number]?[name]?.value else { continue }
                let moment = max(row.next, row.claimedUntil ?? row.next, hold ?? row.next)
                if moment > time { next = min(next ?? moment, moment) }
            }
        }
        return next
    }

    func link(of delivery: Delivery, from collector: Int) -> Link {
        let site = collectors[collector].site
        return delivery.recipient == "partner" ? .site(site) : .recipient(site, delivery.recipient)
    }

    private func dispatch(_ delivery: Delivery, _ collector: Int) {
        collectors[collector].exchanges += 1
        trace.note(now, 20, collector, delivery.ticket.revision) {
            "\(label(collector)) sends \(delivery.recipient) \(delivery.ticket.number) "
                + "\(delivery.ticket.event.rawValue) \(delivery.ticket.revision) (\(delivery.id))"
        }
        checkSent(delivery, by: collector)
        var delivery = delivery
        if !rules.hold(.sameIdAgain), delivery.attempts > 0 { delivery.id += "+\(delivery.attempts)" }
        let life = collectors[collector].life
        collectors[collector].attempts.insert(attempt(delivery))
        send(.deliver(collector: collector, life: life, delivery), over: link(of: delivery, from: collector))
        queue.add(
            .outcome(
                collector: collector, life: life, delivery, .failed(after: nil, because: "no answer within 60 s")),
            at: now + 60_000)
        repeatOlder(than: delivery, collector)
        if collectors[collector].diesOfSending { crash(collector) } else { step(collector) }
    }

    private func attempt(_ delivery: Delivery) -> String { "\(bareID(delivery)) \(delivery.attempts)" }

    private func bareID(_ delivery: Delivery) -> String {
        delivery.id.split(separator: "+").first.map(String.init) ?? delivery.id
    }

    /// At the other end.
    func arrive(_ delivery: Delivery, from collector: Int, _ life: Int) throws {
        checkNumber(delivery.ticket)
        let answer: DeliveryAnswer
        if delivery.recipient == "partner" {
            guard let answered = try takeTicket(delivery, from: collector) else { return }
            answer = answered
        } else {
            let site = collectors[collector].site
            checkReached(delivery, from: collector)
            guard let answered = receivers[site][delivery.recipient]?.take(delivery, at: time) else { return }
            checkOrders(site, delivery.recipient)
            answer = answered
        }
        send(
            .outcome(collector: collector, life: life, delivery, answer), over: link(of: delivery, from: collector))
    }

    private func takeTicket(_ delivery: Delivery, from collector: Int) throws -> DeliveryAnswer? {
        let partner = doors[partner]
        guard collectors[partner].isUp else { return nil }
        let ticket = try verified(delivery, from: collectors[collector].name)
        if !rules.hold(.olderIsNoNews) { try forgetRevision(of: ticket) }
        let (time, policy) = (time, collectors[partner].policy)
        let acceptance = try write(partner, "storing a ticket") {
            try RelayRecorder(transaction: $0, policy: policy, time: time).accept(ticket)
        }
        guard let acceptance else { return nil }
        trace.note(now, 21, collector, delivery.ticket.revision) {
            "partner takes \(delivery.ticket.number) \(delivery.ticket.revision) of \(label(collector))"
        }
        checkPartner(collector, delivery.ticket)
        wakeWorker(partner, in: 1_000)
        return .taken(TicketReference(text: acceptance.reference))
    }

    func record(_ answer: DeliveryAnswer, to delivery: Delivery, _ collector: Int) throws {
        // Of the two, the answer and the end of waiting for it, the first one counts.
        guard collectors[collector].attempts.remove(attempt(delivery)) != nil else { return }
        var delivery = delivery
        delivery.id = bareID(delivery)
        let (time, policy) = (time, collectors[collector].policy)
        let noted: Void? = try write(collector, "recording a delivery") {
            try OutboxRecorder(transaction: $0, policy: policy, time: time).record(answer, to: delivery, jitter: 0.5)
        }
        noteAnswer(answer, of: delivery, collector)
        distort(answer, to: delivery, collector)
        if noted != nil { wakeWorker(collector, in: 500) }
    }

    /// What it means for those who asked to be left alone: another message of theirs that gets through ends it.
    private func noteAnswer(_ answer: DeliveryAnswer, of delivery: Delivery, _ collector: Int) {
        switch answer {
        case .failed(let after?, _):
            let until = time + after
            let known = collectors[collector].askedToWait[delivery.recipient]
            collectors[collector].askedToWait[delivery.recipient] = max(known ?? until, until)
        case .failed(nil, _): break
        case .partly(let addresses, _, _):
            for address in addresses { reached["\(delivery.id) \(address)"] = delivery.attempts }
            collectors[collector].askedToWait[delivery.recipient] = nil
        case .taken, .refused: collectors[collector].askedToWait[delivery.recipient] = nil
        }
    }
}
