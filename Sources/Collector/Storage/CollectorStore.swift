import FoundationEssentials
import Reports

/// The collector's memory. Each method is one whole, durable transaction, in domain words; when it throws, nothing was
/// changed.
///
/// One contract suite (Tests/CollectorTests/Storage) holds for every conformance.
protocol CollectorStore: Sendable {
    // MARK: Itself

    /// Which cases to list.
struct CaseQuery: Hashable, Sendable {
    var states: Set<Case.State> = [.open, .acknowledged]
    var host: HostID?
    var limit: Int = 500
}

/// How long things are kept.
struct Retention: Hashable, Sendable {
    /// Closed cases with their deliveries and reports.
    var closedCases: Duration
    /// Points of sparklines.
    var history: Duration
    /// Signed reports of no case.
    var reports: Duration
}

/// Where one test has come to.
struct TestRecord: Hashable, Sendable, Codable {
    var id: String
    /// When the test report, or the relayed ticket, was stored.
    var acceptedAt: Timestamp
    var caseNumber: String
    var caseOpenedAt: Timestamp
}
