import Foundation
import Testing

@Suite("Manual pages")
struct ManualPageTests {
    private struct Key: Decodable {
        var name: String
        var `default`: String
        var meaning: String
    }

    private func page(_ program: String, _ section: Int) throws -> String {
        let script = Site.packageRoot.appending(path: "packaging/manual_page.py").path
        let result = try Program.run("/usr/bin/python3", [script, Program.built(program), "\(section)"])
        #expect(result.status == 0, "\(result.output)")
        return result.output
    }

    @Test(
        "The page of a configuration file has every key with its default and meaning, and so has --help",
        arguments: ["callhome-agent", "callhome-collector"])
    func configuration(program: String) throws {
        let answer = try Program.run(Program.built(program), ["check-config", "--keys"])
        let keys = try JSONDecoder().decode([Key].self, from: Data(answer.output.utf8))
        #expect(keys.count > 15)
        let roff = try page(program, 5)
        let help = try Program.run(Program.built(program), ["check-config", "--help"]).output
            .split(whereSeparator: \.isWhitespace).joined(separator: " ")
        func escaped(_ text: String) -> String { text.replacing("-", with: "\\-") }
        let entries = roff.components(separatedBy: ".TP\n").dropFirst()
        #expect(entries.count == keys.count)
        for (entry, key) in zip(entries, keys) {
            #expect(entry.hasPrefix(".B \(escaped(key.name))\n"))
            #expect(entry.contains("\n\(escaped(key.meaning))."))
            if !key.default.isEmpty { #expect(entry.contains("Without it: \(escaped(key.default)).")) }
            #expect(help.contains("\(key.name) = \(key.default.isEmpty ? "" : key.default + " ")\(key.meaning)"))
        }
        let file = program.replacing("callhome-", with: "/etc/callhome/")
        #expect(roff.contains(".SH NAME\n\(escaped(program)).conf \\- ") && roff.contains("\(file).conf.d/*.conf"))
    }

    @Test(
        "man(1) formats every page without a warning", .enabled(if: FileManager.default.isExecutableFile(atPath: man)),
        arguments: [("callhome", 1), ("callhome-agent", 1), ("callhome-agent", 5), ("callhome-collector", 5)])
    func formatted(program: String, section: Int) throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "callhome-\(UUID().uuidString).\(section)")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(try page(program, section).utf8).write(to: file)
        let result = try Program.run(
            "/usr/bin/env",
            ["LC_ALL=C.UTF-8", "MANWIDTH=80", "sh", "-c", "\(Self.man) --warnings -l \(file.path) 2>&1 >/dev/null"])
        #expect(result.status == 0 && result.output.isEmpty, "\(result.output)")
    }

    private static let man = "/usr/bin/man"
}
