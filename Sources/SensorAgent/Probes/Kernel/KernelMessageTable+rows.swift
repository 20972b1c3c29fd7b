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
        Row("timeout-error", "{}timeout error, dev {dev}, sector", .block) { _ in ioError("any") },
        // BLK_STS_OFFLINE: until 5.15 such a disk gave "I/O error" (drivers/scsi/scsi_lib.c, scsi_device_state_check).
        Row("offline-error", "device offline error, dev {dev}, sector {n} op {code:x}:({op:dev}", .block) {
            ioError($0["op"])
        },
        // BLK_STS_PROTECTION: what was read does not fit its checksum (block/t10-pi.c; nvme_error_status).
        Row("protection-error", "{}protection error, dev {dev}, sector {n} op {code:x}:({op:dev}", .block) {
            ioError($0["op"])
        },
        Row("protection-error", "{}protection error, dev {dev}, sector", .block) { _ in ioError("any") },
        // BLK_STS_TARGET: the disk answered with a hardware error, or does not know the command; of reads, writes and
        // flushes the former (drivers/scsi/scsi_lib.c, scsi_result_to_blk_status).
        Row("target-error", "{}critical target error, dev {dev}, sector {n} op {code:x}:({op:dev}", .block) {
            ioError($0["op"])
        },
        // drivers/mmc/core/block.c, mmc_blk_cmd_error, until 4.15; since then mmc_blk_mq_rw_recovery.
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
        // From 80h on, which are the maker's (scsi_logging.c, scsi_format_extd_sense).
        Row("scsi-prediction", "sd {scsi}: {}ASC=0x5d <<vendor>>ASCQ=0x{ascq:x}", .scsi, state: "asserted") {
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
        // mpt3sas_scsih.c, scsih_target_reset; mpi3mr_os.c, mpi3mr_eh_dev_reset and mpi3mr_eh_target_reset (5.15 on).
        Row("scsi-reset", "scsi target{scsi}: attempting target reset", .scsi, reset),
        Row("scsi-reset", "sd {scsi}: {}Attempting Device(lun) Reset!", .scsi, reset),
        Row("scsi-reset", "sd {scsi}: {}Attempting Target Reset!", .scsi, reset),
        // hpsa.c, hpsa_eh_device_reset_handler; smartpqi_init.c, pqi_eh_device_reset_handler.
        Row("scsi-reset", "hpsa {pci}: scsi {scsi}: resetting {}ical ", .scsi, reset),
        Row("scsi-reset", "smartpqi {pci}: resetting scsi {scsi}", .scsi, reset),
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

    /// drivers/scsi/mpt3sas/mpt3sas_base.c and mpt3sas_scsih.c, mpi3mr/mpi3mr_fw.c, megaraid/megaraid_sas_fusion.c,
    /// aacraid/linit.c, commsup.c and src.c, hpsa.c, smartpqi/smartpqi_init.c, lpfc/lpfc_init.c and lpfc_sli.c,
    /// qla2xxx/qla_isr.c and qla_os.c. `fault`: the firmware reports one;
    /// `hang`: it, or a command, does not answer; `diagnostic`: the driver resets the chip; `lost`: the driver gave up.
    private static let controllers: [Row] = [
        controller("{adapter:dev}: fault_state(0x", .adapter, "fault"),
        controller("{adapter:dev}: coredump_state(0x", .adapter, "fault"),
        controller("{adapter:dev}: attempting host reset! scmd(", .adapter, "hang"),
        controller("{adapter:dev}: sending diag reset", .adapter, "diagnostic"),
        controller("{adapter:dev}: SAS host is non-operational", .adapter, "lost"),
        controller("{adapter:dev}: diag reset: FAILED", .adapter, "lost"),
        controller("{adapter:dev}: host reset: FAILED scmd(", .adapter, "lost"),
        // mpi3mr of 5.15 and later. F000h to F002h the host makes itself by its resets, and whoever updates the firmware.
        Row("controller-fault", "{adapter:dev}: fault code(0x{code:x}): Additional code", .adapter) { captures in
            let code = (UInt32(captures["code"], radix: 16) ?? 0) & 0xFFFF
            return (0xF000...0xF002).contains(code) ? nil : Signal("hw.controller.reset", ["reason": "fault"])
        },
        Row("controller-diagnostic", "{adapter:dev}: controller reset is triggered by {cause:rest}", .adapter) {
            let cause = $0["cause"]
            let isAsked = cause.hasSuffix(" invocation") || cause.hasPrefix("component image activation")
            return isAsked ? nil : Signal("hw.controller.reset", ["reason": "diagnostic"])
        },
        controller("{adapter:dev}: controller is unrecoverable", .adapter, "lost"),
        controller("{adapter:dev}: controller requires system power cycle", .adapter, "lost"),
        controller("{adapter:dev}: {}Marking the controller as unrecoverable", .adapter, "lost"),
        controller("megaraid_sas {pci}: {}FW in FAULT state", .pci, "fault"),
        controller("megaraid_sas {pci}: FW detected to be in faultstate", .pci, "fault"),
        controller("megaraid_sas {pci}: resetting fusion adapter", .pci, "diagnostic"),
        controller("megaraid_sas {pci}: IO/DCMD timeout is detected", .pci, "hang"),
        // `Reset failed, killing adapter scsi0.`, `Reset not supported, killing adapter scsi0.`
        controller("megaraid_sas {pci}: {}killing adapter scsi", .pci, "lost"),
        controller("megaraid_sas {pci}: Hardware critical error, returning FAILED", .pci, "lost"),
        controller("megaraid_sas {pci}: Adapter is not OPERATIONAL", .pci, "lost"),
        // What its firmware reports, from the class CRIT on (megaraid_sas_base.c, megasas_decode_evt).
        Row(
            "controller-event", "megaraid_sas {pci}: {n} ({}/0x{locale:x}/{class:dev}) - {what:rest}", .pci
        ) { captures in
            let severities = ["CRIT": "critical", "FATAL": "fatal", "DEAD": "fatal"]
            guard let severity = severities[captures["class"]] else { return nil }
            return firmwareEvent(captures["what"]) ?? Signal("hw.logged_event", ["severity": severity])
        },
        controller("aacraid {pci}: Controller reset type is", .pci, "diagnostic"),
        controller("aacraid {pci}: Issuing IOP reset", .pci, "diagnostic"),
        controller("{adapter:dev}: Host adapter reset request. SCSI hang", .adapter, "hang"),
        controller("{adapter:dev}: Host bus reset request. SCSI hang", .adapter, "hang"),
        controller("{adapter:dev}: Host device reset request. SCSI hang", .adapter, "hang"),
        controller("{adapter:dev}: Host target reset request. SCSI hang", .adapter, "hang"),
        // aac_check_health names its driver AAC, and no host.
        controller("{adapter:dev}: Host adapter is dead (or got a PCI error)", .adapter, "lost"),
        controller("{adapter:dev}: Host adapter BLINK LED 0x", .adapter, "fault"),
        controller("aacraid {pci}: adapter kernel panic'd", .pci, "fault"),
        controller("{driver:word} {pci}: Controller lockup detected", .pci, "hang"),
        controller("{driver:word} {pci}: controller lockup detected", .pci, "hang"),
        controller("smartpqi {pci}: no heartbeat detected", .pci, "hang"),
        controller("smartpqi {pci}: controller is offline: status code", .pci, "lost"),
        controller("smartpqi {pci}: controller offline", .pci, "lost"),
        controller("lpfc {pci}: {}Adapter Hardware Error", .pci, "fault"),
        controller("lpfc {pci}: {}2885 Port Status Event", .pci, "fault"),
        // Cards of SLI-4: 1422, 1423, 3152; 3151.
        controller("lpfc {pci}: {}Unrecoverable error", .pci, "fault"),
        controller("lpfc {pci}: {}Unrecoverable Error", .pci, "fault"),
        controller("lpfc {pci}: {}PCI bus read access failure", .pci, "fault"),
        controller("lpfc {pci}: {}Adapter maximum temperature exceeded", .pci, "lost"),
        controller("qla2xxx [{pci}]-{code:x}:{n}: ISP System Error", .pci, "fault"),
        controller("qla2xxx [{pci}]-{code:x}:{n}: ISP Request Transfer Error", .pci, "fault"),
        controller("qla2xxx [{pci}]-{code:x}:{n}: ISP Response Transfer Error", .pci, "fault"),
        controller("qla2xxx [{pci}]-{code:x}:{n}: RISC paused", .pci, "fault"),
        controller("qla2xxx [{pci}]-{code:x}:{n}: ADAPTER RESET ISSUED", .pci, "hang"),
        controller("qla2xxx [{pci}]-{code:x}:{n}: Can't re-enable PCI device after reset", .pci, "lost"),
        // esp_scsi.c
        controller("scsi host{host:n}: {}resetting", .host, "unknown"),
    ]

    /// What the firmware of MegaRAID writes of an event: `VD 00/0 is now OFFLINE`, `Battery needs replacement - SOH Bad`,
    /// `Puncturing bad block on PD 03(e0xff/s3) at 136ac01`.
    private static func firmwareEvent(_ words: String) -> Signal? {
        let text = words.lowercased()
        if text.hasPrefix("fatal firmware error") || text.hasPrefix("controller encountered a fatal error") {
            return Signal("hw.controller.reset", ["reason": "fault"])
        }
        // Event descriptions of the MegaRAID SAS Software User Guide, appendix.
        let meanings = [
            ("is now offline", "volume_offline"), ("is now partially degraded", "volume_degraded"),
            ("is now degraded", "volume_degraded"), ("battery needs replacement", "battery"),
            ("battery has failed", "battery"), ("battery/charger problems detected", "battery"),
            ("bbu retention test failed", "battery"), ("cache discarded", "data_lost"),
            ("unable to recover cache data", "data_lost"), ("puncturing bad block", "data_lost"),
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
        // nvme_handle_aer_persistent_error: `… due to AER` from 5.10 to 6.8, then `… due to persistent internal error`.
        // Without a cause somebody asked for it (nvme_dev_ioctl).
        Row("nvme-persistent", "nvme nvme{nvme:n}: resetting controller due to ", .nvme) { _ in
            Signal("hw.physical_disk.sense", ["key": "hardware"])
        },
        Row("nvme-timeout", "nvme nvme{nvme:n}: I/O {}timeout, aborting", .nvme, commandTimeout),
        Row("nvme-timeout", "nvme nvme{nvme:n}: I/O {}timeout, disable controller", .nvme, commandTimeout),
        Row("nvme-timeout", "nvme nvme{nvme:n}: I/O {}timeout, completion polled", .nvme, commandTimeout),
        Row("nvme-lost", "nvme nvme{nvme:n}: Removing after probe failure", .nvme, lost),
        Row("nvme-lost", "nvme nvme{nvme:n}: Disabling device after reset failure", .nvme, lost),
        Row("nvme-lost", "nvme nvme{nvme:n}: Device not ready; aborting", .nvme, lost),
        // It answers, and its namespaces are taken away (nvme_reset_work, nvme_probe).
        Row("nvme-lost", "nvme nvme{nvme:n}: IO queues lost", .nvme, lost),
        Row("nvme-lost", "nvme nvme{nvme:n}: IO queues not created", .nvme, lost),
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
    private static let gone = "hw.network.gone"

    /// What `netdev_err` and its like write for the interface's name while the driver has none for it yet.
    private static let unnamed = " (unnamed net_device) (uninitialized)"

    /// net/sched/sch_generic.c and the drivers' words.
    private static let network: [Row] = [
        Row("nic-hang", "NETDEV WATCHDOG: {nic:dev} (", .nic, hang),
        Row("nic-hang", "{driver:word} {pci} {nic:dev}: NETDEV WATCHDOG", .nic, hang),
        Row("nic-hang", "{driver:word} {pci} {nic:dev}: Detected Hardware Unit Hang", .nic, hang),
        Row("nic-hang", "{driver:word} {pci} {nic:dev}: {}tx hang {n} detected", .nic, hang),
        Row("nic-hang", "{driver:word} {pci} {nic:dev}: Detected Tx Unit Hang", .nic, hang),
        // igb_clean_tx_irq, and igc's of 5.4: of the PCI function.
        Row("nic-hang", "{driver:word} {pci}: Detected Tx Unit Hang", .nic, hang),
        Row("nic-hang", "ena {pci} {nic:dev}: Keep alive watchdog timeout", .nic, hang),
        // A card on a bus that is not PCI.
        Row("nic-hang", "{driver:word} {bus:word} {nic:dev}: NETDEV WATCHDOG", .nic, hang),
        Row("nic-hang", "mlx5_core {pci}: {}device's health compromised", .nic, hang),
        // The firmware stopped: health.c of mlx5, catas.c of mlx4, be_main.c of be2net, bnx2x_main.c, bnxt.c.
        Row("nic-hang", "mlx5_core {pci}: poll_health:{}Fatal error {n} detected", .nic, hang),
        // Before 5.2 the only line of it.
        Row("nic-hang", "mlx5_core {pci}: {}handling bad device here", .nic, hang),
        Row("nic-hang", "mlx4_core {pci}: Internal error detected", .nic, hang),
        // `… in the adapter`, and `… in the card` of Lancer.
        Row("nic-hang", "be2net {pci}: Error detected in the ", .nic, hang),
        Row("nic-hang", "be2net {pci}: UE: ", .nic, hang),
        Row("nic-hang", "bnx2x {pci} {nic:dev}: {}Parity errors detected in blocks", .nic, hang),
        Row("nic-hang", "bnx2x: {}({nic:dev}){}MC assert", .nic, hang),
        Row("nic-hang", "bnx2x: {}({nic:dev}){}MCP assert", .nic, hang),
        Row("nic-hang", "bnx2x: {}({nic:dev}){}FATAL HW block attention", .nic, hang),
        Row("nic-hang", "bnx2x: {}({nic:dev}){}begin crash dump", .nic, hang),
        // bnxt_async_event_process: until 5.15 in the first form, since then in the second.
        Row("nic-hang", "bnxt_en {pci} {nic:dev}: Firmware fatal reset event", .nic, hang),
        Row("nic-hang", "bnxt_en {pci} {nic:dev}: Fatal firmware reset event", .nic, hang),
        // bnxt_fw_exception: the driver found it by itself; bnxt_try_recover_fw.
        Row("nic-hang", "bnxt_en {pci} {nic:dev}: Detected firmware fatal condition", .nic, hang),
        Row("nic-hang", "bnxt_en {pci} {nic:dev}: Firmware not responding", .nic, hang),
        Row("nic-hang", "tg3 {pci} {nic:dev}: transmit timed out, resetting", .nic, hang),
        // bnxt_fw_reset_task: the ways in which the reset does not bring the card back.
        Row("nic-gone", "bnxt_en {pci} {nic:dev}: Firmware reset aborted", .nic, gone),
        Row("nic-gone", "bnxt_en {pci} {nic:dev}: Cannot re-enable PCI device", .nic, gone),
        Row("nic-gone", "bnxt_en {pci} {nic:dev}: bnxt_open() failed during FW reset", .nic, gone),
        Row("nic-gone", "bnxt_en {pci} {nic:dev}: bnxt_open_nic() failed", .nic, gone),
        // After an error of PCI Express: network cards alone word it so.
        Row("nic-gone", "{driver:word} {pci}: Cannot re-enable PCI device after reset", .nic, gone),
        Row("nic-gone", "{driver:word} {pci} {nic:dev}: Cannot re-enable PCI device after reset", .nic, gone),
        // i40e_tx_timeout, ice_tx_timeout; mlx5_health_try_recover, before 5.2 health_recover.
        Row("nic-gone", "{driver:word} {pci} {nic:dev}: tx_timeout recovery unsuccessful", .nic, gone),
        Row("nic-gone", "mlx5_core {pci}: {}health recovery flow aborted", .nic, gone),
        Row("nic-gone", "mlx5_core {pci}: {}health recovery failed", .nic, gone),
        // ixgbe, ixgbevf and their like write of the PCI function (`e_dev_err`).
        Row("nic-gone", "{driver:word} {pci}: Adapter removed", .nic, gone),
        Row("nic-gone", "{driver:word} {pci} {nic:dev}: PCIe link lost", .nic, gone),
        Row("nic-gone", "{driver:word} {pci}\(unnamed): PCIe link lost", .nic, gone),
    ]

    /// drivers/pci/pcie/dpc.c, pci.c; drivers/usb/core/hub.c. Hot-plug slots are `HotPlugSlots`.
    private static let pci: [Row] = [
        Row("pcie-contained", "pcieport {pci}: DPC: containment event", .pci, "hw.pcie.contained"),
        // Before Linux 5.2.
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
        // drivers/iommu/amd/iommu.c: it does not answer the invalidation of its own address cache. `AMD-Vi: Event …`
        // until 4.17, `iommu ivhd0: Event …` until 5.1, since then `iommu ivhd0: AMD-Vi: Event …`; no domain before 5.19.
        Row("pcie-unreachable", "{}Event logged [IOTLB_INV_TIMEOUT device={pci}", .pci, "hw.pcie.unreachable"),
        Row("usb-over-current", "usb {usb:dev}-port{n}: over-current condition", .usb, "hw.usb.over_current"),
        Row("usb-over-current", "hub {usb:dev}:{}over-current condition", .usb, "hw.usb.over_current"),
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
        ) { cacheError($0) },
        // Without a count until 5.4.
        Row(
            "cpu-cache-error", "EDAC DEVICE{n}: {kind:dev}: {} instance: cpu{cpu:n} block: L{level:n} '", .cpu
        ) { cacheError($0) },
        Row("nmi", "NMI: PCI system error (SERR)", .server, "hw.nmi", ["reason": "serr"]),
        Row("nmi", "NMI: IOCK error", .server, "hw.nmi", ["reason": "iock"]),
        Row("nmi", "Uhhuh. NMI received for unknown reason", .server, "hw.nmi", ["reason": "unknown"]),
        // drivers/watchdog/hpwdt.c, hpwdt_pretimeout: the management controller sent it. Since 5.0 the NMI's status,
        // in hexadecimal, stands before it.
        Row("nmi", "Kernel panic - not syncing: {x}: An NMI occurred", .server, "hw.nmi", ["reason": "management"]),
        Row("nmi", "Kernel panic - not syncing: An NMI occurred", .server, "hw.nmi", ["reason": "management"]),
        // arch/arm64/kernel/traps.c, arm64_serror_panic: the board reports an error of a device or of the memory.
        Row("nmi", "SError Interrupt on CPU{n}, code", .server, "hw.nmi", ["reason": "serr"]),
        // arch/x86/kernel/cpu/mce/core.c and drivers/acpi/apei/ghes.c: what is left of a crash without its record.
        Row("nmi", "Kernel panic - not syncing: Fatal machine check", .server, "hw.nmi", ["reason": "panic"]),
        Row("nmi", "Kernel panic - not syncing: Fatal local machine check", .server, "hw.nmi", ["reason": "panic"]),
        Row("nmi", "Kernel panic - not syncing: Local fatal machine check", .server, "hw.nmi", ["reason": "panic"]),
        Row("nmi", "Kernel panic - not syncing: Machine check", .server, "hw.nmi", ["reason": "panic"]),
        Row("nmi", "Kernel panic - not syncing: Failed kernel mode recovery", .server, "hw.nmi", ["reason": "panic"]),
        // `Consecutive machine checks to …`, `Too many consecutive machine checks while …`.
        Row(
            "nmi", "Kernel panic - not syncing: {}onsecutive machine checks ", .server, "hw.nmi", ["reason": "panic"]),
        Row("nmi", "Kernel panic - not syncing: Fatal hardware error", .server, "hw.nmi", ["reason": "panic"]),
        // Since 6.1, but for 6.8.
        Row("nmi", "Kernel panic - not syncing: GHES: Fatal hardware error", .server, "hw.nmi", ["reason": "panic"]),
        Row(
            "nmi", "Kernel panic - not syncing: Timeout: Not all CPUs entered broadcast exception handler", .server,
            "hw.nmi", ["reason": "panic"]),
        Row(
            "nmi", "Kernel panic - not syncing: Timeout: {}finish machine check processing", .server, "hw.nmi",
            ["reason": "panic"]),
        Row("overheated", "thermal thermal_zone{n}: {}critical temperature reached", .server, "hw.overheated"),
        Row("overheated", "{}HARDWARE PROTECTION shutdown (Temperature too high)", .server, "hw.overheated"),
        Row("overheated", "{}HARDWARE PROTECTION reboot (Temperature too high)", .server, "hw.overheated"),
    ]

    private static func cacheError(_ captures: LinePattern.Captures) -> Signal? {
        let severities = ["CE": "corrected", "UE": "uncorrected"]
        guard let severity = severities[captures["kind"]], let level = Int(captures["level"]), level <= 3 else {
            return nil
        }
        return Signal("hw.cpu.machine_check", ["unit": "cache", "level": "l\(level)", "severity": severity])
    }

    /// mm/memory-failure.c, drivers/watchdog
    private static let machine: [Row] = [
        Row("page-poisoned", "Memory failure: {pfn:x}: recovery action for", .server, "hw.memory.page_poisoned"),
        // pretimeout_noop.c and pretimeout_panic.c
        Row("watchdog-bite", "{}watchdog{n}: {}pretimeout event", .server, "hw.watchdog"),
        Row("watchdog-bite", "Kernel panic - not syncing: watchdog pretimeout event", .server, "hw.watchdog"),
    ]

    /// drivers/md, fs/ext4/super.c, fs/xfs
    private static let volumes: [Row] = [
        Row("md-member-failed", "md/{level:word} Disk failure on {dev},", .block) { member($0) },
        // raid0.c, raid0_error, and md-linear.c, linear_error: nothing stands between the level and the array's name.
        Row("md-member-failed", "md/raid0{array:dev}: Disk failure on {dev} detected", .block) { member($0) },
        Row("md-member-failed", "md/linear{array:dev}: Disk failure on {dev} detected", .block) { member($0) },
        // It was away while the others were written: a cable, a power cut, or itself.
        Row("md-member-stale", "md: kicking non-fresh {dev} from array", .block, "hw.raid.member_stale"),
        Row("md-read-error", "md/{level:word} read error {}correct{} on {dev})", .block, "hw.raid.read_error"),
        Row(
            "md-read-error", "md/{level:word} read correction write failed ({} on {dev})", .block, "hw.raid.read_error"),
        Row(
            "md-read-error", "md/{level:word} read error on replacement device (sector {n} on {dev})", .block,
            "hw.raid.read_error"),
        // The array itself goes on without what it needs, or not at all (drivers/md/raid5.c, raid10.c).
        Row("raid-stopped", "md/raid:{array:dev}: Cannot continue operation", .array, "hw.raid.stopped"),
        Row("raid-stopped", "md/raid:{array:dev}: not enough operational devices", .array, "hw.raid.stopped"),
        Row("raid-stopped", "md/raid10:{array:dev}: not enough operational mirrors", .array, "hw.raid.stopped"),
        Row("md-read-error", "md/{level:word} {dev}: unrecoverable I/O read error for block", .block) { _ in
            Signal("hw.raid.read_error")
        },
        // module/zfs/zio.c of OpenZFS, zio_suspend.
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
        // xfs_fsops.c, xfs_do_force_shutdown: until 5.10 `… Detected.`, since then `… (0x2) detected at`. What somebody
        // asked for is `User initiated shutdown`.
        Row("xfs-error", "XFS ({dev}): Corruption of in-memory data", .volume, "hw.filesystem.error"),
        Row("xfs-error", "XFS ({dev}): Corruption of on-disk metadata", .volume, "hw.filesystem.error"),
        Row("xfs-error", "XFS ({dev}): Log I/O Error", .volume, "hw.filesystem.error"),
        Row("xfs-error", "XFS ({dev}): I/O Error Detected", .volume, "hw.filesystem.error"),
        Row("xfs-error", "XFS ({dev}): Metadata I/O Error", .volume, "hw.filesystem.error"),
        Row("xfs-error", "XFS ({dev}): Block device removal", .volume, "hw.filesystem.error"),
        Row("xfs-error", "XFS ({dev}): All device paths lost", .volume, "hw.filesystem.error"),
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
        // Until 5.10 the device's name stands before it.
        Row(
            "btrfs-error", "BTRFS warning (device {dev}{}): {word} checksum verify failed", .volume,
            "hw.filesystem.error"),
        Row("btrfs-error", "BTRFS error (device {dev}{}): unable to fixup", .volume, "hw.filesystem.error"),
        // Since 6.17.
        Row("btrfs-error", "BTRFS error (device {dev}{}): scrub: unable to fixup", .volume, "hw.filesystem.error"),
    ]

    private static func uncorrected(_ count: String) -> Signal? {
        guard let number = UInt64(count), number > 0, number % 1_048_560 != 0 else { return nil }
        return Signal("hw.gpu.uncorrected_error")
    }

    /// `md/raid1:md0:` and `md/raid:md0:`, or the array in a place of its own.
    private static func member(_ captures: LinePattern.Captures) -> Signal {
        let level = captures["level"].split(separator: ":").last.map(String.init) ?? ""
        let array = captures["array"].isEmpty ? level : captures["array"]
        return Signal("hw.raid.member_failed", ["array": array])
    }

    /// NVIDIA's driver (docs.nvidia.com, XID Errors), of which the loss is also told without an Xid (nv-pci.c); amdgpu
    /// (amdgpu_device.c).
    private static let gpus: [Row] = [
        Row("gpu-lost", "NVRM: GPU {pci}: GPU has fallen off the bus", .gpu, "hw.gpu.lost"),
        // Before R390.
        Row("gpu-lost", "NVRM: GPU at {pci} has fallen off the bus", .gpu, "hw.gpu.lost"),
        Row("gpu-lost", "amdgpu {pci}: {}device lost from bus", .gpu, "hw.gpu.lost"),
        // amdgpu_ras.c; 1048560 is what it writes where it cannot read the counter.
        Row("gpu-error", "amdgpu {pci}: {}{count:n} new uncorrectable hardware errors detected in", .gpu) {
            uncorrected($0["count"])
        },
        Row("gpu-error", "amdgpu {pci}: {}{count:n} uncorrectable hardware errors detected in {block:word} block", .gpu)
        {
            uncorrected($0["count"])
        },
        // Of 5.4.
        Row("gpu-error", "amdgpu {pci}: {}{count:n} uncorrectable errors detected in {block:word} block", .gpu) {
            uncorrected($0["count"])
        },
        Row("gpu-xid", "NVRM: Xid (PCI:{pci}): {xid:n}", .gpu) { Signal("hw.gpu.xid", ["xid": $0["xid"]]) },
        // Of a GPU that is divided (MIG): `(PCI:0000:3b:00 GPU-I:05 GPU-CI:00)`, `(PCI:0000:3b:00 GPU-I:05)`.
        Row("gpu-xid", "NVRM: Xid (PCI:{pci} GPU-I:{}): {xid:n}", .gpu) { Signal("hw.gpu.xid", ["xid": $0["xid"]]) },
        Row("gpu-xid", "NVRM: Xid ({pci}): {xid:n}", .gpu) { Signal("hw.gpu.xid", ["xid": $0["xid"]]) },
    ]

    private static func grave(_ pattern: String, _ subject: Subject, _ severity: String = "critical") -> Row {
        Row("logged-\(severity)", pattern, subject, "hw.logged_event", ["severity": severity])
    }

    /// What a driver or a controller's firmware calls grave of its own part, and no signal of its own reports (see also
    /// `controllers` and `gpus`): events of 3ware's controllers (3w-9xxx.c, 3w-sas.c), cards whose fan or memory of
    /// settings is broken (ixgbe_main.c, igb_main.c, bnx2x_main.c, e1000e/netdev.c), mlx5/core/events.c, amdgpu_ras.c,
    /// usb/host/xhci-ring.c, slots without power (pci/hotplug/pciehp_hpc.c), NVIDIA's driver of NVSwitches.
    private static let grave: [Row] = [
        grave("3w-9xxx: scsi{host:n}: AEN: ERROR (", .host),
        grave("3w-sas: scsi{host:n}: AEN: ERROR (", .host),
        grave("{driver:word} {pci} {nic:dev}: Fan has stopped, replace the adapter", .nic),
        grave("{driver:word} {pci}\(unnamed): Fan has stopped, replace the adapter", .nic),
        grave("bnx2x {pci} {nic:dev}: Fan Failure on Network Controller", .nic, "fatal"),
        grave(
            "{driver:word} {pci} {nic:dev}: Network adapter has been stopped because it has over heated", .nic, "fatal"),
        grave("igb {pci} {nic:dev}: The network adapter was stopped because it overheated", .nic, "fatal"),
        // bnxt_event_error_report, since 6.8: warning, critical, fatal, shutdown.
        Row(
            "logged-temperature", "bnxt_en {pci} {nic:dev}: Chip temperature has gone above the {limit:word} thermal",
            .nic
        ) {
            let severities = ["critical": "critical", "fatal": "fatal", "shutdown": "fatal"]
            return severities[$0["limit"]].map { Signal("hw.logged_event", ["severity": $0]) }
        },
        grave("{driver:word} {pci}: The NVM Checksum Is Not Valid", .nic),
        grave("{driver:word} {pci}: The EEPROM Checksum Is Not Valid", .nic),
        grave("mlx5_core {pci}: {}High temperature on sensors", .nic),
        grave("mlx5_core {pci}: {}Port module event[error]: module {n}, ", .nic),
        grave("amdgpu {pci}: {}uncorrectable hardware error(ERREVENT_ATHUB_INTERRUPT) detected", .gpu, "fatal"),
        grave("amdgpu {pci}: {}uncorrectable hardware error (ERREVENT_ATHUB_INTERRUPT) detected", .gpu, "fatal"),
        grave("NVRM: GPU {pci}: RmInitAdapter failed!", .gpu, "fatal"),
        grave("NVRM: GPU {pci}: GPU does not have the necessary power cables connected", .gpu),
        // docs.nvidia.com, Fabric Manager, SXid errors; `Non-fatal` ones are many.
        grave("nvidia-{switch:dev}: SXid (PCI:{pci}): {sxid:n}, Fatal", .pci, "fatal"),
        // mpt3sas_scsih.c, _scsih_temp_threshold_events.
        grave("{adapter:dev}: Temperature Threshold flags {} exceeded for Sensor", .adapter),
        grave("pcieport {pci}: pciehp: Slot({slot:dev}): Power fault", .pci),
        grave("pciehp {pci}:pcie{x}: Slot({slot:dev}): Power fault", .pci),
        grave("xhci_hcd {pci}: xHCI host controller not responding, assume dead", .pci, "fatal"),
    ]
}
