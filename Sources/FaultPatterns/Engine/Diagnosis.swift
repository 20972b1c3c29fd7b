public import Reports

/// From observations to faults. A value: the same patterns, state and input give the same faults, on any machine.
///
/// A sample touches only the patterns that look at its signal, and those only when it crosses a limit of theirs. All
/// observations of one round carry one time; patterns are judged once for each time, when all of that time's values are
/// in: those on the component itself first, then what is asked of other components, then what is asked of their faults.
/// Last comes which fault explains which (`RootCause`).
public struct Diagnosis: Sendable {
    let book: Rulebook
    /// In the order in which the components were met; `numbers` finds them.
    var memories: ContiguousArray<ComponentMemory> = []
    private(set) var numbers: [ComponentID: Int] = [:]
    private(set) var topology = Topology()
    private(set) var crossComponentReads = CrossComponentReads()
    private var readsAreStale = true
    private var layouts: [LayoutKey: Layout] = [:]
    /// Layouts by what the patterns of a kind select by.
    private var layoutsOfAttributes: [AttributesKey: Layout] = [:]
    /// Whether a fault opened or cleared since others were last asked for theirs.
    var faultsAreNews = true
    /// How faults are written; a replay may want less of them.
    var writing = Replay.Writing.full
    private var rootCause = RootCause()
    /// Components with a fault or a condition on its way that time alone may change.
    private(set) var ticking: Set<Int> = []
    private var withdrawn: [(component: ComponentID, fault: Fault)] = []
    /// Remote signals whose values a test sets by hand.
    private var toldByHand: Set<Int> = []
    /// Components that had something set by hand since the last observations.
    private var handTold: Set<Int> = []
    /// The newest time that was reported.
    private var newest: Timestamp?
    /// Numbers of components that are gone and have no fault: their places are given to others where there is no more room. The
    /// last is given first.
    private var vacant: [Int] = []
    private var forgotten: [ComponentID] = []
    /// How often a component found no place, with all that are gone forgotten: nothing of it is judged.
    public private(set) var unheardComponents = 0
    /// When somebody looked last, whatever that brought.
    private var observedAt: Timestamp?
    /// For how long the samples of the newest call stand for what is; milliseconds.
    private var keep = Int32.max
    /// Whoever reads events, by name.
    private var sources = EventSources()
    /// Components of which events were told by one of these.
    private var hearers: Set<Int> = []
    /// Serial numbers that were reported once, of components that had another or where another one was. A restart forgets
    /// them: then it takes two reports again.
    private var expectedExchanges: [ComponentID: String] = [:]
    /// What could not be taken up of the stored state, and so starts afresh; for the log.
    public private(set) var problems: [String] = []

    private struct AttributesKey: Hashable {
        var kind: ComponentKind
        var values: [String?]
    }

    private struct LayoutKey: Hashable {
        var kind: ComponentKind
        var chosen: [Int]
    }

    /// - Parameters:
    ///   - states: what was stored when it stopped.
    ///   - end: the time until which it is known to have watched, where that is later than the newest sample.
    ///   - read: when each source of events was last read, as `eventSourcesRead` had it; one that is missing, until the end.
    public init(
        patterns: PatternPack, resuming states: [ComponentState] = [], stoppedAt end: Timestamp? = nil,
        eventSourcesRead read: [String: Timestamp] = [:]
    ) {
        book = patterns.book
        for state in states.prefix(PatternLimits.components) { resume(state) }
        if let newest {
            let stop = max(newest, end ?? newest).milliseconds
            sources.resume(read, stoppedAt: stop)
            for number in memories.indices {
                memories[number].reviewFrom = newest.milliseconds
                memories[number].resume(stoppedAt: stop, reading: sources)
            }
        }
    }

    /// The newest time that is remembered: time goes on from there.
    public var newestTime: Timestamp? { newest }

    /// When each source of events was last read, by name: to be stored whenever anything is.
    public var eventSourcesRead: [String: Timestamp] { sources.read }

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
        let kind = latches.component?.kind ?? Diagnosis.kind(of: state.component)
        var memory = ComponentMemory(id: state.component, kind: kind, layout: layout(for: kind, [:], keeping: []))
        memory.serial = latches.serial
        if let component = latches.component {
            _ = topology.know(component)
            memory.attributes = Diagnosis.attributes(of: component)
        }
        for (id, fault) in latches.faults {
            let key = book.entryOfPattern[id].map { RootCause.Key(component: state.component, entry: $0) }
            if let key {
                memory.faults[key.entry] = fault
                if let cause = latches.causes?[id] {
                    if let entry = book.entryOfPattern[cause.pattern] {
                        rootCause.resume(key, cause: RootCause.Key(component: cause.component, entry: entry))
                    } else {
                        rootCause.resume(key, orphanedBy: cause)
                    }
                } else {
                    rootCause.resume(key, told: latches.told?[id] ?? fault)
                }
            } else if book.skipped.contains(id) {
                memory.heldFaults[id] = latches.told?[id] ?? fault
            } else if latches.causes?[id] == nil {
                withdrawn.append((state.component, latches.told?[id] ?? fault))
            }
        }
        for (id, value) in latches.progress {
            if let entry = book.entryOfPattern[id], latches.goesOn(id, in: book) { memory.progress[entry] = value }
        }
        select(for: &memory)
        memory.resume(latches, windows, book: book, sources: &sources)
        store(memory)
        newest = max(newest ?? latches.asOf, latches.asOf)
    }

    /// Open faults that are reported, the oldest first: those that another one explains are in its evidence.
    public var openFaults: [Fault] {
        (Array(rootCause.told.values) + memories.flatMap { $0.heldFaults.values })
            .sorted { ($0.openedAt, $0.id.rawValue) < ($1.openedAt, $1.id.rawValue) }
    }

    // MARK: What there is

    /// What is known of the machine's components: parts, attributes, parents. A component whose serial changed is
    /// another part, and so is one that sits where another one was: the old one's state is dropped and its faults cleared.
    ///
    /// A serial number may be read wrongly, and two probes may disagree: an exchange needs the new number twice from one
    /// probe, or once from each of two. Until then nothing is forgotten, and the old number cancels it. A component that is
    /// merely missing from the list changes nothing, unless there are more than there is room for: then those that are
    /// missing and have no fault are forgotten first.
    /// - Parameters:
    ///   - list: all that is known.
    ///   - report: what one probe has just reported; nil: the list.
    public mutating func know(
        _ list: [Component], reported report: [Component]? = nil, at time: Timestamp
    ) -> [FaultChange] {
        let now = advance(to: time)
        var told = clearWithdrawn(at: now)
        let listed = Set(list.map(\.id))
        makeRoom(for: listed)
        let changes = exchange(report ?? list, besides: listed, at: now)
        var isNews = false
        for component in list {
            guard topology.known[component.id] != nil || topology.known.count < PatternLimits.components else {
                unheardComponents += 1
                continue
            }
            var component = component
            let old = numbers[component.id].flatMap { memories[$0].serial }
            // Until it is sure that it was exchanged, it is the part that it was.
            if let old, component.part.serial != nil, let known = topology.known[component.id] {
                if component.part.serial != old { component.part = known.part }
            }
            let wasProvisional = topology.known[component.id]?.attributes["provisional"] != nil
            guard topology.know(component) else { continue }
            isNews = true
            guard var memory = memory(of: component) else { continue }
            if wasProvisional, component.attributes["provisional"] == nil { memory.lookAnew() }
            memory.kind = component.kind
            memory.attributes = Diagnosis.attributes(of: component)
            memory.serial = memory.serial ?? component.part.serial
            if let before = memory.declaredReplaced, before != PartIdentity(component.part) { memory.forgetLifetimes() }
            select(for: &memory)
            memory.hasNewLatches = true
            store(memory)
        }
        if isNews { readsAreStale = true }
        if !changes.isEmpty { told += settle(changes, at: now) }
        return told
    }

    /// Whether a part bears another serial number than it did, and the next reports decide whether it was exchanged.
    public var awaitsReports: Bool { !expectedExchanges.isEmpty }

    /// What patterns select by.
    static func attributes(of component: Component) -> [String: String] {
        var attributes = component.attributes
        attributes["maker"] = component.part.manufacturer ?? attributes["maker"]
        attributes["model"] = component.part.model ?? attributes["model"]
        attributes["firmware"] = component.part.firmware ?? attributes["firmware"]
        return attributes
    }

    /// Clears what hangs on parts that others have taken the place of.
    /// - Parameters:
    ///   - report: what one probe reported.
    ///   - listed: all that is there.
    private mutating func exchange(
        _ report: [Component], besides listed: Set<ComponentID>, at now: Timestamp
    ) -> [(key: RootCause.Key, change: FaultChange)] {
        var changes: [(key: RootCause.Key, change: FaultChange)] = []
        for component in report {
            guard let serial = component.part.serial else { continue }
            if let number = numbers[component.id], let old = memories[number].serial, old != serial {
                guard isConfirmed(component.id, serial) else { continue }
                let because = "Part exchanged: serial \(old) has become \(serial)."
                let ended = endExchanged(component.id, because: because, at: now)
                memories[number].serial = serial
                memories[number].note(ended.map(\.change), as: .replaced, at: now)
                changes += ended
                continue
            }
            let gone = predecessors(of: component, serial: serial, besides: listed)
            guard !gone.isEmpty else {
                expectedExchanges[component.id] = nil
                continue
            }
            guard isConfirmed(component.id, serial) else { continue }
            let place = component.part.location ?? ""
            for old in gone {
                let because = "Part exchanged: \(component.name), serial \(serial), sits in \(place) now."
                let ended = endExchanged(old.id, because: because, at: now)
                topology.forget(old.id)
                if let number = numbers[component.id] {
                    memories[number].note(ended.map(\.change), as: .replaced, at: now)
                }
                changes += ended
            }
        }
        return changes
    }

    /// Whether the serial number was reported before.
    private mutating func isConfirmed(_ id: ComponentID, _ serial: String) -> Bool {
        guard expectedExchanges[id] == serial else {
            if expectedExchanges.count < PatternLimits.components { expectedExchanges[id] = serial }
            return false
        }
        expectedExchanges[id] = nil
        return true
    }

    /// Parts that sat where a component sits now, and are there no more.
    private func predecessors(
        of component: Component, serial: String, besides listed: Set<ComponentID>
    ) -> [Component] {
        let isExpected = expectedExchanges[component.id] != nil
        guard isExpected || topology.known[component.id] == nil, let location = component.part.location,
            !location.isEmpty
        else { return [] }
        // What was there already under another name has taken nobody's place: it moved, or its shelf was found anew.
        let isFromElsewhere =
            !isExpected
            && topology.known.values.contains {
                $0.kind == component.kind && $0.part.serial == serial && $0.id != component.id
            }
        guard !isFromElsewhere else { return [] }
        return topology.known.values.filter {
            $0.kind == component.kind && $0.parent == component.parent && $0.part.location == location
                && !listed.contains($0.id) && $0.part.serial != nil && $0.part.serial != serial
        }.sorted { $0.id < $1.id }
    }

    /// Clears what hangs on disks whose hours of power fell by more than a day: where a disk is known by its path or place
    /// and not by a number of its own, another one is there. (With hours that go on, counters that fall are a reset by
    /// firmware.)
    private mutating func exchangeByHours(
        _ list: [Observation], at now: Timestamp
    ) -> [(key: RootCause.Key, change: FaultChange)] {
        var changes: [(key: RootCause.Key, change: FaultChange)] = []
        for observation in list where observation.signal == DiskSignals.powerOnTime {
            guard case .counter(let hours) = observation.measurement, let number = number(of: observation.component)
            else { continue }
            let before = memories[number].hours
            memories[number].hours = hours
            guard let before, before > hours, before - hours > 24, memories[number].serial == nil,
                !observation.component.isNumber
            else { continue }
            changes += endExchanged(
                observation.component,
                because: "Part exchanged: \(before) hours of power have become \(hours).", at: now)
            memories[number].hours = hours
        }
        return changes
    }

    /// - Parameter isWord: a person says so, and not the machine.
    mutating func forget(
        _ id: ComponentID, byWord isWord: Bool = false, because: String, at now: Timestamp
    ) -> [(key: RootCause.Key, change: FaultChange)] {
        guard let number = numbers[id] else { return [] }
        let faults = memories[number].faults
        var changes = faults.sorted { $0.value.id.rawValue < $1.value.id.rawValue }.map { entry, fault in
            (RootCause.Key(component: id, entry: entry), cleared(fault, because: because, at: now))
        }
        changes += memories[number].heldFaults.values.sorted { $0.id.rawValue < $1.id.rawValue }.map { fault in
            (RootCause.Key(component: id, entry: -1), cleared(fault, because: because, at: now))
        }
        memories[number].forget(byWord: isWord)
        ticking.remove(number)
        return changes
    }

    func cleared(_ fault: Fault, because: String, at now: Timestamp) -> FaultChange {
        var over = fault
        over.updatedAt = now
        return FaultChange(kind: .cleared, fault: over, because: because, time: now)
    }

    /// What is remembered of a component, or an empty memory if there is room and somebody asks for its kind.
    private mutating func memory(of component: Component) -> ComponentMemory? {
        if let number = numbers[component.id] { return memories[number] }
        guard book.entriesOfKind[component.kind] != nil, hasRoom() else { return nil }
        return ComponentMemory(
            id: component.id, kind: component.kind, layout: layout(for: component.kind, [:], keeping: []))
    }

    private mutating func store(_ memory: ComponentMemory) {
        let number: Int
        if let known = numbers[memory.id] {
            number = known
            memories[number] = memory
        } else {
            if memories.count >= PatternLimits.components, let left = vacant.popLast() {
                number = left
                numbers[memories[left].id] = nil
                topology.forget(memories[left].id)
                forgotten.append(memories[left].id)
                memories[left] = memory
            } else {
                number = memories.count
                memories.append(memory)
            }
            numbers[memory.id] = number
            readsAreStale = true
        }
        if memory.heard.isEmpty { hearers.remove(number) } else { hearers.insert(number) }
        updateTicking(number)
    }

    // MARK: Room

    /// Finds out which places can be given away, if there is no room for all of `listed`.
    private mutating func makeRoom(for listed: Set<ComponentID>) {
        vacant = []
        let news = listed.count { topology.known[$0] == nil }
        guard max(topology.known.count, memories.count) + news > PatternLimits.components else { return }
        func isGone(_ id: ComponentID) -> Bool {
            guard !listed.contains(id) else { return false }
            guard let number = numbers[id] else { return true }
            return memories[number].faults.isEmpty && memories[number].heldFaults.isEmpty
        }
        vacant = memories.indices.filter { isGone(memories[$0].id) }.reversed()
        for id in topology.known.keys.filter(isGone) { topology.forget(id) }
        readsAreStale = true
    }

    /// Whether one more component can be remembered.
    private mutating func hasRoom() -> Bool {
        // Time may have opened a fault since on one that is gone.
        while let last = vacant.last, !(memories[last].faults.isEmpty && memories[last].heldFaults.isEmpty) {
            vacant.removeLast()
        }
        if memories.count < PatternLimits.components || !vacant.isEmpty { return true }
        unheardComponents += 1
        return false
    }

    /// Components whose place was given to others since the last call: what is stored of them can go.
    public mutating func takeForgotten() -> [ComponentID] {
        defer { forgotten = [] }
        return forgotten
    }

    mutating func updateTicking(_ number: Int) {
        memories[number].setAlarm()
        if memories[number].wakesAt < .max { ticking.insert(number) } else { ticking.remove(number) }
    }

    /// Patterns for this component, and those that already have a fault on it.
    private mutating func select(for memory: inout ComponentMemory) {
        memory.relayout(layout(for: memory.kind, memory.attributes, keeping: memory.faults.keys.sorted()))
    }

    mutating func layout(
        for kind: ComponentKind, _ attributes: [String: String], keeping entries: [Int]
    ) -> Layout {
        // Of attributes that change without end, the newest are enough.
        if layoutsOfAttributes.count >= PatternLimits.components { layoutsOfAttributes = [:] }
        let selectors = AttributesKey(kind: kind, values: (book.selectors[kind] ?? []).map { attributes[$0] })
        if entries.isEmpty, let layout = layoutsOfAttributes[selectors] { return layout }
        var chosen = book.choice(for: kind, attributes)
        for entry in entries where !chosen.contains(where: { $0.entry == entry }) {
            chosen.append((entry, book.entries[entry].base))
        }
        chosen.sort { $0.entry < $1.entry }
        let key = LayoutKey(kind: kind, chosen: chosen.map(\.compiled))
        if let layout = layouts[key] {
            if entries.isEmpty { layoutsOfAttributes[selectors] = layout }
            return layout
        }
        let layout = Layout(
            chosen.map { ($0.entry, book.compiled[$0.compiled]) }, exported: book.exported(by: kind),
            tables: book.tables)
        layouts[key] = layout
        if entries.isEmpty { layoutsOfAttributes[selectors] = layout }
        return layout
    }

    private static func kind(of id: ComponentID) -> ComponentKind {
        ComponentKind(rawValue: String(id.rawValue.prefix { $0 != ":" }))
    }

    // MARK: What was seen

    /// Takes observations, in any order, and returns what they change.
    /// - Parameters:
    ///   - time: must not be before that of an earlier call; what is counts as of then.
    ///   - interval: how often such observations are made. They stand for what is for three times as long, a quarter of
    ///     an hour at least and 25 hours at most; while they do not, no clock of a condition on them runs. nil: 25 hours.
    ///   - source: who has looked, by name, and found these. While it does not look for longer than its samples keep, that
    ///     no events come of it shows nothing: what rests on events that it has told neither opens nor clears. nil: events
    ///     count as read at all times.
    public mutating func observe(
        _ observations: some Sequence<Observation>, at time: Timestamp, interval: Duration? = nil,
        from source: String? = nil
    ) -> [FaultChange] {
        let now = advance(to: time)
        keep = Diagnosis.keep(interval)
        if let before = observedAt, now.milliseconds(since: before) > keep {
            for number in memories.indices { memories[number].noteSilence(since: before.milliseconds) }
        }
        observedAt = now
        let source = source.flatMap { noteLook(of: $0, at: now) }
        var changes = clearWithdrawn(at: now)
        let list = Array(observations)
        let exchanged = exchangeByHours(list, at: now)
        if !exchanged.isEmpty { changes += settle(exchanged, at: now) }
        let samples = samples(of: list, at: now)
        var index = 0
        while index < samples.count {
            let moment = samples[index].time
            var touched: Set<Int> = []
            var newestTouched = -1
            while index < samples.count, samples[index].time == moment {
                let sample = samples[index]
                guard sample.slot >= 0 else {
                    memories[sample.component].hear(at: moment.milliseconds)
                    touched.insert(sample.component)
                    index += 1
                    continue
                }
                memories[sample.component].keep = keep
                if let source, case .event = list[sample.observation].measurement {
                    memories[sample.component].hear(slot: sample.slot, from: source, of: sources)
                    hearers.insert(sample.component)
                }
                let isNews =
                    if case .event(let text) = list[sample.observation].measurement {
                        memories[sample.component].take(
                            event: text, times: list[sample.observation].count,
                            labels: list[sample.observation].signal, slot: sample.slot, at: moment.milliseconds)
                    } else {
                        memories[sample.component].take(
                            list[sample.observation].measurement, slot: sample.slot, at: moment.milliseconds)
                    }
                if isNews, newestTouched != sample.component {
                    newestTouched = sample.component
                    touched.insert(newestTouched)
                }
                index += 1
            }
            changes += finish(touched, at: moment)
        }
        if !handTold.isEmpty {
            changes += finish(handTold, at: now)
            handTold = []
        }
        changes += tick(at: now)
        return changes
    }

    /// Notes that a source of events is read.
    /// - Returns: its number; nil where there are too many.
    private mutating func noteLook(of source: String, at now: Timestamp) -> Int? {
        guard let number = sources.number(of: source, at: now.milliseconds) else { return nil }
        let gap = sources.look(number, at: now.milliseconds, keep: keep)
        for hearer in hearers {
            if memories[hearer].noteLook(at: number, of: sources, after: gap, at: now.milliseconds) {
                updateTicking(hearer)
            }
        }
        return number
    }

    private struct Sample {
        var component: Int
        /// Below 0 for what no pattern looks at.
        var slot: Int
        /// Its place in the list.
        var observation: Int
        var time: Timestamp
    }

    /// Where each observation belongs, in the order of their times.
    private mutating func samples(of list: [Observation], at now: Timestamp) -> [Sample] {
        var samples: [Sample] = []
        samples.reserveCapacity(list.count)
        var isInOrder = true
        func add(_ sample: Sample) {
            if let last = samples.last, last.time > sample.time { isInOrder = false }
            samples.append(sample)
        }
        for index in list.indices {
            guard let component = number(of: list[index].component) else { continue }
            let time = min(list[index].time, now)
            let own = book.tables.signalNumbers[list[index].signal]
            if let own, let slot = memories[component].slot(of: own) {
                add(Sample(component: component, slot: slot, observation: index, time: time))
            } else if memories[component].layout.looksForAbsence {
                add(Sample(component: component, slot: -1, observation: index, time: time))
            }
            guard !book.tables.openEvents.isEmpty, list[index].measurement.mayBeOfEvent else { continue }
            // Events that patterns name with some of their labels only.
            for signal in book.tables.openEvents[list[index].signal.name] ?? [] where signal != own {
                guard let slot = memories[component].slot(of: signal),
                    book.tables.signals[signal].labels.allSatisfy({ list[index].signal[label: $0.key] == $0.value })
                else { continue }
                add(Sample(component: component, slot: slot, observation: index, time: time))
            }
        }
        // The sort is stable: of two values of one time, the first reported counts.
        if !isInOrder { samples.sort { $0.time < $1.time } }
        return samples
    }

    /// The number of a component, one that was not known before included; nil where there is no more room.
    private mutating func number(of id: ComponentID) -> Int? {
        if let number = numbers[id] {
            // It is not gone after all, and the round may hold values of it already.
            if !vacant.isEmpty { vacant.removeAll { $0 == number } }
            return number
        }
        guard hasRoom() else { return nil }
        let kind = Diagnosis.kind(of: id)
        store(ComponentMemory(id: id, kind: kind, layout: layout(for: kind, [:], keeping: [])))
        return numbers[id]
    }

    /// The time to go by, which never goes back: `EngineClock` sees to that.
    mutating func advance(to time: Timestamp) -> Timestamp {
        let now = max(time, newest ?? time)
        newest = now
        return now
    }

    /// For how long samples stand for what is, in milliseconds.
    private static func keep(_ interval: Duration?) -> Int32 {
        guard let interval else { return Int32(PatternLimits.staleAfter) }
        let (several, overflow) = interval.inMilliseconds.multipliedReportingOverflow(by: PatternLimits.keepsIntervals)
        return Int32(min(max(overflow ? .max : several, PatternLimits.keepsAtLeast), PatternLimits.staleAfter))
    }

    mutating func clearWithdrawn(at now: Timestamp) -> [FaultChange] {
        defer { withdrawn = [] }
        return withdrawn.map { component, fault in
            if let number = numbers[component] { memories[number].hasNewLatches = true }
            return cleared(
                fault,
                because: book.endings[fault.pattern]
                    ?? "The pattern \(fault.pattern) was withdrawn from the rule base.", at: now)
        }
    }

    // MARK: What it means

    /// Judges the components that a moment's samples touched, and those that these concern.
    mutating func finish(_ touched: Set<Int>, at moment: Timestamp) -> [FaultChange] {
        guard !touched.isEmpty else { return [] }
        if readsAreStale { findReads() }
        var evaluated = touched
        if !crossComponentReads.signalReaders.isEmpty {
            evaluated.formUnion(
                crossComponentReads.readSignals(
                    into: &memories, besides: toldByHand, book, at: moment.milliseconds,
                    keep: keep))
        }
        let changes = evaluate(evaluated, at: moment, isTick: false) + evaluateByFaults(at: moment, isTick: false)
        return changes.isEmpty && !hasEndingSigns ? [] : settle(changes, at: moment)
    }

    private mutating func tick(at now: Timestamp) -> [FaultChange] {
        let due = ticking.filter { memories[$0].wakesAt <= now.milliseconds }
        guard !due.isEmpty else { return [] }
        var changes = evaluate(due, at: now, isTick: true)
        if !changes.isEmpty { changes += evaluateByFaults(at: now, isTick: true) }
        return changes.isEmpty && !hasEndingSigns ? [] : settle(changes, at: now)
    }

    /// Judges what looks for others' faults, until these lead to no more.
    mutating func evaluateByFaults(
        at moment: Timestamp, isTick: Bool
    ) -> [(key: RootCause.Key, change: FaultChange)] {
        // Time may go on right after parts came and went.
        if readsAreStale { findReads() }
        guard !crossComponentReads.faultReaders.isEmpty else { return [] }
        var changes: [(key: RootCause.Key, change: FaultChange)] = []
        for _ in 0..<PatternLimits.activeRounds {
            let readers = crossComponentReads.readFaults(
                into: &memories, besides: toldByHand, isNews: faultsAreNews, at: moment.milliseconds, keep: keep)
            faultsAreNews = false
            guard !readers.isEmpty else { break }
            changes += evaluate(readers, at: moment, isTick: isTick)
        }
        return changes
    }

    /// Judges components, each by itself: in what order does not matter, and one that was judged has nothing left to judge.
    private mutating func evaluate(
        _ components: Set<Int>, at moment: Timestamp, isTick: Bool
    ) -> [(key: RootCause.Key, change: FaultChange)] {
        var changes: [(key: RootCause.Key, change: FaultChange)] = []
        for number in components {
            let found = memories[number].evaluate(
                at: moment.milliseconds, isTick: isTick, known: topology.known, book: book, writing: writing)
            updateTicking(number)
            if !found.isEmpty { faultsAreNews = true }
            for change in found {
                guard let entry = book.entryOfPattern[change.fault.pattern] else { continue }
                changes.append((RootCause.Key(component: memories[number].id, entry: entry), change))
            }
        }
        return changes
    }

    /// Faults on a part of which it was not sure which one it is, and that are put down to this one.
    func identifiedSigns(of component: ComponentID) -> [RootCause.Key] {
        rootCause.signs(on: topology, identifiedAs: component)
    }

    func signs(of faults: Set<RootCause.Key>) -> [RootCause.Key] { rootCause.signs(of: faults) }

    /// Whether a sign is unreported though its cause is over, as it is ending: it must be reported if it does not end.
    var hasEndingSigns: Bool {
        guard rootCause.orphans.isEmpty else { return true }
        guard !rootCause.causes.isEmpty else { return false }
        return rootCause.causes.values.contains { cause in
            numbers[cause.component].map { memories[$0].faults[cause.entry] == nil } ?? true
        }
    }

    mutating func settle(
        _ changes: [(key: RootCause.Key, change: FaultChange)], at moment: Timestamp
    ) -> [FaultChange] {
        var open: [RootCause.OpenFault] = []
        for number in memories.indices where !memories[number].faults.isEmpty {
            let layout = memories[number].layout
            for (entry, fault) in memories[number].faults.sorted(by: { $0.key < $1.key }) {
                let place = layout.patternOfEntry[entry]
                let pattern = place.map { layout.patterns[$0].compiled } ?? book.compiled[book.entries[entry].base]
                let key = RootCause.Key(component: memories[number].id, entry: entry)
                let isEnding =
                    (rootCause.causes[key] != nil || rootCause.orphans[key] != nil)
                    && memories[number].isEnding(entry, pattern, at: moment.milliseconds, book)
                open.append(RootCause.OpenFault(key: key, fault: fault, pattern: pattern, isEnding: isEnding))
            }
        }
        let causesBefore = rootCause.causes
        let told = rootCause.settle(changes, open: open, topology: topology, book: book, at: moment)
        for change in told {
            if let number = numbers[change.fault.component] { memories[number].hasNewLatches = true }
        }
        if causesBefore != rootCause.causes {
            for key in Set(causesBefore.keys).union(rootCause.causes.keys) {
                if let number = numbers[key.component] { memories[number].hasNewLatches = true }
            }
        }
        // Of patterns that this engine cannot run, nothing is settled.
        return told + changes.filter { $0.key.entry < 0 }.map(\.change)
    }

    // MARK: What is read of other components

    private mutating func findReads() {
        topology.build()
        crossComponentReads = CrossComponentReads(of: memories, numbers: numbers, topology: topology, book: book)
        readsAreStale = false
        faultsAreNews = true
    }

    // MARK: What to store

    /// What must be stored since the last call. Latches are always in it; windows only when asked for (every 5 minutes,
    /// so that the flash is not worn by the monitor).
    public mutating func takeChanges(windows: Bool) -> [ComponentState] {
        var states: [ComponentState] = []
        for number in memories.indices {
            guard memories[number].hasNewLatches || (windows && memories[number].hasNewWindows) else { continue }
            memories[number].hasNewLatches = false
            if windows { memories[number].hasNewWindows = false }
            let memory = memories[number]
            do {
                states.append(try state(of: memory, windows: windows))
            } catch {
                // Only a number that is not finite cannot be written; none gets in.
                problems.append("the state of \(memory.id) cannot be stored: \(error)")
            }
        }
        return states
    }

    /// All that would be stored, whatever was stored before: for another engine to begin from.
    public var wholeState: [ComponentState] { memories.compactMap { try? state(of: $0, windows: true) } }

    private func state(of memory: ComponentMemory, windows: Bool) throws -> ComponentState {
        let asOf = newest ?? Timestamp(milliseconds: 0)
        return ComponentState(
            component: memory.id,
            latches: try memory.latches(of: book, topology.known[memory.id], told: rootCause, asOf: asOf),
            windows: windows ? try memory.windows(of: book, asOf: asOf) : nil)
    }

    // MARK: Other patterns

    /// Goes on with other patterns from one look to the next.
    ///
    /// What a pattern of the same edition has counted, waits for and has open goes on. A fault of a pattern that is of
    /// another one stays the same fault, and is judged by the new one: it goes on, rises or clears. One of a pattern that
    /// is gone is cleared, and what it explained is told. The README says it case by case.
    /// - Returns: what is told of it.
    /// - Throws: where the state cannot be carried over; then all is as before.
    public mutating func adopt(_ patterns: PatternPack, at time: Timestamp) throws(DiagnosisProblem) -> [FaultChange] {
        // As of the last look: what comes late, of a time between that and now, is judged at its own time as it would have been.
        let states = wholeState
        guard states.count == memories.count else {
            throw DiagnosisProblem(
                "the state of \(memories.count - states.count) components cannot be carried over to other patterns")
        }
        var next = Diagnosis(
            patterns: patterns, resuming: states, stoppedAt: newest, eventSourcesRead: sources.read)
        next.newest = newest
        next.observedAt = observedAt
        next.keep = keep
        next.problems = problems + next.problems
        next.sources.goOn(from: sources)
        next.withdrawn = withdrawn + next.withdrawn
        next.expectedExchanges = expectedExchanges
        next.unheardComponents = unheardComponents
        next.forgotten = forgotten
        next.writing = writing
        for number in next.memories.indices {
            next.memories[number].hasNewLatches = true
            next.memories[number].hasNewWindows = true
            guard let before = numbers[next.memories[number].id] else { continue }
            next.memories[number].goOn(from: memories[before], reading: next.sources) { signal in
                patterns.book.tables.signalNumbersByKey[book.tables.signalKeys[signal]]
            }
        }
        // Parts that nobody asked for before: they hold others, and the new patterns may be for them.
        let parts = topology.known.values.sorted { $0.id < $1.id }
        self = next
        let now = advance(to: time)
        var changes = know(parts, reported: [], at: now)
        if !rootCause.orphans.isEmpty {
            if readsAreStale { findReads() }
            changes += settle([], at: now)
        }
        return changes
    }

    // MARK: What can be seen

    /// For each active pattern and each component that it is for, whether it could hold with what is read now.
    /// - Parameter receivesEvents: whether events would be received, if there were any.
    public func patternCoverage(receivesEvents: @escaping (AwaitedEvent) -> Bool) -> [PatternCoverage] {
        var crossComponentReads = crossComponentReads
        if readsAreStale {
            var topology = topology
            topology.build()
            crossComponentReads = CrossComponentReads(of: memories, numbers: numbers, topology: topology, book: book)
        }
        return CoverageAnalysis(memories, crossComponentReads, book, receivesEvents: receivesEvents).patternCoverage
    }

    // MARK: For tests and replays

    /// Forgets all components, and remembers one. Layouts stay.
    mutating func restart(with memory: ComponentMemory, of component: Component) {
        memories = []
        numbers = [:]
        hearers = []
        vacant = []
        topology = Topology()
        rootCause = RootCause()
        ticking = []
        newest = nil
        readsAreStale = true
        _ = topology.know(component)
        store(memory)
    }

    /// Goes on to a moment without observations; a replay has set what there is in `memories`.
    mutating func go(to moment: Timestamp) {
        newest = moment
        if readsAreStale { findReads() }
    }

    /// Lets a test set a value that is otherwise read from other components; it counts with the next observations.
    mutating func tellByHand(_ signal: Int, of id: ComponentID, _ measurement: Measurement, at time: Timestamp) {
        toldByHand.insert(signal)
        guard let number = number(of: id), let slot = memories[number].slot(of: signal) else { return }
        if memories[number].take(measurement, slot: slot, at: time.milliseconds) { handTold.insert(number) }
    }
}

/// Why the engine cannot do what it was asked for.
public struct DiagnosisProblem: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}

extension Measurement {
    /// An event, or that the source of events cannot be read.
    fileprivate var mayBeOfEvent: Bool {
        switch self {
        case .event, .unavailable: true
        case .reading, .counter, .state: false
        }
    }
}

extension ComponentID {
    /// Whether it is a number that the part itself bears, and no path or place where another may sit one day.
    fileprivate var isNumber: Bool {
        guard let colon = rawValue.firstIndex(of: ":") else { return false }
        let name = rawValue[rawValue.index(after: colon)...]
        return name.hasPrefix("wwn-") || name.hasPrefix("serial-")
    }
}
