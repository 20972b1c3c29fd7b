import Reports

/// Tables whose lines leave something out or contradict each other: time left, hazards, cases of urgency.
extension PatternLint {
    func tables(of linted: LintedPattern) -> [LintFinding] {
        let pattern = linted.pattern
        let base = linted.isVariant ? pattern.location : linted.file.place(of: "time_to_failure")
        var found: [LintFinding] = []
        if case .fixed(let time)? = pattern.timeRule { found += hazards(of: time, at: base, in: pattern) }
        for urgencyCase in pattern.urgencyCases {
            if case .fixed(let time)? = urgencyCase.timeRule {
                found += hazards(of: time, at: urgencyCase.location, in: pattern)
            }
        }
        found += timesByUrgency(of: pattern)
        found += gapsBetweenCases(of: linted)
        return found
    }

    private func hazards(
        of time: TimeToFailure, at place: SourceLocation, in pattern: Pattern
    ) -> [LintFinding] {
        let rows = (time.hazard ?? [:]).compactMap { key, share in Int(key).map { (days: $0, share: share) } }
            .sorted { $0.days < $1.days }
        var found: [LintFinding] = []
        for (row, next) in zip(rows, rows.dropFirst()) where next.share < row.share {
            found.append(
                LintFinding(
                    .hazard, of: pattern.id, at: place,
                    "the hazard falls from \(Quantity.digits(row.share)) in \(row.days) days to "
                        + "\(Quantity.digits(next.share)) in \(next.days) days",
                    mend: "it is the share that failed within so many days, which cannot fall: mend the table"))
        }
        if let early = rows.first(where: { Double($0.days) < time.earliest && $0.share > 0 }) {
            found.append(
                LintFinding(
                    .hazard, of: pattern.id, at: place,
                    "the hazard knows of failures within \(early.days) days, and `earliest` is "
                        + "\(Quantity.digits(time.earliest)) days",
                    mend: "take the earlier of the two for `earliest`"))
        }
        if let latest = time.latest, let row = rows.first(where: { Double($0.days) < latest && $0.share >= 1 }) {
            found.append(
                LintFinding(
                    .hazard, of: pattern.id, at: place,
                    "all fail within \(row.days) days by the hazard, and `latest` is \(Quantity.digits(latest)) days",
                    mend: "let `latest` be \(row.days)d"))
        }
        return found
    }

    /// What is more urgent leaves no more time.
    private func timesByUrgency(of pattern: Pattern) -> [LintFinding] {
        var found: [LintFinding] = []
        func latest(_ urgencyCase: Pattern.UrgencyCase) -> Double? {
            if case .fixed(let time)? = urgencyCase.timeRule ?? pattern.timeRule { time.latest } else { nil }
        }
        for urgencyCase in pattern.urgencyCases where urgencyCase.timeRule != nil {
            guard let own = latest(urgencyCase),
                let other = pattern.urgencyCases.first(where: { other in
                    other.urgency < urgencyCase.urgency && latest(other).map { $0 < own } ?? false
                }), let theirs = latest(other)
            else { continue }
            found.append(
                LintFinding(
                    .timeLeft, of: pattern.id, at: urgencyCase.location,
                    "the case \(urgencyCase.urgency.rawValue) leaves \(Quantity.digits(own)) days, and the less urgent "
                        + "case \(other.urgency.rawValue) only \(Quantity.digits(theirs))",
                    mend: "exchange the times or the urgencies"))
        }
        return found
    }

    private func gapsBetweenCases(of linted: LintedPattern) -> [LintFinding] {
        let bounded = zip(linted.pattern.urgencyCases, linted.cases).compactMap { urgencyCase, form in
            form.holds.flatMap(\.onlyRange).map { (place: urgencyCase.when?.location, $0.quantity, $0.range) }
        }
        var found: [LintFinding] = []
        for (index, one) in bounded.enumerated() {
            for other in bounded[..<index] where one.1 == other.1 {
                guard let value = PatternLint.gap(between: one.2, and: other.2, of: one.1),
                    !bounded.contains(where: { $0.1 == one.1 && $0.2.contains(value) }),
                    let condition = linted.condition,
                    condition.conjunctions.contains(where: {
                        $0.joined(Conjunction(ranges: [one.1: ValueRange(.equal, value)])) != nil
                    })
                else { continue }
                found.append(
                    LintFinding(
                        .gap, of: linted.pattern.id, at: one.place ?? linted.pattern.location,
                        "the cases of `urgency` leave out \(Quantity.digits(value)): it falls to the last case",
                        mend: "write >= or <= in one of the two cases beside it"))
            }
        }
        return found
    }

    /// The one value that lies between two ranges and in neither.
    static func gap(between one: ValueRange, and other: ValueRange, of quantity: ComparedQuantity) -> Double? {
        let (below, above) = one.high <= other.low ? (one, other) : (other, one)
        guard below.high.isFinite, above.low.isFinite else { return nil }
        if quantity.isWhole { return above.low - below.high == 2 ? below.high + 1 : nil }
        return below.high == above.low && !below.includesHigh && !above.includesLow ? below.high : nil
    }
}

extension DisjunctiveForm {
    /// The one quantity and range that it is about, where there is no more to it.
    var onlyRange: (quantity: ComparedQuantity, range: ValueRange)? {
        guard conjunctions.count == 1, let one = conjunctions.first, one.states.isEmpty, one.facts.isEmpty,
            one.ranges.count == 1
        else { return nil }
        return one.ranges.first.map { ($0.key, $0.value) }
    }
}
