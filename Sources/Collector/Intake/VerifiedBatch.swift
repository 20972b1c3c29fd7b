import FoundationEssentials
import Reports

/// Reports of one agent, in the order in which they came, whose signatures were checked.
struct VerifiedBatch: Sendable {
    var host: HostID
    var reports: [VerifiedReport]
}

/// One report whose signature was checked.
struct VerifiedReport: Sendable {
    var position: ReportPosition
    /// As it was signed; kept for relaying.
    var envelope: Envelope
    /// PEM of the agent that signed it.
    var certificate: String
    var content: Content

    enum Content: Sendable {
        case report(Report)
        /// Validly signed, and wrong: it is refused for good, with the reason.
        case malformed(because: String)
    }
}
