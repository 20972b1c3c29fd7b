/// Which probes of the agent tell a signal, and of which kinds of parts: the one place that says so, for the coverage of
/// an agent as for the commands that explain a pattern.
public enum SignalSources {
    private struct Row {
        /// The signal, or the beginning of its name up to a dot; the longest that fits counts.
        var prefix: String
        /// Parts that these probes tell it of; empty: all that no other row of the prefix names.
        var kinds: [ComponentKind]
        /// The likeliest first; none where no probe tells it yet.
        var probes: [String]
    }

    private static func row(_ prefix: String, _ probes: String..., of kinds: [ComponentKind] = []) -> Row {
        Row(prefix: prefix, kinds: kinds, probes: probes)
    }

    private static let upsKinds: [ComponentKind] = [.ups, .upsBattery]

    private static let rows: [Row] = general + sensors + memoryAndProcessors + disks + cards

    private static let general: [Row] = [
        row("hw.age"), row("hw.power_loss"), row("hw.power_loss", "ups", of: [.ups]), row("hw.backup", "site"),
        row("hw.site", "site"),
        row("hw.bmc", "ipmi"), row("hw.event_log", "ipmi"), row("hw.clock", "board"), row("hw.crash_dumps", "board"),
        row("hw.kernel_log", "kernel-log", "machine-checks"), row("hw.nmi", "kernel-log"),
        row("hw.overheated", "kernel-log", "board"), row("hw.unclean_shutdowns", "board"),
        row("hw.uptime", "board"), row("hw.usb", "kernel-log"), row("hw.watchdog", "board", "ipmi", "kernel-log"),
        row("hw.status", "ipmi", "redfish"),
        row("hw.status", "raid-controllers", "redfish", of: [.controller]),
        row("hw.status", "redfish", "raid-controllers", "ipmi", of: [.disk]),
        row("hw.status", "redfish", "raid-controllers", of: [.raidArray]),
        row("hw.status", "memory-errors", of: [.memoryController]),
    ]

    private static let sensors: [Row] = [
        row("hw.alarm", "chip-sensors", "ipmi"), row("hw.chip", "chip-sensors"),
        row("hw.sensor", "chip-sensors"), row("hw.sensor.state", "ipmi"),
        row("hw.sensor.other", "chip-sensors", "ipmi", "redfish"),
        row("hw.sensor.other", "ups", "power-supplies", of: upsKinds),
        row("hw.sensor.other", "ipmi", "redfish", "power-supplies", of: [.psu]),
        row("hw.intrusion", "ipmi", "chip-sensors", "redfish"),
        row("hw.temperature", "chip-sensors", "ipmi", "redfish", "disk-health", "thermal"),
        row("hw.temperature", "disk-health", "raid-controllers", "redfish", "chip-sensors", of: [.disk]),
        row("hw.temperature", "network", "chip-sensors", of: [.optic]),
        row("hw.temperature", "chip-sensors", "network", of: [.nic]),
        row("hw.temperature", "gpu", "chip-sensors", of: [.gpu]),
        row("hw.temperature", "raid-controllers", of: [.controller]),
        row("hw.temperature", "ups", "power-supplies", of: upsKinds),
        row("hw.temperature", "ipmi", "redfish", "power-supplies", "chip-sensors", of: [.psu]),
        row("hw.voltage", "chip-sensors", "ipmi", "redfish"),
        row("hw.voltage", "network", of: [.optic]),
        row("hw.voltage", "ups", "power-supplies", of: upsKinds),
        row("hw.voltage", "ipmi", "redfish", "power-supplies", "chip-sensors", of: [.psu]),
        row("hw.current", "chip-sensors", "ipmi", "redfish"),
        row("hw.current", "ups", "power-supplies", of: upsKinds),
        row("hw.current", "ipmi", "redfish", "power-supplies", "chip-sensors", of: [.psu]),
        row("hw.power", "chip-sensors", "ipmi", "redfish", "thermal"), row("hw.cooling", "thermal"),
        row("hw.power", "gpu", of: [.gpu]),
        row("hw.power", "ups", "power-supplies", of: upsKinds),
        row("hw.power", "ipmi", "redfish", "power-supplies", "chip-sensors", of: [.psu]),
        row("hw.energy", "chip-sensors", "ipmi", "redfish"), row("hw.humidity", "chip-sensors", "ipmi", "redfish"),
        row("hw.fan", "chip-sensors", "ipmi", "redfish"), row("hw.fan.redundancy", "ipmi", "redfish"),
        row("hw.fan.speed_ratio", "chip-sensors", "ipmi", "redfish", "gpu"),
        row("hw.psu", "ipmi", "redfish", "power-supplies"), row("hw.psu.mode"),
        row("hw.battery", "ipmi", "chip-sensors", of: [.boardBattery]),
        row("hw.battery", "raid-controllers", of: [.controller]),
        row("hw.battery", "ups", "power-supplies", of: upsKinds),
        row("hw.battery.impedance"), row("hw.battery.learn_age", "raid-controllers"),
        row("hw.ups", "ups", "power-supplies"),
    ]

    private static let memoryAndProcessors: [Row] = [
        row("hw.errors", "memory-errors"), row("hw.errors", "gpu", of: [.gpu]), row("hw.errors", of: [.cpu]),
        row("hw.errors", "raid-controllers", of: [.controller]),
        row("hw.memory", "memory-errors"), row("hw.memory.size", "inventory", "memory-errors", "redfish"),
        row("hw.memory.error", "machine-checks", "kernel-log", "ipmi"), row("hw.memory.error_bits"),
        row("hw.memory.page_error", "machine-checks", "kernel-log"),
        row("hw.memory.cell_error", "machine-checks", "kernel-log"),
        row("hw.memory.address_parity", "machine-checks", "kernel-log", "ipmi"),
        row("hw.memory.spared", "ipmi", "machine-checks", "kernel-log"),
        row("hw.memory.correction_limit", "ipmi"), row("hw.memory.page_poisoned", "kernel-log"),
        row("hw.memory.poisoned", "board"), row("hw.memory.retired_pages", "gpu", of: [.gpu]),
        row("hw.cpu", "processors"), row("hw.cpu.core", "inventory", "redfish"), row("hw.cpu.state", "ipmi"),
        row("hw.cpu.machine_check", "machine-checks", "kernel-log"),
        row("hw.cpu.cache_threshold", "machine-checks", "kernel-log"),
        row("hw.cpu.throttled", "kernel-log"), row("hw.cpu.lockup", "kernel-log"),
    ]

    private static let disks: [Row] = [
        row("hw.physical_disk", "disk-health"), row("hw.physical_disk.size", "disk-health", "redfish"),
        row("hw.physical_disk.smart.health", "disk-health", "redfish"),
        row("hw.physical_disk.endurance_used", "disk-health", "disk-latency", "redfish"),
        row("hw.physical_disk.informational_exception", "disk-health", "kernel-log"),
        row("hw.physical_disk.link_speed", "disk-health", "enclosures"),
        row("hw.physical_disk.phy_errors", "enclosures"),
        row("hw.physical_disk.checksum_error", "raid", "kernel-log"),
        row("hw.physical_disk.controller_errors", "raid-controllers"),
        row("hw.physical_disk.await", "disk-latency"), row("hw.physical_disk.stalled", "disk-latency"),
        row("hw.physical_disk.requests", "disk-latency"), row("hw.physical_disk.moved", "disk-latency"),
        row("hw.physical_disk.in_flight", "disk-latency"), row("hw.physical_disk.busy", "disk-latency"),
        row("hw.physical_disk.failed_commands", "disk-latency"), row("hw.physical_disk.timeouts", "disk-latency"),
        row("hw.physical_disk.kernel_state", "disk-latency"), row("hw.physical_disk.pre_eol", "disk-latency"),
        row("hw.physical_disk.io_error", "kernel-log"), row("hw.physical_disk.reset", "kernel-log"),
        row("hw.physical_disk.exception", "kernel-log"), row("hw.physical_disk.command_timeout", "kernel-log"),
        row("hw.physical_disk.lost", "kernel-log"), row("hw.physical_disk.sense", "kernel-log"),
        row("hw.raid", "raid", "raid-controllers", "redfish"), row("hw.raid", "raid", of: [.pool]),
        row("hw.raid.member_failed", "kernel-log"), row("hw.raid.read_error", "kernel-log"),
        row("hw.enclosure", "enclosures", "ipmi"),
        row("hw.filesystem", "filesystems"), row("hw.filesystem.error", "kernel-log"),
        row("hw.filesystem.error.age", "filesystems"),
    ]

    private static let cards: [Row] = [
        row("hw.gpu", "gpu"), row("hw.gpu.xid", "kernel-log"),
        row("hw.network", "network"), row("hw.network.hang", "kernel-log"), row("hw.network.gone", "kernel-log"),
        row("hw.network.link_lost", "kernel-log"), row("hw.optic", "network"),
        row("hw.pcie", "pcie"), row("hw.pcie.error", "machine-checks", "kernel-log", "ipmi"),
        row("hw.pcie.link_lost", "kernel-log"), row("hw.pcie.contained", "kernel-log"),
        row("hw.pcie.unreachable", "kernel-log"), row("hw.controller", "kernel-log"),
    ]

    /// Every probe that tells a signal.
    public static var allProbes: Set<String> { Set(rows.flatMap(\.probes)) }

    /// The probes that tell a signal, the likeliest first; none for a signal that no probe tells.
    /// - Parameters:
    ///   - name: without labels.
    ///   - kind: of the part that it is wanted of; nil for any part.
    public static func probes(of name: String, on kind: ComponentKind? = nil) -> [String] {
        var prefix = name[...]
        while !prefix.isEmpty {
            let fitting = rows.filter { $0.prefix == prefix }
            if !fitting.isEmpty {
                let special = kind.flatMap { kind in fitting.first { $0.kinds.contains(kind) } }
                if let row = special ?? (kind == nil ? nil : fitting.first { $0.kinds.isEmpty }) { return row.probes }
                var all: [String] = []
                for probe in fitting.flatMap(\.probes) where !all.contains(probe) { all.append(probe) }
                return all
            }
            prefix = prefix.lastIndex(of: ".").map { prefix[..<$0] } ?? ""
        }
        return []
    }

    /// The probes that would find parts of a kind that every server has, the likeliest first; none for kinds that a
    /// server may well lack.
    public static func finders(of kind: ComponentKind) -> [String] {
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
