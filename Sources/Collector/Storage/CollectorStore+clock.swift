import Reports

/// What is known of the time, and the deadlines that hang on it.
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

    /// What is known of the time; nil where no collector ran on this store.
    func clock() async throws(StoreError) -> ClockReckoning? {
        try await read("reading the clock") { transaction in
            if let clock = try transaction.setting("clock", as: ClockReckoning.self) { return clock }
            // Of a collector that kept no clock yet, the watch over servers says when it last ran.
            let watch = try transaction.setting("silence", as: LivenessMonitor.self)
            return watch.map { ClockReckoning(lastAlive: $0.lastTick) }
        }
    }

    func save(_ clock: ClockReckoning) async throws(StoreError) {
        try await transaction("keeping the clock") { try $0.set("clock", to: clock) }
    }

    /// Moves what is still to come: after a leap of the clock each deadline has the time that it had left.
    func moveDeadlines(by shift: Duration, keeping clock: ClockReckoning) async throws(StoreError) {
        try await transaction("moving deadlines after the clock leapt") { transaction in
            try transaction.set("clock", to: clock)
            guard shift != .zero else { return }
            for token in try transaction.accessTokens(account: nil) {
                var token = token
                token.expiresAt = token.expiresAt + shift
                try transaction.save(token)
            }
            for token in try transaction.tokens(nil) where token.usedAt == nil {
                var token = token
                token.expiresAt = token.expiresAt + shift
                try transaction.save(token)
            }
            try transaction.moveOutbox(by: shift)
        }
    }
}
