import Reports

/// What makers and site say of single patterns where packs are composed, and what came of it.
struct PatternChanges {
    private var withdrawals: [String: String] = [:]
    private var overlay: PatternOverlay?
    /// The ids of what the makers bring.
    private var there: Set<String> = []
    /// The site's own patterns.
    private(set) var added: [SourceNode] = []
    /// Patterns on trial by their makers' word.
    private var onTrial: Set<String> = []
    /// Why a parameter stays as it was, by pattern and name.
    private var objections: [String: [String: OverlayObjection]] = [:]

    init() {}

    /// - Parameters:
    ///   - withdrawals: by the ids of patterns that are there.
    ///   - patterns: what the makers bring.
    init(withdrawals: [String: String], overlay: PatternOverlay?, to patterns: [SourceNode]) {
        self.withdrawals = withdrawals
        self.overlay = overlay
        there = Set(patterns.compactMap(\.patternID))
        added = (overlay?.added ?? []).filter { $0.patternID.map { !there.contains($0) } ?? false }
    }

    /// Why a pattern does not run at all; nil where it may.
    func reasonToDisable(_ id: String) -> (PatternPack.Skipped.Cause, String)? {
        if let because = withdrawals[id] { return (.withdrawn, because) }
        return overlay?.disabled[id].map { (.switchedOff, $0) }
    }

    /// The pattern as the site wants it, as far as its bounds allow.
    mutating func pattern(of id: String, reading tree: SourceNode) throws(PatternProblem) -> Pattern {
        var pattern = try Pattern(reading: tree, isStrict: false)
        if let tuning = overlay?.tuned[id] {
            var values: [String: Tunable.Value] = [:]
            for wanted in tuning.parameters where objections[id]?[wanted.name] == nil {
                if let objection = objection(to: wanted, in: pattern.tunables) {
                    objections[id, default: [:]][wanted.name] = objection
                } else {
                    values[wanted.name] = Tunable.Value(wanted.value)
                }
            }
            if !values.isEmpty { pattern = try Pattern(reading: tree, isStrict: false, tuning: values) }
        }
        if overlay?.shadowed[id] != nil {
            if pattern.status == .shadow { onTrial.insert(id) }
            pattern.status = .shadow
            for index in pattern.variants.indices { pattern.variants[index].pattern?.status = .shadow }
        }
        return pattern
    }

    /// A pattern that does not fit as it was tuned is read again as its maker wrote it.
    mutating func giveUpTuning(_ id: String, because problem: PatternProblem) -> Bool {
        guard let tuning = overlay?.tuned[id],
            tuning.parameters.contains(where: { objections[id]?[$0.name] == nil })
        else { return false }
        for parameter in tuning.parameters {
            objections[id, default: [:]][parameter.name] = OverlayObjection(
                "the pattern does not fit so: \(problem.message)", "so passt das Muster nicht: \(problem.message)")
        }
        return true
    }

    private func objection(to wanted: PatternOverlay.Parameter, in tunables: [Tunable]) -> OverlayObjection? {
        guard let parameter = tunables.first(where: { $0.name == wanted.name }) else {
            let names = tunables.map(\.name).joined(separator: ", ")
            return names.isEmpty
                ? OverlayObjection("the pattern has no parameters", "das Muster hat keine Parameter")
                : OverlayObjection(
                    "the pattern has no parameter \(wanted.name); it has \(names)",
                    "das Muster hat keinen Parameter \(wanted.name); es hat \(names)")
        }
        return parameter.objection(to: wanted.value)
    }

    /// The site's entries, in the order of what they do and of the patterns' ids.
    func outcome(disabled: [PatternPack.Skipped], skipped: [PatternPack.Skipped]) -> [OverlayEntry] {
        guard let overlay else { return [] }
        let unread = Dictionary(
            skipped.map { ($0.id, OverlayObjection($0.because, "es läuft hier nicht: \($0.because)")) },
            uniquingKeysWith: { first, _ in first })
        func objection(_ id: String) -> OverlayObjection? {
            if let because = withdrawals[id] {
                return OverlayObjection(
                    "its maker has withdrawn it: \(because)", "sein Hersteller hat es zurückgezogen: \(because)")
            }
            guard there.contains(id) else {
                return OverlayObjection("no pattern is called so", "kein Muster heißt so")
            }
            return nil
        }
        let onTrialAnyway = OverlayObjection("it is on trial anyway", "es ist ohnehin auf Probe")
        var entries = overlay.disabled.map { id, because in
            OverlayEntry(action: .disable, pattern: id, because: because, inactive: objection(id))
        }
        entries += overlay.shadowed.map { id, because in
            OverlayEntry(
                action: .shadow, pattern: id, because: because,
                inactive: objection(id) ?? unread[id] ?? (onTrial.contains(id) ? onTrialAnyway : nil))
        }
        for (id, tuning) in overlay.tuned {
            let objection = objection(id) ?? unread[id]
            entries += tuning.parameters.map { parameter in
                OverlayEntry(
                    action: .tune, pattern: id, because: tuning.because, parameter: parameter.name,
                    value: parameter.value, inactive: objection ?? objections[id]?[parameter.name])
            }
        }
        entries += overlay.added.compactMap(\.patternID).map { id in
            OverlayEntry(
                action: .add, pattern: id, because: "",
                inactive: there.contains(id)
                    ? OverlayObjection(
                        "a maker has a pattern of this name now", "ein Hersteller hat jetzt ein Muster dieses Namens")
                    : unread[id])
        }
        return entries.sorted {
            ($0.action.rawValue, $0.pattern, $0.parameter ?? "") < ($1.action.rawValue, $1.pattern, $1.parameter ?? "")
        }
    }
}
