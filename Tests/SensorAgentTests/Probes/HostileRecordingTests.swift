import Foundation
import Reports
import TestSupport
import Testing

@testable import SensorAgent

/// What a customer mails to be diagnosed, a broken controller prints, or a damaged file holds: its numbers may be any. They
/// are read or refused, and nothing traps.
///
/// `CALLHOME_FUZZ_RECORDINGS=ROUNDS` reads each recording of a real machine so many times, and trees of files as well; a
/// run that ended goes on at `CALLHOME_FUZZ_FROM=NUMBER`, of which each is written to standard error before it is read.
@Suite("Recordings whose numbers are hostile", .serialized, .timeLimit(.minutes(60)))
struct HostileRecordingTests {
    static let words = [
        "-1", "+5", "0", "-9223372036854775808", "9223372036854775807", "18446744073709551615",
        "99999999999999999999999", "4294967296", "-2147483649", "1e400", "-1e308", "1e300", "nan", "inf", "0x7fffffff",
        "00000000000000000000000000007", "2147483648.5",
    ]

    private static func setting(_ name: String) -> Int? {
        ProcessInfo.processInfo.environment[name].flatMap { Int($0) }
    }
    static let rounds = setting("CALLHOME_FUZZ_RECORDINGS")

    // MARK: Changing numbers

    /// Where numbers stand: digits with what may stand in one, not within a word.
    static func numbers(in bytes: [UInt8]) -> [Range<Int>] {
        var found: [Range<Int>] = []
        var at = 0
        while at < bytes.count {
            guard (0x30...0x39).contains(bytes[at]) else {
                at += 1
                continue
            }
            let start = at > 0 && bytes[at - 1] == UInt8(ascii: "-") ? at - 1 : at
            while at < bytes.count, (0x30...0x39).contains(bytes[at]) || bytes[at] == UInt8(ascii: ".") { at += 1 }
            found.append(start..<at)
        }
        return found
    }

    /// The recording with some of its numbers changed.
    static func changed(_ bytes: [UInt8], _ dice: inout SplitMix) -> [UInt8] {
        let places = numbers(in: bytes)
        guard !places.isEmpty else { return bytes }
        var chosen = Set((0..<(1 + dice.below(4))).map { _ in dice.below(places.count) }).sorted()
        // Of one kind of number all at times: sums of them overflow.
        if dice.below(4) == 0 { chosen = Array(places.indices) }
        let one = dice.below(2) == 0 ? words[dice.below(words.count)] : nil
        var result: [UInt8] = []
        var end = 0
        for index in chosen where places[index].lowerBound >= end {
            result += bytes[end..<places[index].lowerBound]
            result += Array((one ?? words[dice.below(words.count)]).utf8)
            end = places[index].upperBound
        }
        return result + bytes[end...]
    }

    private static func look(_ bytes: [UInt8], by names: [String]) async throws {
        let scratch = try ScratchFolder()
        try scratch.write("recording", bytes)
        try scratch.write("root/proc/uptime", "12345.67 1234.5\n")
        let tree = SysTree(root: scratch.url.appending(path: "root").path)
        let probes = AllProbes.make(tree: tree, input: scratch.url.appending(path: "recording").path)
        for probe in probes where names.contains(probe.name) {
            let document = await ProbeDocument(observing: [probe], at: RecordedLook.time)
            _ = try document.wireJSON
            _ = document.text
        }
    }

    // MARK: What is known

    /// Outputs that ended the agent, or were misread, each by the probe that reads it.
    static let known: [(probe: String, text: String)] = [
        (
            "raid",
            """
            Personalities : [raid5]
            md0 : active raid5 sdc1[2] sdb1[1] sda1[0]
                  1953260544 blocks level 5, 64k chunk, algorithm 2 [4/-9223372036854775808] [UUU_]
            unused devices: <none>
            """
        ),
        (
            "raid",
            """
            /dev/md0:
                       Version : 1.2
                    Raid Level : raid1
                  Raid Devices : -9223372036854775808
                Active Devices : 2
                         State : clean
            """
        ),
        (
            "disk-health",
            """
            {"device": {"name": "/dev/sda", "type": "sat", "protocol": "ATA"}, "model_name": "KINGSTON SA400",
             "serial_number": "X1", "ata_smart_attributes": {"table": [
              {"id": 231, "value": 18446744073709551615, "worst": 100, "thresh": 0, "raw": {"value": 100}}]}}
            """
        ),
        (
            "machine-checks",
            "CPU:0 [LOST 18446744073709551615 EVENTS]\nCPU:1 [LOST 18446744073709551615 EVENTS]\n"
        ),
    ]

    @Test("What once ended the agent is read or refused", arguments: known.indices)
    func ended(index: Int) async throws {
        try await Self.look(Array(Self.known[index].text.utf8), by: [Self.known[index].probe])
    }

    @Test("A count of disks that no array can have is none, and the disks of one array do not count for the next")
    func counts() throws {
        let negative = Self.known[0].text.replacing("-9223372036854775808", with: "-5")
        #expect(try MDStat(parsing: Array(negative.utf8)).arrays.map(\.wanted) == [nil])
        let next = "\n/dev/md1:\n    Raid Level : raid1\n  Raid Devices : 2\n         State : clean\n"
        let detail = Self.known[1].text + next
        let arrays = try #require(MDDetail(parsing: Array(detail.utf8))).arrays
        #expect(arrays.map(\.wanted) == [nil, 2] && arrays.map(\.degraded) == [0, 2])
    }

    @Test(
        "A time since the start that is none of any machine is not known",
        arguments: ["nan 1", "inf 1", "-1 1", "1e300 1", "9223372036854775807 1", "", " "])
    func uptime(text: String) {
        #expect(SystemUptime.parse(text) == nil)
        #expect(SystemUptime.parse("12345.5 1234.50") == .milliseconds(12_345_500))
    }

    // MARK: Any number

    @Test("Whatever a recording of a real machine holds for numbers, it is read or refused", .recorded("md", "nic"))
    func recorded() async throws {
        var number = 0
        let from = Self.setting("CALLHOME_FUZZ_FROM") ?? 0
        for round in 0..<(Self.rounds ?? 1) {
            for (kind, probes) in RecordedLook.files {
                for file in Recordings.entries(kind) where !file.hasDirectoryPath {
                    number += 1
                    // In an ordinary run one of each dozen, so that it takes seconds.
                    guard number > from, Self.rounds != nil || number % 12 == 0,
                        let bytes = try? Data(contentsOf: file), bytes.count < 256 << 10
                    else { continue }
                    var dice = SplitMix(seed: UInt64(number) &* 31 &+ UInt64(round))
                    if Self.rounds != nil {
                        FileHandle.standardError.write(Data("\(number) \(kind) \(file.lastPathComponent)\n".utf8))
                    }
                    try await Self.look(Self.changed(Array(bytes), &dice), by: probes)
                }
            }
        }
        print("\(number) recordings with other numbers")
    }

    @Test(
        "Whatever the files of a tree hold for numbers, they are read or not",
        .enabled(if: rounds != nil, "it takes minutes"), .recorded("sysfs", "edac"))
    func trees() async throws {
        var number = 0
        let from = Self.setting("CALLHOME_FUZZ_FROM") ?? 0
        for round in 0..<(Self.rounds ?? 1) {
            for kind in ["sysfs", "edac", "aer", "nic"] {
                for entry in Recordings.entries(kind) where kind == "edac" || entry.hasDirectoryPath {
                    number += 1
                    guard number > from else { continue }
                    FileHandle.standardError.write(Data("\(number) \(kind) \(entry.lastPathComponent)\n".utf8))
                    var dice = SplitMix(seed: UInt64(number) &* 37 &+ UInt64(round))
                    guard let recorded = try await RecordedTree(entry) else { continue }
                    let scratch = try ScratchFolder()
                    guard try await run("cp", ["-a", "\(recorded.root.path)/.", scratch.url.path]).0 == 0 else {
                        continue
                    }
                    let names =
                        FileManager.default.enumerator(atPath: scratch.url.path)?.compactMap { $0 as? String } ?? []
                    for name in names.sorted() where dice.below(6) == 0 {
                        let file = scratch.url.appending(path: name)
                        guard let bytes = try? Data(contentsOf: file), bytes.count < 64 << 10 else { continue }
                        try? Data(Self.changed(Array(bytes), &dice)).write(to: file)
                    }
                    _ = try await RecordedLook.looks(at: SysTree(root: scratch.url.path), as: entry.lastPathComponent)
                }
            }
        }
    }
}
