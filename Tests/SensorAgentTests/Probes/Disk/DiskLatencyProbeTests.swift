import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("Latency of disks")
struct DiskLatencyTests {
    static let start = Timestamp(seconds: 1_763_712_000)

    private func machine() throws -> ScratchFolder {
        let scratch = try ScratchFolder()
        for (disk, wwn) in [("sda", "naa.5000c500aaaaaaa1"), ("sdb", "naa.5000c500aaaaaaa2")] {
            for folder in ["sys/block", "sys/class/block"] {
                try scratch.write("\(folder)/\(disk)/device/wwid", "\(wwn)\n")
                try scratch.write("\(folder)/\(disk)/device/state", "running\n")
                try scratch.write("\(folder)/\(disk)/device/iotmo_cnt", "0x2\n")
                try scratch.write("\(folder)/\(disk)/device/ioerr_cnt", "0x1f\n")
            }
        }
        return scratch
    }

    /// Reads and their milliseconds, and what is in flight, of `sda` and `sda1`; `sdb` is idle.
    private func statistics(_ scratch: ScratchFolder, reads: Int, milliseconds: Int, inFlight: Int) throws {
        try scratch.write(
            "proc/diskstats",
            """
               8       0 sda \(reads) 0 \(reads * 8) \(milliseconds) 10 0 80 40 \(inFlight) 500 600 0 0 0 0 7 9
               8       1 sda1 \(reads) 0 \(reads * 8) \(milliseconds * 9) 10 0 80 40 \(inFlight) 500 600 0 0 0 0 0 0
               8      16 sdb 5 0 40 10 0 0 0 0 0 10 10 0 0 0 0 0 0
             253       0 dm-0 5 0 40 10 0 0 0 0 0 10 10 0 0 0 0 0 0

            """)
    }

    private func value(_ result: ProbeResult, _ signal: Signal, _ disk: String = "1") -> Reports.Measurement? {
        result.observations.first { $0.component.rawValue.hasSuffix(disk) && $0.signal == signal }?.measurement
    }

    @Test("the mean time of a request is that of the requests since the look before, of the whole disk")
    func await() async throws {
        let scratch = try machine()
        let probe = DiskLatencyProbe(tree: SysTree(root: scratch.url.path))
        let all = Signal("hw.physical_disk.await", ["direction": "all"])
        try statistics(scratch, reads: 100, milliseconds: 1000, inFlight: 0)
        var result = try await probe.observe(at: Self.start, since: nil)
        #expect(value(result, all) == nil)
        #expect(value(result, Signal("hw.physical_disk.requests", ["direction": "read"])) == .counter(100))
        #expect(value(result, Signal("hw.physical_disk.moved", ["direction": "read"])) == .counter(800 * 512))
        #expect(value(result, Signal("hw.physical_disk.failed_commands")) == .counter(31))
        #expect(value(result, Signal("hw.physical_disk.timeouts")) == .counter(2))
        #expect(value(result, Signal("hw.physical_disk.kernel_state")) == .state("running"))
        try statistics(scratch, reads: 150, milliseconds: 2000, inFlight: 0)
        result = try await probe.observe(at: Self.start + .seconds(60), since: nil)
        #expect(value(result, all) == .reading(0.02))
        #expect(value(result, Signal("hw.physical_disk.await", ["direction": "write"])) == nil)
        // Nothing was asked of the other disk: it is neither fast nor slow.
        #expect(value(result, all, "2") == nil)
        #expect(
            result.components.map(\.id.rawValue).sorted() == [
                "disk:wwn-0x5000c500aaaaaaa1", "disk:wwn-0x5000c500aaaaaaa2",
            ])
        expectInCatalogue(result)
    }

    @Test("the mean of an hour counts each request the same, and is told once 300 were finished in a whole hour")
    func hourly() async throws {
        let scratch = try machine()
        let probe = DiskLatencyProbe(tree: SysTree(root: scratch.url.path))
        let hourly = Signal("hw.physical_disk.await.hourly")
        // Ten writes of 4 ms each were finished before; then 250 reads in 1 s and 50 in 5 s.
        try statistics(scratch, reads: 0, milliseconds: 0, inFlight: 0)
        #expect(value(try await probe.observe(at: Self.start, since: nil), hourly) == nil)
        try statistics(scratch, reads: 250, milliseconds: 1000, inFlight: 0)
        #expect(value(try await probe.observe(at: Self.start + .seconds(3540), since: nil), hourly) == nil)
        try statistics(scratch, reads: 299, milliseconds: 5900, inFlight: 0)
        #expect(value(try await probe.observe(at: Self.start + .seconds(3600), since: nil), hourly) == nil)
        try statistics(scratch, reads: 300, milliseconds: 6000, inFlight: 0)
        let result = try await probe.observe(at: Self.start + .seconds(3660), since: nil)
        #expect(value(result, hourly) == .reading(0.02))
        #expect(value(result, hourly, "2") == nil, "the other disk is idle")
        expectInCatalogue(result)
        // An hour later what was finished before 3540 s is out of it.
        try statistics(scratch, reads: 1250, milliseconds: 7000, inFlight: 0)
        #expect(
            value(try await probe.observe(at: Self.start + .seconds(7260), since: nil), hourly) == .reading(0.006))
    }

    @Test("an hour of requests begins anew where a count fell, the clock went back, or nobody looked for two hours")
    func interruptedHour() {
        func work(_ requests: UInt64) -> DiskStatistics.Work {
            DiskStatistics.Work(requests: requests, sectors: requests, milliseconds: requests)
        }
        for (why, seconds, total) in [
            ("a count fell", 3780, 10), ("the clock went back", -60, 1001), ("nobody looked", 11_020, 1001),
        ] as [(String, Int, UInt64)] {
            var recent = RecentWork()
            for minute in 0...61 { _ = recent.take(work(1000), at: Self.start + .seconds(minute * 60)) }
            #expect(recent.take(work(1001), at: Self.start + .seconds(3720)) == work(1))
            #expect(recent.take(work(total), at: Self.start + .seconds(seconds)) == nil, "\(why)")
        }
    }

    @Test("a disk that has requests and finishes none is stalled for as long as that lasts")
    func stalled() async throws {
        let scratch = try machine()
        let probe = DiskLatencyProbe(tree: SysTree(root: scratch.url.path))
        let signal = Signal("hw.physical_disk.stalled")
        try statistics(scratch, reads: 100, milliseconds: 1000, inFlight: 3)
        #expect(value(try await probe.observe(at: Self.start, since: nil), signal) == .reading(0))
        #expect(value(try await probe.observe(at: Self.start + .seconds(60), since: nil), signal) == .reading(60))
        #expect(value(try await probe.observe(at: Self.start + .seconds(120), since: nil), signal) == .reading(120))
        try statistics(scratch, reads: 101, milliseconds: 1000, inFlight: 3)
        #expect(value(try await probe.observe(at: Self.start + .seconds(180), since: nil), signal) == .reading(0))
    }

    @Test("counts that fell are another disk's: nothing is said of the time between")
    func exchanged() async throws {
        let scratch = try machine()
        let probe = DiskLatencyProbe(tree: SysTree(root: scratch.url.path))
        try statistics(scratch, reads: 100, milliseconds: 1000, inFlight: 0)
        _ = try await probe.observe(at: Self.start, since: nil)
        for folder in ["sys/block", "sys/class/block"] {
            try scratch.write("\(folder)/sda/device/wwid", "naa.5000c500aaaaaaa3\n")
        }
        try statistics(scratch, reads: 4, milliseconds: 9, inFlight: 0)
        let result = try await probe.observe(at: Self.start + .seconds(60), since: nil)
        #expect(value(result, Signal("hw.physical_disk.await", ["direction": "all"]), "3") == nil)
        #expect(value(result, Signal("hw.physical_disk.requests", ["direction": "read"]), "3") == .counter(4))
    }

    @Test("a file that is missing, empty, garbage or huge is refused with its name")
    func damaged() async throws {
        let scratch = try machine()
        let probe = DiskLatencyProbe(tree: SysTree(root: scratch.url.path))
        func refusal() async -> ProbeError? {
            do throws(ProbeError) { _ = try await probe.observe(at: Self.start, since: nil) } catch { return error }
            return nil
        }
        #expect(await refusal() == nil, "what disks tell in a recording of /sys alone is told")
        let empty = DiskLatencyProbe(tree: SysTree(root: try ScratchFolder().url.path))
        await #expect(
            throws: ProbeError.absent(
                because: "/proc/diskstats is not there, and no disk of /sys tells its state")
        ) { _ = try await empty.observe(at: Self.start, since: nil) }
        try scratch.write("proc/diskstats", "")
        #expect(await refusal() == .absent(because: "/proc/diskstats names no block device"))
        try scratch.write("proc/diskstats", "\u{0}garbage\n\n8 0 sda one two\n")
        #expect(await refusal()?.coverageState == "failing")
        try scratch.write("proc/diskstats", [UInt8](repeating: 0x41, count: 10 << 20))
        #expect(await refusal() == .malformed(path: "/proc/diskstats", problem: "is larger than 4194304"))
    }

    @Test("an eMMC card tells of its wear without being asked")
    func card() async throws {
        let scratch = try ScratchFolder()
        for folder in ["sys/block", "sys/class/block"] {
            try scratch.write("\(folder)/mmcblk0/device/life_time", "0x03 0x0a\n")
            try scratch.write("\(folder)/mmcblk0/device/pre_eol_info", "0x02\n")
            try scratch.write("\(folder)/mmcblk0/device/serial", "0x1234abcd\n")
        }
        try scratch.write(
            "proc/diskstats", " 179 0 mmcblk0 5 0 40 10 0 0 0 0 0 10 10\n 179 1 mmcblk0p1 5 0 40 10 0 0 0 0 0 10 10\n")
        let result = try await DiskLatencyProbe(tree: SysTree(root: scratch.url.path)).observe(
            at: Self.start, since: nil)
        let values = Dictionary(result.observations.map { ($0.signal.name, $0.measurement) }, uniquingKeysWith: { $1 })
        #expect(values["hw.physical_disk.endurance_used"] == .reading(1))
        #expect(values["hw.physical_disk.pre_eol"] == .state("warning"))
        expectInCatalogue(result)
    }

    @Test("every recorded /proc/diskstats is read; awk counts the same requests", .recorded("sysfs"))
    func recorded() async throws {
        var files = 0
        for archive in Recordings.entries("sysfs") where archive.lastPathComponent.hasSuffix(".bz2") {
            guard let tree = try await RecordedTree(archive) else { continue }
            let file = tree.root.appending(path: "proc/diskstats")
            guard FileManager.default.fileExists(atPath: file.path) else { continue }
            files += 1
            let statistics = DiskStatistics(parsing: [UInt8](try Data(contentsOf: file)))
            let sum = statistics.lines.reduce(into: UInt64(0)) { $0 &+= $1.read.requests &+ $1.write.requests }
            let (_, output) = try await run(
                "awk", ["NF >= 14 { lines++; sum += $4 + $8 } END { printf \"%d %d\", lines, sum }", file.path])
            #expect(String(decoding: output, as: UTF8.self) == "\(statistics.lines.count) \(sum)")
            #expect(statistics.damaged == 0)
        }
        print("diskstats: \(files) files read")
        #expect(files == 0 || files >= 3)
    }
}
