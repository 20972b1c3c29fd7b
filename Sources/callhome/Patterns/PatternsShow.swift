import ArgumentParser
import FaultPatterns
import Reports

/// `callhome patterns show`.
struct PatternsShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show one pattern: what people are told, when, how urgently, and what it rests on.",
        discussion: """
            The condition stands there as the author wrote it and as a sentence. `explain` says more of how it is \
            computed.

            \(ExitStatus.help("shown", [(.data, "a pattern file is refused, or has no text in the language"), (.missing, "no such pattern or folder")]))
            """)

    @Argument(help: "The pattern's name, such as disk.ata.media-failing-fast.", completion: Completion.patterns)
    var id: String

    @Option(
        help: """
            A folder, a pattern file or a pack (.json); without it ./patterns, else the pack \
            \(PatternFolder.installedPack).
            """)
    var patterns: String?

    @Option(help: "Only the text in this language, such as de; without it all.", completion: Completion.languages)
    var language: String?

    @Flag(help: "Print the pattern as JSON.")
    var json = false

    func run() throws {
        let folder = try PatternFolder.files(of: patterns ?? PatternFolder.standardSource)
        var summary = PatternSummary(try folder.file(of: id))
        if let language {
            try PatternsShow.refuse(language, ifLackingIn: summary)
            summary.text = summary.text.filter { $0.key == language }
        }
        if json { return try Console.print(json: summary) }
        print(PatternText.summary(summary))
    }

    /// Prints which languages there are and ends the command, where the pattern has no text in this one.
    static func refuse(_ language: String, ifLackingIn summary: PatternSummary) throws {
        guard summary.text[language] == nil else { return }
        Console.complain(
            "\(summary.id) has no text in `\(language)`; there are "
                + summary.text.keys.sorted().joined(separator: ", "))
        throw ExitStatus.data.exit
    }
}
