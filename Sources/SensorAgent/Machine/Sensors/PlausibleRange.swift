import Reports

/// What a sensor of each kind can show at all. A device that has no sensor, or cannot read it, often returns the end of
/// a register in place of a value: -273.15 °C (0 K), 127 °C, 65535 rpm, 4294967 W (2^32 mW), 65535 s.
///
/// The ranges are wide on purpose, so that a fault is never taken for a placeholder: they end where no part in a server
/// still works.
enum PlausibleRange {
    private struct Row {
        var range: ClosedRange<Double>
        /// Values within it that are a register's end, and that no sensor holds by chance.
        var placeholders: Set<Double> = []
    }

    private static let temperature = Row(range: -60...200, placeholders: [127])
    private static let voltage = Row(range: -1_000...1_000)
    private static let current = Row(range: -10_000...10_000)
    /// Watts: a whole enclosure of blades draws 20,000.
    private static let power = Row(range: -60_000...60_000)

    /// By the name of the signal; what has no row is not bounded.
    private static let rows: [String: Row] = [
        "hw.temperature": temperature,
        "hw.temperature.extreme": Row(range: -60...200),
        "hw.temperature.limit": Row(range: -60...250),
        "hw.ups.temperature": Row(range: -40...120),
        "hw.voltage": voltage, "hw.voltage.extreme": voltage, "hw.voltage.limit": voltage,
        "hw.current": current, "hw.current.extreme": current, "hw.current.limit": current,
        "hw.power": power, "hw.power.average": power, "hw.power.extreme": power, "hw.power.limit": power,
        "hw.energy": Row(range: 0...1e15),
        "hw.humidity": Row(range: 0...100),
        // The fastest fan of a server turns 38,000 times a minute.
        "hw.fan.speed": Row(range: 0...60_000), "hw.fan.speed.limit": Row(range: 0...60_000),
        "hw.fan.speed_ratio": Row(range: 0...2),
        "hw.psu.input_voltage": Row(range: 0...1_000), "hw.psu.input_power": Row(range: 0...60_000),
        "hw.psu.output_power": Row(range: 0...60_000), "hw.psu.output_current": current,
        "hw.battery.voltage": Row(range: 0...1_000), "hw.battery.nominal_voltage": Row(range: 1...1_000),
        "hw.battery.charge": Row(range: 0...1),
        // Thirty days; 16 bits of seconds.
        "hw.battery.time_left": Row(range: 0...2_592_000, placeholders: [65_535]),
        "hw.ups.load": Row(range: 0...5),
        "hw.ups.input_voltage": Row(range: 0...1_000), "hw.ups.input_voltage.limit": Row(range: 1...1_000),
        "hw.ups.input_voltage.nominal": Row(range: 1...1_000),
        "hw.physical_disk.endurance_used": Row(range: 0...2.55), "hw.physical_disk.spare": Row(range: 0...1),
        "hw.physical_disk.spare.threshold": Row(range: 0...1),
    ]

    /// The signals that are bounded.
    static var names: [String] { rows.keys.sorted() }

    private static let disk = "\(ComponentKind.disk.rawValue):"

    /// Whether a sensor of this part can show the value.
    static func contains(_ value: Double, signal: String, of component: ComponentID? = nil) -> Bool {
        guard let row = rows[signal] else { return true }
        // No disk works at exactly the freezing point; those without a sensor return it.
        if value == 0, signal == "hw.temperature", component?.rawValue.hasPrefix(disk) == true { return false }
        return row.range.contains(value) && !row.placeholders.contains(value)
    }

    /// What is to be reported in place of a value that no sensor can show: a limit is one that nobody set.
    static func reason(signal: String) -> Unavailable { signal.hasSuffix(".limit") ? .unset : .notPlausible }
}
