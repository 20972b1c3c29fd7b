import Reports

/// Computes programs on what is remembered of one component at one time.
struct Evaluation {
    let memory: ComponentMemory
    let tables: ProgramTables
    let now: Timestamp

    func latest(_ signal: Int) -> Latest? {
        guard let value = memory.latest[signal],
            (now - value.time).inMilliseconds <= PatternLimits.staleAfter
        else { return nil }
        return value
    }

    func number(_ program: NumberProgram) -> Bounds {
        switch program.step {
        case .constant(let value): Bounds(value)
        case .signal(let signal): latest(signal)?.measurement.number.map { Bounds($0) } ?? .unknown
        case .memory(let number):
            memory.memories[number]?.bounds(for: tables.memories[number].rule, at: now) ?? .unknown
        case .negative(let inner): -self.number(inner)
        case .arithmetic(let operation, let left, let right):
            switch operation {
            case .plus: number(left) + number(right)
            case .minus: number(left) - number(right)
            case .times: number(left) * number(right)
            case .over: number(left) / number(right)
            }
        }
    }

    func truth(_ program: TruthProgram) -> Truth {
        switch program {
        case .constant(let value): return Truth(value)
        case .compare(let comparison, let left, let right):
            return Truth.compare(number(left), comparison, number(right))
        case .stateIs(let signal, _, let word, let negated):
            guard case .state(let state)? = latest(signal)?.measurement else { return .unknown }
            return Truth((state == word) != negated)
        case .events(let number, _, let count, let window):
            return (memory.events[number] ?? SerdEngine()).truth(at: now, count: count, within: window)
        case .not(let inner): return !truth(inner)
        case .and(let left, let right):
            let first = truth(left)
            if first == .no { return .no }
            let second = truth(right)
            return second == .no ? .no : first == .yes && second == .yes ? .yes : .unknown
        case .or(let left, let right):
            let first = truth(left)
            if first == .yes { return .yes }
            let second = truth(right)
            return second == .yes ? .yes : first == .no && second == .no ? .no : .unknown
        }
    }

    // MARK: In words

    /// The comparisons that made a condition what it is, as parts of a sentence with the values and the limits.
    func reasons(_ program: TruthProgram, being wanted: Bool) -> [String] {
        guard truth(program) == Truth(wanted) else { return [] }
        switch program {
        case .constant: return []
        case .not(let inner): return reasons(inner, being: !wanted)
        case .and(let left, let right), .or(let left, let right):
            return reasons(left, being: wanted) + reasons(right, being: wanted)
        case .compare(let comparison, let left, let right):
            let limit = right.isConstant ? right.words(for: left) : "\(right.words), \(words(right))"
            return ["\(left.words) is \(words(left)) (\(wanted ? "" : "not ")\(comparison.words) \(limit))"]
        case .stateIs(let signal, let label, _, _):
            guard let value = latest(signal) else { return [] }
            return ["\(label) is \(Quantity.words(value.measurement, of: tables.signals[signal]))"]
        case .events(let number, let label, let count, let window):
            let found = memory.events[number]?.countInside(window, at: now) ?? 0
            return ["\(found) times \(label) within \(Span.words(window)) (limit \(count))"]
        }
    }

    func words(_ program: NumberProgram) -> String {
        Quantity.words(number(program), unit: program.unit ?? "", of: program.signal)
    }

    func words(_ pieces: [CompiledPattern.Piece]) -> String {
        pieces.map { piece in
            switch piece {
            case .text(let text): text
            case .number(let program): words(program)
            case .state(let signal):
                latest(signal).map { Quantity.words($0.measurement, of: tables.signals[signal]) } ?? "not known"
            }
        }.joined()
    }
}

extension NumberProgram {
    /// A constant limit, in the unit of what it limits.
    func words(for value: NumberProgram) -> String {
        guard case .constant(let constant) = step else { return words }
        return Quantity.words(constant, unit: value.unit ?? unit ?? "", of: value.signal)
    }
}
