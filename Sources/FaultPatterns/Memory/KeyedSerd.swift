import Reports

/// Soft error rate discrimination by key: `n` events of any one key within `t`, as of one memory page.
///
/// Each key is a `SerdEngine`: true at a time T when at least n of its events lie in T−t … T, both ends included; it
/// fires on the n-th. Events may come late and repeated. Of more than 2 048 events of all keys together the oldest are
/// forgotten: then it is unknown, rather than false, until those have left the window.
struct KeyedSerd: Hashable, Codable, Sendable {
    private struct Event: Hashable, Codable, Sendable {
        var key: UInt64
        var time: Timestamp
        var mark: UInt64

        init(key: UInt64, time: Timestamp, mark: UInt64) {
            self.key = key
            self.time = time
            self.mark = mark
        }

        // Stored without names: there are many.
        init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            key = try container.decode(UInt64.self)
            time = try container.decode(Timestamp.self)
            mark = try container.decode(UInt64.self)
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.unkeyedContainer()
            try container.encode(key)
            try container.encode(time)
            try container.encode(mark)
        }

        static func precedes(_ left: Event, _ right: Event) -> Bool {
            (left.key, left.time, left.mark) < (right.key, right.time, right.mark)
        }
    }

    /// By key, then by time; of each key the newest, at most n.
    private var events: ContiguousArray<Event> = []
    private var newest: Timestamp?
    /// The newest time of what was forgotten for want of room.
    private var forgottenAt: Timestamp?
    /// When the source of events could last not be read.
    private var blindAt: Timestamp?

    /// - Returns: false where the event was known or is too old to matter.
    mutating func take(_ text: String, key: String, at time: Timestamp, count: Int, within window: Int64) -> Bool {
        let event = Event(key: Fingerprint.of(key), time: time, mark: Fingerprint.of(text))
        let horizon = max(time, newest ?? time).minus(window)
        if time < horizon || forgottenAt.map({ time <= $0 }) ?? false { return false }
        let place = place(of: event)
        if place < events.count, events[place] == event { return false }
        let first = firstPlace(ofKeyAt: place, event.key)
        var end = place
        while end < events.count, events[end].key == event.key { end += 1 }
        if place == first, end - first >= count { return false }
        events.insert(event, at: place)
        if end + 1 - first > count { events.remove(at: first) }
        newest = max(time, newest ?? time)
        if let oldest = events.indices.min(by: { events[$0].time < events[$1].time }) {
            if events[oldest].time < horizon {
                events.removeAll { $0.time < horizon }
            } else if events.count > PatternLimits.keyedEvents {
                let forgotten = events.remove(at: oldest).time
                forgottenAt = max(forgotten, forgottenAt ?? forgotten)
            }
        }
        return true
    }

    /// Where the event stands or belongs.
    private func place(of event: Event) -> Int {
        var low = 0
        var high = events.count
        while low < high {
            let middle = low + (high - low) / 2
            if Event.precedes(events[middle], event) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func firstPlace(ofKeyAt place: Int, _ key: UInt64) -> Int {
        var first = place
        while first > 0, events[first - 1].key == key { first -= 1 }
        return first
    }

    /// - Returns: false where that is known already, to the minute: what is stored at once must not be stored each round.
    mutating func becomeBlind(at time: Timestamp) -> Bool {
        if let blindAt, time.milliseconds(since: blindAt) < 60_000 { return false }
        blindAt = time
        return true
    }

    /// Whether any one key has `count` events in the window.
    func truth(at now: Timestamp, count: Int, within window: Int64) -> Truth {
        let horizon = max(now, newest ?? now).minus(window)
        if highestCount(within: window, at: now) >= count { return .yes }
        if let blindAt, blindAt >= horizon { return .unknown }
        if let forgottenAt, forgottenAt >= horizon { return .unknown }
        return .no
    }

    /// How many events in the window the key with the most of them has; n at most.
    func highestCount(within window: Int64, at now: Timestamp) -> Int {
        let horizon = max(now, newest ?? now).minus(window)
        var highest = 0
        var count = 0
        var key: UInt64?
        for event in events {
            if event.key != key {
                key = event.key
                count = 0
            }
            if event.time >= horizon { count += 1 }
            highest = max(highest, count)
        }
        return highest
    }

    /// The next time at which the answer may change with no new event.
    func changesAt(after now: Timestamp, window: Int64) -> Timestamp? {
        var next = NextChange(after: now)
        for event in events { next.offer(event.time.plus(window).plus(1)) }
        next.offer(blindAt?.plus(window).plus(1))
        next.offer(forgottenAt?.plus(window).plus(1))
        return next.time
    }

    mutating func shift(by step: Duration) {
        newest = newest.map { $0 + step }
        forgottenAt = forgottenAt.map { $0 + step }
        blindAt = blindAt.map { $0 + step }
        for index in events.indices { events[index].time = events[index].time + step }
    }
}
