import Reports

/// Writes a case as the ticket that recipients see.
struct TicketWriter: Sendable {
    var site: Ticket.Site
    /// Id of the store that writes.
    var store: String
    /// Of that store.
    var epoch: StoreEpoch

    /// The case as it stands, for the recipient of a row.
    /// - Parameters:
    ///   - chassis: the server's own part, where known.
    ///   - isRepeated: the recipient may have it already.
    func ticket(
        for found: Case, event: Ticket.Event, chassis: Part, to row: ToldRow, isRepeated: Bool
    ) -> Ticket {
        let original = found.relayed
        let suspects = found.openFaults.isEmpty ? found.members.suffix(1).map(\.fault) : found.openFaults
        var ticket = Ticket(
            number: found.number, event: event, revision: found.revision, test: found.test != nil,
            urgency: found.test == nil ? found.urgency : min(found.urgency, .plan), openedAt: found.openedAt,
            closedAt: found.closedAt,
            // A part goes to where the server stands, however many collectors the ticket has passed.
            site: original?.site ?? site,
            server: original?.server ?? Ticket.Server(host: found.host, hostname: found.hostname, part: chassis),
            suspect: found.suspect, faults: suspects, because: row.because,
            // A chain ends where it began: each on the way names the first.
            origin: original?.origin(from: found.sender ?? store) ?? Ticket.Origin(store: store, number: found.number),
            epoch: epoch, problem: original?.problem ?? found.problem,
            perhapsOrderedSince: found.perhapsOrderedSince ?? original?.perhapsOrderedSince)
        // Whoever sends the part has to know who else may, however many collectors the ticket has passed.
        ticket.insteadOf = row.insteadOf ?? original?.insteadOf
        ticket.standIn = row.standIn ?? original?.standIn
        ticket.repeated = isRepeated ? true : nil
        ticket.worsened = found.worsened ?? 1
        return ticket
    }
}
