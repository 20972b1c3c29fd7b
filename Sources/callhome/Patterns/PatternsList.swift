import ArgumentParser
import FaultPatterns
import FoundationEssentials
import Reports

/// `callhome patterns list`.
struct PatternsList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the patterns of a folder or of a built pack.",
        discussion: """
            Exit codes: 0 listed; 2 the pack or a pattern is refused.
            """)

    @Argument(
        help: """
            A folder, a pattern file or a pack (.json); without it ./patterns, else the pack \
            \(PatternFolder.installedPack).
            """)
    var source: String?

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
        let rows = try patterns().map(Row.init)
        if json { return try Console.print(json: rows) }
        let width = rows.map(\.id.count).max() ?? 0
        for row in rows {
            let name = row.id.padding(to: width)
            let urgencies = row.urgencies.map(\.rawValue).joined(separator: "|").padding(to: 16)
            print("\(name)  \(row.status.padding(to: 6))  \(row.evidence)  \(urgencies)  \(row.title["en"] ?? "")")
        }
    }

    private func patterns() throws -> [Pattern] {
        let path =
            source ?? (PatternFolder.standard == PatternFolder.installed ? PatternFolder.installedPack : "patterns")
        guard path.hasSuffix(".json") else {
            let folder = PatternFolder(path: path)
            try folder.refuseProblems()
            return folder.files.map(\.pattern).sorted { $0.id < $1.id }
        }
        guard let data = FileManager.default.contents(atPath: path) else {
            Console.complain("\(path): the pack cannot be read; make one with `callhome patterns build`")
            throw Exit.refused
        }
        do {
            let pack = try PatternPack(json: data)
            for skipped in pack.skipped { Console.complain("\(path): \(skipped.id) is skipped: \(skipped.because)") }
            return pack.patterns
        } catch {
            Console.complain("\(path): \(error)")
            throw Exit.refused
        }
    }
}

extension String {
    fileprivate func padding(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
