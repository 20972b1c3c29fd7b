/// Which limits of one sensor somebody has set, and which only stand in a register.
///
/// Super-I/O chips power up with limits at a register's end, with zeros, or with min above max, and most boards leave
/// them so; alarms of such a limit mean nothing. The rules, from the recordings and the drivers' tables
/// (Documentation/hwmon/nct6775.rst, it87.rst, nvme hwmon's 0xFFFF K):
/// - a lower limit that is not below its upper limit: both are unset;
/// - an upper limit of exactly 0, except where the lower one is below 0 (a negative rail);
/// - a lower limit of exactly 0 for a voltage, current, power or fan: nothing can be below it;
/// - an upper limit of a temperature below 0 °C: nothing in a server must stay that cold;
/// - a limit that no such sensor could pass (`PlausibleRange`), or a temperature's at the end of an 8-bit register
///   (127, -128 °C);
/// - a voltage limit at the end of an 8-bit register of a Super-I/O chip (255 steps of 8, 12 or 16 mV).
struct SensorLimits: Sendable {
    private let unset: Set<String>

    init(kind: SensorFeature.Kind, superIO: Bool, values: [String: Double]) {
        var unset: Set<String> = []
        for (low, high) in [("min", "max"), ("lcrit", "crit")] {
            if let minimum = values[low], let maximum = values[high], minimum >= maximum {
                unset.formUnion([low, high])
            }
            if values[high] == 0, (values[low] ?? 0) >= 0 { unset.insert(high) }
            if values[low] == 0, kind != .temperature, kind != .humidity { unset.insert(low) }
        }
        if values["emergency"] == 0 { unset.insert("emergency") }
        for limit in SensorLimits.limits {
            guard let value = values[limit] else { continue }
            if let signal = SensorLimits.signals[kind], !PlausibleRange.contains(value, signal: signal) {
                unset.insert(limit)
            }
            if kind == .temperature, value == 127 || (value < 0 && ["max", "crit", "emergency"].contains(limit)) {
                unset.insert(limit)
            }
            if kind == .voltage, superIO, [2.04, 3.06, 4.08].contains(where: { abs($0 - value) < 0.0005 }) {
                unset.insert(limit)
            }
        }
        // A limit carries its hysteresis and its alarm with it, and the common alarm means nothing without any limit.
        let present = SensorLimits.limits.filter { values[$0] != nil }
        self.unset = unset.union(unset.flatMap { ["\($0)_hyst", "\($0)_alarm"] })
            .union(!present.isEmpty && unset.isSuperset(of: present) ? ["alarm"] : [])
    }

    func isUnset(_ suffix: String) -> Bool { unset.contains(suffix) }

    /// By what the sensor measures.
    private static let signals: [SensorFeature.Kind: String] = [
        .temperature: "hw.temperature.limit", .voltage: "hw.voltage.limit", .current: "hw.current.limit",
        .power: "hw.power.limit", .fan: "hw.fan.speed.limit",
    ]

    private static let limits = ["min", "max", "lcrit", "crit", "emergency"]

    /// What follows from measuring, and so means nothing when the sensor is faulty; limits and settings do not.
    static func isMeasured(_ suffix: String) -> Bool {
        suffix == "input" || suffix.hasSuffix("alarm") || suffix.hasSuffix("lowest") || suffix.hasSuffix("highest")
            || suffix == "average"
    }

    /// Whether `prefix` names a Super-I/O or board-monitoring chip with 8-bit limits.
    static func isSuperIO(_ prefix: String) -> Bool {
        ["nct6", "nct7", "w836", "w837", "it86", "it87", "f718", "f819", "sch5", "dme1737", "lm78", "smsc47"]
            .contains { prefix.hasPrefix($0) }
    }

    /// Volts that a rail should have by its label: `+12V`, `3.3V`, `+5VSB`, `3VSB`; nil for any other label.
    static func nominal(label: String) -> Double? {
        let bare = label.drop { $0 == "+" || $0 == " " }
        let digits = bare.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let rest = bare.dropFirst(digits.count).drop { $0 == " " }
        guard let volts = Double(digits), rest.first == "V" || rest.first == "v" else { return nil }
        let standard = [1.8, 2.5, 3.3, 5, 12]
        return volts == 3 ? 3.3 : standard.first { $0 == volts }
    }
}
