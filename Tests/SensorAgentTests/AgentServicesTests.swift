import Glibc
import Synchronization
import Testing

@testable import SensorAgent

@Suite("Services of the agent", .timeLimit(.minutes(1)))
struct AgentServicesTests {
    /// What happened, in order.
    private final class Events: Sendable {
        private let events = Mutex<[String]>([])
        func add(_ event: String) { events.withLock { $0.append(event) } }
        var all: [String] { events.withLock { $0 } }
    }

    private struct Failure: Error, Hashable { var name: String }

    private struct Part: Service {
        var name: String
        var events: Events
        /// Instead of going on until it is stopped.
        var ends: (@Sendable () async throws -> Void)?

        func run() async throws {
            events.add("\(name) runs")
            if let ends { return try await ends() }
            await AgentServices.cancellation()
            // Work that stopping takes, during which no other service may be stopped.
            await Task.yield()
            events.add("\(name) ended")
        }
    }

    private func started(_ count: Int, in events: Events) async {
        while events.all.count < count { await Task.yield() }
    }

    @Test("They are stopped from the last to the first, each when the one after it has ended")
    func order() async throws {
        let events = Events()
        let parts = ["first", "second", "third"].map { Part(name: $0, events: events) }
        let task = Task { try await AgentServices.run(parts) }
        await started(3, in: events)
        task.cancel()
        try await task.value
        #expect(events.all.suffix(3) == ["third ended", "second ended", "first ended"])
    }

    @Test("One that fails stops the others, and its error is what is told")
    func failure() async throws {
        let events = Events()
        let parts = [
            Part(name: "first", events: events),
            Part(name: "second", events: events) { throw Failure(name: "second") },
            Part(name: "third", events: events),
        ]
        await #expect(throws: Failure(name: "second")) { try await AgentServices.run(parts) }
        #expect(events.all.suffix(2) == ["third ended", "first ended"])
    }

    @Test("One that ends though nobody stopped it is a fault that is told")
    func endsByItself() async throws {
        let events = Events()
        let parts = [Part(name: "first", events: events), Part(name: "second", events: events) {}]
        let error = await #expect(throws: AgentError.self) { try await AgentServices.run(parts) }
        #expect(error?.description.contains("ended by itself") == true)
        #expect(events.all.last == "first ended")
    }

    @Test("A signal stops them all, without an error")
    func signal() async throws {
        let events = Events()
        let parts = [
            Part(name: "first", events: events),
            // A signal that ends nothing by default, should it come before anybody listens; sent until it was heard.
            Part(name: "sender", events: events) {
                while !Task.isCancelled {
                    kill(getpid(), SIGURG)
                    await Task.yield()
                }
            },
        ]
        try await AgentServices.run(parts, until: [SIGURG])
        #expect(events.all.last == "first ended")
    }
}
