import Reports

/// Takes tickets of paired sites inside one transaction: each once, never an older one over a newer.
struct RelayRecorder {
    let transaction: any CollectorLedger
    let policy: CasePolicy
    let time: Timestamp

    func accept(_ message: VerifiedTicket) throws -> TicketAcceptance {
        try transaction.storeRecord().checkIsCurrent()
        if let number = try transaction.acceptance(sender: message.sender, ticketID: message.id) {
            return TicketAcceptance(reference: number, repeated: true)
        }
        let number: String
        if let known = try known(message) {
            number = known.number
            try update(known, by: message)
        } else if let own = try comesBack(message) {
            number = own
            // It counts as held: else the sender would tell of it again and again.
            try transaction.noteHeld(message.ticket, of: message.sender, caseNumber: own)
        } else {
            number = try open(message)
        }
        try transaction.saveAcceptance(sender: message.sender, ticketID: message.id, caseNumber: number, at: time)
        return TicketAcceptance(reference: number, repeated: false)
    }

    /// The case that the sender told of before. Each sender has its own: none speaks for a case that another brought.
    private func known(_ message: VerifiedTicket) throws -> Case? {
        let ticket = message.ticket
        guard let origin = ticket.origin else {
            return try transaction.relayedCase(sender: message.sender, store: nil, number: ticket.number)
        }
        if let known = try transaction.relayedCase(sender: message.sender, store: origin.store, number: origin.number) {
            return known
        }
        // Before it was updated, the sender did not say where its numbers come from.
        let before = try transaction.relayedCase(sender: message.sender, store: nil, number: ticket.number)
        return before?.host == ticket.server.host ? before : nil
    }

    /// The number of the case that the ticket was made of, here or on its way here: partners that hand tickets to each other
    /// would make ever new cases of one.
    private func comesBack(_ message: VerifiedTicket) throws -> String? {
        let ticket = message.ticket
        guard let origin = ticket.origin else { return try comesBackUnnamed(ticket) }
        // Whether the case is still known here or not: it was told from here.
        if origin.store == (try transaction.identity().site) { return origin.number }
        // What its own collector brings is never passed over, whoever brought something under its name before.
        guard origin.store != message.sender else { return nil }
        return try transaction.relayedCase(of: origin)?.number
    }

    /// Where a collector of up to 0.1 stands in the chain, which does not pass on the origin. One number is no proof: the
    /// server, the time and a fault have to be the same as well.
    private func comesBackUnnamed(_ ticket: Ticket) throws -> String? {
        guard let known = try transaction.findCase(number: ticket.number), known.host == ticket.server.host,
            known.openedAt == ticket.openedAt,
            !Set(known.members.map(\.fault.id)).isDisjoint(with: ticket.faults.map(\.id))
        else { return nil }
        return known.number
    }

    private func open(_ message: VerifiedTicket) throws -> String {
        let ticket = message.ticket
        // The sender's number stays the number on every channel; only a clash forces another one.
        let isFree = try transaction.findCase(number: ticket.number) == nil
        let number = isFree ? ticket.number : try transaction.newTicketNumber()
        var new = Case(
            number: number, origin: .relayed, host: ticket.server.host, hostname: ticket.server.hostname,
            key: "ticket:\(ticket.number)", suspect: ticket.suspect, members: [], state: .open, urgency: ticket.urgency,
            test: nil, revision: 0, history: [], openedAt: ticket.openedAt, updatedAt: time, sender: message.sender)
        new.perhapsOrderedSince = try transaction.storeRecord().perhapsOrdered(problemOf: ticket.openedAt)
        // The number is the sender's: the other store may have told a fallback of this very case.
        if new.perhapsOrderedSince != nil { new.perhapsDiverted = true }
        new.note(.opened, by: message.sender, because: ticket.because, at: time)
        take(ticket, into: &new)
        try finish(new, message)
        if let test = new.test { try transaction.saveTest(id: test, caseNumber: number, at: time) }
        return number
    }

    private func update(_ known: Case, by message: VerifiedTicket) throws {
        if let newest = known.relayed, !message.ticket.isNewer(than: newest) { return }
        var known = known
        let wasClosed = known.isClosed
        // The step that closed it here is, told as a ticket, the same close.
        let isSameClose =
            wasClosed && message.ticket.event == .closed
            && known.folded.closing.map { message.ticket.because.hasSuffix($0.why) } ?? false
        if !isSameClose {
            known.note(
                message.ticket.event == .closed && !wasClosed ? .closed : .updated, by: message.sender,
                because: message.ticket.because, at: time)
        }
        take(message.ticket, into: &known)
        // That a case ended which is closed here is no news: the sender may tell of the close that it heard of from here.
        try finish(known, message, notice: !(wasClosed && known.isClosed))
    }

    private func take(_ ticket: Ticket, into found: inout Case) {
        let isClosed = ticket.event == .closed
        let before = found
        found.relayed = ticket
        // A collector that does not count: what it tells of a closed case, and what is more urgent, is news.
        found.worsened = min(
            max(
                ticket.worsened
                    ?? (found.worsened ?? 1) + (found.isClosed || ticket.urgency > found.urgency ? 1 : 0), 1),
            CountBounds.range.upperBound)
        found.suspect = ticket.suspect
        found.urgency = ticket.urgency
        found.hostname = ticket.server.hostname
        found.members = ticket.faults.prefix(CaseLimits.members).map {
            Case.Member(fault: $0, isOpen: !isClosed, because: $0.because)
        }
        found.test = ticket.test ? ticket.faults.lazy.compactMap(\.test).first ?? ticket.number : nil
        found.updatedAt = time
        if isClosed {
            guard !found.isClosed else { return }
            found.state = .closed
            found.closedAt = ticket.closedAt ?? time
            found.closedBecause = ticket.because
        } else {
            weigh(&found, before: before)
        }
    }

    /// Where a case stands that its sender tells more of. Whoever closed or took it is spoken against only by what they did
    /// not know; a case that ended by itself is there again.
    private func weigh(_ found: inout Case, before: Case) {
        let folded = found.folded
        if found.isClosed {
            if folded.state == .closed { return }
            let isByPeople = before.folded.state == .closed
            found.state = folded.state
            (found.closedAt, found.closedBecause) = (nil, nil)
            guard isByPeople, let step = before.folded.closing else { return }
            found.note(
                .updated, by: "collector",
                because: "It got worse, which \(step.who) at \(step.place) did not know of: it is open again.", at: time
            )
        } else if found.work != nil, folded.state != .closed {
            // Open again where it got worse; and looked after again where its sender went on from a copy that knows of less.
            found.state = folded.state
        }
    }

    /// - Parameter notice: whether our recipients are to hear of it.
    private func finish(_ found: Case, _ message: VerifiedTicket, notice: Bool = true) throws {
        try transaction.noteHeld(message.ticket, of: message.sender, caseNumber: found.number)
        if !message.reports.isEmpty {
            try transaction.forgetReports(caseNumber: found.number)
            let certificates = message.certificates.joined(separator: "\n")
            for report in message.reports.suffix(CaseLimits.reports) {
                try transaction.keep(report, certificate: certificates, caseNumber: found.number)
            }
        }
        // What another collector tells, its recipients are told.
        try CaseRecorder(transaction: transaction, policy: policy, time: time).finish(
            found, notice && found.isClosed ? .closed : .changed(isNews: notice), message.ticket.because,
            senderNumber: message.ticket.origin(from: message.sender).number)
    }
}
