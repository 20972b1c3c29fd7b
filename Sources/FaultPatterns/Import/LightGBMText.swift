import FoundationEssentials

/// LightGBM's own model file: `Booster.save_model()` (version v3 and v4).
struct LightGBMText {
    private(set) var ensemble: ImportedEnsemble

    init(_ data: Data) throws(ModelProblem) {
        guard let text = String(validating: data, as: UTF8.self) else {
            throw ModelProblem("the file is not UTF-8; save the model anew")
        }
        let lines = text.split(whereSeparator: \.isNewline)
        guard let end = lines.firstIndex(of: "end of trees") else {
            throw ModelProblem("the file ends before `end of trees`; it was cut off; copy it anew")
        }
        let starts = lines[..<end].indices.filter { lines[$0].hasPrefix("Tree=") }
        let head = Block(lines[..<(starts.first ?? end)])
        ensemble = try Self.head(head)
        for (number, start) in starts.enumerated() {
            let stop = number + 1 < starts.count ? starts[number + 1] : end
            ensemble.trees.append(try Self.tree(Block(lines[start..<stop]), at: "tree \(number)"))
        }
        guard !ensemble.trees.isEmpty else { throw ModelProblem("the file has no tree") }
        let rest = lines[end...]
        if let line = rest.last(where: { $0.hasPrefix("pandas_categorical:") }) {
            let json = Data(line.dropFirst("pandas_categorical:".count).utf8)
            let lists: [[LightGBM.Category]]?
            do { lists = try JSONDecoder().decode([[LightGBM.Category]]?.self, from: json) } catch {
                throw ModelProblem("`pandas_categorical` cannot be read; give the categories with --categories")
            }
            LightGBM.name(lists?.map { $0.map(\.text) }, in: &ensemble.features)
        }
        let seed = rest.first { $0.hasPrefix("[seed: ") }
        ensemble.seed = seed.flatMap { Int($0.dropFirst("[seed: ".count).dropLast()) }
    }

    private static func head(_ head: Block) throws(ModelProblem) -> ImportedEnsemble {
        let version = try head.text("version")
        guard version == "v3" || version == "v4" else {
            throw ModelProblem("the file is of LightGBM's format \(version.prefix(20)); v3 and v4 are understood")
        }
        try LightGBM.refuse(
            classes: try head.integer("num_class"), treesPerIteration: try head.integer("num_tree_per_iteration"))
        let (link, factor) = try LightGBM.link(head.fields["objective"].map(String.init))
        let names = try head.words("feature_names")
        let infos = try head.words("feature_infos")
        guard names.count == infos.count else {
            throw ModelProblem("`feature_names` has \(names.count) words, `feature_infos` \(infos.count)")
        }
        // `[0:8]` is a range, `0:3:4` are categories, `none` was constant.
        let features = zip(names, infos).map {
            ImportedEnsemble.Feature(name: String($0), isCategorical: !$1.hasPrefix("[") && $1 != "none")
        }
        var ensemble = ImportedEnsemble(features: features, split: .atMost, link: link, by: "LightGBM \(version)")
        ensemble.factor = factor
        ensemble.average = head.fields["average_output"] != nil
        return ensemble
    }

    private static func tree(_ block: Block, at place: String) throws(ModelProblem) -> [ImportedEnsemble.Node] {
        do throws(ModelProblem) {
            guard (block.fields["is_linear"] ?? "0") == "0" else {
                throw ModelProblem("the leaves are linear models; train without `linear_tree`")
            }
            return try LightGBMTextTree(block).nodes
        } catch { throw ModelProblem(error.message, at: error.place.map { "\(place), \($0)" } ?? place) }
    }

    /// Lines `key=value`; a key without a value is there, and empty.
    struct Block {
        private(set) var fields: [Substring: Substring] = [:]

        init(_ lines: ArraySlice<Substring>) {
            for line in lines {
                let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                fields[parts[0]] = parts.count == 2 ? parts[1] : ""
            }
        }

        func text(_ key: Substring) throws(ModelProblem) -> Substring {
            guard let text = fields[key] else { throw ModelProblem("`\(key)` is missing; the file is damaged") }
            return text
        }

        func words(_ key: Substring) throws(ModelProblem) -> [Substring] { try text(key).split(separator: " ") }

        func integer(_ key: Substring) throws(ModelProblem) -> Int {
            let text = try text(key)
            guard let number = Int(text) else { throw ModelProblem("`\(key)` is no whole number: \(text.prefix(40))") }
            return number
        }

        func numbers<Number: LosslessStringConvertible>(
            _ key: Substring, _ type: Number.Type, count: Int
        ) throws(ModelProblem) -> [Number] {
            var numbers: [Number] = []
            for word in try words(key) {
                guard let number = Number(String(word)) else {
                    throw ModelProblem("`\(key)` has \(word.prefix(40)), which is no such number")
                }
                numbers.append(number)
            }
            guard numbers.count == count else {
                throw ModelProblem("`\(key)` has \(numbers.count) numbers; \(count) were expected")
            }
            return numbers
        }
    }
}

/// One tree of the file: arrays of its splits and of its leaves; a child below zero is a leaf, −1 the first.
private struct LightGBMTextTree {
    /// The splits, then the leaves.
    private(set) var nodes: [ImportedEnsemble.Node] = []

    init(_ block: LightGBMText.Block) throws(ModelProblem) {
        let leaves = try block.integer("num_leaves")
        guard leaves >= 1, leaves <= PatternLimits.modelNodes else {
            throw ModelProblem("the tree has \(leaves) leaves; it has 1 to \(PatternLimits.modelNodes)")
        }
        let values = try block.numbers("leaf_value", Double.self, count: leaves)
        let covers =
            block.fields["leaf_count"]?.isEmpty == false
            ? try block.numbers("leaf_count", Double.self, count: leaves) : nil
        let splits = leaves - 1
        if splits > 0 { try addSplits(block, count: splits) }
        for leaf in 0..<leaves { nodes.append(.leaf(value: values[leaf], cover: covers?[leaf])) }
    }

    private mutating func addSplits(_ block: LightGBMText.Block, count splits: Int) throws(ModelProblem) {
        let features = try block.numbers("split_feature", Int.self, count: splits)
        let thresholds = try block.numbers("threshold", Double.self, count: splits)
        let decisions = try block.numbers("decision_type", Int.self, count: splits)
        let left = try block.numbers("left_child", Int.self, count: splits)
        let right = try block.numbers("right_child", Int.self, count: splits)
        let sets = try Self.sets(block)
        for split in 0..<splits {
            let decision = decisions[split]
            let condition: ImportedEnsemble.Condition
            let missing: ImportedEnsemble.Missing
            if decision & 1 == 1 {
                guard let set = Int(exactly: thresholds[split]), sets.indices.contains(set) else {
                    throw ModelProblem("there is no set \(thresholds[split])", at: "split \(split)")
                }
                condition = .among(sets[set])
                // A category that nobody knows is in no set.
                missing = .right
            } else {
                guard let type = [0: LightGBM.MissingType.none, 1: .zero, 2: .nan][decision >> 2 & 3] else {
                    throw ModelProblem("the decision type \(decision) is not understood", at: "split \(split)")
                }
                condition = .threshold(LightGBM.threshold(thresholds[split]))
                missing = LightGBM.missing(type, defaultLeft: decision & 2 != 0, threshold: thresholds[split])
            }
            nodes.append(
                .split(
                    feature: features[split], condition: condition, missing: missing,
                    left: Self.place(left[split], splits), right: Self.place(right[split], splits)))
        }
    }

    /// Out of bounds where the file is wrong, which is found when the tree is put in order.
    private static func place(_ child: Int, _ splits: Int) -> Int {
        child >= 0 ? (child < splits ? child : -1) : splits &+ ~child
    }

    /// Sets of categories: words of 32 bits, cut at the boundaries.
    private static func sets(_ block: LightGBMText.Block) throws(ModelProblem) -> [[Int]] {
        let count = try block.integer("num_cat")
        guard count > 0 else { return [] }
        guard count <= PatternLimits.modelNodes else { throw ModelProblem("the tree has \(count) sets of categories") }
        let bounds = try block.numbers("cat_boundaries", Int.self, count: count + 1)
        guard let last = bounds.last, last >= 0, zip(bounds, bounds.dropFirst()).allSatisfy({ $0 >= 0 && $0 <= $1 })
        else { throw ModelProblem("`cat_boundaries` does not rise") }
        let words = try block.numbers("cat_threshold", UInt32.self, count: last)
        return (0..<count).map { set in
            let range = bounds[set]..<bounds[set + 1]
            return range.flatMap { word in
                (0..<32).filter { words[word] >> UInt32($0) & 1 == 1 }.map { (word - range.lowerBound) * 32 + $0 }
            }
        }
    }
}
