import Reports

/// Events in a window of time with a number of each: how many there were, the sum of the numbers, the highest one.
///
/// The number is that of a label, or how many events it stands for. Where events are told apart by a label, each of its
/// values counts once, with its newest event; else the same time and text are the same event, and one that stands for
/// several counts as so many. Events may come late and repeated; both ends of the window are included. Of more than
/// 1 024 the oldest are forgotten: then what is known is a low bound.
struct MeasuredEvents: Hashable, Sendable {
    struct Event: Hashable, Sendable {
        var time: Timestamp
        /// Of what makes it another event.
        var mark: UInt64
        var number: Double
        var count: Int
    }

    /// By time, then by mark.
    private(set) var events: ContiguousArray<Event> = []
    /// The newest time of what was forgotten for want of room.
    private var forgottenAt: Timestamp?
    /// When the source of events could last not be read.
    private var blindAt: Timestamp?

    init() {}

    /// The largest number of a label that counts: a count of bits, lines or the like.
    static let largestNumber = 1e9

    /// The number that a label says; nil for what is none, and for what no count is.
    static func number(_ text: String) -> Double? {
        guard text.utf8.count <= 16, text.utf8.allSatisfy({ UInt8(ascii: "0") <= $0 && $0 <= UInt8(ascii: "9") }),
            let number = Double(text), number <= largestNumber
        else { return nil }
        return number
    }

    /// - Parameters:
    ///   - number: of the label that is measured.
    ///   - value: of the label by which events are told apart; nil: they are by time and text.
    ///   - times: how many events it stands for.
    /// - Returns: false where the event was known or is too old to matter.
    mutating func take(
        _ text: String, number: Double, value: String?, times: Int, at time: Timestamp, window: Int64
    ) -> Bool {
        let horizon = horizon(at: time, window: window)
        if time < horizon || forgottenAt.map({ time <= $0 }) ?? false { return false }
        let event = Event(
            time: time, mark: Fingerprint.of(value ?? text), number: number,
            count: value == nil ? EventCount.bounded(times) : 1)
        let known = events.firstIndex { $0.mark == event.mark && (value != nil || $0.time == time) }
        if let known {
            let before = events[known]
            if value != nil ? before.time >= time : before.count >= event.count { return false }
            events.remove(at: known)
        }
        let place = events.firstIndex { (event.time, event.mark) < ($0.time, $0.mark) } ?? events.count
        events.insert(event, at: place)
        events.removeAll { $0.time < horizon }
        if events.count > PatternLimits.measuredEvents { forgottenAt = events.removeFirst().time }
        return true
    }

    /// Where a window begins that ends now, or at the newest event if that is later.
    private func horizon(at now: Timestamp, window: Int64) -> Timestamp {
        max(now, events.last?.time ?? now).minus(window)
    }

    /// - Returns: false where that is known already, to the minute: what is stored at once must not be stored each round.
    mutating func becomeBlind(at time: Timestamp) -> Bool {
        if let blindAt, time.milliseconds(since: blindAt) < 60_000 { return false }
        blindAt = time
        return true
    }

    /// The sum of the numbers; of numbers that are 1, how many events there were.
    func sum(at now: Timestamp, window: Int64) -> Bounds {
        bounds(at: now, window: window) { $0.reduce(0) { $0 + $1.number * Double($1.count) } }
    }

    /// The highest number; 0 where there is none.
    func highest(at now: Timestamp, window: Int64) -> Bounds {
        bounds(at: now, window: window) { $0.reduce(0) { max($0, $1.number) } }
    }

    private func bounds(
        at now: Timestamp, window: Int64, of value: (ArraySlice<Event>) -> Double
    ) -> Bounds {
        let horizon = horizon(at: now, window: window)
        let first = events.firstIndex { $0.time >= horizon } ?? events.count
        let low = value(events[first...])
        let isWhole = (blindAt.map { $0 < horizon } ?? true) && (forgottenAt.map { $0 < horizon } ?? true)
        return Bounds(low: low, high: isWhole ? low : .infinity)
    }

    /// The next time at which the answer may change with no new event.
    func changesAt(after now: Timestamp, window: Int64) -> Timestamp? {
        var next = NextChange(after: now)
        for event in events { next.offer(event.time.plus(window).plus(1)) }
        next.offer(blindAt?.plus(window).plus(1))
        next.offer(forgottenAt?.plus(window).plus(1))
        return next.time
    }
}

extension MeasuredEvents.Event: Codable {
    // Stored without names, as there are many; how many it stands for last, where that is not one.
    init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        time = try container.decode(Timestamp.self)
        mark = try container.decode(UInt64.self)
        number = min(max(try container.decode(Double.self), 0), MeasuredEvents.largestNumber)
        count = container.isAtEnd ? 1 : EventCount.bounded(try container.decode(Int.self))
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.unkeyedContainer()
        try container.encode(time)
        try container.encode(mark)
        try container.encode(number)
        if count != 1 { try container.encode(count) }
    }
}

extension MeasuredEvents: Codable {}
