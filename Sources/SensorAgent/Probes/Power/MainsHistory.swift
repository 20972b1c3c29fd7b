/// Counts how often a UPS has lost the mains, since the agent runs: NUT keeps no such count.
struct MainsHistory: Hashable, Sendable {
    private(set) var losses: UInt64 = 0
    private var wasOnMains: Bool?

    /// - Parameter isOnMains: nil while the UPS reports none, or tests its battery; what was before then still counts.
    mutating func take(_ isOnMains: Bool?) {
        guard let isOnMains else { return }
        if wasOnMains == true, !isOnMains { losses += 1 }
        wasOnMains = isOnMains
    }
}
