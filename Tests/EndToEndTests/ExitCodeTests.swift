import Foundation
import Reports
import Testing

/// One table of exit codes for the three programs.
@Suite("Exit codes")
struct ExitCodeTests {
    /// Swift Testing has a type of this name too.
    typealias ExitStatus = Reports.ExitStatus

    /// A command line, and what it exits with.
    struct Run: Sendable, CustomTestStringConvertible {
        var words: [String]
        var status: ExitStatus
        var testDescription: String { words.joined(separator: " ") }

        init(_ line: String, _ status: ExitStatus) {
            words = line.split(separator: " ").map(String.init)
            self.status = status
        }
    }

    private static let fingerprint = String(repeating: "0f", count: 32)

    static let programs = ["callhome", "callhome-agent", "callhome-collector"]

    @Test(
        "A misspelt command is answered with the nearest one",
        arguments: [
            ("callhome", "statsu", "perhaps status"), ("callhome", "servers shwo", "perhaps show"),
            ("callhome-collector", "token list", "perhaps tokens"),
        ])
    func nearest(program: String, line: String, hint: String) throws {
        let result = try Program.run(Program.built(program), line.split(separator: " ").map(String.init))
        #expect(result.status == ExitStatus.usage.rawValue && result.output.contains(hint), "\(result)")
    }

    @Test("The help of each program prints the whole table", arguments: programs)
    func table(program: String) throws {
        let help = try Program.run(Program.built(program), ["--help"]).output
        for status in ExitStatus.allCases {
            #expect(help.contains("\(status.rawValue)  \(status.meaning.prefix(30))"), "\(status) in:\n\(help)")
        }
    }

    @Test("The documentation has the table as the programs have it")
    func documented() throws {
        let text = try String(contentsOf: Site.packageRoot.appending(path: "docs/collector.md"), encoding: .utf8)
        let rows = text.split(separator: "\n").compactMap { $0.firstMatch(of: #/^\| ([0-9]+) \| (.*) \|$/#) }
            .filter { ExitStatus(rawValue: Int32($0.output.1) ?? -1) != nil && !$0.output.2.contains("|") }
            .map { "\($0.output.1) \($0.output.2)" }
        #expect(rows == ExitStatus.allCases.map { "\($0.rawValue) \($0.meaning)" })
    }

    @Test("What a command says of its exit codes begins with 0 and names only those of the table", arguments: programs)
    func help(program: String) throws {
        var described = 0
        for command in try ProgramHelp.commands(of: program) {
            let text = command.help.replacing("\n", with: " ")
            guard !command.path.isEmpty,
                let found = text.firstMatch(of: /Exit codes: (.*?)\.( |$)/)
            else { continue }
            described += 1
            let codes = found.output.1.matches(of: #/(?:^|; )([0-9]+) /#).compactMap { Int32($0.output.1) }
            #expect(codes.first == 0, "\(command.path): \(found.output.1)")
            #expect(codes == codes.sorted() && Set(codes).count == codes.count, "\(command.path): \(codes)")
            for code in codes { #expect(ExitStatus(rawValue: code) != nil, "\(command.path): \(code)") }
        }
        #expect(described > 4)
    }

    @Test(
        "A unit does not start again what every start would end the same way",
        arguments: ["callhome-agent", "callhome-collector"])
    func units(program: String) throws {
        let text = try String(
            contentsOf: Site.packageRoot.appending(path: "systemd/\(program).service"), encoding: .utf8)
        func values(_ key: String) -> [Substring] {
            text.split(separator: "\n").filter { $0.hasPrefix("\(key)=") }.map { $0.dropFirst(key.count + 1) }
        }
        #expect(values("Restart") == ["always"])
        let prevented = values("RestartPreventExitStatus").flatMap { $0.split(separator: " ") }.compactMap { Int32($0) }
        #expect(prevented == ExitStatus.lasting.map(\.rawValue))
        // Only what the main process exits with counts (systemd.service(5)): no check before it may end in its place.
        let before = values("ExecStartPre") + values("ExecCondition") + values("ExecStartPost")
        #expect(before.allSatisfy { $0.hasPrefix("-") }, "\(before)")
        #expect(values("ExecStart").count == 1 && values("ExecStart")[0].hasPrefix("/usr/bin/\(program) "))
    }

    @Test(
        "An error of the command line names the usage of the command that was typed",
        arguments: [
            ["probe", "none"], ["diagnose", "disk-health", "--at", "noon"], ["probe", "board", "--input", "/"],
        ])
    func usage(words: [String]) throws {
        let result = try Program.run(Program.built("callhome-agent"), words)
        #expect(result.output.contains("Usage: callhome-agent \(words[0]) <name>"), "\(result.output)")
    }

    /// `FOLDER` is an empty folder.
    @Test(
        "The programs exit with what the table says",
        arguments: [
            Run("callhome nonsense", .usage),
            Run("callhome patterns list --status x", .usage),
            Run("callhome patterns test FOLDER", .data),
            Run("callhome patterns test FOLDER/no", .missing),
            Run("callhome patterns signals hw.none", .missing),
            Run("callhome patterns backtest FOLDER --html FOLDER/no/a.html", .cannotWrite),
            Run("callhome patterns backtest FOLDER/no --patterns PATTERNS", .missing),
            Run("callhome patterns keygen FOLDER/no/key", .cannotWrite),
            Run("callhome patterns verify FOLDER --root FOLDER/no.json", .missing),
            Run("callhome patterns verify FOLDER --root BAD", .data),
            Run("callhome patterns publish FOLDER --key BAD", .data),
            Run("callhome patterns publish FOLDER --key BAD --withdraw disk.one", .usage),
            Run("callhome patterns sign BAD --key FOLDER/no.pem", .missing),
            Run("callhome status --socket FOLDER/no.sock", .unavailable),
            Run("callhome doctor --socket FOLDER/no.sock", .unavailable),
            Run("callhome cases list", .permission),
            Run("callhome servers list --collector-socket FOLDER/no.sock", .unavailable),
            Run("callhome patterns update --collector-socket FOLDER/no.sock", .unavailable),
            Run("callhome login http://127.0.0.1:1", .usage),
            Run("callhome login https://127.0.0.1:1 --password-stdin --ca-fingerprint \(fingerprint)", .unavailable),
            // Nobody can be asked here, and a fingerprint that is cut short is none.
            Run("callhome login https://127.0.0.1:1", .usage),
            Run("callhome login https://127.0.0.1:1 --ca-fingerprint \(fingerprint)", .usage),
            Run("callhome login https://127.0.0.1:1 --password-stdin --ca-fingerprint 00", .usage),
            Run("callhome enroll https://127.0.0.1:1 --token half --socket FOLDER/no.sock", .data),
            Run("callhome-agent probe none", .usage),
            Run("callhome-agent probe memory-errors --root FOLDER", .unavailable),
            Run("callhome-agent probe disk-health --input BAD", .data),
            Run("callhome-agent probe disk-health --input FOLDER/no.json", .missing),
            Run("callhome-agent probe memory-errors --root FOLDER/no", .missing),
            Run("callhome-agent probe memory-errors --input BAD", .usage),
            Run("callhome-agent probe disk-health --at noon", .usage),
            Run("callhome-agent diagnose disk-health --input FOLDER/no.json", .missing),
            Run("callhome-agent diagnose memory-errors --root FOLDER --patterns FOLDER/no.json", .missing),
            Run("callhome-agent replay FOLDER/no.json", .missing),
            Run("callhome-agent diagnose none", .usage),
            Run("callhome-agent diagnose memory-errors --root FOLDER --every never", .usage),
            Run("callhome-agent diagnose memory-errors --root FOLDER --every 1s --for 52w", .usage),
            Run("callhome-agent diagnose memory-errors --root FOLDER --language xx", .usage),
            Run("callhome-agent diagnose memory-errors --root FOLDER --patterns FOLDER", .configuration),
            Run("callhome-agent diagnose memory-errors --root FOLDER --patterns BAD", .configuration),
            Run("callhome-agent replay", .usage), Run("callhome-agent replay BAD --days 0", .usage),
            Run("callhome-agent replay BAD --language xx", .usage), Run("callhome-agent replay BAD", .configuration),
            Run("callhome-agent once --config BAD", .configuration),
            Run("callhome-agent probe site --config BAD", .configuration),
            Run("callhome-agent probe redfish --config FOLDER/no.conf", .configuration),
            Run("callhome-agent probe memory-errors --config BAD", .configuration),
            Run("callhome-agent coverage --config BAD", .configuration),
            Run("callhome-agent coverage --language xx", .usage),
            Run("callhome-agent run --config FOLDER/no.conf", .configuration),
            Run("callhome-collector tokens list --config BAD", .configuration),
            Run("callhome-collector serve --config BAD", .configuration),
            Run("callhome-collector tokens revoke", .usage),
            Run("callhome-collector tokens create --lifetime 7days --config GOOD", .usage),
            Run("callhome-collector tokens create --lifetime 7d --config GOOD", .unavailable),
            Run("callhome-collector pair create --lifetime 500d --config GOOD", .usage),
            Run("callhome-collector tokens --help", .done),
            // No collector has run there.
            Run("callhome-collector tokens list --json --config GOOD", .unavailable),
        ])
    func codes(run: Run) throws {
        let (program, expected) = (run.words[0], run.status)
        let folder = FileManager.default.temporaryDirectory.appending(path: "exit-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let bad = folder.appendingPathExtension("bad")
        let good = folder.appendingPathExtension("conf")
        try Site.write("this is = no setting", to: bad)
        try Site.write("data = \(folder.path)/data\nsocket = no", to: good)
        defer { for file in [bad, good] { try? FileManager.default.removeItem(at: file) } }
        let given = run.words.dropFirst().map { argument in
            switch argument {
            case "BAD": bad.path
            case "GOOD": good.path
            case "PATTERNS": Site.packageRoot.appending(path: "patterns").path
            default: argument.replacing("FOLDER", with: folder.path)
            }
        }
        // Nobody is logged in here.
        let result = try Program.run(
            "/usr/bin/env", ["HOME=\(folder.path)", "XDG_CONFIG_HOME=\(folder.path)", Program.built(program)] + given)
        #expect(result.status == expected.rawValue, "\(program) \(given): \(result.output.prefix(500))")
        #expect(!result.output.isEmpty || expected == .done, "it must say why")
    }
}
