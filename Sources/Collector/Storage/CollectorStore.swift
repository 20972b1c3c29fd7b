import Reports

/// The collector's memory: a database that carries transactions out. What it is asked in domain words stands in its extensions,
/// each method one whole, durable transaction over a `CollectorLedger`; when it throws, nothing was changed.
///
/// One contract suite (Tests/CollectorTests/Storage) holds for every conformance.
protocol CollectorStore: Sendable {
    /// What turns cases into messages.
    var policy: CasePolicy { get }

    /// One whole, durable transaction. It may run its body again: that has no effect but on what it is given.
    /// - Parameter doing: what is being done, for the error: `saving a token`.
    func transaction<Value: Sendable>(
        _ doing: String, _ body: @escaping @Sendable (any CollectorLedger) throws -> Value
    ) async throws(StoreError) -> Value
    /// As `transaction`, of a body that changes nothing.
    func read<Value: Sendable>(
        _ doing: String, _ body: @escaping @Sendable (any CollectorLedger) throws -> Value
    ) async throws(StoreError) -> Value
    /// Applies the reports once and in order; the case changes, and what recipients are owed by them, are part of it. Many that come at
    /// once may share a transaction.
    func accept(_ batch: VerifiedBatch, at time: Timestamp) async throws(StoreError) -> Receipt
    /// A cheap statement that fails when the database does.
    func checkHealth() async throws(StoreError)
    func close() async
}

/// Which cases to list.
struct CaseQuery: Hashable, Sendable {
    var states: Set<Case.State> = [.open, .acknowledged]
    var host: HostID?
    var limit: Int = 500
    /// Cases to leave out before the first.
    var offset: Int = 0
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
