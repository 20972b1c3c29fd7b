import Dispatch
import Glibc

/// Runs the parts of the agent side by side. It takes the place of swift-service-lifecycle here, which brings
/// libraries for streams along (AsyncAlgorithms and its collections): 2 of the program's 25 MB.
enum AgentServices {
    /// Runs all services until the task is cancelled, one of `signals` arrives, or a service ends by itself; then stops
    /// them from the last to the first, each after the one that depends on it has ended.
    /// - Parameters:
    ///   - services: in the order of dependency.
    ///   - signals: numbers of signal(7).
    /// - Throws: what ended a service, the first if several failed.
    static func run(_ services: [any Service], until signals: [Int32] = []) async throws {
        let (ends, end) = AsyncStream.makeStream(of: Void.self)
        let sources = signals.map { signal in
            let source = DispatchSource.makeSignalSource(signal: signal)
            source.setEventHandler { end.yield() }
            source.activate()
            return source
        }
        let tasks = services.map { service in
            Task {
                defer { end.yield() }
                try await service.run()
                // A part that is missing must not go unseen.
                if !Task.isCancelled { throw AgentError("\(type(of: service)) ended by itself: a fault of the agent") }
            }
        }
        // One element is enough; none comes when this task is cancelled.
        for await _ in ends { break }
        var failure: (any Error)?
        for task in tasks.reversed() {
            task.cancel()
            if case .failure(let error) = await task.result, failure == nil { failure = error }
        }
        for source in sources { source.cancel() }
        if let failure { throw failure }
    }

    /// Returns when the task is cancelled.
    static func cancellation() async {
        let (never, end) = AsyncStream.makeStream(of: Never.self)
        for await _ in never {}
        end.finish()
    }
}
