import Reports

extension RaidVolumeProbe {
    public static var declaration: ProbeDeclaration {
        let interface = "Documentation/admin-guide/md.rst, dm-raid.rst; zpool-status(8); btrfs-device(8)"
        return ProbeDeclaration(
            reads: """
                md, ZFS, btrfs, LVM RAID: state, lost and faulty members by name, spares, scrubs, checksum \
                errors; md at once
                """,
            through: "sysfs, `zpool`, `btrfs`, `dmsetup`",
            recordedOutput: "/proc/mdstat; mdadm --detail; zpool status; dmsetup status; btrfs device stats",
            signals: [
                SignalDeclaration(
                    "hw.raid.state", "hw.raid.missing", "hw.raid.members", "hw.raid.spares", "hw.raid.activity",
                    "hw.raid.progress", "hw.raid.scrub.age", of: .raidArray, .pool, source: interface,
                    likelihood: .first),
                SignalDeclaration(
                    "hw.raid.mismatches", of: .raidArray, source: "mismatch_cnt of md.rst and dm-raid.rst"),
                SignalDeclaration(
                    "hw.raid.damaged_files", of: .pool, source: "zpool-status(8) -v"),
                SignalDeclaration("hw.raid.member", "hw.raid.membership", of: .disk, source: interface),
                SignalDeclaration(
                    "hw.raid.corrected_reads", "hw.raid.bad_ranges", of: .disk,
                    source: "errors and bad_blocks of Documentation/admin-guide/md.rst"),
                SignalDeclaration(
                    "hw.raid.device_errors", of: .disk, .pool, source: "zpool-status(8); btrfs-device(8), stats"),
                SignalDeclaration(
                    "hw.physical_disk.checksum_error", of: .disk, source: "what the counts of checksum errors rose by"),
            ])
    }
}
