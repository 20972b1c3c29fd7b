public import Reports

/// What a pattern reads, and which way: whether a greater value brings its condition nearer. Who knows a value only within
/// bounds can say by it which end finds the most.
public struct PatternLeaning: Sendable {
    /// What a greater value does to the condition.
    public enum Way: Sendable {
        case towards, away
        /// Both, or it is not known.
        case either
    }

    public let id: String
    /// Each signal that the condition or its time may rest on.
    public let signals: [Signal: Way]
    public let countsEvents: Bool
    /// Patterns whose faults may explain one of this pattern, so that it is not told.
    public let explainedBy: [String]
    /// Patterns whose faults its condition asks for.
    public let asksFor: [String]
    /// What decides whether and how urgently it finds something, in words: two patterns with the same find the same.
    public let rule: String

    /// Of each pattern of a pack, its variants included.
    public static func all(of pack: PatternPack) -> [PatternLeaning] {
        let book = pack.book
        return book.entries.map { entry in
            let numbers = [entry.base] + entry.variants.compactMap(\.compiled)
            let own = numbers.map { book.compiled[$0] }
            var ways: [Signal: Way] = [:]
            for pattern in own { PatternLeaning.read(pattern, book, into: &ways) }
            let faultClass = book.compiled[entry.base].pattern.faultClass
            let rest = book.entries.filter { $0.id != entry.id }
            return PatternLeaning(
                id: entry.id, signals: ways, countsEvents: own.contains(where: \.needsTicks),
                explainedBy: rest.filter { other in
                    book.compiled[other.base].pattern.explanations.contains { $0.faultClass.matches(faultClass) }
                }.map(\.id),
                asksFor: rest.filter { other in
                    let theirs = book.compiled[other.base].pattern.faultClass
                    return own.contains { $0.watchedClasses.contains { $0.faultClass.matches(theirs) } }
                }.map(\.id), rule: own.map(\.pattern.rule).joined(separator: "\n"))
        }
    }

    private static func read(_ pattern: CompiledPattern, _ book: Rulebook, into ways: inout [Signal: Way]) {
        let definitions = Dictionary(
            pattern.pattern.definitions.map { ($0.name, $0.expression) }, uniquingKeysWith: { _, last in last })
        let condition = pattern.pattern.condition.expanded(by: definitions)
        note(condition, .towards, &ways)
        // What only a model, an urgency or the end of a fault looks at: no end of it is known to find more.
        let seen = Set(
            condition.parts.compactMap { part -> Signal? in
                guard case .signal(let signal) = part.kind else { return nil }
                return signal
            })
        for number in pattern.signals where !seen.contains(book.tables.signals[number]) {
            note(book.tables.signals[number], .either, &ways)
        }
    }

    private static func note(_ signal: Signal, _ way: Way, _ ways: inout [Signal: Way]) {
        ways[signal] = ways[signal].map { $0 == way ? way : .either } ?? way
    }

    /// Functions that do not fall where a reading that they are of rises.
    private static let rising: Set<String> = [
        "max_over_time", "min_over_time", "avg_over_time", "sum_over_time", "quantile_over_time", "min", "max",
    ]

    private static func note(_ expression: Expression, _ way: Way, _ ways: inout [Signal: Way]) {
        switch expression.kind {
        case .number, .span, .text, .truth, .name: break
        case .signal(let signal): note(signal, way, &ways)
        case .window(let inner, _): note(inner, way, &ways)
        case .not(let inner), .negative(let inner): note(inner, way.opposite, &ways)
        case .and(let left, let right), .or(let left, let right), .arithmetic(.plus, let left, let right):
            note(left, way, &ways)
            note(right, way, &ways)
        case .compare(.more, let left, let right), .compare(.atLeast, let left, let right),
            .arithmetic(.minus, let left, let right):
            note(left, way, &ways)
            note(right, way.opposite, &ways)
        case .compare(.less, let left, let right), .compare(.atMost, let left, let right):
            note(left, way.opposite, &ways)
            note(right, way, &ways)
        case .compare(_, let left, let right), .arithmetic(_, let left, let right):
            note(left, .either, &ways)
            note(right, .either, &ways)
        case .call(let name, let arguments):
            for argument in arguments { note(argument, rising.contains(name) ? way : .either, &ways) }
        }
    }
}

extension Pattern {
    fileprivate var rule: String {
        let text = ExpressionText(self)
        func selection(_ values: [String: [String]]) -> String {
            values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ";")
        }
        var parts = ["\(revision) \(status) \(faultClass) \(kinds)", selection(attributes), selection(exceptions)]
        parts += [text.clause(condition), "\(persistence)", "\(clearPersistence)"]
        switch clearing {
        case .inverse: parts.append("inverse")
        case .never: parts.append("never")
        case .expression(let expression): parts.append(text.clause(expression))
        }
        parts += urgencyCases.map { "\($0.urgency) \($0.when.map(text.clause) ?? "")" }
        parts += explanations.map { "\($0.faultClass.text) \($0.scope) \($0.within ?? -1)" }
        return parts.joined(separator: "|")
    }
}

extension PatternLeaning.Way {
    fileprivate var opposite: PatternLeaning.Way {
        switch self {
        case .towards: .away
        case .away: .towards
        case .either: .either
        }
    }
}
