import Foundation
import Reports
import Testing

@testable import SensorAgent

/// Which rows of a pool or array are its disks, what waits, and whose errors are counted where.
@Suite("Members of volumes")
struct VolumeMembersTests {
    private func finding(_ text: String) throws -> VolumeFinding {
        try #require(RecordedVolumes.findings(Array(text.utf8))?.first)
    }

    private func members(_ finding: VolumeFinding) -> [String: MemberState?] {
        Dictionary(finding.members.map { ($0.disk.name, $0.state) }, uniquingKeysWith: { first, _ in first })
    }

    private func pool(_ rows: String, scan: String = "none requested", state: String = "DEGRADED") -> String {
        """
          pool: p1
         state: \(state)
          scan: \(scan)
        config:

        \tNAME        STATE     READ WRITE CKSUM
        \(rows.split(separator: "\n").map { "\t\($0)" }.joined(separator: "\n"))

        errors: No known data errors
        """
    }

    @Test("the disk that another took the place of, under its own name, is no disk any more")
    func replacedInPlace() throws {
        let rows = """
            p1                  DEGRADED     0     0     0
              mirror-0          DEGRADED     0     0     0
                replacing-0     DEGRADED     0     0     0
                  721005        UNAVAIL      0     0     0  was /dev/sdg1/old
                  sdg           ONLINE       0     0     0  (resilvering)
                sdh             ONLINE       0     0     0
            """
        let finding = try finding(pool(rows, scan: "resilver in progress since Sat Nov 28 19:45:12 2026"))
        #expect(members(finding) == ["/dev/sdg": .rebuilding, "/dev/sdh": .inSync])
        #expect(finding.wanted == 2 && finding.missing == 1 && finding.state == .rebuilding)
    }

    @Test("a disk that is replaced by one of another name is missing until that is filled")
    func replacedElsewhere() throws {
        let rows = """
            p1                  DEGRADED     0     0     0
              mirror-0          DEGRADED     0     0     0
                replacing-1     DEGRADED     0     0     0
                  sdb           UNAVAIL      0     0     0
                  sdc           ONLINE       0     0     0  (resilvering)
                sda             ONLINE       0     0     0
            """
        let finding = try finding(pool(rows, scan: "resilver in progress since Sat Nov 28 19:45:12 2026"))
        #expect(members(finding) == ["/dev/sdb": .missing, "/dev/sdc": .rebuilding, "/dev/sda": .inSync])
        #expect(finding.wanted == 2)
    }

    @Test("dRAID's distributed spares are spares and no disks, and a spare shares the place of what it stands in for")
    func distributedSpares() throws {
        let rows = """
            p1                      DEGRADED     0     0     0
              draid2:4d:8c:2s-0     DEGRADED     0     0     0
                sda                 ONLINE       0     0     0
                spare-1             DEGRADED     0     0     0
                  sdb               FAULTED      9     0     0  too many errors
                  draid2-0-0        ONLINE       0     0     0
                sdc                 ONLINE       0     0     0
            spares
              draid2-0-0            INUSE     currently in use
              draid2-0-1            AVAIL
            """
        let finding = try finding(pool(rows))
        #expect(members(finding) == ["/dev/sda": .inSync, "/dev/sdb": .faulty, "/dev/sdc": .inSync])
        #expect(finding.wanted == 3 && finding.missing == 1 && finding.spares == 1)
    }

    @Test("a resilver that waits for another is queued")
    func awaitingResilver() throws {
        let rows = """
            p1          DEGRADED     0     0     0
              mirror-0  DEGRADED     0     0     0
                sda     ONLINE       0     0     0  (awaiting resilver)
                sdb     ONLINE       0     0     0
            """
        let finding = try finding(pool(rows))
        #expect(finding.activity == "queued" && finding.state == .degraded)
        #expect(members(finding)["/dev/sda"] == .rebuilding)
    }

    @Test("errors that could not be mended are counted on the way up, and once")
    func errorsAbove() throws {
        let rows = """
            p1            ONLINE       0     0     7
              raidz1-0    ONLINE       0     0    31
                sda       ONLINE       2     0     0
                sdb       ONLINE       1     0     5
              mirror-1    ONLINE       0     0     0
                sdc       ONLINE       0     3     2
            logs
              sdd         ONLINE       0  1.5K     0
            """
        let finding = try finding(pool(rows, state: "ONLINE"))
        #expect(finding.errors == ["read": 3, "write": 3 + 1_536, "checksum": 33])
        #expect(finding.members.first { $0.disk.name == "/dev/sdb" }?.errors["checksum"] == 5)
    }

    @Test("numbers of the JSON form that are written for people are read, and K is 1024")
    func readableNumbers() throws {
        let text = """
            {"pools":{"p2":{"name":"p2","state":"ONLINE","scan_stats":{"function":"SCRUB","state":"FINISHED",
            "end_time":"Sun Mar 22 00:24:01 2026"},"vdevs":{"p2":{"vdev_type":"root","state":"ONLINE",
            "read_errors":"0","write_errors":"0","checksum_errors":"0","vdevs":{"mirror-0":{"vdev_type":"mirror",
            "state":"ONLINE","read_errors":"0","write_errors":"0","checksum_errors":"2K","vdevs":{
            "sda":{"vdev_type":"disk","path":"/dev/sda1","state":"ONLINE","read_errors":"1.5K","write_errors":"7",
            "checksum_errors":"1M"},"sdb":{"vdev_type":"disk","path":"/dev/sdb1/old","state":"UNAVAIL",
            "read_errors":0,"write_errors":0,"checksum_errors":0}}}}}}}}}
            """
        let finding = try finding(text)
        #expect(finding.errors == ["read": 1_536, "write": 7, "checksum": 1_048_576])
        #expect(finding.members.map(\.disk.name) == ["/dev/sda"])
        #expect(finding.scrubbed == Timestamp(seconds: 1_774_139_041))
        let running = text.replacing("\"FINISHED\"", with: "\"SCANNING\",\"examined\":\"512M\",\"to_examine\":\"1G\"")
        #expect(try self.finding(running).progress == 0.5)
    }

    @Test(
        "an md array whose rebuild waits is queued, one that waits for its first write is pending",
        arguments: [
            ("[2/1] [U_]\n      \tresync=DELAYED", "queued", VolumeState.degraded, [MemberState.inSync, .rebuilding]),
            ("[2/1] [U_]\n      \trecovery=DELAYED", "queued", .degraded, [.inSync, .rebuilding]),
            ("[2/2] [UU]\n      \tresync=DELAYED", "queued", .ok, [.inSync, .inSync]),
            ("[2/2] [UU]\n      \tresync=PENDING", "pending", .ok, [.inSync, .inSync]),
            ("[2/2] [UU]\n      \tcheck=DELAYED", "check", .ok, [.inSync, .inSync]),
        ])
    func waiting(tail: String, activity: String, state: VolumeState, members: [MemberState]) throws {
        let text = "Personalities : [raid1]\nmd3 : active raid1 sda2[0] sdb2[2]\n      1024 blocks super 1.2 \(tail)\n"
        let array = try #require(try MDStat(parsing: Array(text.utf8)).arrays.first)
        #expect(array.activity == activity && array.state == state && array.members.map(\.state) == members)
    }

    @Test("sysfs calls a rebuild that waits delayed")
    func delayedInSysfs() throws {
        let scratch = try ScratchFolder()
        for (file, text) in [
            "array_state": "clean", "level": "raid1", "raid_disks": "2", "degraded": "1", "sync_action": "recover",
            "sync_completed": "delayed",
        ] { try scratch.write("sys/block/md4/md/\(file)", "\(text)\n") }
        let array = try #require(try MDSysfs(tree: SysTree(root: scratch.url.path)).arrays().first)
        #expect(array.activity == "queued" && array.state == .degraded && array.progress == nil)
    }

    @Test(
        "devices that a btrfs file system lacks are missing, by either of its names for them, and no disks",
        arguments: [
            "<missing disk>", "devid:2",
        ])
    func missingOfBtrfs(name: String) throws {
        let text = [name, name, "/dev/sdf"].map { "[\($0)].write_io_errs 0\n[\($0)].read_io_errs 1\n" }.joined()
        let finding = try finding(text)
        #expect(finding.state == .degraded && finding.missing == 2 && finding.wanted == 3)
        #expect(members(finding) == ["/dev/sdf": .inSync] && finding.errors == ["write": 0, "read": 3])
    }
}
