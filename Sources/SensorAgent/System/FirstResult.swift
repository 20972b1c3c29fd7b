import Synchronization

/// Hands on the first of several answers; the later ones are dropped.
final class FirstResult<Answer: Sendable>: Sendable {
    private let continuation: Mutex<CheckedContinuation<Answer, Never>?>

    init(_ continuation: CheckedContinuation<Answer, Never>) { self.continuation = Mutex(continuation) }

    func answer(_ answer: Answer) {
        continuation.withLock { $0.take() }?.resume(returning: answer)
    }
}
