import Daemon
public import Reports

/// `chip-sensors`: every voltage, temperature, fan, power, current, energy, humidity and intrusion sensor of hwmon,
/// through libsensors, so that names, labels and scaling are those that `sensors` prints.
///
/// libsensors stays open between looks. It is opened anew when the hwmon devices of the kernel have changed. A recorded
/// tree is read without it (`HwmonTree`).
public actor ChipSensorProbe: Probe {
    public nonisolated let name = "chip-sensors"
    public nonisolated let interval = Duration.seconds(10)
    public nonisolated let deadline = Duration.seconds(8)

    private let tree: SysTree
    private let executor = BlockingExecutor(label: "callhome.chip-sensors")

    private var session: Session?
    private let parts: PartsDirectory
    private var disks = DiskDirectory()
    /// When chips that are not to be asked at every look were asked, by their names.
    private var paces: [String: ChipReadSchedule] = [:]

    /// libsensors with the names of what it found.
    private struct Session: ~Copyable {
        let sensors: Sensors
        let signals: ChipSensorSignals
        let drives: FanPWM
        /// By the place of the chip: what it is part of, where that is not the board.
        let owners: [Int: ChipOwner]
        /// The hwmon devices of the kernel when it was opened.
        let devices: [String]
    }

    /// - Parameter parts: which disks there are; nil: they are read from the tree.
    public init(tree: SysTree, parts: PartsDirectory? = nil) {
        self.tree = tree
        self.parts = parts ?? PartsDirectory(tree: tree)
    }

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.unowned }

    public func observe(at time: Timestamp, since cursor: ProbeCursor?) throws(ProbeError) -> ProbeResult {
        guard tree.isThisMachine else { return try recorded(at: time) }
        let devices = hwmonDevices()
        let isNew = session?.devices != devices
        // A chip may be there before its disk is known, and would then be asked as often as those of the board.
        let known = parts.parts(at: time, anew: isNew ? .disks : []).disks
        if isNew || known != disks {
            disks = known
            try reopen(devices)
        }
        guard let session = session.take() else { throw .absent(because: "libsensors is not open") }
        guard !session.sensors.chips.isEmpty else {
            self.session = consume session
            throw ChipSensorProbe.noChip
        }
        var skipped: Set<Int> = []
        var asleep: Set<Int> = []
        for (place, owner) in session.owners {
            let name = session.sensors.chips[place].name
            let activity = owner.activity.map { (try? tree.text($0)) ?? "" }
            switch paces[name, default: ChipReadSchedule()].decide(at: time, spacing: owner.spacing, activity: activity)
            {
            case .read: break
            case .tooEarly: skipped.insert(place)
            case .asleep: asleep.insert(place)
            }
        }
        let values = session.sensors.values(skipping: skipped.union(asleep))
        var result = session.signals.result(values: values, skipping: skipped, asleep: asleep, at: time)
        result.observations += session.drives.observations(tree, leaving: skipped.union(asleep), at: time)
        self.session = consume session
        return result
    }

    private static let noChip = ProbeError.absent(
        because: "the kernel knows no monitoring chip (/sys/class/hwmon is empty): "
            + "load the driver of its chip (coretemp or k10temp for the processor); a virtual machine has none")

    /// A recorded tree, which libsensors cannot read: all chips are asked, for nobody is kept awake by it.
    private func recorded(at time: Timestamp) throws(ProbeError) -> ProbeResult {
        let recording = HwmonTree(tree)
        guard !recording.chips.isEmpty else { throw ChipSensorProbe.noChip }
        disks = parts.parts(at: time).disks
        let signals = ChipSensorSignals(chips: recording.chips, owners: owners(of: recording.chips))
        var result = signals.result(values: recording.values(tree), at: time)
        result.observations += FanPWM(signals, of: recording.chips, tree).observations(tree, at: time)
        return result
    }

    /// What chips are part of, by their places.
    private func owners(of chips: [SensorChip]) -> [Int: ChipOwner] {
        var owners: [Int: ChipOwner] = [:]
        for (place, chip) in chips.enumerated() {
            owners[place] = ChipOwner(of: chip, tree: tree) { disks.disk(named: $0) }
        }
        return owners
    }

    private func reopen(_ devices: [String]) throws(ProbeError) {
        session = nil  // Closes libsensors first: its state is global.
        do {
            let sensors = try Sensors()
            let owners = owners(of: sensors.chips)
            let signals = ChipSensorSignals(chips: sensors.chips, owners: owners)
            let drives = FanPWM(signals, of: sensors.chips, tree)
            session = Session(
                sensors: sensors, signals: signals, drives: drives, owners: owners, devices: devices)
        } catch {
            switch error {
            case .alreadyOpen: throw .absent(because: "libsensors is in use elsewhere in this process")
            case .refused(let words): throw .malformed(path: "/etc/sensors3.conf", problem: "libsensors says: \(words)")
            }
        }
    }

    /// Name and inode of every hwmon device: it changes when one comes, goes, or takes another's number.
    private func hwmonDevices() -> [String] {
        ((try? tree.entries(in: "/sys/class/hwmon")) ?? []).map { "\($0.name) \($0.inode)" }.sorted()
    }
}
