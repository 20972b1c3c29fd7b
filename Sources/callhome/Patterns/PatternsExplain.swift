import ArgumentParser
import FaultPatterns
import Reports

/// `callhome patterns explain`.
struct PatternsExplain: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Explain how one pattern is computed: what it looks at, when it fires and clears, with an example.",
        discussion: """
            Its text as customers read it, how far it is tried, and how well its numbers are known; of each signal the \
            unit, what it is, and the probe that tells it where that is known; of each function what exactly it computes; \
            the condition as a sentence; how urgent it is, what is to blame, and when it clears; what is unknown and does \
            nothing; the patterns that it is a cause or a sign of; what a site may choose, and what this one changed; and its first test that fires, sample by sample. \
            patterns/README.md is the language in which patterns are written.

            \(ExitStatus.help(
                "explained", [(.data, "a pattern file is refused"), (.missing, "no such pattern or folder")]))
            """)

    @Argument(help: "The pattern's name, such as disk.ata.media-failing-fast.", completion: Completion.patterns)
    var id: String

    @Option(
        help: """
            A folder, a pattern file or a pack (.json); without it ./patterns, else the pack \
            \(PatternFolder.installedPack).
            """)
    var patterns: String?

    @Option(
        help: """
            What the site changed, as `callhome patterns overlay` wrote it; without it, of the installed pack, \
            \(PatternsOverlay.built).
            """, completion: .file(extensions: ["json"]))
    var overlay: String?

    @Option(
        help: "Language of the pattern's own text, such as de; without it en. All else is English.",
        completion: Completion.languages)
    var language: String = "en"

    @Flag(help: "Print the explanation as JSON, with the texts in all languages.")
    var json = false

    func run() throws {
        let folder = try PatternFolder.files(of: patterns ?? PatternFolder.standardSource, changedBy: overlay)
        let explanation = PatternExplanation(
            try folder.file(of: id), among: folder.files, overlay: folder.overlay.filter { $0.pattern == id })
        if json { return try Console.print(json: explanation) }
        try PatternsShow.refuse(language, ifLackingIn: explanation.summary)
        print(PatternText.explanation(explanation, language: language))
    }
}
