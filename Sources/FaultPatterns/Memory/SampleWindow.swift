import Reports

/// The readings of a number in a window: one memory for all the functions `…_over_time`, and for how often and by how
/// much the number changed.
///
/// Exact up to 48 readings; of more, neighbours are remembered together, in about 48 steps over the window. A step that
/// is partly in the window counts whole: all answers are to a forty-eighth of the window's length.
struct SampleWindow: Hashable, Codable, Sendable {
    enum Statistic: Hashable, Codable, Sendable {
        case average, minimum, maximum, sum, count
        /// Of the population (divided by n), as in PromQL.
        case standardDeviation
        /// Interpolated between the two nearest ranks, as in PromQL.
        case quantile(Double)
        /// The newest minus the oldest.
        case delta
        /// How often a reading differed from the one before it.
        case changes
        /// How often a reading was lower than the one before it.
        case resets
    }

    /// Neighbouring readings taken together.
    private struct Step: Hashable, Codable, Sendable {
        var start: Timestamp
        var end: Timestamp
        var count = 1
        var mean: Double
        /// Sum of the squares of the distances from the mean (Welford 1962).
        var squares = 0.0
        var lowest: Double
        var highest: Double
        var first: Double
        var last: Double
        /// Between readings of this step.
        var changes = 0
        var resets = 0

        init(_ value: Double, at time: Timestamp) {
            start = time
            end = time
            mean = value
            lowest = value
            highest = value
            first = value
            last = value
        }

        /// Chan, Golub, LeVeque: Updating formulae and a pairwise algorithm for computing sample variances, 1979.
        mutating func absorb(_ next: Step) {
            let both = Double(count &+ next.count)
            let distance = next.mean - mean
            squares += next.squares + distance * distance * Double(count) * Double(next.count) / both
            mean += distance * Double(next.count) / both
            count &+= next.count
            lowest = min(lowest, next.lowest)
            highest = max(highest, next.highest)
            changes &+= next.changes &+ (last != next.first ? 1 : 0)
            resets &+= next.resets &+ (last > next.first ? 1 : 0)
            end = next.end
            last = next.last
        }

        // Stored without names, one reading as its time and value: there are many.
        init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            self.init(0, at: try container.decode(Timestamp.self))
            mean = try container.decode(Double.self)
            (lowest, highest, first, last) = (mean, mean, mean, mean)
            if container.isAtEnd { return }
            end = try container.decode(Timestamp.self)
            count = max(1, try container.decode(Int.self))
            squares = try container.decode(Double.self)
            lowest = try container.decode(Double.self)
            highest = try container.decode(Double.self)
            first = try container.decode(Double.self)
            last = try container.decode(Double.self)
            changes = try container.decode(Int.self)
            resets = try container.decode(Int.self)
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.unkeyedContainer()
            try container.encode(start)
            try container.encode(mean)
            if count == 1 { return }
            try container.encode(end)
            try container.encode(count)
            try container.encode(squares)
            try container.encode(lowest)
            try container.encode(highest)
            try container.encode(first)
            try container.encode(last)
            try container.encode(changes)
            try container.encode(resets)
        }
    }

    private var watch: SignalAvailability
    private var steps: ContiguousArray<Step> = []
    /// The reading before the first step, which has left the window.
    private var before: Double?

    init(since time: Timestamp) { watch = SignalAvailability(since: time) }

    /// Takes a reading. What is not newer than the newest is late or repeated, and is passed over, as is what is no
    /// number to compute with.
    mutating func take(_ value: Double, at time: Timestamp, window: Int64) {
        guard value.isMeasurable else { return }
        if let newest = steps.last, newest.end >= time { return }
        watch.see(at: time, window: window)
        let horizon = time.minus(window)
        if let oldest = steps.first, oldest.end <= horizon {
            let kept = steps.firstIndex { $0.end > horizon } ?? steps.endIndex
            before = steps[kept - 1].last
            steps.removeSubrange(..<kept)
        }
        steps.append(Step(value, at: time))
        if steps.count > Int(PatternLimits.windowSteps) { mergeNearest() }
    }

    /// Merges the two neighbours that are the shortest step together.
    private mutating func mergeNearest() {
        var nearest = 0
        var shortest = Int64.max
        for index in 0..<(steps.count - 1) {
            let span = steps[index + 1].end.milliseconds(since: steps[index].start)
            if span < shortest {
                shortest = span
                nearest = index
            }
        }
        steps[nearest].absorb(steps[nearest + 1])
        steps.remove(at: nearest + 1)
    }

    mutating func becomeBlind() { watch.becomeBlind() }

    /// The oldest step that ended after `horizon`; as a rule all did, since what is older is dropped with each reading.
    private func firstInside(_ horizon: Timestamp) -> Int {
        if let oldest = steps.first, oldest.end > horizon { return 0 }
        var first = steps.count
        while first > 0, steps[first - 1].end > horizon { first -= 1 }
        return first
    }

    // MARK: Answers

    /// What a mean would be of readings that were not made is unknown: such answers need the window to have begun after
    /// the first reading, and at most half of it to have gone unread. Extremes and counts of what happened are one-sided
    /// unless all of it was read.
    func bounds(of statistic: Statistic, at now: Timestamp, window: Int64) -> Bounds {
        let horizon = now.minus(window)
        let first = firstInside(horizon)
        let inside = steps[first...]
        let isWhole = watch.isWhole(at: now, window: window)
        switch statistic {
        case .count:
            let count = Double(inside.reduce(0) { $0 &+ $1.count })
            return Bounds(low: count, high: watch.since <= horizon ? count : .infinity)
        case .changes:
            return happened(inside, isWhole: isWhole, within: \.changes) { $0 != $1 }
        case .resets:
            return happened(inside, isWhole: isWhole, within: \.resets) { $0 > $1 }
        case .minimum:
            guard var lowest = inside.first?.lowest else { return .unknown }
            for index in inside.indices { lowest = min(lowest, steps[index].lowest) }
            return Bounds(low: isWhole ? lowest : -.infinity, high: lowest)
        case .maximum:
            guard var highest = inside.first?.highest else { return .unknown }
            for index in inside.indices { highest = max(highest, steps[index].highest) }
            return Bounds(low: highest, high: isWhole ? highest : .infinity)
        case .sum:
            guard let lowest = inside.lazy.map(\.lowest).min() else { return .unknown }
            let sum = SampleWindow.sum(inside)
            // What was not read of a number that is never negative can only add.
            return isWhole ? Bounds(sum) : lowest >= 0 ? Bounds(low: sum, high: .infinity) : .unknown
        case .average, .standardDeviation, .quantile, .delta:
            guard watch.isMostlyWhole(at: now, window: window), let value = SampleWindow.typical(statistic, of: inside)
            else { return .unknown }
            return Bounds(value)
        }
    }

    /// A change between a reading before the window and the first one in it may have been before the window or in it.
    private func happened(
        _ inside: ContiguousArray<Step>.SubSequence, isWhole: Bool, within: (Step) -> Int,
        between: (_ earlier: Double, _ later: Double) -> Bool
    ) -> Bounds {
        var sure = 0
        for index in inside.indices {
            sure &+= within(steps[index])
            if index > inside.startIndex, between(steps[index - 1].last, steps[index].first) { sure &+= 1 }
        }
        let earlier = inside.startIndex > 0 ? steps[inside.startIndex - 1].last : before
        var possible = sure
        if let earlier, let first = inside.first, between(earlier, first.first) { possible &+= 1 }
        return Bounds(low: Double(sure), high: isWhole ? Double(possible) : .infinity)
    }

    private static func sum(_ steps: ContiguousArray<Step>.SubSequence) -> Double {
        steps.reduce(0) { $0 + $1.mean * Double($1.count) }
    }

    private static func typical(_ statistic: Statistic, of steps: ContiguousArray<Step>.SubSequence) -> Double? {
        guard let first = steps.first, let last = steps.last else { return nil }
        switch statistic {
        case .quantile(let part): return quantile(part, of: steps)
        case .delta: return first.start < last.end ? last.last - first.first : nil
        case .standardDeviation:
            var all = first
            for step in steps.dropFirst() { all.absorb(step) }
            return (all.squares / Double(all.count)).squareRoot()
        default: return sum(steps) / Double(steps.reduce(0) { $0 &+ $1.count })
        }
    }

    /// Over the means of the steps, each as often as it has readings.
    private static func quantile(_ part: Double, of steps: ContiguousArray<Step>.SubSequence) -> Double? {
        guard part >= 0, part <= 1 else { return nil }
        let sorted = steps.sorted { $0.mean < $1.mean }
        let count = sorted.reduce(0) { $0 &+ $1.count }
        let rank = part * Double(count &- 1)
        let below = rank.rounded(.down)
        func value(at rank: Double) -> Double? {
            var passed = 0.0
            return sorted.first { step in
                passed += Double(step.count)
                return passed > rank
            }?.mean
        }
        guard let low = value(at: below) else { return sorted.last?.mean }
        guard rank > below, let high = value(at: below + 1) else { return low }
        return low + (high - low) * (rank - below)
    }

    /// The next time at which an answer may change with no new reading.
    func changesAt(after now: Timestamp, window: Int64) -> Timestamp? {
        var next = NextChange(after: now)
        watch.offerChanges(to: &next, window: window)
        let horizon = now.minus(window)
        // The oldest step in the window leaves first.
        let first = firstInside(horizon)
        if first < steps.count { next.offer(steps[first].end.plus(window)) }
        return next.time
    }
}
