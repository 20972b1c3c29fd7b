import Reports

extension CollectorStore {
    /// The clock of a collector that starts on this store. Deadlines are right before anything looks at one.
    /// - Parameters:
    ///   - wall: the system's clock.
    ///   - uptime: milliseconds that the machine has been on.
    func startClock(
        wall: @escaping @Sendable () -> Timestamp,
        uptime: @escaping @Sendable () -> Int64 = TrustedClock.systemUptime
    ) async throws(StoreError) -> TrustedClock {
        let clock = TrustedClock(resuming: try await clock(), wall: wall, uptime: uptime)
        try await moveDeadlines(by: clock.shiftAtStart, keeping: clock.state)
        return clock
    }
}
