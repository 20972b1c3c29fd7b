import Reports

/// What the engine must remember of one signal for a pattern.
enum MemoryRule: Hashable, Sendable {
    /// `increase(x[t])`; milliseconds.
    case increase(Int64)
    /// `max_over_time(x[t])`, `min_over_time(x[t])`; milliseconds.
    case maximum(Int64), minimum(Int64)
    /// `lifetime_max(x)`.
    case lifetimeMaximum
    /// `known_for(x)`.
    case knownFor
    /// `serd(x, n, t)`; milliseconds.
    case events(count: Int, within: Int64)

    /// The name that stored state bears: the same over restarts and new packs.
    func key(of signal: Signal) -> String {
        switch self {
        case .increase(let window): "increase(\(signal)[\(window)])"
        case .maximum(let window): "max_over_time(\(signal)[\(window)])"
        case .minimum(let window): "min_over_time(\(signal)[\(window)])"
        case .lifetimeMaximum: "lifetime_max(\(signal))"
        case .knownFor: "known_for(\(signal))"
        case .events(let count, let window): "serd(\(signal),\(count),\(window))"
        }
    }

    var isEvents: Bool { if case .events = self { true } else { false } }
}

/// One remembered quantity.
struct MemorySlot: Hashable, Sendable {
    var signal: Int
    var rule: MemoryRule
}

/// The numbers that stand for signals and memories in all programs of a pack: each is kept once a component, however
/// many patterns look at it.
struct ProgramTables: Sendable {
    private(set) var signals: [Signal] = []
    private(set) var memories: [MemorySlot] = []
    private(set) var memoryKeys: [String] = []
    private(set) var signalNumbers: [Signal: Int] = [:]
    private(set) var memoryNumbers: [String: Int] = [:]
    /// Memories that a signal feeds, by the signal's number.
    private(set) var memoriesOfSignal: [[Int]] = []

    mutating func number(of signal: Signal) -> Int {
        if let number = signalNumbers[signal] { return number }
        signals.append(signal)
        memoriesOfSignal.append([])
        signalNumbers[signal] = signals.count - 1
        return signals.count - 1
    }

    mutating func number(of slot: MemorySlot) -> Int {
        let key = slot.rule.key(of: signals[slot.signal])
        if let number = memoryNumbers[key] { return number }
        memories.append(slot)
        memoryKeys.append(key)
        memoryNumbers[key] = memories.count - 1
        memoriesOfSignal[slot.signal].append(memories.count - 1)
        return memories.count - 1
    }
}

/// A quantity, checked and ready to be computed.
struct NumberProgram: Sendable {
    indirect enum Step: Sendable {
        case constant(Double)
        case signal(Int)
        case memory(Int)
        case arithmetic(Expression.Arithmetic, NumberProgram, NumberProgram)
        case negative(NumberProgram)
    }
    var step: Step
    /// UCUM; nil where any unit fits (a bare number) or none is known (a product).
    var unit: String?
    /// What people call it: a name of `let`, or the signal's.
    var label: String
    /// The signal that it is read from, for how its values are written.
    var signal: Signal?

    var isConstant: Bool { if case .constant = step { true } else { false } }
}

/// A condition, checked and ready to be computed.
indirect enum TruthProgram: Sendable {
    case constant(Bool)
    case compare(Expression.Comparison, NumberProgram, NumberProgram)
    case stateIs(signal: Int, label: String, word: String, negated: Bool)
    case events(memory: Int, label: String, count: Int, within: Int64)
    case not(TruthProgram)
    case and(TruthProgram, TruthProgram)
    case or(TruthProgram, TruthProgram)
}

/// What an expression turned out to be.
enum CheckedExpression: Sendable {
    case number(NumberProgram)
    case truth(TruthProgram)
    case state(signal: Int, label: String)
    case event(signal: Int, label: String)
    case text(String)

    var words: String {
        switch self {
        case .number: "a number"
        case .truth: "a condition"
        case .state: "a state"
        case .event: "an event"
        case .text: "a text"
        }
    }
}
