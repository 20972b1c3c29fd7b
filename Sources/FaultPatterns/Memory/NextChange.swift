import Reports

/// The earliest of several times after `now`; nil where none was offered.
struct NextChange {
    let now: Timestamp
    private(set) var time: Timestamp?

    init(after now: Timestamp) { self.now = now }

    /// The end of time is never.
    mutating func offer(_ candidate: Timestamp?) {
        guard let candidate, candidate > now, candidate.milliseconds < .max else { return }
        if let time, time <= candidate { return }
        time = candidate
    }
}
