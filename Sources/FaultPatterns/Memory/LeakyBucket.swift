import Reports

/// A bucket that events fill and that leaks: `n` leak away within `t`, continuously.
///
/// It is true while n or more are in it, so it fires on the event that reaches n. n events at one moment fire; spread
/// over time, more are needed, and a lasting rate of more than n per t fires in the end. A late event is added when it
/// comes: it must not be lost because the bucket leaked meanwhile. One with the time and text of another is the same
/// event, of which a greater count adds the difference; so is taken one that is older than the 64 newest, for which it
/// cannot be known.
struct LeakyBucket: Hashable, Codable, Sendable {
    /// What was in it at `filledAt`.
    private var content = 0.0
    private var filledAt: Timestamp?
    /// In order of time.
    private var events: ContiguousArray<CountedEvent> = []
    /// When the source could last not be read.
    private var blindAt: Timestamp?
    /// The newest fall of the counter that fills it, where that is persistent.
    private var fall: CounterFall?

    /// Adds an event.
    /// - Parameter times: how many events it stands for.
    /// - Returns: false where the event was known or is too old to compare.
    mutating func take(
        _ text: String, times: Int = 1, at time: Timestamp, count: Int, within window: Int64
    ) -> Bool {
        let event = CountedEvent(text, at: time, count: EventCount.bounded(times))
        var place = events.count
        while place > 0, events[place - 1].time > time { place -= 1 }
        var same = place
        while same > 0, events[same - 1].time == time {
            same -= 1
            guard events[same].mark == event.mark else { continue }
            let more = event.count - events[same].count
            guard more > 0 else { return false }
            events[same].count = event.count
            add(Double(more), at: time, count: count, within: window)
            return true
        }
        if place == 0, events.count >= PatternLimits.bucketEvents { return false }
        events.insert(event, at: place)
        if events.count > PatternLimits.bucketEvents { events.removeFirst() }
        add(Double(event.count), at: time, count: count, within: window)
        return true
    }

    /// Adds by how much a counter rose from one reading to the next.
    /// - Parameter counting: what a fall of it means.
    mutating func add(
        from old: UInt64, to new: UInt64, as counting: SignalCatalogue.Counting, at time: Timestamp, count: Int,
        within window: Int64
    ) {
        let risen = CounterFall.rise(from: old, to: new, as: counting, at: time, &fall)
        if risen > 0 { add(Double(risen), at: time, count: count, within: window) }
    }

    /// Adds the units of a counter's rise.
    mutating func add(_ amount: Double, at time: Timestamp, count: Int, within window: Int64) {
        guard amount > 0, amount.isMeasurable else { return }
        let moment = max(time, filledAt ?? time)
        content = min(level(at: moment, count: count, within: window) + amount, PatternLimits.largestValue)
        filledAt = moment
    }

    /// - Returns: false where that is known already, to the minute: what is stored at once must not be stored each round.
    mutating func becomeBlind(at time: Timestamp) -> Bool {
        if let blindAt, time.milliseconds(since: blindAt) < 60_000 { return false }
        blindAt = time
        return true
    }

    /// What is in it.
    func level(at now: Timestamp, count: Int, within window: Int64) -> Double {
        guard let filledAt, window > 0 else { return 0 }
        let elapsed = Double(max(0, now.milliseconds(since: filledAt)))
        return max(0, content - elapsed * Double(count) / Double(window))
    }

    /// Unknown, where it would be false, for `t` after the source could not be read: what fell in unseen has mostly
    /// leaked away by then.
    func truth(at now: Timestamp, count: Int, within window: Int64) -> Truth {
        if level(at: now, count: count, within: window) >= Double(count) { return .yes }
        if let blindAt, blindAt >= max(now, filledAt ?? now).minus(window) { return .unknown }
        return .no
    }

    /// The next time at which the answer may change with nothing new.
    func changesAt(after now: Timestamp, count: Int, within window: Int64) -> Timestamp? {
        var next = NextChange(after: now)
        if let filledAt, window > 0, count > 0, content >= Double(count) {
            let span = (content - Double(count)) / Double(count) * Double(window)
            if span < 9e18 {
                var end = filledAt.plus(Int64(span))
                // Rounding may miss the first millisecond below n by one.
                while level(at: end, count: count, within: window) >= Double(count),
                    end < filledAt.plus(Int64(span) + 2)
                {
                    end = end.plus(1)
                }
                next.offer(end)
            }
        }
        next.offer(blindAt?.plus(window).plus(1))
        return next.time
    }
}
