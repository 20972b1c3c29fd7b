import FoundationEssentials
import Reports

/// Adds steps to cases inside one transaction, this collector's own and those that neighbours bring, and does what follows.
struct WorkRecorder {
    let transaction: any CollectorLedger
    let policy: CasePolicy
    let time: Timestamp

    /// Rows of the log that are looked through for one message: cases that the neighbour does not share are skipped.
    static let scanned = 4_096
    private static let rows = 256

    private var recorder: CaseRecorder { CaseRecorder(transaction: transaction, policy: policy, time: time) }

    // MARK: Own steps

    /// The case with one more step of this collector. It is not saved yet.
    /// - Throws: `conflict` where the case has no room for it.
    func adding(_ kind: WorkStep.Kind, to found: Case, by who: String, because why: String) throws -> Case {
        let identity = try transaction.identity()
        var found = found
        var work = found.work ?? CaseWork()
        let step = WorkStep(
            collector: identity.site,
            // Behind all that a lost database may have used.
            counter: min(
                max(try transaction.highestStep(of: identity.site) + 1, time.milliseconds),
                WorkLimits.counters.upperBound),
            causes: work.causes, time: time, kind: kind, who: CleanText.line(who, limit: WorkLimits.whoBytes / 4),
            place: policy.place(identity), why: CleanText.line(why, limit: WorkLimits.whyBytes / 4),
            seen: found.worsened ?? 1)
        if let because = work.isFull(for: step, own: identity.site) {
            throw StoreError.conflict(because: "case \(found.number) takes no further step: \(because)")
        }
        work.entries.append(CaseWork.Entry(step: step))
        found.work = work
        try transaction.log(step.id, caseNumber: found.number, at: time)
        return found
    }

    // MARK: Steps of others

    /// Takes what a neighbour told.
    /// - Returns: why steps were refused, one sentence each.
    func take(_ work: VerifiedWork, from neighbour: WorkNeighbour) throws -> [String] {
        try transaction.storeRecord().checkIsCurrent()
        var state = try transaction.neighbour(neighbour.name) ?? NeighbourState()
        (state.collector, state.key) = (work.collector, work.key)
        var refusals = work.refusals
        var (cases, news): ([String: Case], [String: Set<WorkStep.ID>]) = ([:], [:])
        let own = try transaction.identity().site
        var passedOver: Set<Ticket.Origin> = []
        for line in work.lines {
            // Of a case that is not here, or not told yet, nothing is kept but that there was something.
            guard let number = try shared(line.origin, with: neighbour),
                var found = try cases[number] ?? transaction.findCase(number: number)
            else {
                passedOver.insert(line.origin)
                continue
            }
            if let known = try transaction.caseNumber(ofStep: line.step.id) {
                if known != number || found.work?.entry(line.step.id)?.step != line.step {
                    refusals.append(
                        "step \(line.step.counter) of \(line.step.collector.prefix(16)) about case \(number) is known here "
                            + "with other words: what was said first stays")
                }
                continue
            }
            var entries = found.work ?? CaseWork()
            if let because = entries.isFull(for: line.step, own: own) {
                refusals.append("a step about case \(number) was refused: \(because)")
                continue
            }
            entries.entries.append(
                CaseWork.Entry(step: line.step, signed: line.step.collector == own ? nil : line.signed))
            found.work = entries
            try transaction.log(line.step.id, caseNumber: number, at: time)
            cases[number] = found
            news[number, default: []].insert(line.step.id)
        }
        for (number, found) in cases.sorted(by: { $0.key < $1.key }) {
            try settle(found, by: news[number] ?? [], own: own)
        }
        state.theirs = work.have
        // A message that begins behind what is here is of somebody who does not know that this collector lost something: its
        // steps are good, and what lies between is asked for.
        if work.after <= state.ours { state.ours = work.through }
        // A store that was put back, or goes on in another's place, hears of what people did before it has the case again.
        try state.askAgain { origin in
            guard let number = try shared(origin, with: neighbour) else { return false }
            return try transaction.findCase(number: number) != nil
        }
        for origin in passedOver { state.passOver(origin, after: work.after) }
        try transaction.save(state, of: neighbour.name)
        return refusals
    }

    /// Our number of the case of this origin; nil where the two share none.
    private func shared(_ origin: Ticket.Origin, with neighbour: WorkNeighbour) throws -> String? {
        switch neighbour {
        case .site(let id):
            let known =
                try transaction.relayedCase(sender: id, store: origin.store, number: origin.number)
                // Before it was updated, the site did not say where its numbers come from.
                ?? (origin.store == id ? transaction.relayedCase(sender: id, store: nil, number: origin.number) : nil)
            return known?.number
        case .partner(let recipient, _):
            let isOwn = try transaction.identity().site == origin.store
            let number = try isOwn ? origin.number : transaction.relayedCase(of: origin)?.number
            guard let number, try isTold(number, to: recipient) else { return nil }
            return number
        }
    }

    /// Whether the recipient may have heard of the case.
    private func isTold(_ number: String, to recipient: String) throws -> Bool {
        try transaction.toldRow(caseNumber: number, recipient: recipient).map { !$0.isUntold } ?? false
    }

    /// Does what new steps lead to: each recipient is told of a close as of any other.
    private func settle(_ found: Case, by new: Set<WorkStep.ID>, own: String) throws {
        var found = found
        var (closing, late): (WorkStep?, WorkStep?)
        for outcome in found.folded.outcomes where new.contains(outcome.step.id) {
            let step = outcome.step
            switch (step.kind, outcome.notApplied) {
            case (.acknowledged, nil) where found.state == .open:
                found = CaseRules.acknowledging(found, by: step.author(own: own), because: step.why, at: time)
            case (.closed, nil) where !found.isClosed: closing = step
            case (.acknowledged, .worsened) where found.state == .open: late = late ?? step
            case (.closed, .worsened) where !found.isClosed: late = step
            default: break
            }
        }
        if let closing {
            _ = try recorder.close(found, by: closing.author(own: own), because: closing.sentence(own: own))
        } else if let late, found.sender == nil, found.revision > 0, found.test == nil {
            // Whoever closed it, or looks after it, has to hear what they did not know. What is worse may be something that no message
            // told.
            let did = late.kind == .closed ? "closed it" : "looks after it"
            let because = "\(late.who) at \(late.place) \(did) without knowing that it had got worse: it stays open."
            found.note(.updated, by: late.author(own: own), because: because, at: time)
            found.updatedAt = time
            try recorder.finish(found, .changed(isNews: true), because)
        } else {
            try transaction.save(found, senderNumber: nil)
        }
    }

    // MARK: What neighbours are told

    /// What follows in our log for the neighbour, as far as one message holds it.
    func page(for neighbour: WorkNeighbour) throws -> WorkPage {
        let state = try transaction.neighbour(neighbour.name) ?? NeighbourState()
        let newest = try transaction.newestWork()
        let own = try transaction.identity().site
        // It has more than there is: this log was lost, and begins anew.
        let start = state.theirs > newest ? 0 : state.theirs
        var page = WorkPage(have: state.ours, after: start, through: start, isMore: false)
        var (bytes, looked): (Int, Int) = (0, 0)
        var cases: [String: Case?] = [:]
        scan: while looked < WorkRecorder.scanned {
            let rows = try transaction.workLog(after: page.through, limit: WorkRecorder.rows)
            if rows.isEmpty { break }
            looked += rows.count
            for row in rows {
                let found = try cases[row.caseNumber] ?? transaction.findCase(number: row.caseNumber)
                cases[row.caseNumber] = .some(found)
                if let found, let entry = found.work?.entry(row.step),
                    let origin = try self.origin(of: found, sharedWith: neighbour, own: own)
                {
                    let payload = try entry.signed?.payload.count ?? WireFormat.encode(entry.step).count
                    let size = payload * 4 / 3 + WorkLimits.envelopeBytes
                    guard page.lines.count < WorkLimits.stepsPerMessage, bytes + size <= WorkLimits.bytesPerMessage
                    else { break scan }
                    bytes += size
                    page.lines.append(WorkPage.Line(origin: origin, step: entry.step, signed: entry.signed))
                }
                page.through = row.place
            }
        }
        page.isMore = page.through < newest
        return page
    }

    /// What all in the chain call the case, where the neighbour shares it.
    private func origin(of found: Case, sharedWith neighbour: WorkNeighbour, own: String) throws -> Ticket.Origin? {
        switch neighbour {
        case .site(let id): guard found.sender == id else { return nil }
        case .partner(let recipient, _):
            guard try isTold(found.number, to: recipient) else { return nil }
        }
        return found.relayed?.origin(from: found.sender ?? own) ?? Ticket.Origin(store: own, number: found.number)
    }
}

extension WorkStep {
    /// Who did it, in a case's history.
    func author(own: String) -> String { collector == own ? who : "\(who) (\(place))" }

    /// Why a case was closed by it, in words that need no language.
    func sentence(own: String) -> String { collector == own ? why : "\(author(own: own)): \(why)" }
}

extension CasePolicy {
    /// What people call this collector, in steps that others read.
    func place(_ identity: StoreIdentity) -> String {
        CleanText.line(
            site.name.isEmpty ? "site \(identity.shortName)" : site.name, limit: WorkLimits.whoBytes / 4)
    }
}
