/// Readings as people read them, on pages and in terminals.
public enum ReadingText {
    /// Signals of unit `1` that are shares of a whole; the others of that unit are plain numbers.
    private static let shares: Set<String> = [
        "hw.fan.speed_ratio", "hw.physical_disk.endurance_used", "hw.physical_disk.spare",
        "hw.physical_disk.spare.threshold", "hw.battery.charge", "hw.ups.load",
    ]

    /// The catalogue's unit; `%` for shares, and nothing for plain numbers.
    public static func unit(of signal: Signal) -> String {
        let unit = SignalCatalogue.entry(named: signal.name)?.unit ?? ""
        return unit == "1" ? (shares.contains(signal.name) ? "%" : "") : unit
    }

    /// UCUM's unit (https://ucum.org) as it is written by people; four significant digits and more where whole.
    public static func number(_ value: Double, _ unit: String) -> String {
        switch unit {
        case "Cel": return "\(digits(value)) °C"
        case "%": return "\(digits(value * 100)) %"
        case "Ohm": return "\(digits(value)) Ω"
        case "By": return scaled(value, "B", 1000)
        case "Hz": return scaled(value, "Hz", 1000)
        case "": return digits(value)
        default:
            return unit.hasPrefix("{")
                ? "\(digits(value)) \(unit.filter { $0 != "{" && $0 != "}" })" : "\(digits(value)) \(unit)"
        }
    }

    private static func scaled(_ value: Double, _ unit: String, _ base: Double) -> String {
        var value = value
        var prefix = ""
        for next in ["k", "M", "G", "T", "P"] where abs(value) >= base {
            value /= base
            prefix = next
        }
        return "\(digits(value)) \(prefix)\(unit)"
    }

    private static func digits(_ value: Double) -> String {
        guard value.isFinite else { return "–" }
        if value == value.rounded(), abs(value) < 1e15 { return "\(Int64(value))" }
        let places = abs(value) >= 1000 ? 1.0 : abs(value) >= 100 ? 10.0 : abs(value) >= 10 ? 100.0 : 1000.0
        let rounded = (value * places).rounded() / places
        return rounded == rounded.rounded() && abs(rounded) < 1e15 ? "\(Int64(rounded))" : "\(rounded)"
    }
}
