import FaultPatterns
import Reports

/// Patterns as pages of text.
enum PatternText {
    /// Columns of a page.

    static func summary(_ pattern: PatternSummary) -> String {
        var lines = ["\(pattern.id), revision \(pattern.revision)"]
        lines += standing(pattern)
        lines += field("For", parts(pattern))
        if pattern.faultClass != pattern.id { lines += field("Class", pattern.faultClass) }
        for (language, text) in pattern.text.sorted(by: { $0.key > $1.key }) {
            lines += ["", "[\(language)] \(text.title)"]
            lines += Table.wrapped(text.description, indent: 5)
            lines += Table.wrapped(text.impact, indent: 5)
            lines += Table.wrapped(text.action, indent: 5)
        }
        lines.append("")
        lines += field("Fires when", pattern.conditionInWords + (pattern.holdsFor.map { ", \($0)" } ?? ""))
        lines += field("Written", pattern.condition)
        lines += field("Clears", pattern.clearsWhen)
        lines += urgencies(pattern)
        lines += suspects(pattern)
        lines += field("Action", pattern.action)
        for (index, explained) in pattern.explains.enumerated() {
            lines += field(index == 0 ? "Cause of" : "", explained)
        }
        lines += variants(pattern)
        lines += tunables(pattern)
        lines += field("Rests on", pattern.provenance)
        for (index, source) in pattern.sources.enumerated() { lines += field(index == 0 ? "Sources" : "", source) }
        lines += field("Tests", "\(pattern.tests)")
        return lines.joined(separator: "\n")
    }

    /// - Parameter language: that of the pattern's own text, as its code.
    static func explanation(_ explanation: PatternExplanation, language: String) -> String {
        let pattern = explanation.summary
        let text = pattern.text[language]
        var lines = ["\(pattern.id): \(text?.title ?? "")"]
        lines += Table.wrapped(text?.description ?? "", indent: 2)
        lines.append("")
        lines += standing(pattern)
        lines += field("For", parts(pattern))
        lines += ["", "What it looks at"]
        for signal in explanation.signals {
            let unit = signal.unit.isEmpty ? "" : signal.unit == "1" ? ", no unit" : ", unit \(signal.unit)"
            let probe = PatternText.source(of: signal.signal, pattern)
            lines += ["  \(signal.signal)"]
            lines += Table.wrapped("\(signal.label): \(signal.description) (\(signal.kind)\(unit))\(probe)", indent: 6)
        }
        for model in explanation.models { lines += ["  the model \(model)"] }
        if !explanation.definitions.isEmpty { lines += ["", "What it computes"] }
        for definition in explanation.definitions {
            lines += ["  \(definition.name) = \(definition.source)"]
            lines += Table.wrapped(definition.words, indent: 6)
        }
        if !explanation.functions.isEmpty { lines += ["", "What the functions mean"] }
        for function in explanation.functions {
            lines += Table.wrapped("\(function.name): \(function.meaning)", indent: 2, hanging: 6)
        }
        lines += ["", "When it fires"]
        lines += Table.wrapped(pattern.conditionInWords + (pattern.holdsFor.map { ", \($0)" } ?? ""), indent: 2)
        if pattern.holdsFor != nil { lines += Table.wrapped(PatternGlossary.holdsFor, indent: 2) }
        lines += ["", "How urgent it is"]
        lines += urgencies(pattern).map { "  \($0)" }
        lines += ["", "What is to blame"]
        lines += suspects(pattern).map { "  \($0)" }
        lines += ["", "When it clears"]
        lines += Table.wrapped(pattern.clearsWhen, indent: 2)
        lines += Table.wrapped(PatternGlossary.clear, indent: 2)
        lines += ["", "What is unknown"]
        lines += Table.wrapped(
            "A signal that was never read, cannot be read, or was last read more than 25 hours ago is unknown, and so "
                + "is what depends on it. What is unknown neither opens nor clears the fault. A window that was "
                + "watched only in part may still be known to have reached a limit.", indent: 2)
        if !pattern.variants.isEmpty { lines += [""] + variants(pattern) }
        if !pattern.tunables.isEmpty {
            lines += ["", "What a site may choose"] + tunables(pattern).map { "  \($0)" }
        }
        if !explanation.overlay.isEmpty {
            lines += ["", "What this site changed"] + explanation.overlay.map { "  \(overlay($0))" }
        }
        lines += related(explanation)
        if let example = explanation.example { lines += [""] + self.example(example) }
        return lines.joined(separator: "\n")
    }

    // MARK: Parts

    /// How far it is and how well its numbers are known.
    private static func standing(_ pattern: PatternSummary) -> [String] {
        field("Status", "\(pattern.status): \(PatternGlossary.words(ofStatus: pattern.status))")
            + field("Evidence", "\(pattern.evidence): \(PatternGlossary.words(ofEvidence: pattern.evidence))")
    }

    private static func tunables(_ pattern: PatternSummary) -> [String] {
        var lines: [String] = []
        for (index, parameter) in pattern.tunables.enumerated() {
            let unit = parameter.unit.map { " (\($0))" } ?? ""
            let maker = parameter.value == parameter.standard ? "" : ", the maker's is \(parameter.standard)"
            lines += field(
                index == 0 ? "Tunable" : "",
                "\(parameter.name) = \(parameter.value)\(unit)\(maker); from \(parameter.least) to \(parameter.most)")
        }
        return lines
    }

    /// `disable disk.ata.link-crc: the cables are on order`.
    static func overlay(_ entry: OverlayEntry) -> String {
        let setting = entry.parameter.map { " \($0) = \(entry.value ?? "")" } ?? ""
        let why = entry.because.isEmpty ? "" : ": \(entry.because)"
        let lost = entry.inactive.map { "; without effect: \($0)" } ?? ""
        return "\(entry.action.rawValue) \(entry.pattern)\(setting)\(why)\(lost)"
    }

    private static func suspects(_ pattern: PatternSummary) -> [String] {
        var lines: [String] = []
        for (index, suspect) in pattern.suspects.enumerated() {
            lines += field(index == 0 ? "Suspects" : "", "\(percent(suspect.certainty)) \(suspect.part)")
        }
        return lines + field("", PatternGlossary.certainty)
    }

    /// `a, b or c`.
    static func list(_ words: [String]) -> String {
        words.count < 2 ? words.joined() : words.dropLast().joined(separator: ", ") + " or \(words[words.count - 1])"
    }

    /// What reports a signal, labels included, of the parts that a pattern is for.
    private static func source(of signal: String, _ pattern: PatternSummary) -> String {
        let name = String(signal.prefix { $0 != "{" })
        guard SignalCatalogue.entry(named: name) != nil, !name.hasPrefix("callhome.") else { return "" }
        var probes: [String] = []
        for kind in pattern.components {
            for probe in SignalSources.probes(of: name, on: ComponentKind(rawValue: kind)) where !probes.contains(probe)
            {
                probes.append(probe)
            }
        }
        return "; told by \(probes.isEmpty ? "no probe yet" : list(probes))"
    }

    private static func parts(_ pattern: PatternSummary) -> String {
        var words = pattern.components.joined(separator: ", ")
        for (key, values) in pattern.attributes.sorted(by: { $0.key < $1.key }) {
            words += "; \(key) \(values.joined(separator: " or "))"
        }
        for (key, values) in pattern.exceptions.sorted(by: { $0.key < $1.key }) {
            words += "; not \(key) \(values.joined(separator: " or "))"
        }
        return words
    }

    private static func urgencies(_ pattern: PatternSummary) -> [String] {
        var lines: [String] = []
        for (index, urgencyCase) in pattern.urgencies.enumerated() {
            let when =
                urgencyCase.when.map { " when \($0)" } ?? (pattern.urgencies.count > 1 ? " otherwise" : "")
            let time = (urgencyCase.timeLeft ?? pattern.timeLeft).map { "; time left \($0)" } ?? ""
            lines += field(index == 0 ? "Urgency" : "", "\(urgencyCase.urgency.rawValue)\(when)\(time)")
        }
        for urgency in Set(pattern.urgencies.map(\.urgency)).sorted(by: >) {
            lines += field("", "(\(urgency.rawValue): \(PatternGlossary.words(of: urgency)))")
        }
        return lines
    }

    private static func variants(_ pattern: PatternSummary) -> [String] {
        var lines: [String] = []
        for (index, variant) in pattern.variants.enumerated() {
            let with = variant.with.sorted { $0.key < $1.key }
                .map { "\($0.key) \($0.value.joined(separator: " or "))" }.joined(separator: ", ")
            let what =
                variant.isIgnored
                ? "not for these"
                : "\(variant.urgencies.map(\.rawValue).joined(separator: "|")) when \(variant.condition ?? "")"
            lines += field(index == 0 ? "Variants" : "", "\(with): \(what)")
        }
        return lines
    }

    private static func related(_ explanation: PatternExplanation) -> [String] {
        var lines: [String] = []
        if !explanation.explains.isEmpty {
            lines += field("Cause of", explanation.explains.joined(separator: ", "))
        }
        if !explanation.explainedBy.isEmpty {
            lines += field("Sign of", explanation.explainedBy.joined(separator: ", "))
        }
        if !explanation.watchedBy.isEmpty {
            lines += field("Looked for by", explanation.watchedBy.joined(separator: ", "))
        }
        return lines.isEmpty ? [] : ["", "Other patterns"] + lines.map { "  \($0)" }
    }

    private static func example(_ example: WorkedExample) -> [String] {
        var table = Table(["sample", "after"] + example.series + [""])
        for row in example.rows {
            let sample = row.first == row.last ? "\(row.first)" : "\(row.first)-\(row.last)"
            let after = PatternText.span(Int64(row.first) * example.intervalMilliseconds)
            table.add([sample, after] + row.values + [row.event.map { "<- \($0)" } ?? ""])
        }
        var lines = ["Example: \(example.name)"]
        for var line in table.text.split(separator: "\n") {
            while line.last == " " { line.removeLast() }
            lines.append("  \(line)")
        }
        if example.rowsLeftOut > 0 { lines.append("  (\(Wording.counted(example.rowsLeftOut, "row")) left out)") }
        lines += Table.wrapped(example.because, indent: 2)
        return lines
    }

    private static func span(_ milliseconds: Int64) -> String {
        let (days, rest) = (milliseconds / 86_400_000, milliseconds % 86_400_000)
        let (hours, minutes, seconds) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1_000 % 60)
        var words: [String] = []
        if days > 0 { words.append("\(days) d") }
        if hours > 0 { words.append("\(hours) h") }
        if minutes > 0 { words.append("\(minutes) min") }
        if seconds > 0 || words.isEmpty { words.append("\(seconds) s") }
        return words.joined(separator: " ")
    }

    private static func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }

    /// A line with its name in a column of its own.
    private static func field(_ name: String, _ text: String) -> [String] {
        let lines = Table.wrapped(text, indent: 14)
        guard let first = lines.first else { return [] }
        let head = name + String(repeating: " ", count: max(1, 14 - name.count))
        return [head + first.drop { $0 == " " }] + lines.dropFirst()
    }
}
