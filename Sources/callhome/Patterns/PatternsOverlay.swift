import ArgumentParser
import FaultPatterns
import FoundationEssentials
import Reports

/// `callhome patterns overlay`.
struct PatternsOverlay: ParsableCommand {
    /// What a person writes, and what the agent reads.
    static let written = "/etc/callhome/patterns.overlay.yaml"
    static let built = "/etc/callhome/patterns.overlay.json"

    static let configuration = CommandConfiguration(
        commandName: "overlay",
        abstract: "Check what this site changes of the patterns, and write it for the agent.",
        discussion: """
            A site may switch patterns off, set them on trial, choose parameters within the bounds that a pattern's author \
            gives (`tunable`; `callhome patterns explain ID` shows them), and add patterns of its own. Everything else is \
            refused by name. \(written) says it, in YAML:

              disable:                        # patterns that do not run, each with why
                disk.ata.link-crc: the backplane of this rack is known and on order
              shadow:                         # on trial: shown, no ticket
                nic.crc-errors: we look at it for a month first
              tune:                           # parameters, within the pattern's own bounds
                backup.overdue: { limit: 8d, because: backups run weekly here }
              add:                            # patterns as patterns/README.md has them, with tests; ids begin with site.
                - id: site.tape-library-hot

            All of it is kept over updates. An entry that no longer fits (the pattern is gone, its bounds are narrower) has \
            no effect then, and `callhome-agent coverage` says so; here it is refused, as most likely misspelt.

            \(ExitStatus.help("checked, and written with -o", [
                (.negative, "a test inside a pattern that the site adds fails"),
                (.data, "the overlay is refused, or an entry of it has no effect"),
                (.missing, "no such file or pack"), (.cannotWrite, "the overlay cannot be written"),
            ]))
            """)

    @Argument(help: "The overlay; without it \(written).", completion: .file(extensions: ["yaml"]))
    var file: String = PatternsOverlay.written

    @Option(
        name: [.short, .long],
        help: "Where to write what the agent reads, \(built) on a server; without it, it is only checked.",
        completion: .file(extensions: ["json"]))
    var output: String?

    @Option(
        help:
            "The pack that it changes; several times for the packs of several makers. Without it \(PatternFolder.installedPack).",
        completion: .file(extensions: ["json"]))
    var pack: [String] = []

    @Flag(help: "Print what it changes as JSON.")
    var json = false

    struct Outcome: Encodable {
        /// The file that was written; nil: it was only checked.
        var path: String?
        /// Version and hash of what would run.
        var patternPack: String
        var entries: [OverlayEntry]
    }

    func run() throws {
        let target = output.map(OutputPath.init(path:))
        try target?.refuseUnwritable()
        let packs = try (pack.isEmpty ? [PatternFolder.installedPack] : pack).map { path in
            PatternComposition.Member(name: path, packs: [try PatternsOverlay.bytes(path)])
        }
        let tree = try PatternsOverlay.read(file)
        let added = try PatternsOverlay.patterns(addedBy: tree)
        let bytes: Data
        let composed: PatternPack
        do {
            _ = try PatternOverlay(reading: tree)
            bytes = try PatternOverlay.json(of: tree, adding: added)
            let composition = try PatternComposition(packs, overlay: try PatternOverlay(json: bytes))
            if let refusal = composition.refused.first { throw PatternPackError.unreadable(because: refusal.because) }
            composed = composition.pack
        } catch {
            Console.complain("\(error)")
            throw ExitStatus.data.exit
        }
        let lost = composed.overlay.filter { $0.inactive != nil }
        for entry in lost {
            let near = Wording.near(entry.pattern, among: composed.patterns.map(\.id), limit: 3)
            let hint = near.isEmpty || near.contains(entry.pattern) ? "" : "; perhaps \(near.joined(separator: ", "))"
            Console.complain(
                "\(file): `\(entry.action.rawValue)` of \(entry.pattern) has no effect: \(entry.inactive.map { "\($0)" } ?? "")\(hint)"
            )
        }
        guard lost.isEmpty else { throw ExitStatus.data.exit }
        try PatternsTest.requireAllPassed(PatternsTest.results(of: added))
        try target?.write(bytes)
        let outcome = Outcome(path: output, patternPack: composed.identity, entries: composed.overlay)
        if json { return try Console.print(json: outcome) }
        for entry in composed.overlay { print(PatternText.overlay(entry)) }
        let changes = Wording.counted(composed.overlay.count, "change")
        print("\(output ?? file): \(changes), \(output == nil ? "checked" : "written"); \(composed.identity)")
    }

    // MARK: Parts

    private static func bytes(_ path: String) throws -> Data {
        guard let data = FileManager.default.contents(atPath: path) else {
            Console.complain("\(path): the file cannot be read; look whether it is there, and at its permissions")
            throw ExitStatus.missing.exit
        }
        return data
    }

    private static func read(_ path: String) throws -> SourceNode {
        let (tree, problems) = PatternYAML.readAll(try bytes(path), file: path)
        for problem in problems { Console.complain("\(problem)") }
        guard let tree, problems.isEmpty else { throw ExitStatus.data.exit }
        return tree
    }

    /// The patterns that a site adds, held against all that is asked of any pattern.
    private static func patterns(addedBy tree: SourceNode) throws -> [PatternFile] {
        var files: [PatternFile] = []
        var isGood = true
        for written in PatternOverlay.added(in: tree) {
            do throws(PatternProblem) { files.append(try PatternFile(reading: written)) } catch {
                isGood = false
                let all = PatternFile.problems(in: written)
                for problem in all.isEmpty ? [error] : all { Console.complain("\(problem)") }
            }
        }
        guard isGood else { throw ExitStatus.data.exit }
        return files
    }
}
