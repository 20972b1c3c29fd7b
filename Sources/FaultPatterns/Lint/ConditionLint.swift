import Reports

/// Conditions that never hold, always hold, or hold together though they should not.
extension PatternLint {
    func conditions(of linted: LintedPattern) -> [LintFinding] {
        let pattern = linted.pattern
        var found: [LintFinding] = []
        // A firmware that stops at some hour is a fault by being there: its selection is the condition.
        let isBySelection = pattern.attributes["model"] != nil || pattern.attributes["firmware"] != nil
        found += truths(of: pattern.condition, called: "`when`", in: linted, mayAlwaysHold: isBySelection)
        if case .expression(let clear) = pattern.clearing {
            found += truths(of: clear, called: "`clear`", in: linted)
            found += flapping(clear, in: linted)
            found += reopening(clear, in: linted)
        }
        for urgencyCase in pattern.urgencyCases {
            if let when = urgencyCase.when {
                found += truths(of: when, called: "the case's `when`", in: linted, mayAlwaysHold: true)
            }
        }
        guard found.isEmpty, let condition = linted.condition, let reached = linted.reachable(while: condition) else {
            return found
        }
        for (urgencyCase, isReached) in zip(pattern.urgencyCases, reached) where !isReached {
            found.append(
                LintFinding(
                    .unreachableUrgency, of: pattern.id, at: urgencyCase.when?.location ?? urgencyCase.location,
                    urgencyCase.when == nil
                        ? "the last case, \(urgencyCase.urgency.rawValue), is never reached: while `when` holds, an "
                            + "earlier case does"
                        : "the case \(urgencyCase.urgency.rawValue) is never reached: it cannot hold while `when` "
                            + "does and no earlier case",
                    mend: urgencyCase.when == nil
                        ? "mend the limits of the cases before it, or leave the `when` of the case before it out"
                        : "mend its limit, put it before the wider case, or take it out"))
        }
        return found
    }

    private func truths(
        of expression: Expression, called name: String, in linted: LintedPattern, mayAlwaysHold: Bool = false
    ) -> [LintFinding] {
        let id = linted.pattern.id
        if let part = firstThatNeverHolds(expression, in: linted) {
            let isAll = part.location == expression.location || part.source == expression.source
            return [
                LintFinding(
                    .neverHolds, of: id, at: part.location,
                    isAll
                        ? "\(name) can never hold: \(part.source)" : "a part of \(name) can never hold: \(part.source)",
                    mend: "its limits contradict each other; mend them")
            ]
        }
        if !mayAlwaysHold, let opposite = linted.form(expression, negated: true), !opposite.canHold {
            return [
                LintFinding(
                    .alwaysHolds, of: id, at: expression.location,
                    "\(name) always holds once its signals are read: \(expression.source)",
                    mend: "mend its limits")
            ]
        }
        return []
    }

    /// The whole condition, or the outermost part of it, that contradicts itself.
    private func firstThatNeverHolds(_ expression: Expression, in linted: LintedPattern) -> Expression? {
        expression.parts.first { part in
            switch part.kind {
            case .and, .or, .compare: linted.form(part).map { !$0.canHold } ?? false
            default: false
            }
        }
    }

    private func flapping(_ clear: Expression, in linted: LintedPattern) -> [LintFinding] {
        guard let condition = linted.condition, let clearing = linted.form(clear) else { return [] }
        let known = condition.subjects
        // Of quantities that `when` does not look at it cannot be known whether they go together.
        let both = clearing.conjunctions.contains { way in
            way.subjects.isSubset(of: known) && condition.conjunctions.contains { $0.joined(way) != nil }
        }
        guard both else { return [] }
        return [
            LintFinding(
                .clearsWhileItHolds, of: linted.pattern.id, at: clear.location,
                "`clear` can hold while `when` holds, so that the fault opens and clears without end: \(clear.source)",
                mend: "let `clear` hold only where `when` does not")
        ]
    }
}
