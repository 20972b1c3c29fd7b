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
        let before = try Data(contentsOf: URL(filePath: path))
        let thrown = #expect(throws: StoreError.self) {
            _ = try SQLiteStore(path: path, policy: StoreUnderTest.policy)
        }
        let error = try #require(thrown)
        #expect("\(error)".contains("install that version"))
        let status = CollectorCommands.exitStatus(of: error)
        #expect(status == .data && Reports.ExitStatus.lasting.contains(status))
        #expect(try Data(contentsOf: URL(filePath: path)) == before)
    }
}
