/// A straight line that outliers do not bend: the median of the slopes of all pairs of points (Theil 1950, Sen 1968),
/// through the medians of x and y (Conover: Practical Nonparametric Statistics, 3rd ed., 5.5).
///
/// The bounds of the slope are Sen's 95 % confidence interval: ranks of the sorted slopes, from the normal approximation
/// of Kendall's S with its correction for ties (P. K. Sen: Estimates of the regression coefficient based on Kendall's
/// tau, JASA 63, 1968, 1379–1389).
struct TheilSenLine: Hashable, Codable, Sendable {
    private let x: Double
    private let y: Double
    private let slope: Double
    private let lowSlope: Double
    private let highSlope: Double

    /// Nil for fewer than two points, or where a slope is no finite number.
    init?(_ points: ContiguousArray<(x: Double, y: Double)>) {
        var slopes: ContiguousArray<Double> = []
        slopes.reserveCapacity(points.count * (points.count - 1) / 2)
        for later in points.indices {
            for earlier in 0..<later where points[later].x > points[earlier].x {
                slopes.append((points[later].y - points[earlier].y) / (points[later].x - points[earlier].x))
            }
        }
        guard !slopes.isEmpty, slopes.allSatisfy(\.isFinite) else { return nil }
        var xs = ContiguousArray(points.lazy.map(\.x))
        var ys = ContiguousArray(points.lazy.map(\.y))
        x = TheilSenLine.median(&xs)
        y = TheilSenLine.median(&ys)
        let count = Double(slopes.count)
        let reach = 1.959_963_985 * TheilSenLine.variance(ofKendall: ys).squareRoot()
        // Ranks count from one: the M1-th slope and the one after the M2-th, rounded outwards.
        let low = Int(max(0, ((count - reach) / 2).rounded(.down) - 1))
        let high = Int(min(count - 1, ((count + reach) / 2).rounded(.up)))
        lowSlope = TheilSenLine.value(atRank: low, of: &slopes)
        highSlope = TheilSenLine.value(atRank: high, of: &slopes)
        slope = TheilSenLine.median(&slopes)
    }

    var slopeBounds: Bounds { Bounds(low: lowSlope, high: highSlope) }
    var medianSlope: Double { slope }

    /// Units of x from `now` until the line reaches the limit; `began` is the x at which the points begin.
    func timeTo(_ limit: Double, from now: Double, began: Double) -> Bounds {
        let atFirst = limit - (y + slope * (began - x))
        let atMiddle = limit - y
        // Reached already where the beginning and the middle are not on the same side of the limit.
        if atFirst.isNaN || atMiddle.isNaN { return .unknown }
        guard (atFirst > 0 && atMiddle > 0) || (atFirst < 0 && atMiddle < 0) else { return Bounds(0) }
        let distance = abs(atMiddle)
        let (slowest, fastest) = atMiddle > 0 ? (lowSlope, highSlope) : (-highSlope, -lowSlope)
        func time(_ slope: Double) -> Double { slope > 0 ? max(0, x + distance / slope - now) : .infinity }
        return Bounds(low: time(fastest), high: time(slowest))
    }

    /// n (n − 1) (2n + 5) / 18, less the same of each group of equal values. Sorts the values.
    private static func variance(ofKendall values: ContiguousArray<Double>) -> Double {
        func term(_ count: Double) -> Double { count * (count - 1) * (2 * count + 5) / 18 }
        var variance = term(Double(values.count))
        var equal = 0.0
        var previous: Double?
        for value in values.sorted() {
            if value == previous {
                equal += 1
            } else {
                variance -= term(equal)
                equal = 1
                previous = value
            }
        }
        return max(0, variance - term(equal))
    }

    private static func median(_ values: inout ContiguousArray<Double>) -> Double {
        let upper = value(atRank: values.count / 2, of: &values)
        if values.count % 2 == 1 { return upper }
        let lower = value(atRank: values.count / 2 - 1, of: &values)
        return lower + (upper - lower) / 2
    }

    /// The value that would stand at `rank` (from zero) were they sorted. Reorders them. (Hoare: Algorithm 65, Find, 1961)
    private static func value(atRank rank: Int, of values: inout ContiguousArray<Double>) -> Double {
        var low = 0
        var high = values.count - 1
        while low < high {
            let pivot = values[low + (high - low) / 2]
            var (left, right) = (low, high)
            while left <= right {
                while values[left] < pivot { left += 1 }
                while values[right] > pivot { right -= 1 }
                if left <= right {
                    values.swapAt(left, right)
                    left += 1
                    right -= 1
                }
            }
            if rank <= right {
                high = right
            } else if rank >= left {
                low = left
            } else {
                break
            }
        }
        return values[rank]
    }
}
