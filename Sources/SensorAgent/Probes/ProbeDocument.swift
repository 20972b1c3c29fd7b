import Glibc
public import Reports

/// What `callhome-agent once --json` and `probe NAME --json` print.
///
/// ```json
/// {"version": 1, "time": "2025-11-21T08:00:00Z", "probes": [
///   {"probe": "chip-sensors",
///    "components": [{"id": "temperature:nct6798-isa-0290/temp1", "kind": "temperature", …}],
///    "observations": [
///      {"component": "temperature:nct6798-isa-0290/temp1", "signal": "hw.temperature",
///       "measurement": {"reading": 41.5}, "source": "temp1_input", "time": "2025-11-21T08:00:00Z"},
///      {"component": "temperature:nvme-pci-0100/temp2",
///       "signal": "hw.temperature.limit{limit_type=\"high.degraded\"}",
///       "measurement": {"unavailable": "unset"}, "source": "temp2_max", "read": 65261.85, "time": "2025-11-21T08:00:00Z"}]},
///   {"probe": "memory-errors", "refused": {"state": "absent", "because": "…"}}]}
/// ```
/// `source` is the name that the device or tool has for the value, where it has one. `read` is the value as read, where
/// the measurement does not hold it, because it must not be judged by. `refused.state` is a word of
/// `ProbeError.coverageState`. `missed` (`because`, `step`) is there where a probe reads and has missed something.
///
/// Components stand in natural order of their ids, and observations in that of component, signal, time and measurement,
/// so that equal looks are equal text whatever order a probe or a kernel found its parts in.
public struct ProbeDocument: Encodable, Sendable {
    public static let version = 1

    public let time: Timestamp
    public let probes: [Entry]

    public struct Entry: Encodable, Sendable {
        public let probe: String
        public let outcome: Result<ProbeResult, ProbeError>

        public init(probe: String, outcome: Result<ProbeResult, ProbeError>) {
            self.probe = probe
            self.outcome = outcome.map(\.sorted)
        }

        private enum Key: String, CodingKey { case probe, components, observations, cursor, refused, missed }
        private enum RefusalKey: String, CodingKey { case state, because }
        private enum MissedKey: String, CodingKey { case because, step }

        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(probe, forKey: .probe)
            switch outcome {
            case .success(let result):
                try container.encode(result.components, forKey: .components)
                var asRead: [ComponentID: [Signal: RawReading]] = [:]
                for value in result.asRead { asRead[value.component, default: [:]][value.signal] = value }
                try container.encode(
                    result.observations.map { Line(observation: $0, asRead: asRead[$0.component]?[$0.signal]) },
                    forKey: .observations)
                try container.encodeIfPresent(result.cursor, forKey: .cursor)
                if let shortfall = result.shortfall {
                    var missed = container.nestedContainer(keyedBy: MissedKey.self, forKey: .missed)
                    try missed.encode(shortfall.because(in: .english), forKey: .because)
                    try missed.encodeIfPresent(shortfall.step(in: .english), forKey: .step)
                }
            case .failure(let error):
                var refusal = container.nestedContainer(keyedBy: RefusalKey.self, forKey: .refused)
                try refusal.encode(error.coverageState, forKey: .state)
                try refusal.encode(error.description, forKey: .because)
            }
        }
    }

    /// One observation with the device's own name and value.
    private struct Line: Encodable {
        let observation: Observation
        let asRead: RawReading?

        private enum Key: String, CodingKey { case source, read }

        func encode(to encoder: any Encoder) throws {
            try observation.encode(to: encoder)
            var container = encoder.container(keyedBy: Key.self)
            let source =
                asRead?.source ?? SensorAttributes.source(of: observation.signal, component: observation.component)
            try container.encodeIfPresent(source, forKey: .source)
            try container.encodeIfPresent(asRead?.value, forKey: .read)
        }
    }

    public init(time: Timestamp, probes: [Entry]) {
        self.time = time
        self.probes = probes
    }

    /// Runs `probes` beside each other, each within its deadline.
    public init(observing probes: [any Probe], at time: Timestamp) async {
        let looks = await ProbeDocument.looks(with: probes, at: time)
        self.init(time: time, probes: looks.map { Entry(probe: $0.probe, outcome: $0.outcome) })
    }

    /// What one look of each probe gave, in the order in which the probe reports it, which the engine goes by.
    static func looks(
        with probes: [any Probe], at time: Timestamp
    ) async -> [(probe: String, outcome: Result<ProbeResult, ProbeError>)] {
        await withTaskGroup(of: (Int, Result<ProbeResult, ProbeError>).self) { group in
            for (index, probe) in probes.enumerated() {
                group.addTask { (index, await probe.observeWithinDeadline(at: time, since: nil)) }
            }
            var looks: [(index: Int, outcome: Result<ProbeResult, ProbeError>)] = []
            for await (index, outcome) in group { looks.append((index, outcome)) }
            return looks.sorted { $0.index < $1.index }.map { (probes[$0.index].name, $0.outcome) }
        }
    }

    private enum Key: String, CodingKey { case version, time, probes }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(ProbeDocument.version, forKey: .version)
        try container.encode(time, forKey: .time)
        try container.encode(probes, forKey: .probes)
    }

    /// For people: a line for each component, its values below it.
    public var text: String {
        var lines = ["looked at \(time)"]
        for entry in probes {
            switch entry.outcome {
            case .failure(let error): lines.append("\(entry.probe): \(error.coverageState): \(error)")
            case .success(let result):
                lines.append(
                    "\(entry.probe): \(Wording.counted(result.components.count, "component")), "
                        + Wording.counted(result.observations.count, "value"))
                lines += result.shortfall?.lines(in: .english) ?? []
                let observations = Dictionary(grouping: result.observations, by: \.component)
                for component in result.components {
                    lines.append("  \(component.id)  \(component.name)")
                    let advice = ComponentAdvice.advice(ofCheck: component)
                    lines += advice?.lines(in: .english).map { "  \($0)" } ?? []
                    for observation in observations[component.id] ?? [] {
                        lines.append("    \(inWords(observation))")
                    }
                }
            }
        }
        return (lines + whyUnavailable).map(\.printable).joined(separator: "\n")
    }

    /// What the words in `unavailable (…)` mean and what to do, once for each that was printed.
    private var whyUnavailable: [String] {
        var counts: [Unavailable: Int] = [:]
        for case .success(let result) in probes.map(\.outcome) {
            // What is said of a check itself is not said of its values in general.
            let explained = Set(result.components.filter { ComponentAdvice.advice(ofCheck: $0) != nil }.map(\.id))
            for observation in result.observations where !explained.contains(observation.component) {
                if case .unavailable(let reason) = observation.measurement { counts[reason, default: 0] += 1 }
            }
        }
        return counts.sorted { $0.key.rawValue < $1.key.rawValue }.compactMap { reason, count in
            let advice = Advice("value.\(reason.rawValue)", Wording.counted(count, "value"))
            guard let because = advice.because(in: .english) else { return nil }
            // Whoever looks by hand has the rights of a person; the service has its own.
            let step =
                reason == .denied && geteuid() != 0
                ? "Look as root (sudo), or ask what the service sees: callhome status" : advice.step(in: .english)
            return "unavailable (\(reason.rawValue)): \(because)" + (step.map { " \($0)" } ?? "")
        }
    }

    /// To twelve digits.
    fileprivate static func rounded(_ value: Double) -> Double {
        guard value.isFinite, value != 0 else { return value }
        let factor = pow(10, 11 - log10(abs(value)).rounded(.down))
        let scaled = (value * factor).rounded() / factor
        return factor.isFinite && factor > 0 && scaled.isFinite ? scaled : value
    }

    /// `hw.temperature = 41.5 Cel`: units are those of UCUM, as in the catalogue. With the time where it is not the
    /// look's.
    func inWords(_ observation: Observation) -> String {
        let measurement = observation.measurement
        var words = "\(observation.signal) = \(measurement.inWords)"
        let unit = SignalCatalogue.entry(named: observation.signal.name)?.unit ?? ""
        switch measurement {
        // `1` is UCUM's for a ratio.
        case .reading, .counter: words += unit.isEmpty || unit == "1" ? "" : " \(unit)"
        case .state, .event, .unavailable: break
        }
        return observation.time == time ? words : "\(words)  at \(observation.time)"
    }

    /// Whether a check of the site could not be run, or said what is not understood.
    public var hasBrokenCheck: Bool {
        probes.contains { entry in
            guard case .success(let result) = entry.outcome else { return false }
            return result.components.contains { ComponentAdvice.advice(ofCheck: $0) != nil }
        }
    }

    /// 0 where at least one probe could look; else by the first refusal.
    public var exitCode: Int32 {
        var code: Int32 = 0
        for entry in probes {
            guard case .failure(let error) = entry.outcome else { return 0 }
            if code == 0 { code = error.exitStatus.rawValue }
        }
        return code
    }
}

extension Advice {
    /// Below the line of a probe.
    func lines(in language: Language) -> [String] {
        [because(in: language), step(in: language).map { "-> \($0)" }].compactMap(\.self).map { "  \($0)" }
    }
}

extension ProbeResult {
    /// The same, each list in the order in which it is printed.
    fileprivate var sorted: ProbeResult {
        var result = self
        result.components = ProbeResult.sorted(components, by: [\.id.rawValue, \.name])
        result.observations = ProbeResult.sorted(
            observations,
            by: [
                \.component.rawValue, \.signal.description, { String($0.time.milliseconds) },
                { $0.measurement.inWords },
            ])
        return result
    }

    /// In natural order of the first key that differs.
    private static func sorted<Line>(_ lines: [Line], by keys: [(Line) -> String]) -> [Line] {
        let keyed = lines.map { line in (keys: keys.map { $0(line) }, line: line) }
        return keyed.sorted { left, right in
            for (a, b) in zip(left.keys, right.keys) where a != b {
                if SysTree.naturallyOrdered(a, b) { return true }
                if SysTree.naturallyOrdered(b, a) { return false }
                return a < b
            }
            return false
        }.map(\.line)
    }
}

extension ProbeError {
    fileprivate var exitStatus: ExitStatus {
        switch self {
        case .absent: .unavailable
        case .denied: .permission
        case .unreadable: .unreadable
        case .malformed: .data
        case .timedOut: .tryAgain
        }
    }
}

extension Measurement {
    fileprivate var inWords: String {
        switch self {
        // What a factor makes of 5.8 is 0.057999999999999996: twelve digits are more than any sensor has.
        // Of bytes and the like every digit, and no fraction.
        case .reading(let value) where abs(value) >= 1e6 && Int64(exactly: value) != nil: "\(Int64(value))"
        case .reading(let value): "\(ProbeDocument.rounded(value))"
        case .counter(let value): "\(value)"
        case .state(let text), .event(let text): text
        case .unavailable(let reason): "unavailable (\(reason.rawValue))"
        }
    }
}
