import Reports

/// Soft error rate discrimination: `n` events within `t`.
///
/// It is true at a time T when at least n events lie in T−t … T, both ends included: it fires **on the n-th event**, as
/// OpenZFS does (illumos fires on the one after). It is false again as soon as fewer than n are left in the window;
/// that a fault stays open is the fault's latch, not the engine's. Events may come late and repeated: they are
/// kept in order of their times, and one with the same time and text is the same event. One that stands for several
/// counts as so many, all at its time; where it comes again with a greater count, the difference is added.
struct SerdEngine: Hashable, Codable {
    /// The newest whose counts reach n: without the oldest of them they are fewer.
    private var events: [CountedEvent] = []
    /// When the source of events could last not be read: a window that holds this time was not watched whole.
    private var blindAt: Timestamp?

    /// - Parameters:
    ///   - times: how many events it stands for.
    ///   - count: the n that may be asked for.
    /// - Returns: false where the event was known or is too old to matter.
    mutating func take(_ text: String, times: Int = 1, at time: Timestamp, count: Int) -> Bool {
        let event = CountedEvent(text, at: time, count: EventCount.bounded(times))
        if let known = events.firstIndex(where: { $0.time == time && $0.mark == event.mark }) {
            guard event.count > events[known].count else { return false }
            events[known].count = event.count
        } else {
            let place = events.lastIndex { $0.time <= time }.map { $0 + 1 } ?? 0
            if place == 0, sum(events[...]) >= count { return false }
            events.insert(event, at: place)
        }
        while events.count > 1, sum(events.dropFirst()) >= count { events.removeFirst() }
        return true
    }

    private func sum(_ events: ArraySlice<CountedEvent>) -> Int { events.reduce(0) { $0 + $1.count } }

    /// - Returns: false where that is known already, to the minute: what is stored at once must not be stored each round.
    mutating func becomeBlind(at time: Timestamp) -> Bool {
        if let blindAt, (time - blindAt).inMilliseconds < 60_000 { return false }
        blindAt = time
        return true
    }

    func truth(at now: Timestamp, count: Int, within window: Int64) -> Truth {
        let end = max(now, events.last?.time ?? now)
        let horizon = end - .milliseconds(window)
        if sum(events.drop { $0.time < horizon }) >= count { return .yes }
        if let blindAt, blindAt >= horizon { return .unknown }
        return .no
    }

    /// The next time at which the answer may change with no new event.
    func changesAt(after now: Timestamp, count: Int, within window: Int64) -> Timestamp? {
        var next = NextChange(after: now)
        for event in events { next.offer(event.time.plus(window).plus(1)) }
        next.offer(blindAt?.plus(window).plus(1))
        return next.time
    }

    func countInside(_ window: Int64, at now: Timestamp) -> Int {
        let horizon = max(now, events.last?.time ?? now) - .milliseconds(window)
        return sum(events.drop { $0.time < horizon })
    }
}
