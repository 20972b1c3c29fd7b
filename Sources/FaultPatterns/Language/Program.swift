import Reports

/// Where the value of a numbered signal comes from.
enum SignalSource: Hashable, Sendable {
    /// A probe reports it.
    case told
    /// A bit field of another signal, by its number.
    case bits(of: Int, offset: Int, width: Int)
    /// Read from other components when a moment's values are in.
    case remote(CrossComponentQuery)
}

/// What a component reads from the others around it.
enum CrossComponentQuery: Hashable, Sendable {
    enum Place: Hashable, Sendable {
        case parent
        case above(ComponentKind)
        case under
        /// Same kind and same parent, or whatever they hang on, itself left out; only those that share the attribute's
        /// value, where one is named.
        case peers(sharing: String?, isAnywhere: Bool)
    }
    enum Aggregation: String, Hashable, Sendable {
        case highest = "max"
        case lowest = "min"
        case sum
        case count
        case median
        /// Median absolute deviation.
        case deviation = "mad"
    }
    /// A signal, by its number, of the components at a place.
    case signal(Int, Aggregation, Place)
    /// Components with an open fault of such a class.
    case faults(ClassPattern, Scope)
}

/// A fault class, or all whose names begin so: `disk.ata.link-*`.
struct ClassPattern: Hashable, Sendable {
    let text: String

    func matches(_ faultClass: String) -> Bool { Glob.matches(text, faultClass) }
}

/// Which components around a fault's own are meant.
enum Scope: Hashable, Sendable {
    case own
    case parent
    case underOwn
    case underParent
    case beside
    /// All under the nearest component of that kind above.
    case under(ComponentKind)
    /// Parts of the same kind of which it is not sure which ones they are (attribute `ambiguous`), around one of which it is.
    case unidentified
    case anywhere

    /// What it is told as in objections.
    static let allWords = "self, parent, under self, under parent, beside self, under KIND, unidentified, anywhere"

    init?(_ text: String) {
        switch text {
        case "self": self = .own
        case "parent": self = .parent
        case "under self": self = .underOwn
        case "under parent": self = .underParent
        case "beside self": self = .beside
        case "unidentified": self = .unidentified
        case "anywhere": self = .anywhere
        default:
            guard text.hasPrefix("under "), text.count > 6 else { return nil }
            self = .under(ComponentKind(rawValue: String(text.dropFirst(6))))
        }
    }

    var text: String {
        switch self {
        case .own: "self"
        case .parent: "parent"
        case .underOwn: "under self"
        case .underParent: "under parent"
        case .beside: "beside self"
        case .under(let kind): "under \(kind)"
        case .unidentified: "unidentified"
        case .anywhere: "anywhere"
        }
    }

    /// How wide: of two causes that explain as much, the narrower counts.
    var width: Int {
        switch self {
        case .own: 0
        // The part itself, under another name.
        case .unidentified: 1
        case .parent: 2
        case .beside: 3
        case .underOwn: 4
        case .underParent: 5
        case .under: 6
        case .anywhere: 7
        }
    }
}

/// What the engine remembers of one signal, for one or several questions.
enum MemoryRule: Hashable, Sendable {
    /// Rises of a counter, and what a fall of it means.
    case rises(SignalCatalogue.Counting)
    /// First reading, highest and lowest ever.
    case lifetime
    /// Summaries over a window; milliseconds.
    case samples(Int64)
    /// Points over a window; milliseconds.
    /// With the median line, which costs more, or without.
    case trend(Int64, hasMedianLine: Bool)
    /// Learned mean and spread with that half-life, by bins of another signal (its number) of that width; sums of what
    /// is off by more than the allowance, in standard deviations.
    case baseline(Int64, covariate: Int?, width: Double, allowance: Double)
    /// `serd(x, n, t)`.
    case events(count: Int, within: Int64)
    /// `serd_by(labels, x, n, t)`.
    case keyedEvents(labels: [String], count: Int, within: Int64)
    /// `distinct_by(group, labels, x, t)`: of several labels, the one with the fewest values counts.
    case distinct(group: [String], labels: [String], within: Int64)
    /// `events(x, t)`, `sum_of(label, once, x, t)`, `max_of(label, x, t)`: the label that is measured, and the one of which
    /// each value counts once.
    case measured(label: String?, once: String?, within: Int64)
    /// `bucket(x, n, t)`; of a counter, with what a fall of it means.
    case bucket(count: Int, within: Int64, SignalCatalogue.Counting)

    /// The name that stored state bears: the same over restarts and new packs.
    func key(of signal: String, covariate: String?) -> String {
        switch self {
        case .rises: "rises(\(signal))"
        case .lifetime: "lifetime(\(signal))"
        case .samples(let window): "window(\(signal)[\(window)])"
        case .trend(let window, let hasMedianLine): "trend(\(signal)[\(window)],\(hasMedianLine))"
        case .baseline(let window, _, let width, let allowance):
            "baseline(\(signal)[\(window)],\(covariate ?? ""),\(width),\(allowance))"
        case .events(let count, let window): "serd(\(signal),\(count),\(window))"
        case .keyedEvents(let labels, let count, let window): "serd_by(\(labels),\(signal),\(count),\(window))"
        case .distinct(let group, let labels, let window):
            "distinct_by(\(group),\(labels.joined(separator: ",")),\(signal),\(window))"
        case .measured(let label, let once, let window):
            "measured(\(label ?? ""),\(once ?? ""),\(signal),\(window))"
        case .bucket(let count, let window, _): "bucket(\(signal),\(count),\(window))"
        }
    }

    /// What a fall of the counter means whose rises it keeps.
    var counting: SignalCatalogue.Counting? {
        switch self {
        case .rises(let counting): counting
        case .bucket, .lifetime, .samples, .trend, .baseline, .events, .keyedEvents, .distinct, .measured: nil
        }
    }

    /// Counts events: stored at once, because an event is reported once.
    /// The labels by which events are told apart; none for all else.
    var labels: [String] {
        switch self {
        case .keyedEvents(let labels, _, _): labels
        case .distinct(let group, let values, _): group + values
        case .measured(let label, let once, _): [label, once].compactMap(\.self)
        case .events, .bucket, .rises, .lifetime, .samples, .trend, .baseline: []
        }
    }

    var isOfEvents: Bool {
        switch self {
        case .events, .keyedEvents, .distinct, .measured, .bucket: true
        case .rises, .lifetime, .samples, .trend, .baseline: false
        }
    }

    /// Its result depends on its own signal and on time, and on no other signal's value.
    var isMovedByItsSignalOnly: Bool {
        switch self {
        case .rises, .lifetime, .samples: true
        case .trend, .baseline, .events, .keyedEvents, .distinct, .measured, .bucket: false
        }
    }

    /// Must receive every reading, also of one that repeats the value before it.
    var needsEveryReading: Bool {
        switch self {
        case .samples, .trend, .baseline: true
        case .rises, .lifetime, .events, .keyedEvents, .distinct, .measured, .bucket: false
        }
    }
}

/// One remembered quantity.
struct MemorySlot: Hashable, Sendable {
    var signal: Int
    var rule: MemoryRule
}

/// What is asked of a memory.
enum Question: Hashable, Sendable {
    enum Limit: Hashable, Sendable {
        case constant(Double)
        case signal(Int)
    }
    /// Windows in milliseconds.
    case increase(Int64), rises(Int64), risingDays(Int64), rate(Int64)
    case daysSinceIncrease, daysSinceNonzero
    case highestEver, lowestEver, knownFor
    case lowest, highest, average, sum, count, deviation, quantile(Double), delta, changes, resets
    case slope, prediction(Int64), timeTo(Limit)
    case mean, score, cusumLow, cusumHigh
    case eventCount, keyedCount, distinctCount, level
    /// How many groups have at least so many different values of each label.
    case groupCount([Int])
    case measuredSum, measuredHighest

    /// The answer grows by itself as time goes on.
    var isRunning: Bool {
        switch self {
        case .knownFor, .daysSinceIncrease, .daysSinceNonzero: true
        default: false
        }
    }
}

/// One question to one memory, by its number.
struct Answer: Hashable, Sendable {
    var memory: Int
    var question: Question
}

/// The numbers that stand for signals, memories and answers in all programs of a pack: each is kept once a component,
/// however many patterns look at it.
struct ProgramTables: Sendable {
    /// What people are shown; of a bit field or a remote value, the signal that it is taken from.
    private(set) var signals: [Signal] = []
    private(set) var sources: [SignalSource] = []
    private(set) var signalKeys: [String] = []
    /// Signals that probes report.
    private(set) var signalNumbers: [Signal: Int] = [:]
    private(set) var signalNumbersByKey: [String: Int] = [:]
    /// Events that patterns name with some of their labels only, by name.
    private(set) var openEvents: [String: [Int]] = [:]
    private(set) var memories: [MemorySlot] = []
    private(set) var memoryKeys: [String] = []
    private(set) var memoryNumbers: [String: Int] = [:]
    private(set) var answers: [Answer] = []
    private var answerNumbers: [Answer: Int] = [:]
    private(set) var sequences: [String] = []
    /// Signals that other components are asked for.
    private(set) var exported: Set<Int> = []
    private(set) var models: [ModelProgram] = []
    private var modelNumbers: [String: Int] = [:]

    mutating func number(of signal: Signal, isOpenEvent: Bool = false) -> Int {
        if let number = signalNumbers[signal] { return number }
        let number = add(signal, .told, key: signal.description)
        signalNumbers[signal] = number
        if isOpenEvent { openEvents[signal.name, default: []].append(number) }
        return number
    }

    mutating func number(ofBits offset: Int, width: Int, of base: Int) -> Int {
        let key = "bits(\(signalKeys[base]),\(offset),\(width))"
        return signalNumbersByKey[key] ?? add(signals[base], .bits(of: base, offset: offset, width: width), key: key)
    }

    mutating func number(of query: CrossComponentQuery) -> Int {
        let shown: Signal
        let key: String
        switch query {
        case .signal(let number, let digest, let place):
            shown = signals[number]
            exported.insert(number)
            key =
                switch place {
                case .parent: "parent(\(signalKeys[number]))"
                case .above(let kind): "above(\(kind),\(signalKeys[number]))"
                case .under: "under_\(digest.rawValue)(\(signalKeys[number]))"
                case .peers(let sharing, let isAnywhere):
                    "peers_\(digest.rawValue)(\(signalKeys[number]),\(sharing ?? "")\(isAnywhere ? ",anywhere" : ""))"
                }
        case .faults(let faultClass, let scope):
            shown = Signal("callhome.faults", ["class": faultClass.text, "scope": scope.text])
            key = "active/\(faultClass.text) \(scope.text)"
        }
        return signalNumbersByKey[key] ?? add(shown, .remote(query), key: key)
    }

    private mutating func add(_ signal: Signal, _ source: SignalSource, key: String) -> Int {
        signals.append(signal)
        sources.append(source)
        signalKeys.append(key)
        signalNumbersByKey[key] = signals.count - 1
        return signals.count - 1
    }

    mutating func number(of slot: MemorySlot) -> Int {
        var covariate: String?
        if case .baseline(_, let number?, _, _) = slot.rule { covariate = signalKeys[number] }
        var key = slot.rule.key(of: signalKeys[slot.signal], covariate: covariate)
        // One signal that counts otherwise on another kind of part has a memory of its own.
        if let counting = slot.rule.counting, counting != SignalCatalogue.counting(of: signals[slot.signal]) {
            key += " \(counting.rawValue)"
        }
        if let number = memoryNumbers[key] { return number }
        memories.append(slot)
        memoryKeys.append(key)
        memoryNumbers[key] = memories.count - 1
        return memories.count - 1
    }

    mutating func number(of answer: Answer) -> Int {
        if let number = answerNumbers[answer] { return number }
        answers.append(answer)
        answerNumbers[answer] = answers.count - 1
        return answers.count - 1
    }

    mutating func number(ofSequence key: String) -> Int {
        sequences.append(key)
        return sequences.count - 1
    }

    func number(ofModel key: String) -> Int? { modelNumbers[key] }

    mutating func add(_ model: ModelProgram, key: String) -> Int {
        models.append(model)
        modelNumbers[key] = models.count - 1
        return models.count - 1
    }
}

/// A tree ensemble with its features as programs. A class, for it is large and passed on for every look.
final class ModelProgram: Sendable {
    enum Feature: Sendable {
        case number(NumberProgram)
        /// An attribute of the component, as the place of its value in the list of categories.
        case attribute(String)
    }
    /// Where a feature's number is found at once, without running a program: nearly all are a signal or an answer.
    enum Source: Sendable {
        case signal(Int)
        case answer(Int)
        /// The place among the features.
        case computed(Int)
    }

    let ensemble: TreeEnsemble
    let features: [Feature]
    let sources: [Source]

    init(ensemble: TreeEnsemble, features: [Feature]) {
        self.ensemble = ensemble
        self.features = features
        sources = features.enumerated().map { index, feature in
            guard case .number(let program) = feature else { return .computed(index) }
            return switch program.step {
            case .signal(let number): .signal(number)
            case .answer(let number): .answer(number)
            default: .computed(index)
            }
        }
    }
}

/// A quantity, checked and ready to be computed.
struct NumberProgram: Sendable {
    indirect enum Step: Sendable {
        case constant(Double)
        case signal(Int)
        case answer(Int)
        case arithmetic(Expression.Arithmetic, NumberProgram, NumberProgram)
        case negative(NumberProgram)
        case absolute(NumberProgram)
        case least(NumberProgram, NumberProgram)
        case greatest(NumberProgram, NumberProgram)
        /// How many of the conditions hold.
        case count([TruthProgram])
        case model(Int)
    }
    var step: Step
    /// UCUM; nil where any unit fits (a bare number) or none is known (a product).
    var unit: String?
    /// What people call it: a name of `let`, or the signal's.
    var label: String
    /// The signal that it is read from, for how its values are written.
    var signal: Signal?

    var isConstant: Bool { if case .constant = step { true } else { false } }

    var asksModel: Bool {
        switch step {
        case .model: true
        case .constant, .signal, .answer: false
        case .arithmetic(_, let left, let right), .least(let left, let right), .greatest(let left, let right):
            left.asksModel || right.asksModel
        case .negative(let inner), .absolute(let inner): inner.asksModel
        case .count(let conditions): conditions.contains(where: \.asksModel)
        }
    }

    var looksForAbsence: Bool {
        switch step {
        case .constant, .signal, .answer, .model: false
        case .arithmetic(_, let left, let right), .least(let left, let right), .greatest(let left, let right):
            left.looksForAbsence || right.looksForAbsence
        case .negative(let inner), .absolute(let inner): inner.looksForAbsence
        case .count(let conditions): conditions.contains(where: \.looksForAbsence)
        }
    }
}

/// A condition, checked and ready to be computed.
indirect enum TruthProgram: Sendable {
    case constant(Bool)
    case compare(Expression.Comparison, NumberProgram, NumberProgram)
    case stateIs(signal: Int, label: String, word: String, negated: Bool)
    /// At least `count` events, by an answer that counts them; `what` is how the sentence calls them.
    case events(answer: Int, label: String, count: Int, within: Int64)
    case absent(signal: Int, label: String, within: Int64)
    case sequence(Int, TruthProgram, TruthProgram, within: Int64)
    case not(TruthProgram)
    case and(TruthProgram, TruthProgram)
    case or(TruthProgram, TruthProgram)

    /// The parts that `and` joins: where one of them does not hold, nor does the whole.
    var terms: [TruthProgram] {
        if case .and(let left, let right) = self { left.terms + right.terms } else { [self] }
    }

    var asksModel: Bool {
        switch self {
        case .constant, .stateIs, .events, .absent: false
        case .compare(_, let left, let right): left.asksModel || right.asksModel
        case .sequence(_, let left, let right, _), .and(let left, let right), .or(let left, let right):
            left.asksModel || right.asksModel
        case .not(let inner): inner.asksModel
        }
    }

    /// Whether its result can change by what is not reported.
    var looksForAbsence: Bool {
        switch self {
        case .constant, .stateIs, .events: false
        case .absent: true
        case .compare(_, let left, let right): left.looksForAbsence || right.looksForAbsence
        case .sequence(_, let left, let right, _), .and(let left, let right), .or(let left, let right):
            left.looksForAbsence || right.looksForAbsence
        case .not(let inner): inner.looksForAbsence
        }
    }
}

/// What an expression turned out to be.
enum CheckedExpression: Sendable {
    case number(NumberProgram)
    case truth(TruthProgram)
    case state(signal: Int, label: String)
    case event(signal: Int, label: String)
    case text(String)
    /// A point in a counter's life, for `days_since`.
    case moment(memory: Int, Question, label: String)

    var words: String {
        switch self {
        case .number: "a number"
        case .truth: "a condition"
        case .state: "a state"
        case .event: "an event"
        case .text: "a text"
        case .moment: "a moment"
        }
    }
}
