import Daemon
import FoundationEssentials
import GRDB
import Glibc
import Reports

/// Copies of the database.
extension SQLiteStore {
    /// Writes a copy of the database, as it is at one moment, while it serves. The copy says that it is one before it has its
    /// name, so that no collector acts on it by mistake.
    /// - Throws: `StoreError.unavailable` where it cannot be written.
    func backUp(to path: String, at time: Timestamp) async throws(StoreError) {
        let part = "\(path).part"
        do {
            _ = unsafe unlink(part)
            // The database makes its other files with this one's mode.
            try PrivateFile.reserve(part)
            let copy = try DatabaseQueue(path: part)
            try pool.backup(to: copy)
            // One file, not one and its log.
            try await copy.writeWithoutTransaction { db in
                _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = DELETE")
            }
            try await copy.write { [setAside] db in
                let transaction = SQLiteTransaction(db: db, setAside: setAside)
                try transaction.save(try transaction.storeRecord().ofCopy(madeAt: time))
            }
            try copy.close()
            guard unsafe rename(part, path) == 0 else {
                throw StoreError.unavailable(
                    doing: "naming \(path)", because: unsafe String(cString: strerror(errno)))
            }
        } catch let error as StoreError {
            throw error
        } catch {
            throw .unavailable(doing: "copying the database to \(path)", because: SQLiteStore.words(error))
        }
    }
}
