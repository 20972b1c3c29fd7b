public import FoundationEssentials
import Glibc

/// A checked ensemble of decision trees: gradient boosting or a random forest, trained elsewhere, here only data.
///
/// Everything is checked when it is made, so that scoring has nothing to ask: it allocates nothing and cannot fail.
public struct TreeEnsemble: Sendable {
    /// The NAME of `model("NAME")`.
    public let name: String
    /// The inputs, in the order in which `score` takes them.
    public let features: [EnsembleFormat.Feature]
    public let calibration: [EnsembleFormat.Step]
    public let provenance: String?
    public let training: EnsembleFormat.Training?
    /// SHA-256 of the canonical data form, 64 hexadecimal digits.
    public let contentHash: String

    let link: EnsembleFormat.Link
    let factor: Double
    let base: Double
    let average: Bool
    /// All trees, one behind the other.
    let nodes: [TreeNode]
    /// Where each tree begins.
    let roots: [UInt32]
    /// Sets of categories, one bit each; a split knows where its set begins.
    let sets: [UInt64]
    /// Of each feature how many categories it has; 0 where it is a number.
    let categoryCounts: [Int]
    /// What a walk expects at each node: the mean of the leaves below, weighted by what was trained on them.
    let expectations: [Float]
    /// Of each feature the thresholds that it is compared with anywhere, as sort keys in their order; nil where more
    /// than the order counts: categories, and numbers whose zero is missing.
    private let thresholds: [[Int64]?]

    /// - Throws: what is wrong with the model, in which tree and at which node.
    public init(_ form: EnsembleFormat) throws(ModelProblem) {
        let check = try EnsembleValidator(form)
        name = form.name
        features = form.features
        calibration = form.calibration ?? []
        provenance = form.provenance
        training = form.training
        contentHash = try check.hash()
        link = form.link
        factor = form.factor
        base = form.base
        average = form.average
        nodes = check.nodes
        roots = check.roots
        sets = check.sets
        categoryCounts = check.categoryCounts
        expectations = check.expectations
        thresholds = TreeEnsemble.thresholds(of: check)
    }

    private static func thresholds(of check: borrowing EnsembleValidator) -> [[Int64]?] {
        var thresholds: [Set<Int64>?] = check.categoryCounts.map { $0 == 0 ? [] : nil }
        for node in check.nodes where !node.isLeaf {
            if node.rule.contains(.zeroIsMissing) {
                thresholds[node.feature] = nil
            } else {
                thresholds[node.feature]?.insert(node.threshold)
            }
        }
        return thresholds.map { $0?.sorted() }
    }

    public init(json: Data) throws(ModelProblem) { try self.init(EnsembleFormat(json: json)) }

    public var treeCount: Int { roots.count }
    public var nodeCount: Int { nodes.count }

    /// The place of a feature among the inputs.
    public func index(of feature: String) -> Int? { features.firstIndex { $0.name == feature } }

    /// What `score` takes for a text: its number among the categories; of one that was not trained on, and of a
    /// numeric feature, the missing value.
    public func value(of category: String, for feature: Int) -> Double {
        features[feature].categories?.firstIndex(of: category).map(Double.init) ?? .nan
    }

    /// The score: 0 to 1 with the sigmoid link.
    /// - Parameter values: one per feature, in their order; not a number where missing; of a categorical feature the
    ///   number of the category. As many as there are features.
    public func score(_ values: Swift.Span<Double>) -> Double {
        let sum = margin(values)
        return switch link {
        case .identity: sum
        case .sigmoid: 1 / (1 + exp(-factor * sum))
        }
    }

    /// The share that failed by days, as measured for such scores; nil below the first step or without a table.
    public func hazard(at score: Double) -> [String: Double]? { calibration.last { $0.score <= score }?.hazard }

    // MARK: Walking

    /// Four trees at a time: a walk waits for memory at each node, and four can wait together.
    private func margin(_ values: Swift.Span<Double>) -> Double {
        let inputs = inputs(values)
        let keys = inputs.span
        let nodes = nodes.span
        let roots = roots.span
        var sum = 0.0
        var tree = 0
        while tree + 4 <= roots.count {
            var (first, second) = (Int(roots[tree]), Int(roots[tree + 1]))
            var (third, fourth) = (Int(roots[tree + 2]), Int(roots[tree + 3]))
            var moved = 1
            while moved != 0 {
                let steps = (
                    step(from: nodes[first], keys), step(from: nodes[second], keys),
                    step(from: nodes[third], keys), step(from: nodes[fourth], keys)
                )
                first += steps.0
                second += steps.1
                third += steps.2
                fourth += steps.3
                moved = steps.0 | steps.1 | steps.2 | steps.3
            }
            // One by one, as the trainers add them: the order decides the last digits.
            sum += nodes[first].value
            sum += nodes[second].value
            sum += nodes[third].value
            sum += nodes[fourth].value
            tree += 4
        }
        while tree < roots.count {
            var place = Int(roots[tree])
            while !nodes[place].isLeaf { place += step(from: nodes[place], keys) }
            sum += nodes[place].value
            tree += 1
        }
        return base + (average ? sum / Double(roots.count) : sum)
    }

    /// The values as they are compared, on the stack: sort keys, and of categorical features the category, −1 where it is
    /// missing or none that was trained on. Room for `PatternLimits.modelFeatures`.
    func inputs(_ values: Swift.Span<Double>) -> InlineArray<500, Int64> {
        precondition(values.count == features.count, "a model is given one value per feature")
        var inputs = InlineArray<500, Int64>(repeating: SortKey.missing)
        for index in values.indices {
            inputs[index] = input(values[index], feature: index)
        }
        return inputs
    }

    /// One value as it is compared.
    func input(_ value: Double, feature: Int) -> Int64 {
        let count = categoryCounts[feature]
        if count == 0 { return SortKey.of(value) }
        return value >= 0 && value < Double(count) ? Int64(value) : -1
    }

    /// Which inputs go the same way as this one at every split.
    func range(around input: Int64, feature: Int) -> ClosedRange<Int64> {
        guard let limits = thresholds[feature], input != SortKey.missing else { return input...input }
        var (start, end) = (0, limits.count)
        while start < end {
            let middle = (start + end) / 2
            if limits[middle] < input { start = middle + 1 } else { end = middle }
        }
        // What equals a threshold goes left with what is below it.
        let low = start > 0 ? limits[start - 1] + 1 : .min
        return low...(start < limits.count ? limits[start] : SortKey.missing - 1)
    }

    /// Nodes to go on; 0 at a leaf.
    @inline(__always)
    func step(from node: TreeNode, _ inputs: Swift.Span<Int64>) -> Int {
        let input = inputs[node.feature]
        if node.rule.rawValue <= TreeNode.Rule.missingLeft.rawValue {
            // All bits where it goes left: a choice by arithmetic, which needs no branch of the processor.
            let left = input &+ Int64(node.rule.rawValue) <= node.number ? -1 : 0
            return node.right ^ (node.right ^ node.left) & left
        }
        let isLeft: Bool
        if node.rule.contains(.categorical) {
            isLeft =
                input < 0
                ? node.rule.contains(.missingLeft)
                : sets[Int(node.number &+ input >> 6)] >> UInt64(input & 63) & 1 == 1
        } else {
            isLeft = isLeftWithZeros(input, of: node)
        }
        return isLeft ? node.left : node.right
    }

    /// Where zero counts as missing.
    @inline(never)
    private func isLeftWithZeros(_ input: Int64, of node: TreeNode) -> Bool {
        let value = SortKey.value(input)
        let missingLeft = node.rule.contains(.missingLeft)
        guard !value.isNaN, abs(value) > lightGBMZero else { return missingLeft }
        return input + (missingLeft ? 1 : 0) <= node.number
    }
}

/// Numbers up to this far from zero are zero to LightGBM: its `kZeroThreshold`, 1e-35 as float32.
private let lightGBMZero = Double(Float(1e-35))
