import Reports

/// How many different values the events of a group had: the columns with errors of a memory row.
///
/// Of each value the newest time is remembered; how many events one stands for does not matter. Of more than 512 values in all groups together the oldest are forgotten:
/// then the number is a low bound.
typealias DistinctWindow = GroupedEvents<EventsByValue>

enum EventsByValue: EventIdentity {
    static let includesTime = false
}

extension GroupedEvents<EventsByValue> {
    /// Takes an event. Where there are no groups, all events are of one.
    /// - Returns: false where it added nothing new.
    mutating func take(value: String, group: String = "", at time: Timestamp, window: Int64) -> Bool {
        let event = Event(value, of: group, at: time)
        let horizon = horizon(at: time, window: window)
        if time < horizon { return false }
        let place = place(of: event)
        if place < events.count, events[place].group == event.group, events[place].mark == event.mark {
            if events[place].time >= time { return false }
            renew(at: place, time)
        } else {
            insert(event, at: place)
            trim(before: horizon, limit: PatternLimits.distinctValues)
        }
        return true
    }

    /// The highest number of different values within any one group.
    func bounds(at now: Timestamp, window: Int64) -> Bounds {
        let highest = Double(highestCount(within: window, at: now))
        return Bounds(low: highest, high: isWhole(window, at: now) ? highest : .infinity)
    }

    /// How many groups have at least so many different values, of each label its own limit.
    /// - Parameter windows: of each label.
    static func groups(
        of windows: [DistinctWindow], with limits: [Int], at now: Timestamp, window: Int64
    ) -> Bounds {
        let counts = zip(windows, limits).map { events, limit in
            events.counts(within: window, at: now).filter { $0.value >= limit }
        }
        let groups = (counts.first ?? [:]).keys.count { group in counts.allSatisfy { $0[group] != nil } }
        let isWhole = windows.allSatisfy { $0.isWhole(window, at: now) }
        return Bounds(low: Double(groups), high: isWhole ? Double(groups) : .infinity)
    }

    /// The highest number of different values within any one group, where that of the label with the fewest counts: a bank
    /// with four rows and four columns has four, one with four rows of one column has one.
    static func fewest(of windows: [DistinctWindow], at now: Timestamp, window: Int64) -> Bounds {
        let counts = windows.map { $0.counts(within: window, at: now) }
        let highest =
            (counts.first ?? [:]).map { group, count in
                counts.dropFirst().reduce(count) { min($0, $1[group] ?? 0) }
            }.max() ?? 0
        let isWhole = windows.allSatisfy { $0.isWhole(window, at: now) }
        return Bounds(low: Double(highest), high: isWhole ? Double(highest) : .infinity)
    }
}
