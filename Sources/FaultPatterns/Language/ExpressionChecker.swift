import Reports

/// Gives names, types and units to an expression, or reports what does not fit.
struct ExpressionChecker {
    var tables: ProgramTables
    let patternID: String
    /// Kinds of component that the pattern is for; every signal must be one of theirs.
    let kinds: [ComponentKind]
    /// Tree ensembles that `model("…")` may name.
    let ensembles: [String: TreeEnsemble]
    private var definitions: [String: CheckedExpression] = [:]
    private var contents: [String: (steps: Int, signals: Set<Int>, memories: Set<Int>, answers: Set<Int>)] = [:]
    private var foreign: Set<String> = []
    private var steps = 0
    /// Signals, memories and answers of the expressions checked so far.
    var usedSignals: Set<Int> = []
    var usedMemories: Set<Int> = []
    var usedAnswers: Set<Int> = []
    /// `sequence(a, b, t)` of this pattern, in the order of their numbers.
    var sequences: [(number: Int, first: TruthProgram, second: TruthProgram, within: Int64)] = []
    /// Fault classes that `active(…)` looks for.
    var watchedClasses: [(faultClass: ClassPattern, location: SourceLocation)] = []
    var looksForAbsence = false
    /// Models that any expression names, by their numbers.
    var usedModels: Set<Int> = []
    /// While the operand of a function on other components is checked: their signals need not be of the pattern's kinds.
    var isElsewhere = false

    init(tables: ProgramTables, patternID: String, kinds: [ComponentKind], ensembles: [String: TreeEnsemble]) {
        self.tables = tables
        self.patternID = patternID
        self.kinds = kinds
        self.ensembles = ensembles
    }

    var names: [String: CheckedExpression] { definitions }

    mutating func define(_ name: String, as expression: Expression) throws(PatternProblem) {
        steps = 0
        (usedSignals, usedMemories, usedAnswers) = ([], [], [])
        // A signal of another kind of component may be named for `parent(x)` and the like.
        if case .signal(let signal) = expression.kind, !isOfKinds(signal) { foreign.insert(name) }
        isElsewhere = foreign.contains(name)
        defer { isElsewhere = false }
        let checked = try check(expression)
        definitions[name] = checked.labelled(name.map { $0 == "_" ? " " : String($0) }.joined())
        contents[name] = (steps, usedSignals, usedMemories, usedAnswers)
        // A definition counts where it is used; by itself it makes a pattern look at nothing.
        (usedSignals, usedMemories, usedAnswers) = ([], [], [])
    }

    mutating func condition(_ expression: Expression) throws(PatternProblem) -> TruthProgram {
        steps = 0
        return try truth(expression)
    }

    // MARK: Types

    mutating func truth(_ expression: Expression) throws(PatternProblem) -> TruthProgram {
        let checked = try check(expression)
        guard case .truth(let program) = checked else {
            throw PatternProblem(
                expression.location,
                "\(checked.words) stands where a condition is expected; \(checked.wayToCondition)")
        }
        return program
    }

    mutating func number(_ expression: Expression) throws(PatternProblem) -> NumberProgram {
        let checked = try check(expression)
        guard case .number(let program) = checked else {
            throw PatternProblem(
                expression.location, "\(checked.words) stands where a number is expected; \(checked.wayToNumber)")
        }
        return program
    }

    mutating func check(_ expression: Expression) throws(PatternProblem) -> CheckedExpression {
        steps += 1
        guard steps <= PatternLimits.expressionSteps else {
            throw PatternProblem(
                expression.location,
                "the expression has more than \(PatternLimits.expressionSteps) steps; make it simpler")
        }
        switch expression.kind {
        case .number(let value):
            return .number(NumberProgram(step: .constant(value), unit: expression.unit, label: ""))
        case .span(let milliseconds):
            let seconds = Double(milliseconds) / 1000
            return .number(NumberProgram(step: .constant(seconds), unit: "s", label: ""))
        case .text(let text): return .text(text)
        case .truth(let value): return .truth(.constant(value))
        case .name(let name): return try definition(name, at: expression.location)
        case .signal(let signal): return try use(signal, at: expression.location)
        case .window(_, _):
            throw PatternProblem(
                expression.location, "a window stands only in a function: increase(x[24h]), max_over_time(x[1h])")
        case .call(let name, let arguments): return try call(name, arguments, at: expression.location)
        case .not(let inner): return .truth(.not(try truth(inner)))
        case .and(let left, let right):
            let first = try truth(left)
            return .truth(.and(first, try truth(right)))
        case .or(let left, let right):
            let first = try truth(left)
            return .truth(.or(first, try truth(right)))
        case .compare(let comparison, let left, let right):
            return .truth(try compare(comparison, left, right, at: expression.location))
        case .arithmetic(let operation, let left, let right):
            return .number(try arithmetic(operation, left, right, at: expression.location))
        case .negative(let inner):
            let value = try number(inner)
            if case .constant(let constant) = value.step {
                return .number(NumberProgram(step: .constant(-constant), unit: value.unit, label: ""))
            }
            return .number(NumberProgram(step: .negative(value), unit: value.unit, label: "-\(value.label)"))
        }
    }

    /// What a name of `let` means; its signals and memories are used from now on.
    mutating func definition(_ name: String, at place: SourceLocation) throws(PatternProblem) -> CheckedExpression {
        guard let found = definitions[name] else {
            let known = definitions.keys.sorted().joined(separator: ", ")
            throw PatternProblem(
                place,
                "`\(name.prefix(60))` is not defined; "
                    + (known.isEmpty ? "add it under `let`" : "`let` defines \(known)"))
        }
        if foreign.contains(name), !isElsewhere {
            throw PatternProblem(
                place,
                "`\(name)` is a signal of another kind of component; ask for it with parent(\(name)), "
                    + "above(\"KIND\", \(name)) or under_max(\(name))")
        }
        if let content = contents[name] {
            steps += content.steps
            usedSignals.formUnion(content.signals)
            usedMemories.formUnion(content.memories)
            usedAnswers.formUnion(content.answers)
        }
        return found
    }

    private mutating func use(_ signal: Signal, at place: SourceLocation) throws(PatternProblem) -> CheckedExpression {
        guard let entry = SignalCatalogue.entry(named: signal.name) else {
            throw PatternProblem(
                place, ExpressionChecker.unknown(signal.name))
        }
        var isOpenEvent = false
        if let objection = SignalCatalogue.objection(to: signal) {
            // An event may be meant with any value of the labels that are left out.
            isOpenEvent =
                entry.kind == .event
                && signal.labels.allSatisfy { label in
                    entry.labels[label.key].map { $0.isEmpty || $0.contains(label.value) } ?? false
                }
            guard isOpenEvent else {
                throw PatternProblem(
                    place, "\(objection); `callhome patterns signals \(signal.name)` says what there is")
            }
        }
        if !isElsewhere, !isOfKinds(signal),
            let stranger = kinds.first(where: { !entry.components.contains($0) })
        {
            throw PatternProblem(
                place,
                "\(signal.name) is not a signal of a \(stranger), only of: "
                    + entry.components.map(\.rawValue).joined(separator: ", "))
        }
        let number = tables.number(of: signal, isOpenEvent: isOpenEvent)
        usedSignals.insert(number)
        let label = Quantity.label(of: signal)
        switch entry.kind {
        case .gauge, .counter:
            return .number(NumberProgram(step: .signal(number), unit: entry.unit, label: label, signal: signal))
        case .state: return .state(signal: number, label: label)
        case .event: return .event(signal: number, label: label)
        }
    }

    /// The message for a signal that does not exist.
    static func unknown(_ name: String) -> String {
        let near = Wording.near(name, among: SignalCatalogue.entries.map(\.name))
        let hint = near.isEmpty ? "" : "perhaps \(near.joined(separator: " or ")); "
        return "no signal is called \(name.prefix(100)); \(hint)`callhome patterns signals` lists what there is"
    }

    private func isOfKinds(_ signal: Signal) -> Bool {
        guard let entry = SignalCatalogue.entry(named: signal.name), !entry.components.isEmpty else { return true }
        return kinds.allSatisfy(entry.components.contains)
    }

    /// Checks a feature of a model: many of them make one expression, and each has the limit for itself.
    mutating func number(ofFeature expression: Expression) throws(PatternProblem) -> NumberProgram {
        let before = steps
        defer { steps = before }
        steps = 0
        return try number(expression)
    }

    private mutating func compare(
        _ comparison: Expression.Comparison, _ left: Expression, _ right: Expression, at place: SourceLocation
    ) throws(PatternProblem) -> TruthProgram {
        let first = try check(left)
        let second = try check(right)
        switch (first, second) {
        case (.number(let one), .number(let other)):
            try sameUnit(one, other, doing: "compared", at: place)
            return .compare(comparison, one, other)
        case (.state(let signal, let label), .text(let word)), (.text(let word), .state(let signal, let label)):
            guard comparison == .equal || comparison == .unequal else {
                throw PatternProblem(
                    place, "a state is compared with == or !=, not with \(comparison.rawValue): states have no order")
            }
            return .stateIs(signal: signal, label: label, word: word, negated: comparison == .unequal)
        default:
            // What is no number needs the advice; of two such, the one that is no text.
            let odd: CheckedExpression
            switch (first, second) {
            case (.number, _), (.text, _): odd = second
            default: odd = first
            }
            throw PatternProblem(
                place, "\(first.words) cannot be compared with \(second.words); \(odd.wayToCondition)")
        }
    }

    private mutating func arithmetic(
        _ operation: Expression.Arithmetic, _ left: Expression, _ right: Expression, at place: SourceLocation
    ) throws(PatternProblem) -> NumberProgram {
        let first = try number(left)
        let second = try number(right)
        var unit: String?
        switch operation {
        case .plus, .minus:
            try sameUnit(first, second, doing: operation == .plus ? "added" : "subtracted", at: place)
            unit = first.unit ?? second.unit
        case .times: unit = first.isConstant ? second.unit : second.isConstant ? first.unit : nil
        case .over: unit = second.isConstant ? first.unit : nil
        }
        let label = "\(first.words) \(operation.rawValue) \(second.words)"
        return NumberProgram(
            step: .arithmetic(operation, first, second), unit: unit, label: label, signal: first.signal ?? second.signal
        )
    }

    func sameUnit(
        _ left: NumberProgram, _ right: NumberProgram, doing: String, at place: SourceLocation
    ) throws(PatternProblem) {
        guard let one = left.unit, let other = right.unit, one != other else { return }
        throw PatternProblem(place, UnitNames.mismatch(left, right, doing: doing))
    }
}

extension CheckedExpression {
    /// What to write to make a condition of it.
    fileprivate var wayToCondition: String {
        switch self {
        case .number: "compare it with a limit: x >= 16"
        case .truth: "join conditions with `and` and `or`"
        case .state: "compare it with one of its words in quotes: x == \"failed\""
        case .event: "say how many within what time: serd(x, 10, 10m)"
        case .text: "a text in quotes is compared with a state, by == or !="
        case .moment: "compare the days since then: days_since(first_nonzero(x)) < 7"
        }
    }

    /// What to write to make a number of it.
    fileprivate var wayToNumber: String {
        switch self {
        case .number: ""
        case .truth: "how many of several conditions hold is count(a, b, c)"
        case .state: "a state is compared with one of its words: x == \"failed\""
        case .event: "how many events come within what time is told by serd(x, 10, 10m), a condition"
        case .text: "write it without quotes"
        case .moment: "the days since then are days_since(first_nonzero(x))"
        }
    }

    /// The same under the name that `let` gives.
    func labelled(_ label: String) -> CheckedExpression {
        switch self {
        case .number(var program):
            if !program.isConstant { program.label = label }
            return .number(program)
        case .state(let signal, _): return .state(signal: signal, label: label)
        case .event(let signal, _): return .event(signal: signal, label: label)
        case .moment(let memory, let question, _): return .moment(memory: memory, question, label: label)
        case .truth, .text: return self
        }
    }
}

extension NumberProgram {
    /// What it is called in a sentence; a constant by its value.
    var words: String {
        guard case .constant(let value) = step else { return label }
        return Quantity.words(value, unit: unit ?? "", of: nil)
    }
}
