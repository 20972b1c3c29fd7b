import FaultPatterns
import Foundation
import Reports
import TestSupport
import Testing

/// The patterns of this package, through the command that authors and packagers use.
@Suite("Shipped patterns", .serialized)
struct ShippedPatternTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
        .deletingLastPathComponent()

    struct Outcome {
        var status: Int32
        var output: Data
        var problems: String
        var text: String { String(decoding: output, as: UTF8.self) }
    }

    private static func callhome(_ arguments: String...) throws -> Outcome { try callhome(arguments) }

    /// Runs the built `callhome`, which lies beside the test bundle, in the package's folder.
    static func callhome(_ arguments: [String]) throws -> Outcome {
        let process = Process()
        process.executableURL = Bundle.main.bundleURL.appending(path: "callhome")
        if !FileManager.default.isExecutableFile(atPath: process.executableURL?.path ?? "") {
            process.executableURL = root.appending(path: ".build/debug/callhome")
        }
        process.currentDirectoryURL = root
        process.arguments = arguments
        let folder = FileManager.default.temporaryDirectory.appending(path: "callhome-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let output = folder.appending(path: "out")
        let problems = folder.appending(path: "err")
        for file in [output, problems] { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: problems)
        try process.run()
        process.waitUntilExit()
        return Outcome(
            status: process.terminationStatus, output: try Data(contentsOf: output),
            problems: String(decoding: try Data(contentsOf: problems), as: UTF8.self))
    }

    private static func temporary(_ name: String) -> URL {
        FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString)-\(name)")
    }

    static func pack() throws -> PatternPack { try readOnce.get() }

    private static let readOnce = Result { try PatternPack(json: try Data(contentsOf: ShippedPackFile.url())) }

    private static func build() throws -> PatternPack {
        let file = temporary("patterns.json")
        defer { try? FileManager.default.removeItem(at: file) }
        let outcome = try callhome("patterns", "build", "-o", file.path, "--pack-version", "7.7.7")
        #expect(outcome.status == 0, "\(outcome.problems)")
        let bytes = try Data(contentsOf: file)
        let pack = try PatternPack(json: bytes)
        #expect(pack.contentHash == ContentHash.sha256(bytes))
        #expect(pack.version == "7.7.7" && pack.skipped.isEmpty)
        return pack
    }

    @Test("Every shipped pattern passes its own tests")
    func ownTests() throws {
        let outcome = try Self.callhome("patterns", "test")
        #expect(outcome.status == 0, "\(outcome.problems)")
        #expect(outcome.text.contains("all passed"))
    }

    @Test("Lint is clean")
    func lint() throws {
        let outcome = try Self.callhome("patterns", "lint", "--no-warnings")
        #expect(outcome.status == 0, "\(outcome.text)\(outcome.problems)")
        #expect(outcome.text.contains("clean"))
    }

    @Test("Every shipped pattern can be shown and explained")
    func pages() throws {
        let rows = try #require(
            try JSONSerialization.jsonObject(with: try Self.callhome("patterns", "list", "--json").output)
                as? [[String: Any]])
        // One of each kind of part: each call reads all files anew.
        var kinds: Set<String> = []
        let chosen = rows.filter { ($0["components"] as? [String] ?? []).contains { kinds.insert($0).inserted } }
        for id in chosen.compactMap({ $0["id"] as? String }).prefix(8) {
            let page = try Self.callhome("patterns", "explain", id)
            #expect(page.status == 0 && page.text.contains("<- the fault opens"), "\(id): \(page.text)")
            #expect(try Self.callhome("patterns", "show", id).status == 0, "\(id)")
        }
    }

    @Test("The pack that is built is read by the engine and comes out the same, and building is repeatable")
    func build() throws {
        let pack = try Self.build()
        #expect(pack.patterns.count >= 16)
        #expect(try Self.build().contentHash == pack.contentHash)
        let kinds = Set(pack.patterns.flatMap(\.kinds))
        #expect(kinds.isSuperset(of: [.disk, .dimm, .voltage, .temperature, .fan, .test]))
    }

    @Test("`patterns list --json` tells folder and pack alike")
    func list() throws {
        let outcome = try Self.callhome("patterns", "list", "--json")
        #expect(outcome.status == 0)
        let rows = try #require(try JSONSerialization.jsonObject(with: outcome.output) as? [[String: Any]])
        // A draft is in the folder and in no pack.
        let shipped = rows.filter { $0["status"] as? String != "draft" }
        #expect(shipped.compactMap { $0["id"] as? String } == (try Self.pack()).patterns.map(\.id))
    }

    @Test("The README says how many patterns there are, and the list of what none has to judge ships with them")
    func counts() throws {
        let patterns = try Self.pack().patterns
        let onTrial = patterns.count { $0.status == .shadow }
        let readme = try String(contentsOf: Self.root.appending(path: "README.md"), encoding: .utf8)
        let words =
            "In all \(patterns.count) patterns, \(patterns.count - onTrial) of them active and \(onTrial) on trial"
        #expect(readme.contains(words), "the README does not say: \(words)")
        let list = Self.root.appending(path: "patterns/\(ContextSignals.fileName)")
        #expect(FileManager.default.fileExists(atPath: list.path))
    }

    @Test("Only what rests on field data or a rule may make a ticket, and corrected memory errors order nothing")
    func grades() throws {
        let pack = try Self.pack()
        for pattern in pack.patterns where pattern.urgencies.contains(where: \.makesTicket) {
            #expect(pattern.evidence != .estimate || pattern.status == .shadow, "\(pattern.id)")
        }
        let corrected = try #require(pack.patterns.first { $0.id == "memory.corrected-errors" })
        #expect(!corrected.urgencies.contains(.order))
    }

    @Test("The test pattern orders, so that the whole way is tried, and says in both languages to send nothing")
    func testPattern() throws {
        var diagnosis = Diagnosis(patterns: try Self.pack())
        let component = Component(id: ComponentID(.test, "callhome"), kind: .test, name: "callhome test")
        _ = diagnosis.know([component], at: Fixtures.start)
        let changes = diagnosis.observe(
            [
                Observation(
                    component: component.id, signal: Signal("callhome.test"), measurement: .reading(1),
                    time: Fixtures.start)
            ],
            at: Fixtures.start)
        let fault = try #require(changes.first?.fault)
        #expect(fault.pattern == "callhome.test" && fault.urgency == .order)
        #expect(fault.text(in: "en").title == "This is a test. Nothing is broken, send nothing.")
        #expect(fault.text(in: "de").title == "Dies ist ein Test. Nichts ist kaputt, bitte nichts schicken.")
    }

    @Test(
        "A wrong file is refused with its place and the mend, and no pack is written",
        arguments: [
            ("when: test >= 1", "when: tset >= 1", ":8:7: `tset` is not defined; `let` defines test"),
            ("urgency: order", "urgancy: order", "a pattern needs `urgency`, and `urgancy` is not one of its keys"),
            ("action: none", "action: none\nactoin: none", "`actoin` is not a key of a pattern"),
            ("revision: 1", "revision: 1\nrevision: 2", "stands twice"),
            ("  - name: a test that is not", "  - nmae: a test that is not", "a test needs `name`"),
            ("unavailablex3 _x2", "0x5", "lack one with missing data"),
            ("\"0 1x2 0x2\"", "\"0x5\"", "expected a fault at sample 2, but none opened"),
            ("\"0 1x2 0x2\"", "\"0 1x2 0 1\"", "expected the fault to stay cleared, but it opened again at sample 5"),
            ("id: callhome.test", "id: [", "not YAML"),
            ("id: callhome.test", "\tid: callhome.test", "indent with spaces, not tabs"),
            ("id: callhome.test", "id: &x [1,2]\nlaughs: [*x, *x, *x]", "`id` is a text"),
        ])
    func refused(old: String, new: String, words: String) throws {
        let source = try String(
            contentsOf: Self.root.appending(path: "patterns/test/callhome-test.yaml"), encoding: .utf8)
        let file = Self.temporary("broken.yaml")
        let pack = Self.temporary("never.json")
        defer { try? FileManager.default.removeItem(at: file) }
        try source.replacingOccurrences(of: old, with: new).write(to: file, atomically: true, encoding: .utf8)
        let outcome = try Self.callhome("patterns", "build", file.path, "-o", pack.path)
        #expect(outcome.status == (words.hasPrefix("expected") ? 1 : 65))
        #expect(outcome.problems.contains(words), "\(outcome.problems)")
        #expect(outcome.problems.contains(file.lastPathComponent))
        #expect(!FileManager.default.fileExists(atPath: pack.path))
    }

    @Test("A file of a few lines that unfolds into billions of values is refused")
    func laughs() throws {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1..<12 {
            let names = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(names)]\n"
        }
        let file = Self.temporary("laughs.yaml")
        defer { try? FileManager.default.removeItem(at: file) }
        try text.write(to: file, atomically: true, encoding: .utf8)
        let outcome = try Self.callhome("patterns", "test", file.path)
        #expect(outcome.status == 65)
        #expect(outcome.problems.contains("unfolds into more than 20000 values"), "\(outcome.problems)")
    }

    @Test("A folder without patterns, or none at all, is an error with a way on")
    func nowhere() throws {
        let outcome = try Self.callhome("patterns", "test", "/nonexistent")
        #expect(outcome.status == 66)
        #expect(outcome.problems.contains("there is no such folder"))
        #expect(try Self.callhome("patterns", "list", "/nonexistent.json").status == 66)
        #expect(try Self.callhome("patterns", "build").status == 64)
        #expect(try Self.callhome("patterns", "--help").text.contains("build"))
    }
}
