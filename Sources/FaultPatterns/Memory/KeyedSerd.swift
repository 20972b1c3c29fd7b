import Reports

/// Soft error rate discrimination by key: `n` events of any one key within `t`, as of one memory page.
///
/// Each key is a `SerdEngine`: true at a time T when at least n of its events lie in T−t … T, both ends included; it
/// fires on the n-th. Of each key the newest whose counts reach n are kept. Of more than 2 048 events of all keys together
/// the oldest are forgotten: then it is unknown, rather than false, until those have left the window.
typealias KeyedSerd = GroupedEvents<EventsByTime>

enum EventsByTime: EventIdentity {
    static let includesTime = true
}

extension GroupedEvents<EventsByTime> {
    /// - Parameters:
    ///   - times: how many events it stands for.
    ///   - count: the n that may be asked for.
    /// - Returns: false where the event was known or is too old to matter.
    mutating func take(
        _ text: String, times: Int = 1, key: String, at time: Timestamp, count: Int, within window: Int64
    ) -> Bool {
        let event = Event(text, of: key, at: time, count: times)
        let horizon = horizon(at: time, window: window)
        if time < horizon || mayBeForgotten(time) { return false }
        let place = place(of: event)
        var ofKey = places(of: event.group, around: place)
        if place < events.count, !Event.precedes(event, events[place]) {
            guard event.count > events[place].count else { return false }
            recount(at: place, event.count)
        } else {
            if place == ofKey.lowerBound, sum(ofKey) >= count { return false }
            insert(event, at: place)
            ofKey = ofKey.lowerBound..<ofKey.upperBound + 1
        }
        while ofKey.count > 1, sum(ofKey.dropFirst()) >= count {
            remove(at: ofKey.lowerBound)
            ofKey = ofKey.dropLast()
        }
        trim(before: horizon, limit: PatternLimits.keyedEvents)
        return true
    }

    /// Whether any one key has `count` events in the window.
    func truth(at now: Timestamp, count: Int, within window: Int64) -> Truth {
        if highestCount(within: window, at: now) >= count { return .yes }
        return isWhole(window, at: now) ? .no : .unknown
    }
}
