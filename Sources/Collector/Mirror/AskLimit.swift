import Reports

/// Decides how many agents may be asked what stands: after a restore of the collector each has something else, and all
/// statements at once would keep the reports of new faults waiting.
struct AskLimit: Hashable, Sendable, Codable {
    /// Questions that may be put in one second, over the fleet.
    static let perSecond = 50

    /// Since 1970.
    private var second: Int64 = 0
    private var count = 0

    /// - Returns: whether a question may be put now. Whoever may not is compared again with the next report.
    mutating func take(at time: Timestamp) -> Bool {
        let now = time.milliseconds / 1000
        if now != second { (second, count) = (now, 0) }
        guard count < AskLimit.perSecond else { return false }
        count += 1
        return true
    }
}
