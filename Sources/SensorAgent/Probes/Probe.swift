public import Reports

/// Reads one interface of the machine, on its own interval and within its own deadline.
///
/// A probe that hangs or fails delays no other. One bad device is one `unavailable` observation; only when the whole
/// interface cannot be read does the probe throw. It never wakes a sleeping disk and never raises an error counter.
public protocol Probe: Sendable {
    /// A short stable word: `chip-sensors`, `memory-errors`, `disk-health`, `inventory`.
    var name: String { get }
    /// What it reads and reports; made at each call, since only documents and tests ask.
    static var declaration: ProbeDeclaration { get }
    /// Time from the start of one observation to the start of the next.
    var interval: Duration { get }
    /// After this long the observation is given up: reported as hanging, and not started again before it has come back.
    var deadline: Duration { get }
    /// Looks once.
    /// - Parameters:
    ///   - time: the time that all observations are to carry.
    ///   - cursor: where the last observation of an event source ended; nil for the first.
    func observe(at time: Timestamp, since cursor: ProbeCursor?) async throws(ProbeError) -> ProbeResult
    /// One element (what happened, for the log) whenever it is worth looking before the interval ends; nil for a probe
    /// that nothing prompts. Each call listens anew; the stream ends when there is nothing to listen to.
    var prompts: AsyncStream<String>? { get }
}

extension Probe {
    public var prompts: AsyncStream<String>? { nil }
}

/// Where an event source was read up to; stored with the faults that came of it, in one transaction.
public struct ProbeCursor: Hashable, Sendable, Codable {
    public var probe: String
    public var value: String
    public init(probe: String, value: String) {
        self.probe = probe
        self.value = value
    }
}

/// What one look gave. `components` are all that the probe sees now, whole each time.
public struct ProbeResult: Sendable, Codable {
    public var components: [Component]
    public var observations: [Observation]
    public var cursor: ProbeCursor?
    /// Values that were read but must not be judged by, so that their observations do not hold them.
    public var asRead: [RawReading]
    /// Time from such observations to the next ones, where that is not the time from one look to the next.
    public var interval: Duration?
    /// What the probe has missed lately though it reads, and what to do: its coverage is `partly` then. nil: nothing.
    public var shortfall: Advice?

    public init(
        components: [Component] = [], observations: [Observation] = [], cursor: ProbeCursor? = nil,
        asRead: [RawReading] = [], interval: Duration? = nil, shortfall: Advice? = nil
    ) {
        self.components = components
        self.observations = observations
        self.cursor = cursor
        self.asRead = asRead
        self.interval = interval
        self.shortfall = shortfall
    }
}

extension Heartbeat.Coverage {
    /// Of a probe that has looked.
    /// - Parameter remark: what else there is to say of it.
    init(
        of probe: String, components: Int, signals: Int, shortfall: Advice?, remark: String = "", at time: Timestamp
    ) {
        let missed = shortfall.map { advice in
            [advice.because(in: .english), advice.step(in: .english)].compactMap(\.self).joined(separator: " ")
        }
        self.init(
            probe: probe, state: shortfall == nil ? "ok" : "partly", because: missed ?? remark, components: components,
            signals: signals, lastSuccess: time, advice: shortfall)
    }
}

/// A value as the device gave it, where the observation is `unavailable` (a limit that nobody set, the reading of a
/// faulty sensor) or only a word. For people who ask the probe itself; patterns never see it.
public struct RawReading: Hashable, Sendable, Codable {
    public var component: ComponentID
    public var signal: Signal
    /// What the device or tool calls it: `temp1_max`.
    public var source: String
    public var value: Double

    public init(component: ComponentID, signal: Signal, source: String, value: Double) {
        self.component = component
        self.signal = signal
        self.source = source
        self.value = value
    }
}

/// Why a whole interface could not be read.
public enum ProbeError: Error, Hashable, Sendable {
    /// The machine has no such interface; `because` states what was looked for and what to do if it should be there.
    case absent(because: String)
    case denied(path: String)
    case unreadable(path: String, errno: Int32)
    case malformed(path: String, problem: String)
    case timedOut(after: Duration)
}

extension ProbeError: CustomStringConvertible {
    /// The word for `Heartbeat.Coverage.state`.
    public var coverageState: String {
        switch self {
        case .absent: "absent"
        case .denied: "denied"
        case .unreadable, .malformed: "failing"
        case .timedOut: "hanging"
        }
    }

    public var description: String {
        switch self {
        case .absent(let because): because
        case .denied(let path): "no permission to read \(path): run the agent as its systemd unit does, or as root"
        case .unreadable(let path, let errno): "cannot read \(path): error \(errno)"
        case .malformed(let path, let problem): "\(path): \(problem)"
        case .timedOut(let after): "no answer within \(after.inSeconds) s: the device or its driver hangs"
        }
    }
}
