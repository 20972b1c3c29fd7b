import FoundationEssentials

/// LightGBM's `Booster.dump_model()` as JSON.
enum LightGBMDump {
    static func ensemble(_ data: Data) throws(ModelProblem) -> ImportedEnsemble {
        let content: Content
        do { content = try JSONDecoder().decode(Content.self, from: data) } catch {
            throw ModelProblem(decoding: error)
        }
        try LightGBM.refuse(classes: content.num_class, treesPerIteration: content.num_tree_per_iteration)
        let (link, factor) = try LightGBM.link(content.objective)
        var asked: Set<Int> = []
        for tree in content.tree_info { asked.formUnion(tree.tree_structure.categorical) }
        var features = content.feature_names.enumerated().map { index, name in
            // A categorical feature has values, a numeric one has none.
            let isCategorical = content.feature_infos?[name]?.values.map { !$0.isEmpty } ?? asked.contains(index)
            return ImportedEnsemble.Feature(name: name, isCategorical: isCategorical)
        }
        LightGBM.name(content.pandas_categorical?.map { $0.map(\.text) }, in: &features)
        var ensemble = ImportedEnsemble(
            features: features, split: .atMost, link: link, by: "LightGBM \(content.version ?? "")")
        ensemble.factor = factor
        ensemble.average = content.average_output ?? false
        ensemble.trees = content.tree_info.map(\.tree_structure.nodes)
        return ensemble
    }

    private struct Content: Decodable {
        struct Info: Decodable { var values: [Int]? }
        struct Tree: Decodable { var tree_structure: Structure }
        var version: String?
        var num_class: Int
        var num_tree_per_iteration: Int
        var objective: String?
        var average_output: Bool?
        var feature_names: [String]
        var feature_infos: [String: Info]?
        var pandas_categorical: [[LightGBM.Category]]?
        var tree_info: [Tree]
    }

    /// A tree, laid flat while it is read.
    private struct Structure: Decodable {
        var nodes: [ImportedEnsemble.Node] = []
        /// Features that are split by category.
        var categorical: Set<Int> = []

        private enum CodingKeys: String, CodingKey {
            case split_feature, threshold, decision_type, default_left, missing_type, left_child, right_child,
                leaf_value
            case leaf_count, leaf_weight
        }

        init(from decoder: any Decoder) throws { _ = try add(decoder.container(keyedBy: CodingKeys.self), depth: 0) }

        private mutating func add(_ fields: KeyedDecodingContainer<CodingKeys>, depth: Int) throws -> Int {
            guard depth <= PatternLimits.modelDepth else {
                throw ModelProblem("a tree is deeper than \(PatternLimits.modelDepth) splits; train with `max_depth`")
            }
            let place = nodes.count
            guard fields.contains(.split_feature) else {
                let cover =
                    try fields.decodeIfPresent(Double.self, forKey: .leaf_count)
                    ?? fields.decodeIfPresent(Double.self, forKey: .leaf_weight)
                nodes.append(.leaf(value: try fields.decode(Double.self, forKey: .leaf_value), cover: cover))
                return place
            }
            // Its branches stand behind it.
            nodes.append(.leaf(value: 0, cover: nil))
            let feature = try fields.decode(Int.self, forKey: .split_feature)
            let left = try add(fields.nestedContainer(keyedBy: CodingKeys.self, forKey: .left_child), depth: depth + 1)
            let right = try add(
                fields.nestedContainer(keyedBy: CodingKeys.self, forKey: .right_child), depth: depth + 1)
            let condition: ImportedEnsemble.Condition
            let missing: ImportedEnsemble.Missing
            switch try fields.decode(String.self, forKey: .decision_type) {
            case "<=":
                let threshold = try fields.decode(Double.self, forKey: .threshold)
                condition = .threshold(threshold)
                missing = LightGBM.missing(
                    try fields.decode(LightGBM.MissingType.self, forKey: .missing_type),
                    defaultLeft: try fields.decode(Bool.self, forKey: .default_left), threshold: threshold)
            case "==":
                let text = try fields.decode(String.self, forKey: .threshold)
                condition = .among(try text.split(separator: "||").map { (part) throws in try Self.category(part) })
                // A category that nobody knows is in no set.
                missing = .right
                categorical.insert(feature)
            case let other: throw ModelProblem("a split has the decision type \(other.prefix(20)); it is <= or ==")
            }
            nodes[place] = .split(feature: feature, condition: condition, missing: missing, left: left, right: right)
            return place
        }

        private static func category(_ text: Substring) throws -> Int {
            guard let number = Int(text) else { throw ModelProblem("\(text.prefix(20)) is no number of a category") }
            return number
        }
    }
}
