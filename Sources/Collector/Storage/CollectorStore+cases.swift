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
                throw StoreError.noCase(number)
            }
            if found.isClosed { throw StoreError.conflict(because: "case \(number) is closed already") }
            return try CaseRecorder(transaction: transaction, policy: policy, time: decision.time)
                .decide(decision, on: found)
        }
    }

    /// Messages about the case, the oldest first, and what is owed and was not begun.
    func deliveries(caseNumber: String) async throws(StoreError) -> [DeliveryRecord] {
        try await read("reading messages") { [policy] transaction in
            guard let found = try transaction.findCase(number: caseNumber) else { return [] }
            return DeliveryRecord.all(
                of: found, try transaction.toldRows(caseNumber: caseNumber),
                begun: try transaction.deliveryRecords(caseNumber: caseNumber),
                channels: { policy.addressee($0)?.kind })
        }
    }

    func testRecord(id: String) async throws(StoreError) -> TestRecord? {
        try await read("reading a test") { try $0.testRecord(id: id) }
    }

    // MARK: Outbox

    /// Chooses what is sent now, made of the cases as they stand, and stores that it was begun before anything is sent.
    /// - Parameter newID: makes an id that no other message has.
    func beginDeliveries(
        at time: Timestamp, newID: @escaping @Sendable () -> String
    ) async throws(StoreError) -> [Delivery] {
        try await outbox("choosing messages", at: time) { try $0.begin(newID: newID) }
    }

    /// - Parameter jitter: 0..<1, by which the next attempt is later.
    func record(
        _ answer: DeliveryAnswer, to delivery: Delivery, at time: Timestamp, jitter: Double
    ) async throws(StoreError) {
        try await outbox("recording a delivery", at: time) { try $0.record(answer, to: delivery, jitter: jitter) }
    }

    /// At a start: no attempt runs, holds end for recipients that are configured otherwise, and what is owed to those that are
    /// configured no more ends.
    /// - Parameter fingerprints: hash of each recipient's settings.
    func resumeRecipients(_ fingerprints: [String: String], at time: Timestamp) async throws(StoreError) {
        try await outbox("looking at the recipients", at: time) { try $0.resume(fingerprints) }
    }

    /// - Returns: how many cases it changes.
    func decide(_ decision: RecipientDecision, recipient name: String) async throws(StoreError) -> Int {
        try await outbox("deciding about a recipient", at: decision.time) { outbox in
            switch decision.kind {
            case .catchUp: return try outbox.catchUp(name, by: decision.by, because: decision.because)
            case .drop: return try outbox.drop(name, by: decision.by, because: decision.because)
            case .tryNow: return try outbox.tryNow(name)
            }
        }
    }

    /// Owes the recipient, or all that are to be told, the case as it stands, under a new message id.
    func resend(
        _ number: String, to recipient: String?, by: String, because: String, at time: Timestamp
    ) async throws(StoreError) -> Case {
        try await outbox("sending a case again", at: time) {
            try $0.resend(number, to: recipient, by: by, because: because)
        }
    }

    private func outbox<Value: Sendable>(
        _ doing: String, at time: Timestamp, _ body: @escaping @Sendable (OutboxRecorder) throws -> Value
    ) async throws(StoreError) -> Value {
        try await transaction(doing) { [policy] transaction in
            try body(OutboxRecorder(transaction: transaction, policy: policy, time: time))
        }
    }

    /// Every configured recipient, and every other that is owed something.
    func recipientStates() async throws(StoreError) -> [RecipientState] {
        try await read("reading the recipients' states") { [policy] in try $0.recipientStates(policy.recipients) }
    }
}
