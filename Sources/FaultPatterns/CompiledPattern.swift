import Reports

/// A pattern whose expressions are checked: what the engine runs. A class, for it is passed on for every sample.
final class CompiledPattern: Sendable {
    enum Clearing: Sendable {
        case inverse
        case condition(TruthProgram)
        case never
    }

    struct UrgencyCase: Sendable {
        var when: TruthProgram?
        var urgency: Urgency
        var timeToFailure: TimeToFailure?
    }

    /// A piece of the sentence *because*.
    enum Piece: Sendable {
        case text(String)
        case number(NumberProgram)
        case state(signal: Int)
    }

    let pattern: Pattern
    let condition: TruthProgram
    let clearing: Clearing
    let urgencyCases: [UrgencyCase]
    let because: [Piece]?
    /// In the order of their numbers.
    let signals: [Int]
    let memories: [Int]
    /// True where time alone can end the condition: windows of events.
    let needsTicks: Bool

    /// - Throws: what does not fit, with its place.
    init(_ pattern: Pattern, tables: inout ProgramTables) throws(PatternProblem) {
        self.pattern = pattern
        var checker = ExpressionChecker(tables: tables, kinds: pattern.kinds)
        for definition in pattern.definitions { try checker.define(definition.name, as: definition.expression) }
        condition = try checker.condition(pattern.condition)
        clearing =
            switch pattern.clearing {
            case .inverse: .inverse
            case .never: .never
            case .expression(let expression): .condition(try checker.condition(expression))
            }
        var cases: [UrgencyCase] = []
        for urgencyCase in pattern.urgencyCases {
            let when = try urgencyCase.when.map { (expression) throws(PatternProblem) in
                try checker.condition(expression)
            }
            cases.append(
                UrgencyCase(when: when, urgency: urgencyCase.urgency, timeToFailure: urgencyCase.timeToFailure))
        }
        urgencyCases = cases
        because = try pattern.becauseTemplate.map { (template) throws(PatternProblem) in
            try CompiledPattern.pieces(of: template.text, names: checker.names, at: template.location)
        }
        signals = checker.usedSignals.sorted()
        memories = checker.usedMemories.sorted()
        let tablesNow = checker.tables
        needsTicks = memories.contains { tablesNow.memories[$0].rule.isEvents }
        guard !signals.isEmpty else {
            throw PatternProblem(pattern.condition.location, "`when` looks at no signal; it would always say the same")
        }
        if needsTicks, pattern.persistence.samples > 0 || pattern.clearPersistence.samples > 0 {
            throw PatternProblem(
                pattern.location, "events are no samples; `for` is a length of time where `serd` is used")
        }
        tables = checker.tables
    }

    private static func pieces(
        of template: String, names: [String: CheckedExpression], at place: SourceLocation
    ) throws(PatternProblem) -> [Piece] {
        var pieces: [Piece] = []
        var rest = template[...]
        while let open = rest.firstIndex(of: "{") {
            if open > rest.startIndex { pieces.append(.text(String(rest[..<open]))) }
            guard let close = rest[open...].firstIndex(of: "}") else {
                throw PatternProblem(place, "`because` has a { without its }")
            }
            let name = String(rest[rest.index(after: open)..<close])
            switch names[name] {
            case .number(let program): pieces.append(.number(program))
            case .state(let signal, _): pieces.append(.state(signal: signal))
            case .truth, .event, .text, nil:
                throw PatternProblem(
                    place, "`because` names {\(name.prefix(60))}, which is no number or state of `let`")
            }
            rest = rest[rest.index(after: close)...]
        }
        if !rest.isEmpty { pieces.append(.text(String(rest))) }
        return pieces
    }

    func applies(to kind: ComponentKind, _ attributes: [String: String]) -> Bool {
        pattern.kinds.contains(kind)
            && pattern.attributes.allSatisfy { key, values in attributes[key].map(values.contains) ?? false }
            && !pattern.exceptions.contains { key, values in attributes[key].map(values.contains) ?? false }
    }
}
