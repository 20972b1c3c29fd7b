public import Reports

extension Probe {
    /// Looks once: what no sensor can show is not told as a reading, whichever probe read it (`PlausibleRange`).
    public func look(at time: Timestamp, since cursor: ProbeCursor?) async throws(ProbeError) -> ProbeResult {
        var result = try await observe(at: time, since: cursor)
        result.takeOutImplausible()
        return result
    }

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
                    first.answer(.success(try await look(at: time, since: cursor)))
                } catch {
                    first.answer(.failure(error))
                }
                timer.cancel()
            }
        }
    }
}

extension ProbeResult {
    /// Replaces readings that are placeholders by the reason, and keeps them beside it as they were read.
    mutating func takeOutImplausible() {
        for index in observations.indices {
            guard case .reading(let value) = observations[index].measurement else { continue }
            let (component, signal) = (observations[index].component, observations[index].signal)
            guard !PlausibleRange.contains(value, signal: signal.name, of: component) else { continue }
            observations[index].measurement = .unavailable(PlausibleRange.reason(signal: signal.name))
            asRead.append(
                RawReading(component: component, signal: signal, source: signal.description, value: value))
        }
    }
}
