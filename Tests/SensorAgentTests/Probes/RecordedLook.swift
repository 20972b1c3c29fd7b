import Crypto
import Foundation
import Reports

@testable import SensorAgent

/// What one probe makes of one recording.
struct RecordedLook: Sendable {
    typealias Job = @Sendable () async throws -> [RecordedLook]

    static let time = Timestamp(seconds: 1_763_712_000)

    /// Where the recordings lie; not there in a checkout of its own.
    static let folder = Recordings.package.appending(path: "../shared/fixtures").standardizedFileURL

    /// Every recording of a real machine by every probe that reads it: looked at once for all tests.
    static let all = Task {
        try await withThrowingTaskGroup(of: [RecordedLook].self) { group in
            var jobs = jobs()[...]
            var looks: [RecordedLook] = []
            for job in jobs.prefix(4) { group.addTask { try await job() } }
            jobs = jobs.dropFirst(4)
            while let done = try await group.next() {
                looks += done
                if let job = jobs.popFirst() { group.addTask { try await job() } }
            }
            return looks
        }
    }

    /// Recording, probe, exit code and the hash of what is printed, between tabs.
    let row: String
    let probe: String
    /// The signals that it reports, by the kind of the part; of a signal with labels one value for each set of them.
    let reported: Set<ReportedSignal>

    /// Recordings of one file each, by folder, and the probes that read them.
    static let files: [(kind: String, probes: [String])] = [
        ("smartctl-json", ["disk-health"]), ("dmi-binary", ["inventory"]), ("ipmi", ["ipmi"]),
        ("kernel-log", ["kernel-log", "machine-checks"]), ("aer", ["pcie", "kernel-log"]), ("nic", ["network"]),
        ("gpu", ["gpu"]), ("nut", ["ups"]), ("redfish", ["redfish"]), ("md", ["raid"]), ("zfs", ["raid"]),
        ("raid-controller", ["raid-controllers", "raid"]),
    ]

    private static func jobs() -> [Job] {
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
                    return try await looks(at: SysTree(root: tree.root.path), as: name(entry))
                }
                // Laid out as a plain tree a recording has lost its links; this gives them back.
                guard kind == "sysfs", entry.hasDirectoryPath else { continue }
                jobs.append {
                    guard let ready = try await ReadyTree(kind, entry.lastPathComponent) else { return [] }
                    return try await looks(at: ready.tree, as: "\(name(entry)) (with links)")
                }
            }
        }
        return jobs
    }

    private static func name(_ file: URL) -> String {
        "../shared/fixtures/\(file.deletingLastPathComponent().lastPathComponent)/\(file.lastPathComponent)"
    }

    static func recording(_ file: URL, as name: String, by names: [String]) async throws -> [RecordedLook] {
        let empty = try ScratchFolder()
        let probes = AllProbes.make(tree: SysTree(root: empty.url.path), input: file.path)
        var looks: [RecordedLook] = []
        for probe in probes where names.contains(probe.name) {
            looks.append(try await look(with: probe, as: name, path: file.path))
        }
        return looks
    }

    /// The printed output of `sensors` as a tree of the files that it was printed of.
    static func sensors(_ file: URL, as name: String) async throws -> [RecordedLook] {
        let text = Recordings.text(file)
        let printed =
            text.contains("\"Adapter\"")
            ? MadeMachine.printed(json: text) : text.contains("_input: ") ? MadeMachine.printed(raw: text) : []
        let machine = printed.isEmpty ? MadeMachine(text: text) : MadeMachine(printed: printed)
        let scratch = try ScratchFolder()
        try machine.write(to: scratch)
        return try await looks(at: SysTree(root: scratch.url.path), as: name)
    }

    static func looks(at tree: SysTree, as name: String) async throws -> [RecordedLook] {
        var looks: [RecordedLook] = []
        for probe in AllProbes.make(tree: tree) {
            let look = try await look(with: probe, as: name, path: nil)
            if !look.row.contains("\t69\t") { looks.append(look) }
        }
        return looks
    }

    private static func look(
        with probe: any Probe, as name: String, path: String?
    ) async throws -> RecordedLook {
        let document = await ProbeDocument(observing: [probe], at: time)
        var text = try document.wireJSON + "\n"
        if let path { text = text.replacing(path, with: name) }
        let hash = SHA256.hash(data: Data(text.utf8)).map { String(format: "%02x", $0) }.joined()
        let row = [name, probe.name, "\(document.exitCode)", hash].joined(separator: "\t")
        let results = document.probes.compactMap { try? $0.outcome.get() }
        return RecordedLook(row: row, probe: probe.name, reported: Set(results.flatMap(ReportedSignal.all)))
    }
}

/// A signal that a probe reported of a part of a kind.
struct ReportedSignal: Hashable, Sendable {
    let signal: Signal
    let kind: ComponentKind

    /// What a look gave; a part that it did not name itself has its kind in its id.
    static func all(of result: ProbeResult) -> [ReportedSignal] {
        let kinds = Dictionary(result.components.map { ($0.id, $0.kind) }, uniquingKeysWith: { first, _ in first })
        return result.observations.map { observation in
            let id = observation.component
            let kind = kinds[id] ?? ComponentKind(rawValue: String(id.rawValue.prefix { $0 != ":" }))
            return ReportedSignal(signal: observation.signal, kind: kind)
        }
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

extension ProbeDocument {
    /// One line of JSON as the wire has it, with times as numbers: what hashes are made of. `PrintedJSON` makes what is
    /// printed.
    var wireJSON: String {
        get throws { String(decoding: try WireFormat.encode(self), as: UTF8.self) }
    }
}
