import Foundation
import Testing

/// One version, in one place: `Sources/Reports/CallhomeVersion.swift`.
@Suite("The version")
struct VersionTests {
    private static let place = "Sources/Reports/CallhomeVersion.swift"

    private func text(_ path: String) throws -> String {
        try String(contentsOf: SourceTree.root.appending(path: path), encoding: .utf8)
    }

    private func version() throws -> String {
        let found = try text(Self.place).firstMatch(of: #/static let current = "([^"]+)"/#)
        return String(try #require(found).1)
    }

    @Test("It is three numbers, as Semantic Versioning has them")
    func form() throws {
        #expect(try version().wholeMatch(of: #/(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)/#) != nil)
    }

    @Test("The changelog's newest entry is of this version, with its day or unreleased, and each version has one entry")
    func changelog() throws {
        let titles = try text("CHANGELOG.md").split(separator: "\n").filter { $0.hasPrefix("## ") }.map {
            $0.dropFirst(3)
        }
        let entries = titles.compactMap { $0.wholeMatch(of: #/(\d+\.\d+\.\d+) \((unreleased|\d{4}-\d\d-\d\d)\)/#) }
        #expect(entries.count == titles.count, "\(titles)")
        #expect(try entries.first?.1 == Substring(version()))
        #expect(Set(entries.map(\.1)).count == entries.count)
        #expect(!entries.dropFirst().contains { $0.2 == "unreleased" })
    }

    @Test("Packages and manual pages take it from there")
    func packages() throws {
        let script = SourceTree.root.appending(path: "packaging/version.py").path
        let result = try run("python3", ["-B", script])
        #expect(try result.output == "\(version())\n")
    }

    @Test("A release is one step, in source and changelog; what was released is not renamed, and no version falls")
    func release() throws {
        let copy = FileManager.default.temporaryDirectory.appending(path: "callhome-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: copy) }
        for path in [Self.place, "packaging/version.py"] {
            let target = copy.appending(path: path)
            try FileManager.default.createDirectory(
                at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
            try FileManager.default.copyItem(at: SourceTree.root.appending(path: path), to: target)
        }
        let changelog = copy.appending(path: "CHANGELOG.md")
        let script = copy.appending(path: "packaging/version.py").path
        func becomes(_ version: String) throws -> Int32 {
            try run("env", ["SOURCE_DATE_EPOCH=1795000000", "python3", "-B", script, "--set", version]).status
        }
        try Data("## 1.0.0 (unreleased)\n\n- new\n\n## 0.0.1 (2020-01-01)\n".utf8).write(to: changelog)
        #expect(try becomes("99.0.0") == 0)
        let written = try String(contentsOf: changelog, encoding: .utf8)
        #expect(written == "## 99.0.0 (2026-11-18)\n\n- new\n\n## 0.0.1 (2020-01-01)\n")
        #expect(try run("python3", ["-B", script]).output == "99.0.0\n")
        for version in ["99.0.1", "98.0.0", "99.1", "v100.0.0"] {
            #expect(try becomes(version) != 0, "\(version)")
            #expect(try String(contentsOf: changelog, encoding: .utf8) == written)
            #expect(try run("python3", ["-B", script]).output == "99.0.0\n")
        }
    }

    @Test("No other source, script, unit or page states it")
    func onePlace() throws {
        let version = try version()
        let expression = try Regex("(?:^|[^0-9.])\(version.replacing(".", with: "\\."))(?!\\.?[0-9])")
        // Tests hold texts as they were written once; results say what was measured when; pins are of others.
        let others: Set = [Self.place, "CHANGELOG.md", "Package.resolved", "Benchmarks/RESULTS.md"]
        var files = try FileManager.default.contentsOfDirectory(atPath: SourceTree.root.path)
        for folder in ["Sources", "Benchmarks", "Demo", "packaging", "systemd", "scripts", "docs", "patterns"] {
            let base = SourceTree.root.appending(path: folder).path
            files += try FileManager.default.subpathsOfDirectory(atPath: base).map { "\(folder)/\($0)" }
        }
        files.removeAll(where: others.contains)
        #expect(files.count > 300)
        let stating = files.filter { path in
            // What is no text (a folder, a picture) states no version.
            guard let text = try? text(path) else { return false }
            return text.contains(expression)
        }
        #expect(stating.isEmpty, "\(stating)")
    }
}
