/// An ensemble as a trainer's file describes it, before it is put into the data form.
struct ImportedEnsemble {
    struct Feature {
        var name: String
        var isCategorical = false
        /// What the file itself states of its categories.
        var categories: [String]?
    }

    enum Node {
        case leaf(value: Double, cover: Double?)
        /// Left is where the condition holds.
        case split(feature: Int, condition: Condition, missing: Missing, left: Int, right: Int)
    }

    enum Condition {
        case threshold(Double)
        /// Left are these categories.
        case among([Int])
        /// Left are all other categories (XGBoost).
        case notAmong([Int])
    }

    enum Missing {
        case left, right
        /// Zero counts as missing.
        case leftWithZero, rightWithZero
    }

    var features: [Feature]
    var split: EnsembleFormat.Comparison
    var link: EnsembleFormat.Link
    var factor = 1.0
    var base = 0.0
    var average = false
    /// Of each tree its nodes, the root first.
    var trees: [[Node]] = []
    /// The program that trained it.
    var by: String
    var seed: Int?
}

// MARK: - To the data form

/// Puts an imported ensemble into the data form: features that no split asks are left out, the trees are put in order.
struct EnsembleFormatWriter {
    private let source: ImportedEnsemble
    /// Numbers of the features in the data form, by those in the source.
    private var numbers: [Int: Int] = [:]
    private var categories: [Int: [String]] = [:]
    private var sets: [[Int]] = []
    private var setNumbers: [[Int]: Int] = [:]

    init(_ source: ImportedEnsemble) { self.source = source }

    mutating func form(_ options: ModelImport.Options) throws(ModelProblem) -> EnsembleFormat {
        let asked = try featuresAsked()
        var features: [EnsembleFormat.Feature] = []
        for index in asked {
            numbers[index] = features.count
            features.append(try feature(index, options))
        }
        var trees: [EnsembleFormat.Tree] = []
        for (number, nodes) in source.trees.enumerated() { trees.append(try tree(nodes, number: number)) }
        var form = EnsembleFormat(
            name: options.name, features: features, split: source.split, link: options.link ?? source.link,
            factor: source.factor, base: source.base, average: source.average, sets: sets, trees: trees)
        form.calibration = options.calibration
        form.provenance = options.provenance
        form.training = EnsembleFormat.Training(
            data: options.trainedOn, by: source.by, seed: options.seed ?? source.seed)
        return form
    }

    // MARK: Features

    /// In the source's order.
    private func featuresAsked() throws(ModelProblem) -> [Int] {
        var asked: Set<Int> = []
        for (number, nodes) in source.trees.enumerated() {
            for case .split(let feature, _, _, _, _) in nodes {
                guard source.features.indices.contains(feature) else {
                    throw ModelProblem(
                        "a split asks feature \(feature); there are \(source.features.count)", at: "tree \(number)")
                }
                asked.insert(feature)
            }
        }
        guard !asked.isEmpty else {
            throw ModelProblem("no tree has a split: the model says the same of everything; train it on more")
        }
        return asked.sorted()
    }

    private mutating func feature(
        _ index: Int, _ options: ModelImport.Options
    ) throws(ModelProblem) -> EnsembleFormat.Feature {
        let told = source.features[index]
        var feature = EnsembleFormat.Feature(name: told.name)
        if let sources = options.sources {
            guard let origin = sources[told.name] else {
                throw ModelProblem("the features' file does not say where \(told.name) comes from; add it")
            }
            switch origin {
            case .expression(let text): feature.expression = text
            case .attribute(let name): feature.attribute = name
            }
        }
        let given = options.categories[told.name]
        if told.isCategorical {
            guard let names = given ?? told.categories else {
                throw ModelProblem(
                    "\(told.name) is categorical, and the file does not name its categories; give them with --categories"
                )
            }
            feature.categories = names
            categories[index] = names
        } else if given != nil {
            throw ModelProblem("\(told.name) has categories in --categories, but the model takes it as a number")
        }
        return feature
    }

    // MARK: Trees

    /// In preorder, without recursion: a hostile file may nest as deep as it likes, or in a circle.
    private mutating func tree(_ nodes: [ImportedEnsemble.Node], number: Int) throws(ModelProblem)
        -> EnsembleFormat.Tree
    {
        var tree = EnsembleFormat.Tree(nodes: "", feature: [], threshold: [], leaf: [])
        var covers: [Double] = []
        var next = [0]
        var seen: Set<Int> = []
        while let place = next.popLast() {
            guard nodes.indices.contains(place) else {
                throw ModelProblem("there is no node \(place); the tree has \(nodes.count)", at: "tree \(number)")
            }
            guard seen.insert(place).inserted else {
                throw ModelProblem("the tree leads to node \(place) twice; it is no tree", at: "tree \(number)")
            }
            switch nodes[place] {
            case .leaf(let value, let cover):
                tree.nodes += "."
                tree.leaf.append(value)
                // Four digits are enough to explain a score.
                if let cover { covers.append(cover >= 1_000 ? cover.rounded() : (cover * 1_000).rounded() / 1_000) }
            case .split(let feature, let condition, let missing, let left, let right):
                tree.nodes += letter(missing)
                tree.feature.append(numbers[feature] ?? 0)
                tree.threshold.append(
                    try threshold(condition, of: feature, at: "tree \(number), node \(place)"))
                next.append(right)
                next.append(left)
            }
        }
        if covers.count == tree.leaf.count { tree.cover = covers }
        return tree
    }

    private func letter(_ missing: ImportedEnsemble.Missing) -> String {
        switch missing {
        case .left: "L"
        case .right: "R"
        case .leftWithZero: "l"
        case .rightWithZero: "r"
        }
    }

    private mutating func threshold(
        _ condition: ImportedEnsemble.Condition, of feature: Int, at place: String
    ) throws(ModelProblem) -> Double {
        let told = source.features[feature]
        let listed: [Int]
        let isLeft: Bool
        switch condition {
        case .threshold(let number):
            guard !told.isCategorical else {
                throw ModelProblem("\(told.name) is categorical, but is split at a number", at: place)
            }
            return number
        case .among(let set): (listed, isLeft) = (set, true)
        case .notAmong(let set): (listed, isLeft) = (set, false)
        }
        guard let count = categories[feature]?.count else {
            throw ModelProblem("\(told.name) is numeric, but is split by categories", at: place)
        }
        guard listed.count <= PatternLimits.modelCategories else {
            throw ModelProblem("the split names \(listed.count) categories of \(told.name)", at: place)
        }
        if let stranger = listed.first(where: { $0 < 0 || $0 >= count }) {
            throw ModelProblem(
                "\(told.name) has \(count) categories, and the split names number \(stranger); "
                    + "give all of them, in the trainer's order, with --categories", at: place)
        }
        let set = isLeft ? Set(listed).sorted() : Set(0..<count).subtracting(listed).sorted()
        if let known = setNumbers[set] { return Double(known) }
        setNumbers[set] = sets.count
        sets.append(set)
        return Double(sets.count - 1)
    }
}
