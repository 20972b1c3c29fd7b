import FaultPatterns
import Foundation
import Reports
import Testing

@testable import SensorAgent

/// What would be ordered or planned of the recorded outputs of real machines, if they stayed so for half a day.
///
/// Nobody said of these recordings whether a part was broken; many were sent somewhere because it was. A recording counts
/// as labelled where the device says so itself: then a ticket repeats its word. A ticket that rests on what Callhome
/// makes of the values is wrong until somebody has looked at the recording and says here why it is right.
@Suite("Tickets of recorded outputs", .timeLimit(.minutes(10)))
struct RecordedTicketTests {
    private static let files: [(kind: String, probe: String)] = [
        ("smartctl-json", "disk-health"), ("ipmi", "ipmi"), ("kernel-log", "kernel-log"), ("aer", "pcie"),
        ("nic", "network"), ("gpu", "gpu"), ("nut", "ups"), ("redfish", "redfish"), ("md", "raid"), ("zfs", "raid"),
        ("raid-controller", "raid-controllers"),
    ]

    /// Patterns that repeat what a device or a program says in words, by whose word it is.
    private static let ownWords: [String: String] = {
        var words: [String: String] = [:]
        for (word, patterns) in [
            (
                "the disk's own verdict",
                [
                    "disk.ata.smart-trip", "disk.sas.failing", "disk.sas.predicted-failure", "disk.nvme.reliability",
                    "disk.nvme.spare-low", "disk.nvme.power-loss-protection", "disk.nvme.persistent-memory",
                    "disk.ata.attribute-failed", "disk.self-test-failed", "disk.ssd.power-loss-protection",
                    "disk.emmc.spare-low",
                ]
            ),
            (
                "the kernel says that the part failed",
                [
                    "disk.given-up", "pcie.fatal-error", "cpu.uncorrected-error", "memory.address-parity",
                    "memory.spared", "server.watchdog", "filesystem.read-only", "gpu.off-the-bus",
                    "gpu.double-bit-error", "gpu.uncontained-error", "gpu.row-remap-failed", "gpu.nvlink-error",
                    "gpu.chip-memory-failing",
                ]
            ),
            (
                "the RAID program or the kernel says that the array or its battery is broken",
                [
                    "raid.degraded", "raid.degraded-without-spare", "raid.failed", "disk.dropped-from-array",
                    "controller.cache-battery", "nic.bond-degraded",
                ]
            ),
            (
                "the management controller says that the part is broken",
                [
                    "psu.failed", "psu.predicted-failure", "psu.redundancy-lost", "fan.redundancy-lost",
                    "cpu.internal-error", "cpu.thermal-trip", "cpu.start-failed", "hardware.says-failed",
                    "hardware.predicts-failure",
                ]
            ),
            (
                "the UPS says that its battery is to be replaced, or failed its test",
                [
                    "ups.replace-battery", "ups.test-failed", "ups.battery-failed",
                ]
            ),
        ] {
            for pattern in patterns { words[pattern] = word }
        }
        return words
    }()

    /// Others, by recording and pattern, that somebody has looked at.
    private static let lookedAt: [String: String] = [:]

    private struct Ticket: Hashable, Comparable, CustomStringConvertible {
        var pattern: String
        var recording: String
        var urgency: Urgency
        var because: String
        var description: String { "\(pattern)\t\(urgency.rawValue)\t\(recording)\t\(because)" }
        static func < (left: Ticket, right: Ticket) -> Bool {
            (left.pattern, left.recording) < (right.pattern, right.recording)
        }
    }

    @Test(
        "Nothing is ordered or planned of a recording in which no device says that it is broken",
        .recorded("smartctl-json", "ipmi", "kernel-log"))
    func unlabelled() async throws {
        let pack = try ShippedPack.built()
        var jobs = Self.files.flatMap { kind, probe in
            Recordings.entries(kind).filter { !$0.hasDirectoryPath }.map { (file: $0, probe: probe) }
        }[...]
        var tickets: [Ticket] = []
        var read = 0
        try await withThrowingTaskGroup(of: [Ticket]?.self) { group in
            func start() {
                guard let job = jobs.popFirst() else { return }
                group.addTask { try await Self.tickets(of: job.file, by: job.probe, pack) }
            }
            for _ in 0..<2 { start() }
            while let found = try await group.next() {
                read += found == nil ? 0 : 1
                tickets += found ?? []
                start()
            }
        }
        #expect(read > 1000)
        var ofPattern: [String: Int] = [:]
        for ticket in Set(tickets).sorted() {
            ofPattern[ticket.pattern, default: 0] += 1
            let isLabelled =
                Self.ownWords[ticket.pattern] != nil || Self.lookedAt["\(ticket.recording) \(ticket.pattern)"] != nil
            if !isLabelled { Issue.record("\(ticket)") }
        }
        print("\(read) recordings read; tickets by pattern:")
        for (pattern, count) in ofPattern.sorted(by: { $0.key < $1.key }) {
            print("  \(count)\t\(pattern)\t\(Self.ownWords[pattern] ?? "looked at")")
        }
    }

    /// nil where the probe refuses the recording. A log is judged at the time of its newest entry.
    private static func tickets(of file: URL, by name: String, _ pack: PatternPack) async throws -> [Ticket]? {
        let empty = SysTree(root: "/nonexistent")
        guard let probe = AllProbes.make(tree: empty, input: file.path).first(where: { $0.name == name }) else {
            throw CaseError(what: "no probe is called \(name)")
        }
        let now = RecordedLook.time
        let newest = (try? await probe.observe(at: now, since: nil))?.observations.map(\.time).max()
        let horizon = Assessment.Horizon(every: .seconds(600), length: .seconds(12 * 3600))
        let assessment = await Assessment(with: [probe], at: newest ?? now, by: pack, over: horizon)
        guard assessment.document.exitCode == 0 else { return nil }
        let recording = "\(file.deletingLastPathComponent().lastPathComponent)/\(file.lastPathComponent)"
        return assessment.changes.filter { $0.change != .cleared && $0.fault.urgency.makesTicket }.map { change in
            Ticket(
                pattern: change.fault.pattern, recording: recording, urgency: change.fault.urgency,
                because: change.because)
        }
    }
}
