public import Reports

/// The rules that everyone knows, to measure patterns against.
public enum Baseline: String, Sendable, CaseIterable, Encodable {
    case anyOfFive = "any of 5, 187, 188, 197, 198 > 0"
    case twoOfFive = "at least 2 of the five > 0"
    case threeOfFive = "at least 3 of the five > 0"
    case anyWithout188 = "any of 5, 187, 197, 198 > 0"
    case weeklyIncrease = "increase of 5, 187, 197 or 198 within 7 days"
    case vendorThresholds = "vendor thresholds (the drive's own verdict)"

    public func words(in language: Language) -> String {
        switch self {
        case .anyOfFive: language(rawValue, "mindestens einer von 5, 187, 188, 197, 198 > 0")
        case .twoOfFive: language(rawValue, "mindestens 2 der fünf > 0")
        case .threeOfFive: language(rawValue, "mindestens 3 der fünf > 0")
        case .anyWithout188: language(rawValue, "mindestens einer von 5, 187, 197, 198 > 0")
        case .weeklyIncrease: language(rawValue, "Anstieg von 5, 187, 197 oder 198 binnen 7 Tagen")
        case .vendorThresholds: language(rawValue, "Grenzwerte der Hersteller (das Urteil des Laufwerks selbst)")
        }
    }

    /// For a label in a chart.
    func short(in language: Language) -> String {
        switch self {
        case .anyOfFive: language("any of five", "einer von fünf")
        case .twoOfFive: language("two of five", "zwei von fünf")
        case .threeOfFive: language("three of five", "drei von fünf")
        case .anyWithout188: language("any but 188", "einer außer 188")
        case .weeklyIncrease: language("7-day increase", "Anstieg in 7 Tagen")
        case .vendorThresholds: language("vendors", "Hersteller")
        }
    }

    static let attributes: [UInt64] = [5, 187, 188, 197, 198]
    /// Where 188 stands among the five.
    static let position188 = 2
    /// Days over which an increase counts.
    static let increaseDays = 7
}

/// Raw 5, 187, 188, 197 and 198 of one drive through its life, and what the baselines make of them.
struct BaselineHistory {
    private struct Entry {
        var day: Int
        /// Not a number where the drive did not report it.
        var values: [Double]
    }

    private var entries: [Entry] = []
    private var isTripped = false
    private var trips: [ClosedRange<Int>] = []
    private var trippedSince = 0

    mutating func begin() {
        entries.removeAll(keepingCapacity: true)
        trips.removeAll(keepingCapacity: true)
        isTripped = false
    }

    /// The values from `day` on.
    mutating func take(_ values: [Double], on day: Int) { entries.append(Entry(day: day, values: values)) }

    /// Whether an attribute is at or below its vendor's threshold from `day` on.
    mutating func take(isTripped now: Bool, on day: Int) {
        if now == isTripped { return }
        if now { trippedSince = day } else { trips.append(trippedSince...(day - 1)) }
        isTripped = now
    }

    /// The days with an alarm, up to `end`.
    func alarms(of baseline: Baseline, until end: Int) -> AlarmDays {
        switch baseline {
        case .anyOfFive: held(until: end) { $0.count { $0 > 0 } >= 1 }
        case .twoOfFive: held(until: end) { $0.count { $0 > 0 } >= 2 }
        case .threeOfFive: held(until: end) { $0.count { $0 > 0 } >= 3 }
        case .anyWithout188:
            held(until: end) { values in
                values.indices.contains { $0 != Baseline.position188 && values[$0] > 0 }
            }
        case .weeklyIncrease: increases(until: end)
        case .vendorThresholds:
            AlarmDays(
                trips.filter { $0.lowerBound <= end } + (isTripped && trippedSince <= end ? [trippedSince...end] : []))
        }
    }

    private func held(until end: Int, _ rule: ([Double]) -> Bool) -> AlarmDays {
        var spans: [ClosedRange<Int>] = []
        for (index, entry) in entries.enumerated() where entry.day <= end && rule(entry.values) {
            let next = index + 1 < entries.count ? entries[index + 1].day - 1 : end
            spans.append(entry.day...min(next, end))
        }
        return AlarmDays(spans)
    }

    /// Days on which a value is above that of seven days before. What is missing counts as 0 now, and as no increase
    /// then.
    private func increases(until end: Int) -> AlarmDays {
        let change = entries.map(\.day)
        let days = (change + change.map { $0 + Baseline.increaseDays }).sorted()
        var spans: [ClosedRange<Int>] = []
        var (now, before) = (0, -1)
        for (index, day) in days.enumerated() where day <= end {
            while now + 1 < entries.count, entries[now + 1].day <= day { now += 1 }
            while before + 1 < entries.count, entries[before + 1].day <= day - Baseline.increaseDays { before += 1 }
            guard before >= 0, now > before else { continue }
            let rises = entries[now].values.indices.contains { position in
                guard position != Baseline.position188 else { return false }
                let (new, old) = (entries[now].values[position], entries[before].values[position])
                return !old.isNaN && (new.isNaN ? 0 : new) > old
            }
            guard rises else { continue }
            let next = index + 1 < days.count ? days[index + 1] - 1 : end
            if day <= min(next, end) { spans.append(day...min(next, end)) }
        }
        return AlarmDays(spans)
    }
}
