import Foundation
import Reports
import TestSupport
import Testing

@testable import SensorAgent

@Suite("Pools and logical volumes")
struct PoolTests {
    static let start = Timestamp(seconds: 1_763_712_000)

    private static let degraded = """
          pool: tank
         state: DEGRADED
        status: One or more devices could not be used because the label is missing or
        \tinvalid.
          scan: scrub repaired 0B in 08:37:48 with 0 errors on Sun Nov  3 15:24:53 2024
        config:

        \tNAME                                          STATE     READ WRITE CKSUM
        \ttank                                          DEGRADED     0     0     0
        \t  mirror-0                                    DEGRADED     0     0     0
        \t    12345678901234567890                      UNAVAIL      0     0 1.5K  was /dev/disk/by-id/wwn-0x5000c500aaaaaaa1-part1
        \t    /dev/disk/by-id/wwn-0x5000c500aaaaaaa2    ONLINE       3     0     7
        \tlogs
        \t  /dev/nvme0n1p1                              ONLINE       0     0     0
        \tspares
        \t  /dev/sdf                                    AVAIL

        errors: 3 data errors, use '-v' for a list
        """

    @Test("a pool's lost disk, its errors, its last scrub and its damaged files are read")
    func pool() throws {
        let pool = try ZPoolStatus(parsing: Array(Self.degraded.utf8)).pools[0]
        #expect(pool.name == "tank" && pool.state == "DEGRADED" && pool.volumeState == .degraded)
        #expect(pool.scrubbed?.description == "2024-11-03T15:24:53Z")
        #expect(pool.damagedFiles == 3)
        #expect(pool.devices.map(\.memberState) == [.missing, .inSync, .inSync, .spare])
        #expect(pool.devices.map(\.holdsData) == [true, true, false, false])
        #expect(pool.devices[0].path == "/dev/disk/by-id/wwn-0x5000c500aaaaaaa1-part1")
        #expect(pool.devices.map(\.checksum) == [1_536, 7, 0, 0])
    }

    @Test("where a list of damaged files is announced there is one at least, however little of it is shown")
    func damagedFiles() throws {
        let count = { (text: String) in
            try ZPoolStatus(parsing: Array("  pool: a\n state: ONLINE\nerrors: \(text)".utf8)).pools[0].damagedFiles
        }
        let head = "Permanent errors have been detected in the following files:"
        #expect(try count(head) == 1)
        #expect(try count("\(head)\n\n") == 1)
        #expect(try count("\(head)\n\n\t/tank/a\n\t/tank/b\n\t<0x0>:<0x1>\n") == 3)
        #expect(try count("List of errors unavailable: permission denied") == 1)
        #expect(try count("7 data errors, use '-v' for a list\n") == 7)
        #expect(try count("No known data errors\n\n# end\n") == 0)
    }

    @Test("files of a pool are as many as they are called, and parts of disks are their disks")
    func files() throws {
        let disks = { (names: [String]) in
            let rows = names.map { "\t  \($0)  ONLINE  0  0  0\n" }.joined()
            let text = "  pool: a\n state: ONLINE\nconfig:\n\n\tNAME STATE READ WRITE CKSUM\n\ta ONLINE 0 0 0\n\(rows)"
            return RecordedVolumes.findings(Array(text.utf8))?.flatMap(\.members).map(\.disk.name)
        }
        #expect(disks(["vdev0", "vdev1", "vdev12"]) == ["/dev/vdev0", "/dev/vdev1", "/dev/vdev12"])
        let parts = ["sdb9", "sdaa1", "vda2", "hdc1", "xvdba1"]
        #expect(disks(parts) == ["sdb", "sdaa", "vda", "hdc", "xvdba"].map { "/dev/\($0)" })
        #expect(disks(["nvme0n1p1", "wwn-0x5000c500a1-part3"]) == ["/dev/nvme0n1", "/dev/wwn-0x5000c500a1"])
        #expect(disks(["sda0", "sda1x", "/tank/sdb1"]) == ["/dev/sda0", "/dev/sda1x"])
    }

    @Test("a scrub and a resilver that run are told apart, with what is done of them")
    func scans() throws {
        let scan = { (text: String) in
            try ZPoolStatus(parsing: Array("  pool: a\n state: DEGRADED\n  scan: \(text)\nconfig:\n".utf8)).pools[0]
        }
        let scrub = try scan(
            "scrub in progress since Sun Feb 11 00:24:01 2024\n\t1.2T scanned at 1G/s, 700G issued\n\t0B repaired, 45.60% done, 01:02:03 to go"
        )
        #expect(scrub.activity == "check" && scrub.progress == 0.456 && scrub.volumeState == .degraded)
        let resilver = try scan("resilver in progress since Sun Feb 11 00:24:01 2024\n\t12G resilvered, 3.00% done")
        #expect(resilver.activity == "recovery" && resilver.progress == 0.03 && resilver.volumeState == .rebuilding)
        #expect(try scan("none requested").activity == "idle")
        #expect(try scan("scrub canceled on Fri Jan  1 00:00:00 2021").scrubbed == nil)
    }

    private func machine() throws -> (ScratchFolder, (String) throws -> [String: String]) {
        let scratch = try ScratchFolder()
        for number in 1...2 {
            let disk = "sd" + ["a", "b"][number - 1]
            for folder in ["sys/block", "sys/class/block"] {
                try scratch.write("\(folder)/\(disk)/device/wwid", "naa.5000c500aaaaaaa\(number)\n")
            }
        }
        try scratch.write("proc/spl/kstat/zfs/tank/state", "ONLINE\n")
        let url = scratch.url
        let programs = { (text: String) in
            var paths: [String: String] = [:]
            for name in ["zpool", "dmsetup", "btrfs"] {
                paths[name] = url.appending(path: name).path
                try writeProgram("#!/bin/sh\n\(text)\n", at: url.appending(path: name).path)
            }
            return paths
        }
        return (scratch, programs)
    }

    private func status(checksum: Int, state: String = "ONLINE") -> String {
        """
          pool: tank
         state: \(state)
        config:

        \tNAME          STATE     READ WRITE CKSUM
        \ttank          \(state)     0     0     0
        \t  mirror-0    \(state)     0     0     0
        \t    /dev/sda1 ONLINE       0     0     \(checksum)
        \t    /dev/sdb1 ONLINE       0     0     0

        errors: No known data errors
        """
    }

    @Test("blocks that came back wrong since the last look are events of their disk, and the pool is asked seldom")
    func checksums() async throws {
        let (scratch, programs) = try machine()
        let folder = scratch.url.path
        try scratch.write("status", status(checksum: 4))
        let probe = RaidVolumeProbe(
            tree: SysTree(root: folder), programs: try programs("echo >> \(folder)/asked; cat \(folder)/status"))
        var result = try await probe.observe(at: Self.start, since: nil)
        let disk = "disk:wwn-0x5000c500aaaaaaa1"
        func events() -> Int { result.observations.count { $0.signal.name == "hw.physical_disk.checksum_error" } }
        #expect(events() == 0)
        let errors = Signal("hw.raid.device_errors", ["type": "checksum"])
        #expect(
            result.observations.first { $0.component.rawValue == disk && $0.signal == errors }?.measurement
                == .counter(4))
        expectInCatalogue(result)

        try scratch.write("status", status(checksum: 9))
        result = try await probe.observe(at: Self.start + .seconds(60), since: result.cursor)
        #expect(events() == 0)
        #expect(!result.observations.contains { $0.signal.name == "hw.raid.state" })
        #expect(result.components.contains { $0.id.rawValue == "pool:zfs-tank" })
        result = try await probe.observe(at: Self.start + .seconds(300), since: result.cursor)
        #expect(events() == 5)
        let asked = Recordings.text(scratch.url.appending(path: "asked"))
        #expect(asked.count == 2)
    }

    @Test("a pool whose state changes is asked at once; a suspended one is not asked, and its disks are not guessed at")
    func news() async throws {
        let (scratch, programs) = try machine()
        let folder = scratch.url.path
        try scratch.write("status", status(checksum: 0))
        let probe = RaidVolumeProbe(
            tree: SysTree(root: folder), programs: try programs("echo >> \(folder)/asked; cat \(folder)/status"))
        var result = try await probe.observe(at: Self.start, since: nil)
        try scratch.write("proc/spl/kstat/zfs/tank/state", "DEGRADED\n")
        try scratch.write("status", status(checksum: 0, state: "DEGRADED"))
        result = try await probe.observe(at: Self.start + .seconds(60), since: result.cursor)
        let state = { (result: ProbeResult) in
            result.observations.first { $0.signal.name == "hw.raid.state" }?.measurement
        }
        #expect(state(result) == .state("degraded"))
        try scratch.write("proc/spl/kstat/zfs/tank/state", "SUSPENDED\n")
        result = try await probe.observe(at: Self.start + .seconds(120), since: result.cursor)
        #expect(state(result) == .state("failed"))
        #expect(!result.observations.contains { $0.signal.name == "hw.raid.member" })
        #expect(Recordings.text(scratch.url.appending(path: "asked")).count == 2)
    }

    @Test("a program that hangs costs its deadline once, and the arrays of the kernel are told all the same")
    func hanging() async throws {
        let (scratch, programs) = try machine()
        for (file, text) in ["array_state": "clean", "level": "raid1", "raid_disks": "2", "degraded": "0"] {
            try scratch.write("sys/block/md0/md/\(file)", "\(text)\n")
        }
        let probe = RaidVolumeProbe(
            tree: SysTree(root: scratch.url.path), programs: try programs("printf '  pool: tank\\n'; exec sleep 60"))
        let result = try await probe.observe(at: Self.start, since: nil)
        #expect(
            result.observations.contains {
                $0.component.rawValue == "raid_array:md0" && $0.measurement == .state("ok")
            })
        #expect(
            result.observations.contains {
                $0.component.rawValue == "pool:zfs-tank" && $0.measurement == .state("ok")
            })
    }

    @Test("the kernel's status of LVM's RAID tells failed legs, legs that are being filled, and mirrors")
    func deviceMapper() {
        let text = """
            vg-data: 0 4194304 raid raid1 2 AA 4194304/4194304 idle 0 0 -
            vg-bad: 0 4194304 raid raid5_ls 3 ADA 2097152/2097152 idle 128 0 -
            vg-gone: 0 4194304 raid raid5_ls 3 ADD 2097152/2097152 idle 0 0 -
            vg-new: 0 4194304 raid raid6_zr 5 AAAAa 1048576/2097152 recover 0 0 -
            vg-old: 0 2097152 mirror 2 252:14 252:15 2047/2048 1 AD 3 disk 252:13 A
            vg-thin: 0 4194304 thin 4096 -
            vg-linear: 0 4194304 linear
            nonsense
            """
        let volumes = DeviceMapperStatus(parsing: Array(text.utf8)).volumes
        #expect(volumes.map(\.name) == ["vg-data", "vg-bad", "vg-gone", "vg-new", "vg-old"])
        #expect(volumes.map(\.state) == [.ok, .degraded, .failed, .rebuilding, .degraded])
        #expect(volumes[1].mismatches == 128 && volumes[3].progress == 0.5 && volumes[3].activity == "recovery")
    }

    @Test("btrfs's counts are read of its program, of sysfs, and its last scrub of the file it leaves")
    func btrfs() {
        let text = """
            [/dev/sda].write_io_errs    0
            [/dev/sda].read_io_errs     2
            [/dev/sda].corruption_errs  3
            [/dev/sdb].generation_errs  1
            """
        let devices = BtrfsStatistics(parsing: Array(text.utf8)).devices
        #expect(devices.map(\.path) == ["/dev/sda", "/dev/sdb"])
        #expect(devices[0].errors == ["write": 0, "read": 2, "checksum": 3])
        #expect(devices[1].errors == ["generation": 1])
        let one = BtrfsStatistics(sysfs: "write_errs 1\nread_errs 0\ngeneration_errs x\n", device: "sdc").devices
        #expect(one[0].path == "/dev/sdc" && one[0].errors == ["write": 1, "read": 0])
        let scrub = """
            scrub status:1
            u:1|data_extents_scrubbed:4|t_start:1700000000|t_resumed:0|duration:100|canceled:0|finished:1
            u:2|data_extents_scrubbed:4|t_start:1700000050|t_resumed:0|duration:20|canceled:0|finished:1
            """
        #expect(BtrfsStatistics.scrubbed(parsing: Array(scrub.utf8)) == Timestamp(seconds: 1_700_000_070))
        let broken = scrub.split(separator: "\n").map { $0.hasPrefix("u:2") ? $0.dropLast(1) + "0" : $0 }
        #expect(BtrfsStatistics.scrubbed(parsing: Array(broken.joined(separator: "\n").utf8)) == nil)
    }

    @Test(
        "every recorded zpool status is read, with as many devices and states as awk counts; all else is refused",
        .recorded("zfs"))
    func recorded() async throws {
        var read = 0
        var refused: [String] = []
        let files = Recordings.entries("zfs")
        for file in files {
            guard let status = try? ZPoolStatus(parsing: [UInt8](try Data(contentsOf: file))) else {
                refused.append(file.lastPathComponent)
                continue
            }
            read += 1
            guard file.pathExtension != "json" else { continue }
            let script =
                "/^ *pool:/ {p++} / (ONLINE|DEGRADED|FAULTED|UNAVAIL|OFFLINE|REMOVED|AVAIL|INUSE)/ && !/^ *state:/ "
                + "&& !/(mirror|raidz[123]?|spare|replacing|draid[^ ]*)(-[0-9]+)? +(ONLINE|DEGR|FAUL|UNAV|OFFL)/ {d++} "
                + "END {print p+0, d+0}"
            let (_, output) = try await run("awk", [script, file.path])
            // awk counts the pools' own rows as well, where there is one.
            let counts = String(decoding: output, as: UTF8.self).split(separator: " ").compactMap {
                Int($0.filter(\.isNumber))
            }
            #expect(counts.first == status.pools.count, "\(file.lastPathComponent)")
            let devices = status.pools.reduce(0) { $0 + $1.devices.count }
            let rows = status.pools.count { !$0.devices.isEmpty }
            #expect(counts.last == devices + rows, "\(file.lastPathComponent)")
        }
        print(
            "zfs: \(files.count) files, \(read) read; refused, since they are kstats or zpool list and iostat: \(refused.count)"
        )
        #expect(files.isEmpty || read >= 20)
        #expect(refused.allSatisfy { $0.contains("kstat") || $0.contains("iostat") || $0.contains("list") })
    }
}
