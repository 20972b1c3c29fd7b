import FoundationEssentials
import Reports

/// Makes of a number that changes all the time what fits into its room: spans, and the least and the most in each.
///
/// Gauges of fast sensors are such, and counters of traffic. Counters that count errors seldom change, and stay exact: what
/// one does not use of its room it has left when errors come in a storm (`HistoryKeeper.room`).
/// What cannot be read stays exact, and so does what changes seldom: each point that is alone in its span is as it was.
enum HistoryThinning {
    /// Milliseconds of a span, the finest first: the first that fits is taken.
    static let spans: [Int64] = [300_000, 900_000, 3_600_000]

    /// Milliseconds of a span of what is old.
    static let agedSpan: Int64 = 21_600_000

    /// - Parameter bytes: that the packed points may take; the coarsest spans stay, whatever they take.
    /// - Returns: packed, and whether anything was lost.
    static func packed(_ points: [HistoryPoint], within bytes: Int) -> (body: Data, isLossy: Bool) {
        let exact = HistoryPoints.packed(points)
        guard exact.count > bytes, points.contains(where: { $0.bounds != nil }) else {
            return (exact, points.contains(where: \.isBetween))
        }
        var coarsest = exact
        for span in spans {
            let thinned = thin(points, to: span)
            let body = HistoryPoints.packed(thinned)
            if body.count <= bytes { return (body, thinned.contains(where: \.isBetween)) }
            coarsest = HistoryPoints.packed(thinned.map(\.widened))
            if coarsest.count <= bytes { break }
        }
        return (coarsest, true)
    }

    /// Of what is old, in spans of six hours.
    /// - Returns: nil where that saves nothing.
    static func aged(_ body: Data) throws(HistoryChunkError) -> Data? {
        let thinned = thin(try HistoryPoints.points(body), to: agedSpan)
        let exact = HistoryPoints.packed(thinned)
        let wide = HistoryPoints.packed(thinned.map(\.widened))
        let aged = exact.count <= wide.count ? exact : wide
        return aged.count < body.count ? aged : nil
    }

    /// Whether the points are of a counter.
    static func isOfCounter(_ points: [HistoryPoint]) -> Bool { points.contains(where: \.isCounter) }

    static func thin(_ points: [HistoryPoint], to span: Int64) -> [HistoryPoint] {
        var thinned: [HistoryPoint] = []
        var number: Int64?
        for point in points {
            guard let bounds = point.bounds else {
                thinned.append(point)
                number = nil
                continue
            }
            let own = point.time.milliseconds / span
            if own == number, let last = thinned.last, last.time != point.time, let before = last.bounds {
                let (low, high) = (min(before.low, bounds.low), max(before.high, bounds.high))
                thinned[thinned.count - 1].value = low == high ? last.value : .between(low, high)
            } else {
                thinned.append(point)
                number = own
            }
        }
        return thinned
    }

    /// What is written down of a batch: where it takes more than an eighth of a day's room, spans at once, so that it need not
    /// lie in full for a day. Not of counters: whether one is fast is known at the end of the day.
    /// - Parameter room: bytes that a day may take.
    static func thinnedAtOnce(_ points: [HistoryPoint], within room: Int) -> [HistoryPoint] {
        // No point takes more bytes than so many.
        guard points.count > room / 8 / mostBytes, !isOfCounter(points), HistoryPoints.packed(points).count > room / 8
        else { return points }
        return thin(points, to: spans[0])
    }

    /// Bytes that the largest point of a gauge takes: 64 bits of time and of value, with what says so.
    private static let mostBytes = 20
}

extension HistoryPoint {
    /// Of a number of the look's own time.
    fileprivate var bounds: (low: Double, high: Double)? {
        guard measuredAt == nil else { return nil }
        switch value {
        case .reading(let value) where value.isFinite: return (value, value)
        case .between(let low, let high) where low.isFinite && high.isFinite: return (low, high)
        case .counter(let value):
            let near = Double(value)
            return Double(exactly: value) == nil ? (near.nextDown, near.nextUp) : (near, near)
        case .reading, .between, .state, .unavailable, .absent: return nil
        }
    }

    fileprivate var isCounter: Bool { if case .counter = value { true } else { false } }

    fileprivate var isBetween: Bool { if case .between = value { true } else { false } }

    /// With bounds of fewer bits, the lower one down and the upper one up: what is not decimal takes less so.
    fileprivate var widened: HistoryPoint {
        guard case .between(let low, let high) = value else { return self }
        var point = self
        point.value = .between(low.roundedDown, high.roundedUp)
        return point
    }
}

extension Double {
    /// Bits of the significand that are left: a thousandth, or less.
    private static let kept: UInt64 = 10

    /// The nearest that is not greater and has few bits.
    fileprivate var roundedDown: Double { self < 0 ? -(-self).shortenedUp : shortened }
    /// The nearest that is not less and has few bits.
    fileprivate var roundedUp: Double { self < 0 ? -(-self).shortened : shortenedUp }

    /// Towards zero; of what is not negative.
    private var shortened: Double {
        let dropped = UInt64(Double.significandBitCount) - Double.kept
        return Double(bitPattern: (bitPattern >> dropped) << dropped)
    }

    private var shortenedUp: Double {
        let down = shortened
        guard down < self else { return down }
        let dropped = UInt64(Double.significandBitCount) - Double.kept
        let up = Double(bitPattern: down.bitPattern + (1 << dropped))
        return up.isFinite ? up : self
    }
}
