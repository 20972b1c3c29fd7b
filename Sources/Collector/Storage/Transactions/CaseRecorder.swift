import Reports

/// Carries out what `CaseRules` decide: saves cases and what recipients are owed because of them.
struct CaseRecorder {
    let transaction: any CollectorLedger
    let policy: CasePolicy
    let time: Timestamp

    /// Applies one fault change of one of our own hosts.
    /// - Parameter reopens: the fault stands again by its agent's word: where its case closed because it had ended, that case
    ///   goes on.
    /// - Returns: what became of it, with the reason.
    @discardableResult
    func apply(
        _ change: FaultChange, host: HostID, hostname: String, origin: Case.Origin, report: VerifiedReport?,
        reopens: Bool = false
    ) throws -> CaseChange {
        let key = CaseRules.key(of: change.fault)
        var change = change
        var current =
            try transaction.caseHolding(fault: change.fault.id, host: host)
            ?? transaction.openCase(host: host, key: key)
        if let found = current, found.isClosed, change.kind != .cleared {
            // The fault's own case is closed: if it got worse, it may belong to another open case of the part by now.
            if let open = try transaction.openCase(host: host, key: key) { current = open }
        }
        if change.kind != .cleared, let found = current, CaseRules.isAboutAnother(found, than: change.fault) {
            current = try follow(change, from: found, to: key, report: report)
        }
        let earlierKey = change.kind == .cleared ? nil : CaseRules.earlierKey(of: change.fault)
        var earlier = try earlierKey.flatMap { try transaction.openCase(host: host, key: $0) }
        if let known = earlier {
            if current == nil {
                // The case goes on under the part's own name, with its number: one part is sent.
                current = CaseRules.naming(known, by: change.fault)
                change.because += " \(CaseRules.identification(of: change.fault, before: known.suspect))"
                earlier = nil
            } else if current?.isClosed == false {
                change.because +=
                    " It is the same failure as in case \(known.number): both are one part, to be sent once."
            }
        }
        var isAgain = false
        if reopens, let found = current, let again = CaseRules.reopening(found, by: change.fault.id, at: time),
            try transaction.openCase(host: host, key: found.key) == nil,
            try stormHolding(part: found.key, of: host) == nil
        {
            current = again
            isAgain = true
        }
        var opening = CaseRules.Opening(origin: origin, host: host, hostname: hostname, key: key)
        if change.kind != .cleared, current?.isClosed ?? true, origin == .faults {
            if try isStorm(host: host) {
                let storm = try transaction.openCase(host: host, key: CaseRecorder.stormKey)
                current = try storm ?? stormAgain(host: host)
                isAgain = storm == nil && current != nil
                opening.origin = .storm
                opening.key = CaseRecorder.stormKey
            } else if let storm = try stormHolding(part: key, of: host)
                ?? earlierKey.flatMap({ try stormHolding(part: $0, of: host) })
            {
                current = storm
            }
        }
        if var known = earlier, let current, !current.isClosed, known.goesOnIn != current.number {
            known.goesOnIn = current.number
            try transaction.save(known, senderNumber: nil)
        }
        let unlisted = try current.map { try unlistedFaults(of: $0).count } ?? 0
        var outcome = CaseRules.applying(change, to: current, opening: opening, unlisted: unlisted, at: time)
        if isAgain, case .updated(let found, _, let because) = outcome {
            outcome = .updated(found, notice: found.urgency.makesTicket ? .send : .keepQuiet, because: because)
        }
        if case .opened(var found, let because) = outcome {
            found.number = try transaction.newTicketNumber()
            found.perhapsOrderedSince = try transaction.storeRecord().perhapsOrdered(problemOf: change.fault.openedAt)
            outcome = .opened(found, because: because)
        }
        try carryOut(outcome, report: report)
        return outcome
    }

    private static let stormKey = "storm"

    private func isStorm(host: HostID) throws -> Bool {
        try transaction.casesOpened(host: host, origin: .faults, since: time - CaseRecorder.hour)
            >= policy.casesPerHostPerHour
    }

    private static let hour = Duration.seconds(3600)

    /// The open storm case where it holds a fault of the part, also one that it has no room to list: one part, one case.
    private func stormHolding(part key: String, of host: HostID) throws -> Case? {
        guard let storm = try transaction.openCase(host: host, key: CaseRecorder.stormKey) else { return nil }
        if storm.openFaults.contains(where: { CaseRules.key(of: $0) == key }) { return storm }
        let held = Set(try transaction.faultsHolding(caseNumber: storm.number))
        let isHeld = try transaction.mirroredFaults(host: host, states: [.standing, .unconfirmed])
            .contains { $0.key == key && held.contains($0.fault) }
        return isHeld ? storm : nil
    }

    /// Faults that stand in the case beside those that it lists.
    private func unlistedFaults(of found: Case) throws -> [FaultID] {
        let listed = Set(found.members.map(\.fault.id))
        return try transaction.faultsHolding(caseNumber: found.number).filter { !listed.contains($0) }
    }

    /// The case in which a fault goes on that is put down to another part than its case: one part, one case.
    private func follow(
        _ change: FaultChange, from found: Case, to key: String, report: VerifiedReport?
    ) throws -> Case {
        let fault = change.fault
        let others = try unlistedFaults(of: found).filter { $0 != fault.id }
        if let other = try transaction.openCase(host: found.host, key: key) {
            // Its own case ends without it, or goes on with what it has besides.
            let name = fault.suspects.first?.name ?? key
            let left = FaultChange(
                kind: .cleared, fault: found.members.first { $0.fault.id == fault.id }?.fault ?? fault,
                because: "It is put down to \(name) now, and goes on in case \(other.number).", time: change.time)
            let opening = CaseRules.Opening(
                origin: found.origin, host: found.host, hostname: found.hostname, key: found.key)
            try carryOut(
                CaseRules.applying(left, to: found, opening: opening, unlisted: others.count, at: time), report: report)
            return other
        }
        let stay = found.openFaults.contains { $0.id != fault.id && CaseRules.key(of: $0) != key }
        guard others.isEmpty, !stay else { return found }
        var moved = found
        moved.key = key
        return moved
    }

    /// The storm case of the last hour, opened again: one case stands for the rest, also where its faults come and go.
    private func stormAgain(host: HostID) throws -> Case? {
        guard var found = try transaction.newestCase(host: host, origin: .storm, since: time - CaseRecorder.hour)
        else { return nil }
        found.state = .open
        CaseRules.worsen(&found)
        (found.closedAt, found.closedBecause) = (nil, nil)
        // What it held before has cleared, or somebody closed it: what comes now is told as what is new.
        for index in found.members.indices { found.members[index].isOpen = false }
        return found
    }

    private func carryOut(_ outcome: CaseChange, report: VerifiedReport?) throws {
        switch outcome {
        case .opened(let found, let because):
            try keep(report, with: found)
            if found.origin == .storm { try noteStorm(found) }
            let sentence = found.origin == .storm ? "\(policy.stormSentence) The newest: \(because)" : because
            try finish(found, .opened, sentence)
        case .updated(let found, let notice, let because):
            try keep(report, with: found)
            try finish(found, .changed(isNews: notice == .send), because)
        case .closed(let found, let because):
            try keep(report, with: found)
            try finish(found, .closed, because)
        case .unchanged: break
        }
    }

    private func keep(_ report: VerifiedReport?, with found: Case) throws {
        guard let report else { return }
        try transaction.keep(report.envelope, certificate: report.certificate, caseNumber: found.number)
    }

    private func noteStorm(_ found: Case) throws {
        try transaction.note(
            ServerEvent(
                time: time, kind: .storm, because: "\(policy.stormSentence) They are gathered in case \(found.number)."),
            host: found.host)
    }

    /// Saves the case and, where it is to be told, what every recipient is owed, all in this transaction.
    func finish(_ found: Case, _ step: Routing.Step, _ because: String, senderNumber: String? = nil) throws {
        var (found, step) = (found, step)
        let outbox = OutboxRecorder(transaction: transaction, policy: policy, time: time)
        let isPerhapsTold = found.isPerhapsTold(at: time)
        // What whoever heard of it elsewhere was told last, nobody knows: anything may be news to them.
        if isPerhapsTold, step == .changed(isNews: false) { step = .changed(isNews: true) }
        let question = Routing.Question(
            step: step, urgency: found.urgency, isTest: found.test != nil,
            isKnown: found.revision > 0 || isPerhapsTold, time: time)
        switch Routing.answer(question) {
        case .tell, .hold:
            found.revision += 1
            // A case of before names its problem from now on, by the first fault that it remembers.
            if found.sender == nil, found.problem == nil, let first = found.members.first {
                found.problem = Ticket.problem(host: found.host, fault: first.fault.id)
            }
            try outbox.owe(&found, because: because)
            found.perhapsToldUntil = nil
        case .never:
            if found.test != nil, found.isClosed { try outbox.settleTest(found) }
        }
        try transaction.save(found, senderNumber: senderNumber)
    }

    /// Does what a person decided. Of an open case only: one that is acknowledged stays as it is.
    func decide(_ decision: CaseDecision, on found: Case) throws -> Case {
        switch decision.kind {
        case .acknowledge:
            guard found.state == .open else { return found }
            let known = try work.adding(.acknowledged, to: found, by: decision.by, because: decision.because)
            let acknowledged = CaseRules.acknowledging(known, by: decision.by, because: decision.because, at: time)
            try transaction.save(acknowledged, senderNumber: nil)
            return acknowledged
        case .close:
            let known = try work.adding(.closed, to: found, by: decision.by, because: decision.because)
            return try close(known, by: decision.by, because: decision.because)
        case .replaced: return try declare(.replaced, decision, on: found)
        case .repaired: return try declare(.repaired, decision, on: found)
        case .acquitted: return try declare(.acquitted, decision, on: found)
        }
    }

    private var work: WorkRecorder { WorkRecorder(transaction: transaction, policy: policy, time: time) }

    private func declare(_ verb: PartDeclaration.Verb, _ decision: CaseDecision, on found: Case) throws -> Case {
        // The agent's answer closes the case; whoever looks after it elsewhere sees why.
        let known = try work.adding(
            .note, to: found, by: decision.by, because: "\(DeclarationRecorder.words(verb)): \(decision.because)")
        return try DeclarationRecorder(transaction: transaction, time: time).declare(
            verb, on: known, by: decision.by, because: decision.because)
    }

    /// Closes a case by a person's word or by what the inventory shows.
    func close(_ found: Case, by: String, because: String) throws -> Case {
        let closed = CaseRules.closing(found, by: by, because: because, at: time)
        try finish(closed, .closed, because)
        return try transaction.findCase(number: found.number) ?? closed
    }

    /// Ends whatever silence case of `subject` is open: it reported.
    func endSilence(of subject: String, name: String) throws {
        guard let found = try transaction.openCase(host: subject, key: "silence") else { return }
        for fault in found.openFaults {
            let change = FaultChange(
                kind: .cleared, fault: fault, because: "\(name) was heard from again at \(time).", time: time)
            try apply(change, host: subject, hostname: name, origin: .silence, report: nil)
        }
    }
}
