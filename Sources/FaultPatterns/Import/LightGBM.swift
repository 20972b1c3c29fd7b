/// What LightGBM's two formats have in common.
enum LightGBM {
    /// How a split takes what is missing, with the meaning of LightGBM's `NumericalDecision`.
    /// - Parameters:
    ///   - type: `None`, where a missing value is zero; `Zero`; `NaN`.
    static func missing(_ type: MissingType, defaultLeft: Bool, threshold: Double) -> ImportedEnsemble.Missing {
        switch type {
        case .none: 0 <= threshold ? .left : .right
        case .zero: defaultLeft ? .leftWithZero : .rightWithZero
        case .nan: defaultLeft ? .left : .right
        }
    }

    /// Infinity, which parts the missing from all others, is written `inf` in the text and 1e300 in the dump.
    static func threshold(_ number: Double) -> Double {
        number >= 1e300 ? EnsembleFormat.Tree.infinite : number
    }

    enum MissingType: String, Decodable {
        case none = "None"
        case zero = "Zero"
        case nan = "NaN"
    }

    /// - Parameter objective: as the model states it: `binary sigmoid:1`.
    static func link(_ objective: String?) throws(ModelProblem) -> (EnsembleFormat.Link, factor: Double) {
        let words = (objective ?? "").split(separator: " ").map(String.init)
        switch words.first {
        case "binary":
            let factor = words.first { $0.hasPrefix("sigmoid:") }.flatMap { Double($0.dropFirst(8)) }
            return (.sigmoid, factor ?? 1)
        case "cross_entropy", "xentropy": return (.sigmoid, 1)
        case "regression" where !words.contains("sqrt"), "regression_l1", "huber", "fair", "quantile", "lambdarank",
            "rank_xendcg", "custom", nil:
            return (.identity, 1)
        default:
            throw ModelProblem(
                "the objective `\(objective?.prefix(60) ?? "")` is not understood; train with `binary` or `regression`")
        }
    }

    static func refuse(classes: Int, treesPerIteration: Int) throws(ModelProblem) {
        guard classes == 1, treesPerIteration == 1 else {
            throw ModelProblem("the model has \(classes) classes; a model here has one score; train one per class")
        }
    }

    /// - Parameter categories: LightGBM's `pandas_categorical`: of each column of the type category its categories.
    static func name(
        _ categories: [[String]]?, in features: inout [ImportedEnsemble.Feature]
    ) {
        let categorical = features.indices.filter { features[$0].isCategorical }
        // Columns with one category only are not seen as categorical; then nobody knows which list is whose.
        guard let categories, categories.count == categorical.count else { return }
        for (index, names) in zip(categorical, categories) { features[index].categories = names }
    }

    /// pandas' categories: texts, numbers or truths, as text.
    struct Category: Decodable {
        var text: String
        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let text = try? value.decode(String.self) {
                self.text = text
            } else if let truth = try? value.decode(Bool.self) {
                text = truth ? "True" : "False"
            } else if let number = try? value.decode(Int.self) {
                text = String(number)
            } else {
                text = String(try value.decode(Double.self))
            }
        }
    }
}
