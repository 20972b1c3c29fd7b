import Reports

/// The place of a message about a case among all messages about it. A recipient is never sent one that stands before one
/// that it had.
struct TicketOrder: Hashable, Sendable, Codable, Comparable {
    /// Epoch of the store that made the message.
    var epoch: StoreEpoch = .unbegun
    /// The case's `revision` that the message states.
    var revision: Int

    static func < (one: TicketOrder, other: TicketOrder) -> Bool {
        (one.epoch, one.revision) < (other.epoch, other.revision)
    }
}
