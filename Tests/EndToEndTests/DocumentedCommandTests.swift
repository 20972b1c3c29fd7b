import Foundation
import Testing

/// Whoever copies a command from a page gets what the page says, and no refusal.
@Suite("Commands that pages and messages name")
struct DocumentedCommandTests {
    private let grammars: [String: CommandGrammar]

    init() throws {
        grammars = try ["callhome", "callhome-agent", "callhome-collector"]
            .reduce(into: [:]) { $0[$1] = try CommandGrammar(of: $1) }
    }

    private func refusals(_ lines: [CommandLines.Line]) -> [String] {
        lines.compactMap { line in
            guard let program = line.words.first, let grammar = grammars[program] else { return nil }
            return grammar.refusal(of: line.words, isWhole: line.isWhole).map { "\(line): \($0)" }
        }
    }

    private func files(under folders: [String], ending suffixes: [String]) throws -> [String] {
        try folders.flatMap { folder in
            let base = Site.packageRoot.appending(path: folder).path
            return try FileManager.default.subpathsOfDirectory(atPath: base)
                .filter { path in suffixes.contains { path.hasSuffix($0) } }.map { "\(folder)/\($0)" }
        }
    }

    private func text(_ path: String) throws -> String {
        try String(contentsOf: Site.packageRoot.appending(path: path), encoding: .utf8)
    }

    @Test("The parser of the program takes every command line of every page")
    func pages() throws {
        let own = try FileManager.default.contentsOfDirectory(atPath: Site.packageRoot.path).filter {
            $0.hasSuffix(".md")
        }
        let folders = ["docs", "packaging", "patterns", "Calibration", "Laboratory", "Benchmarks", "Sources"]
        let pages = own + (try files(under: folders, ending: [".md"]))
        var count = 0
        for page in pages {
            let lines = CommandLines.markdown(try text(page))
            count += lines.count
            let refused = refusals(lines)
            #expect(refused.isEmpty, "\(page): \(refused.joined(separator: "\n"))")
        }
        #expect(pages.contains("README.md") && pages.contains("docs/collector.md") && count > 60, "\(count)")
    }

    @Test("It takes every command that a message, a comment, a pattern's text or a configuration file names")
    func messages() throws {
        let sources = try files(under: ["Sources", "patterns", "packaging"], ending: [".swift", ".yaml", ".conf"])
        var count = 0
        for source in sources {
            let lines = CommandLines.source(try text(source))
            count += lines.count
            let refused = refusals(lines)
            #expect(refused.isEmpty, "\(source): \(refused.joined(separator: "\n"))")
        }
        #expect(count > 40, "\(count)")
    }

    @Test("It takes what the units start")
    func units() throws {
        let units = try files(under: ["systemd"], ending: [".service"])
        #expect(units.count == 2)
        for unit in units {
            let lines = try text(unit).split(separator: "\n").compactMap { line -> CommandLines.Line? in
                guard line.hasPrefix("Exec"), let path = line.split(separator: "=", maxSplits: 1).last else {
                    return nil
                }
                let command = String(path).replacing("/usr/bin/", with: "")
                return command.hasPrefix("callhome") ? .init(number: 0, text: command, isWhole: true) : nil
            }
            #expect(!lines.isEmpty)
            #expect(refusals(lines).isEmpty, "\(unit): \(refusals(lines))")
        }
    }

    @Test(
        "What the parser refuses is found: a subcommand, an option, a value too many, and one that is missing",
        arguments: [
            ("callhome nothing", "no subcommand nothing"), ("callhome patterns nothing", "no subcommand nothing"),
            ("callhome test --no-such", "no option --no-such"),
            ("callhome-collector tokens create one two", "takes 0 values"),
            ("callhome-collector tokens revoke", "lacks a value"), ("callhome-collector tokens", "needs a subcommand"),
            ("callhome-collector keys revoke srv-1", "lacks the option because"),
            ("callhome-agent run --config", "no value"),
        ])
    func refused(line: String, because: String) {
        let found = refusals(CommandLines.markdown("```sh\n\(line)   # a comment\n```\n"))
        #expect(found.count == 1 && found[0].contains(because), "\(found)")
    }

    @Test("Lines are read as a shell and a reader take them: continued, piped, commented, in a sentence over two lines")
    func reading() {
        let lines = CommandLines.markdown(
            """
            A sentence with `callhome patterns
            lint` and `callhome-agent.conf(5)`, `make`.

                callhome status | head

            ```sh
            callhome test \\
              --wait  # proves
            ls callhome
            ```
            """)
        #expect(lines.map(\.number) == [4, 7, 1])
        #expect(
            lines.map(\.words) == [
                ["callhome", "status"], ["callhome", "test", "--wait"], ["callhome", "patterns", "lint"],
            ]
        )
        #expect(lines.map(\.isWhole) == [true, true, false])
        #expect(
            CommandLines.source(#"throw "`callhome patterns signals \(near.name(of: x))` tells""#).map(\.words)
                == [["callhome", "patterns", "signals", "VALUE"]])
    }
}
