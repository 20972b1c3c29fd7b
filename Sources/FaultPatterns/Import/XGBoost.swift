import Glibc

/// What XGBoost's two formats have in common.
enum XGBoost {
    /// The link and what the sum starts from. A `base_score` is given as the objective gives its predictions: for
    /// logistic regression as a probability.
    static func link(
        _ objective: String, baseScore: Double
    ) throws(ModelProblem) -> (EnsembleFormat.Link, base: Double) {
        switch objective {
        case "binary:logistic", "reg:logistic":
            guard baseScore > 0, baseScore < 1 else {
                throw ModelProblem("`base_score` is \(baseScore); with \(objective) it lies between 0 and 1")
            }
            return (.sigmoid, log(baseScore / (1 - baseScore)))
        case "reg:squarederror", "reg:absoluteerror", "reg:pseudohubererror", "reg:quantileerror", "rank:ndcg",
            "rank:pairwise", "rank:map":
            return (.identity, baseScore)
        default:
            throw ModelProblem(
                "the objective `\(objective.prefix(60))` is not understood; train with `binary:logistic` or "
                    + "`reg:squarederror`")
        }
    }
}
