/// Which probes of the agent tell a signal: `callhome-agent probes` says which of them look on a machine.
enum SignalProbe {
    /// By the beginning of the signal's name; the longest that fits counts.
    private static let probes: [String: String] = [
        "callhome.test": "`callhome test`",
        "hw.age": "no probe yet", "hw.power_loss": "no probe yet", "hw.memory.error_bits": "no probe yet",
        "hw.psu.mode": "no probe yet", "hw.battery.impedance": "no probe yet", "hw.battery.learn_age": "no probe yet",
        "hw.status": "memory-errors, raid-controllers, ipmi or redfish",
        "hw.clock.offset": "board", "hw.uptime": "board", "hw.crash_dumps": "board", "hw.unclean_shutdowns": "board",
        "hw.watchdog": "board, kernel-log or ipmi", "hw.overheated": "board or kernel-log",
        "hw.event_log": "ipmi", "hw.bmc": "ipmi", "hw.nmi": "kernel-log", "hw.usb": "kernel-log",
        "hw.kernel_log": "kernel-log and machine-checks",
        "hw.site": "a check in site.d", "hw.backup": "a check in site.d",
        "hw.temperature": "chip-sensors, disk-health, network, gpu, raid-controllers, ipmi or redfish",
        "hw.temperature.extreme": "chip-sensors or disk-health",
        "hw.voltage": "chip-sensors, network, power-supplies, ups, ipmi or redfish",
        "hw.current": "chip-sensors, power-supplies, ups, ipmi or redfish",
        "hw.power": "chip-sensors, gpu, power-supplies, ups, ipmi or redfish",
        "hw.energy": "chip-sensors, ipmi or redfish", "hw.humidity": "chip-sensors, ipmi or redfish",
        "hw.fan.speed": "chip-sensors, ipmi or redfish", "hw.fan.speed_ratio": "gpu, ipmi or redfish",
        "hw.fan.pulses": "chip-sensors", "hw.fan.divisor": "chip-sensors", "hw.fan.redundancy": "ipmi or redfish",
        "hw.sensor": "chip-sensors", "hw.sensor.state": "ipmi", "hw.chip": "chip-sensors",
        "hw.sensor.other": "chip-sensors, power-supplies, ups, ipmi or redfish",
        "hw.alarm": "chip-sensors or ipmi", "hw.intrusion": "chip-sensors, ipmi or redfish",
        "hw.errors": "memory-errors, gpu or raid-controllers",
        "hw.memory.scrub_rate": "memory-errors", "hw.memory.size": "inventory, memory-errors or redfish",
        "hw.memory.error": "machine-checks, kernel-log or ipmi",
        "hw.memory.page_error": "machine-checks or kernel-log", "hw.memory.cell_error": "machine-checks or kernel-log",
        "hw.memory.address_parity": "machine-checks, kernel-log or ipmi",
        "hw.memory.spared": "machine-checks, kernel-log or ipmi", "hw.memory.correction_limit": "ipmi",
        "hw.memory.retired_pages": "gpu", "hw.memory.page_poisoned": "kernel-log", "hw.memory.poisoned": "board",
        "hw.physical_disk": "disk-health", "hw.physical_disk.size": "disk-health or redfish",
        "hw.physical_disk.smart.health": "disk-health or redfish",
        "hw.physical_disk.endurance_used": "disk-health, disk-latency or redfish",
        "hw.physical_disk.informational_exception": "disk-health or kernel-log",
        "hw.physical_disk.await": "disk-latency", "hw.physical_disk.requests": "disk-latency",
        "hw.physical_disk.moved": "disk-latency", "hw.physical_disk.in_flight": "disk-latency",
        "hw.physical_disk.stalled": "disk-latency", "hw.physical_disk.busy": "disk-latency",
        "hw.physical_disk.busy_time": "disk-health", "hw.physical_disk.failed_commands": "disk-latency",
        "hw.physical_disk.timeouts": "disk-latency", "hw.physical_disk.kernel_state": "disk-latency",
        "hw.physical_disk.pre_eol": "disk-latency", "hw.physical_disk.phy_errors": "enclosures",
        "hw.physical_disk.link_speed": "disk-health or enclosures",
        "hw.physical_disk.checksum_error": "raid", "hw.physical_disk.controller_errors": "raid-controllers",
        "hw.physical_disk.io_error": "kernel-log", "hw.physical_disk.reset": "kernel-log",
        "hw.physical_disk.exception": "kernel-log", "hw.physical_disk.command_timeout": "kernel-log",
        "hw.physical_disk.lost": "kernel-log", "hw.physical_disk.sense": "kernel-log",
        "hw.cpu": "processors", "hw.cpu.machine_check": "machine-checks or kernel-log",
        "hw.cpu.cache_threshold": "machine-checks or kernel-log", "hw.cpu.state": "ipmi",
        "hw.cpu.throttled": "kernel-log", "hw.cpu.lockup": "kernel-log", "hw.cpu.core.count": "inventory or redfish",
        "hw.psu": "power-supplies, ipmi or redfish",
        "hw.battery": "power-supplies, ups, raid-controllers or ipmi", "hw.ups": "ups or power-supplies",
        "hw.pcie": "pcie", "hw.pcie.error": "machine-checks, kernel-log or ipmi", "hw.pcie.errors": "pcie",
        "hw.pcie.error_seen": "pcie", "hw.pcie.link_lost": "kernel-log", "hw.pcie.contained": "kernel-log",
        "hw.pcie.unreachable": "kernel-log", "hw.controller": "kernel-log",
        "hw.network": "network", "hw.network.hang": "kernel-log", "hw.network.gone": "kernel-log",
        "hw.network.link_lost": "kernel-log", "hw.optic": "network",
        "hw.raid": "raid or raid-controllers", "hw.raid.member_failed": "kernel-log",
        "hw.raid.read_error": "kernel-log",
        "hw.gpu": "gpu", "hw.gpu.xid": "kernel-log",
        "hw.filesystem": "filesystems", "hw.filesystem.error": "kernel-log", "hw.filesystem.errors": "filesystems",
        "hw.filesystem.error.age": "filesystems", "hw.enclosure.slot": "enclosures or ipmi",
    ]

    /// - Parameter signal: as it is written, labels included.
    static func name(of signal: String) -> String? {
        var name = signal.prefix { $0 != "{" }
        while !name.isEmpty {
            if let found = probes[String(name)] { return found }
            name = name.lastIndex(of: ".").map { name[..<$0] } ?? ""
        }
        return nil
    }
}
