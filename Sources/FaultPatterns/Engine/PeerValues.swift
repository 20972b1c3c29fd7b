extension CrossComponentQuery.Aggregation {
    /// Of the numbers of several components; nil where there are too few.
    func of(_ values: [Double]) -> Double? {
        switch self {
        case .count: Double(values.count)
        case .highest: values.max()
        case .lowest: values.min()
        case .sum: values.isEmpty ? nil : values.reduce(0, +)
        case .median: CrossComponentQuery.Aggregation.median(values.sorted())
        case .deviation: nil
        }
    }

    static func median(_ sorted: [Double]) -> Double? {
        guard !sorted.isEmpty else { return nil }
        let middle = sorted.count / 2
        return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }
}

/// The values of a group of siblings at one moment.
struct PeerValues {
    private let sorted: [Double]
    /// Median absolute deviation of the whole group.
    private let deviation: Double?

    /// Fewer siblings than this, the one that is judged left out, prove nothing.
    static let fewest = 3

    init(_ values: [Double]) {
        let sorted = values.sorted()
        self.sorted = sorted
        deviation = CrossComponentQuery.Aggregation.median(sorted).flatMap { centre in
            CrossComponentQuery.Aggregation.median(sorted.map { abs($0 - centre) }.sorted())
        }
    }

    /// What the others report, `own` left out once if it is among them.
    func digest(_ digest: CrossComponentQuery.Aggregation, without own: Double?) -> Double? {
        let others = sorted.count - (own == nil ? 0 : 1)
        guard others >= PeerValues.fewest else { return digest == .count ? Double(others) : nil }
        switch digest {
        case .count: return Double(others)
        case .deviation: return deviation
        default:
            guard let own else { return CrossComponentQuery.Aggregation.median(sorted) }
            // The place of the own value; the median of the rest is found around the middle without it.
            var (low, high) = (0, sorted.count)
            while low < high {
                let middle = (low + high) / 2
                if sorted[middle] < own { low = middle + 1 } else { high = middle }
            }
            func rest(_ index: Int) -> Double { sorted[index < low ? index : index + 1] }
            let middle = others / 2
            return others.isMultiple(of: 2) ? (rest(middle - 1) + rest(middle)) / 2 : rest(middle)
        }
    }
}
