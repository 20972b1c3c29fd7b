import Reports

/// Writes a case as the ticket that recipients see.
struct TicketWriter: Sendable {
    var site: Ticket.Site
    /// Id of the store that writes.
    var store: String
    /// Of that store.
    var epoch: StoreEpoch

    /// - Parameter chassis: the server's own part, where known.
    func ticket(for found: Case, event: Ticket.Event, chassis: Part, because: String) -> Ticket {
        let original = found.relayed
        let suspects = found.openFaults.isEmpty ? found.members.suffix(1).map(\.fault) : found.openFaults
        return Ticket(
            number: found.number, event: event, revision: found.revision, test: found.test != nil,
            urgency: found.test == nil ? found.urgency : min(found.urgency, .plan), openedAt: found.openedAt,
            closedAt: found.closedAt,
            // A part goes to where the server stands, however many collectors the ticket has passed.
            site: original?.site ?? site,
            server: original?.server ?? Ticket.Server(host: found.host, hostname: found.hostname, part: chassis),
            suspect: found.suspect, faults: suspects, because: because,
            // A chain ends where it began: each on the way names the first.
            origin: original?.origin(from: found.sender ?? store) ?? Ticket.Origin(store: store, number: found.number),
            epoch: epoch, problem: original?.problem ?? found.problem,
            perhapsOrderedSince: found.perhapsOrderedSince ?? original?.perhapsOrderedSince)
    }
}
