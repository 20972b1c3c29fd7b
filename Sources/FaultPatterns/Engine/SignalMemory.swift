import Reports

/// What is remembered of one signal of one component beyond its newest value.
enum SignalMemory: Hashable, Codable, Sendable {
    case rises(CounterHistory)
    case lifetime(Lifetime)
    case samples(SampleWindow)
    case trend(TrendWindow)
    case baseline(LearnedBaseline)
    case events(SerdEngine)
    case keyedEvents(KeyedSerd)
    case distinct(DistinctWindow)
    /// Of several labels, a window for each.
    case spread([DistinctWindow])
    case measured(MeasuredEvents)
    case bucket(LeakyBucket)

    /// The extremes of a part's life.
    struct Lifetime: Hashable, Codable, Sendable {
        var lowest: Double
        var highest: Double

        mutating func take(_ value: Double) {
            lowest = min(lowest, value)
            highest = max(highest, value)
        }
    }

    /// The memory after a first number; nil for memories of events, which begin with the first event.
    init?(_ rule: MemoryRule, first slot: Slot, covariate: Double?) {
        let time = Timestamp(milliseconds: slot.time)
        switch rule {
        case .rises: self = .rises(CounterHistory(baseline: slot.raw, at: time))
        case .lifetime: self = .lifetime(Lifetime(lowest: slot.value, highest: slot.value))
        case .samples(let window):
            var samples = SampleWindow(since: time)
            samples.take(slot.value, at: time, window: window)
            self = .samples(samples)
        case .trend(let window, let hasMedianLine):
            var trend = TrendWindow(since: time)
            trend.take(slot.value, at: time, window: window, needsMedianLine: hasMedianLine)
            self = .trend(trend)
        case .baseline:
            self = .baseline(LearnedBaseline())
            take(slot, before: slot, for: rule, covariate: covariate, isFrozen: false)
        case .bucket: self = .bucket(LeakyBucket())
        case .events, .keyedEvents, .distinct, .measured: return nil
        }
    }

    /// Takes the slot's new number.
    /// - Parameter before: the slot as it was.
    mutating func take(
        _ slot: Slot, before: Slot, for rule: MemoryRule, covariate: Double?, isFrozen: Bool
    ) {
        let time = Timestamp(milliseconds: slot.time)
        switch (consume self, rule) {
        case (.rises(var history), .rises(let counting)):
            history.take(
                slot.raw, after: Timestamp(milliseconds: before.readTime), at: time, as: counting,
                finest: PatternLimits.finestWindow, longest: Int64(PatternLimits.windowDays) * 86_400_000)
            self = .rises(history)
        case (.lifetime(var lifetime), _):
            lifetime.take(slot.value)
            self = .lifetime(lifetime)
        case (.samples(var samples), .samples(let window)):
            samples.take(slot.value, at: time, window: window)
            self = .samples(samples)
        case (.trend(var trend), .trend(let window, let hasMedianLine)):
            trend.take(slot.value, at: time, window: window, needsMedianLine: hasMedianLine)
            self = .trend(trend)
        case (.baseline(var baseline), .baseline(let window, let number, let width, let allowance)):
            if let bin = Self.bin(covariate, isWanted: number != nil, width: width) {
                baseline.take(
                    slot.value, bin: bin, at: time, window: window, allowance: allowance, isFrozen: isFrozen)
            }
            self = .baseline(baseline)
        case (.bucket(var bucket), .bucket(let count, let window, let counting)):
            if before.hasBeenRead {
                bucket.add(from: before.raw, to: slot.raw, as: counting, at: time, count: count, within: window)
            }
            self = .bucket(bucket)
        case (let other, _): self = other
        }
    }

    mutating func becomeBlind(at time: Timestamp) -> Bool {
        switch consume self {
        case .samples(var samples):
            samples.becomeBlind()
            self = .samples(samples)
        case .events(var events):
            let isNews = events.becomeBlind(at: time)
            self = .events(events)
            return isNews
        case .keyedEvents(var events):
            let isNews = events.becomeBlind(at: time)
            self = .keyedEvents(events)
            return isNews
        case .distinct(var events):
            let isNews = events.becomeBlind(at: time)
            self = .distinct(events)
            return isNews
        case .spread(var windows):
            var isNews = false
            for index in windows.indices where windows[index].becomeBlind(at: time) { isNews = true }
            self = .spread(windows)
            return isNews
        case .measured(var events):
            let isNews = events.becomeBlind(at: time)
            self = .measured(events)
            return isNews
        case .bucket(var bucket):
            let isNews = bucket.becomeBlind(at: time)
            self = .bucket(bucket)
            return isNews
        case let other: self = other
        }
        return false
    }

    /// What is known of the answer to a question.
    /// - Parameters:
    ///   - slot: the signal's newest; `limit` the limit's, of `time_to`.
    ///   - layout: where its rule stands, at `place`: copying a rule costs as much as many an answer.
    ///   - isFresh: passes over that the newest value may be stale: to see whether the answer itself changes.
    func bounds(
        _ question: Question, of slot: Slot, covariate: Double?, limit: Double?, layout: Layout, place: Int,
        at now: Timestamp, isFresh: Bool
    ) -> Bounds {
        let first = Timestamp(milliseconds: slot.first)
        switch self {
        case .rises(let history):
            let newest = isFresh ? Timestamp(milliseconds: .max) : Timestamp(milliseconds: slot.readTime)
            let isBlind = slot.content == .unavailable
            switch question {
            case .increase(let window):
                return history.increase(at: now, window: window, since: first, newest: newest, isBlind: isBlind)
            case .rises(let window):
                return history.rises(at: now, window: window, since: first, newest: newest, isBlind: isBlind)
            case .risingDays(let window):
                return history.risingDays(at: now, window: window, since: first, newest: newest, isBlind: isBlind)
            case .rate(let window):
                return history.rate(at: now, window: window, since: first, newest: newest, isBlind: isBlind)
            case .daysSinceIncrease: return history.daysSinceLastIncrease(at: now)
            case .daysSinceNonzero: return history.daysSinceFirstNonzero(at: now)
            default: return .unknown
            }
        case .lifetime(let lifetime):
            switch question {
            case .highestEver: return Bounds(lifetime.highest)
            case .lowestEver: return Bounds(lifetime.lowest)
            case .knownFor: return slot.hasBeenRead ? Bounds((now - first).inSeconds) : .unknown
            default: return .unknown
            }
        case .samples(let samples):
            guard case .samples(let window) = layout.memories[place].rule, let statistic = question.statistic else {
                return .unknown
            }
            return samples.bounds(of: statistic, at: now, window: window)
        case .trend(let trend):
            guard case .trend(let window, _) = layout.memories[place].rule else { return .unknown }
            switch question {
            case .slope: return trend.slope(at: now, window: window)
            case .prediction(let ahead): return trend.prediction(in: ahead, at: now, window: window)
            case .timeTo(.constant(let limit)): return trend.timeTo(limit, at: now, window: window)
            case .timeTo(.signal): return limit.map { trend.timeTo($0, at: now, window: window) } ?? .unknown
            default: return .unknown
            }
        case .baseline(let baseline):
            guard case .baseline(_, let number, let width, _) = layout.memories[place].rule,
                let bin = Self.bin(covariate, isWanted: number != nil, width: width)
            else { return .unknown }
            switch question {
            case .mean: return baseline.mean(bin: bin)
            case .score: return slot.isNumber ? baseline.z(of: slot.value, bin: bin) : .unknown
            case .cusumLow: return baseline.cusumLow(at: now)
            case .cusumHigh: return baseline.cusumHigh(at: now)
            default: return .unknown
            }
        case .events(let events):
            guard case .events(let count, let window) = layout.memories[place].rule else { return .unknown }
            return Self.bounds(
                Double(events.countInside(window, at: now)), events.truth(at: now, count: count, within: window))
        case .keyedEvents(let events):
            guard case .keyedEvents(_, let count, let window) = layout.memories[place].rule else { return .unknown }
            return Self.bounds(
                Double(events.highestCount(within: window, at: now)),
                events.truth(at: now, count: count, within: window))
        case .distinct(let events):
            guard case .distinct(_, _, let window) = layout.memories[place].rule else { return .unknown }
            if case .groupCount(let limits) = question {
                return DistinctWindow.groups(of: [events], with: limits, at: now, window: window)
            }
            return events.bounds(at: now, window: window)
        case .spread(let windows):
            guard case .distinct(_, _, let window) = layout.memories[place].rule else { return .unknown }
            if case .groupCount(let limits) = question {
                return DistinctWindow.groups(of: windows, with: limits, at: now, window: window)
            }
            return DistinctWindow.fewest(of: windows, at: now, window: window)
        case .measured(let events):
            guard case .measured(_, _, let window) = layout.memories[place].rule else { return .unknown }
            return question == .measuredHighest
                ? events.highest(at: now, window: window) : events.sum(at: now, window: window)
        case .bucket(let bucket):
            guard case .bucket(let count, let window, _) = layout.memories[place].rule else { return .unknown }
            return Self.bounds(
                bucket.level(at: now, count: count, within: window),
                bucket.truth(at: now, count: count, within: window))
        }
    }

    /// The bin of a baseline; without a covariate there is one. Nil where the covariate is not known.
    private static func bin(_ covariate: Double?, isWanted: Bool, width: Double) -> Int? {
        isWanted ? covariate.flatMap { LearnedBaseline.bin(of: $0, width: width) } : 0
    }

    /// A count of events that may be higher, where it is unknown whether it is.
    private static func bounds(_ count: Double, _ truth: Truth) -> Bounds {
        Bounds(low: count, high: truth == .unknown ? .infinity : count)
    }

    /// The next time at which an answer may change by time alone; nil: never.
    func changesAt(after now: Timestamp, _ question: Question, of slot: Slot, rule: MemoryRule) -> Timestamp? {
        switch (self, rule) {
        case (.rises(let history), _):
            switch question {
            case .increase(let window), .rises(let window), .risingDays(let window), .rate(let window):
                history.changesAt(
                    after: now, window: window, since: Timestamp(milliseconds: slot.first),
                    newest: Timestamp(milliseconds: .max))
            default: nil
            }
        case (.samples(let samples), .samples(let window)): samples.changesAt(after: now, window: window)
        case (.trend(let trend), .trend(let window, _)): trend.changesAt(after: now, window: window)
        case (.events(let events), .events(let count, let window)):
            events.changesAt(after: now, count: count, within: window)
        case (.keyedEvents(let events), .keyedEvents(_, _, let window)): events.changesAt(after: now, window: window)
        case (.distinct(let events), .distinct(_, _, let window)): events.changesAt(after: now, window: window)
        case (.spread(let windows), .distinct(_, _, let window)):
            windows.compactMap { $0.changesAt(after: now, window: window) }.min()
        case (.measured(let events), .measured(_, _, let window)): events.changesAt(after: now, window: window)
        case (.bucket(let bucket), .bucket(let count, let window, _)):
            bucket.changesAt(after: now, count: count, within: window)
        case (.baseline(let baseline), _): baseline.changesAt(after: now)
        default: nil
        }
    }
}

extension Question {
    /// What it is of a window.
    var statistic: SampleWindow.Statistic? {
        switch self {
        case .lowest: .minimum
        case .highest: .maximum
        case .average: .average
        case .sum: .sum
        case .count: .count
        case .deviation: .standardDeviation
        case .quantile(let share): .quantile(share)
        case .delta: .delta
        case .changes: .changes
        case .resets: .resets
        default: nil
        }
    }
}
