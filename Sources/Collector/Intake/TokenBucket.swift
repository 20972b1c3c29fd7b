import Reports

/// How much may go at once, and how fast more may follow.
struct TokenBucket: Hashable, Sendable {
    /// What may go at once after a long silence.
    let capacity: Double
    /// What comes back in a second.
    let perSecond: Double
    private var level: Double
    private var at: Duration

    /// - Parameter time: of a clock that only goes forward.
    init(capacity: Double, perSecond: Double, at time: Duration) {
        (self.capacity, self.perSecond, level, at) = (capacity, perSecond, capacity, time)
    }

    /// Takes `amount` if it is there. What is more than the capacity goes when all of it is there.
    /// - Returns: how long until it would be; nil when it was taken.
    mutating func take(_ amount: Double, at time: Duration) -> Duration? {
        level = min(capacity, level + max(0, (time - at).inSeconds) * perSecond)
        at = max(at, time)
        let wanted = min(amount, capacity)
        guard level < wanted else {
            level -= wanted
            return nil
        }
        return .milliseconds(Int64(((wanted - level) / perSecond * 1000).rounded(.up)))
    }

    /// Full again: nothing is lost by forgetting it.
    func isFull(at time: Duration) -> Bool { level + max(0, (time - at).inSeconds) * perSecond >= capacity }
}
