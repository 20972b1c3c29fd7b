import FaultPatterns
import Reports

/// One component's samples through the engine, by numbers of signals.
struct Replay {
    private let patterns: PatternPack
    private var diagnosis: Diagnosis
    private var component: Component
    private var isKnown = false
    private var numbers: [Signal: Int] = [:]
    private var signals: [Signal] = []
    private var now = Timestamp(milliseconds: 0)
    private var values: [Measurement?] = []

    init(patterns: PatternPack, component: Component) {
        self.patterns = patterns
        self.component = component
        diagnosis = Diagnosis(patterns: patterns)
        for entry in 0...255 {
            register(DiskSignals.raw(UInt64(entry)))
            register(DiskSignals.normalized(UInt64(entry)))
        }
        for signal in [
            DiskSignals.temperature, DiskSignals.health, DiskSignals.powerOnTime, DiskSignals.powerCycles,
            DiskSignals.size, DiskSignals.spare, DiskSignals.enduranceUsed, DiskSignals.unsafeShutdowns,
            DiskSignals.mediaErrors, DiskSignals.errorLogEntries, DiskSignals.busyTime, DiskSignals.io("read"),
            DiskSignals.io("write"),
        ] + DiskSignals.warnings.map(DiskSignals.criticalWarning) {
            register(signal)
        }
    }

    private mutating func register(_ signal: Signal) {
        numbers[signal] = signals.count
        signals.append(signal)
        values.append(nil)
    }

    func slot(of signal: Signal) -> Int? { numbers[signal] }

    mutating func begin(at time: Timestamp) { now = time }

    mutating func set(_ slot: Int, counter: UInt64) { values[slot] = .counter(counter) }

    mutating func set(_ slot: Int, reading: Double) { values[slot] = .gauge(reading) }

    mutating func set(_ slot: Int, state: String) { values[slot] = .state(state) }

    mutating func setUnavailable(_ slot: Int) { values[slot] = .unavailable(.notSupported) }

    mutating func restart(component: Component) {
        self.component = component
        diagnosis = Diagnosis(patterns: patterns)
        isKnown = false
        for slot in values.indices { values[slot] = nil }
    }

    mutating func finish() -> [FaultChange] {
        let time = now
        var changes: [FaultChange] = []
        if !isKnown {
            changes = diagnosis.know([component], at: time)
            isKnown = true
        }
        let observations = zip(signals, values).compactMap { signal, value in
            value.map { Observation(component: component.id, signal: signal, measurement: $0, time: time) }
        }
        return changes + diagnosis.observe(observations, at: time)
    }
}
