import Reports

/// How hard fans are driven: `pwmN` of hwmon, 0 to 255, which libsensors leaves out
/// (Documentation/hwmon/sysfs-interface.rst).
///
/// The kernel does not show which fan `pwmN` drives. Super I/O chips number both by the header, so `pwmN` is taken for
/// the drive of `fanN` there, and on any chip all of whose fans have one of their number. On others (four tachometers and
/// three drives of an LM85) the board decides, and a fan that was ordered to stop would be distinguished
/// from a broken one by the drive of another.
struct FanPWM: Sendable {
    private struct Drive: Sendable {
        /// Its chip's place.
        var place: Int
        var fan: ComponentID
        var path: String
    }

    private let drives: [Drive]

    init(_ signals: ChipSensorSignals, of chips: [SensorChip], _ tree: SysTree) {
        drives = Dictionary(grouping: signals.fans, by: \.place).sorted { $0.key < $1.key }.flatMap { place, fans in
            let drives = fans.map { fan in
                Drive(place: place, fan: fan.component, path: "\(chips[place].path)/pwm\(fan.name.dropFirst(3))")
            }
            let found = drives.filter { tree.exists($0.path) }
            return found.count == drives.count || SensorLimits.isSuperIO(chips[place].prefix) ? found : []
        }
    }

    /// - Parameter left: places of chips that are not asked now.
    func observations(_ tree: SysTree, leaving left: Set<Int> = [], at time: Timestamp) -> [Observation] {
        drives.filter { !left.contains($0.place) }.map { drive in
            Observation(
                component: drive.fan, signal: Signal("hw.fan.speed_ratio"),
                measurement: FanPWM.read(drive.path, tree),
                time: time)
        }
    }

    private static func read(_ path: String, _ tree: SysTree) -> Measurement {
        // 0: nobody drives the fan, which turns as fast as it can, whatever the register holds.
        if (try? tree.text("\(path)_enable")) == "0" { return .reading(1) }
        guard let text = try? tree.text(path) else { return .unavailable(.readError) }
        guard let value = Double(text), (0...255).contains(value) else { return .unavailable(.malformed) }
        return .reading(value / 255)
    }
}
