import FaultPatterns
import Reports

/// Makes of what is read, what is missing and how the probes do: which failure modes of the rule base would be seen.
struct FailureModes {
    private let patterns: [Pattern]
    private let skipped: [PatternPack.Skipped]
    /// Why the site has set patterns on trial, by their ids.
    private let shadowed: [String: String]
    private let probes: ProbeAdvice
    private let components: [ComponentID: Component]

    init(
        _ pack: PatternPack, coverage: [Heartbeat.Coverage], components: [Component], environment: HostEnvironment
    ) {
        let shadowed = Dictionary(
            pack.overlay.filter { $0.action == .shadow && $0.inactive == nil }.map { ($0.pattern, $0.because) },
            uniquingKeysWith: { first, _ in first })
        self.shadowed = shadowed
        patterns = pack.patterns.filter {
            ($0.status == .active || shadowed[$0.id] != nil) && !$0.kinds.contains(.test)
        }
        skipped = (pack.skipped + pack.disabled).filter { $0.isActive && !$0.kinds.contains(.test) }
        probes = ProbeAdvice(coverage, components, environment)
        self.components = Dictionary(components.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// What only a person on the spot knows.
    var questions: [Advice] { probes.questions }

    /// In the order of the rule base; what does not run comes last: what this program is too old for, what its maker has
    /// withdrawn, and what the site has switched off.
    func modes(of coverages: [PatternCoverage]) -> [FailureMode] {
        let ofPattern = Dictionary(grouping: coverages.filter { !isBeside($0) }, by: \.pattern)
        // Those without a part come first: others may look for their faults.
        var partless: [String: FailureMode] = [:]
        for pattern in patterns where ofPattern[pattern.id] == nil { partless[pattern.id] = partlessMode(of: pattern) }
        return patterns.map { pattern in
            if let because = shadowed[pattern.id] { return shadowedMode(of: pattern, because) }
            return partless[pattern.id] ?? mode(of: pattern, ofPattern[pattern.id] ?? [], partless)
        }
            + skipped.map { skippedMode(of: $0) }
    }

    /// What it finds is shown, and makes no ticket.
    private func shadowedMode(of pattern: Pattern, _ because: String) -> FailureMode {
        let parts = components.values.count { pattern.kinds.contains($0.kind) }
        guard parts > 0 else { return mode(pattern, "absent") }
        var mode = mode(pattern, "unseen", parts: parts)
        mode.reasons = [FailureMode.Reason(Advice("pattern.on-trial", because), count: parts, parts: [])]
        return mode
    }

    private func skippedMode(of pattern: PatternPack.Skipped) -> FailureMode {
        let parts = components.values.filter { pattern.kinds.contains($0.kind) }
        var mode = FailureMode(
            pattern: pattern.id, kind: pattern.kinds.first ?? .server, titles: pattern.titles, state: "absent",
            parts: parts.count,
            seen: 0, reasons: [])
        if !parts.isEmpty || pattern.kinds.isEmpty {
            mode.state = "unseen"
            let advice =
                switch pattern.cause {
                case .unread: Advice("pattern.unread", pattern.because)
                case .withdrawn: Advice("pattern.withdrawn", pattern.because)
                case .switchedOff: Advice("pattern.switched-off", pattern.because)
                }
            mode.reasons = [FailureMode.Reason(advice, count: parts.count, parts: [])]
        }
        return mode
    }

    /// Whether it asks a part for what only another sort of it has: a host bus adapter for the battery of a RAID
    /// controller.
    private func isBeside(_ coverage: PatternCoverage) -> Bool {
        guard let part = components[coverage.component], part.kind == .controller, !probes.isRaidCard(part.id) else {
            return false
        }
        return coverage.missing.contains { missing in
            missing.because == nil && missing.patterns.isEmpty && missing.kind == .controller
                && SignalSources.probes(of: missing.signal.name, on: .controller).first.map { $0 == "raid-controllers" }
                    ?? true
        }
    }

    private func mode(_ pattern: Pattern, _ state: String, parts: Int = 0, seen: Int = 0) -> FailureMode {
        FailureMode(
            pattern: pattern.id, kind: pattern.kinds[0], titles: pattern.texts.mapValues(\.title), state: state,
            parts: parts, seen: seen, reasons: [])
    }

    private func partlessMode(of pattern: Pattern) -> FailureMode {
        guard pattern.attributes.isEmpty, let advice = pattern.kinds.lazy.compactMap(probes.silence).first else {
            return mode(pattern, "absent")
        }
        var mode = mode(pattern, "unseen")
        mode.reasons = [FailureMode.Reason(advice, count: 0, parts: [])]
        return mode
    }

    private func mode(of pattern: Pattern, _ all: [PatternCoverage], _ partless: [String: FailureMode]) -> FailureMode {
        // That nothing is there whose fault could count is no blindness, unless something should be.
        var coverages = all
        for index in coverages.indices {
            coverages[index].missing.removeAll { missing in
                !missing.patterns.isEmpty && !missing.patterns.contains { partless[$0]?.state == "unseen" }
            }
        }
        let isMoot = all.allSatisfy { coverage in
            !coverage.missing.isEmpty
                && coverage.missing.allSatisfy { missing in
                    !missing.patterns.isEmpty && missing.patterns.allSatisfy { partless[$0]?.state == "absent" }
                }
        }
        guard !isMoot else { return mode(pattern, "absent") }
        let blind = coverages.filter { !$0.missing.isEmpty }
        var mode = mode(pattern, "seen", parts: coverages.count, seen: coverages.count - blind.count)
        guard !blind.isEmpty else { return mode }
        mode.state = mode.seen == 0 ? "unseen" : "partly"
        var parts: [Advice: [ComponentID]] = [:]
        for coverage in blind { parts[advice(on: coverage, partless), default: []].append(coverage.component) }
        let sorted = parts.sorted {
            ($1.value.count, $0.key.code, $0.key.values.first ?? "")
                < ($0.value.count, $1.key.code, $1.key.values.first ?? "")
        }
        mode.reasons = sorted.prefix(FailureMode.reasonsShown).map { advice, parts in
            FailureMode.Reason(
                advice, count: parts.count,
                parts: parts.prefix(FailureMode.namedParts).map { id in
                    components[id].map { $0.part.location ?? $0.name } ?? id.rawValue
                })
        }
        return mode
    }

    /// What is wrong with a check of the site; for the age of backups, with the check that should report it.
    private func siteAdvice(on signal: Signal, of part: ComponentID) -> Advice? {
        if let check = components[part], let advice = ComponentAdvice.advice(ofCheck: check) { return advice }
        guard signal.name == "hw.backup.age" else { return nil }
        let checks = components.values.filter { $0.name.lowercased().contains("backup") }
        return checks.sorted { $0.id < $1.id }.lazy.compactMap(ComponentAdvice.advice).first
    }

    private func advice(on coverage: PatternCoverage, _ partless: [String: FailureMode]) -> Advice {
        // One reason is enough for a start: with it mended, the next one shows.
        guard let missing = coverage.missing.first else { return Advice("kind.silent") }
        if let silent = missing.patterns.lazy.compactMap({ partless[$0] }).first(where: { $0.state == "unseen" }),
            let advice = silent.reasons.first?.advice
        {
            return advice
        }
        if let advice = siteAdvice(on: missing.signal, of: coverage.component) { return advice }
        if let because = missing.because, because != .notSupported {
            return ProbeAdvice.advice(on: missing.signal, because)
        }
        return probes.advice(
            on: missing.signal, of: coverage.component, missing.kind,
            drivers: missing.labels.isEmpty && missing.signal.name != EventHearing.bits
                ? nil : EventHearing.drivers(of: coverage.component, in: components))
    }
}
