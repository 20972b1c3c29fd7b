import Reports

/// The collector itself, and its cases.
extension CollectorStore {
    /// The id of this collector; made on first use.
    func identity() async throws(StoreError) -> StoreIdentity {
        try await transaction("reading the identity") { try $0.identity() }
    }

    // MARK: Cases

    /// The gravest first: open before closed, real before tests, the most urgent, then the newest; of closed ones the
    /// newest. The order comes before the limit, so that no limit hides what is grave.
    func cases(_ query: CaseQuery) async throws(StoreError) -> [Case] {
        try await read("listing cases") { try $0.cases(query) }
    }

    /// How many there are, whatever the limit of the query.
    func countCases(_ query: CaseQuery) async throws(StoreError) -> Int {
        try await read("counting cases") { try $0.countCases(query) }
    }

    func findCase(number: String) async throws(StoreError) -> Case? {
        try await read("reading a case") { try $0.findCase(number: number) }
    }

    func decide(_ decision: CaseDecision, onCase number: String) async throws(StoreError) -> Case {
        try await transaction("deciding about a case") { [policy] transaction in
            guard let found = try transaction.findCase(number: number) else {
                throw StoreError.notFound(what: "case \(number)")
            }
            if found.isClosed { throw StoreError.conflict(because: "case \(number) is closed already") }
            return try CaseRecorder(transaction: transaction, policy: policy, time: decision.time)
                .decide(decision, on: found)
        }
    }

    /// Oldest first, every state.
    func deliveries(caseNumber: String) async throws(StoreError) -> [Delivery] {
        try await read("reading deliveries") { try $0.deliveries(caseNumber: caseNumber) }
    }

    func testRecord(id: String) async throws(StoreError) -> TestRecord? {
        try await read("reading a test") { try $0.testRecord(id: id) }
    }

    // MARK: Outbox

    /// Hands out what is due, at most `limit`, until `until`; of one case and recipient only the oldest. New tests come
    /// first: each shows whether its recipient takes messages again.
    func claimDeliveries(limit: Int, at time: Timestamp, until: Timestamp) async throws(StoreError) -> [Delivery] {
        try await transaction("claiming deliveries") { try $0.claim(limit: limit, at: time, until: until) }
    }

    func record(
        _ outcome: DeliveryOutcome, for delivery: Delivery, at time: Timestamp
    ) async throws(StoreError) {
        try await transaction("recording a delivery") { [policy] transaction in
            try DeliveryRecorder(transaction: transaction, policy: policy, time: time).record(outcome, for: delivery)
        }
    }

    /// When the next delivery is due; nil while none waits.
    func nextDeliveryDue() async throws(StoreError) -> Timestamp? {
        try await read("looking into the outbox") { try $0.nextDeliveryDue() }
    }

    /// Every configured recipient, and every other that messages wait for.
    func recipientStates() async throws(StoreError) -> [RecipientState] {
        try await read("reading the recipients' states") { [policy] in try $0.recipientStates(policy.recipients) }
    }
}
