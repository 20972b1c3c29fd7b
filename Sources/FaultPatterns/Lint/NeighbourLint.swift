import Reports

/// Patterns that report what another one reports already.
extension PatternLint {
    func neighbours() -> [LintFinding] {
        let linted = shipped.map { LintedPattern($0, $0.pattern, isVariant: false) }
        var found: [LintFinding] = []
        for (index, one) in linted.enumerated() {
            for other in linted[..<index] where one.pattern.mayShareParts(with: other.pattern) {
                if let finding = PatternLint.same(one, other) ?? PatternLint.shadow(of: one, under: other)
                    ?? PatternLint.shadow(of: other, under: one) ?? PatternLint.gap(one, other)
                {
                    found.append(finding)
                }
            }
        }
        return found
    }

    private static func same(_ one: LintedPattern, _ other: LintedPattern) -> LintFinding? {
        guard one.pattern.variants.isEmpty, other.pattern.variants.isEmpty,
            one.pattern.persistence == other.pattern.persistence, let mine = one.condition,
            let theirs = other.condition, mine.implies(theirs), theirs.implies(mine)
        else { return nil }
        return LintFinding(
            .sameCondition, of: one.pattern.id, at: one.pattern.condition.location,
            "`when` is that of \(other.pattern.id) (\(other.pattern.condition.location)), for the same parts",
            mend: "make one pattern of the two, with cases under `urgency`")
    }

    /// One that fires only where the other one has fired, and reports no more.
    private static func shadow(of one: LintedPattern, under other: LintedPattern) -> LintFinding? {
        let (own, wide) = (one.pattern, other.pattern)
        guard own.variants.isEmpty, wide.variants.isEmpty, wide.coversParts(of: own),
            wide.status == .active || own.status == .shadow,
            wide.persistence.samples <= own.persistence.samples, wide.persistence.span <= own.persistence.span,
            own.suspects.first?.target == wide.suspects.first?.target,
            own.faultClass == wide.faultClass || own.action == wide.action, !own.isLinked(with: wide),
            let mine = one.condition, let theirs = other.condition, mine.implies(theirs),
            let highest = one.urgencies(while: mine).max(), let lowest = other.urgencies(while: mine).min(),
            highest <= lowest, !own.foretellsMore(than: wide)
        else { return nil }
        return LintFinding(
            .shadowed, of: own.id, at: own.condition.location,
            "\(wide.id) (\(wide.condition.location)) holds whenever this pattern does, for the same parts and no less "
                + "urgent (\(lowest.rawValue))",
            mend: "raise this one's urgency, give its own time left or suspects, or take it out")
    }

    private static func gap(_ one: LintedPattern, _ other: LintedPattern) -> LintFinding? {
        guard one.pattern.faultClass == other.pattern.faultClass, let mine = one.condition?.onlyRange,
            let theirs = other.condition?.onlyRange, mine.quantity == theirs.quantity,
            let value = gap(between: mine.range, and: theirs.range, of: mine.quantity)
        else { return nil }
        return LintFinding(
            .gap, of: one.pattern.id, at: one.pattern.condition.location,
            "between this pattern and \(other.pattern.id) (\(other.pattern.condition.location)) the value "
                + "\(Quantity.digits(value)) is left out",
            mend: "write >= or <= in one of the two")
    }
}

extension Pattern {
    private static func overlap(_ one: [String], _ other: [String]) -> Bool {
        one.contains { mine in other.contains { Glob.overlap(mine, $0) } }
    }

    private static func covers(_ wide: [String], _ narrow: [String]) -> Bool {
        narrow.allSatisfy { own in wide.contains { Glob.covers($0, own) } }
    }

    /// Whether some part may be looked at by both.
    func mayShareParts(with other: Pattern) -> Bool {
        guard !Set(kinds).isDisjoint(with: other.kinds) else { return false }
        guard
            attributes.allSatisfy({ key, values in other.attributes[key].map { Pattern.overlap($0, values) } ?? true })
        else { return false }
        func isLeftOut(_ attributes: [String: [String]], by exceptions: [String: [String]]) -> Bool {
            exceptions.contains { key, values in attributes[key].map { Pattern.covers(values, $0) } ?? false }
        }
        return !isLeftOut(attributes, by: other.exceptions) && !isLeftOut(other.attributes, by: exceptions)
    }

    /// Whether all parts that `other` looks at are looked at by this one.
    func coversParts(of other: Pattern) -> Bool {
        Set(other.kinds).isSubset(of: kinds)
            && attributes.allSatisfy { key, values in other.attributes[key].map { Pattern.covers(values, $0) } ?? false
            }
            && exceptions.allSatisfy { key, values in
                other.exceptions[key].map { Pattern.covers($0, values) } ?? false
                    || other.attributes[key].map { !Pattern.overlap(values, $0) } ?? false
            }
    }

    /// Whether one is the cause of the other.
    func isLinked(with other: Pattern) -> Bool {
        explanations.contains { $0.faultClass.matches(other.faultClass) }
            || other.explanations.contains { $0.faultClass.matches(faultClass) }
    }

    /// Whether it knows the time left, or of less time, where `other` does not.
    func foretellsMore(than other: Pattern) -> Bool {
        switch (timeRule, other.timeRule) {
        case (nil, _): return false
        case (.fixed(let mine)?, .fixed(let theirs)?):
            if let latest = mine.latest, latest < theirs.latest ?? .infinity { return true }
            return (mine.hazard ?? [:]).contains { days, share in share > theirs.hazard?[days] ?? 0 }
        default: return true
        }
    }
}
