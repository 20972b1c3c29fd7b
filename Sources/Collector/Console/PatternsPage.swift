import PatternChannel
import Reports

/// `/patterns`: channels of fault patterns, as their mirrors stand, and which server runs what.
struct PatternsPage: Sendable {
    struct PackRow: Sendable {
        var name: String
        var text: String
        var sha256: String
    }

    struct WithdrawalRow: Sendable {
        var pattern: String
        var because: String
    }

    struct ChannelRow: Sendable {
        var name: String
        var badge: Badge
        var source: String
        /// Version of the packs; nil before the first.
        var version: String?
        var taken: String?
        var asked: String
        var expires: String?
        /// Why nothing new is taken; nil where nothing is refused.
        var refusal: String?
        var warnings: [String]
        var packs: [PackRow]
        var withdrawals: [WithdrawalRow]
        /// How the version comes to the servers; nil before the first.
        var rollout: RolloutSection?
        /// How many servers run which version.
        var running: [String]
    }

    struct RolloutSection: Sendable {
        var badge: Badge
        var sentence: String
        var since: String
        /// Who decided last, and why.
        var decision: String?
        var link: String
        var figures: [FigureRow]
        var leftOutFigures: String?
        /// Servers that do not run it, the gravest first.
        var behind: [ServerRow]
        var leftOut: String?
        var mayGoOn: Bool
        var mayHalt: Bool
        var mayReturn: Bool
    }

    struct FigureRow: Sendable {
        var pattern: String
        var urgency: Badge?
        var foretold: String
        var came: String
    }

    struct ServerRow: Sendable {
        var hostname: String
        var link: String
        var because: String
        var status: ChannelStatusText?
    }

    /// A channel with what is looked at of it.
    struct Shown: Sendable {
        var known: MirroredChannel
        var rollout: Rollout?
        var rules: RolloutRules
        var servers: [RolloutServer]
    }

    static let figuresShown = 30
    /// Servers that are listed of one channel, and what its maker took back.
    static let serversShown = 100
    static let withdrawalsShown = 100

    let frame: PageLayout
    let w: [String: String]
    let channels: [ChannelRow]

    init(_ channels: [Shown], frame: PageLayout, language: Language, at time: Timestamp) {
        self.frame = frame
        w = ConsoleStrings.all(in: language)
        let words = TicketStrings(language: language)
        self.channels = channels.map { ChannelRow($0, words, at: time) }
    }
}

extension PatternsPage.ChannelRow {
    fileprivate init(_ shown: PatternsPage.Shown, _ words: TicketStrings, at time: Timestamp) {
        let language = words.language
        let channel = shown.known
        name = CleanText.line(channel.name, limit: 60)
        badge = Badge(channel, at: time, in: language)
        source = CleanText.line(channel.source, limit: 200)
        version = channel.targets.map { "\($0)" }
        taken = channel.takenAt.map { words.time($0) }
        asked = channel.askedAt.map { words.time($0) } ?? "–"
        expires = channel.expires.map { words.time($0) }
        refusal = channel.refusal.map { refusal in
            let since = words.span(time - refusal.since)
            return language("For \(since): ", "Seit \(since): ") + CleanText.line(refusal.because, limit: 500)
        }
        warnings = channel.warnings.map { CleanText.line($0, limit: 300) }
        packs = channel.packs.map { pack in
            PatternsPage.PackRow(
                name: CleanText.line(pack.name, limit: 60),
                text: language(
                    "\(Wording.counted(pack.patterns, "pattern")), engine level \(pack.engineLevel)",
                    "\(pack.patterns) Muster, Stufe \(pack.engineLevel)"), sha256: String(pack.sha256.prefix(16)))
        }
        withdrawals = channel.withdrawals.prefix(PatternsPage.withdrawalsShown).map {
            PatternsPage.WithdrawalRow(
                pattern: CleanText.line($0.pattern, limit: 100), because: CleanText.line($0.because, limit: 300))
        }
        rollout = shown.rollout.map { PatternsPage.RolloutSection($0, shown, words, at: time) }
        let counts = Dictionary(grouping: shown.servers.compactMap(\.status), by: \.active).mapValues(\.count)
        let ordered = counts.sorted { ($1.value, $0.key ?? 0) < ($0.value, $1.key ?? 0) }
        running = ordered.prefix(10).map { version, count in
            let text = language(Wording.counted(count, "server"), "\(count) Server")
            return version.map { language("\(text) on version \($0)", "\(text) mit Version \($0)") }
                ?? language("\(text) on the patterns of their package", "\(text) mit den Mustern ihres Pakets")
        }
    }
}

extension PatternsPage.RolloutSection {
    fileprivate init(
        _ rollout: Rollout, _ shown: PatternsPage.Shown, _ words: TicketStrings, at time: Timestamp
    ) {
        let language = words.language
        badge = Badge(rollout.state, in: language)
        sentence = rollout.sentence(of: shown.servers, shown.rules, at: time, in: language)
        since = words.time(rollout.since)
        decision = rollout.said.map { said in
            "\(CleanText.line(said.by, limit: 80)), \(words.time(said.time)): \(CleanText.line(said.because, limit: 500))"
        }
        link = "/patterns/\(ConsoleLink.segment(rollout.channel))"
        mayGoOn = rollout.takes(.rollout)
        mayHalt = rollout.takes(.halt)
        mayReturn = rollout.takes(.rollback)
        let all = rollout.figures(of: shown.servers, at: time)
        figures = all.prefix(PatternsPage.figuresShown).map { figure in
            let range = figure.surely == figure.atMost ? "\(figure.surely)" : "\(figure.surely)–\(figure.atMost)"
            return PatternsPage.FigureRow(
                pattern: CleanText.line(figure.pattern, limit: 100),
                urgency: figure.urgency.flatMap { Urgency(rawValue: $0) }.map { Badge($0, in: language) },
                foretold: figure.servers == 0
                    ? "–" : language("\(range) on \(figure.servers) servers", "\(range) auf \(figure.servers) Servern"),
                came: rollout.activated.isEmpty
                    ? "–"
                    : language(
                        "\(figure.found); foretold at most \(figure.foretold), by the others \(figure.others)",
                        "\(figure.found); vorausgesagt höchstens \(figure.foretold), nach den übrigen \(figure.others)")
            )
        }
        let more = all.count - figures.count
        leftOutFigures = more > 0 ? language("and \(more) more", "und \(more) weitere") : nil
        let servers = rollout.behind(shown.servers)
        behind = servers.prefix(PatternsPage.serversShown).map { server in
            PatternsPage.ServerRow(
                hostname: CleanText.line(server.hostname, limit: 80),
                link: "/servers/\(ConsoleLink.segment(server.host))",
                because: rollout.sentence(of: server, shown.rules, at: time, in: language),
                status: server.status.map { ChannelStatusText($0, in: language) })
        }
        let left = servers.count - behind.count
        leftOut = left > 0 ? language("and \(left) more", "und \(left) weitere") : nil
    }
}

/// What a server says of one channel, in words.
struct ChannelStatusText: Sendable {
    var channel: String
    var running: String
    /// What is on trial, and how far; nil where nothing is.
    var candidate: String?
    /// What it would say, in figures.
    var forecast: String?
    var refused: String?
    var warnings: [String]

    init(_ status: ChannelStatus, in language: Language) {
        channel = CleanText.line(status.channel, limit: 60)
        let before = status.before.map { language(" (before: \($0))", " (davor: \($0))") } ?? ""
        running =
            (status.active.map { language("Version \($0) runs", "Version \($0) läuft") }
                ?? language("The pack of the package runs", "Die Muster des Pakets laufen")) + before
        candidate = status.candidate.map { ChannelStatusText.text(of: $0, in: language) }
        forecast = status.candidate?.forecast.map { ChannelStatusText.text(of: $0, in: language) }
        refused = status.refused.map { CleanText.line($0, limit: 500) }
        warnings = status.warnings.prefix(ReportLimits.channelWarnings).map { CleanText.line($0, limit: 300) }
    }

    private static func text(of candidate: PatternCandidate, in language: Language) -> String {
        let version = candidate.targets
        let because = CleanText.line(candidate.because, limit: 500)
        let reason = because.isEmpty ? "" : ": \(because)"
        switch candidate.state {
        case "checking":
            return language("Version \(version) is being tried", "Version \(version) wird erprobt")
        case "proved":
            return language("Version \(version) is tried and waits", "Version \(version) ist erprobt und wartet")
        case "refused": return language("Version \(version) is refused", "Version \(version) ist abgelehnt") + reason
        case "withdrawn":
            return language(
                "Version \(version) ran, and the server went back by itself",
                "Version \(version) lief, und der Server ist von selbst zurückgegangen") + reason
        default: return "\(CleanText.line(candidate.state, limit: 40)) \(version)\(reason)"
        }
    }

    private static func text(of forecast: PatternForecast, in language: Language) -> String {
        let days = forecast.span / 86_400
        let surely = forecast.entries.reduce(0) { $0 + $1.surely }
        let atMost = forecast.entries.reduce(0) { $0 + $1.atMost }
        let named = forecast.entries.prefix(5).map { CleanText.line($0.pattern, limit: 60) }.joined(separator: ", ")
        guard atMost > 0 || forecast.clears > 0 else {
            return language(
                "Over \(days) days of its history it would have said nothing new",
                "Über \(days) Tage seiner Geschichte hätte sie nichts Neues gesagt")
        }
        let range = surely == atMost ? "\(surely)" : "\(surely)–\(atMost)"
        return language(
            "Over \(days) days of its history it would have opened \(range) and cleared \(forecast.clears)",
            "Über \(days) Tage seiner Geschichte hätte sie \(range) eröffnet und \(forecast.clears) beendet")
            + (named.isEmpty ? "" : ": \(named)")
    }
}

extension Badge {
    init(_ state: Rollout.State, in language: Language) {
        switch state {
        case .proving: self = Badge(word: language("Being tried", "Wird erprobt"), style: "watch")
        case .held: self = Badge(word: language("Waits for a person", "Wartet auf einen Menschen"), style: "plan")
        case .rolling: self = Badge(word: language("On its way", "Unterwegs"), style: "watch")
        case .halted: self = Badge(word: language("Halted", "Angehalten"), style: "order")
        case .complete: self = Badge(word: language("Everywhere", "Überall"), style: "good")
        case .back: self = Badge(word: language("Taken back", "Zurückgenommen"), style: "revoked")
        }
    }

    init(_ channel: MirroredChannel, at time: Timestamp, in language: Language) {
        if let refusal = channel.refusal, !refusal.isAbsence {
            self = Badge(word: language("Refused", "Abgelehnt"), style: "order")
        } else if channel.alarm(at: time) != nil {
            self = Badge(word: language("Out of date", "Veraltet"), style: "plan")
        } else if channel.refusal != nil {
            self = Badge(word: language("Source does not answer", "Quelle antwortet nicht"), style: "watch")
        } else {
            self = Badge(word: language("Up to date", "Aktuell"), style: "good")
        }
    }
}
