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
        /// Version of the packs, and since when it is here; nil before the first.
        var version: String?
        /// When the signatures were last checked, and how often they are.
        var signatures: String
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
        var title: String
        var badge: Badge
        var sentence: String
        /// By what rule it waits for a person; nil where it does not.
        var rule: String?
        var since: String
        /// Who decided last, and why.
        var decision: String?
        var figures: [FigureRow]
        var leftOutFigures: String?
        /// Servers that do not run it, the gravest first.
        var behind: [ServerRow]
        var leftOut: String?
        var choices: [Choice]
    }

    /// What a person can do, and what comes of it on which servers.
    struct Choice: Sendable {
        var word: String
        var text: String
        var link: String
    }

    struct FigureRow: Sendable {
        var pattern: String
        /// What it finds, and what that means; nil where the pack says nothing.
        var title: String?
        var description: String?
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
    /// Whether there is a source to ask.
    let asks: Bool

    init(_ channels: [Shown], frame: PageLayout, language: Language, at time: Timestamp) {
        self.frame = frame
        w = ConsoleStrings.all(in: language)
        let words = TicketStrings(language: language)
        self.channels = channels.map { ChannelRow($0, words, at: time) }
        asks = !channels.isEmpty
    }
}

extension PatternsPage.ChannelRow {
    fileprivate init(_ shown: PatternsPage.Shown, _ words: TicketStrings, at time: Timestamp) {
        let language = words.language
        let channel = shown.known
        name = CleanText.line(channel.name, limit: 60)
        badge = Badge(channel, shown.rollout, at: time, in: language)
        source = CleanText.line(channel.source, limit: 200)
        version = channel.targets.map { version in
            let taken = channel.takenAt.map { language(", here since ", ", hier seit ") + words.time($0) } ?? ""
            return "\(version)\(taken)"
        }
        let every = words.span(PatternChannelSettings.askingInterval)
        let isRefused = channel.refusal.map { !$0.isAbsence } ?? false
        signatures =
            channel.askedAt.map { asked in
                language(
                    "\(isRefused ? "not valid" : "valid"), checked \(words.time(asked)), and again every \(every)",
                    "\(isRefused ? "ungültig" : "gültig"), geprüft \(words.time(asked)), und wieder alle \(every)")
            } ?? language("nothing was checked yet", "noch wurde nichts geprüft")
        expires = channel.expires.map { words.time($0) }
        refusal = channel.refusal.map { refusal in
            let since = words.span(time - refusal.since)
            let why = ChannelAlarm.words(for: refusal.reason, in: language)
            return language("For \(since): ", "Seit \(since): ")
                + "\(why) (\(CleanText.line(refusal.because, limit: 500)))"
        }
        warnings = channel.warnings.map { CleanText.line($0, limit: 300) }
        packs = channel.packs.map { pack in
            PatternsPage.PackRow(
                name: CleanText.line(pack.name, limit: 60),
                text: language(
                    "\(Wording.counted(pack.patterns, "pattern")), for engines from level \(pack.engineLevel)",
                    "\(pack.patterns) Muster, für Auswertung ab Stufe \(pack.engineLevel)"),
                sha256: CleanText.line(pack.sha256, limit: 64))
        }
        withdrawals = channel.withdrawals.prefix(PatternsPage.withdrawalsShown).map {
            PatternsPage.WithdrawalRow(
                pattern: CleanText.line($0.pattern, limit: 100), because: CleanText.line($0.because, limit: 300))
        }
        rollout = shown.rollout.map { PatternsPage.RolloutSection($0, shown, words, at: time) }
        let taking = shown.servers.filter { $0.status != nil }
        let counts = Dictionary(grouping: taking) { server in
            Running(version: server.status?.active, pack: server.status?.active == nil ? server.pack : nil)
        }.mapValues(\.count)
        running = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(10).map { what, count in
            let text = language(Wording.counted(count, "server"), "\(count) Server")
            if let version = what.version {
                return language("\(text): version \(version)", "\(text): Version \(version)")
            }
            let pack = what.pack.map { " (\(CleanText.line($0, limit: 40)))" } ?? ""
            return language(
                "\(text): the patterns that came with \(Wording.form(count, "its package", "their packages"))\(pack)",
                "\(text): die Muster, die mit \(Wording.form(count, "seinem Paket", "ihren Paketen")) kamen\(pack)")
        }
    }

    /// What of a channel runs on a server.
    private struct Running: Hashable, Comparable {
        var version: Int64?
        /// The version of the package's patterns.
        var pack: String?

        static func < (a: Running, b: Running) -> Bool {
            (b.version ?? 0, b.pack ?? "") < (a.version ?? 0, a.pack ?? "")
        }
    }
}

extension PatternsPage.RolloutSection {
    fileprivate init(
        _ rollout: Rollout, _ shown: PatternsPage.Shown, _ words: TicketStrings, at time: Timestamp
    ) {
        let language = words.language
        title = language("Version \(rollout.targets)", "Version \(rollout.targets)")
        badge = Badge(rollout.state, in: language)
        sentence = rollout.sentence(of: shown.servers, shown.rules, at: time, in: language)
        since = words.time(rollout.since)
        decision = rollout.said.map { said in
            "\(CleanText.line(said.by, limit: 80)), \(words.time(said.time)): \(CleanText.line(said.because, limit: 500))"
        }
        rule =
            rollout.state == .held
            ? language(
                "By itself a version goes on only where of a hundred servers at most one foretells orders or visits for parts of which nothing is known yet; of fewer than twenty servers, none may.",
                "Von selbst geht eine Version nur weiter, wenn von hundert Servern höchstens einer Bestellungen oder Besuche für Teile voraussagt, von denen noch nichts bekannt ist; bei weniger als zwanzig darf es keiner."
            ) : nil
        choices = rollout.choices(of: shown.servers, shown.rules, words)
        let all = rollout.figures(of: shown.servers, at: time)
        figures = all.prefix(PatternsPage.figuresShown).map { figure in
            let range = figure.surely == figure.atMost ? "\(figure.surely)" : "\(figure.surely)–\(figure.atMost)"
            let texts = shown.known.texts[figure.pattern]
            let text = texts?[language.rawValue] ?? texts?[Language.english.rawValue]
            return PatternsPage.FigureRow(
                pattern: CleanText.line(figure.pattern, limit: 100),
                title: text.map { CleanText.line($0.title, limit: 160) },
                description: text?.description.map { CleanText.line($0, limit: 500) },
                urgency: figure.urgency.flatMap { Urgency(rawValue: $0) }.map { Badge($0, in: language) },
                foretold: figure.servers == 0
                    ? "–"
                    : language(
                        "\(range) on \(Wording.counted(figure.servers, "server"))",
                        "\(range) auf \(Wording.counted(figure.servers, "Server", "Servern"))"),
                came: rollout.activated.isEmpty
                    ? language("it runs nowhere", "es läuft nirgends")
                    : language(
                        "\(figure.found); foretold at most \(figure.foretold), by the others \(figure.others)",
                        "\(figure.found); vorausgesagt höchstens \(figure.foretold), nach den übrigen \(figure.others)")
            )
        }
        let more = all.count - figures.count
        leftOutFigures =
            more > 0 ? language("and \(more) more", "und \(Wording.counted(more, "weiteres", "weitere"))") : nil
        let servers = rollout.behind(shown.servers)
        behind = servers.prefix(PatternsPage.serversShown).map { server in
            PatternsPage.ServerRow(
                hostname: CleanText.line(server.hostname, limit: 80),
                link: "/servers/\(ConsoleLink.segment(server.host))",
                because: rollout.sentence(of: server, shown.rules, at: time, in: language),
                status: server.status.map { ChannelStatusText($0, in: language) })
        }
        let left = servers.count - behind.count
        leftOut = left > 0 ? language("and \(left) more", "und \(Wording.counted(left, "weiterer", "weitere"))") : nil
    }
}

extension Rollout {
    /// What a person can do now, what the console is to offer, and what comes of each.
    fileprivate func choices(
        of servers: [RolloutServer], _ rules: RolloutRules, _ words: TicketStrings
    ) -> [PatternsPage.Choice] {
        let language = words.language
        let link = "/patterns/\(ConsoleLink.segment(channel))"
        let running = servers.count { $0.status?.active == targets || activated[$0.host] != nil }
        let taking = servers.count { $0.status != nil }
        func choice(_ order: Order, _ word: String, _ text: String) -> PatternsPage.Choice? {
            takes(order) ? PatternsPage.Choice(word: word, text: text, link: "\(link)/\(order.rawValue)") : nil
        }
        let soak = words.span(rules.soak)
        let isFirst = activated.isEmpty
        let release = choice(
            .rollout,
            isFirst
                ? language("Release version \(targets)", "Version \(targets) freigeben")
                : language("Let version \(targets) go on", "Version \(targets) fortsetzen"),
            language(
                "It comes to the servers in rings, \(soak) each: \(isFirst ? "to one first, in the end" : "from where it stopped") to all \(taking) that take this channel. What it finds there opens cases, and tickets go out as for any other. What speaks against it so far counts no more for this version; what comes from now on can halt it again.",
                "Sie kommt in Ringen von je \(soak) auf die Server: \(isFirst ? "erst auf einen, am Ende" : "von dort, wo sie anhielt,") auf alle \(taking), die diesen Kanal nehmen. Was sie dort findet, eröffnet Fälle, und Tickets gehen hinaus wie sonst. Was bis jetzt gegen sie spricht, zählt für diese Version nicht mehr; was von nun an kommt, kann sie wieder anhalten."
            ))
        // What waits already is halted by nobody: to be rid of it, it is rejected.
        let halt =
            state == .held
            ? nil
            : choice(
                .halt, language("Halt version \(targets)", "Version \(targets) anhalten"),
                language(
                    "It comes to no further server until somebody lets it go on. The \(running) that run it keep it.",
                    "Sie kommt auf keinen weiteren Server, bis jemand sie fortsetzt. \(Wording.form(running, "Der eine, auf dem", "Die \(running), auf denen")) sie läuft, \(Wording.form(running, "behält", "behalten")) sie."
                ))
        let others = language(
            "No server is offered it any more. A newer version begins anew.",
            "Keinem Server wird sie mehr angeboten. Eine neuere Version beginnt von vorn.")
        let reject =
            running == 0
            ? choice(
                .rollback, language("Reject version \(targets)", "Version \(targets) ablehnen"),
                language(
                    "No server runs it, so none changes. ", "Sie läuft auf keinem Server, also ändert sich keiner. ")
                    + others)
            : choice(
                .rollback, language("Take version \(targets) back", "Version \(targets) zurücknehmen"),
                language(
                    "The \(running) that run it return to what ran before. ",
                    "\(Wording.form(running, "Der eine, auf dem sie läuft, kehrt", "Die \(running), auf denen sie läuft, kehren")) zu dem zurück, was davor lief. "
                ) + others)
        return [reject, halt, release].compactMap(\.self)
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
                ?? language("The patterns of its package run", "Die Muster des Pakets laufen")) + before
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
            return language(
                "Version \(version) is tried, and waits for the collector's word",
                "Version \(version) ist erprobt und wartet auf das Wort des Kollektors")
        case "refused": return language("Version \(version) is refused", "Version \(version) ist abgelehnt") + reason
        case "withdrawn":
            return language(
                "Version \(version) ran, and the server went back by itself",
                "Version \(version) lief, und der Server ist von selbst zurückgegangen") + reason
        default: return "\(CleanText.line(candidate.state, limit: 40)) \(version)\(reason)"
        }
    }

    private static func text(of forecast: PatternForecast, in language: Language) -> String {
        let span = TicketStrings(language: language).span(.seconds(forecast.span))
        guard forecast.saysSomething else {
            return language(
                "It remembers the last \(span), which is too little to try a version on: 12 hours are needed",
                "Er weiß von den letzten \(span), zu wenig, um eine Version zu erproben: 12 Stunden sind nötig")
        }
        let surely = forecast.entries.reduce(0) { $0 + $1.surely }
        let atMost = forecast.entries.reduce(0) { $0 + $1.atMost }
        let named = forecast.entries.prefix(5).map { CleanText.line($0.pattern, limit: 60) }.joined(separator: ", ")
        guard atMost > 0 || forecast.clears > 0 else {
            return language(
                "In what it remembers of the last \(span), the version would have opened nothing new",
                "In dem, was er von den letzten \(span) noch weiß, hätte die Version nichts Neues eröffnet")
        }
        let range = surely == atMost ? "\(surely)" : "\(surely)–\(atMost)"
        return language(
            "In what it remembers of the last \(span), the version would have opened \(range == "1" ? "1 fault" : "\(range) faults") and ended \(forecast.clears)",
            "In dem, was er von den letzten \(span) noch weiß, hätte die Version \(range) Fehler eröffnet und \(forecast.clears) beendet"
        )
            + (named.isEmpty ? "" : ": \(named)")
    }
}

extension Badge {
    init(_ state: Rollout.State, in language: Language) {
        switch state {
        case .proving: self = Badge(word: language("Being tried", "Wird erprobt"), style: "watch")
        case .held: self = Badge(word: language("Waits for a decision", "Wartet auf eine Entscheidung"), style: "plan")
        case .rolling: self = Badge(word: language("On its way", "Unterwegs"), style: "watch")
        case .halted: self = Badge(word: language("Halted", "Angehalten"), style: "order")
        case .complete: self = Badge(word: language("Everywhere", "Überall"), style: "good")
        case .back: self = Badge(word: language("Taken back", "Zurückgenommen"), style: "revoked")
        }
    }

    /// The gravest that there is to say of a channel: what is wrong with its files, else how far its newest version is.
    init(_ channel: MirroredChannel, _ rollout: Rollout?, at time: Timestamp, in language: Language) {
        if let refusal = channel.refusal, !refusal.isAbsence {
            self = Badge(word: language("Refused", "Abgelehnt"), style: "order")
        } else if channel.alarm(at: time)?.reason == "expired" {
            self = Badge(word: language("Out of date", "Veraltet"), style: "plan")
        } else if channel.refusal != nil {
            self = Badge(word: language("Source does not answer", "Quelle antwortet nicht"), style: "watch")
        } else if let rollout {
            self = Badge(rollout.state, in: language)
        } else {
            self = Badge(word: language("Nothing yet", "Noch nichts"), style: "watch")
        }
    }
}
