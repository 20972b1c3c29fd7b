import Reports

/// A small picture of how one value went: the `d` of an SVG path, in a box of 120 by 28.
struct Sparkline: Hashable, Sendable {
    static let width = 120.0
    static let height = 28.0
    /// Points drawn; more are averaged.
    static let points = 60

    /// A new line begins after a gap: what was not read is not drawn.
    let path: String
    let minimum: Double
    let maximum: Double

    /// Nil with fewer than two values.
    init?(_ history: [SparklinePoint], from start: Timestamp, through end: Timestamp) {
        let span = Double((end - start).inMilliseconds)
        guard span > 0 else { return nil }
        var sums = [(sum: Double, count: Int)](repeating: (0, 0), count: Sparkline.points)
        for point in history {
            guard let value = point.mean ?? point.maximum ?? point.minimum, value.isFinite else { continue }
            let offset = Double((point.through - start).inMilliseconds) / span
            guard (0...1).contains(offset) else { continue }
            let slot = min(Sparkline.points - 1, Int(offset * Double(Sparkline.points)))
            sums[slot].sum += value
            sums[slot].count += 1
        }
        let values = sums.map { $0.count == 0 ? nil : $0.sum / Double($0.count) }
        let known = values.compactMap(\.self).filter(\.isFinite)
        guard known.count > 1, let low = known.min(), let high = known.max() else { return nil }
        (minimum, maximum) = (low, high)
        path = Sparkline.path(values, low: low, high: high)
    }

    private static func path(_ values: [Double?], low: Double, high: Double) -> String {
        // Slots between two points of a series that comes more seldom than slots are no gap.
        let filled = values.indices.filter { values[$0] != nil }
        let steps = zip(filled.dropFirst(), filled).map { $0 - $1 }.sorted()
        let usual = steps.isEmpty ? 1 : steps[steps.count / 2]
        var text = ""
        var last: Int?
        for index in filled {
            guard let value = values[index], value.isFinite else { continue }
            // A constant is drawn in the middle.
            let share = high > low ? (value - low) / (high - low) : 0.5
            let x = Double(index) / Double(points - 1) * width
            let y = 2 + (1 - share) * (height - 4)
            let isGap = last.map { index - $0 > 3 * usual } ?? true
            text += "\(isGap ? "M" : "L")\(rounded(x)) \(rounded(y))"
            last = index
        }
        return text
    }

    private static func rounded(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
}
