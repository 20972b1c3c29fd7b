/// A length of time as patterns write it: `30s`, `5m`, `24h`, `7d`, `2w`; one number and one unit, as in PromQL.
enum TimeSpan {
    private static let units: [(letter: Character, milliseconds: Int64)] = [
        ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000), ("w", 604_800_000),
    ]

    /// Milliseconds; nil where the text is no length of time, is zero, or is longer than the longest window.
    static func milliseconds(_ text: some StringProtocol) -> Int64? {
        guard let letter = text.last, let unit = units.first(where: { $0.letter == letter }),
            let count = Int64(text.dropLast()), count > 0
        else { return nil }
        let (product, overflow) = count.multipliedReportingOverflow(by: unit.milliseconds)
        return overflow || product > Int64(PatternLimits.windowDays) * 86_400_000 ? nil : product
    }

    /// As a person reads it: `90 s`, `5 min`, `24 h`, `7 days`.
    static func words(_ milliseconds: Int64) -> String {
        let seconds = milliseconds / 1_000
        switch seconds {
        case 172_800... where seconds % 86_400 == 0: return "\(seconds / 86_400) days"
        case 7_200... where seconds % 3_600 == 0: return "\(seconds / 3_600) h"
        case 120... where seconds % 60 == 0: return "\(seconds / 60) min"
        default: return "\(seconds) s"
        }
    }

    /// A measured or computed length of time as a person reads it: `3.5 min`, `12.4 h`, `17.3 days`.
    static func approximately(seconds: Double) -> String {
        guard seconds.isFinite else { return seconds > 0 ? "without end" : Quantity.digits(seconds) }
        // A tenth of the unit is as much as a person asks for.
        func tenths(_ unit: Double) -> String { Quantity.digits((seconds / unit * 10).rounded() / 10) }
        return switch abs(seconds) {
        case 172_800...: "\(tenths(86_400)) days"
        case 7_200...: "\(tenths(3_600)) h"
        case 120...: "\(tenths(60)) min"
        default: "\(Quantity.digits(seconds)) s"
        }
    }
}
