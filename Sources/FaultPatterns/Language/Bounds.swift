/// What is known of a number: that it lies in `low...high`. A reading has both equal; of nothing read, nothing is known.
///
/// A count over a window that was watched only in part has a low bound and no high one: enough to fire, not to clear.
struct Bounds: Equatable {
    var low: Double
    var high: Double

    static let unknown = Bounds(low: -.infinity, high: .infinity)

    init(_ value: Double) {
        low = value
        high = value
    }

    init(low: Double, high: Double) {
        guard low <= high else {
            // Not a number on either side: the arithmetic had no answer.
            self = .unknown
            return
        }
        self.low = low
        self.high = high
    }

    /// Whether it lies otherwise to a limit than `other` does: below, at, above, or not known.
    func differs(from other: Bounds, against limit: Double) -> Bool {
        (low < limit) != (other.low < limit) || (low > limit) != (other.low > limit)
            || (high < limit) != (other.high < limit) || (high > limit) != (other.high > limit)
    }

    static func + (left: Bounds, right: Bounds) -> Bounds {
        Bounds(low: left.low + right.low, high: left.high + right.high)
    }
    static func - (left: Bounds, right: Bounds) -> Bounds {
        Bounds(low: left.low - right.high, high: left.high - right.low)
    }
    static prefix func - (bounds: Bounds) -> Bounds { Bounds(low: -bounds.high, high: -bounds.low) }

    static func * (left: Bounds, right: Bounds) -> Bounds {
        corners(left.low * right.low, left.low * right.high, left.high * right.low, left.high * right.high)
    }

    /// Unknown where the divisor may be zero.
    static func / (left: Bounds, right: Bounds) -> Bounds {
        if right.low <= 0, right.high >= 0 { return .unknown }
        return corners(left.low / right.low, left.low / right.high, left.high / right.low, left.high / right.high)
    }

    private static func corners(_ values: Double...) -> Bounds {
        guard let low = values.min(), let high = values.max(), !values.contains(where: \.isNaN) else { return .unknown }
        return Bounds(low: low, high: high)
    }
}

/// Three-valued logic (Kleene): what is unknown neither fires nor clears.
enum Truth: Equatable {
    case yes, no, unknown

    init(_ value: Bool) { self = value ? .yes : .no }

    static prefix func ! (truth: Truth) -> Truth {
        switch truth {
        case .yes: .no
        case .no: .yes
        case .unknown: .unknown
        }
    }

    static func compare(_ left: Bounds, _ comparison: Expression.Comparison, _ right: Bounds) -> Truth {
        switch comparison {
        case .atLeast: left.low >= right.high ? .yes : left.high < right.low ? .no : .unknown
        case .more: left.low > right.high ? .yes : left.high <= right.low ? .no : .unknown
        case .atMost: compare(right, .atLeast, left)
        case .less: compare(right, .more, left)
        case .equal:
            if left.low == left.high, left == right {
                .yes
            } else if left.high < right.low || right.high < left.low {
                .no
            } else {
                .unknown
            }
        case .unequal: !compare(left, .equal, right)
        }
    }
}
