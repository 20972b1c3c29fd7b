public import FoundationEssentials

/// A point in time: milliseconds since 1970-01-01T00:00:00Z.
///
/// On the wire it is one integer, in what is printed it is text: `PrintedJSON`. What is read is within the years 1 to 9999:
/// a time beyond counts as the nearest of these, as a wrong clock rejects nothing. (`JSONEncoder`'s default `Date` counts
/// from 2001, which no other language expects.)
public struct Timestamp: Hashable, Comparable, Sendable, Codable {
    /// Milliseconds since 1970-01-01T00:00:00Z; negative before it.
    public var milliseconds: Int64

    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// Whole seconds since 1970; saturates.
    public init(seconds: Int64) {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        milliseconds = overflow ? (seconds > 0 ? .max : .min) : product
    }

    /// Saturates, and takes what is no number for 1970.
    public init(_ date: Date) {
        let rounded = (date.timeIntervalSince1970 * 1000).rounded()
        milliseconds = Int64(exactly: rounded) ?? (rounded > 0 ? .max : rounded < 0 ? .min : 0)
    }

    /// What a person types: RFC 3339 (`2026-11-21T07:15:00Z`, with a fraction and any offset), or seconds since 1970
    /// (`1763712000`, `1763712000.25`), rounded to milliseconds; nil for all else, and beyond the years 1 to 9999.
    public init?(text: String) {
        let isNumber = !text.isEmpty && text.utf8.allSatisfy { "-.0123456789".utf8.contains($0) }
        let time: Timestamp
        if isNumber {
            guard let seconds = Double(text), abs(seconds) < 1e12 else { return nil }
            time = Timestamp(milliseconds: Int64((seconds * 1000).rounded()))
        } else {
            let styles = [Date.ISO8601FormatStyle(), Date.ISO8601FormatStyle(includingFractionalSeconds: true)]
            guard let date = styles.lazy.compactMap({ try? $0.parse(text) }).first else { return nil }
            time = Timestamp(date)
        }
        guard Timestamp.printable.contains(time.milliseconds) else { return nil }
        self = time
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Int64.self) {
            milliseconds = min(max(number, Timestamp.printable.lowerBound), Timestamp.printable.upperBound - 1)
            return
        }
        // What was printed can be read again.
        let text = try container.decode(String.self)
        guard text.contains("T"), let time = Timestamp(text: text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "\(text.prefix(40)) is no time in RFC 3339")
        }
        self = time
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let key = PrintedJSON.timesAsText, encoder.userInfo[key] as? Bool == true {
            try container.encode(precise)
        } else {
            try container.encode(milliseconds)
        }
    }

    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }

    /// Saturates instead of trapping: a clock may show anything.
    public static func + (time: Timestamp, duration: Duration) -> Timestamp {
        let (sum, overflow) = time.milliseconds.addingReportingOverflow(duration.inMilliseconds)
        return Timestamp(milliseconds: overflow ? (duration.inMilliseconds > 0 ? .max : .min) : sum)
    }

    public static func - (time: Timestamp, duration: Duration) -> Timestamp {
        let span = duration.inMilliseconds
        return time + .milliseconds(span == .min ? .max : -span)
    }

    /// Time from `earlier` to `later`; negative where the clock went back.
    public static func - (later: Timestamp, earlier: Timestamp) -> Duration {
        let (difference, overflow) = later.milliseconds.subtractingReportingOverflow(earlier.milliseconds)
        return .milliseconds(overflow ? (later > earlier ? Int64.max : Int64.min) : difference)
    }

    public var date: Date { Date(timeIntervalSince1970: Double(milliseconds) / 1000) }

    /// The years 1 to 9999, which RFC 3339 can write, in milliseconds since 1970.
    private static let printable = Int64(-62_135_596_800_000)..<253_402_300_800_000

    /// RFC 3339 in UTC, to the second: `2026-11-21T07:15:00Z`. Years past 9999 are printed as the number of milliseconds.
    public var rfc3339: String {
        guard Timestamp.printable.contains(milliseconds) else { return "\(milliseconds) ms" }
        return date.formatted(.iso8601)
    }

    /// The same with milliseconds where there are any: `2026-11-21T07:15:00.250Z`.
    public var precise: String {
        guard Timestamp.printable.contains(milliseconds), milliseconds % 1000 != 0 else { return rfc3339 }
        let fraction = (milliseconds % 1000 + 1000) % 1000
        let whole = Timestamp(milliseconds: milliseconds - fraction).rfc3339
        let digits = "\(fraction)"
        return "\(whole.dropLast()).\(String(repeating: "0", count: 3 - digits.count))\(digits)Z"
    }
}

extension Timestamp: CustomStringConvertible {
    public var description: String { rfc3339 }
}

extension Duration {
    /// Whole milliseconds, rounded towards zero, saturating.
    public var inMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        if overflow { return seconds > 0 ? .max : .min }
        return product.addingReportingOverflow(attoseconds / 1_000_000_000_000_000).partialValue
    }

    public var inSeconds: Double { Double(inMilliseconds) / 1000 }
}
