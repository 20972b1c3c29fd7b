import Foundation
import Testing

@Suite("One version")
struct VersionTests {
    @Test("Programs, packages, manual pages and the pattern pack say the same one")
    func same() throws {
        let packaging = Site.packageRoot.appending(path: "packaging")
        let version = try Program.run("/usr/bin/python3", ["-B", packaging.appending(path: "version.py").path]).output
            .trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(version.split(separator: ".").count == 3, "\(version)")
        for program in ["callhome", "callhome-agent", "callhome-collector"] {
            #expect(try Program.run(Program.built(program), ["--version"]).output == "\(version)\n", "\(program)")
            let page = try Program.run(
                "/usr/bin/python3",
                ["-B", packaging.appending(path: "manual_page.py").path, Program.built(program), "1"])
            #expect(page.output.hasPrefix(".TH \(program.uppercased()) 1 \"\" \"Callhome \(version)\"\n"))
        }
        let pack = FileManager.default.temporaryDirectory.appending(path: "callhome-\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: pack) }
        let patterns = Site.packageRoot.appending(path: "Tests/EndToEndTests/Patterns").path
        let built = try Program.run(
            Program.built("callhome"), ["patterns", "build", patterns, "--output", pack.path, "--json"])
        #expect(built.status == 0 && built.output.contains("\"packVersion\" : \"\(version)\""), "\(built.output)")
    }
}
