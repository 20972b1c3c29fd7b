import FaultPatterns
import FoundationEssentials
import Reports

/// Plays a recorded history through the engine, as the watch told it.
///
/// What lies between bounds is told as the lower one, or as the upper one: whoever wants to know what may have been plays
/// it both ways.
struct HistoryReplay {
    /// Which end of what lies between bounds is told.
    enum End: Sendable { case low, high }

    /// A pattern on a part.
    struct Place: Hashable, Sendable {
        var pattern: String
        var component: ComponentID

        init(pattern: String, component: ComponentID) {
            self.pattern = pattern
            self.component = component
        }

        init(_ fault: Fault) { self.init(pattern: fault.pattern, component: fault.component) }
    }

    /// Changes that an outcome holds: a pack that opens and clears without end is not to fill the memory.
    static let changeLimit = 10_000

    /// What came of one run.
    struct Outcome: Sendable {
        /// Faults that were told and were not open at the beginning, or not as urgent, with the most urgent that each was.
        var opened: [Place: Urgency] = [:]
        /// How often each of these opened.
        var times: [Place: Int] = [:]
        /// Faults that were found and not told, because another one explained them.
        var explained: Set<Place> = []
        /// Faults that are told at the end, and those that another one explains then.
        var standing: [Place: Urgency] = [:]
        var quiet: Set<Place> = []
        /// Parts that are named by what is told at the end, as its own or as what it explains, with the most urgent of it.
        var named: [ComponentID: Urgency] = [:]

        /// Parts of which something is told at the end that is watched at least.
        var faulty: Set<ComponentID> { Set(standing.filter { $0.value > .inform }.map(\.key.component)) }
        /// Each change that was told, in order; the oldest `changeLimit` of them.
        var changes: [FaultChange] = []
        /// Signals of which some value was known within bounds only.
        var inBounds: Set<Signal> = []
        var components: [Component] = []
        var looks = 0
        var from: Timestamp?
        var through: Timestamp?
    }

    private let history: RecordedHistory
    private let pack: PatternPack
    private let end: End
    private var cursors: [String: [HistoryCursor]] = [:]
    private var catalogue: ComponentCatalogue
    private var seen: [String: [Component]] = [:]
    private var diagnosis: Diagnosis
    private var outcome = Outcome()
    private var openBefore: [Place: Urgency] = [:]
    private var components: ArraySlice<(look: Int64, source: String, components: [Component])>
    private var declared: ArraySlice<(look: Int64, time: Timestamp, declaration: PartDeclaration)>

    /// - Parameter order: names of the probes, of which the first decides what a part is.
    static func run(_ history: RecordedHistory, by pack: PatternPack, telling end: End, order: [String]) throws
        -> Outcome
    {
        var replay = HistoryReplay(history, by: pack, telling: end, order: order)
        return try replay.run()
    }

    private init(_ history: RecordedHistory, by pack: PatternPack, telling end: End, order: [String]) {
        self.history = history
        self.pack = pack
        self.end = end
        for (series, bodies) in history.points {
            cursors[series.source, default: []].append(HistoryCursor(series, bodies))
        }
        let others = Set(history.points.map { $0.series.source } + history.components.map { $0.source }).subtracting(
            order)
        catalogue = ComponentCatalogue(order: order + others.sorted())
        let state = history.state
        diagnosis = Diagnosis(
            patterns: pack, resuming: state?.states ?? [], stoppedAt: state?.time,
            eventSourcesRead: state?.eventSourcesRead ?? [:])
        components = history.components[...]
        declared = history.declared[...]
    }

    private mutating func run() throws -> Outcome {
        for fault in diagnosis.openFaults + diagnosis.explainedFaults {
            openBefore[Place(fault)] = fault.urgency
        }
        while let next = components.first, next.look < history.first {
            components.removeFirst()
            seen[next.source] = next.components
            _ = catalogue.update(next.source, next.components)
        }
        if let state = history.state, !seen.isEmpty {
            note(diagnosis.know(catalogue.components, at: state.time))
        }
        for row in history.looks {
            var number = row.first
            for look in try HistoryLooks.looks(row.body) {
                if number >= history.first { try play(look, number) }
                number += 1
            }
        }
        declare(before: .max)
        noteExplained()
        for fault in diagnosis.openFaults {
            outcome.standing[Place(fault)] = fault.urgency
            for part in [fault.component] + fault.evidence.map(\.component) {
                outcome.named[part] = max(outcome.named[part] ?? fault.urgency, fault.urgency)
            }
        }
        outcome.quiet = Set(diagnosis.explainedFaults.map(Place.init))
        outcome.components = catalogue.components
        return outcome
    }

    private mutating func play(_ look: HistoryLook, _ number: Int64) throws {
        declare(before: number)
        outcome.looks += 1
        outcome.from = outcome.from ?? look.start
        outcome.through = look.told
        var isNews = false
        while let next = components.first, next.look <= number {
            components.removeFirst()
            seen[next.source] = next.components
            if catalogue.update(next.source, next.components) { isNews = true }
        }
        if isNews || diagnosis.awaitsReports {
            note(diagnosis.know(catalogue.components, reported: seen[look.source] ?? [], at: look.told))
        }
        var observations: [Observation] = []
        try tell(look, into: &observations)
        for event in history.events[number] ?? [] {
            observations.append(
                Observation(
                    component: event.component, signal: event.signal, measurement: .event(event.text),
                    time: event.time, count: event.count))
        }
        note(
            diagnosis.observe(
                observations, at: look.told, interval: look.interval.map { .milliseconds($0) }, from: look.source))
    }

    private mutating func tell(_ look: HistoryLook, into observations: inout [Observation]) throws {
        guard var own = cursors.removeValue(forKey: look.source) else { return }
        for index in own.indices {
            for point in try own[index].told(at: look.start) {
                guard let measurement = measurement(point.value, own[index].signal) else { continue }
                observations.append(
                    Observation(
                        component: own[index].component, signal: own[index].signal, measurement: measurement,
                        time: point.measuredAt ?? look.start))
            }
        }
        cursors[look.source] = own
    }

    private mutating func measurement(_ value: HistoryValue, _ signal: Signal) -> Measurement? {
        switch value {
        case .reading(let value): return .reading(value)
        case .counter(let value): return .counter(value)
        case .state(let word): return .state(word)
        case .unavailable(let reason): return .unavailable(reason)
        case .absent: return nil
        case .between(let low, let high):
            outcome.inBounds.insert(signal)
            let value = end == .low ? low : high
            guard SignalCatalogue.entry(named: signal.name)?.kind == .counter else { return .reading(value) }
            return .counter(UInt64(min(max(0, value.rounded(.down)), 0x1p63)))
        }
    }

    private mutating func declare(before look: Int64) {
        while let next = declared.first, next.look <= look {
            declared.removeFirst()
            // What was refused then was not applied, and is refused now.
            if let changes = try? diagnosis.apply(next.declaration, at: next.time) { note(changes) }
        }
    }

    private mutating func note(_ changes: [FaultChange]) {
        guard !changes.isEmpty else { return }
        outcome.changes += changes.prefix(max(0, HistoryReplay.changeLimit - outcome.changes.count))
        for change in changes where change.kind == .cleared { openBefore[Place(change.fault)] = nil }
        for change in changes where change.kind != .cleared {
            let place = Place(change.fault)
            if let before = openBefore[place], change.fault.urgency <= before { continue }
            if change.kind == .opened { outcome.times[place, default: 0] += 1 }
            outcome.opened[place] = max(outcome.opened[place] ?? change.fault.urgency, change.fault.urgency)
        }
        noteExplained()
    }

    private mutating func noteExplained() {
        for fault in diagnosis.explainedFaults {
            outcome.explained.insert(Place(fault))
        }
    }
}
