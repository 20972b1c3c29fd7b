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
                "Version \(targets) is tried on what the servers remember; \(awaited) of \(taking) have not answered.",
                "Version \(targets) wird an dem erprobt, was die Server wissen; \(awaited) von \(taking) haben nicht geantwortet."
            )
        case .held:
            return language(
                "Version \(targets) waits for a person.", "Version \(targets) wartet auf einen Menschen.") + why
        case .rolling:
            let (count, all) = (activated.count, servers.count { $0.status != nil })
            return language(
                "Version \(targets) comes to the servers, ring \(ring + 1) of \(RolloutRules.shares.count): \(count) of \(all) were told to run it.",
                "Version \(targets) kommt auf die Server, Ring \(ring + 1) von \(RolloutRules.shares.count): \(count) von \(all) sollen sie verwenden."
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
            if state == .rolling, server.pin == .last || !members.contains(server.host) {
                return language("has tried it, and is in the last ring", "hat sie erprobt und ist im letzten Ring")
            }
            return language("has tried it, and waits", "hat sie erprobt und wartet")
        }
    }
}

extension Rollout.Cause {
    func words(in language: Language) -> String {
        func line(_ text: String) -> String { CleanText.line(text, limit: 300) }
        switch self {
        case .refused(let servers, let count, let example, let because):
            return language(
                "\(servers) of \(count) servers refuse it; \(line(example)): \(line(because))",
                "\(servers) von \(count) Servern lehnen sie ab; \(line(example)): \(line(because))")
        case .unanswered(let servers, let count):
            return language(
                "\(servers) of \(count) servers were heard and have not answered for a day.",
                "\(servers) von \(count) Servern waren zu hören und haben einen Tag lang nicht geantwortet.")
        case .orders(let servers, let count, let surely, let atMost, let pattern):
            return language(
                "\(servers) of \(count) servers foretell orders or visits, surely \(surely), at most \(atMost), mostly by \(line(pattern)).",
                "\(servers) von \(count) Servern sagen Bestellungen oder Besuche voraus, sicher \(surely), höchstens \(atMost), meist durch \(line(pattern))."
            )
        case .noise(let servers, let count, let pattern):
            return language(
                "\(servers) of \(count) servers foretell new things to watch, mostly by \(line(pattern)).",
                "\(servers) von \(count) Servern sagen Neues zu beobachten voraus, meist durch \(line(pattern)).")
        case .clears(let servers, let count, let faults):
            return language(
                "On \(servers) of \(count) servers it would end faults that stand, \(faults) in all.",
                "Auf \(servers) von \(count) Servern würde sie Fehler beenden, die bestehen, zusammen \(faults).")
        case .wentBack(let servers, let count, let example, let because):
            return language(
                "\(servers) of \(count) servers that were told to run it went back or refused it; \(line(example)): \(line(because))",
                "\(servers) von \(count) Servern, die sie verwenden sollten, gingen zurück oder lehnten ab; \(line(example)): \(line(because))"
            )
        case .silent(let servers, let count, let expected):
            return language(
                "\(servers) of \(count) servers fell silent after they were told to run it; by the others it would be \(expected).",
                "\(servers) von \(count) Servern verstummten, nachdem sie sie verwenden sollten; nach den übrigen wären es \(expected)."
            )
        case .faults(let pattern, let found, let servers, let foretold, let others):
            return language(
                "\(line(pattern)) opened \(found) faults on the \(servers) servers that were told to run it; at most \(foretold) were foretold, and \(others) would be by the others.",
                "\(line(pattern)) eröffnete \(found) Fehler auf den \(servers) Servern, die sie verwenden sollten; höchstens \(foretold) waren vorausgesagt, und nach den übrigen wären es \(others)."
            )
        case .person(let by, let because):
            return language("By \(line(by)): \(line(because))", "Von \(line(by)): \(line(because))")
        }
    }
}
