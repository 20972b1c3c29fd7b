import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("When a disk is asked")
struct DiskQueryHistoryTests {
    static let start = Timestamp(seconds: 1_763_712_000)
    private let spacing = Duration.seconds(600)
    private let disk = ComponentID(.disk, "wwn-0x5000c500aaaaaaa1")

    private func visit(_ cursor: String?, _ device: String, _ disk: ComponentID?, _ after: Int64) -> (
        DiskQueryHistory.Decision, String
    ) {
        var visits = DiskQueryHistory(cursor.map { ProbeCursor(probe: "disk-health", value: $0) })
        let decision = visits.visit(device, disk: disk, at: Self.start + .seconds(after), spacing: spacing)
        return (decision, visits.text)
    }

    @Test("a disk is not asked twice within the spacing, also not after a restart or under another name")
    func restart() {
        let (first, cursor) = visit(nil, "/dev/sda", disk, 0)
        #expect(first == .due)
        #expect(visit(cursor, "/dev/sda", disk, 599).0 == .tooEarly)
        #expect(visit(cursor, "/dev/sdz", disk, 599).0 == .tooEarly)
        #expect(visit(cursor, "/dev/sda", disk, 600).0 == .due)
        // Another disk in the same place is another disk.
        #expect(visit(cursor, "/dev/sda", ComponentID(.disk, "serial-other"), 10).0 == .due)
    }

    @Test("a clock that was set back a little does not shorten the spacing, and one set back far does not stretch it")
    func clock() {
        let (_, cursor) = visit(nil, "/dev/sda", disk, 0)
        #expect(visit(cursor, "/dev/sda", disk, -300).0 == .tooEarly)
        #expect(visit(cursor, "/dev/sda", disk, -86_400).0 == .due)
    }

    @Test("two names of one disk are one visit, once it is known that they are")
    func names() {
        var visits = DiskQueryHistory(nil)
        #expect(visits.visit("/dev/sda", disk: disk, at: Self.start, spacing: spacing) == .due)
        #expect(visits.visit("/dev/bus/0 megaraid,5", disk: nil, at: Self.start, spacing: spacing) == .due)
        visits.learn("/dev/bus/0 megaraid,5", is: disk)
        var later = DiskQueryHistory(ProbeCursor(probe: "disk-health", value: visits.text))
        let time = Self.start + .seconds(600)
        #expect(later.visit("/dev/sda", disk: disk, at: time, spacing: spacing) == .due)
        #expect(later.visit("/dev/bus/0 megaraid,5", disk: nil, at: time, spacing: spacing) == .alreadySeen)
    }

    @Test("a damaged cursor is as good as none")
    func damaged() {
        for text in ["", "[]", "{\"asked\":{\"a\":\"b\"}}", "{\"asked\":{}}"] {
            #expect(visit(text, "/dev/sda", disk, 0).0 == .due)
        }
    }

    /// A stand-in for smartctl that notes each call.
    private func machine(_ body: String) throws -> (ScratchFolder, DiskHealthProbe) {
        let scratch = try ScratchFolder()
        for (index, disk) in ["sda", "sdb"].enumerated() {
            for folder in ["sys/block", "sys/class/block"] {
                try scratch.write("\(folder)/\(disk)/device/wwid", "naa.500012340000000\(index)\n")
            }
        }
        let path = try scratch.program(
            "smartctl", "#!/bin/sh\necho \"$*\" >> \(scratch.url.path)/calls\n\(body)\n")
        let probe = DiskHealthProbe(
            tree: SysTree(root: scratch.url.path), program: path, diskDeadline: .milliseconds(1500))
        return (scratch, probe)
    }

    private func calls(_ scratch: ScratchFolder) -> [String] {
        Recordings.text(scratch.url.appending(path: "calls")).split(separator: "\n").map(String.init)
            .filter { !$0.contains("--scan") }
    }

    @Test(
        "between two visits the disks are there, nothing is repeated, and no command is sent; a new disk is asked at once"
    )
    func between() async throws {
        let (scratch, probe) = try machine(
            "case \"$*\" in *--scan*) echo '{}' ;; *) exit 3 ;; esac")
        var result = try await probe.observe(at: Self.start, since: nil)
        #expect(calls(scratch).count == 2)
        result = try await probe.observe(at: Self.start + .seconds(300), since: result.cursor)
        #expect(calls(scratch).count == 2)
        #expect(result.observations.isEmpty && result.components.count == 2)
        for folder in ["sys/block", "sys/class/block"] {
            try scratch.write("\(folder)/sdc/device/wwid", "naa.5000123400000009\n")
        }
        result = try await probe.observe(at: Self.start + .seconds(310), since: result.cursor)
        #expect(calls(scratch).count == 3 && calls(scratch).last?.hasSuffix("/dev/sdc") == true)
        result = try await probe.observe(at: Self.start + .seconds(610), since: result.cursor)
        #expect(calls(scratch).count == 5)
    }

    @Test("no two disks are asked at the same time")
    func oneAtATime() async throws {
        let (scratch, probe) = try machine(
            """
            case "$*" in *--scan*) echo '{}'; exit ;; esac
            folder=$(dirname "$0")
            mkdir "$folder/busy" || echo overlap >> "$folder/overlaps"
            sleep 0.3
            rmdir "$folder/busy"
            exit 3
            """)
        _ = try await probe.observe(at: Self.start, since: nil)
        #expect(calls(scratch).count == 2)
        #expect(!FileManager.default.fileExists(atPath: scratch.url.appending(path: "overlaps").path))
    }

    @Test(
        "what a newer smartctl can tell is asked only of a newer one, and of an NVMe disk never an optional log by force"
    )
    func arguments() {
        let sas = DiskHealthProbe.Device(name: "/dev/sda")
        #expect(sas.arguments(bus: "sas", version: 703).contains("-a"))
        #expect(!sas.arguments(bus: "sas", version: 703).contains("defects"))
        #expect(sas.arguments(bus: "sas", version: 704).contains("defects"))
        let nvme = DiskHealthProbe.Device(name: "/dev/nvme0")
        #expect(!nvme.arguments(bus: "nvme", version: 703).contains("-l"))
        for device in [sas, nvme, DiskHealthProbe.Device(name: "/dev/bus/0", type: "megaraid,5")] {
            for version: UInt64 in [0, 703, 704, 705] {
                let arguments = device.arguments(bus: nil, version: version)
                #expect(arguments.contains("standby,3"))
                #expect(!arguments.contains("-x") && !arguments.contains("-t") && !arguments.contains("error"))
            }
        }
    }
}
