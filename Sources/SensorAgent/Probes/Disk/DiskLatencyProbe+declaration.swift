import Reports

extension DiskLatencyProbe {
    public static var declaration: ProbeDeclaration {
        ProbeDeclaration(
            reads: """
                how long requests take, disks that stop answering, time-outs, the kernel's state of each disk, \
                eMMC wear
                """,
            through: "diskstats, sysfs", recordedOutput: "/proc/diskstats",
            signals: [
                SignalDeclaration(
                    "hw.physical_disk.requests", "hw.physical_disk.moved", "hw.physical_disk.in_flight",
                    "hw.physical_disk.stalled", "hw.physical_disk.busy", "hw.physical_disk.await", of: .disk,
                    source: "Documentation/admin-guide/iostats.rst"),
                SignalDeclaration(
                    "hw.physical_disk.await.hourly", of: .disk, source: "Documentation/admin-guide/iostats.rst",
                    unshown: "it takes an hour of looks, which no recording holds; DiskLatencyTests shows it"),
                SignalDeclaration(
                    "hw.physical_disk.kernel_state", of: .disk,
                    source: "`state` of SCSI devices and NVMe controllers in sysfs"),
                SignalDeclaration(
                    "hw.physical_disk.timeouts", "hw.physical_disk.failed_commands", of: .disk,
                    source: "iotmo_cnt and ioerr_cnt of SCSI devices in sysfs"),
                SignalDeclaration(
                    "hw.physical_disk.endurance_used", "hw.physical_disk.pre_eol", of: .disk,
                    source: "life_time and pre_eol_info of eMMC in sysfs (JESD84-B51)"),
            ])
    }
}
