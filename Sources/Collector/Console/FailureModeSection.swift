import Reports

/// What an agent could see of the rule base, for a server's page: what to do first, then each kind of part with what is
/// not seen of it. What is not seen is unknown, and never looks like what is good.
struct FailureModeSection: Sendable {
    struct Count: Sendable {
        var badge: Badge
        var count: Int
    }

    /// Something that a person can do.
    struct Task: Sendable {
        var because: String
        var step: String
        var hides: String
    }

    struct Reason: Sendable {
        var text: String
        /// The parts that it holds for.
        var places: String?
    }

    struct Row: Sendable {
        var title: String
        var badge: Badge
        /// On how many of the parts it is seen.
        var share: String?
        var reasons: [Reason]
    }

    /// Failure modes of one kind of part.
    struct Group: Sendable {
        var name: String
        var counts: [Count]
        var rows: [Row]
        /// Titles of what is seen, and how many rows are left out.
        var seenTitles: String?
        var leftOut: String?
    }

    /// A rule base may have thousands of modes; these are drawn.
    static let tasksShown = 12
    static let groupsShown = 60
    static let rowsShown = 60

    let sentence: String
    let counts: [Count]
    let tasks: [Task]
    let groups: [Group]
    /// What somebody lives with, and whether there is anything to decide.
    let accepted: [BlindSpotsPage.Row]
    let mayAccept: Bool

    init(_ modes: [FailureMode], _ spots: [BlindSpot], _ words: TicketStrings) {
        let language = words.language
        let own = modes.filter { $0.state != "absent" }
        let seen = own.count { $0.state == "seen" }
        sentence = language(
            "\(seen) of \(own.count) kinds of failure that this server can have would be seen.",
            "\(seen) von \(own.count) Arten von Ausfällen, die dieser Server haben kann, würden gesehen.")
        counts = FailureModeSection.counts(own, language)
        let names = Set(spots.filter { $0.acceptance != nil }.map(\.name))
        accepted = spots.filter { $0.acceptance != nil }.prefix(FailureModeSection.rowsShown).map { .init($0, words) }
        mayAccept = !spots.isEmpty
        // Of what is accepted nothing is to be done.
        tasks = FailureModeSection.tasks(own.filter { !names.contains($0.pattern) }, language)
        let byKind = Dictionary(grouping: own, by: \.kind).map { kind, modes in
            (
                kind: kind, unseen: modes.count { $0.state == "unseen" }, blind: modes.count(where: \.isBlind),
                modes: modes
            )
        }
        let sorted = byKind.sorted {
            ($1.unseen, $1.blind, $0.kind.rawValue) < ($0.unseen, $0.blind, $1.kind.rawValue)
        }
        groups = sorted.prefix(FailureModeSection.groupsShown).map {
            FailureModeSection.group($0.kind, $0.modes, words)
        }
    }

    private static func counts(_ modes: [FailureMode], _ language: Language) -> [Count] {
        ["unseen", "partly", "seen"].compactMap { state in
            let count = modes.count { $0.state == state }
            return count == 0 ? nil : Count(badge: Badge(coverage: state, in: language), count: count)
        }
    }

    private static func tasks(_ modes: [FailureMode], _ language: Language) -> [Task] {
        var found: [String: (because: String, step: String, modes: Int)] = [:]
        for mode in modes {
            for reason in mode.reasons {
                guard let step = reason.step(in: language) else { continue }
                let because = reason.because(in: language)
                found[because, default: (because, step, 0)].modes += 1
            }
        }
        let sorted = found.values.sorted { ($1.modes, $0.because) < ($0.modes, $1.because) }
        return sorted.prefix(tasksShown).map { task in
            Task(
                because: CleanText.line(task.because), step: CleanText.line(task.step, limit: 900),
                hides: language(
                    Wording.counted(task.modes, "kind of failure", "kinds of failure"),
                    Wording.counted(task.modes, "Art von Ausfällen", "Arten von Ausfällen")))
        }
    }

    private static func group(_ kind: ComponentKind, _ modes: [FailureMode], _ words: TicketStrings) -> Group {
        let language = words.language
        let blind = modes.filter(\.isBlind).sorted {
            ($0.state == "unseen" ? 0 : 1, $0.title(in: language.rawValue))
                < ($1.state == "unseen" ? 0 : 1, $1.title(in: language.rawValue))
        }
        let name = words.kind(kind)
        let seen = modes.filter { $0.state == "seen" }.prefix(rowsShown).map {
            CleanText.line($0.title(in: language.rawValue), limit: 160)
        }
        let left = blind.count - rowsShown
        return Group(
            name: name.prefix(1).uppercased() + name.dropFirst(), counts: counts(modes, language),
            rows: blind.prefix(rowsShown).map { row($0, language) },
            seenTitles: seen.isEmpty ? nil : seen.joined(separator: " · "),
            leftOut: left > 0 ? language("and \(left) more", "und \(left) weitere") : nil)
    }

    private static func row(_ mode: FailureMode, _ language: Language) -> Row {
        Row(
            title: CleanText.line(mode.title(in: language.rawValue), limit: 160),
            badge: Badge(coverage: mode.state, in: language),
            share: mode.parts > 1 ? language("\(mode.seen) of \(mode.parts)", "\(mode.seen) von \(mode.parts)") : nil,
            reasons: mode.reasons.prefix(FailureMode.reasonsShown).map { reason in
                let parts = reason.parts.prefix(FailureMode.namedParts).map { CleanText.line($0, limit: 60) }
                let left = reason.count - parts.count
                let more = left > 0 && !parts.isEmpty ? language(" and \(left) more", " und \(left) weitere") : ""
                return Reason(
                    text: CleanText.line(reason.because(in: language)),
                    places: parts.isEmpty ? nil : parts.joined(separator: ", ") + more)
            })
    }
}
