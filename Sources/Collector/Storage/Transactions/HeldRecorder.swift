import Reports

/// Compares what a partner holds with what it confirmed, and has it told again where the two differ: it was restored from a
/// backup or began anew, or this collector was.
struct HeldRecorder {
    let transaction: any CollectorLedger
    let policy: CasePolicy
    let time: Timestamp

    /// Between two repairs over the same two digests: what did not help does not help again in a minute.
    static let pause = Duration.seconds(24 * 3600)

    private var outbox: OutboxRecorder { OutboxRecorder(transaction: transaction, policy: policy, time: time) }

    /// - Parameters:
    ///   - heartbeat: when the one was made that the page answers: what was taken since then is not in it.
    func settle(
        _ held: HeldTickets, of neighbour: WorkNeighbour, recipient: String, heartbeat: Timestamp
    ) throws -> HeldOutcome {
        let told = try transaction.toldTickets(recipient: recipient)
        if held.after == nil {
            let pair = "\(ToldTickets(told).digest) \(held.all.digest)"
            var state = try transaction.neighbour(neighbour.name) ?? NeighbourState()
            if state.repaired == pair, let at = state.repairedAt, time >= at, time - at < HeldRecorder.pause {
                return HeldOutcome()
            }
            (state.repaired, state.repairedAt) = (pair, time)
            try transaction.save(state, of: neighbour.name)
        }
        var outcome = HeldOutcome()
        let last = held.more ? held.tickets.last?.number : nil
        let theirs = Dictionary(held.tickets.map { ($0.number, $0.order) }, uniquingKeysWith: max)
        let ours = told.map(\.number).filter { number in
            number > held.after ?? "" && last.map { number <= $0 } ?? true
        }
        for number in Set(theirs.keys).union(ours).sorted() {
            guard let found = try transaction.findCase(number: number) else {
                if theirs[number] != nil { outcome.unknown.append(number) }
                continue
            }
            if try tell(recipient, of: found, holding: theirs[number], heartbeat) { outcome.again.append(number) }
        }
        outcome.next = held.more ? last : nil
        return outcome
    }

    /// Corrects what the recipient is known to hold, and owes it the case as it stands.
    /// - Parameter held: nil where it does not have the case.
    /// - Returns: whether it is told again.
    private func tell(
        _ recipient: String, of found: Case, holding held: TicketOrder?, _ heartbeat: Timestamp
    ) throws -> Bool {
        var found = found
        let known = try transaction.toldRow(caseNumber: found.number, recipient: recipient)
        guard found.test == nil, var row = known ?? held.map({ _ in outbox.newRow(for: recipient, of: found) }),
            // Where something newer is on its way, it says all that there is.
            !row.isOwed
        else { return false }
        if let taken = row.taken {
            if DeliveryRules.isAhead(taken.at, of: heartbeat) || held == (taken.isEnd ? nil : taken.order) {
                return false
            }
        }
        if held == nil, found.isClosed {
            // Nobody waits for the end of what is not there.
            row.taken = nil
            try transaction.save(row)
            return false
        }
        found.revision = max(1, found.revision)
        let order = try outbox.order(of: found)
        if let held, held == row.told, held.revision == found.revision {
            // Its answer was lost, and it has what there is.
            row.taken = ToldRow.Taken(order: held, isEnd: false, at: heartbeat)
            try transaction.save(row)
            return false
        }
        // It knows more than can be said from here.
        if let held, held >= order { return false }
        // It has the case, and nobody here knew: what people did here about it was not for it until now.
        if held != nil, known?.told == nil { try transaction.logAgain(caseNumber: found.number, at: time) }
        (row.told, row.want, row.isAskedAgain, row.isEnded) = (held, order, true, false)
        (row.owedSince, row.next, row.urgency) = (time, time, found.urgency)
        row.because = HeldRecorder.sentence(recipient, holding: held, taken: row.taken)
        found.note(.resent, by: recipient, because: row.because, at: time)
        try transaction.save(row)
        try transaction.save(found, senderNumber: nil)
        return true
    }

    private static func sentence(_ recipient: String, holding held: TicketOrder?, taken: ToldRow.Taken?) -> String {
        guard let held else {
            return "\(recipient) does not hold what it took of the case (restored from a backup?): it is told again."
        }
        guard let taken, taken.order >= held else {
            return
                "\(recipient) was told of message \(held.revision), which is not known here any more: it is told of the case as it stands."
        }
        return taken.isEnd
            ? "\(recipient) still holds the case, though it took its end (restored from a backup?): it is told again."
            : "\(recipient) holds message \(held.revision), though it took \(taken.order.revision) (restored from a backup?): it is told again."
    }
}

extension HeldTicket {
    /// Where it stands among all messages about the case.
    var order: TicketOrder { TicketOrder(epoch: epoch, revision: revision) }
}

/// What came of one page of what a partner holds.
struct HeldOutcome: Hashable, Sendable {
    /// Cases of which the partner is told again.
    var again: [String] = []
    /// Numbers that the partner holds and nobody here knows: this collector was restored, and nobody closes them but people.
    var unknown: [String] = []
    /// The next page follows behind this number; nil after the last.
    var next: String?
}
