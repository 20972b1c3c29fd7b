import ArgumentParser
import Reports

/// `callhome status`.
struct AgentStatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Say how the agent of this server is doing: what it sees, what it found, whether it gets through.",
        discussion: """
            \(ExitStatus.agentHelp(
                "all is well", negative: "a fault needs a visit, a probe cannot see, or reports do not get through"))
            """)

    @OptionGroup var agent: AgentOptions

    @OptionGroup var language: LanguageOption

    func run() throws {
        guard let status = try agent.ask(ControlRequest(verb: .status)).status else {
            Console.complain("agent: it answered without a status; is it of another version?")
            throw ExitStatus.unavailable.exit
        }
        if agent.json { try Console.print(json: status) } else { print(status.words(in: language())) }
        if !status.isWell { throw ExitStatus.negative.exit }
    }
}

extension AgentStatus {
    /// Words of `Heartbeat.Coverage.state` that a person should look into.
    private static let blind: Set<String> = ["denied", "failing", "hanging", "partly"]

    private var accepted: [String] { uplink.acceptedBlindSpots ?? [] }

    var isWell: Bool {
        uplink.state == "connected" && !openFaults.contains { $0.urgency.makesTicket }
            && !coverage.contains { AgentStatus.blind.contains($0.state) && !accepted.contains($0.probe) } && measures
    }

    /// Whether any probe reads how parts are, not only which there are.
    private var measures: Bool {
        coverage.contains { $0.probe != "inventory" && $0.reads && $0.signals > 0 }
    }

    /// For people: one thing a line.
    func words(in language: Language) -> String {
        var lines = [
            language(
                "callhome-agent \(agentVersion) on \(hostname) (\(host)), since \(startedAt)",
                "callhome-agent \(agentVersion) auf \(hostname) (\(host)), seit \(startedAt)"),
            language("patterns  ", "Muster    ") + patternPack,
        ]
        lines += skippedWords(in: language).map { "          \($0)" }
        for channel in channels ?? [] { lines += channel.words(in: language) }
        lines += [
            language("spool     ", "Speicher  ") + "\((Double(spoolBytes) / Double(1 << 20)).shortened) MiB",
            language("uplink    ", "Sammler   ") + uplink.words(in: language)
                + (uplink.collector.map { language(" to \($0)", " (\($0))") } ?? ""),
        ]
        if !uplink.because.isEmpty { lines.append("          \(uplink.because)") }
        if let receipt = uplink.lastReceipt {
            lines.append("          " + language("last receipt", "letzte Quittung") + " \(receipt)")
        }
        if let attempt = uplink.nextAttempt {
            lines.append("          " + language("next attempt", "nächster Versuch") + " \(attempt)")
        }
        let (faults, others) = (uplink.waitingFaultReports, uplink.waitingTelemetryReports)
        lines.append(
            "          "
                + language(
                    "waiting: \(Wording.counted(faults, "fault report")), \(Wording.counted(others, "other"))",
                    "wartend: \(Wording.counted(faults, "Fehlermeldung", "Fehlermeldungen")), "
                        + Wording.counted(others, "andere", "andere")))
        if !accepted.isEmpty {
            let count = Wording.counted(accepted.count, "blind spot")
            let german = Wording.counted(accepted.count, "blinder Fleck", "blinde Flecken")
            lines.append("          " + language("\(count) accepted", "\(german) hingenommen"))
        }
        lines.append(language("probes", "Sonden"))
        let width = coverage.map(\.probe.count).max() ?? 0
        for probe in coverage {
            let name = probe.probe + String(repeating: " ", count: width - probe.probe.count)
            let sees = language(
                "\(Wording.counted(probe.signals, "signal")) of \(Wording.counted(probe.components, "component"))",
                "\(Wording.counted(probe.signals, "Signal", "Signale")) von "
                    + Wording.counted(probe.components, "Bauteil", "Bauteilen"))
            let told = probe.advice.flatMap { advice in
                advice.because(in: language).map { because in
                    [because, advice.step(in: language)].compactMap(\.self).joined(separator: " ")
                }
            }
            let trouble = "\(probe.state.uppercased()): \(told ?? probe.because)"
            lines.append("  \(name)  \(probe.state == "ok" ? sees : trouble)")
        }
        lines.append(
            openFaults.isEmpty
                ? language("no open faults", "keine offenen Fehler") : language("open faults", "offene Fehler"))
        for fault in openFaults {
            lines.append("  \(fault.urgency.rawValue)  \(fault.text(in: language.rawValue).title)")
            for suspect in fault.suspects.prefix(3) {
                let serial = suspect.part.serial.map { language("serial \($0)", "Seriennummer \($0)") }
                let details = [suspect.part.partNumber, serial].compactMap(\.self).joined(separator: ", ")
                let name = PartName(suspect, kind: suspect.kind.words).text
                lines.append("        \(name)\(details.isEmpty ? "" : " (\(details))")")
            }
            lines.append("        \(fault.because)")
        }
        return lines.joined(separator: "\n")
    }

    /// Patterns that are named; a pack may have hundreds that an old agent cannot read.
    private static let skippedShown = 5

    /// What of its pack the agent cannot read, and what to do; none where it reads all.
    private func skippedWords(in language: Language) -> [String] {
        guard let skipped = skippedPatterns, let first = skipped.first else { return [] }
        let names = skipped.prefix(AgentStatus.skippedShown).map(\.pattern).joined(separator: ", ")
        let left = skipped.count - AgentStatus.skippedShown
        let advice = Advice("pattern.unread", first.because)
        return [
            language(
                "\(Wording.counted(skipped.count, "pattern")) of this pack cannot be read by this agent and "
                    + "\(skipped.count == 1 ? "is" : "are") not used: \(names)",
                "\(Wording.counted(skipped.count, "Muster", "Muster")) aus diesem Paket kann dieser Agent nicht lesen; "
                    + "\(skipped.count == 1 ? "es wird" : "sie werden") nicht angewandt: \(names)")
                + (left > 0 ? language(" and \(left) more", " und \(left) weitere") : ""),
            "\(first.pattern): \(first.because)",
            advice.step(in: language) ?? "",
        ]
    }
}

extension ChannelStatus {
    /// What of it needs a person, in sentences: nothing new comes, or what there is is out of date.
    func problems(in language: Language) -> [String] {
        let said = (refused.map { [$0] } ?? []) + warnings
        return said.map { because in
            language(
                "Nothing new is taken of the patterns of \(channel): \(because)",
                "Von den Mustern von \(channel) wird nichts Neues übernommen: \(because)")
        }
    }

    /// What of the channel runs, what is on trial, and what is refused, each on a line.
    fileprivate func words(in language: Language) -> [String] {
        let running =
            active.map { language("version \($0) runs", "Fassung \($0) läuft") }
            ?? language("nothing of it runs yet", "noch läuft nichts daraus")
        let known = timestamp == 0 ? language("nothing verified yet", "noch nichts geprüft") : nil
        var lines = [
            language("channel   ", "Kanal     ") + "\(channel): "
                + [running, known].compactMap(\.self).joined(separator: ", ")
        ]
        if let candidate {
            let state =
                switch candidate.state {
                case "checking": language("on trial", "wird erprobt")
                case "proved" where candidate.forecast?.saysSomething == false:
                    language(
                        "tried on less than 12 hours of history, and again later",
                        "an weniger als 12 Stunden Geschichte erprobt, später wieder")
                case "proved": language("proved, and waits for its turn", "erprobt, wartet, bis sie an der Reihe ist")
                case "refused": language("refused", "abgelehnt")
                case "withdrawn": language("left again by itself", "von selbst wieder verlassen")
                default: candidate.state
                }
            let because = candidate.because.isEmpty ? "" : ": \(candidate.because)"
            lines.append("          " + language("version", "Fassung") + " \(candidate.targets): \(state)\(because)")
        }
        if let refused {
            lines.append("          " + language("not taken", "nicht übernommen") + ": \(refused)")
        }
        return lines + warnings.map { "          \($0)" }
    }
}

extension AgentStatus.Uplink {
    /// The state in the reader's language; one of a newer agent as it is.
    fileprivate func words(in language: Language) -> String {
        switch state {
        case "connected": language("connected", "verbunden")
        case "retrying": language("retrying", "nicht erreicht, wird weiter versucht")
        case "refused": language("refused", "abgewiesen")
        case "not-enrolled": language("not-enrolled", "nicht angemeldet")
        default: state
        }
    }
}

extension Double {
    /// With one digit after the point.
    fileprivate var shortened: String {
        let tenths = Int64((self * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
