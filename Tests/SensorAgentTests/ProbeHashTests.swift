import Crypto
import Foundation
import Reports
import Testing

@testable import SensorAgent

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
    static let time = Timestamp(seconds: 1_763_712_000)
    static let table = "Tests/Fixtures/hashes/probes.tsv"
    static let hasRecordings = FileManager.default.fileExists(atPath: Look.shared.path)

    @Test("the project's own recordings print what they printed")
    func own() async throws {
        let files = [("smartctl/ata.json", "disk-health")]
        var rows: [String] = []
        for (file, probe) in files {
            rows += try await Look.recording(Recordings.own(file), as: "Tests/Fixtures/\(file)", by: [probe])
        }
        let sensors = Recordings.own("sensors/every-feature.json")
        rows += try await Look.sensors(sensors, as: "Tests/Fixtures/sensors/every-feature.json")
        try Self.check(rows) { $0.hasPrefix("Tests/") }
    }

    @Test(
        "every recording of a real machine prints what it printed",
        .enabled(if: hasRecordings, "the recordings are not beside the checkout"))
    func recorded() async throws {
        let rows = try await withThrowingTaskGroup(of: [String].self) { group in
            var jobs = Look.jobs()[...]
            var rows: [String] = []
            for job in jobs.prefix(4) { group.addTask { try await job() } }
            jobs = jobs.dropFirst(4)
            while let done = try await group.next() {
                rows += done
                if let job = jobs.popFirst() { group.addTask { try await job() } }
            }
            return rows
        }
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

/// One look at one recording.
private enum Look {
    typealias Job = @Sendable () async throws -> [String]

    static let shared = Recordings.package.appending(path: "../shared/fixtures").standardizedFileURL

    /// Recordings of one file each, by folder, and the probes that read them.
    private static let files: [(kind: String, probes: [String])] = [
        ("smartctl-json", ["disk-health"]), ("dmi-binary", ["inventory"]), ("ipmi", ["ipmi"]),
        ("kernel-log", ["kernel-log", "machine-checks"]), ("aer", ["pcie", "kernel-log"]), ("nic", ["network"]),
        ("gpu", ["gpu"]), ("nut", ["ups"]), ("redfish", ["redfish"]), ("md", ["raid"]), ("zfs", ["raid"]),
        ("raid-controller", ["raid-controllers", "raid"]),
    ]

    static func jobs() -> [Job] {
        var jobs: [Job] = []
        for (kind, probes) in files {
            for file in Recordings.entries(kind) where !file.hasDirectoryPath {
                jobs.append { try await recording(file, as: name(file), by: probes) }
            }
        }
        for file in Recordings.entries("sensors") { jobs.append { try await sensors(file, as: name(file)) } }
        for kind in ["sysfs", "edac", "aer", "nic"] {
            for entry in Recordings.entries(kind) where kind == "edac" || entry.hasDirectoryPath || entry.isArchive {
                jobs.append {
                    guard let tree = try await RecordedTree(entry) else { return [] }
                    return try await rows(of: SysTree(root: tree.root.path), as: name(entry))
                }
                // Laid out as a plain tree a recording has lost its links; this gives them back.
                guard kind == "sysfs", entry.hasDirectoryPath else { continue }
                jobs.append {
                    guard let ready = try await ReadyTree(kind, entry.lastPathComponent) else { return [] }
                    return try await rows(of: ready.tree, as: "\(name(entry)) (with links)")
                }
            }
        }
        return jobs
    }

    private static func name(_ file: URL) -> String {
        "../shared/fixtures/\(file.deletingLastPathComponent().lastPathComponent)/\(file.lastPathComponent)"
    }

    static func recording(_ file: URL, as name: String, by names: [String]) async throws -> [String] {
        let empty = try ScratchFolder()
        let probes = AllProbes.make(tree: SysTree(root: empty.url.path), input: file.path)
        var rows: [String] = []
        for probe in probes where names.contains(probe.name) {
            rows.append(try await row(of: probe, as: name, path: file.path))
        }
        return rows
    }

    /// The printed output of `sensors` as a tree of the files that it was printed of.
    static func sensors(_ file: URL, as name: String) async throws -> [String] {
        let text = Recordings.text(file)
        let printed =
            text.contains("\"Adapter\"")
            ? MadeMachine.printed(json: text) : text.contains("_input: ") ? MadeMachine.printed(raw: text) : []
        let machine = printed.isEmpty ? MadeMachine(text: text) : MadeMachine(printed: printed)
        let scratch = try ScratchFolder()
        try machine.write(to: scratch)
        return try await rows(of: SysTree(root: scratch.url.path), as: name)
    }

    static func rows(of tree: SysTree, as name: String) async throws -> [String] {
        var rows: [String] = []
        for probe in AllProbes.make(tree: tree) {
            let row = try await row(of: probe, as: name, path: nil)
            if !row.contains("\t69\t") { rows.append(row) }
        }
        return rows
    }

    private static func row(of probe: any Probe, as name: String, path: String?) async throws -> String {
        let document = await ProbeDocument(observing: [probe], at: ProbeHashTests.time)
        var text = try document.json + "\n"
        if let path { text = text.replacing(path, with: name) }
        let hash = SHA256.hash(data: Data(text.utf8)).map { String(format: "%02x", $0) }.joined()
        return [name, probe.name, "\(document.exitCode)", hash].joined(separator: "\t")
    }
}

extension URL {
    fileprivate var isArchive: Bool { ["bz2", "txt"].contains(pathExtension) && path.contains("/sysfs/") }
}

extension MadeMachine {
    /// Lays the machine out as umockdev would show it.
    fileprivate func write(to scratch: ScratchFolder) throws {
        var device = ""
        for line in description.split(separator: "\n") {
            let rest = String(line.dropFirst(3))
            if line.hasPrefix("P: ") {
                device = "sys\(rest)"
            } else if line == "E: SUBSYSTEM=hwmon" {
                try scratch.link("sys/class/hwmon/\(device.split(separator: "/").last ?? "")", to: "../../../\(device)")
            } else if line.hasPrefix("E: SUBSYSTEM=") {
                try scratch.link("\(device)/subsystem", to: "/sys/bus/\(rest.dropFirst("SUBSYSTEM=".count))")
            } else if let equals = rest.firstIndex(of: "=") {
                let (name, value) = (rest[..<equals], String(rest[rest.index(after: equals)...]))
                if line.hasPrefix("L: ") {
                    try scratch.link("\(device)/\(name)", to: value)
                } else if line.hasPrefix("A: ") {
                    try scratch.write("\(device)/\(name)", value.replacing("\\n", with: "\n"))
                }
            }
        }
    }
}
