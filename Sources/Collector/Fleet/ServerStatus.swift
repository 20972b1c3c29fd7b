import Reports

/// One server's state in one word. UNKNOWN is a state of its own: good is only what was read and found good.
struct ServerStatus: Hashable, Sendable {
    enum Mark: String, Hashable, Sendable, CaseIterable { case order, plan, silent, unknown, watch, good, revoked }

    var mark: Mark
    /// What decided: the probe that does not read; nil where the mark is enough.
    var blind: Heartbeat.Coverage?
    /// How many of the failure modes would be seen; nil where its agent does not report it.
    var failureModeCounts: Heartbeat.FailureModeCounts?
    /// What somebody lives with; nil where there is none.
    var accepted: AcceptedBlindSpots?
    /// Its agent trusts the site's CA still, as up to 0.1, and whoever that one vouches for.
    var trustsEarlierCA: Bool
    /// Its agent stopped in order and has not come back; it is not silent yet.
    var isStopped: Bool
    /// Why it did, and how long it takes at most; nil where it is there, or its agent does not say.
    var away: Heartbeat.Away?
    /// When it said so, by the collector's clock.
    var awaySince: Timestamp?

    init(_ server: Server) {
        trustsEarlierCA = server.trust.map { $0.root == nil } ?? false
        let acceptedProbes = Set(server.accepted?.probes ?? [])
        let blind = (server.heartbeat?.coverage ?? []).filter {
            !["ok", "absent", "disabled"].contains($0.state) && !acceptedProbes.contains($0.probe)
        }
        // That parts are listed shows nothing of how they are: only a probe that measures sees.
        let measuring = (server.heartbeat?.coverage ?? []).filter { $0.probe != "inventory" }
        let seeing = measuring.contains { $0.reads && $0.signals > 0 }
        // What a silent server could see when it last reported is history.
        failureModeCounts = server.state == .silent ? nil : server.heartbeat?.failureModeCounts
        accepted = server.state == .silent ? nil : server.accepted
        let announced = server.state == .connected ? server.heartbeat : nil
        isStopped = announced?.stopping == true || announced?.away != nil
        away = announced?.away
        awaySince = announced == nil ? nil : server.lastHeartbeat
        let remaining = failureModeCounts == nil ? nil : accepted?.remaining ?? failureModeCounts
        switch (server.state, server.urgency) {
        case (.revoked, _): mark = .revoked
        // A silent server's last faults are history; that it is silent is the news. What must be ordered stays.
        case (.silent, .order?), (.connected, .order?): mark = .order
        case (.silent, _): mark = .silent
        case (.connected, .plan?): mark = .plan
        case (.expected, _): mark = .unknown
        case (.connected, _) where isStopped: mark = .unknown
        case (.connected, _) where !blind.isEmpty || !seeing:
            mark = .unknown
            self.blind = blind.first ?? measuring.first { $0.state != "ok" }
        case (.connected, .watch?): mark = .watch
        // What could be seen and is not might be anything: such a server is not called good.
        case (.connected, _) where remaining.map({ $0.mendable > 0 || $0.unseen > $0.seen + $0.partly }) ?? false:
            mark = .unknown
        // Whatever was accepted: of a server on which nothing is seen, nothing is known.
        case (.connected, _) where failureModeCounts.map({ $0.seen + $0.partly == 0 && $0.unseen > 0 }) ?? false:
            mark = .unknown
        case (.connected, _): mark = .good
        }
    }

    /// Worst first.
    static func rank(_ mark: Mark) -> Int { Mark.allCases.firstIndex(of: mark) ?? 0 }

    func because(in language: Language) -> String {
        let text: String? =
            switch mark {
            case .order: language("A part must be sent now.", "Ein Teil muss jetzt geschickt werden.")
            case .plan:
                language(
                    "A part is to be replaced at the next visit.", "Ein Teil ist beim nächsten Besuch zu tauschen.")
            case .silent: language("Nothing is heard from it.", "Von ihm ist nichts zu hören.")
            case .unknown where isStopped:
                away == nil
                    ? language(
                        "Its agent was stopped in order and has not started again yet.",
                        "Sein Agent wurde ordnungsgemäß angehalten und läuft noch nicht wieder.")
                    : nil
            case .unknown:
                blind == nil && failureModeCounts == nil
                    ? language("It has not told yet how it is.", "Es hat noch nicht gesagt, wie es ihm geht.")
                    : language("Not everything can be seen.", "Nicht alles ist zu sehen.")
            case .watch: language("A part is being watched.", "Ein Teil wird beobachtet.")
            case .good: language("All that was read is good.", "Alles Gelesene ist gut.")
            case .revoked: language("Its key was revoked.", "Sein Schlüssel wurde gesperrt.")
            }
        let acceptedWords = mark == .revoked ? nil : accepted?.words(in: language)
        return [
            text, awayWords(in: language), probeWords(in: language) ?? failureModeText(in: language), acceptedWords,
            trustWords(in: language),
        ]
        .compactMap(\.self).joined(separator: " ")
    }

    private func awayWords(in language: Language) -> String? {
        guard let away, let awaySince else { return nil }
        let time = TicketStrings(language: language).time
        let (since, back) = (time(awaySince), time(awaySince + .seconds(away.atMost)))
        return language(
            "Its agent is away since \(since), because \(away.why.clause(in: .english)); back by \(back) at the latest.",
            "Sein Agent ist seit \(since) weg, weil \(away.why.clause(in: .german)); zurück bis spätestens \(back).")
    }

    private func trustWords(in language: Language) -> String? {
        guard trustsEarlierCA, mark != .revoked else { return nil }
        return language(
            "It still trusts the CA of before the TLS root, and an impostor with it: update its agent.",
            "Es vertraut noch der CA von vor der TLS-Wurzel und mit ihr auch einem Betrüger: Agenten aktualisieren.")
    }

    private func probeWords(in language: Language) -> String? {
        blind.map { probe in
            CleanText.line(Advice(probe)?.because(in: language) ?? "\(probe.probe): \(probe.state)")
        }
    }

    /// That all that was read is good means little where little is read, and that one part is watched hides the others.
    private func failureModeText(in language: Language) -> String? {
        guard mark != .revoked, let failureModeCounts else { return nil }
        let remaining = accepted?.remaining ?? failureModeCounts
        let (blind, all) = (
            remaining.unseen + remaining.partly,
            failureModeCounts.unseen + failureModeCounts.partly + failureModeCounts.seen
        )
        guard blind > 0 else { return nil }
        return language(
            "\(blind) of \(all) kinds of failure \(blind == 1 ? "is" : "are") not seen here, or not on all parts.",
            "\(blind) von \(all) Arten von Ausfällen \(blind == 1 ? "ist" : "sind") hier nicht zu sehen oder nicht an allen Teilen."
        )
    }

    func word(in language: Language) -> String {
        switch mark {
        case .order: language("Order", "Bestellen")
        case .plan: language("Plan", "Einplanen")
        case .silent: language("Silent", "Stumm")
        case .unknown: language("Unknown", "Unbekannt")
        case .watch: language("Watch", "Beobachten")
        case .good: language("Good", "Gut")
        case .revoked: language("Revoked", "Gesperrt")
        }
    }
}
