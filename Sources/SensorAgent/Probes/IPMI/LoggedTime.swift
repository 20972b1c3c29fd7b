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

    /// Of a date and a time as ipmitool (`08/17/2019`, `08/17/19`) and FreeIPMI (`Jul-09-2023`) print them. Both lack a
    /// zone: UTC is taken, so that the time may be wrong by hours.
    static func seconds(date: Substring, time: Substring) -> UInt32? {
        let parts = date.split { $0 == "/" || $0 == "-" }
        guard parts.count == 3, let last = UInt16(parts[2]), let clock = time.split(separator: " ").first else {
            return nil
        }
        let numbers = parts.prefix(2).map { part in
            months.firstIndex { part == $0 }.map { $0 + 1 } ?? Int(part) ?? 0
        }
        // Releases and locales differ in the order of month and day.
        let (month, day) = numbers[0] > 12 ? (numbers[1], numbers[0]) : (numbers[0], numbers[1])
        let two: (Int) -> String = { $0 < 10 ? "0\($0)" : "\($0)" }
        return seconds("\(last < 100 ? 2000 + last : last)-\(two(month))-\(two(day))T\(clock)")
    }

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
}
