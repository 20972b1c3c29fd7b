import Reports

extension DeliveryRecord {
    /// Messages about the case, the oldest first, and what is owed and was not begun.
    /// - Parameter channels: how a recipient is reached; nil for one that is configured no more.
    static func all(
        of found: Case, _ rows: [ToldRow], begun: [DeliveryRecord], channels: (String) -> ChannelKind?
    ) -> [DeliveryRecord] {
        begun
            + rows.filter { $0.isOwed && $0.trying == nil }.map { row in
                let event: Ticket.Event =
                    if found.test != nil { .test } else if found.isClosed { .closed } else if row.told == nil {
                        .opened
                    } else { .updated }
                return DeliveryRecord(
                    id: "\(row.caseNumber)/\(row.recipient)", caseNumber: row.caseNumber, recipient: row.recipient,
                    channel: channels(row.recipient) ?? ChannelKind(rawValue: "none"),
                    order: row.want ?? TicketOrder(revision: found.revision), event: event, state: .queued, attempts: 0,
                    createdAt: row.owedSince, begunAt: row.owedSince, nextAttempt: row.next, lastError: row.lastError,
                    insteadOf: row.insteadOf)
            }
    }
}
