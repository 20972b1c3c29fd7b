/// Exponential backoff with jitter, so that agents that lost their collector at the same moment do not return at the same
/// moment.
struct Backoff: Hashable, Sendable {
    /// The first delay, before jitter.
    let base: Duration
    /// No delay is longer.
    let cap: Duration
    private(set) var failures = 0

    init(base: Duration, cap: Duration) {
        self.base = base
        self.cap = cap
    }

    /// Counts a failure.
    /// - Returns: a delay between half of and all of `base · 2ⁿ`, bounded by `cap`.
    mutating func next(using generator: inout some RandomNumberGenerator) -> Duration {
        // Beyond this doubling no base of a millisecond or more is below a cap of days.
        let doubling = min(failures, 32)
        failures += 1
        let whole = min(cap, base * (1 << doubling))
        return whole * Double.random(in: 0.5...1, using: &generator)
    }

    mutating func reset() { failures = 0 }
}
