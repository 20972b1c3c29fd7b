public import Reports

/// Whether a pattern could ever hold on a component with what is read there now.
public struct PatternCoverage: Hashable, Sendable {
    public struct Missing: Hashable, Sendable {
        public var signal: Signal
        /// What sort of part does not report it: of a pattern that looks for faults of others, the others.
        public var kind: ComponentKind
        /// What the device or its probe reports; nil where nothing was ever reported.
        public var because: Unavailable?
        /// Where faults of others are looked for: the patterns that report them, when none is for any part there.
        public var patterns: [String]
        /// Of events that must be told apart: the labels by which.
        public var labels: [String]

        public init(
            signal: Signal, kind: ComponentKind, because: Unavailable?, patterns: [String] = [], labels: [String] = []
        ) {
            self.signal = signal
            self.kind = kind
            self.because = because
            self.patterns = patterns
            self.labels = labels
        }
    }

    public var pattern: String
    public var component: ComponentID
    /// Without which the condition cannot be found to hold; empty where it can.
    public var missing: [Missing]
}

/// Events that a pattern waits for on a part.
public struct AwaitedEvent: Hashable, Sendable {
    /// With the values of labels that they must have.
    public var signal: Signal
    /// The labels that tell them apart (`serd_by("page", …)`).
    public var labels: [String]
    public var component: ComponentID
    public var kind: ComponentKind
    /// Whether one that told all of these labels has come.
    public var hasCome: Bool

    public init(
        signal: Signal, labels: [String] = [], component: ComponentID, kind: ComponentKind, hasCome: Bool = false
    ) {
        self.signal = signal
        self.labels = labels
        self.component = component
        self.kind = kind
        self.hasCome = hasCome
    }
}

/// Looks through the conditions of the patterns of all components for what they lack. A pattern that looks for faults of
/// others is as blind as the patterns that report them.
struct CoverageAnalysis {
    private let memories: ContiguousArray<ComponentMemory>
    private let book: Rulebook
    /// Whether events would be received, if there were any.
    private let receivesEvents: (AwaitedEvent) -> Bool
    /// Whose faults count where, by component and signal.
    private var watched: [Int: [Int: (entries: Set<Int>, components: [Int])]] = [:]

    /// Where a condition stands.
    private struct Place {
        var component: Int
        /// How many patterns look for each other's faults on the way here.
        var depth = 0
        /// Whether the faults of others that nobody would see hold it back: not where there are to be few of them.
        var needsFaults = true

        var withoutFaults: Place { Place(component: component, depth: depth, needsFaults: false) }
    }

    init(
        _ memories: ContiguousArray<ComponentMemory>, _ crossComponentReads: CrossComponentReads, _ book: Rulebook,
        receivesEvents: @escaping (AwaitedEvent) -> Bool
    ) {
        self.memories = memories
        self.book = book
        self.receivesEvents = receivesEvents
        for reader in crossComponentReads.faultReaders {
            guard case .faults(let entries, let components) = reader.source else { continue }
            let signal = memories[reader.component].layout.slots[reader.slot].signal
            watched[reader.component, default: [:]][signal] = (entries, components)
        }
    }

    var patternCoverage: [PatternCoverage] {
        memories.indices.flatMap { number in
            memories[number].layout.patterns.compactMap { plan -> PatternCoverage? in
                let pattern = plan.compiled.pattern
                guard pattern.status == .active else { return nil }
                let missing = missing(for: plan.compiled.condition, Place(component: number))
                let sorted = Set(missing).sorted {
                    ($0.signal.description, $0.kind.rawValue) < ($1.signal.description, $1.kind.rawValue)
                }
                return PatternCoverage(pattern: pattern.id, component: memories[number].id, missing: sorted)
            }
        }
    }

    /// What a condition lacks to be found to hold. Of terms joined by `or`, one that can be judged is enough.
    private func missing(for program: TruthProgram, _ place: Place) -> [PatternCoverage.Missing] {
        switch program {
        case .constant: return []
        case .compare(let comparison, let left, let right):
            // Faults that nobody sees are none: that there are at most so many then holds.
            let (needsLeft, needsRight) =
                switch comparison {
                case .more, .atLeast: (true, false)
                case .less, .atMost: (false, true)
                case .equal, .unequal: (false, false)
                }
            return missing(for: left, needsLeft ? place : place.withoutFaults)
                + missing(for: right, needsRight ? place : place.withoutFaults)
        case .stateIs(let signal, _, _, _), .absent(let signal, _, _): return missing(signal, place)
        case .events(let answer, _, _, _): return missing(answer: answer, place)
        case .sequence(_, let first, let second, _), .and(let first, let second):
            return missing(for: first, place) + missing(for: second, place)
        case .not(let inner): return missing(for: inner, place.withoutFaults)
        case .or(let left, let right):
            return CoverageAnalysis.either([missing(for: left, place), missing(for: right, place)])
        }
    }

    private func missing(for program: NumberProgram, _ place: Place) -> [PatternCoverage.Missing] {
        switch program.step {
        // A model takes what it gets: the terms beside it state what must be there.
        case .constant, .model: return []
        case .signal(let signal): return missing(signal, place)
        case .answer(let answer): return missing(answer: answer, place)
        case .negative(let inner), .absolute(let inner): return missing(for: inner, place)
        case .arithmetic(.minus, let left, let right):
            return missing(for: left, place) + missing(for: right, place.withoutFaults)
        case .arithmetic(.plus, let left, let right) where countsFaults(left) && countsFaults(right),
            .greatest(let left, let right) where countsFaults(left) && countsFaults(right):
            return CoverageAnalysis.either([missing(for: left, place), missing(for: right, place)])
        case .arithmetic(_, let left, let right), .least(let left, let right), .greatest(let left, let right):
            return missing(for: left, place) + missing(for: right, place)
        case .count(let conditions): return CoverageAnalysis.either(conditions.map { missing(for: $0, place) })
        }
    }

    /// Of kinds of faults that are added up, one that would be seen is enough.
    private func countsFaults(_ program: NumberProgram) -> Bool {
        switch program.step {
        case .signal(let number): if case .remote(.faults) = book.tables.sources[number] { true } else { false }
        case .arithmetic(_, let left, let right), .greatest(let left, let right), .least(let left, let right):
            countsFaults(left) && countsFaults(right)
        case .constant, .model, .answer, .negative, .absolute, .count: false
        }
    }

    private static func either(_ terms: [[PatternCoverage.Missing]]) -> [PatternCoverage.Missing] {
        terms.contains { $0.isEmpty } ? [] : terms.flatMap(\.self)
    }

    private func missing(answer: Int, _ place: Place) -> [PatternCoverage.Missing] {
        let memory = book.tables.memories[book.tables.answers[answer].memory]
        return missing(
            memory.signal, place, by: memory.rule.labels,
            hasCome: memories[place.component].holdsEvents(ofAnswer: answer))
    }

    /// - Parameters:
    ///   - labels: those that tell events apart.
    ///   - hasCome: whether an event with all of these has come.
    private func missing(
        _ number: Int, _ place: Place, by labels: [String] = [], hasCome: Bool = false
    ) -> [PatternCoverage.Missing] {
        let signal = book.tables.signals[number]
        let memory = memories[place.component]
        if case .remote(.faults) = book.tables.sources[number] {
            return place.needsFaults ? missing(faults: number, place) : []
        }
        if SignalCatalogue.entry(named: signal.name)?.kind == .event {
            let awaited = AwaitedEvent(
                signal: signal, labels: labels, component: memory.id, kind: memory.kind, hasCome: hasCome)
            return receivesEvents(awaited)
                ? [] : [PatternCoverage.Missing(signal: signal, kind: memory.kind, because: nil, labels: labels)]
        }
        guard let slot = memory.slot(of: number), memory.slots[slot].content != .none else {
            return [PatternCoverage.Missing(signal: signal, kind: memory.kind, because: nil)]
        }
        guard memory.slots[slot].content == .unavailable else { return [] }
        // Readings that come and go were there; those of a sleeping disk come back.
        let reason = memory.text(ofSlot: slot).map { Unavailable(rawValue: $0) }
        return memory.slots[slot].hasBeenRead && reason == .asleep
            ? [] : [PatternCoverage.Missing(signal: signal, kind: memory.kind, because: reason)]
    }

    /// What the patterns lack whose faults are looked for; none where one of them sees on one part.
    private func missing(faults number: Int, _ place: Place) -> [PatternCoverage.Missing] {
        guard place.depth < PatternLimits.activeRounds, let watched = watched[place.component]?[number] else {
            return []
        }
        var all: Set<PatternCoverage.Missing> = []
        var isForSome = false
        for component in watched.components {
            let layout = memories[component].layout
            for entry in watched.entries {
                guard let plan = layout.patternOfEntry[entry].map({ layout.patterns[$0] }) else { continue }
                let inside = Place(component: component, depth: place.depth + 1)
                let missing = missing(for: plan.compiled.condition, inside)
                if missing.isEmpty { return [] }
                isForSome = true
                all.formUnion(missing)
            }
        }
        guard !isForSome else { return Array(all) }
        return [
            PatternCoverage.Missing(
                signal: book.tables.signals[number], kind: memories[place.component].kind, because: nil,
                patterns: watched.entries.map { book.entries[$0].id }.sorted())
        ]
    }
}
