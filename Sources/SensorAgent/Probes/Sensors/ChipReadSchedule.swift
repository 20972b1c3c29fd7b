import Reports

/// When a chip is asked that is not to be asked at every look.
struct ChipReadSchedule: Sendable {
    enum Decision: Hashable, Sendable {
        case read
        case tooEarly
        /// The disk did nothing since it was last looked at, and may sleep.
        case asleep
    }

    private var decided: Timestamp?
    private var activity: String?
    /// Since when the disk is waited for to do something.
    private var waiting: Timestamp?

    /// - Parameter activity: the counters of the disk's work; nil for what never sleeps.
    mutating func decide(at time: Timestamp, spacing: Duration, activity: String?) -> Decision {
        // A disk that worked between the last look and this one is awake.
        let works = activity == nil || (self.activity != nil && self.activity != activity)
        self.activity = activity
        // After a clock that was set back, the time of the last question means nothing.
        if let decided, decided <= time, time - decided < spacing { return .tooEarly }
        if works {
            (decided, waiting) = (time, nil)
            return .read
        }
        guard let since = waiting, since <= time else {
            waiting = time
            return .tooEarly
        }
        guard time - since >= spacing else { return .tooEarly }
        waiting = time
        return .asleep
    }
}
