/// Trees of files that show what no recorded tree does, with what changes in them between two looks.
enum MadeUpTrees {
    struct Tree {
        var probe: String
        var files: [String: String]
        var links: [String: String] = [:]
        var then: [String: String] = [:]
    }

    static let all = [
        board, diskLatency, memoryCard, enclosures, shelf, fileSystems, memoryErrors, damagedMemory, bond,
        powerSupplies,
        processors, array, thermal, supply, nvmeChip, fanChip,
    ]

    private static let board = Tree(
        probe: "board",
        files: [
            "proc/uptime": "100.25 380.11", "proc/sys/kernel/random/boot_id": "boot-1",
            "proc/meminfo": "MemTotal: 16 kB\nHardwareCorrupted:     8 kB",
            "sys/class/rtc/rtc0/since_epoch": "1763712001", "sys/fs/pstore/dmesg-efi-1": "Panic",
            "sys/class/watchdog/watchdog0/bootstatus": "33", "sys/class/watchdog/watchdog0/identity": "iTCO_wdt",
            "var/lib/callhome-agent/previous-stop": "boot-0",
        ])

    private static let diskLatency = Tree(
        probe: "disk-latency",
        files: [
            "sys/block/sda/device/wwid": "naa.5000c500aaaaaaa1",
            "sys/class/block/sda/device/wwid": "naa.5000c500aaaaaaa1",
            "sys/block/sda/device/state": "running", "sys/class/block/sda/device/state": "running",
            "sys/block/sda/device/iotmo_cnt": "0x2", "sys/class/block/sda/device/iotmo_cnt": "0x2",
            "sys/block/sda/device/ioerr_cnt": "0x1f", "sys/class/block/sda/device/ioerr_cnt": "0x1f",
            "proc/diskstats": "8 0 sda 100 0 800 1000 10 0 80 40 0 500 600 0 0 0 0 7 9",
        ], then: ["proc/diskstats": "8 0 sda 150 0 1200 2000 20 0 160 80 0 900 1200 0 0 0 0 8 10"])

    private static let memoryCard = Tree(
        probe: "disk-latency",
        files: [
            "sys/block/mmcblk0/device/life_time": "0x03 0x0a", "sys/class/block/mmcblk0/device/life_time": "0x03 0x0a",
            "sys/block/mmcblk0/device/pre_eol_info": "0x02", "sys/class/block/mmcblk0/device/pre_eol_info": "0x02",
            "sys/block/mmcblk0/device/serial": "0x1234abcd", "sys/class/block/mmcblk0/device/serial": "0x1234abcd",
            "proc/diskstats": "179 0 mmcblk0 5 0 40 10 0 0 0 0 0 10 10",
        ])

    private static let host = "sys/devices/pci0000:00/0000:00:03.0/0000:03:00.0/host0"
    private static let end = "\(host)/port-0:0/end_device-0:0/target0:0:0/0:0:0:0"

    /// A SAS disk at a host bus adapter.
    private static let enclosures = Tree(
        probe: "enclosures",
        files: [
            "\(host)/scsi_host/host0/proc_name": "mpt3sas", "\(end)/wwid": "naa.5000c500aaaaaaa1",
            "\(end)/block/sda/size": "4096", "\(host)/port-0:0/phy-0:0/x": "",
            "sys/class/sas_phy/phy-0:0/invalid_dword_count": "12",
            "sys/class/sas_phy/phy-0:0/running_disparity_error_count": "3",
            "sys/class/sas_phy/phy-0:0/loss_of_dword_sync_count": "1",
            "sys/class/sas_phy/phy-0:0/phy_reset_problem_count": "0",
            "sys/class/sas_phy/phy-0:0/negotiated_linkrate": "6.0 Gbit",
            "sys/class/sas_phy/phy-0:0/maximum_linkrate": "12.0 Gbit",
        ],
        links: [
            "sys/class/scsi_host/host0": "../../../\(host)/scsi_host/host0", "sys/block/sda": "../../\(end)/block/sda",
            "sys/class/block/sda": "../../../\(end)/block/sda", "\(end)/block/sda/device": "../../../0:0:0:0",
        ])

    /// A bay of a shelf.
    private static let shelf = Tree(
        probe: "enclosures",
        files: [
            "sys/class/enclosure/0:0:8:0/id": "0x500304801f71f0bd", "sys/class/enclosure/0:0:8:0/Slot 01/status": "OK",
            "sys/class/enclosure/0:0:8:0/Slot 01/fault": "0", "sys/class/enclosure/0:0:8:0/Slot 01/slot": "1",
        ])

    private static let fileSystems = Tree(
        probe: "filesystems",
        files: [
            "sys/block/sda/device/wwid": "naa.5000c500aaaaaaa1",
            "sys/class/block/sda/device/wwid": "naa.5000c500aaaaaaa1",
            "sys/fs/ext4/sda2/errors_count": "3", "sys/fs/ext4/sda2/first_error_time": "1763711000",
            "sys/fs/ext4/sda2/last_error_time": "1763711500", "sys/fs/ext4/sda2/lifetime_write_kbytes": "2048",
            "proc/sys/kernel/random/boot_id": "one",
            "proc/self/mountinfo": "22 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw,errors=remount-ro",
        ])

    private static let controller = "sys/devices/system/edac/mc/mc0"

    private static let memoryErrors = Tree(
        probe: "memory-errors",
        files: [
            "\(controller)/ce_count": "12", "\(controller)/ue_count": "1", "\(controller)/ce_noinfo_count": "2",
            "\(controller)/ue_noinfo_count": "0", "\(controller)/mc_name": "skx",
            "\(controller)/sdram_scrub_rate": "1000", "\(controller)/dimm0/dimm_ce_count": "10",
            "\(controller)/dimm0/dimm_ue_count": "1", "\(controller)/dimm0/dimm_label": "CPU1_DIMM_A1",
            "\(controller)/dimm0/size": "32768",
        ])

    /// A controller that is no folder, so that what hangs below it cannot be listed.
    private static let damagedMemory = Tree(
        probe: "memory-errors", files: ["sys/devices/system/edac/mc/mc1": "no folder"])

    private static let bond = Tree(
        probe: "network",
        files: [
            "sys/class/net/bond0/bonding/slaves": "eth0 eth1", "sys/class/net/bond0/bonding/mode": "active-backup 1",
            "sys/class/net/eth0/address": "00:16:3e:aa:bb:00", "sys/class/net/eth0/device/vendor": "0x8086",
            "sys/class/net/eth0/bonding_slave/mii_status": "up",
            "sys/class/net/eth0/bonding_slave/link_failure_count": "0",
            "sys/class/net/eth1/address": "00:16:3e:aa:bb:01", "sys/class/net/eth1/device/vendor": "0x8086",
            "sys/class/net/eth1/bonding_slave/mii_status": "down",
            "sys/class/net/eth1/bonding_slave/link_failure_count": "1",
        ])

    private static let powerSupplies = Tree(
        probe: "power-supplies",
        files: [
            "sys/class/power_supply/AC/type": "Mains", "sys/class/power_supply/AC/online": "1",
            "sys/class/power_supply/AC/voltage_now": "20000000", "sys/class/power_supply/AC/current_now": "3000000",
            "sys/class/power_supply/UPS/type": "UPS", "sys/class/power_supply/UPS/status": "Discharging",
            "sys/class/power_supply/UPS/capacity": "90", "sys/class/power_supply/UPS/time_to_empty_now": "600",
            "sys/class/power_supply/UPS/temp": "250", "sys/class/power_supply/UPS/current_now": "1000000",
            "sys/class/power_supply/UPS/power_now": "12000000", "sys/class/power_supply/UPS/voltage_now": "12229000",
        ])

    private static let cores = "sys/devices/system/cpu"

    private static let processors = Tree(
        probe: "processors",
        files: [
            "\(cores)/online": "0", "\(cores)/cpu0/topology/physical_package_id": "0",
            "\(cores)/cpu0/topology/core_id": "0", "\(cores)/cpu0/thermal_throttle/core_throttle_count": "1",
            "\(cores)/cpu0/thermal_throttle/core_throttle_total_time_ms": "12",
            "\(cores)/cpu0/thermal_throttle/package_throttle_count": "9",
            "\(cores)/cpu0/thermal_throttle/package_throttle_total_time_ms": "1234",
        ])

    private static let mirror = "sys/block/md0/md"

    private static let array = Tree(
        probe: "raid",
        files: [
            "sys/block/sda/device/wwid": "naa.5000c500aaaaaaa1",
            "sys/class/block/sda/device/wwid": "naa.5000c500aaaaaaa1",
            "\(mirror)/array_state": "clean", "\(mirror)/level": "raid1", "\(mirror)/metadata_version": "1.2",
            "\(mirror)/raid_disks": "2", "\(mirror)/degraded": "1", "\(mirror)/sync_action": "idle",
            "\(mirror)/sync_completed": "none", "\(mirror)/mismatch_cnt": "0",
            "\(mirror)/uuid": "0a1b2c3d-0000-0000-0000-000000000001", "\(mirror)/dev-sda1/state": "in_sync",
            "\(mirror)/dev-sda1/slot": "0", "\(mirror)/dev-sda1/errors": "3",
            "\(mirror)/dev-sda1/bad_blocks": "128 8\n512 8",
        ])

    private static let thermal = Tree(
        probe: "thermal",
        files: [
            "sys/class/thermal/thermal_zone0/type": "x86_pkg_temp", "sys/class/thermal/thermal_zone0/temp": "41500",
            "sys/class/thermal/thermal_zone0/trip_point_0_type": "critical",
            "sys/class/thermal/thermal_zone0/trip_point_0_temp": "105000",
            "sys/class/powercap/intel-rapl:0/name": "package-0",
            "sys/class/powercap/intel-rapl:0/energy_uj": "1000000",
            "sys/class/powercap/intel-rapl:0/max_energy_range_uj": "262143328850",
        ], then: ["sys/class/powercap/intel-rapl:0/energy_uj": "1501000000"])

    /// A power supply on PMBus.
    private static let supply = Tree(
        probe: "chip-sensors",
        files: [
            "sys/class/hwmon/hwmon0/name": "dps650ab", "sys/class/hwmon/hwmon0/in1_label": "vin",
            "sys/class/hwmon/hwmon0/in1_input": "230000", "sys/class/hwmon/hwmon0/in1_alarm": "0",
            "sys/class/hwmon/hwmon0/power1_label": "pin", "sys/class/hwmon/hwmon0/power1_input": "120000000",
            "sys/class/hwmon/hwmon0/power2_label": "pout1", "sys/class/hwmon/hwmon0/power2_input": "110000000",
            "sys/class/hwmon/hwmon0/power2_rated_max": "650000000",
            "sys/class/hwmon/hwmon0/curr1_label": "iout1", "sys/class/hwmon/hwmon0/curr1_input": "9000",
        ])

    private static let fanChip = Tree(
        probe: "chip-sensors",
        files: [
            "sys/class/hwmon/hwmon0/name": "nct6798", "sys/class/hwmon/hwmon0/fan1_input": "1200",
            "sys/class/hwmon/hwmon0/pwm1": "128", "sys/class/hwmon/hwmon0/pwm1_enable": "1",
        ])

    /// The chip of an NVMe disk.
    private static let nvmeChip = Tree(
        probe: "chip-sensors",
        files: [
            "sys/class/nvme/nvme0/serial": "S1", "sys/class/nvme/nvme0/model": "A disk",
            "sys/class/nvme/nvme0/hwmon0/name": "nvme", "sys/class/nvme/nvme0/hwmon0/temp1_input": "41500",
            "sys/class/nvme/nvme0/hwmon0/temp1_max": "80000", "sys/class/nvme/nvme0/hwmon0/temp1_alarm": "0",
            "sys/class/nvme/nvme0/hwmon0/temp1_lowest": "20000",
        ],
        links: [
            "sys/class/hwmon/hwmon0": "../nvme/nvme0/hwmon0", "sys/class/nvme/nvme0/hwmon0/device": "../../nvme0",
        ])
}
