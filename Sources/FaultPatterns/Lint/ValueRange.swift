/// The values that a comparison leaves to a quantity: an interval, perhaps with holes.
struct ValueRange: Hashable, Sendable {
    var low = -Double.infinity
    var high = Double.infinity
    var includesLow = true
    var includesHigh = true
    /// Values within that are left out: of `x != 5`.
    var holes: Set<Double> = []

    static let all = ValueRange()

    /// What `x comparison limit` leaves of x.
    init(_ comparison: Expression.Comparison, _ limit: Double) {
        switch comparison {
        case .less: (high, includesHigh) = (limit, false)
        case .atMost: high = limit
        case .more: (low, includesLow) = (limit, false)
        case .atLeast: low = limit
        case .equal: (low, high) = (limit, limit)
        case .unequal: holes = [limit]
        }
    }

    init(low: Double = -.infinity, high: Double = .infinity) {
        self.low = low
        self.high = high
    }

    /// The same for a quantity that has whole values only: `x > 4` is `x >= 5`.
    var whole: ValueRange {
        var range = self
        if low.isFinite {
            range.low = includesLow ? low.rounded(.up) : low.rounded(.down) + 1
            range.includesLow = true
        }
        if high.isFinite {
            range.high = includesHigh ? high.rounded(.down) : high.rounded(.up) - 1
            range.includesHigh = true
        }
        range.holes = holes.filter { $0 == $0.rounded() }
        while range.includesLow, range.holes.remove(range.low) != nil { range.low += 1 }
        while range.includesHigh, range.holes.remove(range.high) != nil { range.high -= 1 }
        return range
    }

    var isEmpty: Bool {
        low > high || (low == high && (!includesLow || !includesHigh || holes.contains(low)))
    }

    func intersection(_ other: ValueRange) -> ValueRange {
        var range = self
        if other.low > low || (other.low == low && !other.includesLow) {
            (range.low, range.includesLow) = (other.low, other.includesLow)
        }
        if other.high < high || (other.high == high && !other.includesHigh) {
            (range.high, range.includesHigh) = (other.high, other.includesHigh)
        }
        range.holes = holes.union(other.holes).filter { $0 >= range.low && $0 <= range.high }
        return range
    }

    func contains(_ value: Double) -> Bool {
        !holes.contains(value) && (value > low || (value == low && includesLow))
            && (value < high || (value == high && includesHigh))
    }

    /// Whether all values of `other` are values of this one.
    func covers(_ other: ValueRange) -> Bool {
        guard !other.isEmpty else { return true }
        let low = other.low > self.low || (other.low == self.low && (includesLow || !other.includesLow))
        let high = other.high < self.high || (other.high == self.high && (includesHigh || !other.includesHigh))
        return low && high && holes.allSatisfy { !other.contains($0) }
    }
}
