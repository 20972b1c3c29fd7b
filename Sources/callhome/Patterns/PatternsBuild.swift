import ArgumentParser
import FaultPatterns
import FoundationEssentials
import Reports

/// `callhome patterns build`.
struct PatternsBuild: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build",
        abstract: "Check the patterns, run their tests and write the pack that agents load.",
        discussion: """
            All pattern files of the folder are read, type-checked and tested; nothing is written unless all is well. \
            Their tests go into the pack: servers run them before it may run. The same files and version give the same bytes.

            \(ExitStatus.help("the pack is written", [
                (.negative, "a test inside a pattern fails"), (.data, "a pattern is refused"),
                (.missing, "no such folder"), (.cannotWrite, "the pack cannot be written"),
            ]))
            """)

    @Argument(help: "The folder of the patterns; without it ./patterns, else \(PatternFolder.installed).")
    var folder: String?

    @Option(name: [.short, .long], help: "Where to write the pack.")
    var output: String

    @Option(help: "The pack's version; without it that of callhome.")
    var packVersion: String = CallhomeVersion.current

    @Flag(help: "Print what was built as JSON.")
    var json = false

    struct Outcome: Encodable {
        /// The file that was written.
        var path: String
        var packVersion: String
        var sha256: String
        var patterns: Int
        var tests: Int
        var bytes: Int
    }

    func run() throws {
        let source = PatternFolder(path: folder ?? PatternFolder.standard)
        try source.refuseProblems()
        try source.refuseProblemsBetween()
        let target = OutputPath(path: output)
        try target.refuseUnwritable()
        try PatternsTest.requireAllPassed(PatternsTest.results(of: source.files))
        let pack: PatternPack
        let bytes: Data
        do {
            // It names the file and the line of what does not fit.
            pack = try PatternPack(building: source.files, models: source.models, version: packVersion)
            bytes = try PatternPack.json(building: source.files, models: source.models, version: packVersion)
            // What agents will read is what is checked last: they would skip what they cannot read.
            if let skipped = try PatternPack(json: bytes).skipped.first {
                throw PatternPackError.unreadable(because: "\(skipped.id): \(skipped.because)")
            }
        } catch {
            Console.complain("\(error)")
            throw ExitStatus.data.exit
        }
        try target.write(bytes)
        let outcome = Outcome(
            path: output, packVersion: pack.version, sha256: pack.contentHash, patterns: pack.patterns.count,
            tests: source.files.reduce(0) { $0 + $1.tests.count }, bytes: bytes.count)
        if json {
            try Console.print(json: outcome)
        } else {
            print(
                "\(output): \(Wording.counted(outcome.patterns, "pattern")), "
                    + "\(Wording.counted(outcome.tests, "test")) passed, \(bytes.count) bytes, \(pack)")
        }
    }
}
