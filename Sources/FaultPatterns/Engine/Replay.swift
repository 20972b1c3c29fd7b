public import Reports

/// The life of one part, replayed in rounds: what a back-test drives. The same engine as the agent's, without names and
/// without copies: signals are set by slot, and what is not set anew in a round holds on.
public struct Replay: Sendable {
    private var diagnosis: Diagnosis
    private var now = Int64.min
    /// Of the last life: parts of one model have the same.
    private var layout: (kind: ComponentKind, attributes: [String: String], layout: Layout)?

    /// How faults are written.
    public enum Writing: Sendable {
        case full
        /// Without sentences, suspects, values and a number of their own: for who only counts them.
        case brief
    }

    public init(patterns: PatternPack, component: Component, writing: Writing = .full) {
        diagnosis = Diagnosis(patterns: patterns)
        diagnosis.writing = writing
        restart(component: component)
    }

    /// The slot of a signal; nil where no pattern for this component looks at it. Another component may have others.
    public func slot(of signal: Signal) -> Int? {
        diagnosis.book.tables.signalNumbers[signal].flatMap { diagnosis.memories[0].slot(of: $0) }
    }

    /// How many patterns look at a slot's signal.
    public func patterns(on slot: Int) -> Int { diagnosis.memories[0].layout.slots[slot].patterns.count }

    /// Begins a round. Rounds go on in time.
    public mutating func begin(at time: Timestamp) { now = time.milliseconds }

    public mutating func set(_ slot: Int, counter: UInt64) {
        diagnosis.memories[0].takeNumber(Double(counter), raw: counter, .counter, slot: slot, at: now)
    }

    /// A reading that is not finite is one that is not there.
    public mutating func set(_ slot: Int, reading: Double) {
        guard reading.isFinite else { return setUnavailable(slot) }
        diagnosis.memories[0].takeNumber(reading, raw: 0, .reading, slot: slot, at: now)
    }

    public mutating func set(_ slot: Int, state: String) {
        _ = diagnosis.memories[0].take(.state(state), slot: slot, at: now)
    }

    public mutating func setUnavailable(_ slot: Int) {
        _ = diagnosis.memories[0].take(.unavailable(.notSupported), slot: slot, at: now)
    }

    /// Ends the round: all that was set earlier and not anew is repeated as it was.
    public mutating func finish() -> [FaultChange] {
        let moment = Timestamp(milliseconds: now)
        diagnosis.go(to: moment)
        diagnosis.memories[0].retell(at: now)
        // As `Diagnosis.finish`, without the sets: a back-test does nothing else, millions of times.
        guard diagnosis.crossComponentReads.signalReaders.isEmpty else { return diagnosis.finish([0], at: moment) }
        let found = diagnosis.memories[0].evaluate(
            at: now, isTick: false, known: diagnosis.topology.known, book: diagnosis.book, writing: diagnosis.writing)
        if !found.isEmpty { diagnosis.faultsAreNews = true }
        guard diagnosis.faultsAreNews || diagnosis.hasEndingSigns else { return [] }
        let id = diagnosis.memories[0].id
        var changes = found.compactMap { change in
            diagnosis.book.entryOfPattern[change.fault.pattern].map {
                (key: RootCause.Key(component: id, entry: $0), change: change)
            }
        }
        changes += diagnosis.evaluateByFaults(at: moment, isTick: false)
        diagnosis.faultsAreNews = false
        return changes.isEmpty && !diagnosis.hasEndingSigns ? [] : diagnosis.settle(changes, at: moment)
    }

    /// Begins the life of another part.
    public mutating func restart(component: Component) {
        let attributes = Diagnosis.attributes(of: component)
        let layout: Layout
        if let last = self.layout, last.kind == component.kind, last.attributes == attributes {
            layout = last.layout
        } else {
            layout = diagnosis.layout(for: component.kind, attributes, keeping: [])
            self.layout = (component.kind, attributes, layout)
        }
        var memory = ComponentMemory(id: component.id, kind: component.kind, layout: layout)
        memory.attributes = attributes
        memory.serial = component.part.serial
        diagnosis.restart(with: memory, of: component)
    }
}
