import ArgumentParser
import FaultPatterns

/// `callhome patterns explain`.
struct PatternsExplain: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Explain how one pattern is computed: what it looks at, when it fires and clears, with an example.",
        discussion: """
            Of each signal the unit, what it is, and the probe that tells it where that is known; of each function \
            what exactly it computes; the condition as a sentence; what is unknown and does nothing; the patterns \
            that it is a cause or a sign of; and its first test that fires, sample by sample.

            Exit codes: 0 explained; 2 there is no such pattern, or a pattern file is refused.
            """)

    @Argument(help: "The pattern's name, such as disk.ata.media-failing-fast.")
    var id: String

    @Option(help: "The folder of the patterns, or one file; without it ./patterns, else \(PatternFolder.installed).")
    var patterns: String?

    @Flag(help: "Print the explanation as JSON.")
    var json = false

    func run() throws {
        let folder = PatternFolder(path: patterns ?? PatternFolder.standard)
        try folder.refuseProblems()
        let explanation = PatternExplanation(try folder.file(of: id), among: folder.files)
        if json { return try Console.print(json: explanation) }
        print(PatternText.explanation(explanation))
    }
}
