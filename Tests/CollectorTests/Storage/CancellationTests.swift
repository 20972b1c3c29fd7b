import Reports
import Testing

@testable import Collector

@Suite("What is cancelled")
struct CancellationTests {
    @Test("A cancelled operation is no failed disk: it says so, is answered with `stopping`, and is logged as nothing")
    func cancelled() async throws {
        let fleet = try await TestFleet()
        let store = fleet.store
        let read = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await store.read("looking for servers") { _ in 0 }
        }
        let write = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await store.transaction("storing a report") { _ in 0 }
        }
        for task in [read, write] { task.cancel() }
        for (task, doing) in [(read, "looking for servers"), (write, "storing a report")] {
            let error = await #expect(throws: StoreError.cancelled(doing: doing)) { try await task.value }
            #expect(error?.isCancellation == true && error?.description.contains("free space") == false)
            #expect(error.map { RequestProblem($0).problem.code } == "stopping")
        }
        #expect(!StoreError.unavailable(doing: "x", because: "y").isCancellation)
    }
}
