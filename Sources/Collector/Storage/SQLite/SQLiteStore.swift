import FoundationEssentials
import GRDB
import Logging
import Reports

/// The embedded store: one SQLite file in WAL mode, every commit synced to the disk.
final class SQLiteStore: CollectorStore {
    let pool: DatabasePool
    let policy: CasePolicy
    /// What of it cannot be read.
    let setAside: SetAside
    private let queue: IntakeQueue

    /// Opens or makes the database and brings its tables up to date.
    /// - Parameter logger: is told of rows that cannot be read.
    init(path: String, policy: CasePolicy, logger: Logger? = nil) throws(StoreError) {
        var configuration = GRDB.Configuration()
        configuration.busyMode = .timeout(10)
        configuration.maximumReaderCount = 4
        configuration.prepareDatabase { db in
            // FULL: an acknowledged report survives the loss of power, not only the death of the process.
            try db.execute(sql: "PRAGMA synchronous = FULL")
        }
        let policy = policy
        let setAside = SetAside(logger)
        do {
            let pool = try DatabasePool(path: path, configuration: configuration)
            guard try pool.read({ try !SQLiteSchema.migrator.hasBeenSuperseded($0) }) else {
                throw StoreError.conflict(
                    because:
                        "\(path) was written by a newer version of this program: install that version, or a backup of the file"
                )
            }
            try SQLiteSchema.migrator.migrate(pool)
            self.pool = pool
            self.policy = policy
            self.setAside = setAside
            queue = IntakeQueue { group in
                await SQLiteStore.write(group, into: pool, under: policy, setAside)
            }
        } catch let error as StoreError {
            throw error
        } catch {
            throw .unavailable(doing: "opening \(path)", because: SQLiteStore.words(error))
        }
    }

    /// What the database reported, without SQL and without values.
    static func words(_ error: any Error) -> String {
        guard let error = error as? DatabaseError else { return "\(error)" }
        return "\(error.message ?? "SQLite error") (\(error.extendedResultCode.rawValue))"
    }

    func read<Value: Sendable>(
        _ doing: String, _ body: @escaping @Sendable (SQLiteTransaction) throws -> Value
    ) async throws(StoreError) -> Value {
        do {
            return try await pool.read { [setAside] in try body(SQLiteTransaction(db: $0, setAside: setAside)) }
        } catch let error as StoreError {
            throw error
        } catch {
            throw .unavailable(doing: doing, because: SQLiteStore.words(error))
        }
    }

    func write<Value: Sendable>(
        _ doing: String, _ body: @escaping @Sendable (SQLiteTransaction) throws -> Value
    ) async throws(StoreError) -> Value {
        do {
            return try await pool.write { [setAside] in try body(SQLiteTransaction(db: $0, setAside: setAside)) }
        } catch let error as StoreError {
            throw error
        } catch {
            throw .unavailable(doing: doing, because: SQLiteStore.words(error))
        }
    }

    /// One transaction for all batches; a batch that fails takes back only itself.
    private static func write(
        _ group: [(VerifiedBatch, Timestamp)], into pool: DatabasePool, under policy: CasePolicy, _ setAside: SetAside
    ) async -> [IntakeQueue.Answer] {
        do {
            return try await pool.write { db in
                try group.map { batch, time in
                    var answer = IntakeQueue.Answer.failure(.notFound(what: "answer"))
                    try db.inSavepoint {
                        do {
                            let book = ReportRecorder(
                                transaction: SQLiteTransaction(db: db, setAside: setAside), policy: policy, time: time)
                            answer = .success(try book.accept(batch))
                            return .commit
                        } catch let error as StoreError {
                            answer = .failure(error)
                            return .rollback
                        } catch  where !(error is DatabaseError) {
                            // What one server brings or has stored keeps no other's reports out.
                            answer = .failure(.unavailable(doing: "storing reports", because: words(error)))
                            return .rollback
                        }
                    }
                    return answer
                }
            }
        } catch {
            let failure = StoreError.unavailable(doing: "storing reports", because: words(error))
            return group.map { _ in .failure(failure) }
        }
    }

    // MARK: Itself

    func identity() async throws(StoreError) -> StoreIdentity {
        try await write("reading the identity") { try $0.identity() }
    }

    func checkHealth() async throws(StoreError) {
        try await write("checking the database") { try $0.set("health", to: "checked") }
    }

    func close() async {
        // Closing fails only when it is closed already, or when a statement still runs and the file closes after it.
        try? pool.close()
    }

    // MARK: Intake

    func accept(_ batch: VerifiedBatch, at time: Timestamp) async throws(StoreError) -> Receipt {
        try await queue.accept(batch, at: time).get()
    }

    func agentKey(id: String) async throws(StoreError) -> AgentKey? {
        try await read("reading a key") { try $0.agentKey(id: id) }
    }

    // MARK: Cases

    func cases(_ query: CaseQuery) async throws(StoreError) -> [Case] {
        try await read("listing cases") { transaction in
            let (filter, arguments) = SQLiteStore.filter(query)
            // The bodies are read of those only that are shown.
            return try transaction.bodies(
                Case.self,
                """
                SELECT c.number, body FROM "case" AS c JOIN (SELECT number, \(SQLiteStore.gravity) AS gravity FROM "case"
                WHERE \(filter) ORDER BY gravity, opened DESC, number DESC LIMIT ? OFFSET ?) AS chosen
                ON chosen.number = c.number ORDER BY gravity, c.opened DESC, c.number DESC
                """, arguments + [max(0, query.limit), max(0, query.offset)])
        }
    }

    func countCases(_ query: CaseQuery) async throws(StoreError) -> Int {
        try await read("counting cases") { transaction in
            let (filter, arguments) = SQLiteStore.filter(query)
            return try Int.fetchOne(
                transaction.db.cachedStatement(sql: #"SELECT count(*) FROM "case" WHERE \#(filter)"#),
                arguments: arguments)
                ?? 0
        }
    }

    private static func filter(_ query: CaseQuery) -> (sql: String, arguments: StatementArguments) {
        let states = query.states.map(\.rawValue).sorted()
        let marks = states.map { _ in "?" }.joined(separator: ", ")
        var arguments = StatementArguments(states)
        if let host = query.host { arguments += [host] }
        return ("state IN (\(marks))" + (query.host == nil ? "" : " AND host = ?"), arguments)
    }

    /// 0 for the gravest case.
    private static let gravity = """
        CASE WHEN state = 'closed' THEN 20 ELSE
        CASE urgency WHEN 'order' THEN 0 WHEN 'plan' THEN 1 WHEN 'watch' THEN 2 ELSE 3 END
        + CASE WHEN EXISTS (SELECT 1 FROM test WHERE test.number = "case".number) THEN 10 ELSE 0 END END
        """

    func findCase(number: String) async throws(StoreError) -> Case? {
        try await read("reading a case") { try $0.findCase(number: number) }
    }

    func decide(_ decision: CaseDecision, onCase number: String) async throws(StoreError) -> Case {
        try await write("deciding about a case") { [policy] transaction in
            guard let found = try transaction.findCase(number: number) else {
                throw StoreError.notFound(what: "case \(number)")
            }
            if found.isClosed { throw StoreError.conflict(because: "case \(number) is closed already") }
            return try CaseRecorder(transaction: transaction, policy: policy, time: decision.time)
                .decide(decision, on: found)
        }
    }

    func deliveries(caseNumber: String) async throws(StoreError) -> [Delivery] {
        try await read("reading deliveries") { try $0.deliveries(caseNumber: caseNumber) }
    }

    func testRecord(id: String) async throws(StoreError) -> TestRecord? {
        try await read("reading a test") { transaction in
            let row = try Row.fetchOne(
                transaction.db,
                sql: #"SELECT t.*, c.opened FROM test t JOIN "case" c ON c.number = t.number WHERE t.id = ?"#,
                arguments: [id])
            return row.map { row in
                TestRecord(
                    id: row["id"], acceptedAt: Timestamp(milliseconds: row["accepted"]), caseNumber: row["number"],
                    caseOpenedAt: Timestamp(milliseconds: row["opened"]))
            }
        }
    }

    // MARK: Outbox

    func claimDeliveries(limit: Int, at time: Timestamp, until: Timestamp) async throws(StoreError) -> [Delivery] {
        try await write("claiming deliveries") { try $0.claim(limit: limit, at: time, until: until) }
    }

    func record(
        _ outcome: DeliveryOutcome, for delivery: Delivery, at time: Timestamp
    ) async throws(StoreError) {
        try await write("recording a delivery") { [policy] transaction in
            guard let stored = try transaction.findDelivery(id: delivery.id) else {
                throw StoreError.notFound(what: "delivery \(delivery.id)")
            }
            guard let next = OutboxRules.applying(outcome, to: stored, claimed: delivery, at: time) else { return }
            try transaction.update(next)
            var noted = outcome
            if case .failed(let because, let nextAttempt, let divertTo?) = outcome {
                // The fallback is notified once, however often the recipient fails after that.
                noted = .failed(because: because, nextAttempt: nextAttempt, divertTo: nil)
                if let addressee = policy.recipients.first(where: { $0.name == divertTo }) {
                    let standIn = Delivery(stored.ticket, to: addressee, insteadOf: stored.recipient, at: time)
                    if try transaction.findDelivery(id: standIn.id) == nil {
                        try transaction.enqueue(standIn)
                        noted = outcome
                    }
                }
            }
            try SQLiteStore.noteOutcome(noted, of: stored, in: transaction, policy: policy, at: time)
        }
    }

    private static func noteOutcome(
        _ outcome: DeliveryOutcome, of stored: Delivery, in transaction: SQLiteTransaction, policy: CasePolicy,
        at time: Timestamp
    ) throws {
        guard var found = try transaction.findCase(number: stored.caseNumber) else { return }
        if let event = OutboxRules.event(of: outcome, for: stored, at: time) {
            found.note(event.kind, by: event.by, because: event.because, at: time)
            try transaction.save(found, senderNumber: nil)
        }
        guard found.test != nil, !found.isClosed, try transaction.allDelivered(caseNumber: found.number) else { return }
        _ = try CaseRecorder(transaction: transaction, policy: policy, time: time).close(
            found, by: "collector", because: "Every recipient confirmed the test.", chassis: Part())
    }

    func nextDeliveryDue() async throws(StoreError) -> Timestamp? {
        try await read("looking into the outbox") { transaction in
            try Int64.fetchOne(
                transaction.db, sql: "SELECT min(next) FROM delivery WHERE state IN ('queued', 'retrying', 'claimed')"
            ).map { Timestamp(milliseconds: $0) }
        }
    }

    func recipientStates() async throws(StoreError) -> [RecipientState] {
        try await read("reading the recipients' states") { [policy] in try $0.recipientStates(policy.recipients) }
    }
}
