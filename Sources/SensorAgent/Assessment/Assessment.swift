import FaultPatterns
import Reports

/// What the rule base says of one look: what `callhome-agent diagnose` prints.
///
/// The readings of the look are told to the agent's own engine again and again, as if nothing changed: what opens at
/// the first look opens at once, and what opens later would open if it stayed so. Events are told once, as a probe
/// does.
///
/// ```json
/// {"version": 1, "time": "2025-11-21T08:00:00Z", "patternPack": "…", "everySeconds": 60, "forSeconds": 43200,
///  "probes": [{"probe": "disk-health", "components": […], "observations": […]}],
///  "faults": [{"change": "opened", "afterSeconds": 0, "looks": 1, "isOnTrial": false, "fault": {…}}],
///  "explained": [],
///  "near": [{"pattern": "disk.sas.failing", "component": "disk:…", "holds": [], "lacks": ["… (wanted: at least 1)"],
///            "isOnTrial": false}],
///  "unjudged": [{"component": "disk:…", "attribute": "rotational", "patterns": ["disk.ata.remapped"]}]}
/// ```
/// `faults` has each change in the order of time: a fault that opened, one whose urgency rose or whose wording changed
/// (`updated`), one that ended by itself or is explained by another one now (`cleared`). `explained` are those that are
/// open at the end and not told, because another one explains them. `near` says of patterns whose signals are read, and that came
/// near, what keeps them from a fault at the end of that time. `unjudged` says which patterns are for one kind of disk,
/// on a disk whose kind is not told: that they are silent means nothing.
struct Assessment: Encodable {
    static let version = 1

    /// How often it would be looked, and for how long.
    struct Horizon: Hashable, Sendable {
        var every: Duration
        var length: Duration

        /// Long enough for the conditions of patterns that wait for half a day.
        static let standard = Horizon(every: .seconds(60), length: .seconds(12 * 3600))
        /// Looks that are told to the engine at most: two months of one a minute would take minutes.
        static let most = 20_000

        /// After the first.
        var looks: Int { Int(length.inMilliseconds / max(1, every.inMilliseconds)) }
    }

    struct Change: Encodable {
        let change: FaultChange.Kind
        /// Since the first look.
        let after: Duration
        /// How many looks it took, the first included.
        let looks: Int
        /// Of a pattern on trial: shown, and never more.
        let isOnTrial: Bool
        /// Why this step was taken.
        let because: String
        let fault: Fault

        private enum Key: String, CodingKey { case change, afterSeconds, looks, isOnTrial, because, fault }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(change, forKey: .change)
            try container.encode(after.inSeconds, forKey: .afterSeconds)
            try container.encode(looks, forKey: .looks)
            try container.encode(isOnTrial, forKey: .isOnTrial)
            try container.encode(because, forKey: .because)
            try container.encode(fault, forKey: .fault)
        }
    }

    let document: ProbeDocument
    let patternPack: String
    let horizon: Horizon
    let changes: [Change]
    let near: [NearCondition]
    /// Open at the end, and not told, because another fault explains them.
    let explained: [Fault]
    let unjudged: [Unjudged]

    /// Patterns that were not asked of a part, because it is not told what they choose parts by.
    struct Unjudged: Hashable, Encodable {
        var component: ComponentID
        /// As patterns name it: `rotational`.
        var attribute: String
        /// Their ids; never empty.
        var patterns: [String]
    }

    /// Looks once with each probe.
    init(
        with probes: [any Probe], at time: Timestamp, by pack: PatternPack, over horizon: Horizon = .standard
    ) async {
        self.init(of: await ProbeDocument.looks(with: probes, at: time), at: time, by: pack, over: horizon)
    }

    /// - Parameter looks: what each probe reported, in its own order: of two values of one time the first counts.
    init(
        of looks: [(probe: String, outcome: Result<ProbeResult, ProbeError>)], at start: Timestamp,
        by pack: PatternPack, over horizon: Horizon = .standard
    ) {
        self.horizon = horizon
        document = ProbeDocument(
            time: start, probes: looks.map { ProbeDocument.Entry(probe: $0.probe, outcome: $0.outcome) })
        patternPack = pack.identity
        var catalogue = ComponentCatalogue(order: looks.map(\.probe))
        var observations: [Observation] = []
        for look in looks {
            guard case .success(let result) = look.outcome else { continue }
            _ = catalogue.update(look.probe, result.components)
            observations += result.observations
        }
        let trials = Set(pack.patterns.filter { $0.status == .shadow }.map(\.id))
        var diagnosis = Diagnosis(patterns: pack)
        var changes: [Change] = []
        func note(_ news: [FaultChange], after: Duration, looks: Int) {
            changes += news.sorted { ($0.fault.component, $0.fault.pattern) < ($1.fault.component, $1.fault.pattern) }
                .map { change in
                    Change(
                        change: change.kind, after: after, looks: looks,
                        isOnTrial: trials.contains(change.fault.pattern), because: change.because, fault: change.fault)
                }
        }
        note(diagnosis.know(catalogue.components, at: start), after: .zero, looks: 1)
        note(diagnosis.observe(observations, at: start), after: .zero, looks: 1)
        let first = diagnosis.nearConditions
        // What carries a time of its own, and what happened, is not told twice.
        var lasting = observations.filter { $0.time == start && !$0.isEvent }
        for look in 0..<horizon.looks {
            let after = Duration.milliseconds(Int64(look + 1) * horizon.every.inMilliseconds)
            for index in lasting.indices { lasting[index].time = start + after }
            note(diagnosis.observe(lasting, at: start + after), after: after, looks: look + 2)
        }
        self.changes = changes
        explained = diagnosis.explainedFaults
        unjudged = Assessment.unjudged(catalogue.components, observations, pack)
        near = Assessment.near(
            first, then: diagnosis.nearConditions, besides: changes.map(\.fault) + diagnosis.explainedFaults)
    }

    /// What was near at the first look or at the last one and did not become a fault; as it stood at the last look,
    /// where it was near then.
    private static func near(
        _ first: [NearCondition], then last: [NearCondition], besides faults: [Fault]
    ) -> [NearCondition] {
        struct Place: Hashable {
            var component: ComponentID
            var pattern: String
        }
        let told = Set(faults.map { Place(component: $0.component, pattern: $0.pattern) })
        var near: [Place: NearCondition] = [:]
        for condition in first + last {
            let place = Place(component: condition.component, pattern: condition.pattern)
            if !told.contains(place) { near[place] = condition }
        }
        return near.values.sorted { ($0.component, $0.pattern) < ($1.component, $1.pattern) }
    }

    /// Of disks whose kind is not told: hard disks and SSDs have patterns of their own.
    private static func unjudged(
        _ components: [Component], _ observations: [Observation], _ pack: PatternPack
    ) -> [Unjudged] {
        let attribute = "rotational"
        let disks = components.filter { $0.kind == .disk && $0.attributes[attribute] == nil }
        guard !disks.isEmpty else { return [] }
        let applicability = PatternApplicability(pack)
        return disks.compactMap { disk in
            let signals = Set(observations.filter { $0.component == disk.id }.map(\.signal))
            let patterns = applicability.unjudged(
                disk, without: attribute, being: AttributeCatalogue.entry(named: attribute)?.values ?? [],
                telling: signals)
            return patterns.isEmpty ? nil : Unjudged(component: disk.id, attribute: attribute, patterns: patterns)
        }.sorted { $0.component < $1.component }
    }

    /// Faults that open at the first look, and later.
    var atOnce: [Change] { changes.filter { $0.after == .zero } }
    var later: [Change] { changes.filter { $0.after > .zero } }

    /// What the probe exits with where it could not look; 1 where there is a fault.
    var exitCode: Int32 {
        document.exitCode != 0 || changes.isEmpty ? document.exitCode : ExitStatus.negative.rawValue
    }

    private enum Key: String, CodingKey {
        case version, time, patternPack, everySeconds, forSeconds, probes, faults, explained, near, unjudged
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(Assessment.version, forKey: .version)
        try container.encode(document.time, forKey: .time)
        try container.encode(patternPack, forKey: .patternPack)
        try container.encode(horizon.every.inSeconds, forKey: .everySeconds)
        try container.encode(horizon.length.inSeconds, forKey: .forSeconds)
        try container.encode(document.probes, forKey: .probes)
        try container.encode(changes, forKey: .faults)
        try container.encode(explained, forKey: .explained)
        try container.encode(near, forKey: .near)
        try container.encode(unjudged, forKey: .unjudged)
    }
}

extension Observation {
    fileprivate var isEvent: Bool { if case .event = measurement { true } else { false } }
}
