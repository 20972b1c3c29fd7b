import Reports

extension KernelLogProbe {
    public static var declaration: ProbeDeclaration {
        ProbeDeclaration(
            reads: """
                what the kernel says: ATA and SCSI errors and resets, NVMe timeouts, hung network cards, \
                machine checks, firmware's error records, AER, EDAC, over-temperature, md, file systems, Xid; \
                once each, also over restarts
                """,
            through: "`/dev/kmsg`", recordedOutput: "dmesg, journalctl -k, or records of /dev/kmsg",
            signals: [
                SignalDeclaration(
                    "hw.physical_disk.reset", "hw.physical_disk.exception", "hw.physical_disk.command_timeout",
                    "hw.physical_disk.lost", "hw.physical_disk.io_error", "hw.physical_disk.sense", of: .disk,
                    source: "drivers/ata, block, drivers/scsi, drivers/nvme of Linux"),
                SignalDeclaration(
                    "hw.physical_disk.reset", "hw.physical_disk.exception", "hw.physical_disk.command_timeout",
                    "hw.physical_disk.lost", "hw.physical_disk.io_error", "hw.physical_disk.sense", of: .raidArray,
                    source: "block, drivers/scsi of Linux",
                    unshown: "that a device is a controller's volume is known on the machine itself alone"),
                SignalDeclaration(
                    "hw.physical_disk.informational_exception", of: .disk, labels: ["asc": ["5d"]],
                    source: "drivers/scsi/constants.c of Linux; SPC-5, ASC 5Dh", likelihood: .last),
                SignalDeclaration(
                    "hw.controller.reset", of: .pcieDevice, .controller,
                    labels: ["reason": ["fault", "hang", "diagnostic", "lost", "unknown"]],
                    source: "drivers/scsi of Linux"),
                SignalDeclaration(
                    "hw.network.hang", "hw.network.link_lost", of: .nic, .pcieDevice,
                    source: "net/sched/sch_generic.c and the drivers of Linux"),
                SignalDeclaration(
                    "hw.controller.event", of: .pcieDevice, source: "megaraid_sas_base.c of Linux, megasas_decode_evt"),
                SignalDeclaration("hw.network.gone", of: .pcieDevice, source: "the drivers of Linux"),
                SignalDeclaration(
                    "hw.network.gone", of: .nic, source: "the drivers of Linux",
                    unshown: "which interface was on a card is known on the machine itself alone"),
                SignalDeclaration(
                    "hw.pcie.link_lost", "hw.pcie.contained", "hw.pcie.unreachable", of: .pcieDevice,
                    source: "drivers/pci of Linux"),
                SignalDeclaration(
                    "hw.pcie.error", of: .pcieDevice,
                    source: "drivers/pci/pcie/aer.c, drivers/firmware/efi/cper.c of Linux"),
                SignalDeclaration("hw.usb.over_current", of: .server, source: "drivers/usb/core/hub.c of Linux"),
                SignalDeclaration(
                    "hw.usb.over_current", of: .pcieDevice, .disk, source: "drivers/usb/core/hub.c of Linux",
                    unshown: "what is at a port is known on the machine itself alone"),
                SignalDeclaration(
                    "hw.cpu.throttled", "hw.cpu.lockup", of: .cpu,
                    source: "therm_throt.c and kernel/watchdog.c of Linux"),
                SignalDeclaration(
                    "hw.cpu.machine_check", of: .cpu,
                    source: "Intel SDM volume 3B; AMD64 APM volume 2; UEFI, common platform error record"),
                SignalDeclaration(
                    "hw.nmi", "hw.overheated", of: .server, source: "arch/x86/kernel/nmi.c, drivers/thermal of Linux"),
                SignalDeclaration("hw.watchdog", of: .server, source: "drivers/watchdog of Linux", likelihood: .last),
                SignalDeclaration("hw.memory.page_poisoned", of: .server, source: "mm/memory-failure.c of Linux"),
                SignalDeclaration(
                    "hw.memory.error", "hw.memory.page_error", "hw.memory.cell_error", "hw.memory.error_bits",
                    "hw.memory.address_parity", "hw.memory.spared", of: .dimm, .memoryController,
                    labelsOfDriver: MemoryDriver.labels,
                    source: "drivers/edac, drivers/firmware/efi/cper.c of Linux"),
                SignalDeclaration(
                    "hw.memory.error", "hw.memory.page_error", "hw.memory.cell_error", "hw.memory.address_parity",
                    "hw.memory.spared", of: .memoryChannel, labelsOfDriver: MemoryDriver.labels,
                    source: "drivers/edac of Linux",
                    unshown: "a log is read with the topology of its own machine, which no recording of a log has"),
                SignalDeclaration(
                    "hw.raid.member_failed", "hw.raid.member_stale", "hw.raid.read_error", of: .disk,
                    source: "drivers/md of Linux"),
                SignalDeclaration(
                    "hw.filesystem.error", of: .disk, .server, source: "fs/ext4, fs/xfs, fs/btrfs of Linux"),
                SignalDeclaration(
                    "hw.logged_event", of: .pcieDevice, .controller, .gpu,
                    labels: ["severity": ["critical", "fatal"]],
                    source: "drivers/scsi, drivers/net, drivers/gpu, drivers/usb of Linux"),
                SignalDeclaration(
                    "hw.logged_event", of: .nic, labels: ["severity": ["critical", "fatal"]],
                    source: "drivers/net of Linux",
                    unshown: "which interface was on a card is known on the machine itself alone"),
                SignalDeclaration(
                    "hw.physical_disk.checksum_error", of: .disk, source: "fs/btrfs/volumes.c of Linux"),
                SignalDeclaration(
                    "hw.raid.stopped", of: .raidArray, .pool,
                    source: "drivers/md/raid5.c of Linux; zio_suspend of OpenZFS"),
                SignalDeclaration(
                    "hw.gpu.uncorrected_error", of: .gpu, source: "drivers/gpu/drm/amd/amdgpu/amdgpu_ras.c of Linux"),
                SignalDeclaration("hw.gpu.xid", of: .gpu, source: "NVIDIA, XID Errors"),
                SignalDeclaration("hw.gpu.lost", of: .gpu, source: "nv-pci.c of NVIDIA; drivers/gpu/drm/amd of Linux"),
                SignalDeclaration(
                    "hw.kernel_log.missed", of: .server, labels: ["fate": ["lost", "suppressed", "untold"]],
                    source: "Documentation/ABI/testing/dev-kmsg"),
            ])
    }
}
