import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("The kernel's md arrays")
struct MDStatTests {
    @Test("`mdadm --detail` is read as mdstat is: the members, what is missing, and whether the array can go on")
    func detail() throws {
        let text = """
            /dev/md0:
                       Version : 1.2
                    Raid Level : raid5
                  Raid Devices : 3
                 Total Devices : 3
                         State : clean, degraded, recovering
                Active Devices : 2
                Failed Devices : 0
                 Spare Devices : 1
                Rebuild Status : 12% complete

                Number   Major   Minor   RaidDevice State
                   0       8        1        0      active sync   /dev/sda1
                   3       8       33        1      spare rebuilding   /dev/sdc1
                   2       8       49        2      active sync   /dev/sdd1

            /dev/md/home:
                    Raid Level : raid1
                  Raid Devices : 2
                         State : clean, FAILED
                Active Devices : 0

                Number   Major   Minor   RaidDevice State
                   -       0        0        0      removed
                   1       8       17        -      faulty   /dev/sdb1
            """
        let arrays = try #require(MDDetail(parsing: Array(text.utf8))).arrays
        #expect(arrays.map(\.name) == ["md0", "md/home"])
        #expect(arrays.map(\.state) == [.rebuilding, .failed])
        #expect(arrays[0].degraded == 1 && arrays[0].progress == 0.12)
        #expect(arrays[0].members.map(\.state) == [.inSync, .rebuilding, .inSync])
        #expect(arrays[1].members.map(\.device) == ["sdb1"] && arrays[1].members.map(\.state) == [.faulty])
        #expect(MDDetail(parsing: Array("Personalities : [raid1]\nunused devices: <none>\n".utf8)) == nil)
    }

    private static let degraded = """
        Personalities : [raid1] [raid6] [raid5] [raid4]
        md0 : active raid5 sdm1[4](F) sdj1[0] sdk1[1] sdl1[2]
              23441679360 blocks super 1.2 level 5, 64k chunk, algorithm 2 [4/3] [UUU_]
              bitmap: 0/59 pages [0KB], 65536KB chunk

        md1 : active raid1 sdc1[4] sdb1[0] sdd1[3](S)
              7813893120 blocks super 1.2 [2/1] [U_]
              [>....................]  recovery =  1.2% (96275752/7813893120) finish=639.3min speed=201178K/sec

        md127 : inactive sda[3](S) sdb[2](S)
              14681 blocks super external:imsm

        unused devices: <none>
        """

    @Test("a failed member, a spare and one that is being filled are told apart")
    func members() throws {
        let arrays = try MDStat(parsing: Array(Self.degraded.utf8)).arrays
        #expect(arrays.map(\.name) == ["md0", "md1", "md127"])
        #expect(arrays[0].members.map(\.state) == [.faulty, .inSync, .inSync, .inSync])
        #expect(arrays[0].state == .degraded && arrays[0].degraded == 1 && arrays[0].wanted == 4)
        #expect(arrays[1].members.map(\.state) == [.rebuilding, .inSync, .spare])
        #expect(arrays[1].state == .rebuilding && arrays[1].activity == "recovery" && arrays[1].progress == 0.012)
        #expect(arrays[2].isContainer)
    }

    @Test("an array in a container is an array, also while mdmon keeps the kernel from changing its superblocks")
    func container() throws {
        let text = """
            Personalities : [raid6] [raid5] [raid4] [raid0]
            md125 : active raid1 sdb[1] sda[0]
                  1000 blocks super external:/md127/1 [2/2] [UU]
            md126 : active raid4 nvme3n1[2] nvme0n1[0]
                  500102144 blocks super external:-md127/0 level 4, 64k chunk, algorithm 5 [2/1] [U_]

            md127 : inactive nvme3n1[3](S) nvme2n1[2](S) nvme1n1[1](S) nvme0n1[0](S)
                  4420 blocks super external:imsm

            """
        let arrays = try MDStat(parsing: Array(text.utf8)).arrays
        #expect(arrays.map(\.isContainer) == [false, false, true])
        let findings = try #require(RecordedVolumes.findings(Array(text.utf8)))
        #expect(findings.map(\.label) == ["md125", "md126"])
        #expect(findings.map(\.state) == [.ok, .degraded] && findings.map(\.missing) == [0, 1])
    }

    @Test("an array that lost more disks than its level can do without has failed")
    func failed() throws {
        let lost = { (level: String, counts: String) in
            try MDStat(parsing: Array("md0 : active \(level) sda[0]\n 1 blocks super 1.2 \(counts)\n".utf8)).arrays[0]
                .state
        }
        #expect(try lost("raid5", "[4/3] [UUU_]") == .degraded)
        #expect(try lost("raid5", "[4/2] [UU__]") == .failed)
        #expect(try lost("raid6", "[4/2] [UU__]") == .degraded)
        #expect(try lost("raid6", "[4/1] [U___]") == .failed)
        #expect(try lost("raid1", "[4/1] [U___]") == .degraded)
    }

    @Test("what is no mdstat is refused, and bytes of any kind neither crash nor hang")
    func garbage() {
        for text in ["", "\n\n", "/dev/md0:\n        Version : 1.2\n", "\u{0}\u{1}"] {
            #expect(throws: MDStat.Refusal.noPersonalities) { try MDStat(parsing: Array(text.utf8)) }
        }
        var seed: UInt64 = 42
        for _ in 0..<2_000 {
            var bytes = Array(Self.degraded.utf8)
            for _ in 0..<8 {
                seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes[Int(seed >> 33) % bytes.count] = UInt8(truncatingIfNeeded: seed >> 20)
            }
            for array in (try? MDStat(parsing: bytes))?.arrays ?? [] {
                #expect(array.degraded >= 0 && array.members.count <= MDStat.memberLimit)
            }
        }
        let flood = Array(String(repeating: "md0 : active raid1 sda[0] sdb[1]\n", count: 100_000).utf8)
        #expect((try? MDStat(parsing: flood))?.arrays.count == MDStat.arrayLimit)
    }

    /// One array in the words of the script.
    private func row(_ file: String, _ array: MDArray) -> String {
        let members = array.members.map { member in
            let flag = member.state == .faulty ? "F" : member.state == .spare ? "S" : "-"
            return "\(member.device):\(flag)"
        }
        return [
            file, array.name, array.arrayState, array.level.isEmpty ? "-" : array.level,
            array.wanted.map(String.init) ?? "-", array.wanted.map { String($0 - array.degraded) } ?? "-",
            members.isEmpty ? "-" : members.joined(separator: ","),
        ].joined(separator: "\t")
    }

    @Test(
        "every recorded mdstat reads as a script of regular expressions reads it; all else is refused", .recorded("md"))
    func recorded() async throws {
        let files = Recordings.entries("md")
        guard !files.isEmpty, isInstalled("python3") else { return }
        var rows: [String] = []
        var refused: [String] = []
        for file in files {
            let bytes = [UInt8](try Data(contentsOf: file))
            do {
                rows += try MDStat(parsing: bytes).arrays.map { row(file.lastPathComponent, $0) }
            } catch {
                refused.append(file.lastPathComponent)
            }
        }
        let script = Recordings.own("storage/read-mdstat.py").path
        let (status, output) = try await run("python3", [script] + files.map(\.path))
        #expect(status == 0)
        let expected = String(decoding: output, as: UTF8.self).split(separator: "\n").map(String.init)
        let differences = Set(rows).symmetricDifference(expected).sorted()
        #expect(differences == [])
        print("md: \(files.count) files, \(files.count - refused.count) read with \(rows.count) arrays")
        print("md: \(refused.count) refused, since they are output of mdadm, which is not asked")
        #expect(refused.allSatisfy { !$0.contains("mdstat__linux-raid") })
        #expect(files.count - refused.count >= 80 && rows.count >= 150)
    }
}
