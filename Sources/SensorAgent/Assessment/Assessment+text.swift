import FaultPatterns
import Reports

/// For people: the readings, then the faults by when they would open, then what keeps others from it.
extension Assessment {
    /// Lines of readings that are printed at most: `probe` prints all of them.
    static let mostReadings = 200

    func text(in language: Language) -> String {
        var lines = [language("looked at \(document.time)", "Zeitpunkt: \(document.time)")]
        lines += readings(in: language)
        guard document.exitCode == 0 else {
            lines.append(
                language("Nothing is read, so nothing is judged.", "Nichts gelesen, also nichts beurteilt."))
            return lines.map(\.printable).joined(separator: "\n")
        }
        if let newest = newestOldEntry {
            lines.append(
                language(
                    "Its newest entry is of \(newest): --at \(newest) judges it as it was then.",
                    "Der neueste Eintrag ist vom \(newest): --at \(newest) beurteilt ihn wie damals."))
        }
        let names = self.names
        lines.append("")
        lines += faults(
            atOnce, under: language("Opens at once:", "Öffnet sofort:"),
            otherwise: language("No fault opens at once.", "Sofort öffnet keine Störung."), names, language)
        lines.append("")
        let span = Assessment.words(horizon.length, language)
        let every = Assessment.words(horizon.every, language)
        lines += faults(
            later,
            under: language(
                "If it stayed so for \(span), looked at every \(every):",
                "Bliebe es \(span) so, alle \(every) angesehen:"),
            otherwise: language(
                "No other one opens if it stays so for \(span), looked at every \(every).",
                "Bliebe es \(span) so, alle \(every) angesehen, öffnete keine weitere."), names, language)
        if !explained.isEmpty {
            lines.append("")
            lines.append(language("Found as well, and explained by these:", "Auch gefunden, und dadurch erklärt:"))
            for fault in explained {
                lines.append("  \(fault.urgency.rawValue)  \(Assessment.name(of: fault))  \(part(of: fault, names))")
                lines.append("      \(fault.because)")
            }
        }
        if !near.isEmpty {
            lines.append("")
            lines.append(language("Near to a fault, and what keeps it from one:", "Nahe daran, und was noch fehlt:"))
            for condition in near { lines += words(condition, names, language) }
        }
        for part in unjudged { lines += words(part, names, language) }
        lines.append("")
        lines.append(language("judged by \(patternPack)", "beurteilt nach \(patternPack)"))
        return lines.map(\.printable).joined(separator: "\n")
    }

    private var names: [ComponentID: String] {
        var names: [ComponentID: String] = [:]
        for entry in document.probes {
            guard case .success(let result) = entry.outcome else { continue }
            for component in result.components { names[component.id] = component.name }
        }
        return names
    }

    /// The time of the newest thing that happened, where all of it happened long before the look: a log that somebody
    /// sent, whose events fall out of the windows of patterns.
    private var newestOldEntry: Timestamp? {
        let times = document.probes.flatMap { entry -> [Timestamp] in
            guard case .success(let result) = entry.outcome else { return [] }
            return result.observations.filter { $0.time != document.time }.map(\.time)
        }
        return times.max().flatMap { document.time - $0 > .seconds(3600) ? $0 : nil }
    }

    // MARK: Readings

    private func readings(in language: Language) -> [String] {
        var lines: [String] = []
        var left = Assessment.mostReadings
        var untold = 0
        for entry in document.probes {
            switch entry.outcome {
            case .failure(let error): lines.append("\(entry.probe): \(error.coverageState): \(error)")
            case .success(let result):
                let (parts, values) = (result.components.count, result.observations.count)
                lines.append(
                    "\(entry.probe): "
                        + language(
                            "\(Wording.counted(parts, "component")), \(Wording.counted(values, "value"))",
                            "\(Wording.counted(parts, "Teil", "Teile")), \(Wording.counted(values, "Wert", "Werte"))"))
                lines += result.shortfall?.lines(in: language) ?? []
                var observations = Dictionary(grouping: result.observations, by: \.component)
                let ids = result.components.map(\.id)
                let others = observations.keys.filter { !ids.contains($0) }.sorted()
                let advice = Dictionary(
                    result.components.map { ($0.id, ComponentAdvice.advice(ofCheck: $0)) },
                    uniquingKeysWith: { first, _ in first })
                for id in ids + others {
                    lines += advice[id]??.lines(in: language).map { "  \($0)" } ?? []
                    let all = observations.removeValue(forKey: id) ?? []
                    let told = all.filter(\.isTold)
                    guard !told.isEmpty, left > 0 else {
                        untold += all.count
                        continue
                    }
                    lines.append("  \(id)  \(names[id] ?? "")")
                    for observation in told.prefix(left) { lines.append("    \(document.inWords(observation))") }
                    untold += all.count - min(told.count, left)
                    left -= told.count
                }
            }
        }
        if untold > 0 {
            lines.append(
                language(
                    "  \(untold) more values, or not read: `probe` prints all",
                    "  \(untold) weitere oder nicht gelesene Werte: `probe` zeigt alle"))
        }
        return lines
    }

    // MARK: Faults

    private func faults(
        _ changes: [Change], under head: String, otherwise none: String, _ names: [ComponentID: String],
        _ language: Language
    ) -> [String] {
        guard !changes.isEmpty else { return [none] }
        var lines = [head]
        var before: [FaultID: Urgency] = [:]
        for change in self.changes where change.after == .zero && changes.first.map({ $0.after > .zero }) ?? false {
            before[change.fault.id] = change.fault.urgency
        }
        for change in changes {
            let fault = change.fault
            let urgency = fault.urgency.rawValue
            let rises = before[fault.id].map { $0 < fault.urgency } ?? true
            let word: String
            switch change.change {
            case .opened: word = urgency
            case .updated where rises: word = language("rises to \(urgency)", "steigt auf \(urgency)")
            case .updated: word = language("says more", "sagt mehr")
            case .cleared: word = language("clears", "endet")
            }
            let trial = change.isOnTrial ? language(" (on trial: only shown)", " (auf Probe: nur gezeigt)") : ""
            let count = language("look \(change.looks)", "Blick \(change.looks)")
            let when =
                change.after == .zero
                ? "" : language(" after ", " nach ") + "\(Assessment.words(change.after, language)) (\(count))"
            before[fault.id] = fault.urgency
            lines.append("  \(word)\(trial)\(when)  \(Assessment.name(of: fault))  \(part(of: fault, names))")
            if change.change == .opened { lines.append("      \(fault.text(in: language.rawValue).title)") }
            lines.append("      \(change.because)")
            guard change.change == .opened else { continue }
            for suspect in fault.suspects {
                let part = [suspect.part.manufacturer, suspect.part.model, suspect.part.serial].compactMap(\.self)
                let percent = "\(Int((suspect.certainty * 100).rounded())) %"
                let what = ([suspect.name] + part).joined(separator: ", ")
                lines.append("      \(language("to blame", "wohl schuld")): \(what) (\(percent))")
            }
        }
        return lines
    }

    /// `disk.ssd.worn`, with the pattern where several report faults of this class.
    private static func name(of fault: Fault) -> String {
        fault.pattern == fault.faultClass ? fault.faultClass : "\(fault.faultClass) [\(fault.pattern)]"
    }

    private func part(of fault: Fault, _ names: [ComponentID: String]) -> String {
        "\(fault.component)" + (names[fault.component].map { " (\($0))" } ?? "")
    }

    private func words(_ part: Unjudged, _ names: [ComponentID: String], _ language: Language) -> [String] {
        let name = names[part.component].map { " (\($0))" } ?? ""
        return [
            "",
            language(
                "Not judged, because it is not told whether this is a hard disk or an SSD:",
                "Nicht beurteilt, weil nicht gesagt ist, ob das eine Festplatte oder eine SSD ist:"),
            "  \(part.component)\(name)  \(part.patterns.joined(separator: ", "))",
            language(
                "  -> Take the whole output of smartctl -x --json: it has rotation_rate (as text: Rotation Rate).",
                "  -> Nehmen Sie die ganze Ausgabe von smartctl -x --json: darin steht rotation_rate (als Text: "
                    + "Rotation Rate)."),
        ]
    }

    private func words(
        _ condition: NearCondition, _ names: [ComponentID: String], _ language: Language
    ) -> [String] {
        let trial = condition.isOnTrial ? language(" (on trial)", " (auf Probe)") : ""
        let name = names[condition.component].map { " (\($0))" } ?? ""
        var lines = ["  \(condition.pattern)\(trial)  \(condition.component)\(name)"]
        if !condition.holds.isEmpty {
            lines.append("      \(language("holds", "erfüllt")): \(condition.holds.joined(separator: "; "))")
        }
        let since = condition.since.map { language(", holds since \($0)", ", erfüllt seit \($0)") } ?? ""
        lines.append("      \(language("wanting", "fehlt")): \(condition.lacks.joined(separator: "; "))\(since)")
        return lines
    }

    /// `90 s`, `10 min`, `3 h 20 min`, `2 d 3 h`: to the two units that matter.
    private static func words(_ duration: Duration, _ language: Language) -> String {
        let units: [(seconds: Int64, name: String)] = [
            (86_400, language("d", "Tage")), (3_600, "h"), (60, "min"), (1, "s"),
        ]
        var left = duration.inMilliseconds / 1000
        guard left > 0 else { return "\(duration.inMilliseconds) ms" }
        var parts: [String] = []
        for unit in units where left >= unit.seconds && parts.count < 2 {
            parts.append("\(left / unit.seconds) \(unit.name)")
            left %= unit.seconds
        }
        return parts.joined(separator: " ")
    }
}

extension Observation {
    fileprivate var isTold: Bool { if case .unavailable = measurement { false } else { true } }
}
