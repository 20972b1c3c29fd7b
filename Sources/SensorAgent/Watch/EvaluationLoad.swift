import Reports

/// How much processor time judging takes, and whether that is more than patterns may.
///
/// The agent's own aim is a hundredth of a percent of one core (`Benchmarks/RESULTS.md`). Patterns that take five hundred times that
/// are a fault of their own, on every server that runs them at once.
struct EvaluationLoad: Sendable {
    /// Of what one look brought: the watchdog of the service has patience for twelve times that.
    static let ofOneLook = Duration.seconds(10)
    /// Of all that a span brought: five percent of one core.
    static let ofSpan = Duration.seconds(30)
    static let span = Duration.seconds(600)

    private var began: Duration?
    private var taken = Duration.zero

    /// - Parameters:
    ///   - cost: processor time that judging one look took.
    ///   - uptime: now, by the time since boot.
    /// - Returns: why that is too much; nil where it is not.
    mutating func add(_ cost: Duration, at uptime: Duration) -> String? {
        if began.map({ uptime - $0 >= EvaluationLoad.span }) ?? true {
            began = uptime
            taken = .zero
        }
        taken += cost
        if cost > EvaluationLoad.ofOneLook {
            return "judging one look by them took \(cost.components.seconds) s of processor time"
        }
        guard taken > EvaluationLoad.ofSpan else { return nil }
        let words = "judging by them took \(taken.components.seconds) s of processor time within ten minutes"
        began = nil
        return words
    }
}
