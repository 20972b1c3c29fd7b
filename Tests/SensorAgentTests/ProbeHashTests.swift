import Foundation
import Testing

/// What probes print of every recording, as SHA-256, so that moving and folding code is seen to change nothing.
///
/// A row of `Tests/Fixtures/hashes/probes.tsv` is recording, probe, exit code and the hash of what this prints, read
/// from the project's root (of a tree: `--root TREE`; EMPTY is a folder with nothing in it):
///
///     callhome-agent probe PROBE --root EMPTY --input RECORDING --json --at 2025-11-21T08:00:00Z
///
/// A probe that finds nothing of its own in a tree (exit code 69) has no row. Where what is printed is to change, the
/// table is written anew, in a commit that says why: `CALLHOME_WRITE_HASHES=1 swift test --filter ProbeHashTests`.
@Suite("Hashes of what probes print", .serialized, .timeLimit(.minutes(10)))
struct ProbeHashTests {
    static let table = "Tests/Fixtures/hashes/probes.tsv"
    static let hasRecordings = FileManager.default.fileExists(atPath: RecordedLook.folder.path)

    @Test("the project's own recordings print what they printed")
    func own() async throws {
        let files = [("smartctl/ata.json", "disk-health")]
        var looks: [RecordedLook] = []
        for (file, probe) in files {
            looks += try await RecordedLook.recording(Recordings.own(file), as: "Tests/Fixtures/\(file)", by: [probe])
        }
        let sensors = Recordings.own("sensors/every-feature.json")
        looks += try await RecordedLook.sensors(sensors, as: "Tests/Fixtures/sensors/every-feature.json")
        try Self.check(looks.map(\.row)) { $0.hasPrefix("Tests/") }
    }

    @Test(
        "every recording of a real machine prints what it printed",
        .enabled(if: hasRecordings, "the recordings are not beside the checkout"))
    func recorded() async throws {
        let rows = try await RecordedLook.all.value.map(\.row)
        #expect(rows.count > 1500)
        try Self.check(rows) { !$0.hasPrefix("Tests/") }
    }

    /// Compares `rows` with those of the table that are `mine`, or writes them instead.
    private static func check(_ rows: [String], _ mine: (Substring) -> Bool) throws {
        let file = Recordings.package.appending(path: table)
        let written = Recordings.text(file).split(separator: "\n")
        let head = written.filter { $0.hasPrefix("#") }
        guard ProcessInfo.processInfo.environment["CALLHOME_WRITE_HASHES"] == nil else {
            let others = written.filter { !$0.hasPrefix("#") && !mine($0) }
            let lines = head.map(String.init) + (rows + others.map(String.init)).sorted()
            try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: file)
            print("\(table): \(rows.count) hashes written")
            return
        }
        let now = Set(rows)
        let before = Set(written.filter { !$0.hasPrefix("#") && mine($0) }.map(String.init))
        for row in before.subtracting(now).sorted() { Issue.record("no longer: \(row)") }
        for row in now.subtracting(before).sorted() { Issue.record("not in the table: \(row)") }
        print("\(now.intersection(before).count) of \(before.count) hashes unchanged")
    }
}
