/// Which probe of the agent tells a signal, as far as it is one of these.
enum SignalProbe {
    private static let probes: [(prefix: String, probe: String)] = [
        ("callhome.test", "`callhome test`"),
        ("hw.physical_disk.smart", "disk-health"),
        ("hw.physical_disk.self_test", "disk-health"),
        ("hw.physical_disk.endurance_used", "disk-health"),
        ("hw.physical_disk.spare", "disk-health"),
        ("hw.physical_disk.media_errors", "disk-health"),
        ("hw.physical_disk.grown_defects", "disk-health"),
        ("hw.physical_disk.scsi_errors", "disk-health"),
        ("hw.physical_disk.non_medium_errors", "disk-health"),
        ("hw.physical_disk.error_log", "disk-health"),
        ("hw.physical_disk.power_", "disk-health"),
        ("hw.physical_disk.unsafe_shutdowns", "disk-health"),
        ("hw.physical_disk.throttle_time", "disk-health"),
        ("hw.temperature", "chip-sensors or disk-health"),
        ("hw.voltage", "chip-sensors"), ("hw.current", "chip-sensors"), ("hw.fan.speed", "chip-sensors"),
        ("hw.humidity", "chip-sensors"), ("hw.energy", "chip-sensors"), ("hw.alarm", "chip-sensors"),
        ("hw.intrusion", "chip-sensors"), ("hw.sensor.fault", "chip-sensors"),
        ("hw.errors", "memory-errors"), ("hw.memory.scrub_rate", "memory-errors"),
    ]

    /// - Parameter signal: as it is written, labels included.
    static func name(of signal: String) -> String? { probes.first { signal.hasPrefix($0.prefix) }?.probe }
}
