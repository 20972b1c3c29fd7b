import FaultPatterns
import FoundationEssentials
import Reports

/// One look with all probes, and what of the rule base would be seen: what `callhome-agent coverage` prints.
struct CoverageReport: Encodable {
    let version = 1
    let patternPack: String
    let modes: [FailureMode]
    /// Probes that read, and have missed something lately.
    let partly: [Heartbeat.Coverage]
    /// What the site changed of the patterns, and what of that has no effect.
    let overlay: [OverlayEntry]

    private enum Key: String, CodingKey { case version, patternPack, failureModes, partly, overlay }

    /// - Parameter declared: what each probe declares, by name.
    init(
        _ document: ProbeDocument, _ pack: PatternPack, _ environment: HostEnvironment,
        declared: [String: ProbeDeclaration]
    ) {
        var catalogue = ComponentCatalogue(order: document.probes.map(\.probe))
        var observations: [Observation] = []
        var coverage: [Heartbeat.Coverage] = []
        for entry in document.probes {
            switch entry.outcome {
            case .success(let result):
                _ = catalogue.update(entry.probe, result.components)
                observations += result.observations
                coverage.append(
                    Heartbeat.Coverage(
                        of: entry.probe, components: result.components.count, signals: result.observations.count,
                        shortfall: result.shortfall, at: document.time))
            case .failure(let error):
                coverage.append(
                    Heartbeat.Coverage(
                        probe: entry.probe, state: error.coverageState, because: error.description, components: 0,
                        signals: 0, lastSuccess: nil))
            }
        }
        let components = catalogue.components
        var diagnosis = Diagnosis(patterns: pack)
        _ = diagnosis.know(components, at: document.time)
        _ = diagnosis.observe(observations, at: document.time)
        patternPack = pack.identity
        overlay = pack.overlay
        partly = coverage.filter { $0.state == "partly" }
        let hearing = EventHearing(
            coverage, declared: declared, components: components, environment: environment)
        modes = FailureModes(pack, coverage: coverage, components: components, environment: environment)
            .modes(of: diagnosis.patternCoverage(receivesEvents: hearing.hears))
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(version, forKey: .version)
        try container.encode(patternPack, forKey: .patternPack)
        try container.encode(modes, forKey: .failureModes)
        if !partly.isEmpty { try container.encode(partly, forKey: .partly) }
        if !overlay.isEmpty { try container.encode(overlay, forKey: .overlay) }
    }

    var json: String {
        get throws { try PrintedJSON.text(of: self, isOneLine: true) }
    }

    /// `of this site  disk.ata.link-crc switched off: the cables are on order`.
    private static func line(of entry: OverlayEntry, in language: Language) -> String {
        let setting = entry.parameter.map { " \($0) = \(entry.value ?? "")" } ?? ""
        let what =
            switch entry.action {
            case .disable: language("switched off", "abgeschaltet")
            case .shadow: language("on trial", "auf Probe")
            case .tune: language("set:\(setting)", "eingestellt:\(setting)")
            case .add: language("added", "hinzugefügt")
            }
        let why = entry.because.isEmpty ? "" : ": \(entry.because)"
        let lost =
            entry.inactive.map { language("; without effect: ", "; ohne Wirkung: ") + $0.words(in: language) } ?? ""
        return "\(language("of this site", "dieses Standorts"))  \(entry.pattern) \(what)\(why)\(lost)"
    }

    /// For people: what is not seen and why, what the site changed, then the sums.
    func text(in language: Language) -> String {
        var lines = partly.flatMap { probe in
            ["\(language("partly", "teilweise"))  \(probe.probe)"]
                + (Advice(probe)?.lines(in: language).map { "    \($0)" } ?? [])
        }
        for mode in modes where mode.isBlind {
            let share =
                mode.parts > 0 ? language(" (\(mode.seen) of \(mode.parts))", " (\(mode.seen) von \(mode.parts))") : ""
            let state =
                mode.state == "partly" ? language("partly", "teilweise") : language("unseen", "nicht zu sehen")
            lines.append("\(state)\(share)  \(mode.title(in: language.rawValue))  [\(mode.pattern)]")
            for reason in mode.reasons {
                lines.append("      \(reason.because(in: language))")
                if let step = reason.step(in: language) { lines.append("      -> \(step)") }
                let left = reason.count - reason.parts.count
                let more = left > 0 ? language(" and \(left) more", " und \(left) weitere") : ""
                if !reason.parts.isEmpty { lines.append("      \(reason.parts.joined(separator: ", "))\(more)") }
            }
        }
        lines += overlay.map { CoverageReport.line(of: $0, in: language) }
        func count(_ state: String) -> Int { modes.count { $0.state == state } }
        let (seen, partly, unseen, absent) = (count("seen"), count("partly"), count("unseen"), count("absent"))
        lines.append(
            language(
                "\(modes.count) failure modes of \(patternPack): \(seen) seen, \(partly) on some parts, \(unseen) not "
                    + "seen, \(absent) of parts that this machine has not",
                "\(modes.count) Arten von Ausfällen (\(patternPack)): \(seen) zu sehen, \(partly) an einigen Teilen, "
                    + "\(unseen) nicht zu sehen, \(absent) an Teilen, die diese Maschine nicht hat"))
        return lines.joined(separator: "\n")
    }
}
