import Reports

/// For people: what would have been found, then how well it is known.
extension ReplayForecast {
    func text(in language: Language) -> String {
        var lines: [String] = []
        if let from, let through {
            lines.append(
                language(
                    "played from \(from) to \(through), \(looks) looks",
                    "gespielt von \(from) bis \(through), \(looks) Blicke"))
        } else {
            lines.append(language("Nothing is written down yet.", "Noch ist nichts aufgezeichnet."))
        }
        let found = rows.filter { $0.atMost > 0 }
        lines.append("")
        if found.isEmpty { lines.append(language("No fault would have opened.", "Keine Störung hätte sich geöffnet.")) }
        for (urgency, count) in urgencies.sorted(by: { $0.key > $1.key }) {
            lines.append("\(urgency.rawValue): \(words(count.surely, count.atMost, language))")
            for row in found where row.urgency == urgency {
                lines.append("  \(row.pattern): \(words(row.surely, row.atMost, language))")
                if let because = row.because { lines.append("      \(because)") }
            }
        }
        lines.append("")
        let (exact, bounded, open, not) = (
            classes[.exact] ?? 0, classes[.bounded] ?? 0, classes[.open] ?? 0, classes[.notReplayable] ?? 0
        )
        lines.append(
            language(
                "of \(rows.count) patterns \(exact) exact, \(bounded) within bounds, \(open) not known, \(not) not replayable",
                "von \(rows.count) Mustern \(exact) genau, \(bounded) in Grenzen, \(open) unbekannt, \(not) nicht spielbar"
            ))
        lines.append(language("judged by \(patternPack)", "beurteilt nach \(patternPack)"))
        return lines.map(\.printable).joined(separator: "\n")
    }

    private func words(_ surely: Int, _ most: Int, _ language: Language) -> String {
        surely == most
            ? "\(most)"
            : language("surely \(surely), at most \(most)", "sicher \(surely), höchstens \(most)")
    }
}
