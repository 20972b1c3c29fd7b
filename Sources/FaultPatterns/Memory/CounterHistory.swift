import Reports

/// When and by how much a counter rose: one history for all windows of `increase`, `rises` and `rate`, and for the time
/// since the counter last rose and was first above zero.
///
/// It is touched only when the value changes; since when and until when the counter was read is the caller's to know.
/// The first reading is a baseline, never an increase: what happened before it is unknown. A rise lies somewhere between
/// two readings; where only part of that span is in the window, the rise counts in the high bound and not in the low one.
/// What is old is remembered more coarsely: two neighbouring rises become one when together they are no longer than a
/// forty-eighth of their age, so that no window sees a step longer than a forty-eighth of its own length.
struct CounterHistory: Hashable, Codable, Sendable {
    /// One rise, or several merged: the first began after `after`, the last was read at `until`.
    private struct Rise: Hashable, Codable, Sendable {
        var after: Timestamp
        var until: Timestamp
        var amount: Double
        var count: Int

        mutating func absorb(_ next: Rise) {
            until = next.until
            amount += next.amount
            count &+= next.count
        }

        init(after: Timestamp, until: Timestamp, amount: Double, count: Int) {
            self.after = after
            self.until = until
            self.amount = amount
            self.count = count
        }

        // Stored without names: there are many.
        init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            after = try container.decode(Timestamp.self)
            until = try container.decode(Timestamp.self)
            amount = try container.decode(Double.self)
            count = try container.decode(Int.self)
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.unkeyedContainer()
            try container.encode(after)
            try container.encode(until)
            try container.encode(amount)
            try container.encode(count)
        }
    }

    /// The newest reading.
    private(set) var value: UInt64
    /// The first reading above zero.
    private(set) var firstNonzero: Timestamp?
    /// The newest reading that was higher than the one before it.
    private(set) var lastIncrease: Timestamp?
    /// In order of time, none overlapping the next.
    private var rises: ContiguousArray<Rise> = []
    /// The amounts of all `rises` together.
    private var total = 0.0
    /// The newest fall of a persistent counter.
    private(set) var fall: CounterFall?

    init(baseline value: UInt64, at time: Timestamp) {
        self.value = value
        firstNonzero = value > 0 ? time : nil
    }

    /// Takes a reading; one that equals `value` need not be brought here.
    /// - Parameters:
    ///   - after: when the counter was last read before, with whatever value.
    ///   - counting: what a fall means.
    ///   - finest: the shortest window that will be asked for, in milliseconds.
    ///   - longest: the longest one; what is older is forgotten.
    mutating func take(
        _ reading: UInt64, after: Timestamp, at time: Timestamp, as counting: SignalCatalogue.Counting,
        finest: Int64, longest: Int64
    ) {
        guard reading != value else { return }
        let amount = CounterFall.rise(from: value, to: reading, as: counting, at: time, &fall)
        value = reading
        if firstNonzero == nil, reading > 0 { firstNonzero = time }
        guard amount > 0 else { return }
        lastIncrease = time
        append(Double(amount), after: after, at: time, resolution: finest / PatternLimits.windowSteps)
        let horizon = time.minus(longest)
        if let oldest = rises.first, oldest.until <= horizon {
            rises.removeSubrange(..<(rises.firstIndex { $0.until > horizon } ?? rises.endIndex))
            total = rises.reduce(0) { $0 + $1.amount }
        }
        if rises.count > PatternLimits.rises { merge(at: time, finest: finest) }
    }

    private mutating func append(_ amount: Double, after: Timestamp, at time: Timestamp, resolution: Int64) {
        // A rise cannot have begun before the one before it had been read.
        let newest = rises.last?.until ?? after
        let until = max(time, newest)
        let rise = Rise(after: min(max(after, newest), until), until: until, amount: amount, count: 1)
        if let last = rises.last, until.milliseconds(since: last.after) <= resolution {
            rises[rises.count - 1].absorb(rise)
        } else {
            rises.append(rise)
        }
        total += amount
    }

    /// Merges by age, and then more coarsely until there is room. With whole ages the span from one rise to the next but
    /// one doubles, so that 64 bits of milliseconds hold 128 of them.
    private mutating func merge(at now: Timestamp, finest: Int64) {
        var steps = PatternLimits.windowSteps
        repeat {
            var merged: ContiguousArray<Rise> = []
            merged.reserveCapacity(rises.count)
            for rise in rises {
                let age = max(finest, now.milliseconds(since: rise.until))
                if let last = merged.last, rise.until.milliseconds(since: last.after) <= age / steps {
                    merged[merged.count - 1].absorb(rise)
                } else {
                    merged.append(rise)
                }
            }
            rises = merged
            steps = steps * 3 / 4
        } while rises.count > PatternLimits.rises * 3 / 4 && steps > 0
        total = rises.reduce(0) { $0 + $1.amount }
    }

    // MARK: Answers

    /// By how much the counter rose in the window.
    /// - Parameters:
    ///   - first: the time of the first reading, the baseline.
    ///   - newest: the time of the newest reading, changed or not.
    ///   - isBlind: whether the counter cannot be read: it may be rising unseen.
    func increase(
        at now: Timestamp, window: Int64, since first: Timestamp, newest: Timestamp, isBlind: Bool
    ) -> Bounds {
        let horizon = now.minus(window)
        let isWatched = CounterHistory.isWatched(
            at: now, window: window, since: first, newest: newest, isBlind: isBlind)
        guard let last = rises.last, last.until > horizon else {
            return Bounds(low: 0, high: isWatched ? 0 : .infinity)
        }
        if let oldest = rises.first, oldest.after >= horizon {
            return Bounds(low: total, high: isWatched ? total : .infinity)
        }
        var low = 0.0
        var high = 0.0
        var index = rises.count - 1
        while index >= 0, rises[index].until > horizon {
            high += rises[index].amount
            if rises[index].after >= horizon { low = high }
            index -= 1
        }
        return Bounds(low: low, high: isWatched ? high : .infinity)
    }

    /// How many readings in the window were higher than the ones before them.
    ///
    /// Of merged rises that are partly in the window, the newest surely is in it; each of the others may be.
    func rises(
        at now: Timestamp, window: Int64, since first: Timestamp, newest: Timestamp, isBlind: Bool
    ) -> Bounds {
        let horizon = now.minus(window)
        var low = 0
        var high = 0
        var index = rises.count - 1
        while index >= 0, rises[index].until > horizon {
            high &+= rises[index].count
            low &+= rises[index].after >= horizon ? rises[index].count : min(1, rises[index].count)
            index -= 1
        }
        let isWatched = CounterHistory.isWatched(
            at: now, window: window, since: first, newest: newest, isBlind: isBlind)
        return Bounds(low: Double(low), high: isWatched ? Double(high) : .infinity)
    }

    /// On how many days (UTC) of the window a reading was higher than the one before it: the same however often it is read.
    func risingDays(
        at now: Timestamp, window: Int64, since first: Timestamp, newest: Timestamp, isBlind: Bool
    ) -> Bounds {
        let horizon = now.minus(window)
        let day: Int64 = 86_400_000
        var days: Int64 = 0
        var counted = Int64.max
        var index = rises.count - 1
        while index >= 0, rises[index].until > horizon {
            let rise = rises[index]
            let last = rise.until.milliseconds / day
            if last < counted {
                days &+= 1
                counted = last
            }
            // Of rises that were merged, each may have been on a day of its own.
            let span = last - max(rise.after, horizon).plus(1).milliseconds / day
            let others = max(0, min(Int64(clamping: rise.count) - 1, span))
            days &+= others
            counted = min(counted, last - others)
            index -= 1
        }
        let isWatched = CounterHistory.isWatched(
            at: now, window: window, since: first, newest: newest, isBlind: isBlind)
        return Bounds(low: Double(days), high: isWatched ? Double(days) : .infinity)
    }

    /// Increase per second.
    func rate(at now: Timestamp, window: Int64, since first: Timestamp, newest: Timestamp, isBlind: Bool) -> Bounds {
        guard window > 0 else { return .unknown }
        let increase = increase(at: now, window: window, since: first, newest: newest, isBlind: isBlind)
        let seconds = Double(window) / 1_000
        return Bounds(low: increase.low / seconds, high: increase.high / seconds)
    }

    /// Days since the reading that showed the newest increase; unknown if there never was one.
    func daysSinceLastIncrease(at now: Timestamp) -> Bounds { CounterHistory.days(since: lastIncrease, at: now) }

    /// Days since the first reading above zero; unknown if there never was one.
    func daysSinceFirstNonzero(at now: Timestamp) -> Bounds { CounterHistory.days(since: firstNonzero, at: now) }

    private static func days(since time: Timestamp?, at now: Timestamp) -> Bounds {
        time.map { Bounds(Double(max(0, now.milliseconds(since: $0))) / 86_400_000) } ?? .unknown
    }

    /// The next time at which `increase`, `rises` or `rate` of this window may change with no new reading.
    func changesAt(after now: Timestamp, window: Int64, since first: Timestamp, newest: Timestamp) -> Timestamp? {
        var next = NextChange(after: now)
        next.offer(first.plus(window))
        next.offer(newest.plus(PatternLimits.staleAfter).plus(1))
        let horizon = now.minus(window)
        // The oldest rise in the window changes its part before any other does.
        var index = rises.count - 1
        while index > 0, rises[index - 1].until > horizon { index -= 1 }
        if index >= 0, rises[index].until > horizon {
            next.offer(rises[index].after.plus(window).plus(1))
            next.offer(rises[index].until.plus(window))
        }
        return next.time
    }

    private static func isWatched(
        at now: Timestamp, window: Int64, since first: Timestamp, newest: Timestamp, isBlind: Bool
    ) -> Bool {
        first <= now.minus(window) && !isBlind && now.milliseconds(since: newest) <= PatternLimits.staleAfter
    }
}
