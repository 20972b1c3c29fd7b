import Daemon
public import Reports

/// `inventory`: chassis, board, processors, memory modules, disks and network cards, with what it takes to order and
/// find
/// each one.
///
/// From SMBIOS (`/sys/firmware/dmi/tables/DMI`, where it may be read; else `/sys/class/dmi/id`), sysfs, and what udev
/// knows.
public actor InventoryProbe: Probe {
    public nonisolated let name = "inventory"
    public nonisolated let interval = Duration.seconds(3600)
    public nonisolated let deadline = Duration.seconds(30)

    private let tree: SysTree
    private let input: String?
    private let executor = BlockingExecutor(label: "callhome.inventory")
    private let parts: PartsDirectory

    /// - Parameters:
    ///   - tree: where files are read; on a recorded one udev is not asked.
    ///   - input: a file with one SMBIOS table (raw, or of `dmidecode --dump-bin`), read in place of all else.
    ///   - parts: which parts there are; nil: they are read from the tree.
    public init(tree: SysTree, input: String? = nil, parts: PartsDirectory? = nil) {
        self.tree = tree
        self.parts = parts ?? PartsDirectory(tree: tree)
        self.input = input
    }

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.unowned }

    private static let subsystems = ["block", "net", "nvme", "enclosure"]

    public nonisolated var prompts: AsyncStream<String>? {
        tree.isThisMachine && input == nil ? DeviceMonitor.changes(in: InventoryProbe.subsystems) : nil
    }

    public func observe(at time: Timestamp, since cursor: ProbeCursor?) throws(ProbeError) -> ProbeResult {
        if let input {
            let table = SMBIOS(parsing: try read(input))
            guard !table.structures.isEmpty else {
                throw .malformed(path: input, problem: "no SMBIOS table: \(table.problem ?? "it is empty")")
            }
            let result = result(of: FirmwareInventory(table, files: SysTree(root: "/nonexistent")), disks: [], at: time)
            guard !result.components.isEmpty else {
                throw .malformed(
                    path: input, problem: "nothing in it was recognised: not what dmidecode --dump-bin writes")
            }
            return result
        }
        let known = parts.parts(at: time, anew: .all)
        let disks = known.disks.content.disks.map(\.disk)
        let result = result(of: known.firmware, disks: disks + known.cards, at: time)
        guard !result.components.isEmpty else {
            throw .absent(because: "neither SMBIOS nor sysfs names a part: \(SMBIOS.path) and /sys/class say nothing")
        }
        return result
    }

    private func read(_ file: String) throws(ProbeError) -> [UInt8] {
        do {
            return try SysTree().bytes(file, limit: SMBIOS.tableBytes)
        } catch {
            throw error.probeError
        }
    }

    /// Joins the parts; what bears one name twice (a disk on two paths) is one component that names both devices.
    private func result(of firmware: FirmwareInventory, disks: [Component], at time: Timestamp) -> ProbeResult {
        var components: [Component] = []
        var places: [ComponentID: Int] = [:]
        for component in firmware.components + disks {
            var component = component
            // An array outside the server hangs on nothing in it.
            let isInside = component.attributes["manager"] != BlockDeviceRole.outsideManager
            if component.parent == nil, component.kind != .chassis, component.kind != .board, isInside {
                component.parent = firmware.board
            }
            guard let place = places[component.id] else {
                places[component.id] = components.count
                components.append(component)
                continue
            }
            let first = components[place].attributes
            let devices = [first["devices"] ?? first["device"], component.attributes["device"]].compactMap { $0 }
            if !devices.isEmpty { components[place].attributes["devices"] = devices.joined(separator: " ") }
        }
        let sizes = firmware.memorySizes.map { id, bytes in
            Observation(component: id, signal: Signal("hw.memory.size"), measurement: .reading(bytes), time: time)
        }
        return ProbeResult(components: components, observations: sizes + firmware.coreCounts(at: time))
    }
}
