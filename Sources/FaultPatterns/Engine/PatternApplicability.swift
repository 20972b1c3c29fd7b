public import Reports

/// Which patterns could match a part at all: they are for such parts, and what their conditions look at is reported
/// of it. A pattern out of reach is silent because nobody asks it, not because all is well.
public struct PatternApplicability: Sendable {
    private let book: Rulebook
    /// Of each compiled pattern the condition, with all definitions written out.
    private let conditions: [Expression]

    public init(_ pack: PatternPack) {
        book = pack.book
        conditions = pack.book.compiled.map { compiled in
            let pattern = compiled.pattern
            return pattern.condition.expanded(
                by: Dictionary(
                    pattern.definitions.map { ($0.name, $0.expression) }, uniquingKeysWith: { _, last in last }))
        }
    }

    /// The numbers of the patterns, as in the pack's list, for a part that stands alone.
    /// - Parameter signals: all that is reported of it.
    public func patterns(for component: Component, telling signals: Set<Signal>) -> [Int] {
        book.choice(for: component.kind, Diagnosis.attributes(of: component))
            .filter { PatternApplicability.isTold(conditions[$0.compiled], by: signals) }.map(\.entry)
    }

    /// The ids, in order, of the patterns that would be for a part if its `attribute` were known, and are not without.
    /// - Parameters:
    ///   - values: that the attribute may have.
    ///   - signals: all that is reported of the part.
    public func unjudged(
        _ component: Component, without attribute: String, being values: [String], telling signals: Set<Signal>
    ) -> [String] {
        guard component.attributes[attribute] == nil else { return [] }
        let judged = Set(patterns(for: component, telling: signals))
        var found: Set<Int> = []
        for value in values {
            var known = component
            known.attributes[attribute] = value
            found.formUnion(patterns(for: known, telling: signals))
        }
        return found.subtracting(judged).map { book.compiled[book.entries[$0].base].pattern.id }.sorted()
    }

    /// Functions that look at other parts than the pattern's own.
    private static let neighbourly: Set<String> = [
        "parent", "above", "under_max", "under_min", "under_sum", "under_count", "peers_median", "peers_mad",
        "peers_count", "active",
    ]

    /// Whether it can become known that the condition holds.
    private static func isTold(_ expression: Expression, by signals: Set<Signal>) -> Bool {
        switch expression.kind {
        case .number, .span, .text, .truth: return true
        case .name: return false
        case .signal(let signal): return signals.contains(signal)
        case .window(let inner, _), .not(let inner), .negative(let inner): return isTold(inner, by: signals)
        case .or(let left, let right): return isTold(left, by: signals) || isTold(right, by: signals)
        case .and(let left, let right), .compare(_, let left, let right), .arithmetic(_, let left, let right):
            return isTold(left, by: signals) && isTold(right, by: signals)
        case .call(let name, let arguments):
            if neighbourly.contains(name) { return false }
            // One of these may be enough; to a model, what is not reported is missing, which it has learned.
            if ["count", "min", "max"].contains(name) { return arguments.contains { isTold($0, by: signals) } }
            return name == "model" || arguments.allSatisfy { isTold($0, by: signals) }
        }
    }
}
