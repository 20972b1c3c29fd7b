public import Reports

/// The life of one part, told in rounds: what a back-test drives. The same engine as the agent's, without names and
/// without copies: signals are set by slot, and what is not set anew in a round holds on.
public struct Replay: Sendable {
    private var diagnosis: Diagnosis
    private var now = Int64.min

    /// How faults are written.
    public enum Writing: Sendable {
        case full
        /// Without sentences, suspects, values and a number of their own: for who only counts them.
        case brief
    }

    public init(patterns: PatternPack, component: Component, writing: Writing = .full) {
        diagnosis = Diagnosis(patterns: patterns)
        diagnosis.writing = writing
        diagnosis.replayRestart(component)
    }

    /// The slot of a signal; nil where no pattern for this component looks at it. Another component may have others.
    public func slot(of signal: Signal) -> Int? { diagnosis.replaySlot(of: signal) }

    /// How many patterns look at a slot's signal.
    public func patterns(on slot: Int) -> Int { diagnosis.replayPatterns(on: slot) }

    /// Begins a round. Rounds go on in time.
    public mutating func begin(at time: Timestamp) { now = time.milliseconds }

    public mutating func set(_ slot: Int, counter: UInt64) {
        diagnosis.replayTake(Double(counter), raw: counter, .counter, slot: slot, at: now)
    }

    /// A reading that is not finite is one that is not there.
    public mutating func set(_ slot: Int, reading: Double) {
        guard reading.isFinite else { return setUnavailable(slot) }
        diagnosis.replayTake(reading, raw: 0, .reading, slot: slot, at: now)
    }

    public mutating func set(_ slot: Int, state: String) {
        diagnosis.replayTake(.state(state), slot: slot, at: now)
    }

    public mutating func setUnavailable(_ slot: Int) {
        diagnosis.replayTake(.unavailable(.notSupported), slot: slot, at: now)
    }

    /// Ends the round: all that was set earlier and not anew is told once more as it was.
    public mutating func finish() -> [FaultChange] { diagnosis.replayFinish(at: Timestamp(milliseconds: now)) }

    /// Begins the life of another part.
    public mutating func restart(component: Component) { diagnosis.replayRestart(component) }
}
