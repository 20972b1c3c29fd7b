import Synchronization

/// Wakes one waiter, or the next one if none waits: signals are not lost, and many count as one.
final class WakeSignal: Sendable {
    private struct State {
        var isPending = false
        var waiter: CheckedContinuation<Bool, Never>?
        /// Counts waits, so that the timer of an earlier one cannot end a later one.
        var wait = 0
    }
    private let state = Mutex(State())

    func fire() {
        let waiter = state.withLock { state in
            state.isPending = state.waiter == nil
            return state.waiter.take()
        }
        waiter?.resume(returning: true)
    }

    /// Waits for a signal; one at a time.
    /// - Returns: whether there was one; false when the time has passed or the task was cancelled.
    func wait(atMost duration: Duration) async -> Bool {
        let number = state.withLock { state in
            state.wait += 1
            return state.wait
        }
        let timer = Task {
            try? await Task.sleep(for: duration)
            if !Task.isCancelled { end(number) }
        }
        defer { timer.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                let isSignalled = state.withLock { state in
                    if !state.isPending { state.waiter = waiter }
                    defer { state.isPending = false }
                    return state.isPending
                }
                if isSignalled { waiter.resume(returning: true) }
                // The timer or the handler below may have run before there was a waiter.
                if Task.isCancelled || duration <= .zero { end(number) }
            }
        } onCancel: {
            end(number)
        }
    }

    private func end(_ number: Int) {
        let waiter = state.withLock { state in state.wait == number ? state.waiter.take() : nil }
        waiter?.resume(returning: false)
    }
}
