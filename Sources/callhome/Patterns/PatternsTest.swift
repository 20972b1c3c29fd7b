import ArgumentParser
import FaultPatterns
import Reports

/// `callhome patterns test`.
struct PatternsTest: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Run the tests inside the patterns.",
        discussion: """
            A pattern must bring a test that fires, one that does not, one with missing data and, where it counts \
            increases, one in which the counter falls; one without is refused. So is one whose expressions do not \
            fit (names, types, units), whose variants are ambiguous or, in a whole folder, that `explains` or looks \
            for (`active`) faults that no pattern tells of. A folder of one part inside a folder called `patterns` \
            is not a whole one. Each refusal says file, line and column and how to mend it; all are told at once.

            \(ExitStatus.help("all tests passed", [
                (.negative, "a test failed"), (.data, "a pattern is refused"), (.missing, "no such folder or file"),
            ]))
            """)

    @Argument(help: "The folder of the patterns, or one file; without it ./patterns, else \(PatternFolder.installed).")
    var folder: String?

    @Flag(help: "Print the results as JSON.")
    var json = false

    struct Result: Encodable {
        var pattern: String
        var test: String
        var passed: Bool
        var problem: String?
    }

    func run() throws {
        let source = PatternFolder(path: folder ?? PatternFolder.standard)
        let results = try PatternsTest.results(of: source.files)
        if json { try Console.print(json: results) }
        for problem in source.problemsBetween { Console.complain("\(problem)") }
        try source.refuseProblems()
        if !source.problemsBetween.isEmpty { throw ExitStatus.data.exit }
        try PatternsTest.requireAllPassed(results)
        if !json {
            print(
                "\(Wording.counted(source.files.count, "pattern")), \(Wording.counted(results.count, "test")): all passed\n"
                    + PatternsTest.counts(of: source.files.map(\.pattern)))
        }
    }

    static func results(of files: [PatternFile]) throws -> [Result] {
        var results: [Result] = []
        for file in files {
            let failures: [PatternFile.TestFailure]
            do { failures = try file.runTests() } catch {
                Console.complain("\(error)")
                throw ExitStatus.data.exit
            }
            for test in file.tests {
                let failure = failures.first { $0.test == test.name }
                results.append(
                    Result(
                        pattern: file.pattern.id, test: test.name, passed: failure == nil, problem: failure?.description
                    ))
            }
        }
        return results
    }

    /// How many of each status and evidence: `120 active, 43 shadow; evidence 40 A, 90 B, 33 C`.
    static func counts(of patterns: [Pattern]) -> String {
        func counted<Word: RawRepresentable & CaseIterable & Equatable>(
            _ words: Word.Type, _ word: (Pattern) -> Word
        ) -> String where Word.RawValue == String {
            Word.allCases.compactMap { value in
                let count = patterns.count { word($0) == value }
                return count > 0 ? "\(count) \(value.rawValue)" : nil
            }.joined(separator: ", ")
        }
        let parts = Set(patterns.flatMap(\.kinds)).count
        return "\(counted(Pattern.Status.self) { $0.status }); "
            + "evidence \(counted(Pattern.EvidenceGrade.self) { $0.evidence }); "
            + Wording.counted(parts, "kind of part", "kinds of part")
    }

    /// Prints which failed and ends the command, if any did.
    static func requireAllPassed(_ results: [Result]) throws {
        let problems = results.compactMap(\.problem)
        guard !problems.isEmpty else { return }
        for problem in problems { Console.complain(problem) }
        Console.complain("\(problems.count) of \(Wording.counted(results.count, "test")) failed")
        throw ExitStatus.negative.exit
    }
}
