import Reports

/// What the newest fall of a persistent counter left behind, and how much a counter rose from one reading to the next.
struct CounterFall: Hashable, Codable, Sendable {
    /// The highest value before it fell: a return up to it counts nothing for a day, for a counter that shows 2000, 0 and
    /// 2000 again had no new error.
    private(set) var mark: UInt64
    /// When the lower value was read.
    private(set) var time: Timestamp
    /// It was taken for a wrap, and what lies between was counted.
    private(set) var isWrap: Bool

    /// Milliseconds for which the mark holds.
    static let markSpan: Int64 = 24 * 3_600_000

    private func holds(at now: Timestamp) -> Bool { now.milliseconds(since: time) <= CounterFall.markSpan }

    /// By how much a counter rose from one reading to the next.
    /// - Parameters:
    ///   - counting: what a fall means.
    ///   - time: of the new reading.
    ///   - fall: the newest fall; none where it came back up to the mark, and so was none.
    static func rise(
        from old: UInt64, to new: UInt64, as counting: SignalCatalogue.Counting, at time: Timestamp,
        _ fall: inout CounterFall?
    ) -> UInt64 {
        switch counting {
        case .level: return new > old ? new - old : 0
        case .volatile, .perScrub: return new >= old ? new - old : wrap(from: old, to: new, bits: 32) ?? new
        case .persistent: break
        }
        let valid = fall.flatMap { $0.holds(at: time) ? $0 : nil }
        guard new < old else {
            guard let valid else { return new - old }
            // Also what was taken for a wrap was none if it is back where it was.
            if new >= valid.mark {
                fall = nil
                return new - valid.mark
            }
            return valid.isWrap ? new - old : 0
        }
        if let wrapped = wrap(from: old, to: new, bits: 32) ?? wrap(from: old, to: new, bits: 16) {
            fall = CounterFall(mark: old, time: time, isWrap: true)
            return wrapped
        }
        let mark = valid.map { $0.isWrap ? old : max($0.mark, old) } ?? old
        fall = CounterFall(mark: mark, time: time, isWrap: false)
        return 0
    }

    /// A fall from the top sixteenth of so many bits into the bottom one is a wrap.
    private static func wrap(from old: UInt64, to new: UInt64, bits: UInt64) -> UInt64? {
        let top: UInt64 = 1 << bits
        return old < top && old >= top - top / 16 && new < top / 16 ? top - old + new : nil
    }
}
