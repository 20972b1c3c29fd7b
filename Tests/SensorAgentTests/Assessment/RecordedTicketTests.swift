import FaultPatterns
import Foundation
import Reports
import Testing

@testable import SensorAgent

/// What would be ordered or planned of the recorded outputs of real machines, if they stayed so for half a day.
///
/// Nobody said of these recordings whether a part was broken; many were sent somewhere because it was. Where the device,
/// its controller or the kernel says so in words, a ticket repeats that word. A ticket that rests on what Callhome makes
/// of values is wrong until somebody has looked at the recording and said here why it is right.
@Suite("Tickets of recorded outputs", .timeLimit(.minutes(10)))
struct RecordedTicketTests {
    private static let files: [(kind: String, probe: String)] = [
        ("smartctl-json", "disk-health"), ("ipmi", "ipmi"), ("kernel-log", "kernel-log"), ("aer", "pcie"),
        ("nic", "network"), ("gpu", "gpu"), ("nut", "ups"), ("redfish", "redfish"), ("md", "raid"), ("zfs", "raid"),
        ("raid-controller", "raid-controllers"),
    ]

    /// Patterns that repeat what a device or a program says in words, by whose word it is.
    private static let ownWords: [String: [String]] = [
        "the disk's own verdict": [
            "disk.ata.smart-trip", "disk.sas.failing", "disk.sas.predicted-failure", "disk.nvme.reliability",
            "disk.nvme.spare-low", "disk.nvme.power-loss-protection", "disk.ata.attribute-failed",
            "disk.self-test-failed", "disk.predicts-failure",
            "disk.hardware-error",
        ],
        "the kernel says that the part failed": [
            "disk.given-up", "disk.dropped-from-array.by-kernel", "pcie.fatal-error", "cpu.uncorrected-error",
            "gpu.row-remap-failed", "server.overheated",
        ],
        "the RAID program or the array says that it or its part is broken": [
            "raid.degraded", "raid.degraded-without-spare", "raid.failed", "raid.stopped", "disk.dropped-from-array",
            "disk.failed-by-controller", "disk.predicted-by-server", "controller.cache-battery",
        ],
        "the management controller says that the part is broken": [
            "psu.failed", "psu.predicted-failure", "psu.redundancy-lost", "fan.redundancy-lost",
            "cpu.internal-error", "cpu.thermal-trip", "cpu.start-failed", "hardware.says-failed",
            "hardware.predicts-failure",
        ],
        "the UPS says that its battery is to be replaced, or failed its test": [
            "ups.replace-battery", "ups.test-failed", "ups.battery-failed",
        ],
    ]

    /// Others, by recording and pattern, that somebody has looked at, and what is in the recording.
    private static let lookedAt: [String: String] = [
        "kernel-log/hba__linux-scsi_068d3409d3.log controller.resets":
            "its firmware reports a fault (fault_state) and has to be reset",
        "kernel-log/mce__linux-edac_38de27ffff.log cpu.connection-broken":
            "a developer's injected machine check, uncorrected: as it stands there the processor says so",
        "kernel-log/mce__linux-edac_5a654d483a.log cpu.connection-broken":
            "the firmware's record has a bus error that was not corrected; injected, and told as what it says",
        "kernel-log/mce__linux-edac_af07594603.log memory.controller.uncorrected-error":
            "a fatal machine check of the memory controller (MCACOD 0091h) ends the boot, and no module is named",
        "kernel-log/mce__linux-edac_e8aa8039fb.log memory.uncorrected-error":
            "ECC could not correct a place of the module (UECC, deferred), and the kernel gave the page up",
        "kernel-log/md-raid__linux-btrfs_61c85d8c8b.log disk.array-mended-reads":
            "the disk answers its controller no more (DID_NO_CONNECT), and md cannot read from it",
        "kernel-log/md-raid__linux-raid_54da8fc482.log disk.array-mended-reads":
            "medium errors of the disk, which md mends at ten places",
        "kernel-log/scsi-medium__linux-raid_ccf8376c0d.log disk.array-mended-reads":
            "medium errors of the disk, some of them not mended; md takes it out in the end",
        "kernel-log/nvme__linux-pci_2d5544088a.log pcie.unreachable":
            "the SSD answers nothing any more (CSTS all ones), and its driver gives it up",
        "kernel-log/pciehp-link__linux-pci_7170e87dad.log pcie.link-lost":
            "the link of the slot goes down twice in six seconds with nobody asking, reported as a fault by its owner",
        "nut/influxdata-telegraf__testcases_fake_force_float_with_string_variables.dev ups.battery-age":
            "made in 2016, and the list bears no day and no driver: nine years old by the clock of the look",
        "nut/influxdata-telegraf__testcases_fake_variables.dev ups.battery-age":
            "made in 2016, and the list bears no day and no driver: nine years old by the clock of the look",
    ]

    private struct Ticket: Hashable, Comparable, CustomStringConvertible {
        var pattern: String
        var recording: String
        var urgency: Urgency
        var because: String
        var key: String { "\(recording) \(pattern)" }
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
        let known = Set(pack.patterns.map(\.id))
        let words = Dictionary(
            Self.ownWords.flatMap { word, patterns in patterns.map { ($0, word) } }, uniquingKeysWith: { one, _ in one }
        )
        for pattern in words.keys where !known.contains(pattern) { Issue.record("no pattern is called \(pattern)") }
        var jobs = Self.files.flatMap { kind, probe in
            Recordings.entries(kind).filter { !$0.hasDirectoryPath }.map { (file: $0, probe: probe) }
        }[...]
        var tickets: Set<Ticket> = []
        var read = 0
        try await withThrowingTaskGroup(of: [Ticket]?.self) { group in
            func start() {
                guard let job = jobs.popFirst() else { return }
                group.addTask { try await Self.tickets(of: job.file, by: job.probe, pack) }
            }
            for _ in 0..<2 { start() }
            while let found = try await group.next() {
                read += found == nil ? 0 : 1
                tickets.formUnion(found ?? [])
                start()
            }
        }
        #expect(read > 1000)
        for ticket in tickets.sorted() where words[ticket.pattern] == nil && Self.lookedAt[ticket.key] == nil {
            Issue.record("\(ticket)")
        }
        // What opens no more is not looked at any more.
        for key in Self.lookedAt.keys where !tickets.contains(where: { $0.key == key }) {
            Issue.record("no ticket: \(key)")
        }
        let counts = Dictionary(grouping: tickets, by: \.pattern).mapValues(\.count)
        print("\(read) recordings read; tickets by pattern:")
        for (pattern, count) in counts.sorted(by: { $0.key < $1.key }) {
            print("  \(count)\t\(pattern)\t\(words[pattern] ?? "looked at")")
        }
        // That nothing is said of what is not read would say nothing.
        for pattern in ["disk.given-up", "pcie.fatal-error", "raid.failed", "ups.replace-battery"] {
            #expect(counts[pattern, default: 0] > 0, "\(pattern) is not found")
        }
    }

    /// nil where the probe refuses the recording. A log is judged at the time of its newest entry, a UPS at the time at
    /// which its driver was released: the recording is of no earlier day.
    private static func tickets(of file: URL, by name: String, _ pack: PatternPack) async throws -> [Ticket]? {
        let empty = SysTree(root: "/nonexistent")
        guard let probe = AllProbes.make(tree: empty, input: file.path).first(where: { $0.name == name }) else {
            throw CaseError(what: "no probe is called \(name)")
        }
        let now = name == "ups" ? driverRelease(Recordings.text(file)) ?? RecordedLook.time : RecordedLook.time
        let newest = (try? await probe.observe(at: now, since: nil))?.observations.map(\.time).max()
        let horizon = Assessment.Horizon(every: .seconds(3600), length: .seconds(12 * 3600))
        let assessment = await Assessment(with: [probe], at: newest ?? now, by: pack, over: horizon)
        guard assessment.document.exitCode == 0 else { return nil }
        let recording = "\(file.deletingLastPathComponent().lastPathComponent)/\(file.lastPathComponent)"
        return assessment.changes.filter { $0.change != .cleared && $0.fault.urgency.makesTicket }.map { change in
            Ticket(
                pattern: change.fault.pattern, recording: recording, urgency: change.fault.urgency,
                because: change.because)
        }
    }

    /// Releases of NUT (its NEWS); of one that is not listed the next earlier counts.
    private static let releases: [(version: String, day: String)] = [
        ("2.2", "2007-07-06"), ("2.4.1", "2009-02-19"), ("2.4.3", "2010-02-24"), ("2.6.0", "2011-01-14"),
        ("2.6.3", "2012-01-04"), ("2.6.5", "2012-08-08"), ("2.7.1", "2013-11-19"), ("2.7.2", "2014-04-17"),
        ("2.7.3", "2015-04-22"), ("2.7.4", "2016-03-09"), ("2.8.0", "2022-04-26"), ("2.8.1", "2023-10-31"),
        ("2.8.2", "2024-04-01"), ("2.8.3", "2025-04-26"),
    ]

    private static func driverRelease(_ text: String) -> Timestamp? {
        guard let match = text.firstMatch(of: #/(?m)^driver\.version: *v?(\d+)\.(\d+)(?:\.(\d+))?/#) else { return nil }
        func numbers(_ parts: [Int]) -> Int { parts.reduce(0) { $0 * 1000 + $1 } }
        let own = numbers([match.1, match.2, match.3 ?? "0"].map { Int($0) ?? 0 })
        let last = releases.last { release in
            let parts = release.version.split(separator: ".").map { Int($0) ?? 0 }
            return numbers(parts + Array(repeating: 0, count: 3 - parts.count)) <= own
        }
        return last.flatMap { Timestamp(text: "\($0.day)T00:00:00Z") }
    }
}
