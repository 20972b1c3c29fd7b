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

    /// A cancelled operation says nothing of the disk.
    static func storeError(_ error: any Error, _ doing: String) -> StoreError {
        error.isCancellation ? .cancelled(doing: doing) : .unavailable(doing: doing, because: words(error))
    }

    /// What the database reported, without SQL and without values.
    static func words(_ error: any Error) -> String {
        guard let error = error as? DatabaseError else { return "\(error)" }
        return "\(error.message ?? "SQLite error") (\(error.extendedResultCode.rawValue))"
    }

    func read<Value: Sendable>(
        _ doing: String, _ body: @escaping @Sendable (any CollectorLedger) throws -> Value
    ) async throws(StoreError) -> Value {
        do {
            return try await pool.read { [setAside] in try body(SQLiteTransaction(db: $0, setAside: setAside)) }
        } catch let error as StoreError {
            throw error
        } catch {
            throw SQLiteStore.storeError(error, doing)
        }
    }

    func transaction<Value: Sendable>(
        _ doing: String, _ body: @escaping @Sendable (any CollectorLedger) throws -> Value
    ) async throws(StoreError) -> Value {
        do {
            return try await pool.write { [setAside] db in
                let transaction = SQLiteTransaction(db: db, setAside: setAside)
                let value = try body(transaction)
                try transaction.writeCases()
                return value
            }
        } catch let error as StoreError {
            throw error
        } catch {
            throw SQLiteStore.storeError(error, doing)
        }
    }

    /// One transaction for all batches; a batch that fails takes back only itself.
    static func write(
        _ group: [(VerifiedBatch, Timestamp)], into pool: DatabasePool, under policy: CasePolicy, _ setAside: SetAside
    ) async -> [IntakeQueue.Answer] {
        do {
            return try await pool.write { db in
                try group.map { batch, time in
                    var answer = IntakeQueue.Answer.failure(.notFound(what: "answer"))
                    try db.inSavepoint {
                        do {
                            let transaction = SQLiteTransaction(db: db, setAside: setAside)
                            let receipt = try ReportRecorder(transaction: transaction, policy: policy, time: time)
                                .accept(batch)
                            try transaction.writeCases()
                            answer = .success(receipt)
                            return .commit
                        } catch let error as StoreError {
                            answer = .failure(error)
                            return .rollback
                        } catch  where SQLiteStore.isOfItsRows(error) {
                            // What one server brings or has stored keeps no other's reports out.
                            answer = .failure(.unavailable(doing: "storing reports", because: words(error)))
                            return .rollback
                        }
                    }
                    return answer
                }
            }
        } catch {
            let failure = storeError(error, "storing reports")
            return group.map { _ in .failure(failure) }
        }
    }

    /// Whether an error is one of what was written or read, and not of the database.
    private static func isOfItsRows(_ error: any Error) -> Bool {
        guard let error = error as? DatabaseError else { return true }
        return error.resultCode == .SQLITE_CONSTRAINT
    }

    func checkHealth() async throws(StoreError) {
        try await transaction("checking the database") { try $0.set("health", to: "checked") }
    }

    func close() async {
        // Closing fails only when it is closed already, or when a statement still runs and the file closes after it.
        try? pool.close()
    }

    func accept(_ batch: VerifiedBatch, at time: Timestamp) async throws(StoreError) -> Receipt {
        try await queue.accept(batch, at: time).get()
    }
}
