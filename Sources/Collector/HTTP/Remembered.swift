/// An answer that is made once for all who ask within its lifetime: what costs much is not made by whoever asks often.
actor Remembered<Value: Sendable> {
    private let lifetime: Duration
    private var known: (value: Value, madeAt: Duration)?
    private var making: Task<Value, any Error>?
    private let start = ContinuousClock.now

    /// - Parameter lifetime: how old an answer may be.
    init(for lifetime: Duration) { self.lifetime = lifetime }

    /// The answer, which `make` makes where there is none that is young enough. Whoever comes meanwhile waits for it.
    func value(_ make: @escaping @Sendable () async throws -> Value) async throws -> Value {
        try await value(at: ContinuousClock.now - start, make)
    }

    /// - Parameter time: of a clock that only goes forward.
    func value(at time: Duration, _ make: @escaping @Sendable () async throws -> Value) async throws -> Value {
        if let known, time - known.madeAt < lifetime { return known.value }
        if let making { return try await making.value }
        let task = Task { try await make() }
        making = task
        defer { making = nil }
        let value = try await task.value
        known = (value, time)
        return value
    }
}
