import Reports

/// What a helpful person without knowledge of computers can go through from the top.
struct Checklist {
    struct Item: Encodable {
        enum State: String, Encodable {
            /// It is to be done.
            case task
            /// Whether it is to be done, only a person on the spot knows.
            case question
            /// Nothing can be done, or needs to be.
            case fact
        }

        var state: State
        /// What is wrong or not seen, and why.
        var what: String
        /// What to do; nil where nothing is to be done.
        var step: String?
        /// What this keeps from being seen: titles of failure modes.
        var hides: [String]
    }

    let items: [Item]
    private let seen: Int
    private let known: Int
    private let accepted: Int
    private let language: Language

    /// - Parameter questions: what the agent cannot know.
    init(
        _ status: AgentStatus, _ modes: [FailureMode], _ questions: [Advice], all: Bool, in language: Language
    ) {
        var items: [Item] = []
        if status.uplink.state != "connected" {
            let advice = Advice("uplink.\(status.uplink.state)", Checklist.bare(status.uplink.because))
            items.append(
                Item(
                    state: .task,
                    what: advice.because(in: language)
                        ?? language("Reports do not reach the collector", "Berichte erreichen den Sammler nicht")
                        + " (\(status.uplink.state)): \(status.uplink.because)",
                    step: advice.step(in: language), hides: []))
        }
        for channel in status.channels ?? [] {
            items += channel.problems(in: language).map { problem in
                Item(
                    state: .task, what: problem,
                    step: language(
                        "What runs goes on. Look whether the collector has the same trouble (there: callhome patterns status); "
                            + "else ask whoever makes the channel.",
                        "Was läuft, läuft weiter. Nachsehen, ob der Sammler dasselbe meldet (dort: callhome patterns status); "
                            + "sonst den Hersteller des Kanals fragen."), hides: [])
            }
        }
        struct Hidden {
            var step: String?
            var modes: [FailureMode] = []
        }
        var hidden: [String: Hidden] = [:]
        // What somebody has accepted at the collector, nobody needs to do anything about until it changes.
        let accepted = Set(status.uplink.acceptedBlindSpots ?? [])
        let acceptedModes = modes.filter { $0.isBlind && accepted.contains($0.pattern) }
        for mode in modes where mode.isBlind && !accepted.contains(mode.pattern) {
            for reason in mode.reasons {
                let because = reason.because(in: language)
                hidden[because, default: Hidden(step: reason.step(in: language))].modes.append(mode)
            }
        }
        let steps = Set(hidden.values.compactMap(\.step))
        let sorted = hidden.sorted { ($1.value.modes.count, $0.key) < ($0.value.modes.count, $1.key) }
        for (because, found) in sorted {
            items.append(
                Item(
                    state: found.step == nil ? .fact : .task, what: because, step: found.step,
                    hides: found.modes.map { $0.title(in: language.rawValue) }))
        }
        if !acceptedModes.isEmpty {
            let what = language(
                "Accepted as not seen: nothing needs to be done until it changes",
                "Als nicht zu sehen hingenommen: Es ist nichts zu tun, bis es sich ändert")
            let titles = acceptedModes.map { $0.title(in: language.rawValue) }
            items.append(Item(state: .fact, what: what, step: nil, hides: titles))
        }
        for question in questions {
            // What is asked here may be a task above already.
            guard let step = question.step(in: language), !steps.contains(step) else { continue }
            items.append(Item(state: .question, what: question.because(in: language) ?? "", step: step, hides: []))
        }
        self.items =
            items.filter { $0.state == .task } + items.filter { $0.state == .question }
            + items.filter { $0.state == .fact && all }
        let ownParts = modes.filter { $0.state != "absent" }
        seen = ownParts.count { $0.state == "seen" }
        known = ownParts.count
        self.accepted = acceptedModes.count
        self.language = language
    }

    /// Without the full stop that the sentence around it brings.
    private static func bare(_ text: String) -> String { text.hasSuffix(".") ? String(text.dropLast()) : text }

    /// Titles that are written out for one item.
    private static let titles = 6

    private func heading(_ item: Item) -> String {
        let count = item.hides.count
        guard item.state == .fact else {
            return language(
                count == 1 ? "Not seen until then:" : "\(count) kinds of failure are not seen until then:",
                count == 1 ? "Bis dahin nicht zu sehen:" : "\(count) Arten von Ausfällen sind bis dahin nicht zu sehen:"
            )
        }
        return language(
            count == 1 ? "Not seen:" : "\(count) kinds of failure are not seen:",
            count == 1 ? "Nicht zu sehen:" : "\(count) Arten von Ausfällen sind nicht zu sehen:")
    }

    var words: String {
        var lines: [String] = []
        for (number, item) in items.enumerated() {
            let box =
                switch item.state {
                case .task: "[ ]"
                case .question: "[?]"
                case .fact: "[-]"
                }
            lines.append("\(box) \(number + 1). \(item.what)")
            if let step = item.step { lines.append("       " + language("What to do: ", "Was zu tun ist: ") + step) }
            if !item.hides.isEmpty { lines.append("       " + heading(item)) }
            for title in item.hides.prefix(Checklist.titles) { lines.append("       - \(title)") }
            let left = item.hides.count - Checklist.titles
            if left > 0 { lines.append("       - " + language("and \(left) more", "und \(left) weitere")) }
        }
        lines.append(
            language(
                "\(seen) of \(known) kinds of failure that this server can have would be seen.",
                "\(seen) von \(known) Arten von Ausfällen, die dieser Server haben kann, würden gesehen."))
        if accepted > 0 {
            lines.append(
                language(
                    "\(Wording.counted(accepted, "blind spot")) accepted.",
                    "\(Wording.counted(accepted, "blinder Fleck", "blinde Flecken")) hingenommen."))
        }
        if !items.contains(where: { $0.state == .task }) {
            lines.append(language("Nothing needs to be done.", "Es ist nichts zu tun."))
        }
        return lines.joined(separator: "\n")
    }
}
