import FaultPatterns
import Reports

/// From two runs, told the lower and the upper ends, to what is sure and what may be: of each pattern, on which parts.
struct ForecastPlaces: Sendable {
    typealias Class = ReplayForecast.Class
    typealias Place = HistoryReplay.Place

    /// What one pattern would have found.
    struct Finding: Sendable {
        let pattern: String
        var `class`: Class
        /// Parts that surely had a fault, with the most urgent that it surely was.
        var sure: [ComponentID: Urgency]
        /// Parts that may have had one, those above among them, with the most urgent that it may have been.
        var may: [ComponentID: Urgency]
        /// Why it is not known exactly.
        var because: String?
        /// The most urgent that was found, else the most urgent that it may be.
        var urgency: Urgency
    }

    /// Each pattern of the pack, in its order.
    private(set) var findings: [Finding]

    private let low: HistoryReplay.Outcome
    private let high: HistoryReplay.Outcome
    private let patterns: [String: Pattern]

    init(
        low: HistoryReplay.Outcome, high: HistoryReplay.Outcome, _ leanings: [PatternLeaning], _ pack: PatternPack,
        eventsAreCut: Bool
    ) {
        self.low = low
        self.high = high
        patterns = Dictionary(pack.patterns.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        findings = []
        var found: [String: Finding] = [:]
        for leaning in leanings { found[leaning.id] = own(leaning, eventsAreCut) }
        // What is not sure of one is not sure of those that it explains or that ask for it, and so on.
        var isNews = true
        while isNews {
            isNews = false
            for leaning in leanings {
                guard let finding = found[leaning.id], finding.class != .notReplayable,
                    let changed = unsettled(finding, leaning, found), changed.key != finding.key
                else { continue }
                found[leaning.id] = changed
                isNews = true
            }
        }
        let skipped = pack.skipped.map {
            Finding(
                pattern: $0.id, class: .notReplayable, sure: [:], may: [:], because: $0.because, urgency: .inform)
        }
        findings = leanings.compactMap { found[$0.id] } + skipped
    }

    private func opened(by id: String, _ outcome: HistoryReplay.Outcome) -> [ComponentID: Urgency] {
        Dictionary(
            outcome.opened.compactMap { $0.key.pattern == id ? ($0.key.component, $0.value) : nil },
            uniquingKeysWith: max)
    }

    private func explained(by id: String, _ outcome: HistoryReplay.Outcome) -> [ComponentID] {
        outcome.explained.compactMap { $0.pattern == id ? $0.component : nil }
    }

    /// The most urgent that a fault of the pattern may be.
    private func highest(_ id: String) -> Urgency {
        guard let pattern = patterns[id], pattern.status != .shadow else { return .inform }
        return pattern.urgencies.last ?? .inform
    }

    /// What was found either way, told or not, at the most urgent.
    private func either(_ id: String) -> [ComponentID: Urgency] {
        var both = opened(by: id, low).merging(opened(by: id, high), uniquingKeysWith: max)
        for part in explained(by: id, low) + explained(by: id, high) { both[part] = both[part] ?? highest(id) }
        return both
    }

    /// Any part that the pattern is for.
    private func anything(_ id: String, because: String) -> Finding {
        let kinds = patterns[id]?.kinds ?? []
        var may = either(id).mapValues { _ in highest(id) }
        for component in low.components where kinds.contains(component.kind) { may[component.id] = highest(id) }
        return Finding(pattern: id, class: .open, sure: [:], may: may, because: because, urgency: highest(id))
    }

    /// By what the pattern reads itself.
    private func own(_ leaning: PatternLeaning, _ eventsAreCut: Bool) -> Finding {
        let id = leaning.id
        if eventsAreCut, leaning.countsEvents {
            var finding = anything(id, because: "older events had to make room for newer ones")
            finding.class = .notReplayable
            return finding
        }
        let loose = leaning.signals.filter { low.inBounds.contains($0.key) }
        let (below, above) = (opened(by: id, low), opened(by: id, high))
        let urgency = (Array(below.values) + Array(above.values)).max() ?? highest(id)
        guard !loose.isEmpty else {
            return Finding(pattern: id, class: .exact, sure: below, may: below, because: nil, urgency: urgency)
        }
        let names = loose.keys.map(\.description).sorted().joined(separator: ", ")
        let because = "\(names): only the least and the most of a span was kept"
        let (least, most): ([ComponentID: Urgency], [ComponentID: Urgency])
        if loose.values.allSatisfy({ $0 == .towards }) {
            (least, most) = (below, above)
        } else if loose.values.allSatisfy({ $0 == .away }) {
            (least, most) = (above, below)
        } else {
            return anything(id, because: because)
        }
        return Finding(
            pattern: id, class: .bounded, sure: least, may: most.merging(least, uniquingKeysWith: max),
            because: because, urgency: urgency)
    }

    /// What becomes of a pattern by others of which it is not known whether they find something.
    private func unsettled(
        _ finding: Finding, _ leaning: PatternLeaning, _ found: [String: Finding]
    ) -> Finding? {
        func isUnsure(_ id: String) -> Bool { found[id].map { $0.class != .exact && !$0.may.isEmpty } ?? false }
        if let asked = leaning.asksFor.first(where: isUnsure) {
            return anything(leaning.id, because: "it asks for \(asked), which is not known exactly")
        }
        guard finding.class != .open, let cause = leaning.explainedBy.first(where: isUnsure) else { return nil }
        let both = either(leaning.id)
        guard !both.isEmpty else { return nil }
        var changed = finding
        changed.class = .bounded
        changed.sure = [:]
        changed.may = finding.may.merging(both, uniquingKeysWith: max)
        changed.because = "it may be explained by \(cause), which is not known exactly"
        return changed
    }
}

extension ForecastPlaces.Finding {
    /// What another round may change.
    fileprivate var key: [String] {
        ["\(self.class)", because ?? "", "\(sure.count)", "\(may.count)"]
    }
}
