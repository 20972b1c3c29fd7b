import Reports

/// Decides what an agent's word does to the account of its faults. Pure: same input, same output.
enum MirrorRules {
    /// What a statement does, the raising before the clearing: a part whose fault has another id by now keeps its case.
    enum Step: Hashable, Sendable {
        /// The fault is told as a change, and its row becomes the one given.
        case raise(FaultStatement.Standing, MirroredFault, FaultChange.Kind)
        case clear(MirroredFault)
        /// No case is touched.
        case keep(MirroredFault)
        /// The case stays open, and says that its fault is not confirmed.
        case unconfirm(MirroredFault)
    }

    /// The digest of what the agent should hold in `epoch`, by our account.
    static func stamps(of rows: [MirroredFault], in epoch: Int64) -> [FaultID: Int64] {
        var stamps: [FaultID: Int64] = [:]
        for row in rows where row.epoch == epoch && row.state.isHeldByAgent { stamps[row.fault] = row.stamp }
        return stamps
    }

    /// - Parameter endsTheRest: whether what is not stated is over, or not confirmed.
    static func steps(
        stated: [FaultStatement.Standing], rows: [MirroredFault], in epoch: Int64, endsTheRest: Bool = true,
        at time: Timestamp
    ) -> [Step] {
        let known = Dictionary(rows.map { ($0.fault, $0) }, uniquingKeysWith: { first, _ in first })
        var steps: [Step] = []
        var seen: Set<FaultID> = []
        for standing in stated where standing.fault.test == nil && seen.insert(standing.fault.id).inserted {
            steps.append(step(of: standing, known[standing.fault.id], in: epoch, at: time))
        }
        for row in rows where endsTheRest && !seen.contains(row.fault) {
            var row = row
            switch row.state {
            case .cleared, .unconfirmed: continue
            case .standing where row.epoch < epoch:
                steps.append(.unconfirm(unconfirmed(row, at: time)))
            case .standing, .refused, .quiet:
                let held = row.state == .standing
                row.state = .cleared
                row.because = "The agent states that this fault no longer stands; the report that said so was lost."
                row.changedAt = time
                steps.append(held ? .clear(row) : .keep(row))
            }
        }
        return steps
    }

    /// What an account that agrees with ours does to what stood before its epoch.
    static func steps(unstatedIn rows: [MirroredFault], epoch: Int64, at time: Timestamp) -> [Step] {
        rows.filter { $0.state == .standing && $0.epoch < epoch }.map { .unconfirm(unconfirmed($0, at: time)) }
    }

    private static func unconfirmed(_ row: MirroredFault, at time: Timestamp) -> MirroredFault {
        var row = row
        row.state = .unconfirmed
        row.because =
            "The agent's memory of before is lost, and the present one does not know this fault: whether it still "
            + "stands is not known."
        row.changedAt = time
        return row
    }

    private static func step(
        of standing: FaultStatement.Standing, _ known: MirroredFault?, in epoch: Int64, at time: Timestamp
    ) -> Step {
        var row = MirroredFault(
            fault: standing.fault.id, state: .standing, stamp: standing.stamp, epoch: epoch,
            key: CaseRules.key(of: standing.fault), because: standing.because, changedAt: time)
        if let objection = ReportCheck.objection(toFault: standing.fault, because: standing.because) {
            row.state = .refused
            row.because = objection
            row.key = ""
            return .keep(row)
        }
        guard let known else { return .raise(standing, row, .opened) }
        switch known.state {
        case .cleared where standing.stamp <= known.stamp, .quiet where standing.stamp <= known.stamp:
            row.state = .quiet
            // By the stamp that the agent holds: the digests of the two accounts are to agree.
            row.because = "The agent states this fault of before its end again: an old copy of its memory."
            return .keep(row)
        case .standing where standing.stamp == known.stamp, .unconfirmed where standing.stamp == known.stamp:
            return .keep(row)
        case .cleared: return .raise(standing, row, .opened)
        case .standing, .unconfirmed, .refused, .quiet: return .raise(standing, row, .updated)
        }
    }

    /// What becomes of a question when an agent's account came with a report, our own being `ours`.
    /// - Returns: the question to keep, and a sentence to note.
    static func question(
        _ open: StandingQuestion?, theirs: StandingFaults, ours: [FaultID: Int64], id: String, at time: Timestamp
    ) -> (question: StandingQuestion?, note: String?) {
        let digest = StandingFaults.digest(of: ours)
        guard digest != theirs.digest else { return (nil, nil) }
        let new = StandingQuestion(id: id, theirs: theirs.digest, ours: digest)
        guard let open else { return (new, nil) }
        guard let answered = open.answeredAt else { return (open, nil) }
        guard open.theirs == theirs.digest, open.ours == digest else { return (new, nil) }
        guard time - answered < StandingQuestion.pause, time >= answered else { return (new, nil) }
        guard !open.isNoted else { return (open, nil) }
        var noted = open
        noted.isNoted = true
        return (
            noted,
            "The agent says that \(theirs.count) faults stand, and \(ours.count) are known here, even after it stated them: "
                + "it is asked again in a day."
        )
    }
}
