import Reports

extension KernelMessageTable {
    static let shipped: [Row] =
        ata + block + scsi + controllers + nvme + network + pci + processors + machine + volumes + gpus + grave

    private static let reset = "hw.physical_disk.reset"
    private static let lost = "hw.physical_disk.lost"
    private static let commandTimeout = "hw.physical_disk.command_timeout"

    /// drivers/ata/libata-eh.c, libata-core.c; exceptions take several lines (`ATAException`).
    private static let ata: [Row] = [
        Row("ata-reset", "ata{ata}: hard resetting link", .ata, reset),
        Row("ata-reset", "ata{ata}: soft resetting link", .ata, reset),
        Row("ata-reset", "ata{ata}: hard resetting port", .ata, reset),
        Row("ata-timeout", "ata{ata}: qc timeout", .ata, commandTimeout),
        Row("ata-lost", "ata{ata}: disabled", .ata, lost),
        Row("ata-lost", "ata{ata}: disable device", .ata, lost),
        Row("ata-lost", "ata{ata}: reset failed, giving up", .ata, lost),
    ]

    /// block/blk-core.c (`blk_update_request`, `print_req_error`, then without a name), fs/buffer.c is left out: it
    /// reports the same errors again.
    private static let block: [Row] = [
        Row("io-error", "{}I/O error, dev {dev}, sector {n} op {code:x}:({op:dev}", .block) { ioError($0["op"]) },
        Row("io-error", "{}I/O error, dev {dev}, sector", .block) { _ in ioError("any") },
        Row("medium-error", "{}critical medium error, dev {dev}, sector {n} op {code:x}:({op:dev}", .block) {
            ioError($0["op"])
        },
        Row("medium-error", "{}critical medium error, dev {dev}, sector", .block) { _ in ioError("any") },
        Row("timeout-error", "{}timeout error, dev {dev}, sector {n} op {code:x}:({op:dev}", .block) {
            ioError($0["op"])
        },
        // BLK_STS_TARGET: the disk answered with a hardware error, or does not know the command; of reads, writes and
        // flushes the former (drivers/scsi/scsi_lib.c, scsi_result_to_blk_status).
        Row("target-error", "{}critical target error, dev {dev}, sector {n} op {code:x}:({op:dev}", .block) {
            ioError($0["op"])
        },
        Row("mmc-error", "{dev}: error {}sending {}", .block) { $0["dev"].hasPrefix("mmcblk") ? ioError("any") : nil },
        Row("mmc-error", "{dev}: recovery failed", .block) { $0["dev"].hasPrefix("mmcblk") ? ioError("any") : nil },
    ]

    /// Discards and the like fail on sound disks that do not know them.
    private static func ioError(_ operation: String) -> Signal? {
        let words = ["READ": "read", "WRITE": "write", "FLUSH": "flush", "any": "any"]
        return words[operation].map { Signal("hw.physical_disk.io_error", ["operation": $0]) }
    }

    /// drivers/scsi/constants.c, scsi_error.c, sd.c; SPC-5 tables 47 and 48.
    private static let scsi: [Row] = [
        Row("scsi-sense", "sd {scsi}: {}Sense Key : {key:rest}", .scsi) { sense($0["key"]) },
        Row("scsi-prediction", "sd {scsi}: {}Add. Sense: {sense:rest}", .scsi, state: "asserted") {
            FailurePrediction(sense: $0["sense"]).map { prediction($0) }
        },
        Row("scsi-prediction", "sd {scsi}: {}ASC=0x5d ASCQ=0x{ascq:x}", .scsi, state: "asserted") {
            FailurePrediction(qualifier: $0["ascq"]).map { prediction($0) }
        },
        Row("scsi-lost", "sd {scsi}: Device offlined - not ready after error recovery", .scsi, lost),
        Row("scsi-lost", "sd {scsi}: {}Medium access timeout failure. Offlining disk", .scsi, lost),
        Row("scsi-lost", "sd {scsi}: {}rejecting I/O to offline device", .scsi, lost),
        Row("scsi-lost", "sd {scsi}: {}rejecting I/O to dead device", .scsi, lost),
        Row("scsi-timeout", "sd {scsi}: {}timing out command, waited", .scsi, commandTimeout),
        Row("scsi-timeout", "sd {scsi}: {}attempting task abort", .scsi, commandTimeout),
        Row("scsi-reset", "sd {scsi}: {}attempting device reset", .scsi, reset),
        Row("scsi-reset", "sd {scsi}: {}attempting target reset", .scsi, reset),
        Row("usb-reset", "usb {dev}: reset {}-speed USB device number", .block, reset),
        Row("usb-reset", "usb {dev}: reset SuperSpeed{}USB device number", .block, reset),
    ]

    private static let senseKeys = [
        "Recovered Error": "recovered", "Not Ready": "not_ready", "Medium Error": "medium",
        "Hardware Error": "hardware", "Aborted Command": "aborted", "0x1": "recovered", "0x2": "not_ready",
        "0x3": "medium", "0x4": "hardware",
        "0xb": "aborted",
    ]

    /// Other keys report commands that the disk does not know, or news.
    private static func sense(_ words: String) -> Signal? {
        senseKeys.first { words.hasPrefix($0.key) && !words.dropFirst($0.key.count).hasPrefix("0") }.map {
            Signal("hw.physical_disk.sense", ["key": $0.value])
        }
    }

    /// A state where the disk names its cause, else an event: what it was is not to be seen again.
    private static func prediction(_ prediction: FailurePrediction) -> Signal {
        guard prediction.isCaused else { return Signal("hw.physical_disk.sense", ["key": "predicted"]) }
        return Signal(
            "hw.physical_disk.informational_exception",
            ["asc": "5d", "ascq": hexadecimal(UInt64(prediction.qualifier), digits: 2)])
    }

    private static func controller(_ pattern: String, _ subject: Subject, _ reason: String) -> Row {
        Row("controller-\(reason)", pattern, subject, "hw.controller.reset", ["reason": reason])
    }

    /// drivers/scsi/mpt3sas/mpt3sas_base.c, megaraid/megaraid_sas_fusion.c, aacraid/linit.c and commsup.c, hpsa.c,
    /// smartpqi/smartpqi_init.c, lpfc/lpfc_init.c, qla2xxx/qla_isr.c and qla_os.c. `fault`: the firmware reports one;
    /// `hang`: it, or a command, does not answer; `diagnostic`: the driver resets the chip; `lost`: the driver gave up.
    private static let controllers: [Row] = [
        controller("{adapter:dev}: fault_state(0x", .adapter, "fault"),
        controller("{adapter:dev}: coredump_state(0x", .adapter, "fault"),
        controller("{adapter:dev}: attempting host reset! scmd(", .adapter, "hang"),
        controller("{adapter:dev}: sending diag reset", .adapter, "diagnostic"),
        controller("{adapter:dev}: SAS host is non-operational", .adapter, "lost"),
        controller("megaraid_sas {pci}: {}FW in FAULT state", .pci, "fault"),
        controller("megaraid_sas {pci}: FW detected to be in faultstate", .pci, "fault"),
        controller("megaraid_sas {pci}: resetting fusion adapter", .pci, "diagnostic"),
        controller("megaraid_sas {pci}: Reset failed, killing adapter", .pci, "lost"),
        controller("megaraid_sas {pci}: Adapter is DEAD", .pci, "lost"),
        // What its firmware reports, from the class CRIT on (megaraid_sas_base.c, megasas_decode_evt).
        Row(
            "controller-event", "megaraid_sas {pci}: {n} ({}/0x{locale:x}/{class:dev}) - {what:rest}", .pci
        ) { captures in
            let severities = ["CRIT": "critical", "FATAL": "fatal", "DEAD": "fatal"]
            guard let severity = severities[captures["class"]] else { return nil }
            return firmwareEvent(captures["what"]) ?? Signal("hw.logged_event", ["severity": severity])
        },
        controller("{driver:word} {pci}: {}FW in FAULT state", .pci, "fault"),
        controller("aacraid {pci}: Controller reset type is", .pci, "diagnostic"),
        controller("aacraid {pci}: Issuing IOP reset", .pci, "diagnostic"),
        controller("{adapter:dev}: Host adapter reset request. SCSI hang", .adapter, "hang"),
        controller("{adapter:dev}: Host bus reset request. SCSI hang", .adapter, "hang"),
        controller("{adapter:dev}: Host adapter appears dead", .adapter, "lost"),
        controller("{driver:word} {pci}: Controller lockup detected", .pci, "hang"),
        controller("{driver:word} {pci}: controller lockup detected", .pci, "hang"),
        controller("smartpqi {pci}: no heartbeat detected", .pci, "hang"),
        controller("smartpqi {pci}: controller is offline: status code", .pci, "lost"),
        controller("smartpqi {pci}: controller offline", .pci, "lost"),
        controller("lpfc {pci}: {}Adapter Hardware Error", .pci, "fault"),
        controller("lpfc {pci}: {}2885 Port Status Event", .pci, "fault"),
        controller("lpfc {pci}: {}Adapter maximum temperature exceeded", .pci, "lost"),
        controller("qla2xxx [{pci}]-{code:x}:{n}: ISP System Error", .pci, "fault"),
        controller("qla2xxx [{pci}]-{code:x}:{n}: ISP Request Transfer Error", .pci, "fault"),
        controller("qla2xxx [{pci}]-{code:x}:{n}: ISP Response Transfer Error", .pci, "fault"),
        controller("qla2xxx [{pci}]-{code:x}:{n}: ADAPTER RESET ISSUED", .pci, "hang"),
        controller("{driver:word} {pci}: resetting adapter", .pci, "unknown"),
        controller("{driver:word} {pci}: controller is down", .pci, "lost"),
        controller("scsi host{host:n}: {}resetting", .host, "unknown"),
    ]

    /// What the firmware of MegaRAID writes of an event: `VD 00/0 is now OFFLINE`, `Battery needs replacement - SOH Bad`,
    /// `Puncturing bad block on PD 03(e0xff/s3) at 136ac01`.
    private static func firmwareEvent(_ words: String) -> Signal? {
        let text = words.lowercased()
        if text.hasPrefix("fatal firmware error") { return Signal("hw.controller.reset", ["reason": "fault"]) }
        let meanings = [
            ("is now offline", "volume_offline"), ("is now partially degraded", "volume_degraded"),
            ("is now degraded", "volume_degraded"), ("battery needs replacement", "battery"),
            ("battery has failed", "battery"), ("battery is bad", "battery"), ("bbu disabled", "battery"),
            ("bbu failed", "battery"), ("capacitor failed", "battery"), ("cache discarded", "data_lost"),
            ("cache data was lost", "data_lost"), ("puncturing bad block", "data_lost"),
            ("unrecoverable medium error", "data_lost"), ("multi-bit ecc error", "data_lost"),
        ]
        return meanings.first { text.contains($0.0) }.map { Signal("hw.controller.event", ["about": $0.1]) }
    }

    /// drivers/nvme/host/pci.c, core.c
    private static let nvme: [Row] = [
        Row("nvme-reset", "nvme nvme{nvme:n}: {}reset controller", .nvme, reset),
        Row("nvme-reset", "nvme nvme{nvme:n}: controller is down; will reset: CSTS=0x{csts:x}", .nvme) {
            let status = UInt32($0["csts"], radix: 16) ?? 0
            // Bit 1, controller fatal status; all ones: it does not answer.
            let isFatal = status & 2 != 0 && status != .max
            return isFatal ? Signal("hw.physical_disk.sense", ["key": "fatal"]) : Signal(reset)
        },
        Row("nvme-reset", "nvme nvme{nvme:n}: controller is down; will reset", .nvme, reset),
        Row("nvme-reset", "nvme nvme{nvme:n}: resetting controller", .nvme, reset),
        Row("nvme-timeout", "nvme nvme{nvme:n}: I/O {}timeout, aborting", .nvme, commandTimeout),
        Row("nvme-timeout", "nvme nvme{nvme:n}: I/O {}timeout, disable controller", .nvme, commandTimeout),
        Row("nvme-timeout", "nvme nvme{nvme:n}: I/O {}timeout, completion polled", .nvme, commandTimeout),
        Row("nvme-lost", "nvme nvme{nvme:n}: Removing after probe failure", .nvme, lost),
        Row("nvme-lost", "nvme nvme{nvme:n}: Disabling device after reset failure", .nvme, lost),
        Row("nvme-lost", "nvme nvme{nvme:n}: Device not ready; aborting", .nvme, lost),
        // Since Linux 5.18; without CONFIG_NVME_VERBOSE_ERRORS the command and the status have no names of their own:
        // `nvme2n1: I/O Cmd(0x2) @ LBA 16, 8 blocks, I/O Error (sct 0x2 / sc 0x81) DNR`.
        Row("nvme-status", "nvme{nvme:dev}: {}(0x{op:x}){}(sct 0x{type:x} / sc 0x{code:x})", .nvme) {
            nvmeStatus(type: $0["type"], code: $0["code"])
        },
    ]

    /// Status of a failed command that means a fault (NVM Express base specification 2.0, figures 93, 94 and 99; SCSI
    /// translation reference 1.5, table 7, has the same sense keys). Others report commands that the drive does not
    /// know, reservations, and paths.
    private static func nvmeStatus(type: String, code: String) -> Signal? {
        let keys = [
            // Write fault, unrecovered read, checks of guard, application and reference tag, and of the storage tag.
            "2 80": "medium", "2 81": "medium", "2 82": "medium", "2 83": "medium", "2 84": "medium", "2 88": "medium",
            // Data transfer error, commands aborted for power loss; internal error; namespace not ready.
            "0 4": "aborted", "0 5": "aborted", "0 6": "hardware", "0 82": "not_ready",
        ]
        let number: (String) -> String = { UInt16($0, radix: 16).map { String($0, radix: 16) } ?? "" }
        return keys["\(number(type)) \(number(code))"].map { Signal("hw.physical_disk.sense", ["key": $0]) }
    }

    private static let hang = "hw.network.hang"

    /// net/sched/sch_generic.c and the drivers' words.
    private static let network: [Row] = [
        Row("nic-hang", "NETDEV WATCHDOG: {nic:dev} (", .nic, hang),
        Row("nic-hang", "{driver:word} {pci} {nic:dev}: NETDEV WATCHDOG", .nic, hang),
        Row("nic-hang", "{driver:word} {pci} {nic:dev}: Detected Hardware Unit Hang", .nic, hang),
        Row("nic-hang", "{driver:word} {pci} {nic:dev}: {}tx hang {n} detected", .nic, hang),
        Row("nic-hang", "{driver:word} {pci} {nic:dev}: Detected Tx Unit Hang", .nic, hang),
        // A card on a bus that is not PCI.
        Row("nic-hang", "{driver:word} {bus:word} {nic:dev}: NETDEV WATCHDOG", .nic, hang),
        Row("nic-hang", "mlx5_core {pci}: {}device's health compromised", .nic, hang),
        // The firmware stopped: health.c of mlx5, catas.c of mlx4, be_main.c of be2net, bnx2x_main.c, bnxt.c, ena.
        Row("nic-hang", "mlx5_core {pci}: poll_health:{}Fatal error {n} detected", .nic, hang),
        Row("nic-hang", "mlx4_core {pci}: Internal error detected", .nic, hang),
        Row("nic-hang", "be2net {pci}: {}Unrecoverable Error detected in the adapter", .nic, hang),
        Row("nic-hang", "be2net {pci}: UE Detected", .nic, hang),
        Row("nic-hang", "bnx2x {pci} {nic:dev}: {}MC assert", .nic, hang),
        Row("nic-hang", "bnx2x {pci} {nic:dev}: {}Parity errors detected in blocks", .nic, hang),
        Row("nic-hang", "bnx2x: {}({nic:dev}){}MC assert", .nic, hang),
        Row("nic-hang", "bnx2x: {}({nic:dev}){}Parity errors detected in blocks", .nic, hang),
        Row("nic-hang", "bnxt_en {pci} {nic:dev}: Firmware fatal reset event", .nic, hang),
        Row("nic-hang", "tg3 {pci} {nic:dev}: transmit timed out, resetting", .nic, hang),
        Row("nic-gone", "bnxt_en {pci} {nic:dev}: FW reset failed! rc", .nic, "hw.network.gone"),
        Row("nic-gone", "{driver:word} {pci} {nic:dev}: Adapter removed", .nic, "hw.network.gone"),
        // ixgbe, ixgbevf and their like write of the PCI function (`e_dev_err`).
        Row("nic-gone", "{driver:word} {pci}: Adapter removed", .nic, "hw.network.gone"),
        Row("nic-gone", "{driver:word} {pci} {nic:dev}: PCIe link lost", .nic, "hw.network.gone"),
        Row("nic-gone", "{driver:word} {pci}: PCIe link lost", .nic, "hw.network.gone"),
    ]

    /// drivers/pci/pcie/dpc.c, pci.c; drivers/usb/core/hub.c. Hot-plug slots are `HotPlugSlots`.
    private static let pci: [Row] = [
        Row("pcie-contained", "pcieport {pci}: DPC: containment event", .pci, "hw.pcie.contained"),
        // Before Linux 5.2.
        Row("pcie-contained", "pcieport {pci}: containment event, status:", .pci, "hw.pcie.contained"),
        Row("pcie-contained", "dpc {pci}:pcie{x}: DPC containment event", .pci, "hw.pcie.contained"),
        Row(
            "pcie-unreachable", "{driver:word} {pci}: Unable to change power state from {}, device inaccessible", .pci,
            "hw.pcie.unreachable"),
        Row(
            "pcie-unreachable", "{driver:word} {pci}: can't change power state from {} (config space inaccessible)",
            .pci,
            "hw.pcie.unreachable"),
        // pci_dev_wait: a whole minute after its reset it answers nothing.
        Row(
            "pcie-unreachable", "{driver:word} {pci}: not ready {n}ms after {}; giving up", .pci, "hw.pcie.unreachable"),
        // drivers/iommu/amd/iommu.c: it does not answer the invalidation of its own address cache.
        Row(
            "pcie-unreachable", "AMD-Vi: Event logged [IOTLB_INV_TIMEOUT device={pci}", .pci, "hw.pcie.unreachable"),
        Row("usb-over-current", "usb {usb:dev}-port{n}: over-current c", .usb, "hw.usb.over_current"),
        Row("usb-over-current", "hub {usb:dev}:{}over-current condition", .usb, "hw.usb.over_current"),
        Row("usb-over-current", "hub {usb:dev}:{}over-current change", .usb, "hw.usb.over_current"),
    ]

    /// arch/x86/kernel/cpu/mce/therm_throt.c, kernel/watchdog.c, arch/x86/kernel/nmi.c
    private static let processors: [Row] = [
        Row(
            "cpu-throttled", "{}CPU{cpu:n}: Core temperature above threshold", .cpu, "hw.cpu.throttled",
            ["scope": "core"]),
        Row(
            "cpu-throttled", "{}CPU{cpu:n}: Core temperature is above threshold", .cpu, "hw.cpu.throttled",
            ["scope": "core"]),
        Row(
            "cpu-throttled", "{}CPU{cpu:n}: Package temperature above threshold", .cpu, "hw.cpu.throttled",
            ["scope": "package"]),
        Row(
            "cpu-throttled", "{}CPU{cpu:n}: Package temperature is above threshold", .cpu, "hw.cpu.throttled",
            ["scope": "package"]),
        Row("cpu-lockup", "watchdog: BUG: soft lockup - CPU#{cpu:n} stuck", .cpu, "hw.cpu.lockup", ["type": "soft"]),
        Row(
            "cpu-lockup", "NMI watchdog: BUG: soft lockup - CPU#{cpu:n} stuck", .cpu, "hw.cpu.lockup", ["type": "soft"]),
        Row("cpu-lockup", "{}Watchdog detected hard LOCKUP on cpu {cpu:n}", .cpu, "hw.cpu.lockup", ["type": "hard"]),
        // arch/powerpc/kernel/watchdog.c
        Row(
            "cpu-lockup", "watchdog: CPU {cpu:n} self-detected hard LOCKUP", .cpu, "hw.cpu.lockup", ["type": "hard"]),
        Row(
            "cpu-lockup", "watchdog: CPU {n} detected hard LOCKUP on other CPUs {cpu:n}", .cpu, "hw.cpu.lockup",
            ["type": "hard"]),
        // drivers/edac/edac_device.c: what drivers of ARM's processors count.
        Row(
            "cpu-cache-error", "EDAC DEVICE{n}: {kind:dev}: {} instance: cpu{cpu:n} block: L{level:n} count: {count:n}",
            .cpu
        ) {
            let severities = ["CE": "corrected", "UE": "uncorrected"]
            guard let severity = severities[$0["kind"]], let level = Int($0["level"]), level <= 3 else { return nil }
            return Signal(
                "hw.cpu.machine_check", ["unit": "cache", "level": "l\(level)", "severity": severity])
        },
        Row("nmi", "NMI: PCI system error (SERR)", .server, "hw.nmi", ["reason": "serr"]),
        Row("nmi", "NMI: IOCK error", .server, "hw.nmi", ["reason": "iock"]),
        Row("nmi", "Uhhuh. NMI received for unknown reason", .server, "hw.nmi", ["reason": "unknown"]),
        Row("nmi", "NMI: Uhhuh. NMI received for unknown reason", .server, "hw.nmi", ["reason": "unknown"]),
        // drivers/watchdog/hpwdt.c: the management controller sent it.
        Row("nmi", "Kernel panic - not syncing: An NMI occurred", .server, "hw.nmi", ["reason": "management"]),
        // arch/arm64/kernel/traps.c, arm64_serror_panic: the board reports an error of a device or of the memory.
        Row("nmi", "SError Interrupt on CPU{n}, code", .server, "hw.nmi", ["reason": "serr"]),
        // arch/x86/kernel/cpu/mce/core.c and drivers/acpi/apei/ghes.c: what is left of a crash without its record.
        Row("nmi", "Kernel panic - not syncing: Fatal machine check", .server, "hw.nmi", ["reason": "panic"]),
        Row("nmi", "Kernel panic - not syncing: Fatal local machine check", .server, "hw.nmi", ["reason": "panic"]),
        Row("nmi", "Kernel panic - not syncing: Machine check", .server, "hw.nmi", ["reason": "panic"]),
        Row("nmi", "Kernel panic - not syncing: Fatal hardware error", .server, "hw.nmi", ["reason": "panic"]),
        Row(
            "nmi", "Kernel panic - not syncing: Timeout: Not all CPUs entered broadcast exception handler", .server,
            "hw.nmi", ["reason": "panic"]),
        Row("overheated", "thermal thermal_zone{n}: {}critical temperature reached", .server, "hw.overheated"),
        Row("overheated", "{}Critical temperature reached ({}), shutting down", .server, "hw.overheated"),
        Row("overheated", "{}HARDWARE PROTECTION shutdown (Temperature too high)", .server, "hw.overheated"),
    ]

    /// mm/memory-failure.c, drivers/watchdog
    private static let machine: [Row] = [
        Row("page-poisoned", "Memory failure: {pfn:x}: recovery action for", .server, "hw.memory.page_poisoned"),
        Row("page-poisoned", "{}MCE {pfn:x}: {} page recovery: ", .server, "hw.memory.page_poisoned"),
        Row("watchdog-bite", "{}watchdog{n}: {}pretimeout event", .server, "hw.watchdog"),
    ]

    /// drivers/md, fs/ext4/super.c, fs/xfs
    private static let volumes: [Row] = [
        Row("md-member-failed", "md/{level:word} Disk failure on {dev},", .block) { member($0) },
        Row("md-member-failed", "md/{level:word} Disk failure on {dev} detected", .block) { member($0) },
        // It was away while the others were written: a cable, a power cut, or itself.
        Row("md-member-stale", "md: kicking non-fresh {dev} from array", .block, "hw.raid.member_stale"),
        Row("md-read-error", "md/{level:word} read error {}correct{} on {dev})", .block, "hw.raid.read_error"),
        Row(
            "md-read-error", "md/{level:word} read correction write failed ({} on {dev})", .block, "hw.raid.read_error"),
        // The array itself goes on without what it needs, or not at all (drivers/md/raid5.c).
        Row("raid-stopped", "md/raid:{array:dev}: Cannot continue operation", .array, "hw.raid.stopped"),
        Row("md-read-error", "md/{level:word} {dev}: unrecoverable I/O read error for block", .block) { _ in
            Signal("hw.raid.read_error")
        },
        // module/zfs/fmd.c and spa_misc.c of OpenZFS (zio_suspend).
        Row(
            "raid-stopped", "WARNING: Pool '{pool:dev}' has encountered an uncorrectable I/O failure", .pool,
            "hw.raid.stopped"),
        Row("ext4-error", "EXT4-fs error (device {dev})", .volume, "hw.filesystem.error"),
        Row("ext4-error", "EXT4-fs ({dev}): Remounting filesystem read-only", .volume, "hw.filesystem.error"),
        Row("xfs-error", "XFS ({dev}): Metadata corruption detected", .volume, "hw.filesystem.error"),
        Row("xfs-error", "XFS ({dev}): Metadata CRC error detected", .volume, "hw.filesystem.error"),
        Row("xfs-error", "XFS ({dev}): Internal error ", .volume, "hw.filesystem.error"),
        Row("xfs-error", "XFS ({dev}): log I/O error", .volume, "hw.filesystem.error"),
        Row("xfs-error", "XFS ({dev}): metadata I/O error", .volume, "hw.filesystem.error"),
        Row("xfs-error", "XFS ({dev}): Corruption of in-memory data", .volume, "hw.filesystem.error"),
        Row("xfs-error", "XFS ({dev}): {}Filesystem has been shut down", .volume, "hw.filesystem.error"),
        // fs/btrfs/volumes.c, btrfs_dev_stat_inc_and_print: written when one of them has risen, of the disk after `bdev`.
        Row(
            "btrfs-device",
            "BTRFS error (device {}): bdev /dev/{dev} errs: wr {wr:n}, rd {rd:n}, flush {fl:n}, corrupt {n}, gen {n}",
            .block
        ) { captures in
            let isOfAccess = ["wr", "rd", "fl"].contains { captures[$0] != "0" }
            return isOfAccess ? ioError("any") : Signal("hw.physical_disk.checksum_error")
        },
        Row("btrfs-error", "BTRFS: error (device {dev}", .volume, "hw.filesystem.error"),
        Row("btrfs-error", "BTRFS critical (device {dev}", .volume, "hw.filesystem.error"),
        Row(
            "btrfs-error", "BTRFS error (device {dev}{}): parent transid verify failed", .volume, "hw.filesystem.error"),
        Row("btrfs-error", "BTRFS warning (device {dev}{}): csum failed root", .volume, "hw.filesystem.error"),
        Row("btrfs-error", "BTRFS warning (device {dev}{}): checksum verify failed", .volume, "hw.filesystem.error"),
        Row("btrfs-error", "BTRFS error (device {dev}{}): unable to fixup", .volume, "hw.filesystem.error"),
    ]

    private static func uncorrected(_ count: String) -> Signal? {
        guard let number = UInt64(count), number > 0, number % 1_048_560 != 0 else { return nil }
        return Signal("hw.gpu.uncorrected_error")
    }

    /// `md/raid1:md0:` and `md/raid:md0:`.
    private static func member(_ captures: LinePattern.Captures) -> Signal {
        let array = captures["level"].split(separator: ":").last.map(String.init) ?? ""
        return Signal("hw.raid.member_failed", ["array": array])
    }

    /// NVIDIA's driver (docs.nvidia.com, XID Errors), of which the loss is also told without an Xid (nv-pci.c); amdgpu
    /// (amdgpu_device.c).
    private static let gpus: [Row] = [
        Row("gpu-lost", "NVRM: GPU {pci}: GPU has fallen off the bus", .gpu, "hw.gpu.lost"),
        Row("gpu-lost", "NVRM: GPU at PCI:{pci}: GPU has fallen off the bus", .gpu, "hw.gpu.lost"),
        Row("gpu-lost", "amdgpu {pci}: {}device lost from bus", .gpu, "hw.gpu.lost"),
        // amdgpu_ras.c; 1048560 is what it writes where it cannot read the counter.
        Row("gpu-error", "amdgpu {pci}: {}{count:n} new uncorrectable hardware errors detected in", .gpu) {
            uncorrected($0["count"])
        },
        Row("gpu-error", "amdgpu {pci}: {}{count:n} uncorrectable hardware errors detected in {block:word} block", .gpu)
        {
            uncorrected($0["count"])
        },
        Row("gpu-xid", "NVRM: Xid (PCI:{pci}): {xid:n}", .gpu) { Signal("hw.gpu.xid", ["xid": $0["xid"]]) },
        Row("gpu-xid", "NVRM: Xid ({pci}): {xid:n}", .gpu) { Signal("hw.gpu.xid", ["xid": $0["xid"]]) },
    ]

    private static func grave(_ pattern: String, _ subject: Subject, _ severity: String = "critical") -> Row {
        Row("logged-\(severity)", pattern, subject, "hw.logged_event", ["severity": severity])
    }

    /// What a driver or a controller's firmware calls grave of its own part, and no signal of its own reports (see also
    /// `controllers` and `gpus`): events of 3ware's controllers (3w-9xxx.c, 3w-sas.c), cards whose fan or memory of
    /// settings is broken (ixgbe_main.c, e1000e/netdev.c), mlx5/core/events.c, amdgpu_ras.c, usb/host/xhci-ring.c.
    private static let grave: [Row] = [
        grave("3w-9xxx: scsi{host:n}: AEN: ERROR (", .host),
        grave("3w-sas: scsi{host:n}: AEN: ERROR (", .host),
        grave("{driver:word} {pci} {nic:dev}: Fan has stopped, replace the adapter", .nic),
        grave("{driver:word} {pci}: Fan has stopped, replace the adapter", .nic),
        grave(
            "{driver:word} {pci} {nic:dev}: Network adapter has been stopped because it has over heated", .nic, "fatal"),
        grave("{driver:word} {pci}: Network adapter has been stopped because it has over heated", .nic, "fatal"),
        grave("{driver:word} {pci}: The NVM Checksum Is Not Valid", .nic),
        grave("{driver:word} {pci}: The EEPROM Checksum Is Not Valid", .nic),
        grave("mlx5_core {pci}: {}High temperature on sensors", .nic),
        grave("mlx5_core {pci}: {}Port module event[error]: module {n}, ", .nic),
        grave("amdgpu {pci}: {}uncorrectable hardware error(ERREVENT_ATHUB_INTERRUPT) detected", .gpu, "fatal"),
        grave("NVRM: GPU {pci}: RmInitAdapter failed!", .gpu, "fatal"),
        grave("xhci_hcd {pci}: xHCI host controller not responding, assume dead", .pci, "fatal"),
    ]
}
