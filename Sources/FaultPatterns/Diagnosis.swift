public import Reports

/// From observations to faults. A value: the same patterns, state and input give the same faults, on any machine.
///
/// A sample touches only the patterns that look at its signal. All observations of one round carry one time; patterns
/// are judged once for each time, when all of that time's values are in.
public struct Diagnosis: Sendable {
    private let pack: PatternPack
    private var components: [ComponentID: ComponentMemory] = [:]
    private var known: [ComponentID: Component] = [:]
    private var changedLatches: Set<ComponentID> = []
    private var changedWindows: Set<ComponentID> = []
    /// Components with a fault or a condition on its way whose windows of events run out by time alone.
    private var ticking: Set<ComponentID> = []
    private var withdrawn: [(component: ComponentID, fault: Fault)] = []
    /// The newest time that was told.
    private var newest: Timestamp?
    /// What could not be taken up of the stored state, and so starts afresh; for the log.
    public private(set) var problems: [String] = []

    public init(patterns: PatternPack, resuming states: [ComponentState] = []) {
        pack = patterns
        for state in states.prefix(PatternLimits.components) { resume(state) }
    }

    private mutating func resume(_ state: ComponentState) {
        let latches: StoredLatches
        do { latches = try WireFormat.decode(StoredLatches.self, from: state.latches) } catch {
            problems.append("the stored state of \(state.component) is unreadable and starts afresh")
            return
        }
        var windows: StoredWindows?
        if let stored = state.windows {
            windows = try? WireFormat.decode(StoredWindows.self, from: stored)
            if windows == nil {
                problems.append("the stored windows of \(state.component) are unreadable and start afresh")
            }
        }
        var memory = ComponentMemory(kind: Diagnosis.kind(of: state.component))
        let orphans = memory.resume(latches, windows, pack: pack)
        withdrawn += orphans.map { (state.component, $0) }
        if let component = latches.component {
            known[state.component] = component
            memory.kind = component.kind
            memory.attributes = component.attributes
        }
        select(for: &memory)
        components[state.component] = memory
        if memory.ticks(in: pack) { ticking.insert(state.component) }
        newest = max(newest ?? latches.asOf, latches.asOf)
    }

    /// Open faults, the oldest first.
    public var openFaults: [Fault] {
        components.values.flatMap { Array($0.faults.values) + Array($0.heldFaults.values) }
            .sorted { ($0.openedAt, $0.id.rawValue) < ($1.openedAt, $1.id.rawValue) }
    }

    // MARK: What there is

    /// What is known of the machine's components: parts, attributes, parents. A component whose serial changed is
    /// another part, and so is one that sits where another one was: the old one's state is dropped and its faults cleared.
    ///
    /// A component that is merely missing from the list changes nothing.
    public mutating func know(_ list: [Component], at time: Timestamp) -> [FaultChange] {
        let now = advance(to: time)
        var changes = clearWithdrawn(at: now)
        let listed = Set(list.map(\.id))
        for component in list where known[component.id] != nil || known.count < PatternLimits.components {
            changes += exchange(component, besides: listed, at: now)
            let isNews = known.updateValue(component, forKey: component.id) != component
            guard isNews, var memory = components[component.id] ?? newMemory(of: component) else { continue }
            memory.kind = component.kind
            memory.attributes = component.attributes
            memory.serial = component.part.serial ?? memory.serial
            select(for: &memory)
            components[component.id] = memory
            changedLatches.insert(component.id)
        }
        return changes
    }

    /// Clears what hangs on a part that `component` has taken the place of.
    private mutating func exchange(
        _ component: Component, besides listed: Set<ComponentID>, at now: Timestamp
    ) -> [FaultChange] {
        guard let serial = component.part.serial else { return [] }
        if let old = components[component.id]?.serial, old != serial {
            return forget(component.id, because: "Part exchanged: serial \(old) has become \(serial).", at: now)
        }
        guard known[component.id] == nil, let location = component.part.location else { return [] }
        let gone = known.values.filter {
            $0.kind == component.kind && $0.parent == component.parent && $0.part.location == location
                && !listed.contains($0.id) && $0.part.serial != nil && $0.part.serial != serial
        }
        return gone.sorted { $0.id < $1.id }.flatMap { old in
            known[old.id] = nil
            return forget(
                old.id, because: "Part exchanged: \(component.name), serial \(serial), sits in \(location) now.",
                at: now)
        }
    }

    private mutating func forget(_ id: ComponentID, because: String, at now: Timestamp) -> [FaultChange] {
        guard var memory = components[id] else { return [] }
        let faults = (Array(memory.faults.values) + Array(memory.heldFaults.values)).sorted {
            $0.id.rawValue < $1.id.rawValue
        }
        memory.forget()
        components[id] = memory
        ticking.remove(id)
        changedLatches.insert(id)
        changedWindows.insert(id)
        return faults.map { fault in
            var cleared = fault
            cleared.updatedAt = now
            return FaultChange(kind: .cleared, fault: cleared, because: because, time: now)
        }
    }

    private func newMemory(of component: Component) -> ComponentMemory? {
        guard components.count < PatternLimits.components,
            pack.compiled.contains(where: { $0.pattern.kinds.contains(component.kind) })
        else { return nil }
        return ComponentMemory(kind: component.kind)
    }

    /// Patterns for this component, and those that already have a fault or a condition on its way.
    private func select(for memory: inout ComponentMemory) {
        let (kind, attributes) = (memory.kind, memory.attributes)
        memory.patterns = Set(pack.compiled.indices.filter { pack.compiled[$0].applies(to: kind, attributes) })
        memory.patterns.formUnion(memory.faults.keys)
    }

    private static func kind(of id: ComponentID) -> ComponentKind {
        ComponentKind(rawValue: String(id.rawValue.prefix { $0 != ":" }))
    }

    // MARK: What was seen

    /// Takes observations, in any order, and says what they change.
    public mutating func observe(_ observations: some Sequence<Observation>, at time: Timestamp) -> [FaultChange] {
        let now = advance(to: time)
        var changes = clearWithdrawn(at: now)
        let ordered = observations.enumerated()
            .filter { pack.tables.signalNumbers[$0.element.signal] != nil }
            .map { (offset: $0.offset, time: min($0.element.time, now), observation: $0.element) }
            .sorted { ($0.time, $0.offset) < ($1.time, $1.offset) }
        var index = 0
        while index < ordered.count {
            let moment = ordered[index].time
            var touched: [ComponentID: Set<Int>] = [:]
            while index < ordered.count, ordered[index].time == moment {
                take(ordered[index].observation, at: moment, touched: &touched)
                index += 1
            }
            for (component, patterns) in touched.sorted(by: { $0.key < $1.key }) {
                changes += judge(component, patterns.sorted(), at: moment, isSample: true)
            }
        }
        for component in ticking.sorted() {
            let patterns = components[component]?.patterns.filter { pack.compiled[$0].needsTicks } ?? []
            changes += judge(component, patterns.sorted(), at: now, isSample: false)
        }
        return changes
    }

    private mutating func take(
        _ observation: Observation, at moment: Timestamp, touched: inout [ComponentID: Set<Int>]
    ) {
        let id = observation.component
        guard let signal = pack.tables.signalNumbers[observation.signal] else { return }
        if components[id] == nil {
            guard components.count < PatternLimits.components else { return }
            var memory = ComponentMemory(kind: Diagnosis.kind(of: id))
            select(for: &memory)
            components[id] = memory
        }
        guard
            let intake = components[id]?.take(observation.measurement, signal: signal, at: moment, tables: pack.tables),
            intake.isNews
        else { return }
        changedWindows.insert(id)
        if intake.touchesLatches { changedLatches.insert(id) }
        for pattern in pack.subscribers[signal] where components[id]?.patterns.contains(pattern) == true {
            touched[id, default: []].insert(pattern)
        }
    }

    /// The time to go by. A clock that is a little behind what was told before is a round that took long; one that is
    /// far behind was set back, and all that is remembered moves with it.
    private mutating func advance(to time: Timestamp) -> Timestamp {
        guard let before = newest, time < before else {
            newest = time
            return time
        }
        // One millisecond more, so that what comes now is newer than what came before.
        let step = time - before - .milliseconds(1)
        guard -step.inMilliseconds > PatternLimits.lateness else { return before }
        for id in components.keys { components[id]?.shift(by: step) }
        changedLatches.formUnion(components.keys)
        changedWindows.formUnion(components.keys)
        newest = time
        return time
    }

    private mutating func clearWithdrawn(at now: Timestamp) -> [FaultChange] {
        defer { withdrawn = [] }
        return withdrawn.map { component, fault in
            changedLatches.insert(component)
            var cleared = fault
            cleared.updatedAt = now
            return FaultChange(
                kind: .cleared, fault: cleared,
                because: "The pattern \(fault.pattern) was withdrawn from the rule base.",
                time: now)
        }
    }

    // MARK: What it means

    private mutating func judge(
        _ id: ComponentID, _ patterns: [Int], at moment: Timestamp, isSample: Bool
    ) -> [FaultChange] {
        guard var memory = components[id] else { return [] }
        // Out of the table while it is changed, so that nothing is copied.
        components[id] = nil
        defer {
            components[id] = memory
            if memory.ticks(in: pack) { ticking.insert(id) } else { ticking.remove(id) }
        }
        var changes: [FaultChange] = []
        for number in patterns {
            let before = memory.progress[number]
            let judgement = Judgement(
                pattern: pack.compiled[number], component: id, known: known,
                evaluation: Evaluation(memory: memory, tables: pack.tables, now: moment), isSample: isSample)
            let outcome = judgement.outcome(open: memory.faults[number], progress: before)
            memory.progress[number] = outcome.progress
            if outcome.progress != before { changedLatches.insert(id) }
            guard let change = outcome.change else { continue }
            memory.faults[number] = change.kind == .cleared ? nil : change.fault
            changedLatches.insert(id)
            changes.append(change)
        }
        return changes
    }

    // MARK: What to store

    /// What must be stored since the last call. Latches are always in it; windows only when asked for (every 5 minutes,
    /// so that the flash is not worn by the monitor).
    public mutating func takeChanges(windows: Bool) -> [ComponentState] {
        let ids = windows ? changedLatches.union(changedWindows) : changedLatches
        var states: [ComponentState] = []
        for id in ids.sorted() {
            guard let memory = components[id] else { continue }
            do {
                states.append(
                    ComponentState(
                        component: id,
                        latches: try memory.latches(of: pack, known[id], asOf: newest ?? Timestamp(milliseconds: 0)),
                        windows: windows ? try memory.windows(of: pack) : nil))
            } catch {
                // Only a number that is not finite cannot be written; none gets in.
                problems.append("the state of \(id) cannot be stored: \(error)")
            }
        }
        changedLatches = []
        if windows { changedWindows = [] }
        return states
    }
}

extension ComponentMemory {
    /// Whether time alone may change what this component has open.
    func ticks(in pack: PatternPack) -> Bool {
        faults.keys.contains { pack.compiled[$0].needsTicks } || progress.keys.contains { pack.compiled[$0].needsTicks }
    }
}
