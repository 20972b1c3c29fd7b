/// The signals of a disk's own health data under the names that whoever reads them uses: the probe of a live disk, and
/// recorded histories of fleets.
public enum DiskSignals {
    public static let temperature = Signal("hw.temperature")
    public static let health = Signal("hw.physical_disk.smart.health")
    public static let powerOnTime = Signal("hw.physical_disk.power_on_time")
    public static let powerCycles = Signal("hw.physical_disk.power_cycles")
    public static let size = Signal("hw.physical_disk.size")
    public static let spare = Signal("hw.physical_disk.spare")
    public static let enduranceUsed = Signal("hw.physical_disk.endurance_used")
    public static let unsafeShutdowns = Signal("hw.physical_disk.unsafe_shutdowns")
    public static let mediaErrors = Signal("hw.physical_disk.media_errors")
    public static let errorLogEntries = Signal("hw.physical_disk.error_log_entries")
    public static let busyTime = Signal("hw.physical_disk.busy_time")

    /// The bits of NVMe's critical warning from bit 0 on (NVM Express Base Specification, log page 02h).
    public static let warnings = [
        "spare", "temperature", "reliability", "read_only", "volatile_backup", "persistent_memory",
    ]

    /// Bytes of one NVMe data unit: a thousand blocks of 512 bytes (the same page).
    public static let dataUnitBytes: UInt64 = 512_000

    /// An ATA attribute's raw value.
    public static func raw(_ attribute: UInt64) -> Signal {
        Signal("hw.physical_disk.smart", ["attribute": "\(attribute).raw"])
    }

    /// - Parameter what: `value`, `worst` or `thresh`.
    public static func normalized(_ attribute: UInt64, _ what: String = "value") -> Signal {
        Signal("hw.physical_disk.smart.normalized", ["attribute": "\(attribute).\(what)"])
    }

    public static func criticalWarning(_ warning: String) -> Signal {
        Signal("hw.physical_disk.critical_warning", ["warning": warning])
    }

    /// - Parameter direction: `read` or `write`.
    public static func io(_ direction: String) -> Signal { Signal("hw.physical_disk.io", ["direction": direction]) }
}
