import Reports

/// A pattern, or one variant of it, whose expressions are checked: what the engine runs. A class, for it is passed on
/// for every sample.
final class CompiledPattern: Sendable {
    enum Clearing: Sendable {
        case inverse
        case condition(TruthProgram)
        case never
    }

    enum TimeRule: Sendable {
        case fixed(TimeToFailure)
        /// Seconds left, with bounds.
        case trend(NumberProgram)
        case model(Int)
    }

    struct UrgencyCase: Sendable {
        var when: TruthProgram?
        var urgency: Urgency
        var timeRule: TimeRule?
    }

    struct Sequence: Sendable {
        var number: Int
        var first: TruthProgram
        var second: TruthProgram
        /// Milliseconds.
        var within: Int64
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
    let timeRule: TimeRule?
    let because: [Piece]?
    /// In the order of their numbers.
    let signals: [Int]
    let memories: [Int]
    let answers: [Int]
    let sequences: [Sequence]
    /// Models that it asks, in the order of their numbers.
    let models: [Int]
    /// Of a condition that asks a model, the terms joined by `and` that ask none: where one does not hold, no model
    /// needs to be asked.
    let sureTerms: [TruthProgram]
    /// Fault classes that it looks for on other components.
    let watchedClasses: [(faultClass: ClassPattern, location: SourceLocation)]
    /// True where time alone can end the condition without a sample: windows of events.
    let needsTicks: Bool
    let looksForAbsence: Bool
    /// True where what it looks at may change with every reading: it is judged whenever one of its signals is reported.
    let isAlwaysEvaluated: Bool
    /// The most urgent that a fault of it may be.
    let highestUrgency: Urgency
    /// A fault of it stays as it is until the part is exchanged.
    let isLatchedAtOneUrgency: Bool

    /// - Throws: what does not fit, with its place.
    init(
        _ pattern: Pattern, tables: inout ProgramTables, ensembles: [String: TreeEnsemble]
    ) throws(PatternProblem) {
        self.pattern = pattern
        // Handed over, not copied: there may be tens of thousands of signals in them.
        let tablesBefore = tables
        tables = ProgramTables()
        var checker = ExpressionChecker(
            tables: consume tablesBefore, patternID: pattern.id, kinds: pattern.kinds, ensembles: ensembles)
        // Also where it does not fit: the patterns after it may.
        defer { tables = checker.tables }
        // Their values stand in the expressions already; the sentence names them.
        for parameter in pattern.tunables { try checker.define(parameter.name, as: parameter.expression) }
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
            let time = try urgencyCase.timeRule.map { (rule) throws(PatternProblem) in
                try CompiledPattern.timeRule(rule, &checker)
            }
            cases.append(UrgencyCase(when: when, urgency: urgencyCase.urgency, timeRule: time))
        }
        urgencyCases = cases
        highestUrgency = cases.map(\.urgency).max() ?? .inform
        isLatchedAtOneUrgency = if case .never = clearing { cases.count == 1 && cases[0].when == nil } else { false }
        timeRule = try pattern.timeRule.map { (rule) throws(PatternProblem) in
            try CompiledPattern.timeRule(rule, &checker)
        }
        because = try pattern.becauseTemplate.map { (template) throws(PatternProblem) in
            try CompiledPattern.pieces(of: template.text, &checker, at: template.location)
        }
        signals = checker.usedSignals.sorted()
        memories = checker.usedMemories.sorted()
        answers = checker.usedAnswers.sorted()
        sequences = checker.sequences.map {
            Sequence(number: $0.number, first: $0.first, second: $0.second, within: $0.within)
        }
        models = checker.usedModels.sorted()
        sureTerms = models.isEmpty ? [] : condition.terms.filter { !$0.asksModel }
        watchedClasses = checker.watchedClasses
        looksForAbsence = checker.looksForAbsence
        let rules = memories.map { checker.tables.memories[$0].rule }
        let countsEvents = rules.contains(where: \.isOfEvents)
        needsTicks = countsEvents
        isAlwaysEvaluated = !models.isEmpty || !checker.sequences.isEmpty
        guard !signals.isEmpty else {
            throw PatternProblem(
                pattern.condition.location,
                "`when` looks at no signal, so that it would always say the same; name one, as in hw.temperature > 60 "
                    + "(`callhome patterns signals` lists them)")
        }
        if countsEvents, pattern.persistence.samples > 0 || pattern.clearPersistence.samples > 0 {
            throw PatternProblem(
                pattern.location,
                "events are no samples, so that where they are counted `for` and `clear_for` are lengths of time: 5m; how "
                    + "many must come within what time is said in serd(x, 10, 10m)")
        }
    }

    private static func timeRule(
        _ rule: Pattern.TimeRule, _ checker: inout ExpressionChecker
    ) throws(PatternProblem) -> TimeRule {
        switch rule {
        case .fixed(let time): return .fixed(time)
        case .trend(let name, let place):
            let program = try checker.number(Expression(kind: .name(name), location: place))
            guard program.unit == "s" else {
                throw PatternProblem(
                    place,
                    "`trend` names a time_to(…) of `let`, and `\(name.prefix(60))` is no time; define it as "
                        + "time_to(x[14d], limit)")
            }
            return .trend(program)
        case .model(let name, let place):
            let program = try checker.number(
                Expression(
                    kind: .call("model", [Expression(kind: .text(name), location: place)]), location: place))
            guard case .model(let number) = program.step else {
                throw PatternProblem(place, "`model` names a tree ensemble")
            }
            return .model(number)
        }
    }

    private static func pieces(
        of template: String, _ checker: inout ExpressionChecker, at place: SourceLocation
    ) throws(PatternProblem) -> [Piece] {
        var pieces: [Piece] = []
        var rest = template[...]
        while let open = rest.firstIndex(of: "{") {
            if open > rest.startIndex { pieces.append(.text(String(rest[..<open]))) }
            guard let close = rest[open...].firstIndex(of: "}") else {
                throw PatternProblem(
                    place, "`because` has a { without its }; a value is written {name}, by a name of `let`")
            }
            let name = String(rest[rest.index(after: open)..<close])
            // What only the sentence names is looked at as well: a value that nobody holds would read as not known.
            switch try checker.names[name].map({ (_) throws(PatternProblem) in try checker.definition(name, at: place) }
            ) {
            case .number(let program): pieces.append(.number(program))
            case .state(let signal, _): pieces.append(.state(signal: signal))
            case .truth, .event, .text, .moment, nil:
                throw PatternProblem(
                    place, "`because` names {\(name.prefix(60))}, which is no number or state of `let`; define it there"
                )
            }
            rest = rest[rest.index(after: close)...]
        }
        if !rest.isEmpty { pieces.append(.text(String(rest))) }
        return pieces
    }

    func applies(to kind: ComponentKind, _ attributes: [String: String]) -> Bool {
        pattern.kinds.contains(kind)
            && pattern.attributes.allSatisfy { key, values in Selection.contains(attributes[key], values) }
            && !pattern.exceptions.contains { key, values in Selection.contains(attributes[key], values) }
    }
}

/// Whether an attribute is like one of some values.
enum Selection {
    static func contains(_ value: String?, _ values: [String]) -> Bool {
        guard let value else { return false }
        return values.contains { $0.contains("*") ? Glob.matches($0, value) : $0 == value }
    }
}

/// One entry of the rule base as the engine holds it: the pattern and its variants, each compiled.
struct PatternEntry: Sendable {
    struct Variant: Sendable {
        var selection: [String: [String]]
        /// The number of the compiled pattern; nil: not for these parts.
        var compiled: Int?
        /// How many other variants this one lies within: the most specific lies within most.
        var depth: Int
    }
    var id: String
    /// The number of the compiled pattern without variants.
    var base: Int
    var variants: [Variant]

    /// Compiles a pattern and its variants.
    init(
        compiling pattern: Pattern, into compiled: inout [CompiledPattern], tables: inout ProgramTables,
        ensembles: [String: TreeEnsemble]
    ) throws(PatternProblem) {
        id = pattern.id
        compiled.append(try CompiledPattern(pattern, tables: &tables, ensembles: ensembles))
        base = compiled.count - 1
        variants = []
        for (index, variant) in pattern.variants.enumerated() {
            var number: Int?
            if let changed = variant.pattern {
                compiled.append(try CompiledPattern(changed, tables: &tables, ensembles: ensembles))
                number = compiled.count - 1
            }
            let depth = pattern.variants.enumerated().count { $0 != index && variant.isWithin($1) }
            variants.append(Variant(selection: variant.selection, compiled: number, depth: depth))
        }
    }

    /// The compiled pattern for parts with such attributes; nil where it is for none of them.
    func choice(for attributes: [String: String]) -> Int? {
        let fitting = variants.filter { variant in
            variant.selection.allSatisfy { key, values in
                // Makers write their names in many ways: what a variant names is compared without case.
                attributes[key].map { value in values.contains { Glob.matches($0, value) } } ?? false
            }
        }
        guard let best = fitting.max(by: { $0.depth < $1.depth }) else { return base }
        return best.compiled
    }
}
