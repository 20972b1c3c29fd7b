import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("The kernel's log")
struct KernelLogTests {
    static let now = Timestamp(seconds: 1_763_712_000)

    private func facts(_ text: String) -> [KernelFact] {
        var reading = KernelLogReading(table: KernelMessageTable())
        for line in text.utf8.split(separator: 0x0A) {
            if let message = KernelMessage(line: line) { reading.take(message) }
        }
        reading.finish()
        return reading.facts
    }

    // MARK: Messages

    @Test(
        "the same message is read in every form of log",
        arguments: [
            "4,812,45123456,-;ata3: hard resetting link",
            "4,812,45123456,-,caller=T12;ata3: hard resetting link",
            "[   45.123456] ata3: hard resetting link",
            "<4>[   45.123456] ata3: hard resetting link",
            "[   45.123456] [   T12] ata3: hard resetting link",
            "[   45.123456][   T12] ata3: hard resetting link",
            "[Tue Apr  3 10:00:01 2018] ata3: hard resetting link",
            "2026-11-21T08:15:30,123456+01:00 ata3: hard resetting link",
            "2026-11-21T08:15:30.123456+0100 web1 kernel: ata3: hard resetting link",
            "Nov 21 08:15:30 web1 kernel: ata3: hard resetting link",
            "Nov 21 08:15:30 web1 kernel: [   45.123456] ata3: hard resetting link",
            "[   45.123456] web1 kernel: ata3: hard resetting link",
            "> [   45.123456] ata3: hard resetting link",
            "ata3: hard resetting link\r",
        ])
    func forms(line: String) throws {
        let message = try #require(KernelMessage(line: line.utf8))
        #expect(message.words == "ata3: hard resetting link")
        #expect((message.stamp == nil) == (line.hasPrefix("ata3")))
    }

    @Test(
        "what programs logged is no message of the kernel",
        arguments: [
            "Nov 21 08:15:30 web1 sshd[812]: ata3: hard resetting link",
            "14,900,45123456,-;systemd[1]: ata3: hard resetting link",
            "12,900,45123456,-;ata3: hard resetting link", "", "   ",
        ])
    func others(line: String) { #expect(KernelMessage(line: line.utf8) == nil) }

    @Test("escaped bytes of a record are the bytes, and its properties are left out")
    func escapes() throws {
        let record = "3,7,100,-;a\\x0ab\n SUBSYSTEM=scsi\n DEVICE=+scsi:2:0:0:0\n"
        let message = try #require(KernelMessage(record: record.utf8))
        #expect(message.words == "a\nb")
        #expect(message.sequence == 7)
        #expect(message.stamp == .uptime(.microseconds(100)))
    }

    // MARK: The table

    @Test(
        "a line tells its signal of the part that it names",
        arguments: [
            (
                "ata3.00: exception Emask 0x10 SAct 0x4 SErr 0x400100 action 0x6 frozen", "hw.physical_disk.exception",
                "ata3.00"
            ),
            ("ata3: hard resetting link", "hw.physical_disk.reset", "ata3"),
            (
                "blk_update_request: I/O error, dev sda, sector 4096 op 0x0:(READ) flags 0x0 phys_seg 1 prio class 0",
                "hw.physical_disk.io_error{operation=\"read\"}", "sda"
            ),
            (
                "I/O error, dev nvme0n1, sector 4096 op 0x1:(WRITE) flags 0x0",
                "hw.physical_disk.io_error{operation=\"write\"}", "nvme0n1"
            ),
            ("print_req_error: I/O error, dev sdb, sector 123", "hw.physical_disk.io_error{operation=\"any\"}", "sdb"),
            (
                "critical medium error, dev sdc, sector 88 op 0x0:(READ) flags 0x0",
                "hw.physical_disk.io_error{operation=\"read\"}", "sdc"
            ),
            (
                "sd 2:0:0:0: [sda] tag#3 Sense Key : Medium Error [current] ", "hw.physical_disk.sense{key=\"medium\"}",
                "2:0:0:0"
            ),
            (
                "sd 2:0:0:0: [sda] tag#3 Add. Sense: Hardware impending failure data error rate too high",
                "hw.physical_disk.informational_exception{asc=\"5d\",ascq=\"12\"}", "2:0:0:0"
            ),
            ("nvme nvme0: I/O 22 QID 4 timeout, aborting", "hw.physical_disk.command_timeout", "nvme0"),
            (
                "nvme nvme1: controller is down; will reset: CSTS=0xffffffff, PCI_STATUS=0x10",
                "hw.physical_disk.reset", "nvme1"
            ),
            ("nvme nvme1: Removing after probe failure status: -19", "hw.physical_disk.lost", "nvme1"),
            ("md/raid1:md0: Disk failure on sda1, disabling device.", "hw.raid.member_failed{array=\"md0\"}", "sda1"),
        ])
    func disks(line: String, signal: String, name: String) throws {
        let fact = try #require(facts(line).first)
        #expect(fact.signal.description == signal)
        #expect(fact.subject == .disk(name))
    }

    @Test(
        "a line of a card, processor or file system names that",
        arguments: [
            (
                "NETDEV WATCHDOG: eth0 (e1000e): transmit queue 0 timed out", "hw.network.hang",
                KernelSubject.nic("eth0", pci: nil)
            ),
            (
                "ixgbe 0000:01:00.0 eth1: NETDEV WATCHDOG: CPU: 3: transmit queue 2 timed out 5123 ms",
                "hw.network.hang",
                .nic("eth1", pci: "0000:01:00.0")
            ),
            (
                "mce: CPU3: Core temperature above threshold, cpu clock throttled (total events = 1)",
                "hw.cpu.throttled{scope=\"core\"}", .processor(3)
            ),
            (
                "NVRM: Xid (PCI:0000:3b:00): 79, pid=0, GPU has fallen off the bus.", "hw.gpu.xid{xid=\"79\"}",
                .gpu("0000:3b:00.0")
            ),
            ("usb usb1-port3: over-current condition", "hw.usb.over_current", .usb("usb1")),
            ("hub 1-0:1.0: over-current condition on port 2", "hw.usb.over_current", .usb("1-0")),
            ("EXT4-fs error (device dm-3): ext4_lookup:1601: inode #2: bad", "hw.filesystem.error", .volume("dm-3")),
            (
                "Memory failure: 0x12345: recovery action for dirty LRU page: Recovered", "hw.memory.page_poisoned",
                .server
            ),
            ("pcieport 0000:00:1c.0: pciehp: Slot(5): Link Down", "hw.pcie.link_lost", .pci("0000:00:1c.0")),
        ])
    func others(line: String, signal: String, subject: KernelSubject) throws {
        let fact = try #require(facts(line).first)
        #expect(fact.signal.description == signal)
        #expect(fact.subject == subject)
    }

    @Test(
        "a line of a sound machine tells nothing",
        arguments: [
            "ata1: SATA link up 6.0 Gbps (SStatus 133 SControl 300)",
            "igb 0000:01:00.0 eth0: igb: eth0 NIC Link is Up 1000 Mbps",
            "sd 2:0:0:0: [sda] tag#3 Sense Key : Illegal Request [current] ",
            "critical target error, dev sdb, sector 0 op 0x3:(DISCARD) flags 0x800",
            "I/O error, dev sdb, sector 0 op 0x3:(DISCARD) flags 0x800",
            "sd 2:0:0:0: [sda] tag#3 Add. Sense: Failure prediction threshold exceeded (false)",
            "EXT4-fs (sda1): mounted filesystem with ordered data mode",
            "usb 1-4: new high-speed USB device number 3 using xhci_hcd",
            "r8169 0000:22:00.0 enp34s0: Link is Down",
            "pcieport 0000:a9:10.0: pciehp: Slot(272): Link Down/Up ignored (recovered by DPC)",
        ])
    func sound(line: String) { #expect(facts(line).isEmpty) }

    @Test(
        "a network link is lost when it was there before, and once",
        arguments: [
            "igb 0000:01:00.0 eth0: igb: eth0 NIC Link is Up 1000 Mbps Full Duplex",
            "tg3 0000:01:00.0 eth0: Link is up at 1000 Mbps, full duplex", "mlx5_core 0000:01:00.0 eth0: Link up",
            "IPv6: ADDRCONF(NETDEV_CHANGE): eth0: link becomes ready",
        ])
    func networkLinks(up: String) {
        let down = "igb 0000:01:00.0 eth0: igb: eth0 NIC Link is Down"
        let told = facts([down, up, down, down, "e1000e: eth1 NIC Link is Down", up, down].joined(separator: "\n"))
        #expect(told.map(\.signal.description) == ["hw.network.link_lost", "hw.network.link_lost"])
        #expect(told.allSatisfy { $0.subject == .nic("eth0", pci: "0000:01:00.0") })
    }

    @Test("after a restart, what earlier messages said of a link counts, and none of them is told again")
    func rememberedLinks() throws {
        func message(_ state: String) throws -> KernelMessage {
            try #require(KernelMessage(line: "r8169 0000:22:00.0 enp34s0: Link is \(state)".utf8))
        }
        var reading = KernelLogReading(table: KernelMessageTable())
        for state in ["Down", "Up", "Down", "Up"] { reading.remember(try message(state)) }
        reading.take(try message("Down"))
        reading.finish()
        #expect(reading.facts.map(\.signal.name) == ["hw.network.link_lost"])
    }

    // MARK: Errors that two tell

    private func block(_ number: Int, page: String, at seconds: String) -> String {
        [
            "Hardware error from APEI Generic Hardware Error Source: 2", "event severity: corrected",
            " Error 0, type: corrected", "  section_type: memory error", "  physical_address: 0x\(page)020",
            "  error_type: 4, single-symbol chipkill ECC", "  DIMM location: not present. DMI handle: 0x0000",
        ].map { "[\(seconds)] {\(number)}[Hardware Error]: \($0)" }.joined(separator: "\n")
    }

    private func line(page: String, at seconds: String, count: Int = 1) -> String {
        "[\(seconds)] EDAC MC0: \(count) CE single-symbol chipkill ECC on DIMM_A1 (node:0 card:0 module:0 "
            + "page:0x\(page) offset:0x20 grain:1 syndrome:0x0)"
    }

    private func errors(_ parts: String...) -> [KernelFact.Family] {
        facts(parts.joined(separator: "\n")).filter { $0.signal.name == "hw.memory.error" }.map(\.family)
    }

    @Test("an error of memory that EDAC and the firmware tell is told once, as EDAC tells it")
    func echoes() {
        #expect(errors(line(page: "8cb743", at: "10.000000"), block(1, page: "8cb743", at: "10.100000")) == [.memory])
        #expect(errors(block(1, page: "8cb743", at: "10.100000"), line(page: "8cb743", at: "10.900000")) == [.memory])
        let both = line(page: "8cb743", at: "10.000000") + "\n" + block(1, page: "8cb743", at: "10.000000")
        #expect(facts(both).filter { $0.signal.name == "hw.memory.page_error" }.count == 1)
    }

    @Test("each line stands for as many errors as it counts: of three of one page, one that EDAC left out is told")
    func echoesByCount() {
        let blocks = (1...3).map { block($0, page: "8cb743", at: "10.00000\($0)") }.joined(separator: "\n")
        let lines = line(page: "8cb743", at: "10.000001") + "\n" + line(page: "8cb743", at: "10.000002")
        #expect(errors(lines, blocks) == [.memory, .memory, .firmwareMemory])
        #expect(errors(line(page: "8cb743", at: "10.000001", count: 3), blocks) == [.memory])
    }

    @Test("errors of other pages and of other times are others")
    func otherErrors() {
        let told = line(page: "8cb743", at: "10.000000")
        #expect(errors(told, block(1, page: "8cb744", at: "10.000000")) == [.memory, .firmwareMemory])
        #expect(errors(told, block(1, page: "8cb743", at: "13.000000")) == [.memory, .firmwareMemory])
        #expect(errors(block(1, page: "8cb743", at: "10.000000")) == [.firmwareMemory])
    }

    @Test("of more records of the firmware than are put together at once, each is told")
    func manyRecords() {
        let count = KernelBlocks.limit * 3
        let blocks = (1...count).map { block($0, page: "8cb743", at: "10.000000") }.joined(separator: "\n")
        #expect(errors(blocks).count == count)
    }

    @Test("every signal that a row can tell is in the catalogue")
    func catalogued() {
        for fact in KernelMessageTable.shipped.compactMap({
            $0.signal(LinePattern.Captures(["op": "READ", "key": "Medium Error"]))
        }) {
            #expect(SignalCatalogue.objection(to: fact) == nil)
        }
    }

    // MARK: Position

    private func record(_ number: UInt64, _ text: String = "ata3: hard resetting link") -> KernelLogDevice.Next {
        .record(Array("4,\(number),\(number * 1_000_000),-;\(text)\n".utf8))
    }

    /// Goes on from `cursor` and takes records.
    /// - Returns: whether the log is read from its beginning, and the numbers of the messages that are told.
    private func resume(
        _ position: inout KernelLogPosition, _ cursor: ProbeCursor?, boot: String, _ records: [KernelLogDevice.Next]
    ) -> (anew: Bool, told: [UInt64?]) {
        let anew = position.resumes(cursor, boot: boot)
        var told: [UInt64?] = []
        for next in records {
            if let message = position.take(next) { told.append(message.sequence) }
        }
        return (anew, told)
    }

    @Test("after a restart in the same boot nothing is told twice, and what was overwritten meanwhile is counted")
    func restart() throws {
        var first = KernelLogPosition()
        let begun = resume(&first, nil, boot: "a", (0..<5).map { record($0) })
        #expect(begun.anew)
        #expect(begun.told == [0, 1, 2, 3, 4])
        let cursor = try #require(first.cursor)

        var second = KernelLogPosition()
        let resumed = resume(&second, cursor, boot: "a", [record(3), record(4), .overwritten, record(25)])
        #expect(resumed.anew)
        #expect(resumed.told == [25])
        #expect(second.lost == 20)
    }

    @Test("a reboot begins anew")
    func reboot() {
        var before = KernelLogPosition()
        _ = resume(&before, nil, boot: "a", [record(900)])
        var after = KernelLogPosition()
        let resumed = resume(&after, before.cursor, boot: "b", [record(0)])
        #expect(resumed.anew)
        #expect(resumed.told == [0])
        #expect(after.lost == 0)
    }

    @Test("the cursor of a later look in the same process does not read the log again, another one does")
    func goesOn() {
        var position = KernelLogPosition()
        _ = resume(&position, nil, boot: "a", [record(1)])
        let same = resume(&position, position.cursor, boot: "a", [record(1)])
        #expect(!same.anew)
        #expect(same.told.isEmpty)
        let other = resume(&position, ProbeCursor(probe: "kernel-log", value: "a 0 0 0 0"), boot: "a", [record(1)])
        #expect(other.anew)
        #expect(other.told == [1])
    }

    // MARK: The probe

    private func observe(_ log: some Sequence<UInt8>, tree: [String: String] = [:]) async throws -> ProbeResult {
        let scratch = try ScratchFolder()
        try scratch.write("dev/kmsg", log)
        for (path, text) in tree { try scratch.write(path, text) }
        return try await KernelLogProbe(tree: SysTree(root: scratch.url.path), traces: KernelTraces(mounts: []))
            .observe(
                at: Self.now, since: nil)
    }

    @Test("an event bears the time of its message: as long before now as its stamp")
    func times() async throws {
        let result = try await observe(
            "[  100.000000] ata3: hard resetting link\n[  160.000000] ata4: hard resetting link\n".utf8)
        let events = result.observations.filter { $0.signal.name == "hw.physical_disk.reset" }
        #expect(events.map(\.time) == [Self.now - .seconds(60), Self.now])
        #expect(events.map(\.component.rawValue) == ["disk:device-ata3", "disk:device-ata4"])
    }

    @Test("a flood of 100,000 lines is told by as many events as patterns count, and a number")
    func flood() async throws {
        let line =
            "[  100.000000] blk_update_request: I/O error, dev sda, sector 1 op 0x0:(READ) flags 0x0 phys_seg 1\n"
        let result = try await observe(String(repeating: line, count: 100_000).utf8)
        let events = result.observations.filter { $0.signal.name == "hw.physical_disk.io_error" }
        #expect(events.count == EventAggregation.eventsOfOneKind)
        let untold = result.observations.first { $0.signal[label: "fate"] == "untold" }?.measurement
        // What is kept of one look is bounded, and the rest counted.
        #expect(untold == .counter(UInt64(100_000 - KernelLogReading.facts)))
        guard case .event(let words) = try #require(events.last).measurement else { return #expect(Bool(false)) }
        #expect(
            words.hasPrefix("\(KernelLogReading.facts - EventAggregation.eventsOfOneKind) more like this: blk_update"))
    }

    @Test("what the kernel left out is counted")
    func suppressed() async throws {
        let result = try await observe("[  1.000000] print_req_error: 36 callbacks suppressed\n".utf8)
        #expect(result.observations.first { $0.signal[label: "fate"] == "suppressed" }?.measurement == .counter(36))
    }

    @Test(
        "the log of this machine is read once, by the records that the kernel gives",
        .enabled(if: FileManager.default.isReadableFile(atPath: "/dev/kmsg"), "the kernel's log may not be read"))
    func thisMachine() async throws {
        let probe = KernelLogProbe(tree: SysTree(), traces: KernelTraces(mounts: []))
        // Without the capability (CAP_SYSLOG) the file is there and cannot be opened.
        guard let first = try? await probe.observe(at: Self.now, since: nil) else { return }
        let cursor = try #require(first.cursor)
        let boot = try String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
        #expect(cursor.value.hasPrefix(boot.split(separator: "\n")[0] + " "))
        let again = try await KernelLogProbe(tree: SysTree(), traces: KernelTraces(mounts: [])).observe(
            at: Self.now, since: cursor)
        #expect(again.observations.allSatisfy { $0.signal.name == "hw.kernel_log.missed" })
    }

    @Test("a log that is none is refused with what is wrong with it")
    func garbage() async throws {
        await #expect(
            throws: ProbeError.malformed(path: "/dev/kmsg", problem: "is no text: a log has no bytes of zero")
        ) {
            try await observe([0x41, 0, 0x42])
        }
        let unknown = ProbeError.malformed(
            path: "/dev/kmsg", problem: "nothing in it was recognised: no line is a record or message of a kernel")
        for text in ["", "hello world\nfoo: bar\n", "<html><body>404 Not found</body></html>\n", "a,b,c\n1,2,3\n"] {
            await #expect(throws: unknown) { try await observe(Array(text.utf8)) }
        }
        // A log in which nothing happened is a log.
        let quiet = try await observe(Array("[    0.000000] Linux version 6.1.0\n".utf8))
        #expect(quiet.observations.allSatisfy { $0.signal.name == "hw.kernel_log.missed" })
        let noise = (0..<200_000).map { _ in UInt8.random(in: 1...255) }
        if let heard = try? await observe(noise) {
            #expect(heard.observations.allSatisfy { $0.signal.name == "hw.kernel_log.missed" })
        }
    }
}
