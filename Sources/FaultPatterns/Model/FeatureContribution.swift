/// How far one feature moved a score.
public struct FeatureContribution: Hashable, Sendable {
    /// The place of the feature in the model.
    public var feature: Int
    public var name: String
    /// What the feature was; not a number where missing, the category's number where categorical.
    public var value: Double
    /// The category, where categorical and known.
    public var category: String?
    /// Up or down, before the link: with the sigmoid, log-odds.
    public var amount: Double
}

extension TreeEnsemble {
    /// The features that moved the score, the strongest first: what a fault's sentence *because* names.
    ///
    /// Saabas' method: along each path, what is expected changes from node to node, and each change is owed to the
    /// feature that was asked. With `expectedMargin`, the amounts add up to the sum that makes the score. It allocates,
    /// unlike `score`: it is for a fault that opens, not for each sample.
    /// - Parameter values: as for `score`.
    public func contributions(_ values: Swift.Span<Double>) -> [FeatureContribution] {
        let inputs = inputs(values)
        let keys = inputs.span
        var amounts = [Double](repeating: 0, count: features.count)
        for root in roots {
            var place = Int(root)
            while !nodes[place].isLeaf {
                let next = place + step(from: nodes[place], keys)
                amounts[nodes[place].feature] += Double(expectations[next] - expectations[place])
                place = next
            }
        }
        let scale = (average ? 1 / Double(roots.count) : 1) * (link == .sigmoid ? factor : 1)
        var contributions: [FeatureContribution] = []
        for (index, amount) in amounts.enumerated() where amount != 0 {
            var contribution = FeatureContribution(
                feature: index, name: features[index].name, value: values[index], amount: amount * scale)
            if let categories = features[index].categories, let number = Int(exactly: values[index]),
                categories.indices.contains(number)
            {
                contribution.category = categories[number]
            }
            contributions.append(contribution)
        }
        return contributions.sorted { abs($0.amount) > abs($1.amount) }
    }

    /// What is expected before any feature is known, before the link.
    public var expectedMargin: Double {
        let sum = roots.reduce(0) { $0 + Double(expectations[Int($1)]) }
        return (base + (average ? sum / Double(roots.count) : sum)) * (link == .sigmoid ? factor : 1)
    }
}
