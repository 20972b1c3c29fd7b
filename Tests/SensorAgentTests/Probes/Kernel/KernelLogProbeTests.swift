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
            "kern  :err   : [   45.123456] ata3: hard resetting link",
            "kern  :warn  : [Tue Apr  3 10:00:01 2018] ata3: hard resetting link",
            "kern  :warn  : 2026-11-21T08:15:30,123456+01:00 ata3: hard resetting link",
            "[   45.123456 <    0.000012>] ata3: hard resetting link", "[Apr 3 10:00] ata3: hard resetting link",
            "[Apr03 10:00] ata3: hard resetting link",
            "1763712000.123456 web1 kernel: ata3: hard resetting link",
            "Fri 2025-11-21 08:15:30 UTC web1 kernel: ata3: hard resetting link",
            "Nov 21 08:15:30 web1 kern.warn kernel: ata3: hard resetting link",
            "Okt 21 08:15:30 web1 kernel: ata3: hard resetting link",
            "[Di Okt 21 08:15:30 2025] ata3: hard resetting link",
            "févr. 21 08:15:30 web1 kernel: ata3: hard resetting link",
            "[lun. oct.  6 08:15:30 2025] ata3: hard resetting link",
            "10月 21 08:15:30 web1 kernel: ata3: hard resetting link",
            "[火 10月 21 08:15:30 2025] ata3: hard resetting link",
            "паз 21 08:15:30 web1 kernel: ata3: hard resetting link",
            "Okt 21 08:15:30 web1 kernel: [   45.123456] ata3: hard resetting link",
            "> [   45.123456] ata3: hard resetting link",
            "ata3: hard resetting link\r",
        ])
    func forms(line: String) throws {
        let message = try #require(KernelMessage(line: line.utf8))
        #expect(message.words == "ata3: hard resetting link")
        // What month `паз` is nobody here knows; the line is the kernel's all the same.
        #expect((message.stamp == nil) == (line.hasPrefix("ata3") || line.hasPrefix("паз")))
        #expect(message.isSigned == !line.hasPrefix("ata3") || message.stamp != nil)
    }

    @Test("times of dmesg in other languages are as far apart as they are, also over the end of a month")
    func otherLanguages() throws {
        func time(_ line: String) throws -> Duration {
            guard case .wall(let time) = try #require(KernelMessage(line: line.utf8)).stamp else { return .zero }
            return time
        }
        let first = try time("[Fr Okt 31 23:59:50 2025] a")
        #expect(try time("[Sa Nov  1 00:00:10 2025] b") - first == .seconds(20))
        #expect(try time("[Sab Mag  3 10:00:05 2025] b") - time("[Sab Mag  3 10:00:00 2025] a") == .seconds(5))
        #expect(try time("[土  5月  3 10:00:05 2025] b") == time("[Sat May  3 10:00:05 2025] b"))
    }

    @Test(
        "what programs logged is no message of the kernel",
        arguments: [
            "Nov 21 08:15:30 web1 sshd[812]: ata3: hard resetting link",
            "14,900,45123456,-;systemd[1]: ata3: hard resetting link",
            "12,900,45123456,-;ata3: hard resetting link", "", "   ",
            "daemon:err   : [   45.123456] ata3: hard resetting link",
            "user  :notice: [   45.123456] ata3: hard resetting link",
            "Okt 21 08:15:30 web1 sshd[812]: ata3: hard resetting link",
        ])
    func others(line: String) { #expect(KernelMessage(line: line.utf8) == nil) }

    @Test("escaped bytes of a record are the bytes, and its properties are left out")
    func escapes() throws {
        let record = "3,7,100,-;a\\x0ab\n SUBSYSTEM=scsi\n DEVICE=+scsi:2:0:0:0\n"
        let message = try #require(KernelMessage(record: record.utf8))
        #expect(message.words == "a\nb")
        #expect(message.sequence == 7)
        #expect(message.stamp == .uptime(.microseconds(100)))
        // A sign is no digit.
        #expect(KernelMessage(record: "3,8,101,-;a\\x+1b\\x1".utf8)?.words == "a\\x+1b\\x1")
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
            (
                "md/raid0md3: Disk failure on sda1 detected, failing array.", "hw.raid.member_failed{array=\"md3\"}",
                "sda1"
            ),
            ("md/raid1:md0: read error corrected (8 sectors at 512 on sdb1)", "hw.raid.read_error", "sdb1"),
            ("md/raid:md0: read error NOT corrected!! (sector 4096 on sdc1).", "hw.raid.read_error", "sdc1"),
            ("md/raid10:md0: read correction write failed (8 sectors at 16 on sdd1)", "hw.raid.read_error", "sdd1"),
            // Linux 5.18 and later, without and with names of commands and status.
            (
                "nvme4n1: I/O Cmd(0x1) @ LBA 2048, 8 blocks, I/O Error (sct 0x2 / sc 0x80) MORE",
                "hw.physical_disk.sense{key=\"medium\"}", "nvme4n1"
            ),
            (
                "nvme4n1: Read(0x2) @ LBA 2048, 8 blocks, Unrecovered Read Error (sct 0x2 / sc 0x81) DNR",
                "hw.physical_disk.sense{key=\"medium\"}", "nvme4n1"
            ),
            (
                "nvme4n1: Read(0x2), Unrecovered Read Error (sct 0x2 / sc 0x81) DNR CDW10=0x800",
                "hw.physical_disk.sense{key=\"medium\"}", "nvme4n1"
            ),
            (
                "nvme0c0n1: I/O Cmd(0x2) @ LBA 0, 8 blocks, I/O Error (sct 0x0 / sc 0x6) ",
                "hw.physical_disk.sense{key=\"hardware\"}", "nvme0c0n1"
            ),
            (
                "nvme1n1: I/O Cmd(0x2) @ LBA 0, 8 blocks, I/O Error (sct 0x0 / sc 0x4) ",
                "hw.physical_disk.sense{key=\"aborted\"}", "nvme1n1"
            ),
            (
                "sd 0:0:3:0: [sdd] tag#7 Sense Key : Hardware Error [current] ",
                "hw.physical_disk.sense{key=\"hardware\"}", "0:0:3:0"
            ),
            (
                "sd 0:0:3:0: [sdd] tag#7 Sense Key : 0xb [current] ", "hw.physical_disk.sense{key=\"aborted\"}",
                "0:0:3:0"
            ),
            ("nvme nvme3: Disabling device after reset failure: -19", "hw.physical_disk.lost", "nvme3"),
            (
                "nvme nvme0: controller is down; will reset: CSTS=0x3, PCI_STATUS=0x10",
                "hw.physical_disk.sense{key=\"fatal\"}", "nvme0"
            ),
            (
                "sd 0:0:9:0: [sdj] tag#0 Add. Sense: Failure prediction threshold exceeded",
                "hw.physical_disk.sense{key=\"predicted\"}", "0:0:9:0"
            ),
            (
                "sd 0:0:9:0: [sdj] tag#0 Add. Sense: Data channel impending failure access times too high",
                "hw.physical_disk.sense{key=\"predicted\"}", "0:0:9:0"
            ),
            ("sd 3:0:1:0: [sdc] Medium access timeout failure. Offlining disk!", "hw.physical_disk.lost", "3:0:1:0"),
            ("sd 3:0:1:0: rejecting I/O to offline device", "hw.physical_disk.lost", "3:0:1:0"),
            (
                "critical target error, dev sdb, sector 2048 op 0x1:(WRITE) flags 0x800 phys_seg 1 prio class 2",
                "hw.physical_disk.io_error{operation=\"write\"}", "sdb"
            ),
            (
                "BTRFS error (device sdc): bdev /dev/sdd1 errs: wr 12, rd 4, flush 1, corrupt 0, gen 0",
                "hw.physical_disk.io_error{operation=\"any\"}", "sdd1"
            ),
            (
                "BTRFS error (device sdc): bdev /dev/sdd errs: wr 0, rd 0, flush 0, corrupt 3, gen 0",
                "hw.physical_disk.checksum_error", "sdd"
            ),
            (
                "md/raid1:md1: sda1: unrecoverable I/O read error for block 33024", "hw.raid.read_error", "sda1"
            ),
            ("nvme nvme3: Device not ready; aborting initialisation, CSTS=0x0", "hw.physical_disk.lost", "nvme3"),
            (
                "nvme nvme3: I/O tag 22 (1016) opcode 0x2 (I/O Cmd) QID 4 timeout, aborting req_op:READ(0) size:4096",
                "hw.physical_disk.command_timeout", "nvme3"
            ),
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
            ("pcieport 0000:00:1c.0: pciehp: Slot(0-3): Card not present", "hw.pcie.link_lost", .pci("0000:00:1c.0")),
            ("pciehp 0000:00:1c.0:pcie004: Slot(5): Link Down", "hw.pcie.link_lost", .pci("0000:00:1c.0")),
            (
                "pcieport 0000:80:03.0: DPC: containment event, status:0x1f01 source:0x0000", "hw.pcie.contained",
                .pci("0000:80:03.0")
            ),
            (
                "dpc 0000:80:03.0:pcie010: DPC containment event, status:0x1f01 source:0x0000", "hw.pcie.contained",
                .pci("0000:80:03.0")
            ),
            (
                "nvme 0000:41:00.0: Unable to change power state from D3cold to D0, device inaccessible",
                "hw.pcie.unreachable", .pci("0000:41:00.0")
            ),
            ("ixgbe 0000:06:00.1: Adapter removed", "hw.network.gone", .nic("", pci: "0000:06:00.1")),
            (
                "igc 0000:06:00.0 enp6s0: PCIe link lost, device now detached", "hw.network.gone",
                .nic("enp6s0", pci: "0000:06:00.0")
            ),
            (
                "NETDEV WATCHDOG: eno1 (tg3): transmit queue 0 timed out 5016 ms", "hw.network.hang",
                .nic("eno1", pci: nil)
            ),
            (
                "mlx5_core 0000:3b:00.0: poll_health:970:(pid 0): device's health compromised - reached miss count",
                "hw.network.hang", .nic("", pci: "0000:3b:00.0")
            ),
            ("NMI: PCI system error (SERR) for reason b1 on CPU 0.", "hw.nmi{reason=\"serr\"}", .server),
            ("NMI: IOCK error (debug interrupt?) for reason 71 on CPU 0.", "hw.nmi{reason=\"iock\"}", .server),
            ("Uhhuh. NMI received for unknown reason 3d on CPU 2.", "hw.nmi{reason=\"unknown\"}", .server),
            ("thermal thermal_zone0: critical temperature reached (108 C), shutting down", "hw.overheated", .server),
            ("thermal thermal_zone0: acpitz: critical temperature reached", "hw.overheated", .server),
            ("reboot: HARDWARE PROTECTION shutdown (Temperature too high)", "hw.overheated", .server),
            (
                "watchdog: BUG: soft lockup - CPU#5 stuck for 22s! [kworker/5:1:99]", "hw.cpu.lockup{type=\"soft\"}",
                .processor(5)
            ),
            ("NMI watchdog: Watchdog detected hard LOCKUP on cpu 7", "hw.cpu.lockup{type=\"hard\"}", .processor(7)),
            (
                "watchdog: CPU 9 self-detected hard LOCKUP @ plpar_hcall+0x1", "hw.cpu.lockup{type=\"hard\"}",
                .processor(9)
            ),
            (
                "XFS (dm-1): Metadata CRC error detected at xfs_agf_read_verify+0xd3/0x120 [xfs], xfs_agf block 0x1",
                "hw.filesystem.error", .volume("dm-1")
            ),
            (
                "XFS (sdb1): Internal error i != 1 at line 3525 of file fs/xfs/libxfs/xfs_btree.c.",
                "hw.filesystem.error", .volume("sdb1")
            ),
            (
                "BTRFS warning (device sdc1): csum failed root 5 ino 257 off 0 csum 0x1 expected csum 0x2 mirror 1",
                "hw.filesystem.error", .volume("sdc1")
            ),
            (
                "BTRFS error (device sdc1 state EA): parent transid verify failed on logical 65536 mirror 1 wanted 9 found 7",
                "hw.filesystem.error", .volume("sdc1")
            ),
            ("amdgpu 0000:c3:00.0: amdgpu: device lost from bus!", "hw.gpu.lost", .gpu("0000:c3:00.0")),
            (
                "amdgpu 0000:83:00.0: amdgpu: socket: 0, die: 0 3 uncorrectable hardware errors detected in umc block",
                "hw.gpu.uncorrected_error", .gpu("0000:83:00.0")
            ),
            (
                "amdgpu 0000:0b:00.0: 2 uncorrectable hardware errors detected in umc block",
                "hw.gpu.uncorrected_error", .gpu("0000:0b:00.0")
            ),
            (
                "amdgpu 0000:83:00.0: amdgpu: {7}socket: 0, die: 0, 2 new uncorrectable hardware errors detected in gfx block",
                "hw.gpu.uncorrected_error", .gpu("0000:83:00.0")
            ),
            (
                "mlx5_core 0000:17:00.0: poll_health:795:(pid 0): Fatal error 1 detected", "hw.network.hang",
                .nic("", pci: "0000:17:00.0")
            ),
            (
                "bnxt_en 0000:19:00.0 eno1: Firmware fatal reset event, data1: 0x100001, data2: 0x0, min wait 0 ms, max wait 0 ms",
                "hw.network.hang", .nic("eno1", pci: "0000:19:00.0")
            ),
            (
                "bnxt_en 0000:19:00.0 eno1: Fatal firmware reset event, data1: 0x201, data2: 0x0, min wait 2000 ms, max wait 6000 ms",
                "hw.network.hang", .nic("eno1", pci: "0000:19:00.0")
            ),
            (
                "bnxt_en 0000:19:00.0 eno1: Firmware reset aborted, PCI config space invalid", "hw.network.gone",
                .nic("eno1", pci: "0000:19:00.0")
            ),
            (
                "bnxt_en 0000:19:00.0 eno1: Cannot re-enable PCI device", "hw.network.gone",
                .nic("eno1", pci: "0000:19:00.0")
            ),
            (
                "bnxt_en 0000:19:00.0 eno1: bnxt_open() failed during FW reset", "hw.network.gone",
                .nic("eno1", pci: "0000:19:00.0")
            ),
            (
                "be2net 0000:0b:00.1: Error detected in the adapter", "hw.network.hang",
                .nic("", pci: "0000:0b:00.1")
            ),
            (
                "vfio-pci 0000:41:00.0: not ready 65535ms after bus reset; giving up", "hw.pcie.unreachable",
                .pci("0000:41:00.0")
            ),
            (
                "AMD-Vi: Event logged [IOTLB_INV_TIMEOUT device=0000:41:00.0 address=0x100d2a3c0]",
                "hw.pcie.unreachable", .pci("0000:41:00.0")
            ),
            ("SError Interrupt on CPU4, code 0x00000000be000011 -- SError", "hw.nmi{reason=\"serr\"}", .server),
            ("Kernel panic - not syncing: Fatal hardware error!", "hw.nmi{reason=\"panic\"}", .server),
            ("Kernel panic - not syncing: Fatal local machine check", "hw.nmi{reason=\"panic\"}", .server),
            (
                "Kernel panic - not syncing: An NMI occurred. Depending on your system the reason for the NMI is logged",
                "hw.nmi{reason=\"management\"}", .server
            ),
            (
                "megaraid_sas 0000:18:00.0: 1512 (595831198s/0x0001/FATAL) - VD 00/0 is now OFFLINE",
                "hw.controller.event{about=\"volume_offline\"}", .pci("0000:18:00.0")
            ),
            (
                "megaraid_sas 0000:18:00.0: 1513 (boot + 42s/0x0008/FATAL) - Battery needs replacement - SOH Bad",
                "hw.controller.event{about=\"battery\"}", .pci("0000:18:00.0")
            ),
            (
                "megaraid_sas 0000:18:00.0: 1514 (595831299s/0x0002/FATAL) - Puncturing bad block on PD 03(e0xff/s3) at 136ac01",
                "hw.controller.event{about=\"data_lost\"}", .pci("0000:18:00.0")
            ),
            (
                "megaraid_sas 0000:18:00.0: 1515 (595831299s/0x0020/DEAD) - Fatal firmware error: Line 169 in ../../raid/1078dma.c",
                "hw.controller.reset{reason=\"fault\"}", .pci("0000:18:00.0")
            ),
            ("md/raid:md127: Cannot continue operation (2/3 failed).", "hw.raid.stopped", .array("md127")),
            (
                "WARNING: Pool 'tank' has encountered an uncorrectable I/O failure and has been suspended.",
                "hw.raid.stopped", .pool("tank")
            ),
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
            "pcieport 0000:a9:10.0: pciehp: Slot(272): Card present",
            "pcieport 0000:a9:10.0: pciehp: Slot(272): Link Up",
            // Nothing to do with the medium: a command that the drive does not know, a comparison, a path.
            "nvme0n1: I/O Cmd(0x8) @ LBA 0, 8 blocks, I/O Error (sct 0x0 / sc 0x1) DNR",
            "nvme0n1: Compare(0x5) @ LBA 0, 8 blocks, Compare Failure (sct 0x2 / sc 0x85) DNR",
            "nvme0n1: I/O Cmd(0x2) @ LBA 0, 8 blocks, I/O Error (sct 0x3 / sc 0x71) ",
            "NVRM: The NVIDIA GPU 0000:b3:00.0",
            "mpt3sas_cm0: diag reset: SUCCESS",
            "qla2xxx [0000:83:00.1]-00af:7: Performing ISP error recovery - ha=00000000c584070c.",
            "BTRFS info (device sda1): bdev /dev/sda1 errs: wr 0, rd 0, flush 0, corrupt 1, gen 0",
            "amdgpu 0000:0b:00.0: amdgpu: no uncorrectable hardware errors detected in umc block",
            "amdgpu 0000:0b:00.0: amdgpu: 0 uncorrectable hardware errors detected in umc block",
            // What an old driver writes of a counter that it cannot read, and the sum beside the news.
            "amdgpu 0000:0b:00.0: 2097120 uncorrectable hardware errors detected in umc block",
            "amdgpu 0000:0b:00.0: amdgpu: {7}socket: 0, die: 0, 12 uncorrectable hardware errors detected in total in umc block",
            "vfio-pci 0000:41:00.0: not ready 1023ms after bus reset; waiting",
            "megaraid_sas 0000:18:00.0: 1517 (595831299s/0x0001/info) - VD 00/0 is now OPTIMAL",
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

    @Test(
        "a storage controller's fault, its silence, its reset and its loss are told with their reason, of the controller",
        arguments: [
            ("mpt2sas_cm1: fault_state(0x6004)!", "fault", KernelSubject.scsiHost("mpt2sas_cm1")),
            ("mpt3sas_cm0: SAS host is non-operational !!!!", "lost", .scsiHost("mpt3sas_cm0")),
            ("[  700.000000] mpt3sas_cm0: sending diag reset !!", "diagnostic", .scsiHost("mpt3sas_cm0")),
            ("mpt3sas_cm0: attempting host reset! scmd(0x00000000a1b2c3d4)", "hang", .scsiHost("mpt3sas_cm0")),
            ("megaraid_sas 0000:18:00.0: Found FW in FAULT state, will reset adapter.", "fault", .pci("0000:18:00.0")),
            (
                "megaraid_sas 0000:18:00.0: FW in FAULT state Fault code:0xf0000 subcode:0x0 func:megasas_wait_for_outstanding_fusion",
                "fault", .pci("0000:18:00.0")
            ),
            (
                "[  700.000000] megaraid_sas 0000:18:00.0: resetting fusion adapter scsi0.", "diagnostic",
                .pci("0000:18:00.0")
            ),
            ("megaraid_sas 0000:18:00.0: Reset failed, killing adapter scsi0.", "lost", .pci("0000:18:00.0")),
            ("aacraid: Host adapter reset request. SCSI hang ?", "hang", .scsiHost("aacraid")),
            ("[  700.000000] aacraid 0000:03:00.0: Issuing IOP reset", "diagnostic", .pci("0000:03:00.0")),
            ("hpsa 0000:05:00.0: Controller lockup detected: 0x00150000 after 30", "hang", .pci("0000:05:00.0")),
            (
                "smartpqi 0000:23:00.0: no heartbeat detected - last heartbeat count: 11794", "hang",
                .pci("0000:23:00.0")
            ),
            (
                "smartpqi 0000:23:00.0: controller offline: reason code 0x4 (no controller heartbeat detected)", "lost",
                .pci("0000:23:00.0")
            ),
            ("lpfc 0000:04:00.0: 0:0457 Adapter Hardware Error Data: x20000000 x0 x0", "fault", .pci("0000:04:00.0")),
            ("lpfc 0000:04:00.1: 1:2885 Port Status Event: port status reg 0x81000000", "fault", .pci("0000:04:00.1")),
            (
                "qla2xxx [0000:65:00.0]-5003:8: ISP System Error - mbx1=1ff5h mbx2=10h mbx3=0h mbx7=0h.", "fault",
                .pci("0000:65:00.0")
            ),
            ("qla2xxx [0000:65:00.0]-8018:8: ADAPTER RESET ISSUED nexus=8:0:3.", "hang", .pci("0000:65:00.0")),
        ])
    func controllers(line: String, reason: String, subject: KernelSubject) throws {
        let told = facts(line)
        #expect(told.map(\.signal.description) == ["hw.controller.reset{reason=\"\(reason)\"}"])
        #expect(told.first?.subject == subject)
    }

    @Test("a place of a disk that is tried again and again is one failed access, and another place another")
    func repeatedPlaces() {
        func line(_ second: Int, _ disk: String, _ sector: Int) -> String {
            "[  \(second).000000] I/O error, dev \(disk), sector \(sector) op 0x0:(READ) flags 0x0 phys_seg 1"
        }
        let again = (100..<120).map { line($0, "sda", 4096) }
        #expect(facts(again.joined(separator: "\n")).count == 1)
        let others = (100..<120).map { line($0, "sda", 4096 + 8 * $0) }
        #expect(facts(others.joined(separator: "\n")).count == 20)
        #expect(facts([line(100, "sda", 1), line(101, "sdb", 1)].joined(separator: "\n")).count == 2)
        #expect(facts([line(100, "sda", 1), line(900, "sda", 1)].joined(separator: "\n")).count == 2)
    }

    @Test("a card that left its slot answers no more, and that is one loss; one that stands in it and is dead is two")
    func removedCards() {
        func told(_ word: String) -> [String] {
            facts(
                """
                [  900.000000] pcieport 0000:00:01.1: pciehp: Slot(0): Link Down
                [  900.000010] pcieport 0000:00:01.1: pciehp: Slot(0): \(word)
                [  900.070000] nvme 0000:03:00.0: Unable to change power state from D3cold to D0, device inaccessible
                """
            ).map(\.signal.name)
        }
        #expect(told("Card not present") == ["hw.pcie.link_lost"])
        #expect(told("Link Down") == ["hw.pcie.link_lost", "hw.pcie.unreachable"])
    }

    @Test("a disk that md leaves out as too old did not fail there")
    func staleMembers() {
        #expect(facts("md: kicking non-fresh sdb1 from array!").map(\.signal.name) == ["hw.raid.member_stale"])
    }

    @Test("one incident of a controller is one event, and another where a line says worse of it")
    func incidents() {
        func reasons(_ lines: String...) -> [String] {
            facts(lines.joined(separator: "\n")).compactMap { $0.signal[label: "reason"] }
        }
        #expect(reasons("[   12.000000] mpt3sas_cm0: sending diag reset !!") == [])
        #expect(
            reasons(
                "[   12.000000] mpt3sas_cm0: fault_state(0x5854)!", "[   12.000001] mpt3sas_cm0: sending diag reset !!")
                == ["fault"])
        #expect(
            reasons(
                "[  500.000000] mpt3sas_cm0: attempting host reset! scmd(0x1)",
                "[  501.000000] mpt3sas_cm0: sending diag reset !!", "[  530.000000] mpt3sas_cm0: fault_state(0x5854)!",
                "[  531.000000] mpt3sas_cm0: sending diag reset !!",
                "[  560.000000] mpt3sas_cm0: SAS host is non-operational !!!!") == ["hang", "fault", "lost"])
        // Lines of one reset, and of another the next day.
        #expect(
            reasons(
                "[  500.000000] mpt3sas_cm0: sending diag reset !!",
                "[  590.000000] mpt3sas_cm0: sending diag reset !!",
                "[86900.000000] mpt3sas_cm0: sending diag reset !!") == ["diagnostic", "diagnostic"])
        #expect(
            reasons(
                "[  900.000000] mpt3sas_cm0: SAS host is non-operational !!!!",
                "[  901.000000] mpt3sas_cm0: SAS host is non-operational !!!!",
                "[  902.000000] mpt3sas_cm1: SAS host is non-operational !!!!",
                "[ 9000.000000] mpt3sas_cm0: SAS host is non-operational !!!!") == ["lost", "lost", "lost"])
    }

    @Test(
        "a card that somebody asked for is not lost, one that vanishes is lost once, and again when it vanishes again")
    func hotPlug() {
        func lost(_ lines: String...) -> Int {
            facts(lines.joined(separator: "\n")).count { $0.signal.name == "hw.pcie.link_lost" }
        }
        let slot = "pcieport 0000:00:1c.0: pciehp: Slot(5)"
        #expect(lost("[   100.000000] \(slot): Link Down", "[   100.000010] \(slot): Card not present") == 1)
        #expect(lost("[   100.000000] \(slot): Link Down", "[   200.000000] \(slot): Link Down") == 2)
        for press in [
            ": Button press: will power off in 5 sec", ": Attention button pressed",
            ": Powering off due to button press",
        ] {
            #expect(
                lost("[   100.000000] \(slot)\(press)", "[   104.000000] \(slot): Card not present") == 0, "\(press)")
            #expect(
                lost("[   100.000000] \(slot)\(press)", "[   500.000000] \(slot): Card not present") == 1, "\(press)")
            let other = "pcieport 0000:00:1d.0: pciehp: Slot(6)"
            #expect(
                lost("[   100.000000] \(other)\(press)", "[   104.000000] \(slot): Card not present") == 1, "\(press)")
        }
        #expect(
            lost(
                "[   100.000000] \(slot): Powering off due to button press",
                "[   101.000000] \(slot): Action canceled due to button press", "[   102.000000] \(slot): Link Down")
                == 1)
    }

    @Test("a place that cannot be read is a medium error and no fault of the link, however often the kernel tries it")
    func unreadable() {
        func exception(_ seconds: Int, place: String, error: String) -> String {
            """
            [   \(seconds).100000] ata5.00: exception Emask 0x0 SAct 0x3 SErr 0x0 action 0x0
            [   \(seconds).100001] ata5.00: failed command: READ FPDMA QUEUED
            [   \(seconds).100002] ata5.00: cmd 60/00:00:b0:4b:1c/01:00:14:00:00/40 tag 0 ncq 131072 in
            [   \(seconds).100003]          res 41/40:00:\(place):00:00/40 Emask 0x409 (media error) <F>
            [   \(seconds).100004] ata5.00: status: { DRDY ERR }
            [   \(seconds).100005] ata5.00: error: { \(error) }
            [   \(seconds).200000] ata5: EH complete
            """
        }
        let once = exception(100, place: "b1:4b:1c/00:00:14", error: "UNC")
        let again = exception(106, place: "b1:4b:1c/00:00:14", error: "UNC")
        let other = exception(112, place: "c1:4b:1c/00:00:14", error: "UNC")
        let told = facts([once, again, other].joined(separator: "\n"))
        #expect(told.map(\.signal.description) == Array(repeating: "hw.physical_disk.sense{key=\"medium\"}", count: 2))
        #expect(told.allSatisfy { $0.subject == .disk("ata5.00") })
        #expect(told.first?.text.hasSuffix("failed command: READ FPDMA QUEUED; error: { UNC }") == true)
        // The record that /dev/kmsg gives has the two lines of the command in one.
        let record =
            "3,7,100000000,-;ata5.00: exception Emask 0x0 SAct 0x0 SErr 0x0 action 0x0\n"
            + "3,8,100000001,-;ata5.00: cmd 60/08:00:00:00:00/00:00:00:00:00/40 tag 0 in\\x0a         res 41/40:00:b1:4b:1c/00:00:14:00:00/40 Emask 0x409 (media error) <F>"
        #expect(facts(record).map(\.recogniser) == ["ata-medium-error"])
        let link = """
            [  200.000000] ata5.00: exception Emask 0x10 SAct 0x4 SErr 0x400100 action 0x6 frozen
            [  200.000001] ata5.00: error: { ICRC ABRT }
            [  201.000000] ata5: hard resetting link
            """
        #expect(facts(link).map(\.signal.name).sorted() == ["hw.physical_disk.exception", "hw.physical_disk.reset"])
    }

    @Test("a GPU that left the bus is lost, also where the driver writes three lines and no Xid")
    func lostGPU() {
        let lines = """
            [ 1843.308145] NVRM: The NVIDIA GPU 0000:3b:00.0
                           NVRM: (PCI ID: 10de:2330) installed in this system has
                           NVRM: fallen off the bus and is not responding to commands.
            [ 1843.439662] NVRM: The NVIDIA probe routine failed for 1 device(s).
            """
        let record =
            "3,7,100,-;NVRM: The NVIDIA GPU 0000:3b:00.0\\x0aNVRM: (PCI ID: 10de:2330) installed in this system has\\x0a"
            + "NVRM: fallen off the bus and is not responding to commands."
        for log in [lines, record, "NVRM: GPU 0000:3b:00.0: GPU has fallen off the bus."] {
            let told = facts(log)
            #expect(told.map(\.signal.name) == ["hw.gpu.lost"])
            #expect(told.first?.subject == .gpu("0000:3b:00.0"))
        }
        let unsupported = """
            NVRM: The NVIDIA GPU 0000:3b:00.0 (PCI ID: 10de:2330)
            NVRM: installed in this system is not supported by the
            NVRM: NVIDIA 570.158.01 driver release.
            """
        #expect(facts(unsupported).isEmpty)
    }

    // MARK: Logs that others kept

    @Test("what a log's keeper folded or lost is counted: repetitions as so many events, losses as missed")
    func kept() async throws {
        let line = "Nov 21 08:15:30 web1 kernel: [  100.000000] ata3: hard resetting link"
        let repeated =
            "Nov 21 08:15:31 web1 kernel: message repeated 3 times: [ [  100.000000] ata3: hard resetting link]"
        #expect(facts(line + "\n" + repeated).map(\.count) == [1, 3])
        #expect(facts(line + "\nNov 21 08:15:31 web1 last message repeated 2 times").map(\.count) == [1, 2])
        #expect(facts("Nov 21 08:15:31 web1 last message repeated 2 times").isEmpty)
        let result = try await observe(
            """
            Nov 21 08:15:30 web1 kernel: [  100.000000] Linux version 6.1
            Nov 21 08:15:30 web1 systemd-journald[311]: Missed 12 kernel messages
            Nov 21 08:15:31 web1 kernel: [  101.000000] ** 5 printk messages dropped **
            Nov 21 08:15:31 web1 kernel: [  101.000000] smartctl: 7 output lines suppressed due to ratelimiting
            """.utf8)
        func missed(_ fate: String) -> Reports.Measurement? {
            result.observations.first { $0.signal[label: "fate"] == fate }?.measurement
        }
        #expect(missed("lost") == .counter(17))
        #expect(missed("suppressed") == .counter(7))
    }

    @Test("a disk that a recorded log calls by address and by name is one disk")
    func oneDisk() async throws {
        let result = try await recorded(
            """
            [  100.000000] sd 0:0:7:0: [sdh] tag#1 Sense Key : Medium Error [current]
            [  100.000001] critical medium error, dev sdh, sector 88 op 0x1:(WRITE) flags 0x0
            [  101.000000] sd 0:0:7:0: attempting task abort!scmd(0x00000000a1b2c3d4)
            """)
        #expect(Set(result.observations.map(\.component.rawValue)) == ["disk:device-sdh", "server:main"])
    }

    private func recorded(_ log: String) async throws -> ProbeResult {
        let scratch = try ScratchFolder()
        try scratch.write("log", log)
        return try await KernelLogProbe(
            tree: SysTree(), input: scratch.url.appending(path: "log").path, traces: KernelTraces(mounts: [])
        ).observe(at: Self.now, since: nil)
    }

    // MARK: The first look

    /// What a first look says, without what was missed: signal and component.
    private func first(_ log: String) async throws -> [String] {
        try await observe(log.utf8).observations.filter { $0.signal.name != "hw.kernel_log.missed" }
            .map { "\($0.signal) \($0.component.rawValue)" }
    }

    @Test("errors of 231 days ago, from before a disk was attached, blame nobody")
    func beforeAttached() async throws {
        let day = 86_400
        func log(_ attached: Int, _ error: Int, now: Int) -> String {
            [
                (attached, "sd 2:0:0:0: [sdb] Attached SCSI disk"),
                (error, "I/O error, dev sdb, sector 4096 op 0x0:(READ) flags 0x0"), (now, "usbcore: registered"),
            ].sorted { $0.0 < $1.0 }.map { "[\($0.0).000000] \($0.1)" }.joined(separator: "\n")
        }
        let told = ["hw.physical_disk.io_error{operation=\"read\"} disk:device-sdb"]
        #expect(try await first(log(230 * day, 1_000, now: 231 * day)).isEmpty)
        #expect(try await first(log(10, 231 * day - 500, now: 231 * day)) == told)
        // Attached again an hour ago: what came after is of the disk that is there now.
        #expect(try await first(log(231 * day - 3_600, 231 * day - 60, now: 231 * day)) == told)
        #expect(try await first(log(231 * day - 60, 231 * day - 3_600, now: 231 * day)).isEmpty)
        // Of a name that was never given anew a day is believed.
        #expect(try await first(log(10, 229 * day, now: 231 * day)).isEmpty)
        // A disk is spoken of while it is asked what it is.
        #expect(try await first(log(20, 15, now: 60)) == told)
    }

    @Test("what cannot change within a boot, and states that last, count however old they are")
    func oldButLasting() async throws {
        let old = """
            [    100.000000] mce: [Hardware Error]: CPU 3: Machine Check: 0 Bank 3: be00000000000134
            [    101.000000] EDAC MC0: 1 CE memory read error on DIMM_A1 (channel:0 slot:0 page:0x1 offset:0x0 grain:32)
            [    102.000000] NMI: PCI system error (SERR) for reason b1 on CPU 0.
            [    103.000000] pcieport 0000:00:1c.0: DPC: containment event, status:0x1f01 source:0x0000
            [    104.000000] nvme nvme2: Disabling device after reset failure: -19
            [    105.000000] NVRM: Xid (PCI:0000:3b:00): 79, pid=0, GPU has fallen off the bus.
            [    106.000000] NVRM: Xid (PCI:0000:3c:00): 63, pid=0, Row remapper event
            [    107.000000] igb 0000:05:00.0 eth0: Detected Tx Unit Hang
            [    108.000000] pcieport 0000:80:01.0: DPC: containment event, status:0x1f01 source:0x0000
            [9000000.000000] usbcore: registered
            """
        #expect(
            try await first(old).map { $0.prefix { $0 != "{" && $0 != " " } }.sorted() == [
                "hw.cpu.machine_check", "hw.gpu.xid", "hw.memory.error", "hw.memory.page_error", "hw.nmi",
                "hw.pcie.contained", "hw.physical_disk.lost",
            ])
        let recent = old.replacingOccurrences(of: "[9000000.000000]", with: "[    200.000000]")
        #expect(try await first(recent).count == 10)
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
            $0.signal(LinePattern.Captures(["op": "READ", "key": "Medium Error", "type": "2", "code": "81"]))
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

    @Test("what is overwritten while somebody waits for it is missed for a day, also over a restart")
    func missed() throws {
        var position = KernelLogPosition()
        func look(_ records: KernelLogDevice.Next..., at second: Int64, up uptime: Duration = .seconds(90_000)) {
            let (before, isFirst) = (position.lost, position.sequence == nil)
            for record in records { _ = position.take(record) }
            position.note(lostSince: before, isFirst: isFirst, uptime: uptime, at: Self.now + .seconds(second))
        }
        _ = position.resumes(nil, boot: "a")
        look(record(5_000), at: 0)
        #expect(position.lost == 5_000)
        #expect(position.missed.count == 0, "written long before anybody watched")
        look(record(5_001), .overwritten, record(5_101), at: 60)
        #expect(position.missed.count == 99)
        look(record(5_103), at: 120)
        #expect(position.missed.count == 100)
        let advice = try #require(position.missed.advice("log.overran", of: "kernel-log"))
        #expect(advice.values == ["100", "\(Self.now + .seconds(120))", "kernel-log"])
        #expect(advice.because(in: .english)?.contains("100 messages were overwritten") == true)
        #expect(advice.because(in: .german)?.contains("100 Meldungen wurden überschrieben") == true)
        #expect(advice.step(in: .english)?.contains("log_buf_len=") == true)
        #expect(advice.step(in: .german)?.contains("log_buf_len=") == true)

        let cursor = try #require(position.cursor)
        let before = position
        position = KernelLogPosition()
        let anew = position.resumes(cursor, boot: "a")
        #expect(anew)
        #expect(position == before)
        look(at: 120 + 86_399)
        #expect(position.missed.count == 100)
        look(at: 120 + 86_400)
        #expect(position.missed == MissedEvents())
        #expect(position.lost == 5_100, "the counter goes on")
        look(record(5_105), at: 200_000)
        #expect(position.missed.count == 1, "and what comes later is counted anew")
        look(at: 100_000)
        look(at: 100_000 + 86_400)
        #expect(position.missed.count == 0, "a clock that was set back does not make it last")
    }

    @Test("what is gone at the first look of a machine that has just started was missed")
    func missedAtStart() {
        for (uptime, count) in [(Duration.seconds(100), UInt64(300)), (.seconds(3_600), 0)] {
            var position = KernelLogPosition()
            _ = position.resumes(nil, boot: "a")
            _ = position.take(record(300))
            position.note(lostSince: 0, isFirst: true, uptime: uptime, at: Self.now)
            #expect(position.missed.count == count)
        }
        var old = KernelLogPosition()
        let anew = old.resumes(ProbeCursor(probe: "kernel-log", value: "a 7 1 2 3"), boot: "a")
        #expect(anew && old.lost == 1 && old.missed == MissedEvents(), "as it was stored before")
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

    @Test("a flood of 100,000 lines is told by so many events, and one that stands for the rest")
    func flood() async throws {
        let lines = (0..<100_000).map { number in
            "[\(100 + number / 1000).\(String(number % 1000 + 1_000_000).dropFirst())] blk_update_request: I/O error, "
                + "dev sda, sector \(number) op 0x0:(READ) flags 0x0 phys_seg 1"
        }
        let result = try await observe(lines.joined(separator: "\n").utf8)
        let events = result.observations.filter { $0.signal.name == "hw.physical_disk.io_error" }
        #expect(events.count == EventAggregation.eventsOfOneKind + 1)
        #expect(events.reduce(0) { $0 + $1.count } == KernelLogReading.facts)
        let untold = result.observations.first { $0.signal[label: "fate"] == "untold" }?.measurement
        // What is kept of one look is bounded, and the rest counted.
        #expect(untold == .counter(UInt64(100_000 - KernelLogReading.facts)))
        guard case .event(let words) = try #require(events.last).measurement else { return #expect(Bool(false)) }
        #expect(
            words.hasPrefix("\(KernelLogReading.facts - EventAggregation.eventsOfOneKind) more like this: blk_update"))
    }

    @Test("equal lines of the same moment are one event that stands for all of them")
    func equalLines() async throws {
        let line = "Nov 21 08:15:30 web1 kernel: nvme nvme0: I/O 22 QID 4 timeout, aborting\n"
        let result = try await observe(String(repeating: line, count: 500).utf8)
        let events = result.observations.filter { $0.signal.name == "hw.physical_disk.command_timeout" }
        #expect(events.map(\.count) == [500])
    }

    @Test("errors that one line counts are one event with that count, and none is put down to another page or cell")
    func countedErrors() async throws {
        func line(_ seconds: Int, _ count: Int, page: Int) -> String {
            "[\(seconds).000000] EDAC MC0: \(count) CE memory read error on DIMM_A1 (channel:0 slot:0 "
                + "page:0x\(String(page, radix: 16)) offset:0x0 grain:32 syndrome:0x0)"
        }
        func errors(_ lines: [String], _ name: String) async throws -> [Observation] {
            try await observe(lines.joined(separator: "\n").utf8).observations.filter { $0.signal.name == name }
        }
        let counted = [line(100, 128, page: 0x10), line(101, 147, page: 0x11), line(102, 255, page: 0x10)]
        #expect(try await errors(counted, "hw.memory.error").map(\.count) == [128, 147, 255])
        let pages = try await errors(counted, "hw.memory.page_error").map { ($0.signal[label: "page"], $0.count) }
        #expect(pages.map(\.0) == ["0x10", "0x11", "0x10"] && pages.map(\.1) == [128, 147, 255])
        // Three hundred pages with one error each, and at last three hundred more of the first one.
        let many = (0..<300).map { line(100 + $0, 1, page: 0x1000 + $0) } + [line(900, 300, page: 0x1000)]
        #expect(try await errors(many, "hw.memory.error").reduce(0) { $0 + $1.count } == 600)
        var byPage: [String: Int] = [:]
        for error in try await errors(many, "hw.memory.page_error") {
            byPage[error.signal[label: "page"] ?? "", default: 0] += error.count
        }
        #expect(byPage["0x1000"] == 301)
        #expect(byPage.count == EventAggregation.eventsOfOneKind)
        #expect(byPage.filter { $0.key != "0x1000" }.allSatisfy { $0.value == 1 })
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
