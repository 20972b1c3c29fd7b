import FoundationEssentials

/// XGBoost's `Booster.dump_model("dump.json", dump_format="json")`: only the trees; all else comes from the options.
enum XGBoostDump {
    static func ensemble(_ data: Data, _ options: ModelImport.Options) throws(ModelProblem) -> ImportedEnsemble {
        guard let baseScore = options.baseScore else {
            throw ModelProblem(
                "a dump of XGBoost does not tell its base score; give --base-score, or import what "
                    + "`save_model(\"model.json\")` writes")
        }
        let trees = try TrainerJSON.decode([Tree].self, from: data)
        let (link, base) = try XGBoost.link(
            options.link == .identity ? "reg:squarederror" : "binary:logistic", baseScore: baseScore)
        // Features have names only: they stand in the order in which they are met, or as the options state.
        var names = options.featureNames ?? []
        var numbers = Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        var categorical: Set<String> = []
        for tree in trees {
            categorical.formUnion(tree.categorical)
            for name in tree.names where numbers[name] == nil {
                guard options.featureNames == nil else {
                    throw ModelProblem("a split asks \(name.prefix(60)), which --feature-names lacks")
                }
                numbers[name] = names.count
                names.append(name)
            }
        }
        var ensemble = ImportedEnsemble(
            features: names.map { ImportedEnsemble.Feature(name: $0, isCategorical: categorical.contains($0)) },
            split: .belowSingle, link: link, by: "XGBoost")
        ensemble.base = base
        for (number, tree) in trees.enumerated() {
            do throws(ModelProblem) { ensemble.trees.append(try tree.nodes(numbers)) } catch {
                throw ModelProblem(error.message, at: "tree \(number)")
            }
        }
        return ensemble
    }

    /// A tree, laid flat while it is read.
    private struct Tree: Decodable {
        private struct Node {
            var id: Int
            var leaf: Double?
            var cover: Double?
            var feature = ""
            var threshold: Double?
            var set: [Int]?
            var yes = -1
            var no = -1
            var missing = -1
        }

        private var found: [Node] = []

        private enum CodingKeys: String, CodingKey {
            case nodeid, leaf, cover, split, splitCondition, yes, no, missing, children
        }

        init(from decoder: any Decoder) throws { try add(decoder.container(keyedBy: CodingKeys.self), depth: 0) }

        private mutating func add(_ fields: KeyedDecodingContainer<CodingKeys>, depth: Int) throws {
            guard depth <= PatternLimits.modelDepth else {
                throw ModelProblem("a tree is deeper than \(PatternLimits.modelDepth) splits; train with `max_depth`")
            }
            var node = Node(id: try fields.decode(Int.self, forKey: .nodeid))
            node.cover = try fields.decodeIfPresent(Double.self, forKey: .cover)
            node.leaf = try fields.decodeIfPresent(Double.self, forKey: .leaf)
            guard node.leaf == nil else {
                found.append(node)
                return
            }
            node.feature = try fields.decode(String.self, forKey: .split)
            node.yes = try fields.decode(Int.self, forKey: .yes)
            node.no = try fields.decode(Int.self, forKey: .no)
            guard fields.contains(.splitCondition), fields.contains(.missing) else {
                throw ModelProblem(
                    "node \(node.id) has no threshold: the dump was made with a feature map of indicators; make it "
                        + "without `fmap`")
            }
            node.missing = try fields.decode(Int.self, forKey: .missing)
            if let threshold = try? fields.decode(Double.self, forKey: .splitCondition) {
                node.threshold = threshold
            } else {
                node.set = try fields.decode([Int].self, forKey: .splitCondition)
            }
            found.append(node)
            var children = try fields.nestedUnkeyedContainer(forKey: .children)
            while !children.isAtEnd { try add(children.nestedContainer(keyedBy: CodingKeys.self), depth: depth + 1) }
        }

        /// In the order in which they are asked.
        var names: [String] { found.filter { $0.leaf == nil }.map(\.feature) }
        var categorical: [String] { found.filter { $0.set != nil }.map(\.feature) }

        /// - Parameter numbers: of the features, by name.
        func nodes(_ numbers: [String: Int]) throws(ModelProblem) -> [ImportedEnsemble.Node] {
            let places = Dictionary(found.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
            guard places.count == found.count else { throw ModelProblem("two nodes have the same number") }
            var nodes: [ImportedEnsemble.Node] = []
            for node in found {
                if let leaf = node.leaf {
                    nodes.append(.leaf(value: leaf, cover: node.cover))
                    continue
                }
                guard let yes = places[node.yes], let no = places[node.no],
                    node.missing == node.yes || node.missing == node.no
                else { throw ModelProblem("node \(node.id) leads to a node that is not there") }
                let condition: ImportedEnsemble.Condition =
                    if let threshold = node.threshold { .threshold(threshold) } else { .among(node.set ?? []) }
                nodes.append(
                    .split(
                        feature: numbers[node.feature] ?? -1, condition: condition,
                        missing: node.missing == node.yes ? .left : .right, left: yes, right: no))
            }
            return nodes
        }
    }
}
