import ArgumentParser
import FaultPatterns
import Reports

/// `callhome patterns list`.
struct PatternsList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the patterns of a folder or of a built pack.",
        discussion: """
            Of each its name, status, highest urgency, evidence (A field data, B standard or vendor's rule, C \
            estimate), the parts that it is for, and its title; at the end how many there are. The filters may be \
            given together, and each several times.

            \(ExitStatus.help("listed", [
                (.usage, "a filter names what there is not"), (.data, "the pack or a pattern is refused"),
                (.missing, "no such folder or pack"),
            ]))
            """)

    @Argument(
        help: """
            A folder, a pattern file or a pack (.json); without it ./patterns, else the pack \
            \(PatternFolder.installedPack).
            """)
    var source: String?

    @Option(help: "The same, as show and explain take it.")
    var patterns: String?

    @Option(help: "Only patterns for this kind of part, such as disk or dimm.", completion: Completion.parts)
    var part: [String] = []

    @Option(
        help: "Only patterns of this status: draft, shadow, active or retired.",
        completion: Completion.words(of: Pattern.Status.self),
        transform: { try KnownWord.read($0) })
    var status: [Pattern.Status] = []

    @Option(
        help: "Only patterns whose highest urgency this is: inform, watch, plan or order.",
        completion: Completion.words(of: Urgency.self),
        transform: { try KnownWord.read($0) })
    var urgency: [Urgency] = []

    @Flag(help: "Print the list as JSON.")
    var json = false

    struct Row: Encodable {
        var id: String
        var revision: Int
        var status: String
        var evidence: String
        var components: [String]
        var urgencies: [Urgency]
        var title: [String: String]
        var provenance: String
        var sources: [String]

        init(_ pattern: Pattern) {
            id = pattern.id
            revision = pattern.revision
            status = pattern.status.rawValue
            evidence = pattern.evidence.rawValue
            components = pattern.kinds.map(\.rawValue)
            urgencies = pattern.urgencies
            title = pattern.texts.mapValues(\.title)
            provenance = pattern.provenance
            sources = pattern.sources
        }
    }

    func run() throws {
        let all = try named()
        // A newer pack may name kinds that this program does not know.
        let kinds = Set((ComponentKind.known + all.flatMap(\.kinds)).map(\.rawValue))
        try KnownWord.check(part, option: "--part", among: kinds)
        let chosen = all.filter(isWanted)
        let rows = chosen.map(Row.init)
        if json { return try Console.print(json: rows) }
        var table = Table("PATTERN", "STATUS", "URGENCY", "EVIDENCE", "PARTS", "TITLE")
        for row in rows {
            table.add(
                row.id, row.status, row.urgencies.max()?.rawValue ?? "", row.evidence,
                row.components.joined(separator: ","), row.title["en"] ?? "")
        }
        print(table.text)
        print("\n\(Wording.counted(rows.count, "pattern")): \(PatternsTest.counts(of: chosen))")
    }

    private func isWanted(_ pattern: Pattern) -> Bool {
        (part.isEmpty || pattern.kinds.contains { part.contains($0.rawValue) })
            && (status.isEmpty || status.contains(pattern.status))
            && (urgency.isEmpty || pattern.urgencies.max().map(urgency.contains) ?? false)
    }

    private func named() throws -> [Pattern] {
        guard source == nil || patterns == nil else {
            throw ValidationError("The patterns are named twice: leave out --patterns or the first one.")
        }
        return try PatternFolder.files(of: source ?? patterns ?? PatternFolder.standardSource).files.map(\.pattern)
            .sorted { $0.id < $1.id }
    }
}
