public import Reports

/// Whether a pattern could ever hold on a component with what is read there now.
public struct Sight: Hashable, Sendable {
    public struct Missing: Hashable, Sendable {
        public var signal: Signal
        /// What the device or its probe says; nil where nothing was ever told.
        public var because: Unavailable?

        public init(signal: Signal, because: Unavailable?) {
            self.signal = signal
            self.because = because
        }
    }

    public var pattern: String
    public var component: ComponentID
    /// Without which the condition cannot be found to hold; empty where it can.
    public var missing: [Missing]
}

extension ComponentMemory {
    /// - Parameter hears: whether events of this signal would be heard, if there were one.
    func sights(_ book: Rulebook, hears: (Signal) -> Bool) -> [Sight] {
        layout.patterns.compactMap { plan -> Sight? in
            let pattern = plan.compiled.pattern
            guard pattern.status == .active else { return nil }
            let missing = missing(for: plan.compiled.condition, book, hears)
            let sorted = Set(missing).sorted { $0.signal.description < $1.signal.description }
            return Sight(pattern: pattern.id, component: id, missing: sorted)
        }
    }

    /// What a condition lacks to be found to hold. Of terms joined by `or`, one that can be judged is enough.
    private func missing(
        for program: TruthProgram, _ book: Rulebook, _ hears: (Signal) -> Bool
    ) -> [Sight.Missing] {
        switch program {
        case .constant: return []
        case .compare(_, let left, let right): return missing(for: left, book, hears) + missing(for: right, book, hears)
        case .stateIs(let signal, _, _, _), .absent(let signal, _, _): return missing(signal, book, hears)
        case .events(let answer, _, _, _): return missing(answer: answer, book, hears)
        case .sequence(_, let first, let second, _), .and(let first, let second):
            return missing(for: first, book, hears) + missing(for: second, book, hears)
        case .not(let inner): return missing(for: inner, book, hears)
        case .or(let left, let right): return either([left, right], book, hears)
        }
    }

    private func missing(
        for program: NumberProgram, _ book: Rulebook, _ hears: (Signal) -> Bool
    ) -> [Sight.Missing] {
        switch program.step {
        // A model takes what it gets: the terms beside it say what must be there.
        case .constant, .model: return []
        case .signal(let signal): return missing(signal, book, hears)
        case .answer(let answer): return missing(answer: answer, book, hears)
        case .negative(let inner), .absolute(let inner): return missing(for: inner, book, hears)
        case .arithmetic(_, let left, let right), .least(let left, let right), .greatest(let left, let right):
            return missing(for: left, book, hears) + missing(for: right, book, hears)
        case .count(let conditions): return either(conditions, book, hears)
        }
    }

    private func either(
        _ terms: [TruthProgram], _ book: Rulebook, _ hears: (Signal) -> Bool
    ) -> [Sight.Missing] {
        let missing = terms.map { self.missing(for: $0, book, hears) }
        return missing.contains { $0.isEmpty } ? [] : missing.flatMap(\.self)
    }

    private func missing(answer: Int, _ book: Rulebook, _ hears: (Signal) -> Bool) -> [Sight.Missing] {
        missing(book.tables.memories[book.tables.answers[answer].memory].signal, book, hears)
    }

    private func missing(_ number: Int, _ book: Rulebook, _ hears: (Signal) -> Bool) -> [Sight.Missing] {
        let signal = book.tables.signals[number]
        // How many faults others have is always known.
        if case .remote(.faults) = book.tables.sources[number] { return [] }
        if SignalCatalogue.entry(named: signal.name)?.kind == .event {
            return hears(signal) ? [] : [Sight.Missing(signal: signal, because: nil)]
        }
        guard let place = slot(of: number), slots[place].content != .none else {
            return [Sight.Missing(signal: signal, because: nil)]
        }
        guard slots[place].content == .unavailable else { return [] }
        // Readings that come and go were there; those of a sleeping disk come back.
        let reason = text(ofSlot: place).map { Unavailable(rawValue: $0) }
        return slots[place].hasBeenRead && reason == .asleep ? [] : [Sight.Missing(signal: signal, because: reason)]
    }
}
