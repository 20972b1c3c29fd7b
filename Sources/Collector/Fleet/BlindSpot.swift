import Reports

/// What a server may suffer from unseen: a failure mode of the rule base that would not be seen on all parts, or a whole
/// probe that cannot read.
struct BlindSpot: Hashable, Sendable {
    enum Subject: Hashable, Sendable {
        case mode(FailureMode)
        case probe(Heartbeat.Coverage)
    }

    var subject: Subject
    /// Who lives with it, and why; nil while nobody does.
    var acceptance: AcceptedBlindSpot?

    /// The pattern that looks for it, or the probe. Patterns have a dot in their names, probes have none.
    var name: String {
        switch subject {
        case .mode(let mode): mode.pattern
        case .probe(let probe): probe.probe
        }
    }

    var titles: [String: String] {
        switch subject {
        case .mode(let mode): mode.titles
        case .probe(let probe): [Language.english.rawValue: probe.probe]
        }
    }

    func title(in language: Language) -> String { titles[language.rawValue] ?? titles["en"] ?? name }

    /// Whether it is not seen, now and for a reason that will not pass by itself.
    var isBlind: Bool { !reasons.isEmpty }

    /// Whether everything of it is seen.
    var isSeen: Bool {
        switch subject {
        case .mode(let mode): mode.state == "seen"
        case .probe(let probe): probe.state == "ok"
        }
    }

    /// One reason why it is not seen.
    struct Reason: Hashable, Sendable {
        /// What does not change from one observation to the next.
        var key: String
        /// Parts that it holds for; 0 where it is about none that is known.
        var parts: Int
        /// Names of some of these parts: all of them where there are no more than `FailureMode.namedParts`.
        var names: [String]
        /// For people, in English.
        var because: String
        /// What a person can do about it, in English; nil where nothing can be done.
        var step: String?
    }

    /// Why it is not seen. A probe that has not looked yet is no reason: it passes.
    var reasons: [Reason] {
        switch subject {
        case .mode(let mode):
            guard mode.isBlind else { return [] }
            return mode.reasons.filter { $0.advice?.code != "probe.starting" }.map { reason in
                Reason(
                    key: BlindSpot.key(of: reason), parts: reason.count, names: reason.parts,
                    because: reason.because(in: .english), step: reason.advice?.step(in: .english))
            }
        case .probe(let probe):
            guard !["ok", "absent", "disabled", "starting"].contains(probe.state) else { return [] }
            let advice = Advice(probe)
            let because = advice?.because(in: .english) ?? "\(probe.probe): \(probe.state)"
            return [
                Reason(key: probe.state, parts: 0, names: [], because: because, step: advice?.step(in: .english))
            ]
        }
    }

    /// Whether a person can do something about it.
    var isMendable: Bool { reasons.contains { $0.step != nil } }

    /// Whether it is not seen because of this probe.
    func isHidden(by probe: String) -> Bool {
        guard case .mode(let mode) = subject else { return name == probe }
        return mode.reasons.contains { $0.advice?.values.contains(probe) ?? false }
    }

    private static func key(of reason: FailureMode.Reason) -> String {
        guard let advice = reason.advice else { return reason.because }
        // What a probe reports of its failure names times and numbers; that it is this probe is the reason.
        let values = advice.code.hasPrefix("probe.") ? advice.values.prefix(1) : advice.values[...]
        return ([advice.code] + values).joined(separator: " ")
    }

    /// All of a server, seen or not, by what it reported last.
    static func all(of server: Server, _ inventory: Inventory?) -> [BlindSpot] {
        (server.heartbeat?.coverage ?? []).map { BlindSpot(subject: .probe($0)) }
            + (inventory?.failureModes ?? []).map { BlindSpot(subject: .mode($0)) }
    }
}

/// That somebody knows that something cannot be seen on a server, and lives with it. It holds for what was known then.
struct AcceptedBlindSpot: Hashable, Sendable, Codable {
    /// Of `BlindSpot`.
    var name: String
    /// By language, as they were then.
    var titles: [String: String]
    var by: String
    var because: String
    var acceptedAt: Timestamp
    /// Which parts were not seen then, by reason.
    var reasons: [String: Parts]
    var endedAt: Timestamp?
    var endedBecause: String?

    struct Parts: Hashable, Sendable, Codable {
        var count: Int
        /// Of some of them, as `BlindSpot.Reason.names`.
        var names: [String]
    }

    init(_ spot: BlindSpot, by: String, because: String, at time: Timestamp) {
        name = spot.name
        titles = spot.titles
        self.by = by
        self.because = because
        acceptedAt = time
        reasons = Dictionary(
            spot.reasons.map { ($0.key, Parts(count: $0.parts, names: $0.names)) },
            uniquingKeysWith: { first, other in
                Parts(count: max(first.count, other.count), names: first.names + other.names)
            })
    }

    func title(in language: Language) -> String { titles[language.rawValue] ?? titles["en"] ?? name }

    /// Why it holds no more, now that the server reports this; nil while it does.
    ///
    /// A part that is away, a probe that is off or that has not looked yet report nothing new.
    func end(by spot: BlindSpot) -> String? {
        if spot.isSeen { return "it is seen on all parts now" }
        for reason in spot.reasons {
            guard let accepted = reasons[reason.key] else {
                return "it is not seen for another reason than was accepted: \(reason.because)"
            }
            let count = accepted.count
            if reason.parts > count {
                return "it is not seen on \(Wording.counted(reason.parts, "part")), and \(count) "
                    + "\(count == 1 ? "was" : "were") accepted: \(reason.because)"
            }
            // Of more parts than are named, only how many there are is known.
            let new = reason.names.filter { !accepted.names.contains($0) }
            if accepted.names.count == count, let name = new.first {
                return "it is not seen on \(name), which was not among the parts that were accepted: \(reason.because)"
            }
        }
        return nil
    }
}

/// What of a server's blind spots is accepted, kept with the server so that its state needs no more than itself.
struct AcceptedBlindSpots: Hashable, Sendable, Codable {
    /// Of the failure modes, without those that are accepted.
    var remaining: Heartbeat.FailureModeCounts
    /// Of all that is accepted.
    var names: [String]
    /// Titles by language of what is accepted, at most `shown`.
    var titles: [[String: String]]
    var count: Int { names.count }
    /// Patterns have a dot in their names, probes have none.
    var probes: [String] { names.filter { !$0.contains(".") } }

    static let shown = 4

    /// nil where nothing is accepted.
    init?(_ accepted: [AcceptedBlindSpot], of inventory: Inventory?) {
        guard !accepted.isEmpty else { return nil }
        self.names = accepted.map(\.name).sorted()
        let names = Set(self.names)
        remaining = Heartbeat.FailureModeCounts((inventory?.failureModes ?? []).filter { !names.contains($0.pattern) })
        titles = accepted.prefix(AcceptedBlindSpots.shown).map(\.titles)
    }

    /// `5 blind spots accepted, not seen here: “A”, “B” and 3 more.` In quotes, as a title alone reads like a failure.
    func words(in language: Language) -> String {
        let shown = titles.map { title in
            let title = CleanText.line(title[language.rawValue] ?? title["en"] ?? "", limit: 160)
            return language("“\(title)”", "„\(title)“")
        }
        let left = count - shown.count
        let more = left > 0 ? language(" and \(left) more", " und \(left) weitere") : ""
        return language(
            "\(Wording.counted(count, "blind spot")) accepted, not seen here: ",
            "\(Wording.counted(count, "blinder Fleck", "blinde Flecken")) hingenommen, hier nicht zu sehen: ")
            + shown.joined(separator: ", ") + more + "."
    }
}

/// Which blind spots of a server are meant.
enum BlindSpotChoice: Hashable, Sendable {
    case all
    case named([String])
}
