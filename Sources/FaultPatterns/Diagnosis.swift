public import Reports

/// From observations to faults. A value: the same patterns, state and input give the same faults, on any machine.
///
/// A sample touches only the patterns that look at its signal. All observations of one round carry one time; patterns
/// are judged once for each time, when all of that time's values are in.
public struct Diagnosis: Sendable {
    private let pack: PatternPack
    /// In the order in which the components were met; `numbers` finds them.
    private var memories: [ComponentMemory] = []
    private var numbers: [ComponentID: Int] = [:]
    private var known: [ComponentID: Component] = [:]
    /// Components with a fault or a condition on its way whose windows of events run out by time alone.
    private var ticking: Set<Int> = []
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
        var memory = ComponentMemory(id: state.component, kind: Diagnosis.kind(of: state.component))
        let orphans = memory.resume(latches, windows, pack: pack)
        withdrawn += orphans.map { (state.component, $0) }
        if let component = latches.component {
            known[state.component] = component
            memory.kind = component.kind
            memory.attributes = component.attributes
        }
        select(for: &memory)
        store(memory)
        newest = max(newest ?? latches.asOf, latches.asOf)
    }

    /// Open faults, the oldest first.
    public var openFaults: [Fault] {
        memories.flatMap { Array($0.faults.values) + Array($0.heldFaults.values) }
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
            guard isNews, var memory = memory(of: component) else { continue }
            memory.kind = component.kind
            memory.attributes = component.attributes
            memory.serial = component.part.serial ?? memory.serial
            select(for: &memory)
            memory.hasNewLatches = true
            store(memory)
        }
        return changes
    }

    /// Clears what hangs on a part that `component` has taken the place of.
    private mutating func exchange(
        _ component: Component, besides listed: Set<ComponentID>, at now: Timestamp
    ) -> [FaultChange] {
        guard let serial = component.part.serial else { return [] }
        if let old = numbers[component.id].flatMap({ memories[$0].serial }), old != serial {
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
        guard let number = numbers[id] else { return [] }
        let faults = (Array(memories[number].faults.values) + Array(memories[number].heldFaults.values))
            .sorted { $0.id.rawValue < $1.id.rawValue }
        memories[number].forget()
        ticking.remove(number)
        return faults.map { fault in
            var cleared = fault
            cleared.updatedAt = now
            return FaultChange(kind: .cleared, fault: cleared, because: because, time: now)
        }
    }

    /// What is remembered of a component, or an empty memory if there is room and a pattern for its kind.
    private func memory(of component: Component) -> ComponentMemory? {
        if let number = numbers[component.id] { return memories[number] }
        guard memories.count < PatternLimits.components,
            pack.compiled.contains(where: { $0.pattern.kinds.contains(component.kind) })
        else { return nil }
        return ComponentMemory(id: component.id, kind: component.kind)
    }

    private mutating func store(_ memory: ComponentMemory) {
        let number = numbers[memory.id] ?? memories.count
        if number == memories.count {
            memories.append(memory)
            numbers[memory.id] = number
        } else {
            memories[number] = memory
        }
        if memory.ticks(in: pack) { ticking.insert(number) } else { ticking.remove(number) }
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
        var samples: [Sample] = []
        for observation in observations {
            guard let signal = pack.tables.signalNumbers[observation.signal],
                let component = number(of: observation.component)
            else { continue }
            let time = min(observation.time, now)
            samples.append(
                Sample(component: component, signal: signal, measurement: observation.measurement, time: time))
        }
        // The sort is stable: of two values of one time, the first told counts.
        samples.sort { $0.time < $1.time }
        var index = 0
        while index < samples.count {
            let moment = samples[index].time
            var touched: [Int: [Int]] = [:]
            while index < samples.count, samples[index].time == moment {
                take(samples[index], touched: &touched)
                index += 1
            }
            let told = touched.flatMap { judge($0.key, $0.value, at: moment, isSample: true) }
            changes += told.sorted(by: Diagnosis.precedes)
        }
        let told = ticking.flatMap { number in
            judge(number, memories[number].patterns.filter { pack.compiled[$0].needsTicks }, at: now, isSample: false)
        }
        changes += told.sorted(by: Diagnosis.precedes)
        return changes
    }

    private struct Sample {
        var component: Int
        var signal: Int
        var measurement: Measurement
        var time: Timestamp
    }

    private static func precedes(_ left: FaultChange, _ right: FaultChange) -> Bool {
        (left.fault.component, left.fault.pattern) < (right.fault.component, right.fault.pattern)
    }

    /// The number of a component, one that was not heard of before included; nil where there is no more room.
    private mutating func number(of id: ComponentID) -> Int? {
        if let number = numbers[id] { return number }
        guard memories.count < PatternLimits.components else { return nil }
        var memory = ComponentMemory(id: id, kind: Diagnosis.kind(of: id))
        select(for: &memory)
        store(memory)
        return numbers[id]
    }

    private mutating func take(_ sample: Sample, touched: inout [Int: [Int]]) {
        guard
            memories[sample.component].take(
                sample.measurement, signal: sample.signal, at: sample.time, tables: pack.tables)
        else { return }
        for pattern in pack.subscribers[sample.signal] where memories[sample.component].patterns.contains(pattern) {
            if touched[sample.component]?.contains(pattern) != true {
                touched[sample.component, default: []].append(pattern)
            }
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
        for number in memories.indices { memories[number].shift(by: step) }
        newest = time
        return time
    }

    private mutating func clearWithdrawn(at now: Timestamp) -> [FaultChange] {
        defer { withdrawn = [] }
        return withdrawn.map { component, fault in
            if let number = numbers[component] { memories[number].hasNewLatches = true }
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
        _ component: Int, _ patterns: some Collection<Int>, at moment: Timestamp, isSample: Bool
    ) -> [FaultChange] {
        var changes: [FaultChange] = []
        for number in patterns {
            let before = memories[component].progress[number]
            let outcome = Judgement(
                pattern: pack.compiled[number], known: known,
                evaluation: Evaluation(memory: memories[component], tables: pack.tables, now: moment),
                isSample: isSample
            ).outcome(open: memories[component].faults[number], progress: before)
            if outcome.progress != before {
                memories[component].progress[number] = outcome.progress
                memories[component].hasNewLatches = true
            }
            if let change = outcome.change {
                memories[component].faults[number] = change.kind == .cleared ? nil : change.fault
                memories[component].hasNewLatches = true
                changes.append(change)
            }
        }
        if memories[component].ticks(in: pack) { ticking.insert(component) } else { ticking.remove(component) }
        return changes
    }

    // MARK: What to store

    /// What must be stored since the last call. Latches are always in it; windows only when asked for (every 5 minutes,
    /// so that the flash is not worn by the monitor).
    public mutating func takeChanges(windows: Bool) -> [ComponentState] {
        var states: [ComponentState] = []
        for number in memories.indices {
            let memory = memories[number]
            guard memory.hasNewLatches || (windows && memory.hasNewWindows) else { continue }
            memories[number].hasNewLatches = false
            if windows { memories[number].hasNewWindows = false }
            do {
                let asOf = newest ?? Timestamp(milliseconds: 0)
                states.append(
                    ComponentState(
                        component: memory.id, latches: try memory.latches(of: pack, known[memory.id], asOf: asOf),
                        windows: windows ? try memory.windows(of: pack) : nil))
            } catch {
                // Only a number that is not finite cannot be written; none gets in.
                problems.append("the state of \(memory.id) cannot be stored: \(error)")
            }
        }
        return states
    }
}

extension ComponentMemory {
    /// Whether time alone may change what this component has open.
    func ticks(in pack: PatternPack) -> Bool {
        faults.keys.contains { pack.compiled[$0].needsTicks } || progress.keys.contains { pack.compiled[$0].needsTicks }
    }
}
