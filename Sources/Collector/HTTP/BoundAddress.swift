import Synchronization

/// Where the server listens, known once it does.
final class BoundAddress: Sendable {
    private struct State {
        var port: Int?
        var waiting: [CheckedContinuation<Int, Never>] = []
    }
    private let state = Mutex(State())

    /// The port; waits until there is one.
    var port: Int {
        get async {
            await withCheckedContinuation { continuation in
                let known: Int? = state.withLock { state in
                    if state.port == nil { state.waiting.append(continuation) }
                    return state.port
                }
                if let known { continuation.resume(returning: known) }
            }
        }
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
