extension SignalCatalogue {
    /// The words of a signal that is a state: those that say that nothing is wrong, and the others.
    ///
    /// Patterns compare states with words; what stands in neither list no probe tells. `hw.sensor.state` has words of
    /// its makers and is not here.
    public struct StateWords: Sendable {
        /// Nobody has to judge these: all is well, or nothing is said of it.
        public var well: [String]
        /// Each of these is to be judged by somebody.
        public var other: [String]
    }

    /// The words of a state by its name; nil of what is no state, and of states whose words are open.
    public static func words(ofState name: String) -> StateWords? { stateWords[name] }

    /// Values of labels that are open in the catalogue, where some are told under the same name by every driver, so
    /// that each of them is a thing of its own. By signal and label.
    public static func namedValues(of label: String, in name: String) -> [String] { named[name]?[label] ?? [] }

    private static let flag = StateWords(well: ["clear"], other: ["asserted"])

    private static let stateWords: [String: StateWords] = [
        "hw.status": StateWords(well: ["ok"], other: ["degraded", "failed", "predicted_failure", "missing"]),
        "hw.site.check": StateWords(well: ["ok"], other: ["warning", "critical"]),
        "hw.bmc.self_test": StateWords(well: ["passed"], other: ["failed"]),
        "hw.alarm": flag, "hw.sensor.fault": flag, "hw.intrusion": flag,
        "hw.fan.redundancy": StateWords(well: ["full", "none"], other: ["degraded", "lost"]),
        "hw.psu.redundancy": StateWords(well: ["full", "none"], other: ["degraded", "lost"]),
        "hw.physical_disk.smart.health": StateWords(well: ["passed"], other: ["failed"]),
        "hw.physical_disk.smart.failing": StateWords(well: ["never"], other: ["now", "past"]),
        "hw.physical_disk.power_mode": StateWords(well: ["active", "idle", "standby", "sleep"], other: []),
        "hw.physical_disk.self_test": StateWords(well: ["passed", "running", "aborted"], other: ["failed", "none"]),
        "hw.physical_disk.critical_warning": flag,
        "hw.physical_disk.informational_exception": flag,
        "hw.physical_disk.kernel_state": StateWords(
            well: ["running", "live", "blocked", "resetting", "connecting"],
            other: ["offline", "transport-offline", "dead"]),
        "hw.physical_disk.pre_eol": StateWords(well: ["normal"], other: ["warning", "urgent"]),
        "hw.cpu.state": flag,
        "hw.cpu.cache_threshold": StateWords(well: ["green"], other: ["yellow"]),
        "hw.psu.state": flag,
        "hw.psu.mode": StateWords(well: ["active", "cold_redundant", "hot_spare"], other: []),
        "hw.battery.state": StateWords(well: ["ok", "charging", "learning"], other: ["replace", "failed"]),
        "hw.ups.status": flag,
        "hw.ups.test_result": StateWords(
            well: ["passed", "running", "aborted", "none"], other: ["failed", "warning"]),
        "hw.pcie.error_seen": flag,
        "hw.network.administrative": StateWords(well: ["up", "down"], other: []),
        "hw.network.link": StateWords(well: ["up"], other: ["down"]),
        "hw.network.duplex": StateWords(well: ["full"], other: ["half"]),
        "hw.network.bond.link": StateWords(well: ["up"], other: ["down"]),
        "hw.network.bond.redundancy": StateWords(well: ["full"], other: ["degraded", "lost", "none"]),
        "hw.optic.alarm": flag,
        "hw.raid.state": StateWords(well: ["ok"], other: ["degraded", "rebuilding", "failed", "inactive"]),
        "hw.raid.member": StateWords(
            well: ["in_sync", "spare", "replaced"], other: ["faulty", "rebuilding", "missing"]),
        "hw.raid.membership": StateWords(
            well: ["in_sync", "spare", "replaced", "rebuilding"], other: ["faulty", "missing"]),
        "hw.raid.activity": StateWords(
            well: ["idle"],
            other: ["check", "repair", "resync", "recovery", "reshape", "frozen", "queued", "pending"]),
        "hw.filesystem.state": StateWords(well: ["ok"], other: ["errors", "read_only", "shut_down"]),
        "hw.gpu.sram_threshold": flag, "hw.gpu.slowdown": flag,
        "hw.enclosure.slot": StateWords(well: ["ok", "empty"], other: ["fault"]),
    ]

    private static let named: [String: [String: [String]]] = [
        // Files of /sys/class/net, sysfs-class-infiniband and fc_host, under the names that NetworkStatistics gives.
        "hw.network.errors": [
            "type": [
                "crc", "frame", "fifo", "missed", "length", "over", "aborted", "carrier", "heartbeat", "window",
                "collision", "total", "dropped", "discarded", "symbol", "link_recovery", "link_integrity",
                "remote_physical", "switch_relay", "constraint", "buffer_overrun", "loss_of_signal", "loss_of_sync",
                "not_operational", "protocol",
            ]
        ],
        // Flags of NUT's ups.status (docs/new-drivers.txt).
        "hw.ups.status": [
            "flag": [
                "OL", "OB", "LB", "HB", "RB", "CHRG", "DISCHRG", "BYPASS", "CAL", "OFF", "OVER", "TRIM", "BOOST", "FSD",
            ]
        ],
    ]
}
