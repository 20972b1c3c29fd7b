import FoundationEssentials
import Reports

/// All that the engine remembers of one component, in one place: a sample touches one of these and no other.
struct ComponentMemory {
    let id: ComponentID
    var kind: ComponentKind
    var attributes: [String: String] = [:]
    var serial: String?
    /// Patterns that are for this component, by their numbers.
    var patterns: Set<Int> = []
    var latest: [Int: Latest] = [:]
    var memories: [Int: SignalMemory] = [:]
    var events: [Int: SerdEngine] = [:]
    var faults: [Int: Fault] = [:]
    var progress: [Int: Progress] = [:]
    /// Open faults of patterns that this engine cannot run: kept as they are until one can.
    var heldFaults: [String: Fault] = [:]

    /// Whether something must be stored.
    var hasNewLatches = false
    var hasNewWindows = false

    init(id: ComponentID, kind: ComponentKind) {
        self.id = id
        self.kind = kind
    }

    /// Takes one measurement. What is not newer than the newest is a repetition or late, and is passed over, except
    /// events: each of them counts, whenever it comes.
    /// - Returns: false for what is late or repeated.
    mutating func take(
        _ measurement: Measurement, signal: Int, at time: Timestamp, tables: ProgramTables
    ) -> Bool {
        if case .event(let text) = measurement {
            return take(event: text, signal: signal, at: time, tables: tables)
        }
        if let newest = latest[signal], newest.time >= time { return false }
        latest[signal] = Latest(measurement: measurement, time: time)
        hasNewWindows = true
        for number in tables.memoriesOfSignal[signal] {
            let rule = tables.memories[number].rule
            if rule.isEvents {
                if case .unavailable = measurement, events[number, default: SerdEngine()].becomeBlind(at: time) {
                    hasNewLatches = true
                }
            } else if memories[number] != nil {
                memories[number]?.take(measurement, for: rule, at: time)
            } else {
                memories[number] = SignalMemory(rule, first: measurement, at: time)
            }
        }
        return true
    }

    private mutating func take(event text: String, signal: Int, at time: Timestamp, tables: ProgramTables) -> Bool {
        var isNews = false
        for number in tables.memoriesOfSignal[signal] {
            guard case .events(let count, _) = tables.memories[number].rule else { continue }
            if events[number, default: SerdEngine()].take(text, at: time, count: count) { isNews = true }
        }
        if isNews {
            hasNewLatches = true
            hasNewWindows = true
            if (latest[signal]?.time ?? time) <= time { latest[signal] = Latest(measurement: .event(text), time: time) }
        }
        return isNews
    }

    /// Forgets all: another part has taken the place.
    mutating func forget() {
        latest = [:]
        memories = [:]
        events = [:]
        faults = [:]
        progress = [:]
        heldFaults = [:]
        hasNewLatches = true
        hasNewWindows = true
    }

    /// Moves all times: the clock was set back.
    mutating func shift(by step: Duration) {
        hasNewLatches = true
        hasNewWindows = true
        for key in latest.keys { if let time = latest[key]?.time { latest[key]?.time = time + step } }
        for key in memories.keys { memories[key]?.shift(by: step) }
        for key in events.keys { events[key]?.shift(by: step) }
        for key in progress.keys {
            guard var moved = progress[key] else { continue }
            moved.since = moved.since + step
            moved.newest = moved.newest.map { $0 + step }
            moved.heldAt = moved.heldAt.map { $0 + step }
            progress[key] = moved
        }
    }

    // MARK: Storing

    func latches(of pack: PatternPack, _ component: Component?, asOf time: Timestamp) throws -> Data {
        func named<Value>(_ values: [Int: Value]) -> [String: Value] {
            Dictionary(
                values.map { (pack.compiled[$0.key].pattern.id, $0.value) }, uniquingKeysWith: { first, _ in first })
        }
        return try WireFormat.encode(
            StoredLatches(
                asOf: time, serial: serial, component: component,
                faults: named(faults).merging(heldFaults) { first, _ in first },
                progress: named(progress),
                events: Dictionary(
                    events.map { (pack.tables.memoryKeys[$0.key], $0.value) }, uniquingKeysWith: { first, _ in first }))
        )
    }

    func windows(of pack: PatternPack) throws -> Data {
        try WireFormat.encode(
            StoredWindows(
                latest: Dictionary(
                    latest.map { (pack.tables.signals[$0.key].description, $0.value) },
                    uniquingKeysWith: { first, _ in first }),
                memories: Dictionary(
                    memories.map { (pack.tables.memoryKeys[$0.key], $0.value) }, uniquingKeysWith: { first, _ in first }
                )))
    }

    /// Takes up what was stored. Values and memories that no pattern of the pack wants are left behind.
    /// - Returns: faults of patterns that are no longer in the pack.
    mutating func resume(_ latches: StoredLatches, _ windows: StoredWindows?, pack: PatternPack) -> [Fault] {
        var withdrawn: [Fault] = []
        serial = latches.serial
        for (id, fault) in latches.faults {
            if let number = pack.numberOfPattern[id] {
                faults[number] = fault
                patterns.insert(number)
            } else if pack.skipped.contains(where: { $0.id == id }) {
                heldFaults[id] = fault
            } else {
                withdrawn.append(fault)
            }
        }
        for (id, value) in latches.progress {
            if let number = pack.numberOfPattern[id] { progress[number] = value }
        }
        for (key, value) in latches.events {
            if let number = pack.tables.memoryNumbers[key] { events[number] = value }
        }
        for (name, value) in windows?.latest ?? [:] {
            if let signal = Signal(parsing: name), let number = pack.tables.signalNumbers[signal] {
                latest[number] = value
            }
        }
        for (key, value) in windows?.memories ?? [:] {
            if let number = pack.tables.memoryNumbers[key] { memories[number] = value }
        }
        return withdrawn.sorted { $0.id.rawValue < $1.id.rawValue }
    }
}
