import Synchronization

/// Where the server listens, known once it does.
final class BoundAddress: Sendable {
    private struct State {
        var port: Int?
        var isClosed = false
        var waiting: [CheckedContinuation<Int, any Error>] = []
    }
    private let state = Mutex(State())

    /// The port; waits until there is one.
    /// - Throws: `CancellationError` when the collector ended without ever listening.
    var port: Int {
        get async throws {
            try await withCheckedThrowingContinuation { continuation in
                let answer: Result<Int, any Error>? = state.withLock { state in
                    if let port = state.port { return .success(port) }
                    if state.isClosed { return .failure(CancellationError()) }
                    state.waiting.append(continuation)
                    return nil
                }
                if let answer { continuation.resume(with: answer) }
            }
        }
    }

    /// Nobody will listen any more: who waits for the port is notified.
    func close() {
        let waiting = state.withLock { state in
            state.isClosed = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume(throwing: CancellationError()) }
    }

    func bound(to port: Int) {
        let waiting = state.withLock { state in
            state.port = port
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume(returning: port) }
    }

    /// The port if it is known, else the one that was asked for.
    func port(orElse configured: Int) -> Int { state.withLock { $0.port } ?? configured }
}
