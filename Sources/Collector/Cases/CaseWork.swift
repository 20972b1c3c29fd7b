import Reports

/// What people did about a case, at every collector that shares it: the steps that are known here, joined by union.
struct CaseWork: Hashable, Sendable, Codable {
    struct Entry: Hashable, Sendable, Codable {
        var step: WorkStep
        /// As its maker signed it; nil for a step of this collector, which signs it anew whenever it is told.
        var signed: Envelope?
    }

    /// In the order in which they came, which decides nothing.
    var entries: [Entry] = []

    /// For each collector the highest counter: what a new step names as its causes.
    var causes: [String: Int64] {
        entries.reduce(into: [:]) { causes, entry in
            causes[entry.step.collector] = max(causes[entry.step.collector] ?? 0, entry.step.counter)
        }
    }

    func entry(_ id: WorkStep.ID) -> Entry? { entries.first { $0.step.id == id } }

    /// Why there is no room for a step of this collector; nil where there is.
    func isFull(for step: WorkStep, own: String) -> String? {
        let ofOne = entries.count { $0.step.collector == step.collector }
        if step.collector == own {
            return ofOne < WorkLimits.ownSteps || step.kind == .closed
                ? nil : "it has \(WorkLimits.ownSteps) steps of this collector already: close it, or let it be"
        }
        if ofOne >= WorkLimits.stepsOfOne { return "it has \(WorkLimits.stepsOfOne) steps of that collector already" }
        let ofOthers = entries.count { $0.step.collector != own }
        return ofOthers < WorkLimits.stepsOfOthers
            ? nil : "it has \(WorkLimits.stepsOfOthers) steps of other collectors already"
    }
}

extension Case {
    /// Where the steps of the case lead; open where there are none.
    var folded: WorkFold { WorkFold((work?.entries ?? []).map(\.step), worsened: worsened ?? 1) }
}

/// The steps of one case, in an order that every collector comes to, each with what it changed. Pure.
///
/// The order is that of causes, then of (collector, counter). Clocks play no part: two collectors' differ. Whoever has the same
/// steps and the same facts comes to the same state, whichever way they came.
struct WorkFold: Hashable, Sendable {
    /// Why a step changed nothing.
    enum NotApplied: Hashable, Sendable {
        /// Somebody else's step had done it: by whom, and where.
        case acknowledgedBefore(who: String, place: String)
        case closedBefore(who: String, place: String)
        /// The case got worse, and whoever made the step did not know of it.
        case worsened
        /// A word of a newer version.
        case unknownKind
    }

    struct Outcome: Hashable, Sendable {
        var step: WorkStep
        /// nil where it counts.
        var notApplied: NotApplied?
    }

    private(set) var outcomes: [Outcome] = []
    /// By the steps alone: what the machine shows may have ended the case as well.
    private(set) var state = Case.State.open

    /// The step that closed it.
    var closing: WorkStep? { outcomes.first { $0.step.kind == .closed && $0.notApplied == nil }?.step }

    /// - Parameter worsened: how often the case got worse, by the collector that its agent reports to.
    init(_ steps: [WorkStep], worsened: Int) {
        var last: [Case.State: WorkStep] = [:]
        for step in WorkFold.ordered(steps) {
            var refusal: NotApplied?
            switch WorkFold.verdict(on: step.kind, in: state) {
            case .leads(let next):
                if next != state, step.seen < worsened {
                    // A fault that got worse while somebody at another collector closed the case, not knowing of it, is in
                    // nobody's close: the case stays open, and the page says why. It is the same rule on either side, so the
                    // collector that closed it opens it again when the news arrives. A fault that gets worse after the close
                    // was known where the agent reports to never comes here: there it opens a case of its own.
                    refusal = .worsened
                } else if next != state {
                    state = next
                    last[next] = step
                }
            case .comesLate:
                let earlier = last[state]
                refusal =
                    state == .closed
                    ? .closedBefore(who: earlier?.who ?? "", place: earlier?.place ?? "")
                    : .acknowledgedBefore(who: earlier?.who ?? "", place: earlier?.place ?? "")
            case .isUnknown: refusal = .unknownKind
            }
            outcomes.append(Outcome(step: step, notApplied: refusal))
        }
    }

    /// What a kind of step does in a state.
    private enum Verdict {
        case leads(to: Case.State)
        case comesLate
        case isUnknown
    }

    /// Who wins. A close wins over everything, whichever came first: an acknowledgement beside it changes nothing.
    private static func verdict(on kind: WorkStep.Kind, in state: Case.State) -> Verdict {
        switch (state, kind) {
        case (_, .note): .leads(to: state)
        case (.open, .acknowledged): .leads(to: .acknowledged)
        case (.open, .closed), (.acknowledged, .closed): .leads(to: .closed)
        case (.acknowledged, .acknowledged): .comesLate
        case (.closed, .acknowledged), (.closed, .closed): .comesLate
        default: .isUnknown
        }
    }

    /// Causes before what they caused; of those that know nothing of each other the lower (collector, counter) first. Steps
    /// that claim to know each other, which nobody's can, are put in that order too.
    static func ordered(_ steps: [WorkStep]) -> [WorkStep] {
        let steps = steps.sorted { $0.id < $1.id }
        var waitsFor = steps.map { step in steps.count { $0.id != step.id && step.knows($0) } }
        var isPlaced = steps.map { _ in false }
        var order: [WorkStep] = []
        while order.count < steps.count {
            let rest = steps.indices.filter { !isPlaced[$0] }
            guard let next = rest.first(where: { waitsFor[$0] == 0 }) ?? rest.first else { break }
            isPlaced[next] = true
            order.append(steps[next])
            for other in rest where other != next && steps[other].knows(steps[next]) { waitsFor[other] -= 1 }
        }
        return order
    }
}

extension WorkFold.NotApplied {
    /// One sentence, after "not applied".
    func words(in language: Language) -> String {
        switch self {
        case .acknowledgedBefore(let who, let place):
            language(
                "\(who) at \(place) looked after it already", "\(who) bei \(place) kümmerte sich schon darum")
        case .closedBefore(let who, let place):
            language("\(who) at \(place) had closed it", "\(who) bei \(place) hatte ihn erledigt")
        case .worsened:
            language(
                "it got worse, which was not known there when this was done",
                "es wurde schlimmer, was dort noch nicht bekannt war, als dies geschah")
        case .unknownKind:
            language("this collector is older than this word", "dieser Kollektor ist älter als dieses Wort")
        }
    }
}

extension WorkStep.Kind {
    func words(in language: Language) -> String {
        switch self {
        case .acknowledged: language("Acknowledged", "Übernommen")
        case .closed: language("Closed", "Erledigt")
        case .note: language("Note", "Notiz")
        default: rawValue
        }
    }
}
