import FoundationEssentials

/// XGBoost's `Booster.save_model("model.json")`.
enum XGBoostModel {
    static func ensemble(_ data: Data) throws(ModelProblem) -> ImportedEnsemble {
        let content = try TrainerJSON.decode(Content.self, from: data)
        let learner = content.learner
        let booster = learner.gradientBooster
        guard booster.name == "gbtree", let model = booster.model else {
            throw ModelProblem("the booster is \(booster.name.prefix(40)); only `gbtree` is understood")
        }
        let parameters = learner.learnerModelParam
        guard Int(parameters.numClass ?? "0") ?? 2 <= 1, Int(parameters.numTarget ?? "1") == 1,
            model.treeInfo.allSatisfy({ $0 == 0 })
        else { throw ModelProblem("the model has several classes or targets; a model here has one score") }
        // Since 3.1 a list of one.
        let text = parameters.baseScore.filter { $0 != "[" && $0 != "]" }
        guard let baseScore = Double(text) else {
            throw ModelProblem("`base_score` is \(parameters.baseScore.prefix(40)), which is no number")
        }
        let (link, base) = try XGBoost.link(learner.objective.name, baseScore: baseScore)
        let by = "XGBoost " + content.version.map(String.init).joined(separator: ".")
        var ensemble = ImportedEnsemble(features: try features(learner, model), split: .belowSingle, link: link, by: by)
        ensemble.base = base
        for (number, tree) in model.trees.enumerated() {
            do throws(ModelProblem) { ensemble.trees.append(try tree.nodes()) } catch {
                throw ModelProblem(error.message, at: "tree \(number)")
            }
        }
        return ensemble
    }

    private static func features(
        _ learner: Content.Learner, _ model: Content.Model
    ) throws(ModelProblem) -> [ImportedEnsemble.Feature] {
        guard let count = Int(learner.learnerModelParam.numFeature), (0...1_000_000).contains(count) else {
            throw ModelProblem("`num_feature` is no number of features")
        }
        var features = (0..<count).map { ImportedEnsemble.Feature(name: "f\($0)") }
        if let names = learner.featureNames, !names.isEmpty {
            guard names.count == count else {
                throw ModelProblem("`feature_names` has \(names.count) names; there are \(count) features")
            }
            for (index, name) in names.enumerated() { features[index].name = name }
        }
        // The type is given, or follows from the splits.
        for (index, type) in (learner.featureTypes ?? []).enumerated() where index < count && type == "c" {
            features[index].isCategorical = true
        }
        for tree in model.trees {
            for (type, feature) in zip(tree.splitType ?? [], tree.splitIndices)
            where type == 1 && features.indices.contains(feature) {
                features[feature].isCategorical = true
            }
        }
        for (index, list) in (model.cats?.enc ?? []).enumerated() where index < count {
            features[index].categories = list.names
        }
        return features
    }

    private struct Content: Decodable {
        var learner: Learner
        var version: [Int]

        struct Learner: Decodable {
            var featureNames: [String]?
            var featureTypes: [String]?
            var gradientBooster: Booster
            var learnerModelParam: Parameters
            var objective: Objective
        }
        struct Parameters: Decodable {
            var baseScore: String
            var numClass: String?
            var numFeature: String
            var numTarget: String?
        }
        struct Objective: Decodable { var name: String }
        struct Booster: Decodable {
            var name: String
            var model: Model?
        }
        struct Model: Decodable {
            var cats: Categories?
            var treeInfo: [Int]
            var trees: [Tree]
        }
        struct Categories: Decodable { var enc: [Category] }
    }

    /// Categories of one feature: texts, laid end to end as bytes, or numbers.
    private struct Category: Decodable {
        var offsets: [Int]?
        var values: [Double]

        /// Nil where the feature has none.
        var names: [String]? {
            guard !values.isEmpty else { return nil }
            guard let offsets else {
                return values.map { value in Int(exactly: value).map(String.init) ?? String(value) }
            }
            let bytes = values.compactMap { UInt8(exactly: $0) ?? Int8(exactly: $0).map { UInt8(bitPattern: $0) } }
            guard bytes.count == values.count else { return nil }
            var names: [String] = []
            for (start, end) in zip(offsets, offsets.dropFirst()) {
                guard 0 <= start, start <= end, end <= bytes.count,
                    let name = String(validating: bytes[start..<end], as: UTF8.self)
                else { return nil }
                names.append(name)
            }
            return names
        }
    }

    private struct Tree: Decodable {
        /// 0 and 1, or false and true.
        struct Flag: Decodable {
            var isSet: Bool
            init(from decoder: any Decoder) throws {
                let value = try decoder.singleValueContainer()
                if let number = try? value.decode(Int.self) {
                    isSet = number != 0
                } else {
                    isSet = try value.decode(Bool.self)
                }
            }
        }

        var leftChildren: [Int]
        var rightChildren: [Int]
        var splitIndices: [Int]
        var splitConditions: [Double]
        var defaultLeft: [Flag]
        /// 1 where split by category; absent in old models.
        var splitType: [Int]?
        var categories: [Int]?
        var categoriesNodes: [Int]?
        var categoriesSegments: [Int]?
        var categoriesSizes: [Int]?
        var sumHessian: [Double]?

        func nodes() throws(ModelProblem) -> [ImportedEnsemble.Node] {
            let count = leftChildren.count
            let counts = [
                rightChildren.count, splitIndices.count, splitConditions.count, defaultLeft.count,
                splitType?.count ?? count, sumHessian?.count ?? count,
            ]
            guard counts.allSatisfy({ $0 == count }) else {
                throw ModelProblem("its lists differ in length; the file is damaged")
            }
            let sets = try sets()
            var nodes: [ImportedEnsemble.Node] = []
            for place in 0..<count {
                guard leftChildren[place] != -1 else {
                    nodes.append(.leaf(value: splitConditions[place], cover: sumHessian?[place]))
                    continue
                }
                var condition = ImportedEnsemble.Condition.threshold(splitConditions[place])
                if splitType?[place] == 1 {
                    guard let set = sets[place] else {
                        throw ModelProblem("node \(place) is split by category, but has no categories")
                    }
                    // What is listed goes right.
                    condition = .notAmong(set)
                }
                nodes.append(
                    .split(
                        feature: splitIndices[place], condition: condition,
                        missing: defaultLeft[place].isSet ? .left : .right, left: leftChildren[place],
                        right: rightChildren[place]))
            }
            return nodes
        }

        private func sets() throws(ModelProblem) -> [Int: [Int]] {
            guard let categories, let nodes = categoriesNodes, let starts = categoriesSegments,
                let sizes = categoriesSizes
            else { return [:] }
            guard nodes.count == starts.count, nodes.count == sizes.count else {
                throw ModelProblem("its lists of categories differ in length; the file is damaged")
            }
            var sets: [Int: [Int]] = [:]
            for (index, node) in nodes.enumerated() {
                let (start, size) = (starts[index], sizes[index])
                guard start >= 0, size >= 0, start <= categories.count, size <= categories.count - start else {
                    throw ModelProblem("the categories of node \(node) lie outside their list; the file is damaged")
                }
                sets[node] = Array(categories[start..<start + size])
            }
            return sets
        }
    }
}
