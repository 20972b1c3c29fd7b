import Reports

/// How many events one event stands for.
enum EventCount {
    /// Between one and the limit of the wire, also of what was stored: sums of a memory's counts stay far from the end of
    /// the whole numbers.
    static func bounded(_ count: Int) -> Int { min(max(count, 1), WireLimits.eventsPerObservation) }
}
