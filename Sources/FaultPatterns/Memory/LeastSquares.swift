/// A straight line by ordinary least squares, with 95 % bounds.
struct LeastSquares {
    private let count: Double
    private let meanX: Double
    private let meanY: Double
    /// Sum of the squares of the distances of x from its mean.
    private let spread: Double
    private let slope: Double
    /// Standard deviation of the residuals.
    private let residual: Double
    private let quantile: Double

    /// Nil for fewer than three points, or where all have one x.
    init?(_ points: ContiguousArray<(x: Double, y: Double)>) {
        guard points.count > 2 else { return nil }
        count = Double(points.count)
        meanX = points.reduce(0) { $0 + $1.x } / count
        meanY = points.reduce(0) { $0 + $1.y } / count
        var (xx, xy, yy) = (0.0, 0.0, 0.0)
        for point in points {
            let (x, y) = (point.x - meanX, point.y - meanY)
            xx += x * x
            xy += x * y
            yy += y * y
        }
        guard xx > 0 else { return nil }
        spread = xx
        slope = xy / xx
        residual = (max(0, yy - xy * xy / xx) / (count - 2)).squareRoot()
        quantile = LeastSquares.student(count - 2)
    }

    var slopeBounds: Bounds {
        let reach = quantile * residual / spread.squareRoot()
        return Bounds(low: slope - reach, high: slope + reach)
    }

    /// Of one reading at x.
    func prediction(at x: Double) -> Bounds {
        let distance = x - meanX
        let reach = quantile * residual * (1 + 1 / count + distance * distance / spread).squareRoot()
        let value = meanY + slope * distance
        return Bounds(low: value - reach, high: value + reach)
    }

    /// The 97.5 % quantile of Student's t from six degrees of freedom on, to 0.001 (Abramowitz, Stegun: Handbook of
    /// Mathematical Functions, 26.7.5, four terms).
    static func student(_ degrees: Double) -> Double {
        let z = 1.959_963_985
        let square = z * z
        let first = z * (square + 1) / 4
        let second = z * ((5 * square + 16) * square + 3) / 96
        let third = z * (((3 * square + 19) * square + 17) * square - 15) / 384
        let fourth = z * ((((79 * square + 776) * square + 1_482) * square - 1_920) * square - 945) / 92_160
        return z + (first + (second + (third + fourth / degrees) / degrees) / degrees) / degrees
    }
}
