import Daemon
public import Reports

/// `chip-sensors`: every voltage, temperature, fan, power, current, energy, humidity and intrusion sensor of hwmon,
/// through libsensors, so that names, labels and scaling are those that `sensors` prints.
///
/// libsensors stays open between looks. It is opened anew when the hwmon devices of the kernel have changed.
public actor ChipSensors: Probe {
    public nonisolated let name = "chip-sensors"
    public nonisolated let interval = Duration.seconds(10)
    public nonisolated let deadline = Duration.seconds(8)

    private let tree: SysTree
    private let executor = BlockingExecutor(label: "callhome.chip-sensors")

    private var session: Session?

    /// libsensors with the names of what it found.
    private struct Session: ~Copyable {
        let sensors: Sensors
        let signals: ChipSensorSignals
        /// The hwmon devices of the kernel when it was opened.
        let devices: [String]
    }

    public init(tree: SysTree) { self.tree = tree }

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.unowned }

    public func observe(at time: Timestamp, since cursor: ProbeCursor?) throws(ProbeError) -> ProbeResult {
        guard tree.isThisMachine else {
            throw .absent(
                because: "libsensors knows only this machine's /sys: show it a recorded tree with umockdev-run -d FILE")
        }
        let devices = hwmonDevices()
        if session?.devices != devices { try reopen(devices) }
        guard let session = session.take() else { throw .absent(because: "libsensors is not open") }
        guard !session.sensors.chips.isEmpty else {
            self.session = consume session
            throw .absent(
                because: "the kernel knows no monitoring chip (/sys/class/hwmon is empty): "
                    + "run sensors-detect to find its driver; a virtual machine has none")
        }
        let result = session.signals.result(values: session.sensors.values(), at: time)
        self.session = consume session
        return result
    }

    private func reopen(_ devices: [String]) throws(ProbeError) {
        session = nil  // Closes libsensors first: its state is global.
        do {
            let sensors = try Sensors()
            let signals = ChipSensorSignals(chips: sensors.chips)
            session = Session(sensors: sensors, signals: signals, devices: devices)
        } catch {
            switch error {
            case .alreadyOpen: throw .absent(because: "libsensors is in use elsewhere in this process")
            case .refused(let words): throw .malformed(path: "/etc/sensors3.conf", problem: "libsensors says: \(words)")
            }
        }
    }

    /// Name, place and driver of every hwmon device: it changes when one comes, goes, or takes another's number.
    private func hwmonDevices() -> [String] {
        let folder = "/sys/class/hwmon"
        return ((try? tree.names(in: folder)) ?? []).map { device in
            let place = (try? tree.resolved("\(folder)/\(device)")) ?? ""
            return "\(place) \((try? tree.text("\(folder)/\(device)/name")) ?? "")"
        }
    }
}
