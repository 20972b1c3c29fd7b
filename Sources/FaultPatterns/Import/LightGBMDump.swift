import FoundationEssentials

/// LightGBM's `Booster.dump_model()` as JSON.
enum LightGBMDump {
    static func ensemble(_ data: Data) throws(ModelProblem) -> ImportedEnsemble {
        let content = try TrainerJSON.decode(Content.self, from: data)
        try LightGBM.refuse(classes: content.numClass, treesPerIteration: content.numTreePerIteration)
        let (link, factor) = try LightGBM.link(content.objective)
        var asked: Set<Int> = []
        for tree in content.treeInfo { asked.formUnion(tree.treeStructure.categorical) }
        var features = content.featureNames.enumerated().map { index, name in
            // A categorical feature has values, a numeric one has none.
            let isCategorical = content.featureInfos?[name]?.values.map { !$0.isEmpty } ?? asked.contains(index)
            return ImportedEnsemble.Feature(name: name, isCategorical: isCategorical)
        }
        LightGBM.name(content.pandasCategorical?.map { $0.map(\.text) }, in: &features)
        var ensemble = ImportedEnsemble(
            features: features, split: .atMost, link: link, by: "LightGBM \(content.version ?? "")")
        ensemble.factor = factor
        ensemble.average = content.averageOutput ?? false
        ensemble.trees = content.treeInfo.map(\.treeStructure.nodes)
        return ensemble
    }

    private struct Content: Decodable {
        struct Info: Decodable { var values: [Int]? }
        struct Tree: Decodable { var treeStructure: Structure }
        var version: String?
        var numClass: Int
        var numTreePerIteration: Int
        var objective: String?
        var averageOutput: Bool?
        var featureNames: [String]
        var featureInfos: [String: Info]?
        var pandasCategorical: [[LightGBM.Category]]?
        var treeInfo: [Tree]
    }

    /// A tree, laid flat while it is read.
    private struct Structure: Decodable {
        var nodes: [ImportedEnsemble.Node] = []
        /// Features that are split by category.
        var categorical: Set<Int> = []

        private enum CodingKeys: String, CodingKey {
            case splitFeature, threshold, decisionType, defaultLeft, missingType, leftChild, rightChild,
                leafValue
            case leafCount, leafWeight
        }

        init(from decoder: any Decoder) throws { _ = try add(decoder.container(keyedBy: CodingKeys.self), depth: 0) }

        private mutating func add(_ fields: KeyedDecodingContainer<CodingKeys>, depth: Int) throws -> Int {
            guard depth <= PatternLimits.modelDepth else {
                throw ModelProblem("a tree is deeper than \(PatternLimits.modelDepth) splits; train with `max_depth`")
            }
            let place = nodes.count
            guard fields.contains(.splitFeature) else {
                let cover =
                    try fields.decodeIfPresent(Double.self, forKey: .leafCount)
                    ?? fields.decodeIfPresent(Double.self, forKey: .leafWeight)
                nodes.append(.leaf(value: try fields.decode(Double.self, forKey: .leafValue), cover: cover))
                return place
            }
            // Its branches stand behind it.
            nodes.append(.leaf(value: 0, cover: nil))
            let feature = try fields.decode(Int.self, forKey: .splitFeature)
            let left = try add(fields.nestedContainer(keyedBy: CodingKeys.self, forKey: .leftChild), depth: depth + 1)
            let right = try add(
                fields.nestedContainer(keyedBy: CodingKeys.self, forKey: .rightChild), depth: depth + 1)
            let condition: ImportedEnsemble.Condition
            let missing: ImportedEnsemble.Missing
            switch try fields.decode(String.self, forKey: .decisionType) {
            case "<=":
                let threshold = try fields.decode(Double.self, forKey: .threshold)
                condition = .threshold(LightGBM.threshold(threshold))
                missing = LightGBM.missing(
                    try fields.decode(LightGBM.MissingType.self, forKey: .missingType),
                    defaultLeft: try fields.decode(Bool.self, forKey: .defaultLeft), threshold: threshold)
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
