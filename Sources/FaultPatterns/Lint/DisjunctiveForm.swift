import Reports

/// One way in which a condition holds: constraints that hold together.
struct Conjunction: Sendable {
    /// The word that a state is, or those that it is not.
    struct StateWords: Hashable, Sendable {
        var only: String?
        var not: Set<String> = []

        var isEmpty: Bool { only.map(not.contains) ?? false }

        func intersection(_ other: StateWords) -> StateWords? {
            if let only, let theirs = other.only, only != theirs { return nil }
            let both = StateWords(only: only ?? other.only, not: not.union(other.not))
            return both.isEmpty ? nil : both
        }

        /// Whether all words that `other` allows are allowed here.
        func covers(_ other: StateWords) -> Bool {
            if let only { return other.only == only }
            if let word = other.only { return !not.contains(word) }
            return not.isSubset(of: other.not)
        }
    }

    var ranges: [ComparedQuantity: ValueRange] = [:]
    var states: [String: StateWords] = [:]
    /// Conditions that are taken as they are: windows of events by label, sequences, absences.
    var facts: [String: Bool] = [:]
    /// What each quantity, state and fact is made of, by its text: one expression, or the two that are compared.
    var operands: [String: [Expression]] = [:]

    /// What both require together; nil where they contradict each other.
    func joined(_ other: Conjunction) -> Conjunction? {
        var result = self
        for (quantity, range) in other.ranges {
            var both = (result.ranges[quantity] ?? quantity.domain).intersection(range)
            if quantity.isWhole { both = both.whole }
            guard !both.isEmpty else { return nil }
            result.ranges[quantity] = both
        }
        for (state, words) in other.states {
            guard let both = (result.states[state] ?? StateWords()).intersection(words) else { return nil }
            result.states[state] = both
        }
        for (fact, truth) in other.facts {
            guard result.facts[fact] ?? truth == truth else { return nil }
            result.facts[fact] = truth
        }
        result.operands.merge(other.operands) { own, _ in own }
        return result.contradictsWindows ? nil : result
    }

    /// More within a short window than within a longer one.
    private var contradictsWindows: Bool {
        ranges.contains { quantity, range in
            guard let family = quantity.family, range.low > -.infinity else { return false }
            return ranges.contains { other, wide in
                guard let longer = other.family, longer.name == family.name, longer.window > family.window else {
                    return false
                }
                return range.intersection(ValueRange(high: wide.high)).isEmpty
            }
        }
    }

    /// Whether what this requires includes all that `other` requires.
    func implies(_ other: Conjunction) -> Bool {
        other.ranges.allSatisfy { quantity, range in range.covers(values(of: quantity)) }
            && other.states.allSatisfy { state, words in states[state].map(words.covers) ?? false }
            && other.facts.allSatisfy { facts[$0.key] == $0.value }
    }

    /// What is known here of a quantity, also by what is known of it over shorter and longer windows.
    private func values(of quantity: ComparedQuantity) -> ValueRange {
        var known = ranges[quantity] ?? quantity.domain
        guard let family = quantity.family else { return known }
        for (other, range) in ranges {
            guard let window = other.family, window.name == family.name else { continue }
            if window.window <= family.window {
                known = known.intersection(ValueRange(low: range.low))
            } else {
                known = known.intersection(ValueRange(high: range.high))
            }
        }
        return known
    }

    /// What it speaks of.
    var subjects: Set<String> { Set(ranges.keys.map(\.text)).union(states.keys).union(facts.keys) }
}

/// A condition as the list of all ways in which it holds: nothing but comparisons of one quantity with a number, words
/// of states, and conditions that are taken as they are.
///
/// What it proves is right; not all that is right can it prove. It proves nothing of two quantities that depend on each
/// other otherwise than by the length of their windows.
struct DisjunctiveForm: Sendable {
    /// Conditions with more ways than that are not looked into.
    static let limit = 512

    var conjunctions: [Conjunction]

    private struct TooLarge: Error {}

    private init(_ conjunctions: [Conjunction]) { self.conjunctions = conjunctions }

    static let always = DisjunctiveForm([Conjunction()])

    /// - Returns: nil where there are too many ways to be looked through.
    init?(_ expression: Expression, definitions: [String: Expression], negated: Bool = false) {
        do {
            conjunctions = try DisjunctiveForm.form(expression.expanded(by: definitions), !negated).conjunctions
        } catch { return nil }
    }

    var canHold: Bool { !conjunctions.isEmpty }
    var subjects: Set<String> { conjunctions.reduce(into: []) { $0.formUnion($1.subjects) } }

    /// Both hold; nil where there are too many ways to be looked through.
    func and(_ other: DisjunctiveForm) -> DisjunctiveForm? { try? joined(other) }

    private func joined(_ other: DisjunctiveForm) throws(TooLarge) -> DisjunctiveForm {
        guard conjunctions.count * other.conjunctions.count <= DisjunctiveForm.limit * 8 else { throw TooLarge() }
        var result: [Conjunction] = []
        for one in conjunctions {
            for two in other.conjunctions {
                if let both = one.joined(two) { result.append(both) }
                guard result.count <= DisjunctiveForm.limit else { throw TooLarge() }
            }
        }
        return DisjunctiveForm(result)
    }

    /// Whether `other` holds wherever this does.
    func implies(_ other: DisjunctiveForm) -> Bool {
        conjunctions.allSatisfy { one in other.conjunctions.contains { one.implies($0) } }
    }

    // MARK: Reading

    private static func form(_ expression: Expression, _ isTrue: Bool) throws(TooLarge) -> DisjunctiveForm {
        switch expression.kind {
        case .truth(let value): return value == isTrue ? .always : DisjunctiveForm([])
        case .not(let inner): return try form(inner, !isTrue)
        case .and(let left, let right), .or(let left, let right):
            let one = try form(left, isTrue)
            let other = try form(right, isTrue)
            var isAnd = false
            if case .and = expression.kind { isAnd = true }
            if isAnd == isTrue { return try one.joined(other) }
            guard one.conjunctions.count + other.conjunctions.count <= limit else { throw TooLarge() }
            return DisjunctiveForm(one.conjunctions + other.conjunctions)
        case .compare(let comparison, let left, let right):
            return compare(isTrue ? comparison : comparison.opposite, left, right)
        case .call(let name, let arguments):
            if name == "serd" || name == "serd_by", arguments.count >= 3,
                case .span(let window) = arguments[arguments.count - 1].kind,
                let count = arguments[arguments.count - 2].constantValue
            {
                let family = "\(name) \(arguments.dropLast(2).map(\.source).joined(separator: ", "))"
                let events = ComparedQuantity(
                    text: "\(family) in \(TimeSpan.source(window))", family: .init(name: family, window: window),
                    domain: ValueRange(low: 0), isWhole: true)
                return of(events, ValueRange(isTrue ? .atLeast : .less, count), [expression])
            }
            return fact(expression, isTrue)
        default: return fact(expression, isTrue)
        }
    }

    private static func fact(_ expression: Expression, _ isTrue: Bool) -> DisjunctiveForm {
        let text = expression.source
        return DisjunctiveForm([Conjunction(facts: [text: isTrue], operands: [text: [expression]])])
    }

    private static func of(
        _ quantity: ComparedQuantity, _ range: ValueRange, _ operands: [Expression]
    ) -> DisjunctiveForm {
        var range = quantity.domain.intersection(range)
        if quantity.isWhole { range = range.whole }
        guard !range.isEmpty else { return DisjunctiveForm([]) }
        // What all its values fulfil is no constraint.
        guard !range.covers(quantity.domain) else { return .always }
        return DisjunctiveForm([Conjunction(ranges: [quantity: range], operands: [quantity.text: operands])])
    }

    private static func compare(
        _ comparison: Expression.Comparison, _ left: Expression, _ right: Expression
    ) -> DisjunctiveForm {
        if case .text(let word) = right.kind { return state(left, comparison, word) }
        if case .text(let word) = left.kind { return state(right, comparison, word) }
        switch (left.constantValue, right.constantValue) {
        case (let one?, let other?):
            return ValueRange(comparison, other).contains(one) ? .always : DisjunctiveForm([])
        case (nil, let limit?): return of(ComparedQuantity(left), ValueRange(comparison, limit), [left])
        case (let limit?, nil): return of(ComparedQuantity(right), ValueRange(comparison.turned, limit), [right])
        case (nil, nil):
            // `a > b` and `b < a` are one.
            let (one, other) = (left.source, right.source)
            let isInOrder = one <= other
            let quantity = ComparedQuantity(
                text: isInOrder ? "(\(one)) - (\(other))" : "(\(other)) - (\(one))")
            return of(quantity, ValueRange(isInOrder ? comparison : comparison.turned, 0), [left, right])
        }
    }

    private static func state(
        _ expression: Expression, _ comparison: Expression.Comparison, _ word: String
    ) -> DisjunctiveForm {
        let words = comparison == .equal ? Conjunction.StateWords(only: word) : Conjunction.StateWords(not: [word])
        let text = expression.source
        return DisjunctiveForm([Conjunction(states: [text: words], operands: [text: [expression]])])
    }
}

extension Expression.Comparison {
    /// The same with its sides exchanged.
    var turned: Expression.Comparison {
        switch self {
        case .less: .more
        case .atMost: .atLeast
        case .more: .less
        case .atLeast: .atMost
        case .equal, .unequal: self
        }
    }
}
