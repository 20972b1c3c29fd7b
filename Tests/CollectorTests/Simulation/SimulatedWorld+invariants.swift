import Reports

@testable import Collector
@testable import SensorAgent

/// What must hold, always or at rest.
extension SimulatedWorld {
    // MARK: Always

    /// (c), (d): after each transaction of the intake.
    func checkAlways(_ site: Int, _ batch: VerifiedBatch, _ before: [FaultID: MirroredFault]) {
        let (ledger, host) = (collectors[site].ledger, batch.host)
        var subjects: Set<String> = []
        for number in ledger.casesOfHost[host] ?? [] {
            guard let row = ledger.cases[number]?.value, !row.body.isClosed else { continue }
            if !subjects.insert(row.subject).inserted {
                fail("c", "\(host) has two open cases about \(row.subject), one is \(number).")
            }
        }
        guard !isCloned(host) else { return }
        for (fault, row) in mirror(of: host, at: site) where row.state == .cleared {
            guard let old = before[fault], old.state == .standing || old.state == .unconfirmed else { continue }
            let epoch = ledger.servers[host]?.value.positions.epoch ?? 0
            if old.epoch < epoch, row.because.contains("states that"), !names(batch, fault) {
                fail(
                    "d",
                    "\(fault) of \(host) was told in epoch \(old.epoch), and a statement of epoch \(epoch) ended it: "
                        + row.because)
            }
            // Only what is over may be taken for over: by the server itself, whoever says so.
            guard let server = hardware.firstIndex(where: { $0.host == host }),
                let condition = hardware[server].standing[fault], condition.isLevel,
                agents[server].spool.account[fault] != nil,
                row.because.contains("states that") || row.because.contains("in place of")
                    || row.because.contains("days")
            else { continue }
            fail("d", "\(fault) of \(host) was counted as over, and it stands: \(row.because)")
        }
    }

    /// Whether a batch raises the fault, or states it.
    private func names(_ batch: VerifiedBatch, _ fault: FaultID) -> Bool {
        batch.reports.contains { verified in
            guard case .report(let report) = verified.content else { return false }
            return switch report.content {
            case .faults(let changes): changes.contains { $0.fault.id == fault }
            case .statement(let statement): statement.faults.contains { $0.fault.id == fault }
            default: false
            }
        }
    }

    /// Whose spool and whose site's store go on as they were.
    private func isUndisturbed(_ agent: Int) -> Bool {
        !disturbed.contains(agents[agent].host)
            && collectors.allSatisfy { $0.site != agents[agent].site || $0.restores == 0 }
    }

    /// Whatever the network and crashes do: what was not confirmed is sent again.
    func checkLoss(_ agent: Int) {
        guard isUndisturbed(agent) else { return }
        fail("l", "\(agents[agent].host) declares reports lost, and nothing was put back.")
    }

    /// Whatever the network and crashes do: of one moment both have the same account.
    func checkAsked(_ agent: Int) {
        guard isUndisturbed(agent) else { return }
        fail("u", "\(agents[agent].host) is asked what stands, and nothing was put back.")
    }

    // MARK: Always: what is told

    /// (a): what is sent is never older than what was sent before, nor than what the receiver has; who asked to be left alone is;
    /// who may not send does not.
    func checkSent(_ delivery: Delivery, by collector: Int) {
        let (name, ticket) = (label(collector), delivery.ticket)
        if collectors[collector].isCopy { fail("s", "\(name) is a copy that nobody let go on, and sends.") }
        checkTaken(collector)
        let key = "\(collector) \(delivery.recipient) \(ticket.number)"
        if let before = sentOrders[key], delivery.order < before {
            fail("a", "\(name) sent \(delivery.recipient) \(delivery.order) of \(ticket.number) after \(before).")
        }
        sentOrders[key] = max(sentOrders[key] ?? delivery.order, delivery.order)
        if !collectors[collector].isOvertaken, let receiver = receivers[collectors[collector].site][delivery.recipient]
        {
            for address in receiver.addresses {
                guard let view = receiver.inboxes[address]?.views[ticket.number], view.order > delivery.order else {
                    continue
                }
                fail("a", "\(name) sent \(address) \(delivery.order) of \(ticket.number), which has \(view.order).")
            }
        }
        if let until = collectors[collector].askedToWait[delivery.recipient], time < until {
            fail(
                "p", "\(name) sends \(delivery.recipient) \(delivery.id), which asked to be left alone until \(until).")
        }
    }

    /// Of a store that was shown a later epoch nothing comes any more.
    func checkTaken(_ collector: Int) {
        guard collectors[collector].shown > collectors[collector].record.epoch else { return }
        fail("s", "\(label(collector)) was shown a later epoch, and goes on.")
    }

    /// (b): one number, one problem.
    func checkNumber(_ ticket: Ticket) {
        let problem = "\(ticket.server.host) \(ticket.problem ?? "")"
        if let known = problemOfNumber[ticket.number], known != problem {
            fail("b", "\(ticket.number) was told of \(known), and is told of \(problem).")
        }
        problemOfNumber[ticket.number] = problem
    }

    /// Whom an attempt reached, by its noted answer, does not get the same message again.
    func checkReached(_ delivery: Delivery, from collector: Int) {
        for address in receivers[collectors[collector].site][delivery.recipient]?.addresses ?? [] {
            // Copies of the attempt itself, and of those before it, may still be on their way.
            guard !delivery.reached.contains(address), let attempt = reached["\(delivery.id) \(address)"],
                delivery.attempts > attempt
            else { continue }
            fail("q", "\(address) has \(delivery.id), and gets it again.")
        }
    }

    /// (a): a partner holds no older ticket than one that it took.
    func checkPartner(_ collector: Int, _ ticket: Ticket) {
        let partner = doors[partner]
        let name = "taken \(collectors[partner].restores) \(collectors[collector].name) \(ticket.number)"
        guard let held = relayed(of: collectors[collector].name, ticket.number)?.relayed.map(order) else { return }
        if let before = sentOrders[name], held < before {
            fail("a", "the partner took \(held) of \(ticket.number) after \(before).")
        }
        sentOrders[name] = max(sentOrders[name] ?? held, held)
    }

    private func order(_ ticket: Ticket) -> TicketOrder {
        TicketOrder(epoch: ticket.epoch ?? .unbegun, revision: ticket.revision)
    }

    /// The partner's case of a site's number.
    private func relayed(of sender: String, _ number: String) -> Case? {
        let cases = collectors[doors[partner]].ledger.cases
        // Nearly always it has the sender's own number.
        if let found = cases[number]?.value, found.body.sender == sender, found.senderNumber == number {
            return found.body
        }
        return cases.values.first { $0.value.body.sender == sender && $0.value.senderNumber == number }?.value.body
    }

    /// (e): orders that one recipient took for one failure of a part.
    func checkOrders(_ site: Int, _ name: String) {
        for (failure, ids) in receivers[site][name]?.orders ?? [:] {
            guard ids.count > 1 else { continue }
            let host = failure.prefix { $0 != "/" }
            let restores = collectors.reduce(0) { $0 + $1.restores }
            guard ids.count > 1 + restores + (allowances[String(host)] ?? 0) + storms(of: String(host)) else {
                continue
            }
            fail("e", "\(name) took \(ids.count) orders for the one failure \(failure).")
        }
    }

    /// A part that is in a storm's case gets one of its own by what fails of it later.
    private func storms(of host: HostID) -> Int {
        collectors.reduce(0) { count, collector in
            count
                + (collector.ledger.casesOfHost[host] ?? []).count { number in
                    collector.ledger.cases[number]?.value.body.origin == .storm
                }
        }
    }

    func isCloned(_ host: HostID) -> Bool {
        agents.contains { $0.host == host && $0.isClone }
    }

    // MARK: At rest

    func checkAtRest() {
        for agent in agents.indices where !agents[agent].isOther { checkMirror(of: agent) }
        for collector in doors { checkCases(of: collector) }
        for collector in doors { checkRecipients(of: collector) }
        for site in 0..<partner { checkPartner(of: doors[site]) }
    }

    /// (f), and that what is wrong with a server is known.
    private func checkMirror(of agent: Int) {
        let (host, site) = (agents[agent].host, doors[agents[agent].site])
        let epoch = agents[agent].spool.epoch
        let rows = mirror(of: host, at: site)
        var ours: [FaultID: Int64] = [:]
        for (fault, row) in rows where row.epoch == epoch && row.state.isHeldByAgent { ours[fault] = row.stamp }
        let theirs = agents[agent].spool.stamps
        if ours != theirs {
            let words = Set(ours.keys).union(theirs.keys).filter { ours[$0] != theirs[$0] }.map { fault in
                "\(fault) \(theirs[fault].map { "\($0)" } ?? "-") and \(ours[fault].map { "\($0)" } ?? "-")"
            }
            fail(
                "f",
                "\(host) and its site do not hold the same of epoch \(epoch): \(words.sorted()); "
                    + "\(agents[agent].spool.count(of: .faults)) reports wait, \(agents[agent].machine.because)")
        }
        for condition in hardware[agents[agent].hardware].standing.values where condition.isLevel {
            let row = rows[condition.fault]
            // Two machines under one name: what the one said is over, the other states in vain.
            guard row?.state != .standing, row?.state != .quiet || !isCloned(host) else { continue }
            fail(
                "f",
                "\(condition.fault) of \(host) stands, and the site holds it as \(row?.state.rawValue ?? "unknown"): "
                    + (row?.because ?? ""))
        }
    }

    /// (g): each fault that stands is in a case, and a case of faults is open by one that stands.
    private func checkCases(of site: Int) {
        let ledger = collectors[site].ledger
        for (host, rows) in ledger.mirror {
            for (fault, row) in rows where row.value.state.holdsCase {
                guard let number = ledger.caseOfFault[.init(host, fault)], let found = ledger.cases[number]?.value.body
                else {
                    fail("g", "\(fault) of \(host) is \(row.value.state.rawValue), and in no case.")
                    continue
                }
                guard found.isClosed else { continue }
                // A person, or what sits in its place, said that it is settled.
                if !found.history.contains(where: {
                    $0.kind == .closed && ($0.by == "inventory" || $0.by.hasPrefix("admin"))
                }) {
                    fail(
                        "g",
                        "\(fault) of \(host) is \(row.value.state.rawValue), and its case \(number) was closed: "
                            + (found.closedBecause ?? ""))
                }
            }
        }
        for row in ledger.cases.values.map(\.value.body) where !row.isClosed {
            guard row.origin == .faults || row.origin == .storm else { continue }
            let holding = (ledger.faultsOfCase[row.number] ?? []).contains {
                ledger.mirror[row.host]?[$0]?.value.state.holdsCase ?? false
            }
            if !holding { fail("g", "\(row.number) of \(row.host) is open, and nothing stands in it.") }
        }
    }

    /// (h): what recipients hold is the case.
    private func checkRecipients(of collector: Int) {
        let ledger = collectors[collector].ledger
        for (name, numbers) in ledger.owed {
            guard let number = numbers.min() else { continue }
            fail("h", "\(label(collector)) owes \(name) \(numbers.count) cases at rest, as \(number).")
        }
        for found in ledger.cases.values.map(\.value.body) where found.revision > 0 {
            for recipient in collectors[collector].policy.recipients {
                let row = ledger.told[found.number]?[recipient.name]?.value
                // Of a case that ended, or grew mild, before anybody could be told nobody was told; and somebody in another's
                // place only where that one did not take it.
                guard let row, !row.isUntold else {
                    if row == nil, !recipient.standsIn, !found.isClosed, found.urgency.makesTicket {
                        fail("h", "\(label(collector)) never told \(recipient.name) of \(found.number).")
                    }
                    if recipient.standsIn, found.isClosed { checkForgotten(recipient.name, of: collector, found) }
                    continue
                }
                guard recipient.name != "partner" else { continue }
                checkReceiver(recipient.name, of: collector, found, row)
            }
        }
    }

    /// Who stands in for another, and was told by a store that is gone alone, does not wait for ever.
    private func checkForgotten(_ name: String, of collector: Int, _ found: Case) {
        guard !collectors[collector].isPutBack, let receiver = receivers[collectors[collector].site][name] else {
            return
        }
        for address in receiver.addresses {
            guard let view = receiver.inboxes[address]?.views[found.number], !view.isClosed else { continue }
            fail("h", "\(address) of \(label(collector)) holds \(view) of \(found.number), which is closed.")
        }
    }

    /// What came back mild after its end is shown, and nobody is told: for whoever was told of the end it is over.
    private func isMild(_ found: Case) -> Bool { !found.isClosed && !found.urgency.makesTicket }

    private func checkReceiver(_ name: String, of collector: Int, _ found: Case, _ row: ToldRow) {
        guard let receiver = receivers[collectors[collector].site][name] else { return }
        for address in receiver.addresses {
            let view = receiver.inboxes[address]?.views[found.number]
            // A snapshot that was put back does not know that it told more.
            // What is over here and there is told no more, whichever of a site's stores told it last.
            if let view, row.told.map({ $0 < view.order }) ?? true {
                let store = collectors[collector]
                if store.isPutBack || store.restores > 0 && found.isClosed && view.isClosed { continue }
            }
            let isOver = found.isClosed || isMild(found) && (view?.isClosed ?? false)
            let urgency = isOver ? view?.urgency ?? found.urgency : found.urgency
            guard let told = row.told,
                view == SimulatedReceiver.View(order: told, isClosed: isOver, urgency: urgency)
            else {
                fail(
                    "h",
                    "\(address) of \(label(collector)) holds \(view.map { "\($0)" } ?? "nothing") of \(found.number), "
                        + "which is \(found.state.rawValue) \(found.urgency.rawValue) at \(found.revision); told \(row.told.map { "\($0)" } ?? "-")."
                )
                continue
            }
        }
    }

    /// (h), (i): what the partner holds is the case, and both know the same of what people did, from which the same follows.
    private func checkPartner(of collector: Int) {
        let ledger = collectors[collector].ledger
        for found in ledger.cases.values.map(\.value.body) where found.revision > 0 {
            guard let row = ledger.told[found.number]?["partner"]?.value, !row.isUntold else { continue }
            guard let theirs = relayed(of: collectors[collector].name, found.number), let ticket = theirs.relayed else {
                // Nobody waits for the end of what a partner that was put back does not know.
                if found.isClosed, collectors[doors[partner]].restores > 0 { continue }
                fail("h", "the partner does not know \(found.number) of \(label(collector)).")
                continue
            }
            let isOver = found.isClosed || isMild(found) && ticket.event == .closed
            // What is over here and there is told no more, whichever of two stores took or told it last.
            let isPutBack = collectors[collector].restores + collectors[doors[partner]].restores > 0
            let isSettled = isPutBack && found.isClosed && ticket.event == .closed
            if order(ticket) != row.told && !isSettled || (ticket.event == .closed) != isOver {
                fail(
                    "h",
                    "the partner holds \(order(ticket)) of \(found.number) \(ticket.event.rawValue), which is at "
                        + "\(found.revision) and \(found.state.rawValue); told \(row.told.map { "\($0)" } ?? "-").")
            }
            let (ours, others) = (steps(of: found), steps(of: theirs))
            // That a case came back mild after its end, nobody is told: it is more than the partner knows, and over there.
            let isAlike = isOver && isMild(found) || found.folded.state == theirs.folded.state
            if ours != others || !isAlike {
                fail(
                    "i",
                    "of \(found.number) \(label(collector)) knows \(ours), which lead to \(found.folded.state.rawValue), and the "
                        + "partner \(others), which lead to \(theirs.folded.state.rawValue).")
            }
            let state = isOver ? Case.State.closed : found.state
            if theirs.state != state || !isOver && theirs.urgency != found.urgency {
                fail(
                    "i",
                    "\(found.number) of \(label(collector)) is \(found.state.rawValue) \(found.urgency.rawValue), and at the "
                        + "partner \(theirs.state.rawValue) \(theirs.urgency.rawValue).")
            }
        }
    }

    private func steps(of found: Case) -> [String] {
        (found.work?.entries ?? []).map { "\($0.step.kind.rawValue) \($0.step.counter) of \($0.step.collector)" }
            .sorted()
    }
}
