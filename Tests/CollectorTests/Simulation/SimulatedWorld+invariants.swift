import Reports

@testable import Collector
@testable import SensorAgent

/// What must hold, always or at rest.
extension SimulatedWorld {
    // MARK: Always

    /// (c), (d): after each transaction of the intake.
    func checkAlways(_ site: Int, _ host: HostID, _ before: [FaultID: MirroredFault]) {
        let ledger = collectors[site].ledger
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

    /// (a): what is sent is never older than what was sent before.
    func checkSent(_ delivery: Delivery, by collector: Int) {
        let name = "\(collector) \(collectors[collector].restores) \(delivery.recipient) \(delivery.ticket.number)"
        let before = sentRevisions[name] ?? 0
        if delivery.ticket.revision < before {
            fail(
                "a",
                "\(collectors[collector].name) sent \(delivery.recipient) revision \(delivery.ticket.revision) of "
                    + "\(delivery.ticket.number) after \(before).")
        }
        sentRevisions[name] = max(before, delivery.ticket.revision)
    }

    /// (a): a partner holds no older ticket than one that it took.
    func checkPartner(_ collector: Int, _ ticket: Ticket) {
        let name = "taken \(collectors[partner].restores) \(collectors[collector].name) \(ticket.number)"
        guard
            let found = collectors[partner].ledger.cases.values.first(where: {
                $0.value.body.sender == collectors[collector].name && $0.value.senderNumber == ticket.number
            })?.value.body, let held = found.relayed?.revision
        else { return }
        let before = sentRevisions[name] ?? 0
        if held < before {
            fail("a", "the partner took revision \(held) of \(ticket.number) after \(before).")
        }
        sentRevisions[name] = max(before, held)
    }

    /// (e): orders that one recipient took for one failure of a part.
    func checkOrders(_ collector: Int) {
        for (failure, ids) in mailboxes[collector].orders {
            let host = failure.prefix { $0 != "/" }
            let restores = collectors[collector].restores + collectors.reduce(0) { $0 + $1.restores }
            guard ids.count > 1 + restores + (allowances[String(host)] ?? 0) else { continue }
            fail("e", "\(ids.count) orders were taken for the one failure \(failure).")
        }
    }

    func isCloned(_ host: HostID) -> Bool {
        agents.contains { $0.host == host && $0.isClone }
    }

    // MARK: At rest

    func checkAtRest() {
        for agent in agents.indices where !agents[agent].isOther { checkMirror(of: agent) }
        for collector in collectors.indices { checkCases(of: collector) }
        for collector in collectors.indices { checkRecipients(of: collector) }
    }

    /// (f), and that what is wrong with a server is known.
    private func checkMirror(of agent: Int) {
        let (host, site) = (agents[agent].host, agents[agent].site)
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
                if !found.history.contains(where: { $0.kind == .closed && ["admin", "inventory"].contains($0.by) }) {
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
        let owed = ledger.owed.values.reduce(0) { $0 + $1.count }
        guard owed == 0 else {
            return fail("h", "\(owed) messages of \(collectors[collector].name) still wait at rest.")
        }
        // A store that was put back does not know what it told before.
        guard collectors.allSatisfy({ $0.restores == 0 }) else { return }
        for found in ledger.cases.values.map(\.value.body) where found.revision > 0 {
            // A case that ended, or grew mild, before anybody could be told of it.
            func isUntold(_ name: String) -> Bool { ledger.told[found.number]?[name]?.value.isUntold ?? true }
            let view = mailboxes[collector].views[found.number]
            let now = SimulatedMailbox.View(revision: found.revision, isClosed: found.isClosed)
            if view != now, view != nil || !isUntold("desk") {
                let held = view.map { "\($0)" } ?? "nothing"
                fail("h", "the mailbox of \(collectors[collector].name) holds \(held) of \(found.number): \(now).")
            }
            guard collector != partner else { continue }
            let other = collectors[partner].ledger.cases.values.first {
                $0.value.body.sender == collectors[collector].name && $0.value.senderNumber == found.number
            }?.value.body
            if other?.relayed?.revision != found.revision, other != nil || !isUntold("partner") {
                let held = other?.relayed?.revision ?? 0
                fail("h", "the partner holds revision \(held) of \(found.number), which is at \(found.revision).")
            }
        }
    }
}
