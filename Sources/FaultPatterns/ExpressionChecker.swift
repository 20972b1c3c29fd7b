import Reports

/// Gives names, types and units to an expression, or says what does not fit.
struct ExpressionChecker {
    var tables: ProgramTables
    /// Kinds of component that the pattern is for; every signal must be one of theirs.
    let kinds: [ComponentKind]
    private var definitions: [String: CheckedExpression] = [:]
    private var contents: [String: (steps: Int, signals: Set<Int>, memories: Set<Int>)] = [:]
    private var steps = 0
    /// Signals and memories of the expressions checked so far.
    private(set) var usedSignals: Set<Int> = []
    private(set) var usedMemories: Set<Int> = []

    init(tables: ProgramTables, kinds: [ComponentKind]) {
        self.tables = tables
        self.kinds = kinds
    }

    var names: [String: CheckedExpression] { definitions }

    mutating func define(_ name: String, as expression: Expression) throws(PatternProblem) {
        (steps, usedSignals, usedMemories) = (0, [], [])
        let checked = try check(expression)
        definitions[name] = checked.labelled(name.map { $0 == "_" ? " " : String($0) }.joined())
        contents[name] = (steps, usedSignals, usedMemories)
        // A definition counts where it is used; by itself it makes a pattern look at nothing.
        (usedSignals, usedMemories) = ([], [])
    }

    mutating func condition(_ expression: Expression) throws(PatternProblem) -> TruthProgram {
        steps = 0
        return try truth(expression)
    }

    // MARK: Types

    private mutating func truth(_ expression: Expression) throws(PatternProblem) -> TruthProgram {
        let checked = try check(expression)
        guard case .truth(let program) = checked else {
            throw PatternProblem(
                expression.location, "\(checked.words) stands where a condition is expected; compare it with something")
        }
        return program
    }

    private mutating func number(_ expression: Expression) throws(PatternProblem) -> NumberProgram {
        let checked = try check(expression)
        guard case .number(let program) = checked else {
            throw PatternProblem(expression.location, "\(checked.words) stands where a number is expected")
        }
        return program
    }

    private mutating func check(_ expression: Expression) throws(PatternProblem) -> CheckedExpression {
        steps += 1
        guard steps <= PatternLimits.expressionSteps else {
            throw PatternProblem(
                expression.location,
                "the expression has more than \(PatternLimits.expressionSteps) steps; make it simpler")
        }
        switch expression.kind {
        case .number(let value): return .number(NumberProgram(step: .constant(value), unit: nil, label: ""))
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

    private mutating func definition(_ name: String, at place: SourceLocation) throws(PatternProblem)
        -> CheckedExpression
    {
        guard let found = definitions[name] else {
            let known = definitions.keys.sorted().joined(separator: ", ")
            throw PatternProblem(
                place,
                "`\(name.prefix(60))` is not defined; "
                    + (known.isEmpty ? "add it under `let`" : "`let` defines \(known)"))
        }
        if let content = contents[name] {
            steps += content.steps
            usedSignals.formUnion(content.signals)
            usedMemories.formUnion(content.memories)
        }
        return found
    }

    private mutating func use(_ signal: Signal, at place: SourceLocation) throws(PatternProblem) -> CheckedExpression {
        if let objection = SignalCatalogue.objection(to: signal) {
            throw PatternProblem(place, "\(objection); the signal catalogue lists what there is")
        }
        guard let entry = SignalCatalogue.entry(named: signal.name) else {
            throw PatternProblem(place, "no signal is called \(signal.name)")
        }
        if !entry.components.isEmpty, let stranger = kinds.first(where: { !entry.components.contains($0) }) {
            throw PatternProblem(
                place,
                "\(signal.name) is not a signal of a \(stranger), only of: "
                    + entry.components.map(\.rawValue).joined(separator: ", "))
        }
        let number = tables.number(of: signal)
        usedSignals.insert(number)
        let label = Quantity.label(of: signal)
        switch entry.kind {
        case .gauge, .counter:
            return .number(NumberProgram(step: .signal(number), unit: entry.unit, label: label, signal: signal))
        case .state: return .state(signal: number, label: label)
        case .event: return .event(signal: number, label: label)
        }
    }

    private mutating func compare(
        _ comparison: Expression.Comparison, _ left: Expression, _ right: Expression, at place: SourceLocation
    ) throws(PatternProblem) -> TruthProgram {
        let first = try check(left)
        let second = try check(right)
        switch (first, second) {
        case (.number(let one), .number(let other)):
            try sameUnit(one, other, at: place)
            return .compare(comparison, one, other)
        case (.state(let signal, let label), .text(let word)), (.text(let word), .state(let signal, let label)):
            guard comparison == .equal || comparison == .unequal else {
                throw PatternProblem(place, "a state is compared with == or !=")
            }
            return .stateIs(signal: signal, label: label, word: word, negated: comparison == .unequal)
        default:
            throw PatternProblem(
                place, "\(first.words) cannot be compared with \(second.words)")
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
            try sameUnit(first, second, at: place)
            unit = first.unit ?? second.unit
        case .times: unit = first.isConstant ? second.unit : second.isConstant ? first.unit : nil
        case .over: unit = second.isConstant ? first.unit : nil
        }
        let label = "\(first.words) \(operation.rawValue) \(second.words)"
        return NumberProgram(
            step: .arithmetic(operation, first, second), unit: unit, label: label, signal: first.signal ?? second.signal
        )
    }

    private func sameUnit(
        _ left: NumberProgram, _ right: NumberProgram, at place: SourceLocation
    ) throws(PatternProblem) {
        guard let one = left.unit, let other = right.unit, one != other else { return }
        throw PatternProblem(
            place,
            "\(left.words) is in \(one.isEmpty ? "1" : one) and \(right.words) in \(other); they cannot be compared")
    }

    // MARK: Functions

    private mutating func call(
        _ name: String, _ arguments: [Expression], at place: SourceLocation
    ) throws(PatternProblem) -> CheckedExpression {
        switch name {
        case "increase", "max_over_time", "min_over_time": return .number(try windowed(name, arguments, at: place))
        case "lifetime_max", "known_for": return .number(try lifelong(name, arguments, at: place))
        case "serd": return .truth(try serd(arguments, at: place))
        default:
            throw PatternProblem(
                place,
                "no function is called `\(name.prefix(40))`; there are increase, max_over_time, min_over_time, lifetime_max, "
                    + "known_for and serd")
        }
    }

    /// The signal that a function is over: named itself, or by `let`.
    private mutating func signal(
        _ expression: Expression, for function: String
    ) throws(PatternProblem) -> (number: Int, entry: SignalCatalogue.Entry, label: String) {
        let checked = try check(expression)
        let found: (number: Int, label: String)? =
            switch checked {
            case .number(let program):
                if case .signal(let number) = program.step { (number, program.label) } else { nil }
            case .state(let number, let label), .event(let number, let label): (number, label)
            case .truth, .text: nil
            }
        guard let found, let entry = SignalCatalogue.entry(named: tables.signals[found.number].name) else {
            throw PatternProblem(expression.location, "\(function) is over a signal, not over \(checked.words)")
        }
        return (found.number, entry, found.label)
    }

    private mutating func remember(_ slot: MemorySlot) -> Int {
        let number = tables.number(of: slot)
        usedMemories.insert(number)
        return number
    }

    private mutating func windowed(
        _ name: String, _ arguments: [Expression], at place: SourceLocation
    ) throws(PatternProblem) -> NumberProgram {
        guard arguments.count == 1, case .window(let inner, let window) = arguments[0].kind else {
            throw PatternProblem(place, "\(name) is written \(name)(x[24h])")
        }
        let (number, entry, label) = try signal(inner, for: name)
        let rule: MemoryRule
        let words: String
        switch (name, entry.kind) {
        case ("increase", .counter):
            rule = .increase(window)
            words = "increase of \(label) in \(Span.words(window))"
        case ("increase", _):
            throw PatternProblem(place, "increase is for counters; \(entry.name) is a \(entry.kind.rawValue)")
        case (_, .state), (_, .event):
            throw PatternProblem(place, "\(name) is for numbers; \(entry.name) is a \(entry.kind.rawValue)")
        case ("max_over_time", _):
            rule = .maximum(window)
            words = "highest \(label) in \(Span.words(window))"
        default:
            rule = .minimum(window)
            words = "lowest \(label) in \(Span.words(window))"
        }
        let memory = remember(MemorySlot(signal: number, rule: rule))
        return NumberProgram(step: .memory(memory), unit: entry.unit, label: words, signal: tables.signals[number])
    }

    private mutating func lifelong(
        _ name: String, _ arguments: [Expression], at place: SourceLocation
    ) throws(PatternProblem) -> NumberProgram {
        guard arguments.count == 1 else { throw PatternProblem(place, "\(name) is written \(name)(x)") }
        let (number, entry, label) = try signal(arguments[0], for: name)
        guard entry.kind == .gauge || entry.kind == .counter else {
            throw PatternProblem(place, "\(name) is for numbers; \(entry.name) is a \(entry.kind.rawValue)")
        }
        if name == "known_for" {
            let memory = remember(MemorySlot(signal: number, rule: .knownFor))
            return NumberProgram(step: .memory(memory), unit: "s", label: "time that \(label) has been watched")
        }
        let memory = remember(MemorySlot(signal: number, rule: .lifetimeMaximum))
        return NumberProgram(
            step: .memory(memory), unit: entry.unit, label: "highest \(label) ever seen", signal: tables.signals[number]
        )
    }

    private mutating func serd(_ arguments: [Expression], at place: SourceLocation) throws(PatternProblem)
        -> TruthProgram
    {
        guard arguments.count == 3, case .number(let count) = arguments[1].kind,
            case .span(let window) = arguments[2].kind
        else { throw PatternProblem(place, "serd is written serd(event, 10, 10m)") }
        guard count.rounded() == count, count >= 1, count <= Double(PatternLimits.events) else {
            throw PatternProblem(
                arguments[1].location, "serd counts from 1 to \(PatternLimits.events) events, not \(count)")
        }
        let (number, entry, label) = try signal(arguments[0], for: "serd")
        guard entry.kind == .event else {
            throw PatternProblem(
                place, "serd counts events; \(entry.name) is a \(entry.kind.rawValue): use increase(x[…]) for counters")
        }
        let memory = remember(MemorySlot(signal: number, rule: .events(count: Int(count), within: window)))
        return .events(memory: memory, label: label, count: Int(count), within: window)
    }
}

extension CheckedExpression {
    /// The same under the name that `let` gives.
    func labelled(_ label: String) -> CheckedExpression {
        switch self {
        case .number(var program):
            if !program.isConstant { program.label = label }
            return .number(program)
        case .state(let signal, _): return .state(signal: signal, label: label)
        case .event(let signal, _): return .event(signal: signal, label: label)
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
