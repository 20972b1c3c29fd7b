import Reports

/// The highest or lowest value in a window, to one forty-eighth of its length.
struct ExtremeWindow: Hashable, Codable {
    private struct Step: Hashable, Codable {
        /// When the newest value of the step was read.
        var time: Timestamp
        var start: Timestamp
        var value: Double
    }

    private let isMaximum: Bool
    private var since: Timestamp
    private var last: Timestamp
    private var isBlind = false
    private var steps: [Step] = []

    init(isMaximum: Bool, since time: Timestamp) {
        self.isMaximum = isMaximum
        since = time
        last = time
    }

    mutating func take(_ value: Double, at time: Timestamp, window: Int64) {
        if let newest = steps.last, (time - newest.start).inMilliseconds < window / PatternLimits.windowSteps {
            let extreme = isMaximum ? max(newest.value, value) : min(newest.value, value)
            steps[steps.count - 1] = Step(time: time, start: newest.start, value: extreme)
        } else {
            steps.append(Step(time: time, start: time, value: value))
        }
        last = time
        isBlind = false
        let horizon = time - .milliseconds(window)
        if let first = steps.first, first.time <= horizon { steps.removeAll { $0.time <= horizon } }
    }

    mutating func becomeBlind() { isBlind = true }

    /// One-sided until the whole window has been watched.
    func bounds(at now: Timestamp, window: Int64) -> Bounds {
        let horizon = now - .milliseconds(window)
        let inside = steps.lazy.filter { $0.time > horizon }.map(\.value)
        let isWatched = since <= horizon && !isBlind && (now - last).inMilliseconds <= PatternLimits.staleAfter
        guard let extreme = isMaximum ? inside.max() : inside.min() else { return .unknown }
        if isWatched { return Bounds(extreme) }
        return isMaximum ? Bounds(low: extreme, high: .infinity) : Bounds(low: -.infinity, high: extreme)
    }

    mutating func shift(by step: Duration) {
        since = since + step
        last = last + step
        for index in steps.indices {
            steps[index].time = steps[index].time + step
            steps[index].start = steps[index].start + step
        }
    }
}
