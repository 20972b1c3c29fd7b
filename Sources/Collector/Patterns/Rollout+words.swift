import Reports

/// A rollout in sentences, for people.
extension Rollout {
    /// Where it stands, and why.
    func sentence(of servers: [RolloutServer], _ rules: RolloutRules, at time: Timestamp, in language: Language)
        -> String
    {
        let why = cause.map { " " + $0.words(in: language) } ?? ""
        switch state {
        case .proving:
            let taking = servers.count { $0.status != nil }
            guard taking > 0 else {
                return language(
                    "No server takes this channel yet: it needs the channel's pinned root.",
                    "Noch nimmt kein Server diesen Kanal: Er braucht die hinterlegte Wurzel des Kanals.")
            }
            let awaited = awaited(servers, rules, at: time).count
            return language(
                "Version \(targets) is tried on what the servers remember; \(awaited) of \(taking) \(Wording.form(awaited, "has", "have")) not answered.",
                "Version \(targets) wird an dem erprobt, was die Server wissen; \(awaited) von \(taking) \(Wording.form(awaited, "hat", "haben")) nicht geantwortet."
            )
        case .held:
            return language(
                "Version \(targets) waits for a decision.", "Version \(targets) wartet auf eine Entscheidung.") + why
        case .rolling:
            let (count, all) = (activated.count, servers.count { $0.status != nil })
            return language(
                "Version \(targets) comes to the servers, ring \(ring + 1) of \(RolloutRules.shares.count): \(count) of \(all) \(Wording.form(count, "was", "were")) told to run it.",
                "Version \(targets) kommt auf die Server, Ring \(ring + 1) von \(RolloutRules.shares.count): \(count) von \(all) \(Wording.form(count, "soll", "sollen")) sie verwenden."
            )
        case .halted: return language("Version \(targets) is halted.", "Version \(targets) ist angehalten.") + why
        case .complete:
            return language(
                "Version \(targets) runs wherever it can.", "Version \(targets) läuft überall, wo sie kann.")
        case .back:
            return language("Version \(targets) is taken back.", "Version \(targets) ist zurückgenommen.") + why
        }
    }

    /// Why one server is told what it is told.
    func sentence(
        of server: RolloutServer, _ rules: RolloutRules, at time: Timestamp, in language: Language
    ) -> String {
        let isAway = !(server.heard.map { time - $0 <= rules.heardWithin } ?? false)
        switch server.standing(of: targets) {
        case nil: return language("does not take this channel", "nimmt diesen Kanal nicht")
        case .runs: return language("runs it", "verwendet sie")
        case .refused(let because):
            return language("refuses it", "lehnt sie ab") + ": \(CleanText.line(because, limit: 300))"
        case .unable(let because):
            return language("could not take it so far", "konnte sie bisher nicht nehmen")
                + ": \(CleanText.line(because, limit: 300))"
        case .wentBack(let because):
            return language("ran it and went back", "verwendete sie und ging zurück")
                + ": \(CleanText.line(because, limit: 300))"
        case .unanswered, .checking, .proved:
            if isAway {
                return language(
                    "was not heard for a day: tries it when it is back, and is in the last ring",
                    "seit einem Tag nicht gehört: erprobt sie, wenn er wieder da ist, und ist im letzten Ring")
            }
            if activated[server.host] != nil, state == .rolling || state == .complete {
                return language("was told to run it", "soll sie verwenden")
            }
            guard case .proved = server.standing(of: targets) else {
                return language("tries it", "erprobt sie")
            }
            if server.remembersTooLittle(for: targets) {
                return language(
                    "has tried it, but remembers less than 12 hours: tries it again, and is in the last ring",
                    "hat sie erprobt, weiß aber von weniger als 12 Stunden: erprobt sie wieder und ist im letzten Ring")
            }
            if state == .rolling, server.pin == .last || !members.contains(server.host) {
                return language("has tried it, and is in the last ring", "hat sie erprobt und ist im letzten Ring")
            }
            return state == .held
                ? language("has tried it and waits for the decision", "hat sie erprobt und wartet auf die Entscheidung")
                : language("has tried it and waits for its turn", "hat sie erprobt und wartet, bis er an der Reihe ist")
        }
    }
}

extension Rollout.Cause {
    func words(in language: Language) -> String {
        func line(_ text: String) -> String { CleanText.line(text, limit: 300) }
        /// `1 of 3 servers refuses it`, `2 von 3 Servern lehnen sie ab`: the verb goes with the first number, the noun with the
        /// second.
        func share(_ count: Int, _ all: Int) -> (english: String, german: String) {
            (
                "\(count) of \(Wording.counted(all, "server"))",
                "\(count) von \(Wording.counted(all, "Server", "Servern"))"
            )
        }
        switch self {
        case .refused(let servers, let count, let example, let because):
            let (of, von) = share(servers, count)
            return language(
                "\(of) \(Wording.form(servers, "refuses", "refuse")) it; \(line(example)): \(line(because))",
                "\(von) \(Wording.form(servers, "lehnt", "lehnen")) sie ab; \(line(example)): \(line(because))")
        case .unanswered(let servers, let count):
            let (of, von) = share(servers, count)
            return language(
                "\(of) \(Wording.form(servers, "was heard and has", "were heard and have")) not answered for a day.",
                "\(von) \(Wording.form(servers, "war zu hören und hat", "waren zu hören und haben")) einen Tag lang nicht geantwortet."
            )
        case .unremembered(let servers, let count):
            let (of, von) = share(servers, count)
            return language(
                "\(of) \(Wording.form(servers, "remembers", "remember")) less than 12 hours, on which it cannot be tried; it goes on by itself when most remember more.",
                "\(von) \(Wording.form(servers, "weiß", "wissen")) von weniger als 12 Stunden, woran sie nicht zu erproben ist; es geht von selbst weiter, wenn die meisten mehr wissen."
            )
        case .orders(let servers, let count, let surely, let atMost, let pattern):
            let (of, von) = share(servers, count)
            let number =
                surely == atMost
                ? (english: "\(surely) in all", german: "zusammen \(surely)")
                : (
                    english: "surely \(surely) and at most \(atMost) in all",
                    german: "zusammen sicher \(surely) und höchstens \(atMost)"
                )
            return language(
                "\(of) \(Wording.form(servers, "foretells", "foretell")) orders or visits, \(number.english), mostly by \(line(pattern)).",
                "\(von) \(Wording.form(servers, "sagt", "sagen")) Bestellungen oder Besuche voraus, \(number.german), meist durch \(line(pattern))."
            )
        case .noise(let servers, let count, let pattern):
            let (of, von) = share(servers, count)
            return language(
                "\(of) \(Wording.form(servers, "foretells", "foretell")) new things to watch, mostly by \(line(pattern)).",
                "\(von) \(Wording.form(servers, "sagt", "sagen")) Neues zu beobachten voraus, meist durch \(line(pattern))."
            )
        case .clears(let servers, let count, let faults):
            let (of, von) = share(servers, count)
            return language(
                "On \(of) it would end faults that stand, \(faults) in all.",
                "Auf \(von) würde sie Fehler beenden, die bestehen, zusammen \(faults).")
        case .wentBack(let servers, let count, let example, let because):
            let (of, von) = share(servers, count)
            return language(
                "\(of) that \(Wording.form(count, "was", "were")) told to run it went back or refused it; \(line(example)): \(line(because))",
                "\(von), \(Wording.form(count, "der sie verwenden sollte", "die sie verwenden sollten")), \(Wording.form(servers, "ging zurück oder lehnte", "gingen zurück oder lehnten")) ab; \(line(example)): \(line(because))"
            )
        case .silent(let servers, let count, let expected):
            let (of, von) = share(servers, count)
            return language(
                "\(of) fell silent after \(Wording.form(servers, "it was", "they were")) told to run it; by the others it would be \(expected).",
                "\(von) \(Wording.form(servers, "verstummte, nachdem er", "verstummten, nachdem sie")) sie verwenden \(Wording.form(servers, "sollte", "sollten")); nach den übrigen \(Wording.form(expected, "wäre", "wären")) es \(expected)."
            )
        case .faults(let pattern, let found, let servers, let foretold, let others):
            return language(
                "\(line(pattern)) opened \(Wording.counted(found, "fault")) on the \(Wording.counted(servers, "server")) that \(Wording.form(servers, "was", "were")) told to run it; at most \(foretold) \(Wording.form(foretold, "was", "were")) foretold, and \(others) would be by the others.",
                "\(line(pattern)) eröffnete \(found) Fehler auf \(Wording.form(servers, "dem einen Server, der sie verwenden sollte", "den \(servers) Servern, die sie verwenden sollten")); höchstens \(foretold) \(Wording.form(foretold, "war", "waren")) vorausgesagt, und nach den übrigen \(Wording.form(others, "wäre", "wären")) es \(others)."
            )
        case .person(let by, let because):
            return language("By \(line(by)): \(line(because))", "Von \(line(by)): \(line(because))")
        }
    }
}
