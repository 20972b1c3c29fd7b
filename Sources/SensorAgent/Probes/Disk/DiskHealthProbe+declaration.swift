import Reports

extension DiskHealthProbe {
    public static var declaration: ProbeDeclaration {
        ProbeDeclaration(
            reads: """
                SMART of ATA, NVMe and SAS disks, also behind RAID controllers; once a day the device \
                statistics of SATA SSDs and Seagate's FARM; a sleeping disk is never woken, none is asked twice \
                within ten minutes
                """,
            through: "`smartctl --json`",
            recordedOutput: "smartctl -a or -x /dev/sdX, with --json or without; nvme smart-log",
            finds: [.disk: .usual],
            signals: [
                SignalDeclaration(
                    "hw.temperature", of: .disk, .temperature, source: "smartctl(8), temperature", likelihood: .first),
                SignalDeclaration(
                    "hw.temperature.limit", "hw.temperature.extreme", of: .disk,
                    source: "SCT status (ACS-4), smartctl(8)", likelihood: .first),
                SignalDeclaration(
                    "hw.physical_disk.smart.health", "hw.physical_disk.size", "hw.physical_disk.power_on_time",
                    "hw.physical_disk.power_cycles", "hw.physical_disk.self_test", "hw.physical_disk.self_test.age",
                    "hw.physical_disk.endurance_used", "hw.physical_disk.spare", of: .disk,
                    source: "smartctl(8): of every sort of disk"),
                SignalDeclaration(
                    "hw.physical_disk.power_mode", of: .disk, source: "smartctl(8), --nocheck=standby",
                    unshown: "it is known of how smartctl ended, which no output holds; DiskHealthTests shows it"),
                SignalDeclaration(
                    "hw.physical_disk.smart", "hw.physical_disk.smart.normalized", "hw.physical_disk.smart.failing",
                    "hw.physical_disk.error_log", "hw.physical_disk.link_speed", "hw.physical_disk.link_speed.limit",
                    of: .disk, source: "ATA: ACS-4, SMART feature set; smartctl(8)"),
                SignalDeclaration(
                    "hw.physical_disk.critical_warning", "hw.physical_disk.spare.threshold",
                    "hw.physical_disk.media_errors", "hw.physical_disk.error_log_entries",
                    "hw.physical_disk.unsafe_shutdowns", "hw.physical_disk.busy_time", "hw.physical_disk.commands",
                    "hw.physical_disk.throttle_time", of: .disk,
                    source: "NVM Express Base Specification, log page 02h; over-temperature of ATA: ACS-5, GP log 04h"),
                SignalDeclaration(
                    "hw.physical_disk.thermal_management_time", of: .disk,
                    source: "NVM Express Base Specification 1.3, log page 02h, where smartctl tells it"),
                SignalDeclaration(
                    "hw.physical_disk.reported_uncorrectable", of: .disk,
                    source: "ATA device statistics (ACS-5, GP log 04h), of SSDs once a day"),
                SignalDeclaration(
                    "hw.physical_disk.recorded_time", "hw.physical_disk.inner_errors", "hw.physical_disk.helium",
                    of: .disk, source: "Seagate FARM (GP log A6h), once a day; smartctl 7.4 and later"),
                SignalDeclaration(
                    "hw.physical_disk.io", of: .disk, source: "NVM Express log page 02h; SCSI error counter pages"),
                SignalDeclaration(
                    "hw.physical_disk.grown_defects", "hw.physical_disk.scsi_errors",
                    "hw.physical_disk.non_medium_errors", "hw.physical_disk.pending_defects",
                    "hw.physical_disk.background_scans", "hw.physical_disk.start_stops",
                    "hw.physical_disk.load_cycles", of: .disk, source: "SCSI log pages (SPC-5, SBC-4)"),
                SignalDeclaration(
                    "hw.physical_disk.informational_exception", of: .disk, source: "SCSI log page 2Fh (SPC-5)"),
            ])
    }
}
