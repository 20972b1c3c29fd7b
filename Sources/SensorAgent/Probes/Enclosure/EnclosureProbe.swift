import Daemon
public import Reports

/// `enclosures`: where each disk sits and what it hangs on: bay, shelf, cable, storage controller, PCI function; what the
/// shelf reports of each bay; the link errors that SAS counts.
///
/// From sysfs alone: `/sys/class/enclosure` (SES; drivers/misc/enclosure.c), `/sys/class/scsi_host`,
/// `/sys/class/sas_device`, `/sys/class/sas_phy` (drivers/scsi/scsi_transport_sas.c), `/sys/class/ata_port`
/// (Documentation/ABI/testing/sysfs-ata). The files of a SAS phy ask the controller, never a disk.
public actor EnclosureProbe: Probe {
    public nonisolated let name = "enclosures"
    public nonisolated let interval = Duration.seconds(300)
    public nonisolated let deadline = Duration.seconds(60)

    private let tree: SysTree
    private let executor = BlockingExecutor(label: "callhome.enclosures")
    private let parts: PartsDirectory

    /// - Parameter parts: which disks there are; nil: they are read from the tree.
    public init(tree: SysTree, parts: PartsDirectory? = nil) {
        self.tree = tree
        self.parts = parts ?? PartsDirectory(tree: tree)
    }

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.unowned }

    public nonisolated var prompts: AsyncStream<String>? {
        tree.isThisMachine ? DeviceMonitor.changes(in: ["block", "enclosure", "scsi_host"]) : nil
    }

    public func observe(at time: Timestamp, since cursor: ProbeCursor?) throws(ProbeError) -> ProbeResult {
        var reading = EnclosureReading(tree: tree, directory: parts.parts(at: time).disks, time: time)
        reading.addControllers()
        reading.addShelves()
        reading.addDisks()
        guard !reading.result.components.isEmpty else {
            throw .absent(
                because: "no storage controller and no disk shelf: neither /sys/class/scsi_host nor "
                    + "/sys/class/enclosure names any")
        }
        // The bay costs a question to the shelf or the controller, which only this probe asks.
        let slots = Set(reading.result.components.filter { $0.kind == .slot }.map(\.id))
        let bays = reading.result.components.filter { $0.kind == .disk }.map { disk in
            (disk.id, PartFacts(location: disk.parent.map(slots.contains) ?? false ? disk.part.location : nil))
        }
        parts.learn(Dictionary(bays, uniquingKeysWith: { first, _ in first }), at: time)
        return reading.result
    }
}
