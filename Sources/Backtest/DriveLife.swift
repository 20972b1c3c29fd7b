import Reports

/// Whose alarm it is.
enum AlarmSource: Hashable, Sendable {
    /// A pattern, by its number in the pack.
    case pattern(Int)
    case baseline(Baseline)
}

/// Days on which one fault was open at one urgency.
struct Episode: Equatable {
    var pattern: Int
    var urgency: Urgency
    /// The first day, counted from 1970.
    var from: Int
    /// The day on which it no longer was; nil while it stays.
    var until: Int?
}

/// One drive from its first row to its last, or to its failure.
struct DriveLife {
    var serial: [UInt8]
    var model: String
    /// Days counted from 1970.
    var first: Int
    var last: Int
    /// The day of the last row with `failure` set.
    var failure: Int?

    var end: Int { failure ?? last }
    /// The last day that a fault can be of use on: the day of the failure is too late.
    var lastUsefulDay: Int { failure.map { $0 - 1 } ?? last }
    var days: Int { end - first }
}

/// Days with an alarm, as ranges in order that do not touch.
struct AlarmDays: Equatable {
    private(set) var ranges: [ClosedRange<Int>] = []

    /// - Parameters:
    ///   - spans: days from the first to the last, in any order.
    init(_ spans: [ClosedRange<Int>]) {
        for span in spans.sorted(by: { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }) {
            if let newest = ranges.last, span.lowerBound <= newest.upperBound + 1 {
                ranges[ranges.count - 1] = newest.lowerBound...max(newest.upperBound, span.upperBound)
            } else {
                ranges.append(span)
            }
        }
    }

    var isEmpty: Bool { ranges.isEmpty }

    /// The first day with an alarm within `days`.
    func first(in days: ClosedRange<Int>) -> Int? {
        ranges.first { $0.overlaps(days) }.map { max($0.lowerBound, days.lowerBound) }
    }

    /// Each range with `days` more at its end, within `limits`: how many days that are.
    func count(lengthenedBy days: Int, in limits: ClosedRange<Int>) -> Int {
        AlarmDays(ranges.map { $0.lowerBound...($0.upperBound + days) }).ranges
            .filter { $0.overlaps(limits) }.reduce(0) { $0 + $1.clamped(to: limits).count }
    }
}
