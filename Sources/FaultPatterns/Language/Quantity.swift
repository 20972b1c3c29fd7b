import Reports

/// Values as people read them: `24 sectors`, `11.21 V`, `96 %`, `41 °C`.
enum Quantity {
    /// UCUM units that are written otherwise in a sentence.
    private static let units: [String: String] = [
        "Cel": "°C", "By": "bytes", "By/s": "bytes/s", "Ohm": "Ω", "{rpm}": "rpm", "1": "", "{lane}": "lanes",
        "{disk}": "disks", "{core}": "cores",
    ]

    /// Signals without a unit that are shares of a whole.
    private static let shares: Set<String> = [
        "hw.physical_disk.endurance_used", "hw.physical_disk.spare", "hw.physical_disk.spare.threshold",
        "hw.battery.charge", "hw.ups.load", "hw.fan.speed_ratio",
    ]

    /// ATA attributes whose raw value counts something with a name (smartmontools' drivedb, default names).
    private static let attributes: [String: (name: String, unit: String)] = [
        "5.raw": ("reallocated sectors", "{sector}"), "9.raw": ("power-on hours", ""), "10.raw": ("spin retries", ""),
        "171.raw": ("program failures", ""), "172.raw": ("erase failures", ""), "181.raw": ("program failures", ""),
        "182.raw": ("erase failures", ""), "183.raw": ("runtime bad blocks", ""), "184.raw": ("end-to-end errors", ""),
        "187.raw": ("reported uncorrectable errors", ""), "188.raw": ("command timeouts", ""),
        "189.raw": ("high-fly writes", ""), "191.raw": ("shocks", ""), "192.raw": ("power-off retracts", ""),
        "193.raw": ("load cycles", ""),
        "196.raw": ("reallocation events", ""), "197.raw": ("pending sectors", "{sector}"),
        "198.raw": ("offline uncorrectable sectors", "{sector}"), "199.raw": ("link CRC errors", ""),
    ]

    static func words(_ measurement: Measurement, of signal: Signal) -> String {
        let unit = SignalCatalogue.entry(named: signal.name)?.unit ?? ""
        return switch measurement {
        case .reading(let value): words(value, unit: unit, of: signal)
        case .counter(let value) where value > 1 << 53: "\(value)"
        case .counter(let value): words(Double(value), unit: unit, of: signal)
        case .state(let word): String(word.prefix(200))
        case .event(let text): String(text.prefix(200))
        case .unavailable(let reason): "not read (\(reason.rawValue.prefix(60)))"
        }
    }

    static func words(_ value: Double, unit: String, of signal: Signal?) -> String {
        if let signal, shares.contains(signal.name) { return "\(digits(value * 100)) %" }
        var word = units[unit] ?? unit
        if let signal, signal.name == "hw.physical_disk.smart", let label = signal[label: "attribute"] {
            word = attributes[label]?.unit ?? ""
        }
        if word.hasPrefix("{"), word.hasSuffix("}") {
            word = String(word.dropFirst().dropLast())
            if value != 1 { word += word.hasSuffix("y") ? "" : "s" }
            if word.hasSuffix("y"), value != 1 { word = word.dropLast() + "ies" }
        }
        if unit == "s", abs(value) >= 120 { return TimeSpan.approximately(seconds: value) }
        return word.isEmpty ? digits(value) : "\(digits(value)) \(word)"
    }

    static func words(_ bounds: Bounds, unit: String, of signal: Signal?) -> String {
        if bounds.low == bounds.high { return words(bounds.low, unit: unit, of: signal) }
        if bounds.low.isFinite { return "at least \(words(bounds.low, unit: unit, of: signal))" }
        if bounds.high.isFinite { return "at most \(words(bounds.high, unit: unit, of: signal))" }
        return "not known"
    }

    /// What a signal is called in a sentence.
    static func label(of signal: Signal) -> String {
        if signal.name == "hw.physical_disk.smart", let label = signal[label: "attribute"] {
            return attributes[label]?.name ?? "attribute \(label)"
        }
        let name = signal.name.split(separator: ".").dropFirst(signal.name.hasPrefix("hw.") ? 1 : 0)
            .joined(separator: " ").map { $0 == "_" ? " " : String($0) }.joined()
        let values = signal.labels.map(\.value)
        return values.isEmpty ? name : "\(name) (\(values.joined(separator: ", ")))"
    }

    /// Whole numbers whole; others with as many places as matter: three below 10, two below 1000, else one.
    static func digits(_ value: Double) -> String {
        guard value.isFinite else {
            return value.isNaN ? "not a number" : value > 0 ? "more than any number" : "below any number"
        }
        guard abs(value) < 1e15 else { return "\(value)" }
        let scale: Double = abs(value) < 10 ? 1000 : abs(value) < 1000 ? 100 : 10
        let rounded = (value * scale).rounded() / scale
        return rounded == rounded.rounded() ? "\(Int64(rounded))" : "\(rounded)"
    }
}
