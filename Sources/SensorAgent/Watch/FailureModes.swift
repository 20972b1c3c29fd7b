import FaultPatterns
import Reports

/// Makes of what is read, what is missing and how the probes do: which failure modes of the rule base would be seen.
struct FailureModes {
    private let patterns: [Pattern]
    private let coverage: [String: Heartbeat.Coverage]
    private let names: [ComponentID: String]

    init(_ pack: PatternPack, coverage: [Heartbeat.Coverage], components: [Component]) {
        patterns = pack.patterns.filter { $0.status == .active && !$0.kinds.contains(.test) }
        self.coverage = Dictionary(coverage.map { ($0.probe, $0) }, uniquingKeysWith: { first, _ in first })
        names = Dictionary(
            components.map { ($0.id, $0.part.location ?? $0.name) }, uniquingKeysWith: { first, _ in first })
    }

    /// Whether an event of this signal would be heard of: some probe that tells it looks.
    static func hears(_ coverage: [Heartbeat.Coverage]) -> (Signal) -> Bool {
        let looking = Set(coverage.filter { $0.state == "ok" }.map(\.probe))
        return { signal in SignalSources.probes(of: signal).contains(where: looking.contains) }
    }

    /// In the order of the rule base.
    func modes(of sights: [Sight]) -> [FailureMode] {
        let ofPattern = Dictionary(grouping: sights, by: \.pattern)
        // Those without a part come first: others may look for their faults.
        var partless: [String: FailureMode] = [:]
        for pattern in patterns where ofPattern[pattern.id] == nil { partless[pattern.id] = partlessMode(of: pattern) }
        return patterns.map { partless[$0.id] ?? mode(of: $0, ofPattern[$0.id] ?? [], partless) }
    }

    private func mode(_ pattern: Pattern, _ state: String, parts: Int = 0, seen: Int = 0) -> FailureMode {
        FailureMode(
            pattern: pattern.id, kind: pattern.kinds[0], titles: pattern.texts.mapValues(\.title), state: state,
            parts: parts, seen: seen, reasons: [])
    }

    private func partlessMode(of pattern: Pattern) -> FailureMode {
        let finders = Set(pattern.kinds.flatMap(SignalSources.finders))
        let isSelective = !pattern.attributes.isEmpty
        guard !finders.isEmpty, !isSelective else { return mode(pattern, "absent") }
        var mode = mode(pattern, "unseen")
        mode.reasons = [FailureMode.Reason(because: silence(of: finders), count: 0, parts: [])]
        return mode
    }

    private func mode(of pattern: Pattern, _ all: [Sight], _ partless: [String: FailureMode]) -> FailureMode {
        // That nothing is there whose fault could count is no blindness, unless something should be.
        var sights = all
        for index in sights.indices {
            sights[index].missing.removeAll { missing in
                !missing.patterns.isEmpty && !missing.patterns.contains { partless[$0]?.state == "unseen" }
            }
        }
        let isMoot = all.allSatisfy { sight in
            !sight.missing.isEmpty
                && sight.missing.allSatisfy { missing in
                    !missing.patterns.isEmpty && missing.patterns.allSatisfy { partless[$0]?.state == "absent" }
                }
        }
        guard !isMoot else { return mode(pattern, "absent") }
        let blind = sights.filter { !$0.missing.isEmpty }
        var mode = mode(pattern, "seen", parts: sights.count, seen: sights.count - blind.count)
        guard !blind.isEmpty else { return mode }
        mode.state = mode.seen == 0 ? "unseen" : "partly"
        var parts: [String: [ComponentID]] = [:]
        for sight in blind { parts[because(sight, partless), default: []].append(sight.component) }
        let sorted = parts.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }
        mode.reasons = sorted.prefix(FailureMode.reasonsShown).map { words, components in
            FailureMode.Reason(
                because: words, count: components.count,
                parts: components.prefix(FailureMode.namedParts).map { names[$0] ?? $0.rawValue })
        }
        return mode
    }

    /// Why no such part is known, though every server has one; what can be mended comes first.
    private func silence(of finders: Set<String>) -> String {
        let troubles = finders.sorted().compactMap { coverage[$0] }.filter { $0.state != "ok" }
        guard let worst = troubles.first(where: { $0.state != "absent" }) ?? troubles.first else {
            return "this machine does not tell of such a part, though every server has one; nothing needs to be done"
        }
        return words(of: worst)
    }

    private func words(of probe: Heartbeat.Coverage) -> String {
        probe.state == "absent"
            ? "\(probe.probe) sees nothing: \(probe.because)" : "\(probe.probe) is \(probe.state): \(probe.because)"
    }

    private func because(_ sight: Sight, _ partless: [String: FailureMode]) -> String {
        // One reason is enough for a start: with it mended, the next one shows.
        guard let missing = sight.missing.first else { return "" }
        if let silent = missing.patterns.lazy.compactMap({ partless[$0] }).first(where: { $0.state == "unseen" }) {
            return silent.reasons.first?.because ?? ""
        }
        if let because = missing.because, because != .notSupported {
            return "\(missing.signal) cannot be read: \(FailureModes.words(because))"
        }
        let sources = SignalSources.probes(of: missing.signal)
        let known = sources.compactMap { coverage[$0] }
        if let trouble = known.first(where: { !["ok", "absent"].contains($0.state) }) {
            return words(of: trouble)
        }
        if let absent = known.first, !known.contains(where: { $0.state == "ok" }) { return words(of: absent) }
        return known.isEmpty
            ? "nothing on this machine tells \(missing.signal)"
            : "this part does not tell \(missing.signal); nothing needs to be done"
    }

    private static func words(_ because: Unavailable) -> String {
        switch because {
        case .asleep: "the disk sleeps and is not woken; it is read when it is next in use"
        case .denied: "no permission; run the agent as its systemd unit does"
        case .readError: "reading it fails; look at the kernel log for this device"
        case .malformed: "what comes is not readable; please report it with the output of callhome-agent probe"
        case .timedOut: "the device does not answer in time"
        case .sensorFault: "the sensor says of itself that it is faulty"
        case .unset: "the board's maker has set no limit for it; nothing needs to be done"
        case .notFinite: "the device gives no number"
        default: because.rawValue
        }
    }
}
