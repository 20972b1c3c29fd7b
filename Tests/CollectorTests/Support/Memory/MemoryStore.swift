import Reports
import Synchronization

@testable import Collector

/// Where stores in memory keep what they know: who opens it again finds what was there.
final class MemoryDisk: Sendable {
    private let state: Mutex<MemoryLedger>

    init(_ ledger: MemoryLedger = MemoryLedger()) { state = Mutex(ledger) }

    /// As it is now: a backup.
    var ledger: MemoryLedger { state.withLock { $0 } }

    func transaction<Value: Sendable>(
        _ doing: String, _ body: @Sendable (any CollectorLedger) throws -> Value
    ) throws(StoreError) -> Value {
        try state.withLock { (ledger: inout MemoryLedger) throws(StoreError) in try ledger.transaction(doing, body) }
    }
}

/// A store in memory: a transaction works on a copy of the ledger, which becomes the ledger when it ends well.
final class MemoryStore: CollectorStore {
    let policy: CasePolicy
    let disk: MemoryDisk

    init(_ disk: MemoryDisk = MemoryDisk(), policy: CasePolicy) {
        self.policy = policy
        self.disk = disk
    }

    func transaction<Value: Sendable>(
        _ doing: String, _ body: @escaping @Sendable (any CollectorLedger) throws -> Value
    ) async throws(StoreError) -> Value { try disk.transaction(doing, body) }

    func read<Value: Sendable>(
        _ doing: String, _ body: @escaping @Sendable (any CollectorLedger) throws -> Value
    ) async throws(StoreError) -> Value {
        var copy = disk.ledger
        return try copy.transaction(doing, body)
    }

    func accept(_ batch: VerifiedBatch, at time: Timestamp) async throws(StoreError) -> Receipt {
        try await transaction("storing reports") { [policy] transaction in
            try ReportRecorder(transaction: transaction, policy: policy, time: time).accept(batch)
        }
    }

    func checkHealth() async throws(StoreError) {}
    func close() async {}
}

extension MemoryLedger {
    /// Works on a copy, which takes this one's place when `body` ends well.
    mutating func transaction<Value>(
        _ doing: String, _ body: (any CollectorLedger) throws -> Value
    ) throws(StoreError) -> Value {
        do {
            let transaction = MemoryTransaction(self)
            let value = try body(transaction)
            self = transaction.ledger
            return value
        } catch let error as StoreError {
            throw error
        } catch {
            throw .unavailable(doing: doing, because: "\(error)")
        }
    }
}

/// One transaction over a ledger.
final class MemoryTransaction: CollectorLedger {
    var ledger: MemoryLedger
    init(_ ledger: MemoryLedger) { self.ledger = ledger }
}

/// What a database's unique index would refuse.
struct NotUnique: Error, CustomStringConvertible {
    var what: String
    var description: String { "\(what) is there already" }
}
