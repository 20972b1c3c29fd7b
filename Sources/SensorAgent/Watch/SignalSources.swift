import Reports

/// Which probes may tell a signal: so that one that is missing can be explained by the probe that would have told it.
enum SignalSources {
    /// By the beginning of the signal's name; the longest that fits counts.
    private static let probes: [(prefix: String, probes: [String])] = [
        ("hw.temperature", ["chip-sensors", "ipmi", "redfish"]),
        ("hw.voltage", ["chip-sensors", "ipmi", "redfish"]),
        ("hw.current", ["chip-sensors", "ipmi", "redfish"]),
        ("hw.power", ["chip-sensors", "ipmi", "redfish"]),
        ("hw.energy", ["chip-sensors"]),
        ("hw.humidity", ["chip-sensors", "ipmi", "redfish"]),
        ("hw.fan", ["chip-sensors", "ipmi", "redfish"]),
        ("hw.alarm", ["chip-sensors"]),
        ("hw.chip", ["chip-sensors"]),
        ("hw.age", ["inventory"]),
        ("hw.intrusion", ["chip-sensors", "ipmi"]),
        ("hw.status", ["ipmi", "redfish", "raid-controllers"]),
        ("hw.psu", ["ipmi", "redfish", "power-supplies", "chip-sensors"]),
        ("hw.errors", ["memory-errors", "gpu"]),
        ("hw.memory", ["memory-errors", "kernel-log"]),
        ("hw.memory.error", ["memory-errors", "machine-checks", "kernel-log", "ipmi"]),
        ("hw.memory.page_error", ["machine-checks", "kernel-log"]),
        ("hw.memory.cell_error", ["machine-checks", "kernel-log"]),
        ("hw.memory.poisoned", ["board"]),
        ("hw.memory.correction_limit", ["ipmi"]),
        ("hw.memory.spared", ["ipmi", "machine-checks", "kernel-log"]),
        ("hw.memory.address_parity", ["ipmi", "machine-checks", "kernel-log"]),
        ("hw.physical_disk", ["disk-health"]),
        ("hw.physical_disk.await", ["disk-latency"]),
        ("hw.physical_disk.stalled", ["disk-latency"]),
        ("hw.physical_disk.io_error", ["kernel-log"]),
        ("hw.physical_disk.reset", ["kernel-log"]),
        ("hw.physical_disk.lost", ["kernel-log"]),
        ("hw.physical_disk.informational_exception", ["disk-health", "kernel-log"]),
        ("hw.physical_disk.checksum_error", ["raid", "kernel-log"]),
        ("hw.physical_disk.kernel_state", ["disk-latency"]),
        ("hw.physical_disk.timeouts", ["disk-latency"]),
        ("hw.physical_disk.failed_commands", ["disk-latency"]),
        ("hw.physical_disk.requests", ["disk-latency"]),
        ("hw.physical_disk.moved", ["disk-latency"]),
        ("hw.physical_disk.in_flight", ["disk-latency"]),
        ("hw.physical_disk.busy", ["disk-latency"]),
        ("hw.physical_disk.busy_time", ["disk-health"]),
        ("hw.physical_disk.pre_eol", ["disk-latency"]),
        ("hw.physical_disk.endurance_used", ["disk-health", "disk-latency"]),
        ("hw.physical_disk.link_speed", ["disk-health", "enclosures"]),
        ("hw.physical_disk.phy_errors", ["enclosures"]),
        ("hw.physical_disk.controller_errors", ["raid-controllers"]),
        ("hw.cpu", ["processors"]),
        ("hw.cpu.machine_check", ["machine-checks", "kernel-log"]),
        ("hw.cpu.cache_threshold", ["machine-checks"]),
        ("hw.cpu.state", ["ipmi"]),
        ("hw.battery", ["ipmi", "chip-sensors", "ups", "raid-controllers"]),
        ("hw.ups", ["ups", "power-supplies"]),
        ("hw.pcie", ["pcie"]),
        ("hw.pcie.error", ["machine-checks", "kernel-log"]),
        ("hw.network", ["network"]),
        ("hw.optic", ["network"]),
        ("hw.raid", ["raid", "raid-controllers", "redfish"]),
        ("hw.enclosure", ["enclosures"]),
        ("hw.filesystem", ["filesystems"]),
        ("hw.gpu", ["gpu"]),
        ("hw.gpu.xid", ["kernel-log"]),
        ("hw.backup", ["site"]),
        ("hw.site", ["site"]),
        ("hw.unclean_shutdowns", ["board"]),
        ("hw.power_loss", ["board", "ipmi"]),
        ("hw.watchdog", ["board", "ipmi"]),
        ("hw.clock", ["board"]),
        ("hw.uptime", ["board"]),
        ("hw.crash_dumps", ["board"]),
        ("hw.kernel_log", ["kernel-log"]),
        ("hw.nmi", ["kernel-log"]),
        ("hw.overheated", ["kernel-log"]),
        ("hw.usb", ["kernel-log"]),
        ("hw.controller.reset", ["kernel-log"]),
        ("hw.event_log", ["ipmi"]),
        ("hw.bmc", ["ipmi"]),
        ("hw.sensor", ["chip-sensors"]),
    ]

    /// The probes, the likeliest first; none for a signal that no probe tells.
    static func probes(of signal: Signal) -> [String] {
        let fitting = probes.filter { entry in
            signal.name == entry.prefix || signal.name.hasPrefix(entry.prefix + ".")
                || signal.name.hasPrefix(entry.prefix + "_")
        }
        return fitting.max { $0.prefix.count < $1.prefix.count }?.probes ?? []
    }

    /// The probes that would find parts of a kind that every server has; none for kinds that it may well lack.
    static func finders(of kind: ComponentKind) -> [String] {
        switch kind {
        case .fan, .temperature, .voltage: ["chip-sensors", "ipmi", "redfish"]
        case .psu: ["ipmi", "redfish", "power-supplies"]
        case .dimm: ["inventory", "memory-errors"]
        case .disk: ["disk-health"]
        case .cpu: ["processors", "inventory"]
        case .boardBattery: ["ipmi", "chip-sensors"]
        default: []
        }
    }
}
