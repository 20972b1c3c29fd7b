import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("Disk health of a machine")
struct DiskHealthTests {
    static let now = Timestamp(seconds: 1_763_712_000)

    /// A machine with four disks and a stand-in for smartctl, which acts by the device's name.
    private func machine(_ cases: String) throws -> (ScratchFolder, String) {
        let scratch = try ScratchFolder()
        for (index, disk) in ["sda", "sdb", "sdc", "sdd"].enumerated() {
            try scratch.write("root/sys/block/\(disk)/device/wwid", "naa.500012340000000\(index)\n")
        }
        return (scratch, try scratch.program("smartctl", "#!/bin/sh\ncase \"$*\" in\n\(cases)\nesac\n"))
    }

    private func health(_ result: ProbeResult) -> [String: Reports.Measurement] {
        Dictionary(
            result.observations.filter { $0.signal.name == "hw.physical_disk.smart.health" }
                .map { ($0.component.rawValue, $0.measurement) }, uniquingKeysWith: { first, _ in first })
    }

    @Test("one disk that hangs, sleeps or prints garbage is one unavailable, and the others are read")
    func troubles() async throws {
        let (scratch, program) = try machine(
            """
            *--scan*) echo '{"devices":[]}' ;;
            */dev/sda) cat '\(Recordings.own("smartctl/ata.json").path)' ;;
            */dev/sdb) exit 3 ;;
            */dev/sdc) exec sleep 60 ;;
            *) echo 'not JSON at all'; exit 64 ;;
            """)
        let probe = DiskHealthProbe(
            tree: SysTree(root: scratch.url.appending(path: "root").path), program: program,
            diskDeadline: .seconds(6))
        let result = try await probe.observe(at: Self.now, since: nil)
        #expect(
            health(result) == [
                "disk:wwn-0x5001234abcdef012": .state("passed"), "disk:wwn-0x5000123400000001": .unavailable(.asleep),
                "disk:wwn-0x5000123400000002": .unavailable(.timedOut),
                "disk:wwn-0x5000123400000003": .unavailable(.malformed),
            ])
        #expect(result.components.count == 4)
    }

    @Test("a sleeping disk is never woken: every call says -n standby")
    func asleep() async throws {
        let (scratch, program) = try machine(
            """
            *--scan*) echo '{"devices":[]}' ;;
            *"-n standby,3 "*) exit 3 ;;
            *) cat '\(Recordings.own("smartctl/ata.json").path)' ;;
            """)
        let probe = DiskHealthProbe(tree: SysTree(root: scratch.url.appending(path: "root").path), program: program)
        let result = try await probe.observe(at: Self.now, since: nil)
        #expect(result.components.count == 4)
        #expect(health(result).values.allSatisfy { $0 == .unavailable(.asleep) })
        let modes = result.observations.filter { $0.signal.name == "hw.physical_disk.power_mode" }.map(\.measurement)
        #expect(modes == Array(repeating: .state("standby"), count: 4))
    }

    @Test("endless output is cut off, and says nothing of health")
    func endless() async throws {
        let (scratch, program) = try machine("*--scan*) echo '{}' ;;\n*) exec yes '{' ;;")
        let probe = DiskHealthProbe(
            tree: SysTree(root: scratch.url.appending(path: "root").path), program: program, diskDeadline: .seconds(20))
        let result = try await probe.observe(at: Self.now, since: nil)
        #expect(health(result).values.allSatisfy { $0 == .unavailable(.malformed) })
    }

    @Test("without smartctl the probe says what to install")
    func missing() async throws {
        let scratch = try ScratchFolder()
        let probe = DiskHealthProbe(tree: SysTree(root: scratch.url.path), program: "/nonexistent/smartctl")
        await #expect(throws: ProbeError.absent(because: "smartctl is not installed: apt-get install smartmontools")) {
            try await probe.observe(at: Self.now, since: nil)
        }
    }

    @Test("disks behind a RAID controller are asked with the type that the scan gives")
    func behindController() async throws {
        let (scratch, program) = try machine(
            """
            *--scan*) echo '{"devices":[{"name":"/dev/bus/0","type":"megaraid,5","protocol":"SCSI"}]}' ;;
            *"-d megaraid,5 /dev/bus/0") cat '\(Recordings.own("smartctl/ata.json").path)' ;;
            *) exit 2 ;;
            """)
        let probe = DiskHealthProbe(tree: SysTree(root: scratch.url.appending(path: "root").path), program: program)
        let result = try await probe.observe(at: Self.now, since: nil)
        #expect(health(result)["disk:wwn-0x5001234abcdef012"] == .state("passed"))
    }

    @Test("a stopped SAS disk, which smartctl cannot open, sleeps; one that cannot be opened otherwise does not")
    func stopped() async throws {
        func answer(_ words: String) -> String {
            #"echo '{"json_format_version":[1,0],"smartctl":{"version":[7,3],"messages":["#
                + #"{"string":"\#(words)","severity":"error"}],"exit_status":2},"device":{"name":"/dev/sda"}}'; exit 2"#
        }
        let (scratch, program) = try machine(
            """
            *--scan*) echo '{"devices":[]}' ;;
            */dev/sda) \(answer("device is NOT READY (e.g. spun down, busy)")) ;;
            */dev/sdb) \(answer("Device is in STANDBY BY COMMAND mode, exit(2)")) ;;
            */dev/sdc) \(answer("/dev/sdc: Terminate command early due to bad response to IEC mode page")) ;;
            *) \(answer("Smartctl open device: /dev/sdd failed: No such device")) ;;
            """)
        let probe = DiskHealthProbe(tree: SysTree(root: scratch.url.appending(path: "root").path), program: program)
        let result = try await probe.observe(at: Self.now, since: nil)
        #expect(
            health(result) == [
                "disk:wwn-0x5000123400000000": .unavailable(.asleep),
                "disk:wwn-0x5000123400000001": .unavailable(.asleep),
                "disk:wwn-0x5000123400000002": .unavailable(.readError),
                "disk:wwn-0x5000123400000003": .unavailable(.readError),
            ])
    }
}
