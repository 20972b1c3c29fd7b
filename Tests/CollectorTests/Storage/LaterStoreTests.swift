import Foundation
import GRDB
import Reports
import Testing

@testable import Collector

@Suite("A database of a newer collector")
struct LaterStoreTests {
    @Test("It is refused with what to do, left as it is, and with a code after which the unit starts nothing again")
    func refused() async throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/collector.sqlite"
        do {
            let store = try SQLiteStore(path: path, policy: StoreUnderTest.policy)
            try await store.pool.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('of a later day')") }
            await store.close()
        }
        let before = try LaterStoreTests.content(of: path)
        #expect(before.contains("of a later day"))
        let thrown = #expect(throws: StoreError.self) {
            _ = try SQLiteStore(path: path, policy: StoreUnderTest.policy)
        }
        let error = try #require(thrown)
        #expect("\(error)".contains("install that version"))
        let status = CollectorCommands.exitStatus(of: error)
        #expect(status == .data && Reports.ExitStatus.lasting.contains(status))
        #expect(try LaterStoreTests.content(of: path) == before)
    }

    /// Its tables and the migrations that were made: the file itself has counters that each opening moves.
    private static func content(of path: String) throws -> [String] {
        try DatabaseQueue(path: path).read { database in
            try String.fetchAll(database, sql: "SELECT name || coalesce(sql, '') FROM sqlite_master ORDER BY name")
                + String.fetchAll(database, sql: "SELECT identifier FROM grdb_migrations ORDER BY identifier")
        }
    }
}
