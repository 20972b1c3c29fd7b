import FoundationEssentials
import Reports

/// Checks a model's data form and lays its trees out for walking.
struct EnsembleValidator {
    private let form: EnsembleFormat
    private(set) var nodes: [TreeNode] = []
    private(set) var roots: [UInt32] = []
    private(set) var sets: [UInt64] = []
    private var wordsPerSet = 0
    private(set) var expectations: [Float] = []
    /// Of each feature how many categories it has; 0 where it is a number.
    private(set) var categoryCounts: [Int] = []

    init(_ form: EnsembleFormat) throws(ModelProblem) {
        self.form = form
        guard form.format == PatternLimits.modelFormat else {
            throw ModelProblem("the model has format \(form.format); this program reads \(PatternLimits.modelFormat)")
        }
        try checkHead()
        try checkFeatures()
        try checkCalibration()
        try laySets()
        guard !form.trees.isEmpty, form.trees.count <= PatternLimits.modelTrees else {
            throw ModelProblem("the model has \(form.trees.count) trees; it has 1 to \(PatternLimits.modelTrees)")
        }
        for (number, tree) in form.trees.enumerated() { try lay(tree, number: number) }
    }

    func hash() throws(ModelProblem) -> String {
        do { return ContentHash.sha256(try form.canonical()) } catch {
            throw ModelProblem("the model cannot be written: \(error)")
        }
    }

    // MARK: Around the trees

    private func checkHead() throws(ModelProblem) {
        let letters = Set("abcdefghijklmnopqrstuvwxyz0123456789._-")
        guard !form.name.isEmpty, form.name.count <= 100, form.name.allSatisfy(letters.contains) else {
            throw ModelProblem(
                "`name` is 1 to 100 of a-z, 0-9, `.`, `_` and `-`, not \(form.name.prefix(60).debugDescription)")
        }
        guard form.factor.isFinite, form.factor > 0, form.factor <= PatternLimits.modelLeaf else {
            throw ModelProblem("`factor` is a positive number, not \(form.factor)")
        }
        guard abs(form.base) <= PatternLimits.modelLeaf else {
            throw ModelProblem("`base` is \(form.base); it lies within ±\(PatternLimits.modelLeaf)")
        }
        let texts = [form.provenance, form.training?.data, form.training?.by]
        guard texts.allSatisfy({ ($0?.unicodeScalars.count ?? 0) <= PatternLimits.textCharacters }) else {
            throw ModelProblem("`provenance` and `training` have at most \(PatternLimits.textCharacters) characters")
        }
    }

    private mutating func checkFeatures() throws(ModelProblem) {
        guard !form.features.isEmpty, form.features.count <= PatternLimits.modelFeatures else {
            throw ModelProblem(
                "the model has \(form.features.count) features; it has 1 to \(PatternLimits.modelFeatures)")
        }
        var names: Set<String> = []
        for (number, feature) in form.features.enumerated() {
            let place = "feature \(number) (\(feature.name.prefix(60)))"
            guard !feature.name.isEmpty, feature.name.count <= 200 else {
                throw ModelProblem("a feature's name has 1 to 200 characters", at: place)
            }
            guard names.insert(feature.name).inserted else {
                throw ModelProblem("two features have this name; give one another", at: place)
            }
            guard feature.expression == nil || feature.attribute == nil else {
                throw ModelProblem("a feature is an `expression` or an `attribute`, not both", at: place)
            }
            guard feature.expression?.isEmpty != true, feature.attribute?.isEmpty != true else {
                throw ModelProblem("`expression` or `attribute` is empty; write it or take the key out", at: place)
            }
            guard (feature.expression?.unicodeScalars.count ?? 0) <= PatternLimits.expressionCharacters,
                (feature.attribute?.count ?? 0) <= 200
            else {
                throw ModelProblem(
                    "`expression` has at most \(PatternLimits.expressionCharacters) characters, `attribute` 200",
                    at: place)
            }
            if let categories = feature.categories { try check(categories, of: feature, at: place) }
            categoryCounts.append(feature.categories?.count ?? 0)
        }
    }

    private func check(
        _ categories: [String], of feature: EnsembleFormat.Feature, at place: String
    ) throws(ModelProblem) {
        guard feature.expression == nil else {
            throw ModelProblem("a categorical feature comes from an `attribute`, not from an expression", at: place)
        }
        guard !categories.isEmpty, categories.count <= PatternLimits.modelCategories else {
            throw ModelProblem(
                "there are \(categories.count) categories; there are 1 to \(PatternLimits.modelCategories)", at: place)
        }
        guard Set(categories).count == categories.count else {
            throw ModelProblem("a category stands twice", at: place)
        }
        guard categories.allSatisfy({ $0.count <= 200 }) else {
            throw ModelProblem("a category has more than 200 characters", at: place)
        }
    }

    private func checkCalibration() throws(ModelProblem) {
        guard let steps = form.calibration else { return }
        guard !steps.isEmpty, steps.count <= PatternLimits.calibrationSteps else {
            throw ModelProblem(
                "the calibration has \(steps.count) steps; it has 1 to \(PatternLimits.calibrationSteps), or leave it out"
            )
        }
        for (number, step) in steps.enumerated() {
            let place = "calibration, step \(number)"
            guard step.score.isFinite else { throw ModelProblem("the score is not finite", at: place) }
            let shares = try shares(of: step, at: place)
            guard zip(shares, shares.dropFirst()).allSatisfy({ $0.share <= $1.share }) else {
                throw ModelProblem("a later day has a smaller share; what has failed by then only grows", at: place)
            }
            guard number > 0 else { continue }
            let before = steps[number - 1]
            guard before.score < step.score else {
                throw ModelProblem("the scores do not rise; put the steps in order", at: place)
            }
            guard Set(before.hazard.keys) == Set(step.hazard.keys) else {
                throw ModelProblem("it has other days than the step before; all steps have the same", at: place)
            }
            guard step.hazard.allSatisfy({ (before.hazard[$0.key] ?? 0) <= $0.value }) else {
                throw ModelProblem(
                    "its share is smaller than that of the step before; make the table monotone (isotonic regression)",
                    at: place)
            }
        }
    }

    /// By days, in their order.
    private func shares(
        of step: EnsembleFormat.Step, at place: String
    ) throws(ModelProblem) -> [(days: Int, share: Double)] {
        guard !step.hazard.isEmpty, step.hazard.count <= 20 else {
            throw ModelProblem("`hazard` has 1 to 20 numbers of days", at: place)
        }
        var shares: [(days: Int, share: Double)] = []
        for (key, share) in step.hazard {
            guard let days = Int(key), (1...3_650).contains(days), key == String(days) else {
                throw ModelProblem("`hazard` is by days from 1 to 3650, not by \(key.prefix(20))", at: place)
            }
            guard (0...1).contains(share) else {
                throw ModelProblem("the share within \(days) days is a number from 0 to 1, not \(share)", at: place)
            }
            shares.append((days, share))
        }
        return shares.sorted { $0.days < $1.days }
    }

    private mutating func laySets() throws(ModelProblem) {
        guard form.sets.count <= PatternLimits.modelSets else {
            throw ModelProblem("the model has \(form.sets.count) sets; the limit is \(PatternLimits.modelSets)")
        }
        let most = categoryCounts.max() ?? 0
        wordsPerSet = (most + 63) / 64
        sets = [UInt64](repeating: 0, count: form.sets.count * wordsPerSet)
        for (number, set) in form.sets.enumerated() {
            for category in set {
                guard category >= 0, category < most else {
                    throw ModelProblem("no feature has a category \(category)", at: "set \(number)")
                }
                sets[number * wordsPerSet + category / 64] |= 1 << UInt64(category % 64)
            }
        }
    }

    // MARK: Trees

    private mutating func lay(_ tree: EnsembleFormat.Tree, number: Int) throws(ModelProblem) {
        let letters = tree.nodes.utf8
        let start = nodes.count
        guard start + letters.count <= PatternLimits.modelNodes else {
            throw ModelProblem(
                "the model has more than \(PatternLimits.modelNodes) nodes; train fewer or smaller trees",
                at: "tree \(number)")
        }
        let leaves = letters.count { $0 == UInt8(ascii: ".") }
        let splits = letters.count - leaves
        for (what, has, needs) in [
            ("`feature`", tree.feature.count, splits), ("`threshold`", tree.threshold.count, splits),
            ("`leaf`", tree.leaf.count, leaves), ("`cover`", tree.cover?.count ?? leaves, leaves),
        ] where has != needs {
            throw ModelProblem(
                "`nodes` has \(splits) splits and \(leaves) leaves, but \(what) has \(has) numbers",
                at: "tree \(number)")
        }
        roots.append(UInt32(start))
        // The splits whose right branch is still to come.
        var open: [Int] = []
        var (split, leaf) = (0, 0)
        for (offset, letter) in letters.enumerated() {
            if offset > 0, nodes[nodes.count - 1].isLeaf {
                guard let parent = open.popLast() else {
                    throw ModelProblem(
                        "the tree is whole before node \(offset); take the rest out", at: "tree \(number)")
                }
                nodes[parent].right = nodes.count - parent
            }
            if letter == UInt8(ascii: ".") {
                nodes.append(try self.leaf(tree, leaf, at: number))
                leaf += 1
            } else {
                open.append(nodes.count)
                guard open.count <= PatternLimits.modelDepth else {
                    throw ModelProblem(
                        "the tree is deeper than \(PatternLimits.modelDepth) splits", at: "tree \(number)")
                }
                nodes.append(try self.split(tree, split, letter: letter, at: number))
                split += 1
            }
        }
        guard open.isEmpty, leaf == split + 1 else {
            throw ModelProblem("`nodes` ends before the tree does: a split lacks its branches", at: "tree \(number)")
        }
        expect(from: start, cover: tree.cover)
    }

    private func leaf(_ tree: EnsembleFormat.Tree, _ leaf: Int, at number: Int) throws(ModelProblem) -> TreeNode {
        let place = "tree \(number), leaf \(leaf)"
        let value = tree.leaf[leaf]
        guard abs(value) <= PatternLimits.modelLeaf else {
            throw ModelProblem("the value is \(value); it lies within ±\(PatternLimits.modelLeaf)", at: place)
        }
        if let cover = tree.cover?[leaf] {
            guard cover >= 0, cover <= PatternLimits.modelLeaf else {
                throw ModelProblem("the cover is \(cover); it is 0 to \(PatternLimits.modelLeaf)", at: place)
            }
        }
        return TreeNode(leaf: value)
    }

    private func split(
        _ tree: EnsembleFormat.Tree, _ split: Int, letter: UInt8, at number: Int
    ) throws(ModelProblem) -> TreeNode {
        let place = "tree \(number), split \(split)"
        let feature = tree.feature[split]
        guard feature >= 0, feature < categoryCounts.count else {
            throw ModelProblem("there is no feature \(feature); there are \(categoryCounts.count)", at: place)
        }
        let rule: TreeNode.Rule
        switch letter {
        case UInt8(ascii: "L"): rule = .missingLeft
        case UInt8(ascii: "R"): rule = []
        case UInt8(ascii: "l"): rule = [.missingLeft, .zeroIsMissing]
        case UInt8(ascii: "r"): rule = .zeroIsMissing
        default: throw ModelProblem("a node is one of L, R, l, r and `.`", at: place)
        }
        let number = tree.threshold[split]
        let count = categoryCounts[feature]
        if count > 0 {
            guard let set = Int(exactly: number), set >= 0, set < form.sets.count else {
                throw ModelProblem("there is no set \(number); there are \(form.sets.count)", at: place)
            }
            guard form.sets[set].allSatisfy({ $0 < count }) else {
                throw ModelProblem(
                    "set \(set) has a category that \(form.features[feature].name) has not", at: place)
            }
            guard !rule.contains(.zeroIsMissing) else {
                throw ModelProblem("a category is not missing because its number is zero; write L or R", at: place)
            }
            return TreeNode(feature: UInt16(feature), set: set * wordsPerSet, rule: rule)
        }
        let threshold = form.split == .belowSingle ? Self.largest(below: Float(number)) : number
        guard threshold.isFinite else { throw ModelProblem("the threshold is not finite", at: place) }
        return TreeNode(
            feature: UInt16(feature), threshold: threshold == EnsembleFormat.Tree.infinite ? .infinity : threshold,
            rule: rule)
    }

    /// The largest float64 that, rounded to float32, is still less than the threshold: so one comparison serves both
    /// kinds of trees, and to the last bit.
    ///
    /// Between two float32 neighbours lies a middle that float64 holds exactly; it rounds to the even one (IEEE 754).
    static func largest(below threshold: Float) -> Double {
        guard threshold.isFinite else { return .nan }
        let previous = threshold.nextDown
        let low = previous.isFinite ? Double(previous) : -0x1p128
        let middle = (low + Double(threshold)) / 2
        return Float(middle) < threshold ? middle : middle.nextDown
    }

    /// Means of the leaves below, from the last node to the first: branches stand behind their split.
    private mutating func expect(from start: Int, cover: [Double]?) {
        expectations.append(contentsOf: repeatElement(0, count: nodes.count - start))
        var covers = [Double](repeating: 0, count: nodes.count - start)
        var leaf = cover?.count ?? 0
        for place in (start..<nodes.count).reversed() {
            let node = nodes[place]
            guard !node.isLeaf else {
                leaf -= 1
                covers[place - start] = cover?[leaf] ?? 1
                expectations[place] = Float(node.value)
                continue
            }
            let (left, right) = (place + 1, place + node.right)
            let (leftCover, rightCover) = (covers[left - start], covers[right - start])
            let whole = leftCover + rightCover
            covers[place - start] = whole
            let share = whole > 0 ? leftCover / whole : 0.5
            expectations[place] = Float(
                share * Double(expectations[left]) + (1 - share) * Double(expectations[right]))
        }
    }
}
