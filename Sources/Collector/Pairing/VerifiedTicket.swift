import Reports

/// A ticket of a paired site whose signatures were checked.
struct VerifiedTicket: Hashable, Sendable {
    /// The sender's idempotency key.
    var id: String
    /// `PairedSite.id`.
    var sender: String
    var ticket: Ticket
    var reports: [Envelope]
    /// For `reports`, together with the sender's cross certificate.
    var certificates: [String]
}
