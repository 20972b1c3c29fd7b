import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("The board as a whole")
struct BoardTests {
    static let now = Timestamp(seconds: 1_763_712_000)

    private func machine(_ files: [String: String]) throws -> ScratchFolder {
        let scratch = try ScratchFolder()
        try scratch.write("proc/uptime", "100.25 380.11\n")
        try scratch.write("proc/sys/kernel/random/boot_id", "boot-1\n")
        for (path, text) in files { try scratch.write(path, text) }
        return scratch
    }

    private func value(_ result: ProbeResult, _ signal: String) -> Reports.Measurement? {
        result.observations.first { $0.signal.name == signal }?.measurement
    }

    private func look(_ scratch: ScratchFolder, synchronised: Bool? = true, since cursor: String? = nil) async throws
        -> ProbeResult
    {
        let board = BoardProbe(tree: SysTree(root: scratch.url.path), isSynchronised: { synchronised })
        return try await board.observe(at: Self.now, since: cursor.map { ProbeCursor(probe: "board", value: $0) })
    }

    @Test("a clock decades wrong is seconds off the time of the network")
    func clock() async throws {
        let scratch = try machine(["sys/class/rtc/rtc0/since_epoch": "946684800\n"])
        #expect(value(try await look(scratch), "hw.clock.offset") == .reading(946_684_800 - 1_763_712_000))
        let unknown = value(try await look(scratch, synchronised: false), "hw.clock.offset")
        #expect(unknown == .unavailable(Unavailable(rawValue: "notSynchronised")))
    }

    @Test("a clock that keeps local time is not compared")
    func localTime() async throws {
        let scratch = try machine([
            "sys/class/rtc/rtc0/since_epoch": "1763715600\n", "etc/adjtime": "0.0 0 0.0\n0\nLOCAL\n",
        ])
        #expect(value(try await look(scratch), "hw.clock.offset") == .unavailable(.notSupported))
    }

    @Test("what the clock said at boot is told when the time is known, although the kernel has set it right by then")
    func clockAtBoot() {
        var comparison = ClockComparison()
        // 20 s after boot, the clock 1000 s slow, and nothing to compare it with.
        let early = comparison.offset(
            of: 9_020, uptime: .seconds(20), at: Timestamp(seconds: 9_020), synchronised: false)
        #expect(early == nil)
        // 100 s after boot the network's time is here, and the kernel has mended the clock.
        let known = comparison.offset(
            of: 10_100, uptime: .seconds(100), at: Timestamp(seconds: 10_100), synchronised: true)
        #expect(known == -1000)
        let later = comparison.offset(
            of: 13_601, uptime: .seconds(3600), at: Timestamp(seconds: 13_600), synchronised: true)
        #expect(later == 1)
    }

    @Test("a reset by the watchdog is told once in each boot")
    func watchdog() async throws {
        let scratch = try machine([
            "sys/class/watchdog/watchdog0/bootstatus": "32\n", "sys/class/watchdog/watchdog0/identity": "iTCO_wdt\n",
        ])
        let first = try await look(scratch)
        #expect(value(first, "hw.watchdog") == .event("the watchdog (iTCO_wdt) reset the server"))
        #expect(value(try await look(scratch, since: first.cursor?.value), "hw.watchdog") == nil)
        try scratch.write("proc/sys/kernel/random/boot_id", "boot-2\n")
        #expect(value(try await look(scratch, since: first.cursor?.value), "hw.watchdog") != nil)
    }

    @Test("a start that nothing orderly preceded is counted, and one after a stop or of an unknown end is not")
    func shutdowns() async throws {
        let scratch = try machine([:])
        let unknown = value(try await look(scratch, since: "boot-0 4"), "hw.unclean_shutdowns")
        #expect(unknown == .unavailable(.notSupported))
        try scratch.write("var/lib/callhome-agent/previous-stop", "boot-0\n")
        #expect(value(try await look(scratch, since: "boot-0 4"), "hw.unclean_shutdowns") == .counter(4))
        try scratch.write("var/lib/callhome-agent/previous-stop", "none\n")
        let result = try await look(scratch, since: "boot-0 4")
        #expect(value(result, "hw.unclean_shutdowns") == .counter(5))
        #expect(result.cursor?.value == "boot-1 5")
        // The agent's restart within a boot is no start of the server.
        #expect(value(try await look(scratch, since: "boot-1 5"), "hw.unclean_shutdowns") == .counter(5))
    }

    @Test("poisoned memory and dumps of crashes are told")
    func poison() async throws {
        let scratch = try machine([
            "proc/meminfo": "MemTotal: 100 kB\nHardwareCorrupted:     4 kB\n", "sys/fs/pstore/dmesg-efi-1": "x",
            "var/lib/systemd/pstore/1/dmesg.txt": "x",
        ])
        let result = try await look(scratch)
        #expect(value(result, "hw.memory.poisoned") == .reading(4096))
        #expect(value(result, "hw.crash_dumps") == .reading(2))
    }

    @Test("bad files are unavailable or refused, each by itself")
    func bad() async throws {
        let scratch = try machine([
            "sys/class/rtc/rtc0/since_epoch": "soon\n", "proc/meminfo": "HardwareCorrupted: many kB\n",
            "sys/class/watchdog/watchdog0/bootstatus": "",
        ])
        let result = try await look(scratch)
        #expect(value(result, "hw.clock.offset") == .unavailable(.malformed))
        #expect(value(result, "hw.memory.poisoned") == nil)
        try scratch.write("proc/uptime", "nan\n")
        await #expect(throws: ProbeError.malformed(path: "/proc/uptime", problem: "says \"nan\" where seconds belong"))
        {
            try await look(scratch)
        }
    }
}

@Suite("Processors")
struct ProcessorsTests {
    /// Two sockets of two cores with two threads each.
    private func machine() throws -> ScratchFolder {
        let scratch = try ScratchFolder()
        let folder = "sys/devices/system/cpu"
        try scratch.write("\(folder)/online", "0-7\n")
        for number in 0..<8 {
            let path = "\(folder)/cpu\(number)"
            try scratch.write("\(path)/topology/physical_package_id", "\(number / 4)\n")
            try scratch.write("\(path)/topology/core_id", "\(number % 4 / 2)\n")
            try scratch.write("\(path)/thermal_throttle/core_throttle_count", "\(number)\n")
            try scratch.write("\(path)/thermal_throttle/package_throttle_count", "9\n")
            try scratch.write("\(path)/thermal_throttle/package_throttle_total_time_ms", "1234\n")
            try scratch.write("\(path)/cpufreq/scaling_max_freq", "3000000\n")
            try scratch.write("\(path)/cpufreq/bios_limit", "2400000\n")
            try scratch.write("\(path)/cpufreq/cpuinfo_max_freq", "3600000\n")
        }
        return scratch
    }

    private func values(_ result: ProbeResult, _ component: String) -> [String: Reports.Measurement] {
        Dictionary(
            uniqueKeysWithValues: result.observations.filter { $0.component.rawValue == component }
                .map { ($0.signal.description, $0.measurement) })
    }

    @Test("throttling is summed over the cores of a socket, and told once for the package")
    func throttling() async throws {
        let scratch = try machine()
        let result = try await ProcessorProbe(tree: SysTree(root: scratch.url.path)).observe(
            at: BoardTests.now, since: nil)
        #expect(result.components.map(\.id.rawValue) == ["cpu:package0", "cpu:package1"])
        let second = values(result, "cpu:package1")
        // Threads 4 and 6: 5 and 7 are their siblings.
        #expect(second["hw.cpu.throttles{scope=\"core\"}"] == .counter(10))
        #expect(second["hw.cpu.throttles{scope=\"package\"}"] == .counter(9))
        #expect(second["hw.cpu.throttle_time{scope=\"package\"}"] == .counter(1234))
        #expect(second["hw.cpu.throttle_time{scope=\"core\"}"] == nil)
        #expect(second["hw.cpu.speed.limit{limit_type=\"cap\"}"] == .reading(2_400_000_000))
        #expect(second["hw.cpu.speed.limit{limit_type=\"rated.high\"}"] == .reading(3_600_000_000))
        #expect(second["hw.cpu.threads"] == .reading(4))
    }

    @Test("one bad counter makes its sum unavailable, and no other")
    func bad() async throws {
        let scratch = try machine()
        try scratch.write("sys/devices/system/cpu/cpu6/thermal_throttle/core_throttle_count", "")
        let result = try await ProcessorProbe(tree: SysTree(root: scratch.url.path)).observe(
            at: BoardTests.now, since: nil)
        #expect(values(result, "cpu:package1")["hw.cpu.throttles{scope=\"core\"}"] == .unavailable(.malformed))
        #expect(values(result, "cpu:package0")["hw.cpu.throttles{scope=\"core\"}"] == .counter(2))
    }

    @Test("every recorded machine has its processors told, or says why not", .recorded("sysfs"))
    func recorded() async throws {
        var (told, refused, sockets) = (0, 0, 0)
        let entries = Recordings.entries("sysfs")
        for entry in entries {
            guard let recorded = try await RecordedTree(entry) else { continue }
            let probe = ProcessorProbe(tree: SysTree(root: recorded.root.path))
            do {
                let result = try await probe.observe(at: BoardTests.now, since: nil)
                told += 1
                sockets += result.components.count
                // The kernel's own list of packages, counted by another program.
                let (_, output) = try await run(
                    "sh",
                    [
                        "-c",
                        "cat \"$0\"/sys/devices/system/cpu/cpu[0-9]*/topology/physical_package_id "
                            + "\"$0\"/devices/system/cpu/cpu[0-9]*/topology/physical_package_id 2>/dev/null | grep -v '^-' | sort -u | wc -l",
                        recorded.root.path,
                    ])
                let packages = Int(String(decoding: output, as: UTF8.self).filter(\.isNumber))
                #expect(packages == result.components.count, "\(entry.lastPathComponent)")
            } catch {
                refused += 1
                print("  refused: \(entry.lastPathComponent): \(error)")
            }
        }
        if !entries.isEmpty { print("recorded machines: \(told) told, \(sockets) sockets, \(refused) refused") }
    }
}
