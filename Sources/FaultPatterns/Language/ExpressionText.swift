import Reports

/// Conditions and quantities as sentences: what a person reads who does not write patterns.
struct ExpressionText {
    let definitions: [String: Expression]

    init(_ pattern: Pattern) {
        definitions = Dictionary(
            pattern.definitions.map { ($0.name, $0.expression) }, uniquingKeysWith: { _, last in last })
    }

    /// A condition as a clause: `pending sectors is at least 16 sectors`.
    func clause(_ expression: Expression) -> String {
        switch expression.kind {
        case .truth(let value): return value ? "always" : "never"
        case .not(let inner): return "it is not so that \(clause(inner))"
        case .and(let left, let right):
            // `a and b and c` is read from the left: only what is otherwise joined needs brackets.
            var first = grouped(left)
            if case .and = left.kind { first = clause(left) }
            return "\(first) and \(grouped(right))"
        case .or(let left, let right):
            var first = grouped(left)
            if case .or = left.kind { first = clause(left) }
            return "\(first) or \(grouped(right))"
        case .compare(let comparison, let left, let right):
            if case .text(let word) = right.kind {
                return "\(quantity(left)) is \(comparison == .unequal ? "not " : "")\"\(word)\""
            }
            if case .text(let word) = left.kind {
                return "\(quantity(right)) is \(comparison == .unequal ? "not " : "")\"\(word)\""
            }
            return "\(quantity(left)) is \(comparison.words) \(limit(right, of: left))"
        case .name(let name): return definitions[name].map(clause) ?? name
        case .call(let name, let arguments): return condition(name, arguments) ?? quantity(expression)
        case .number, .span, .text, .signal, .window, .arithmetic, .negative: return quantity(expression)
        }
    }

    /// `a or b` inside `… and …` needs its brackets, in words as in signs.
    private func grouped(_ expression: Expression) -> String {
        switch expression.kind {
        case .or, .and: "(\(clause(expression)))"
        default: clause(expression)
        }
    }

    private func limit(_ expression: Expression, of subject: Expression) -> String {
        guard let value = expression.constantValue else { return quantity(expression) }
        if case .span(let span) = expression.kind { return TimeSpan.words(span) }
        let (unit, signal) = measure(of: subject)
        return Quantity.words(value, unit: unit, of: signal)
    }

    /// The unit of a quantity, and the signal that its values are written like.
    private func measure(of expression: Expression) -> (unit: String, signal: Signal?) {
        switch expression.kind {
        case .signal(let signal): return (SignalCatalogue.entry(named: signal.name)?.unit ?? "", signal)
        case .name(let name): return definitions[name].map(measure) ?? ("", nil)
        case .window(let inner, _), .negative(let inner): return measure(of: inner)
        case .call(let name, let arguments):
            if name == "days_since" { return ("d", nil) }
            if name == "time_to" || name == "known_for" { return ("s", nil) }
            let keepsUnit: Set<String> = [
                "increase", "delta", "min_over_time", "max_over_time", "avg_over_time", "sum_over_time",
                "stddev_over_time", "lifetime_max", "lifetime_min", "abs", "min", "max", "baseline", "predict_linear",
                "parent", "under_max", "under_min", "under_sum", "peers_median", "peers_mad",
            ]
            guard keepsUnit.contains(name), let first = arguments.first else { return ("", nil) }
            return measure(of: first)
        case .arithmetic(let operation, let left, let right):
            guard operation == .plus || operation == .minus else { return ("", nil) }
            return left.constantValue == nil ? measure(of: left) : measure(of: right)
        default: return ("", nil)
        }
    }

    /// A quantity as a noun: `the rise of pending sectors within 7 days`.
    func quantity(_ expression: Expression) -> String {
        switch expression.kind {
        case .number(let value): return Quantity.exact(value)
        case .span(let span): return TimeSpan.words(span)
        case .text(let text): return "\"\(text)\""
        case .name(let name): return name.map { $0 == "_" ? " " : String($0) }.joined()
        case .signal(let signal): return Quantity.label(of: signal)
        case .window(let inner, let span): return "\(quantity(inner)) within \(TimeSpan.words(span))"
        case .negative(let inner): return "minus \(quantity(inner))"
        case .arithmetic(let operation, let left, let right):
            let word =
                switch operation {
                case .plus: "plus"
                case .minus: "minus"
                case .times: "times"
                case .over: "divided by"
                }
            return "\(bracketed(left)) \(word) \(bracketed(right))"
        case .call(let name, let arguments):
            return number(name, arguments) ?? condition(name, arguments) ?? expression.source
        case .truth, .not, .and, .or, .compare: return clause(expression)
        }
    }

    private func bracketed(_ expression: Expression) -> String {
        if case .arithmetic = expression.kind { "(\(quantity(expression)))" } else { quantity(expression) }
    }

    // MARK: Functions

    private func text(_ expression: Expression?) -> String {
        switch expression?.kind {
        case .text(let text)?: text
        case .name(let name)?: name
        default: ""
        }
    }

    /// Labels of an event: `bank and row`.
    private func labels(_ expression: Expression?) -> String {
        text(expression).split(separator: ",").map(\.trimmed).joined(separator: " and ")
    }

    private func condition(_ name: String, _ arguments: [Expression]) -> String? {
        let last = arguments.last.map(quantity) ?? ""
        switch (name, arguments.count) {
        case ("serd", 3):
            return "\(quantity(arguments[1])) or more events of \(quantity(arguments[0])) lie within \(last)"
        case ("serd_by", 4):
            return "\(quantity(arguments[2])) or more events of \(quantity(arguments[1])) with the same "
                + "\(labels(arguments[0])) lie within \(last)"
        case ("bucket", 3):
            return "\(quantity(arguments[0])) come faster than \(quantity(arguments[1])) in \(last) leak away, until "
                + "\(quantity(arguments[1])) are left"
        case ("absent_over_time", 1):
            return "nothing of \(quantity(arguments[0].windowed)) has come for \(span(arguments[0]))"
        case ("sequence", 3):
            return "\(grouped(arguments[1])), and at most \(last) before that began, \(grouped(arguments[0]))"
        default: return nil
        }
    }

    private func span(_ expression: Expression) -> String {
        if case .window(_, let span) = expression.kind { TimeSpan.words(span) } else { "" }
    }

    private func number(_ name: String, _ arguments: [Expression]) -> String? {
        guard let first = arguments.first else { return nil }
        let x = quantity(first.windowed)
        let within = "within \(span(first))"
        let over = "over \(span(first))"
        switch name {
        case "increase": return "the rise of \(x) \(within)"
        case "rises": return "the number of readings with more \(x) than before \(within)"
        case "rate": return "the rise of \(x) per second \(over)"
        case "delta": return "the change of \(x) \(within)"
        case "min_over_time": return "the lowest \(x) \(within)"
        case "max_over_time": return "the highest \(x) \(within)"
        case "avg_over_time": return "the mean of \(x) \(within)"
        case "sum_over_time": return "the sum of \(x) \(within)"
        case "stddev_over_time": return "the spread of \(x) \(within)"
        case "count_over_time": return "the number of readings of \(x) \(within)"
        case "changes": return "the number of changes of \(x) \(within)"
        case "resets": return "the number of times that \(x) fell \(within)"
        case "quantile_over_time":
            guard arguments.count == 2, let share = first.constantValue else { return nil }
            return "what \(Quantity.digits(share * 100)) % of the readings of \(quantity(arguments[1].windowed)) "
                + "within \(span(arguments[1])) lie below"
        case "lifetime_max": return "the highest \(x) ever read of this part"
        case "lifetime_min": return "the lowest \(x) ever read of this part"
        case "known_for": return "the time since \(x) was first read"
        case "days_since": return number(sinceMoment: first)
        case "count": return "how many of these hold [\(arguments.map(clause).joined(separator: "; "))]"
        case "abs": return "the size of \(x)"
        case "min", "max":
            return "the \(name == "min" ? "lower" : "higher") of \(arguments.map(quantity).joined(separator: " and "))"
        case "bits":
            guard arguments.count == 3, let offset = arguments[1].constantValue, let width = arguments[2].constantValue
            else { return nil }
            return "bits \(Quantity.exact(offset)) to \(Quantity.exact(offset + width - 1)) of \(x)"
        case "distinct":
            guard arguments.count == 3 else { return nil }
            return "the number of different \(text(first))s with \(quantity(arguments[1])) within "
                + quantity(arguments[2])
        case "distinct_by":
            guard arguments.count == 4 else { return nil }
            let values = text(arguments[1]).split(separator: ",").map { "\($0.filter { $0 != " " })s" }
            let names = values.joined(separator: " and as many ")
            return "the highest number of different \(names) with \(quantity(arguments[2])) in any one "
                + "\(labels(first)) within \(quantity(arguments[3]))"
        case "events":
            guard arguments.count == 2 else { return nil }
            return "the number of \(x) within \(quantity(arguments[1]))"
        case "sum_of", "max_of":
            guard arguments.count >= 3, let span = arguments.last.map(quantity) else { return nil }
            let event = quantity(arguments[arguments.count - 2])
            let each = arguments.count > 3 ? " of each \(text(arguments[1])) once" : ""
            return "the \(name == "max_of" ? "highest" : "sum of the") \(text(first))\(each) of \(event) within \(span)"
        case "groups":
            guard arguments.count >= 5, arguments.count % 2 == 1, let span = arguments.last.map(quantity) else {
                return nil
            }
            let each = stride(from: 1, to: arguments.count - 3, by: 2).map {
                "\(quantity(arguments[$0 + 1])) or more different \(text(arguments[$0]))s"
            }
            return "the number of places of one \(labels(first)) that have \(each.joined(separator: " and ")) with "
                + "\(quantity(arguments[arguments.count - 2])) within \(span)"
        case "deriv": return "the trend of \(x) per second \(over)"
        case "predict_linear":
            return "\(x) as its trend \(over) foretells it in \(arguments.last.map(quantity) ?? "")"
        case "time_to":
            return
                "the time until \(x) reaches \(arguments.last.map { limit($0, of: first) } ?? "") by its trend \(over)"
        case "baseline": return "the usual \(x)"
        case "z": return "the deviation of \(x) from usual, in standard deviations"
        case "cusum_low", "cusum_high":
            return "the cumulated deviation of \(x) \(name == "cusum_low" ? "below" : "above") usual, in standard "
                + "deviations"
        case "parent": return "\(x) of what the part hangs on"
        case "above": return "\(arguments.last.map(quantity) ?? "") of the \(text(first)) above"
        case "under_max", "under_min", "under_sum", "under_count":
            let digest = [
                "under_max": "highest", "under_min": "lowest", "under_sum": "sum of", "under_count": "number of",
            ]
            return "the \(digest[name] ?? "") \(x) of all parts under it"
        case "peers_median", "peers_mad", "peers_count":
            let digest = ["peers_median": "median", "peers_mad": "spread", "peers_count": "number"]
            let whose =
                arguments.count == 3 ? "others of the same \(text(arguments[1])) in the server" : "its siblings"
            return "the \(digest[name] ?? "") of \(x) of \(whose)"
        case "active":
            let scope = arguments.count > 1 ? text(arguments[1]) : Scope.underOwn.text
            return "the number of parts with an open fault \(text(first)) (\(scope))"
        case "model": return "the score of the model \(text(first))"
        default: return nil
        }
    }

    private func number(sinceMoment moment: Expression) -> String? {
        guard case .call(let name, let arguments) = moment.kind, let x = arguments.first else { return nil }
        return name == "first_nonzero"
            ? "the days since \(quantity(x)) was first above zero" : "the days since \(quantity(x)) last rose"
    }

    // MARK: Meanings

    /// What a function computes, exactly; nil for an unknown one.
    static func meaning(of function: String) -> String? { meanings[function] }

    private static let meanings: [String: String] = [
        "increase":
            "rise of a counter in the window; the first reading is the baseline, and a fall means that the counter was "
            + "reset and counts from zero (of pending and offline-uncorrectable sectors, 197 and 198, a fall counts "
            + "nothing)",
        "rises": "how many readings in the window were higher than the one before them",
        "rate": "rise of a counter in the window, divided by its seconds",
        "delta": "newest reading minus the oldest one in the window",
        "min_over_time": "lowest reading in the window, which is cut into 48 steps",
        "max_over_time": "highest reading in the window, which is cut into 48 steps",
        "avg_over_time": "mean of the readings in the window, which is cut into 48 steps",
        "sum_over_time": "sum of the readings in the window, which is cut into 48 steps",
        "count_over_time": "number of readings in the window, which is cut into 48 steps",
        "stddev_over_time": "standard deviation of the readings in the window, which is cut into 48 steps",
        "quantile_over_time": "the value that this share of the readings in the window does not exceed",
        "changes": "how often the value changed in the window",
        "resets": "how often the counter fell in the window",
        "absent_over_time": "true when nothing came for that long, and the part was watched for that long",
        "lifetime_max": "highest reading of this part, kept over restarts until the part is exchanged",
        "lifetime_min": "lowest reading of this part, kept over restarts until the part is exchanged",
        "known_for": "time since the first reading of this part",
        "days_since": "days since that moment; unknown if it never came",
        "first_nonzero": "the moment when the counter was first above zero",
        "last_increase": "the moment when the counter last rose",
        "count": "number of the conditions that hold; those that are unknown may or may not",
        "abs": "the number without its sign",
        "min": "the lower of the two",
        "max": "the higher of the two",
        "bits": "a field of bits of a counter, counted from the lowest bit; a counter again",
        "serd":
            "true while that many events or more lie within the time; fires on the last of them, both ends included",
        "serd_by": "as serd, counted for each value of the labels by itself; true when it is for any one",
        "distinct": "number of different values of the label among the events within the time",
        "distinct_by": "the same within each group of labels; the highest of the groups; of several labels in the same "
            + "group, the one with the fewest values counts",
        "events": "number of events within the time; one that stands for several counts as so many",
        "sum_of":
            "sum of the numbers that a label says, over the events within the time; where a second label is named, "
            + "each of its values counts once",
        "max_of": "highest number that a label says among the events within the time; 0 where there is none",
        "groups":
            "number of groups of labels that have at least so many different values of the other label, or of each of "
            + "several other labels, among the events within the time",
        "bucket":
            "leaky bucket: each event, or each unit of a counter's rise, adds one, and the given number per time leaks "
            + "away evenly; true while that number or more are in it, fires on the event that reaches it",
        "deriv": "slope of the least-squares line with 95 % bounds; needs 8 points over half the window",
        "predict_linear":
            "value of the least-squares line at that time, with 95 % bounds; needs 8 points over half the "
            + "window",
        "time_to":
            "time until the Theil-Sen line reaches the limit, with 95 % bounds; never counts as more than any number",
        "baseline": "mean learned of this part (half-life 30 days, after 100 readings over a day), for each bin of the "
            + "second quantity if there is one; not learned while off by 3 standard deviations or while the fault is open",
        "z": "how many standard deviations the reading is off its learned mean",
        "cusum_low": "deviations below the learned mean, less the allowance, added up; never below zero",
        "cusum_high": "deviations above the learned mean, less the allowance, added up; never below zero",
        "sequence": "true while the second condition holds, if the first held at most that long before it began",
        "parent": "the reading of the part that this one hangs on",
        "above": "the reading of the nearest part of that kind above",
        "under_max": "highest reading of all parts under this one that have it",
        "under_min": "lowest reading of all parts under this one that have it",
        "under_sum": "sum of the readings of all parts under this one that have it",
        "under_count": "number of parts under this one that have it",
        "peers_median":
            "median of the siblings (same kind, same parent or `anywhere`, this one left out); unknown with fewer than 3",
        "peers_mad": "median absolute deviation of the siblings; unknown with fewer than 3",
        "peers_count": "number of siblings that have it",
        "active": "number of parts in that place with an open fault of such a class, before causes are sorted out",
        "model":
            "score from 0 to 1 of an ensemble of decision trees that was trained beforehand and is shipped as data",
    ]
}
