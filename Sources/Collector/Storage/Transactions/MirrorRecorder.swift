import Reports

/// Keeps account of what stands by each agent's word, compares it with the agent's own, and brings cases into agreement with
/// it, inside one transaction.
struct MirrorRecorder {
    let transaction: any CollectorLedger
    let policy: CasePolicy
    let time: Timestamp

    // MARK: What a change does

    /// For how many more faults there is room, before `count` changes.
    func room(for count: Int, of host: HostID) throws -> Int {
        let most = max(0, MirroredFault.limit - count)
        return max(0, MirroredFault.limit - (try transaction.countMirroredFaults(host: host, most: most)))
    }

    /// Enters a change, before its case is touched. The end of a fault that was never known, and a fault for which there is no
    /// room, are entered nowhere.
    func enter(_ change: FaultChange, of host: HostID, in epoch: Int64, room: inout Int) throws {
        guard change.fault.test == nil else { return }
        if try transaction.mirroredFault(change.fault.id, host: host) == nil {
            guard change.kind != .cleared, room > 0 else { return }
            room -= 1
        }
        let stamp = min(max(change.stamp ?? 0, 0), SequenceBounds.range.upperBound)
        try transaction.save(
            MirroredFault(
                fault: change.fault.id, state: change.kind == .cleared ? .cleared : .standing, stamp: stamp,
                epoch: epoch, key: CaseRules.key(of: change.fault), because: change.because, changedAt: time),
            host: host)
    }

    /// A fault of the same part that is told now takes the place of one that nobody could confirm.
    func replaceUnconfirmed(by fault: Fault, of server: Server) throws {
        let key = CaseRules.key(of: fault)
        for row in try transaction.mirroredFaults(host: server.host, states: [.unconfirmed])
        where row.key == key && row.fault != fault.id {
            try end(
                row, of: server,
                because:
                    "The agent tells of \(fault.id) of the same part now, in place of this fault of its memory of before."
            )
        }
    }

    // MARK: Statements

    /// Takes one part; with the last one, all is settled in one step.
    func take(_ part: FaultStatement, of record: inout ServerRecord, report: VerifiedReport) throws {
        let host = record.server.host
        if part.part == 1 { try transaction.forgetStatementParts(host: host) }
        let begun =
            try transaction.statementBegun(host: host)
            ?? StatementBegun(answers: part.answers, parts: 0, of: part.of, faults: 0)
        guard begun.goesOn(with: part) else {
            // One before it was refused or is missing: what is not whole would clear what it does not name.
            return try transaction.forgetStatementParts(host: host)
        }
        guard part.part == part.of else { return try transaction.save(part, host: host) }
        let stated = try transaction.statementParts(host: host).flatMap(\.faults) + part.faults
        try transaction.forgetStatementParts(host: host)
        try settle(stated, of: record, report: report)
        if let answers = part.answers, record.question?.id == answers { record.question?.answeredAt = time }
    }

    private func settle(
        _ stated: [FaultStatement.Standing], of record: ServerRecord, report: VerifiedReport
    ) throws {
        let server = record.server
        let rows = try transaction.mirroredFaults(
            host: server.host, states: MirroredFault.State.allCases)
        // Of two machines in one name neither knows what stands at the other: what they state is added, and ends nothing.
        let areTwo = record.boots?.areTwo ?? false
        let steps = MirrorRules.steps(
            stated: stated, rows: rows, in: record.positions.epoch, endsTheRest: !areTwo, at: time)
        for step in steps {
            switch step {
            case .raise(let standing, let row, let kind):
                try transaction.save(row, host: server.host)
                let change = FaultChange(
                    kind: kind, fault: standing.fault, because: "\(standing.because) (Stated again.)",
                    time: standing.fault.updatedAt, stamp: standing.stamp)
                try tell(change, of: server, report: report, reopens: kind == .opened)
                if !areTwo { try replaceUnconfirmed(by: standing.fault, of: server) }
            case .clear(let row): try end(row, of: server, because: row.because)
            case .keep(let row): try transaction.save(row, host: server.host)
            case .unconfirm(let row): try unconfirm(row, of: server)
            }
        }
    }

    private func unconfirm(_ row: MirroredFault, of server: Server) throws {
        try transaction.save(row, host: server.host)
        guard var found = try transaction.caseHolding(fault: row.fault, host: server.host), !found.isClosed else {
            return
        }
        found.updatedAt = time
        found.note(.updated, by: server.host, because: row.because, at: time)
        try transaction.save(found, senderNumber: nil)
    }

    private func tell(
        _ change: FaultChange, of server: Server, report: VerifiedReport?, reopens: Bool = false
    ) throws {
        _ = try CaseRecorder(transaction: transaction, policy: policy, time: time).apply(
            change, host: server.host, hostname: server.hostname, origin: .faults, report: report, reopens: reopens)
    }

    /// The fault is over, though its agent did not say so itself.
    private func end(_ row: MirroredFault, of server: Server, because: String) throws {
        var ended = row
        ended.state = .cleared
        ended.because = because
        ended.changedAt = time
        try transaction.save(ended, host: server.host)
        guard let found = try transaction.caseHolding(fault: row.fault, host: server.host), !found.isClosed else {
            return
        }
        let listed = found.members.first { $0.fault.id == row.fault }?.fault
        guard let fault = listed ?? found.members.first?.fault else { return }
        var cleared = fault
        cleared.id = row.fault
        try tell(FaultChange(kind: .cleared, fault: cleared, because: because, time: time), of: server, report: nil)
    }

    // MARK: Comparing

    /// Compares the agent's account with ours, where both are of the same moment: only then does a difference mean anything.
    func compare(_ report: Report, with record: inout ServerRecord) throws {
        let epoch = record.positions.epoch
        guard let theirs = report.standing, theirs.epoch == epoch, report.position.epoch == epoch,
            theirs.through == record.positions.faults, !(record.boots?.areTwo ?? false)
        else { return }
        let host = record.server.host
        let rows = try transaction.mirroredFaults(
            host: host, states: MirroredFault.State.allCases.filter { $0 != .cleared })
        let (question, note) = MirrorRules.question(
            record.question, theirs: theirs, ours: MirrorRules.stamps(of: rows, in: epoch),
            id: RandomBytes.make(16).hexadecimal, at: time)
        if let question, question.id != record.question?.id {
            var limit = try transaction.askLimit()
            guard limit.take(at: time) else { return }
            try transaction.save(limit)
        }
        record.question = question
        if let note {
            try transaction.note(ServerEvent(time: time, kind: .accountsDiffer, because: note), host: host)
        }
        guard question == nil else { return }
        // What it holds is what we know of this epoch: what stood before it is not confirmed by it.
        for step in MirrorRules.steps(unstatedIn: rows, epoch: epoch, at: time) {
            if case .unconfirm(let row) = step { try unconfirm(row, of: record.server) }
        }
        try endUnconfirmed(rows, of: record.server)
    }

    /// The agent has seen all for long enough, and said nothing of it.
    private func endUnconfirmed(_ rows: [MirroredFault], of server: Server) throws {
        guard let coverage = server.heartbeat?.coverage, coverage.contains(where: \.reads),
            coverage.allSatisfy({ $0.reads || $0.state == "absent" || $0.state == "disabled" })
        else { return }
        let unconfirmed = rows.filter { $0.state == .unconfirmed }
        guard !unconfirmed.isEmpty else { return }
        let due = ClockReckoning.threshold(MirroredFault.confirmation, before: time, over: try transaction.leaps())
        for row in unconfirmed where row.changedAt <= due {
            let days = MirroredFault.confirmation.components.seconds / 86_400
            try end(
                row, of: server,
                because:
                    "For \(days) days the agent has read all that it can and has not found this fault of its memory of before."
            )
        }
    }
}
