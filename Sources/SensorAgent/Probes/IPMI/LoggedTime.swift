import FoundationEssentials
import Reports

/// The time that an entry of a controller's log bears, as text.
enum LoggedTime {
    /// Seconds since 1970 of RFC 3339 (`2024-03-01T10:00:00Z`, `2024-03-01T10:00:00.250+01:00`); without a zone, UTC is
    /// taken. nil for what is none, and for clocks that were not set.
    static func seconds(_ text: some StringProtocol) -> UInt32? {
        let words = Array(text.utf8.prefix(40))
        guard words.count >= 19 else { return nil }
        // Parts of a second are left out.
        let rest = words[19...].drop { $0 == UInt8(ascii: ".") || (0x30...0x39).contains($0) }
        let zone = rest.isEmpty ? "Z" : String(decoding: rest, as: UTF8.self)
        let whole = String(decoding: words[..<19], as: UTF8.self) + zone
        guard let date = try? Date(whole, strategy: .iso8601), date.timeIntervalSince1970.isFinite,
            let seconds = UInt32(exactly: date.timeIntervalSince1970.rounded()),
            seconds >= IPMIEvent.preInitialisation
        else { return nil }
        return seconds
    }

    /// Of a date and a time as ipmitool (`08/17/2019`, `08/17/19`; `01:22:53 PM CET` in some locales) and FreeIPMI
    /// (`Jul-09-2023`) print them. Where no zone stands behind the time, or one that is not known, UTC is taken, so that
    /// it may be wrong by hours.
    static func seconds(date: Substring, time: Substring) -> UInt32? {
        let parts = date.split { $0 == "/" || $0 == "-" }
        let words = time.split(separator: " ")
        guard parts.count == 3, let last = UInt16(parts[2]), var clock = words.first else { return nil }
        if let half = words.dropFirst().first, half == "AM" || half == "PM" {
            guard let hour = UInt8(clock.prefix { $0 != ":" }), (1...12).contains(hour) else { return nil }
            let full = hour % 12 + (half == "PM" ? 12 : 0)
            clock = "\(full < 10 ? "0" : "")\(full)\(clock.drop { $0 != ":" })"
        }
        let zone = words.dropFirst().last.flatMap { zones[String($0)] } ?? ""
        let numbers = parts.prefix(2).map { part in
            months.firstIndex { part == $0 }.map { $0 + 1 } ?? Int(part) ?? 0
        }
        // Releases and locales differ in the order of month and day.
        let (month, day) = numbers[0] > 12 ? (numbers[1], numbers[0]) : (numbers[0], numbers[1])
        let two: (Int) -> String = { $0 < 10 ? "0\($0)" : "\($0)" }
        return seconds("\(last < 100 ? 2000 + last : last)-\(two(month))-\(two(day))T\(clock)\(zone)")
    }

    /// Abbreviations that mean one zone alone.
    private static let zones = [
        "WET": "+00:00", "GMT": "+00:00", "WEST": "+01:00", "CET": "+01:00", "MET": "+01:00", "CEST": "+02:00",
        "EET": "+02:00", "EEST": "+03:00", "MSK": "+03:00", "JST": "+09:00", "EST": "-05:00", "EDT": "-04:00",
        "CDT": "-05:00", "MST": "-07:00", "MDT": "-06:00", "PST": "-08:00", "PDT": "-07:00",
    ]

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
}
