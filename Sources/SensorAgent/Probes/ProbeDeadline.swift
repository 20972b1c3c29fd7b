public import Reports

extension Probe {
    /// Looks once and gives up after the probe's `deadline`.
    ///
    /// A look that hangs in the kernel cannot be ended; it is left behind, and its result is dropped when it comes.
    public func observeWithinDeadline(
        at time: Timestamp, since cursor: ProbeCursor?
    ) async -> Result<ProbeResult, ProbeError> {
        await withCheckedContinuation { continuation in
            let first = FirstResult(continuation)
            let deadline = deadline
            let timer = Task {
                guard (try? await Task.sleep(for: deadline)) != nil else { return }
                first.answer(.failure(.timedOut(after: deadline)))
            }
            Task {
                do throws(ProbeError) {
                    first.answer(.success(try await observe(at: time, since: cursor)))
                } catch {
                    first.answer(.failure(error))
                }
                timer.cancel()
            }
        }
    }
}
