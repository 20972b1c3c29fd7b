import Reports

/// By how much a counter rose in a window.
///
/// The first reading is a baseline, never an increase: what happened before it is unknown. A counter that falls was
/// reset and counts from zero, except from the top of 32 bits, where it wrapped. A rise lies somewhere between two
/// readings; where only part of that span is in the window, the rise counts in the high bound and not in the low one.
struct IncreaseWindow: Hashable, Codable {
    struct Rise: Hashable, Codable {
        var after: Timestamp
        var until: Timestamp
        var amount: Double
    }

    private(set) var since: Timestamp
    private(set) var last: Timestamp
    private var value: UInt64
    /// True while the counter cannot be read: it may be rising unseen.
    private var isBlind = false
    private var rises: [Rise] = []

    init(baseline value: UInt64, at time: Timestamp) {
        self.value = value
        since = time
        last = time
    }

    mutating func take(_ reading: UInt64, at time: Timestamp, window: Int64) {
        let amount = IncreaseWindow.rise(from: value, to: reading)
        if amount > 0 {
            let resolution = window / PatternLimits.windowSteps
            if let newest = rises.last, time.milliseconds - newest.after.milliseconds <= resolution {
                rises[rises.count - 1].until = time
                rises[rises.count - 1].amount += Double(amount)
            } else {
                rises.append(Rise(after: last, until: time, amount: Double(amount)))
            }
        }
        value = reading
        last = time
        isBlind = false
        let horizon = time - .milliseconds(window)
        if let first = rises.first, first.until <= horizon { rises.removeAll { $0.until <= horizon } }
    }

    mutating func becomeBlind() { isBlind = true }

    func bounds(at now: Timestamp, window: Int64) -> Bounds {
        let horizon = now - .milliseconds(window)
        var low = 0.0
        var high = 0.0
        for rise in rises where rise.until > horizon {
            high += rise.amount
            if rise.after >= horizon { low += rise.amount }
        }
        let isWatched = since <= horizon && !isBlind && (now - last).inMilliseconds <= PatternLimits.staleAfter
        return Bounds(low: low, high: isWatched ? high : .infinity)
    }

    mutating func shift(by step: Duration) {
        since = since + step
        last = last + step
        for index in rises.indices {
            rises[index].after = rises[index].after + step
            rises[index].until = rises[index].until + step
        }
    }

    /// A fall from the top sixteenth of 32 bits to the bottom one is a wrap; any other fall is a reset.
    static func rise(from old: UInt64, to new: UInt64) -> UInt64 {
        if new >= old { return new - old }
        let top: UInt64 = 1 << 32
        if old < top, old >= top - top / 16, new < top / 16 { return top - old + new }
        return new
    }
}
