import Reports

/// Soft error rate discrimination: `n` events within `t`.
///
/// It is true at a time T when at least n events lie in T−t … T, both ends included: it fires **on the n-th event**, as
/// OpenZFS does (illumos fires on the one after). It is false again as soon as fewer than n are left in the window;
/// that a fault stays open is the fault's latch, not the engine's. Events may come late and repeated: they are
/// kept in order of their times, and one with the same time and text is the same event.
struct SerdEngine: Hashable, Codable {
    private struct Event: Hashable, Codable {
        var time: Timestamp
        var mark: UInt64
    }

    /// The newest, at most n.
    private var events: [Event] = []
    /// When the source of events could last not be read: a window that holds this time was not watched whole.
    private var blindAt: Timestamp?

    /// - Returns: false where the event was known or is too old to matter.
    mutating func take(_ text: String, at time: Timestamp, count: Int) -> Bool {
        let event = Event(time: time, mark: SerdEngine.mark(text))
        let place = events.lastIndex { $0.time <= time }.map { $0 + 1 } ?? 0
        if events.contains(event) || (place == 0 && events.count >= count) { return false }
        events.insert(event, at: place)
        if events.count > count { events.removeFirst(events.count - count) }
        return true
    }

    /// - Returns: false where that is known already, to the minute: what is stored at once must not be stored each round.
    mutating func becomeBlind(at time: Timestamp) -> Bool {
        if let blindAt, (time - blindAt).inMilliseconds < 60_000 { return false }
        blindAt = time
        return true
    }

    func truth(at now: Timestamp, count: Int, within window: Int64) -> Truth {
        let end = max(now, events.last?.time ?? now)
        let horizon = end - .milliseconds(window)
        if events.count >= count, events[events.count - count].time >= horizon { return .yes }
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
        return events.count { $0.time >= horizon }
    }

    mutating func shift(by step: Duration) {
        for index in events.indices { events[index].time = events[index].time + step }
        blindAt = blindAt.map { $0 + step }
    }

    /// FNV-1a, 64 bits: only to tell texts of one millisecond apart.
    private static func mark(_ text: String) -> UInt64 {
        text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
    }
}
