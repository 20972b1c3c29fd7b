import Foundation
import Testing

/// The completion that `callhome --generate-completion-script bash` prints, in a real bash.
@Suite(
    "Completion in bash", .enabled(if: FileManager.default.isExecutableFile(atPath: "/bin/bash"), "there is no bash"))
struct CompletionTests {
    /// What bash offers for the last word of a line.
    private func offers(_ program: String, _ words: [String]) throws -> [String] {
        let path = Program.built(program)
        let line = ([program] + words).joined(separator: " ")
        let script = """
            PATH="\(URL(filePath: path).deletingLastPathComponent().path):$PATH"
            source <(\(program) --generate-completion-script bash)
            COMP_WORDS=(\(([program] + words).map { "'\($0)'" }.joined(separator: " ")))
            COMP_CWORD=\(words.count)
            COMP_LINE='\(line)'
            COMP_POINT=\(line.count)
            function=$(complete -p \(program) | sed 's/.*-F \\([^ ]*\\).*/\\1/')
            $function \(program) '\(words.last ?? "")' '\(words.dropLast().last ?? program)'
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        let outcome = try Program.run("/bin/bash", ["-c", script])
        return outcome.output.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    }

    private static let patterns = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "patterns").path

    @Test("Names of patterns are offered, of the folder that the line names")
    func patterns() throws {
        for command in ["show", "explain"] {
            let found = try offers(
                "callhome", ["patterns", command, "--patterns", Self.patterns, "disk.ata.media"])
            #expect(found.contains("disk.ata.media-failing"), "\(found)")
            #expect(found.allSatisfy { $0.hasPrefix("disk.ata.media") })
        }
    }

    @Test(
        "Languages, kinds of part, signals and probes are offered",
        arguments: [
            (["callhome", "doctor", "--language", ""], "de"), (["callhome", "status", "--language", "e"], "en"),
            (["callhome", "patterns", "explain", "--language", ""], "de"),
            (["callhome", "patterns", "list", "--part", "di"], "disk"),
            (["callhome", "patterns", "list", "--urgency", "p"], "plan"),
            (["callhome", "patterns", "signals", "hw.physical_disk.sm"], "hw.physical_disk.smart"),
            (["callhome", "servers", "blind-spots", "accept", "srv", "ipm"], "ipmi"),
            (["callhome-agent", "probe", "disk-h"], "disk-health"),
            (["callhome-agent", "coverage", "--language", ""], "de"),
        ])
    func words(line: [String], offered: String) throws {
        let program = line[0]
        let rest = Array(line.dropFirst())
        let found = try offers(program, rest)
        #expect(found.contains(offered), "\(line): \(found)")
        #expect(found.allSatisfy { $0.hasPrefix(rest.last ?? "") }, "\(found)")
    }
}
