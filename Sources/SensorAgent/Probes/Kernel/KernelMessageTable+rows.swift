import Reports

extension KernelMessageTable {
    static let shipped: [Row] = ata + block + scsi + nvme + network + pci + processors + machine + volumes + gpus

    private static let reset = "hw.physical_disk.reset"
    private static let lost = "hw.physical_disk.lost"
    private static let commandTimeout = "hw.physical_disk.command_timeout"

    /// drivers/ata/libata-eh.c, libata-core.c
    private static let ata: [Row] = [
        Row("ata-reset", "ata{ata}: hard resetting link", .ata, reset),
        Row("ata-reset", "ata{ata}: soft resetting link", .ata, reset),
        Row("ata-reset", "ata{ata}: hard resetting port", .ata, reset),
        Row("ata-exception", "ata{ata}: exception Emask {} action {}", .ata, "hw.physical_disk.exception"),
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
        Row("scsi-timeout", "sd {scsi}: {}timing out command, waited", .scsi, commandTimeout),
        Row("scsi-timeout", "sd {scsi}: {}attempting task abort", .scsi, commandTimeout),
        Row("scsi-reset", "sd {scsi}: {}attempting device reset", .scsi, reset),
        Row("scsi-reset", "sd {scsi}: {}attempting target reset", .scsi, reset),
        Row("usb-reset", "usb {dev}: reset {}-speed USB device number", .block, reset),
        Row("usb-reset", "usb {dev}: reset SuperSpeed{}USB device number", .block, reset),
        Row("controller-reset", "scsi host{host:n}: {}resetting", .host, "hw.controller.reset"),
        Row("controller-reset", "{driver:word} {pci}: resetting adapter", .pci, "hw.controller.reset"),
        Row("controller-reset", "{driver:word} {pci}: {}FW in FAULT state", .pci, "hw.controller.reset"),
        Row("controller-reset", "{driver:word} {pci}: controller is down", .pci, "hw.controller.reset"),
    ]

    private static let senseKeys = [
        "Recovered Error": "recovered", "Not Ready": "not_ready", "Medium Error": "medium",
        "Hardware Error": "hardware",
        "Aborted Command": "aborted", "0x1": "recovered", "0x2": "not_ready", "0x3": "medium", "0x4": "hardware",
        "0xb": "aborted",
    ]

    /// Other keys report commands that the disk does not know, or news.
    private static func sense(_ words: String) -> Signal? {
        senseKeys.first { words.hasPrefix($0.key) && !words.dropFirst($0.key.count).hasPrefix("0") }.map {
            Signal("hw.physical_disk.sense", ["key": $0.value])
        }
    }

    private static func prediction(_ prediction: FailurePrediction) -> Signal {
        Signal(
            "hw.physical_disk.informational_exception",
            ["asc": "5d", "ascq": hexadecimal(UInt64(prediction.qualifier), digits: 2)])
    }

    /// drivers/nvme/host/pci.c, core.c
    private static let nvme: [Row] = [
        Row("nvme-reset", "nvme nvme{nvme:n}: {}reset controller", .nvme, reset),
        Row("nvme-reset", "nvme nvme{nvme:n}: controller is down; will reset", .nvme, reset),
        Row("nvme-reset", "nvme nvme{nvme:n}: resetting controller", .nvme, reset),
        Row("nvme-timeout", "nvme nvme{nvme:n}: I/O {}timeout, aborting", .nvme, commandTimeout),
        Row("nvme-timeout", "nvme nvme{nvme:n}: I/O {}timeout, disable controller", .nvme, commandTimeout),
        Row("nvme-timeout", "nvme nvme{nvme:n}: I/O {}timeout, completion polled", .nvme, commandTimeout),
        Row("nvme-lost", "nvme nvme{nvme:n}: Removing after probe failure", .nvme, lost),
        Row("nvme-lost", "nvme nvme{nvme:n}: Disabling device after reset failure", .nvme, lost),
        Row("nvme-lost", "nvme nvme{nvme:n}: Device not ready; aborting", .nvme, lost),
        Row("nvme-media-error", "nvme{nvme:dev}: {op:word} @ LBA {n}, {}(sct 0x2 / sc 0x{code:x})", .nvme) {
            // Status codes of write fault, unrecovered read and the three checks of protection (NVMe 2.0, figure 99).
            ["80", "81", "82", "83", "84"].contains($0["code"])
                ? Signal("hw.physical_disk.sense", ["key": "medium"]) : nil
        },
    ]

    private static let hang = "hw.network.hang"

    /// net/sched/sch_generic.c and the drivers' words.
    private static let network: [Row] = [
        Row("nic-hang", "NETDEV WATCHDOG: {nic:dev} (", .nic, hang),
        Row("nic-hang", "{driver:word} {pci} {nic:dev}: NETDEV WATCHDOG", .nic, hang),
        Row("nic-hang", "{driver:word} {pci} {nic:dev}: Detected Hardware Unit Hang", .nic, hang),
        Row("nic-hang", "{driver:word} {pci} {nic:dev}: {}tx hang {n} detected", .nic, hang),
        Row("nic-hang", "{driver:word} {pci} {nic:dev}: Detected Tx Unit Hang", .nic, hang),
        Row("nic-gone", "{driver:word} {pci} {nic:dev}: Adapter removed", .nic, "hw.network.gone"),
        Row("nic-gone", "{driver:word} {pci} {nic:dev}: PCIe link lost", .nic, "hw.network.gone"),
    ]

    /// drivers/pci/hotplug/pciehp_ctrl.c, pcie/dpc.c, pci.c; drivers/usb/core/hub.c
    private static let pci: [Row] = [
        Row("pcie-link-lost", "pcieport {pci}: pciehp: Slot({slot:dev}): Link Down{after:rest}", .pci) {
            // `Link Down/Up ignored (recovered by DPC)`: the containment is reported, and the link is back.
            $0["after"].contains("ignored") ? nil : Signal("hw.pcie.link_lost")
        },
        Row("pcie-contained", "pcieport {pci}: DPC: containment event", .pci, "hw.pcie.contained"),
        Row(
            "pcie-unreachable", "{driver:word} {pci}: Unable to change power state from {}, device inaccessible", .pci,
            "hw.pcie.unreachable"),
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
        Row("overheated", "thermal thermal_zone{n}: {}critical temperature reached", .server, "hw.overheated"),
        Row("overheated", "{}Critical temperature reached ({}), shutting down", .server, "hw.overheated"),
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
        Row(
            "md-member-failed", "md: kicking non-fresh {dev} from array", .block, "hw.raid.member_failed",
            ["array": "unknown"]),
        Row("md-read-error", "md/{level:word} read error {}correct{} on {dev})", .block, "hw.raid.read_error"),
        Row("ext4-error", "EXT4-fs error (device {dev})", .volume, "hw.filesystem.error"),
        Row("ext4-error", "EXT4-fs ({dev}): Remounting filesystem read-only", .volume, "hw.filesystem.error"),
        Row("xfs-error", "XFS ({dev}): Metadata corruption detected", .volume, "hw.filesystem.error"),
        Row("xfs-error", "XFS ({dev}): metadata I/O error", .volume, "hw.filesystem.error"),
        Row("xfs-error", "XFS ({dev}): Corruption of in-memory data", .volume, "hw.filesystem.error"),
        Row("xfs-error", "XFS ({dev}): {}Filesystem has been shut down", .volume, "hw.filesystem.error"),
        Row("btrfs-error", "BTRFS: error (device {dev}", .volume, "hw.filesystem.error"),
        Row("btrfs-error", "BTRFS critical (device {dev}", .volume, "hw.filesystem.error"),
    ]

    /// `md/raid1:md0:` and `md/raid:md0:`.
    private static func member(_ captures: LinePattern.Captures) -> Signal {
        let array = captures["level"].split(separator: ":").last.map(String.init) ?? ""
        return Signal("hw.raid.member_failed", ["array": array])
    }

    /// NVIDIA's driver (docs.nvidia.com, XID Errors).
    private static let gpus: [Row] = [
        Row("gpu-xid", "NVRM: Xid (PCI:{pci}): {xid:n}", .gpu) { Signal("hw.gpu.xid", ["xid": $0["xid"]]) },
        Row("gpu-xid", "NVRM: Xid ({pci}): {xid:n}", .gpu) { Signal("hw.gpu.xid", ["xid": $0["xid"]]) },
    ]
}
