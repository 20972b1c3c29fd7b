import Reports

/// Takes tickets of paired sites inside one transaction: each once, never an older one over a newer.
struct RelayRecorder {
    let transaction: any StoreTransaction
    let policy: CasePolicy
    let time: Timestamp

    func accept(_ message: VerifiedTicket) throws -> TicketAcceptance {
        if let number = try transaction.acceptance(sender: message.sender, ticketID: message.id) {
            return TicketAcceptance(reference: number, repeated: true)
        }
        let ticket = message.ticket
        let number: String
        if let known = try transaction.relayedCase(sender: message.sender, senderNumber: ticket.number) {
            number = known.number
            try update(known, by: message)
        } else if let own = try comesBack(message) {
            number = own.number
        } else {
            number = try open(message)
        }
        try transaction.saveAcceptance(sender: message.sender, ticketID: message.id, caseNumber: number, at: time)
        return TicketAcceptance(reference: number, repeated: false)
    }

    /// The case that the ticket was made of, here or on its way here: partners that hand tickets to each other would make
    /// ever new cases of one.
    private func comesBack(_ message: VerifiedTicket) throws -> Case? {
        let ticket = message.ticket
        guard let known = try transaction.findCase(number: ticket.number), known.host == ticket.server.host,
            known.openedAt == ticket.openedAt
        else { return nil }
        return known
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
        new.note(.opened, by: message.sender, because: ticket.because, at: time)
        take(ticket, into: &new)
        try finish(new, message)
        if let test = new.test { try transaction.saveTest(id: test, caseNumber: number, at: time) }
        return number
    }

    private func update(_ known: Case, by message: VerifiedTicket) throws {
        guard message.ticket.revision > known.relayed?.revision ?? 0 else { return }
        var known = known
        known.note(
            message.ticket.event == .closed ? .closed : .updated, by: message.sender, because: message.ticket.because,
            at: time)
        take(message.ticket, into: &known)
        try finish(known, message)
    }

    private func take(_ ticket: Ticket, into found: inout Case) {
        let isClosed = ticket.event == .closed
        found.relayed = ticket
        found.suspect = ticket.suspect
        found.urgency = ticket.urgency
        found.hostname = ticket.server.hostname
        found.members = ticket.faults.prefix(CaseLimits.members).map {
            Case.Member(fault: $0, isOpen: !isClosed, because: $0.because)
        }
        found.test = ticket.test ? ticket.faults.lazy.compactMap(\.test).first ?? ticket.number : nil
        found.updatedAt = time
        if isClosed {
            found.state = .closed
            found.closedAt = ticket.closedAt ?? time
            found.closedBecause = ticket.because
        } else if found.isClosed {
            found.state = .open
            found.closedAt = nil
            found.closedBecause = nil
        }
    }

    private func finish(_ found: Case, _ message: VerifiedTicket) throws {
        if !message.reports.isEmpty {
            try transaction.forgetReports(caseNumber: found.number)
            let certificates = message.certificates.joined(separator: "\n")
            for report in message.reports.suffix(CaseLimits.reports) {
                try transaction.keep(report, certificate: certificates, caseNumber: found.number)
            }
        }
        try CaseRecorder(transaction: transaction, policy: policy, time: time).finish(
            found, event: message.ticket.event, notice: true, message.ticket.because, message.ticket.server.part,
            senderNumber: message.ticket.number)
    }
}
