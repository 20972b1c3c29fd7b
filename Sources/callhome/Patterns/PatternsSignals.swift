import ArgumentParser
import FaultPatterns
import Reports

/// `callhome patterns signals`.
struct PatternsSignals: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "signals",
        abstract: "List the signals that patterns may look at: kind, unit, parts, labels and meaning.",
        discussion: """
            Without a name all of them; with one that signal, or all whose names contain it. Units are UCUM (`Cel`, `V`, \
            `By`, `s`; `1` for a share; `{error}` and the like for counts). A signal without parts may be of any part. A \
            label must stand in the pattern, except that an event may leave labels open.

            \(ExitStatus.help("listed", [(.missing, "no signal is called so")]))
            """)

    @Argument(
        help: "A signal's name, or a piece of it, such as hw.physical_disk or voltage.", completion: Completion.signals)
    var name: String?

    @Flag(help: "Print the signals as JSON.")
    var json = false

    struct Row: Encodable {
        var name: String
        var kind: String
        var unit: String
        /// Empty: any.
        var components: [String]
        /// By label its values; empty: any.
        var labels: [String: [String]]
        /// By kind of part, the probes that report it, the likeliest first.
        var probesByKind: [String: [String]]
        var meaning: String

        init(_ entry: SignalCatalogue.Entry) {
            name = entry.name
            kind = entry.kind.rawValue
            unit = entry.unit
            components = entry.components.map(\.rawValue)
            labels = entry.labels
            probesByKind = [:]
            for kind in ComponentKind.known {
                let reporting = SignalSources.probes(of: entry.name, on: kind)
                if !reporting.isEmpty { probesByKind[kind.rawValue] = reporting }
            }
            meaning = entry.description
        }
    }

    func run() throws {
        let rows = try entries().map(Row.init)
        if json { return try Console.print(json: rows) }
        if rows.count == 1, let row = rows.first { return print(PatternsSignals.page(row)) }
        var table = Table("SIGNAL", "KIND", "UNIT", "PARTS", "LABELS", "MEANING")
        for row in rows {
            table.add(
                row.name, row.kind, row.unit, row.components.isEmpty ? "any" : row.components.joined(separator: ","),
                row.labels.keys.sorted().joined(separator: ","), row.meaning)
        }
        print(table.text)
        print("\n\(Wording.counted(rows.count, "signal"))")
    }

    private func entries() throws -> [SignalCatalogue.Entry] {
        guard let name else { return SignalCatalogue.entries.sorted { $0.name < $1.name } }
        // Labels may stand behind it, as it is written in a pattern.
        let wanted = String(name.prefix { $0 != "{" })
        if let entry = SignalCatalogue.entry(named: wanted) { return [entry] }
        let found = SignalCatalogue.entries.filter { $0.name.contains(wanted.lowercased()) }
        guard found.isEmpty else { return found.sorted { $0.name < $1.name } }
        let near = Wording.near(wanted, among: SignalCatalogue.entries.map(\.name))
        Console.complain(
            "no signal is called \(wanted); "
                + (near.isEmpty
                    ? "`callhome patterns signals` lists what there is" : "perhaps \(near.joined(separator: " or "))"))
        throw ExitStatus.missing.exit
    }

    private static func page(_ row: Row) -> String {
        var lines = [
            row.name, "  \(row.meaning)", "  kind    \(row.kind)",
            "  unit    \(row.unit.isEmpty ? "none" : row.unit)",
            "  parts   \(row.components.isEmpty ? "any" : row.components.joined(separator: ", "))",
        ]
        for (label, values) in row.labels.sorted(by: { $0.key < $1.key }) {
            lines.append("  label   \(label): \(values.isEmpty ? "any text" : values.joined(separator: ", "))")
        }
        let probes = SignalSources.probes(of: row.name)
        let none = "no probe yet" + (SignalSources.withoutProbe[row.name].map { ": \($0)" } ?? "")
        lines.append("  probe   \(probes.isEmpty ? none : PatternText.list(probes))")
        return lines.joined(separator: "\n")
    }
}
