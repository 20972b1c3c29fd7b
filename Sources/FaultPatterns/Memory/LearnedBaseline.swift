import Reports

/// What is usual for a number, learned from itself: mean and standard deviation, by bin of a covariate (a fan's speed by
/// its duty, a temperature by the load), and how far readings are off.
///
/// - A bin answers after a warm-up of 100 readings over at least 24 h, whose plain mean it begins with. From then on mean
///   and variance are exponentially weighted, with the window as half-life (T. Finch: Incremental calculation of weighted
///   mean and variance, 2009). One reading weighs a tenth at most, however long the bin was not visited.
/// - **Frozen.** A reading that is off by more than 3 standard deviations is not learned, and none is while the caller
///   reports an open fault. Without an open fault a bin that is off in every reading for a whole window begins anew:
///   nobody calls this a fault, so it is the new usual. With one it stays as it is until the part is exchanged.
/// - **Sigma has a floor.** A sensor that reports whole degrees has a standard deviation of zero as long as it stands
///   still, and its next step must not be infinitely far off. The floor is half the sensor's resolution: the smallest
///   step seen between two neighbouring readings of a bin. Until one was seen it is guessed: a 128th of the mean, as of
///   an 8-bit converter in the middle of its range, and at least 1 where all readings are whole numbers. A single
///   step is then 2 sigma, and two are off.
/// - **Cumulative sums** (tabular CUSUM, E. S. Page 1954) run over all bins in sigmas. One reading adds at most what the
///   freeze allows it, 3 sigmas, so that a single wild reading is no shift (winsorised: D. M. Hawkins 1993). They are
///   kept below 100, so that they come down again.
struct LearnedBaseline: Hashable, Codable, Sendable {
    private struct Bin: Hashable, Codable, Sendable {
        let key: Int
        var count = 0
        var mean = 0.0
        /// In the warm-up the sum of the squares of the distances from the mean; then the variance.
        var variance = 0.0
        var isReady = false
        var first: Timestamp
        var newest: Timestamp
        var last: Double?
        /// Since when every reading was off.
        var offSince: Timestamp?

        init(key: Int, at time: Timestamp) {
            self.key = key
            first = time
            newest = time
        }

        mutating func learn(_ value: Double, at time: Timestamp, elapsed: Int64, halfLife: Int64) {
            count &+= 1
            let distance = value - mean
            if isReady {
                let weight = LearnedBaseline.weight(elapsed: Double(elapsed), halfLife: Double(max(1, halfLife)))
                mean += weight * distance
                variance = (1 - weight) * (variance + weight * distance * distance)
            } else {
                mean += distance / Double(count)
                variance += distance * (value - mean)
                if count >= PatternLimits.warmUpReadings,
                    time.milliseconds(since: first) >= PatternLimits.warmUpSpan
                {
                    variance /= Double(count - 1)
                    isReady = true
                }
            }
        }
    }

    private var bins: ContiguousArray<Bin> = []
    private var newest: Timestamp?
    /// The smallest step between neighbouring readings of a bin.
    private var resolution: Double?
    private var isWhole = true
    private var hasScores = false
    private var below = 0.0
    private var above = 0.0

    /// The bin of a covariate: floor(c / w). Nil where there is none.
    static func bin(of covariate: Double, width: Double) -> Int? {
        let key = (covariate / width).rounded(.down)
        return key.magnitude < 1e15 ? Int(key) : nil
    }

    /// Takes a reading. What is not newer than the newest is late or repeated, and is passed over, as is what is no
    /// number to compute with.
    /// - Parameters:
    ///   - key: the bin; 0 where there is no covariate.
    ///   - allowance: k of the cumulative sums, in sigmas.
    ///   - isFrozen: whether a fault is open, so that nothing may be learned.
    mutating func take(
        _ value: Double, bin key: Int, at time: Timestamp, window: Int64, allowance: Double, isFrozen: Bool
    ) {
        guard value.isMeasurable, newest.map({ time > $0 }) ?? true else { return }
        newest = time
        if value != value.rounded() { isWhole = false }
        guard let place = place(of: key) ?? (isFrozen ? nil : makeBin(key, at: time)) else { return }
        let score = score(value, in: bins[place])
        if let score { accumulate(score, allowance: allowance) }
        let isOff = score.map { abs($0) > PatternLimits.freezeScore } ?? false
        // Time in which readings came that were not learned is no reason to let the next one weigh more.
        let elapsed = max(0, time.milliseconds(since: bins[place].newest))
        let last = bins[place].last
        bins[place].newest = time
        bins[place].last = value
        if isFrozen {
            bins[place].offSince = nil
            return
        }
        if isOff {
            let since = bins[place].offSince ?? time
            bins[place].offSince = since
            guard time.milliseconds(since: since) >= window else { return }
            bins[place] = Bin(key: key, at: time)
            bins[place].last = value
        }
        bins[place].offSince = nil
        if let last {
            let step = abs(value - last)
            // Smaller ones are the rounding of a conversion.
            if step > 1e-9 * abs(value) { resolution = min(resolution ?? step, step) }
        }
        bins[place].learn(value, at: time, elapsed: elapsed, halfLife: window)
    }

    private func place(of key: Int) -> Int? { bins.firstIndex { $0.key == key } }

    /// In the place of the least used one where there are 16.
    private mutating func makeBin(_ key: Int, at time: Timestamp) -> Int? {
        let bin = Bin(key: key, at: time)
        guard bins.count >= PatternLimits.baselineBins else {
            bins.append(bin)
            return bins.count - 1
        }
        guard let least = bins.indices.min(by: { bins[$0].count < bins[$1].count }) else { return nil }
        bins[least] = bin
        return least
    }

    private mutating func accumulate(_ score: Double, allowance: Double) {
        guard allowance.isFinite else { return }
        let held = min(max(score, -PatternLimits.freezeScore), PatternLimits.freezeScore)
        above = min(max(0, above + held - allowance), PatternLimits.cumulativeSum)
        below = min(max(0, below - held - allowance), PatternLimits.cumulativeSum)
        hasScores = true
    }

    private func score(_ value: Double, in bin: Bin) -> Double? {
        guard bin.isReady else { return nil }
        return (value - bin.mean) / sigma(of: bin)
    }

    private func sigma(of bin: Bin) -> Double {
        let guess = max(abs(bin.mean) / 128, isWhole ? 1 : 0)
        return max(bin.variance.squareRoot(), (resolution ?? guess) / 2, 1e-6 * abs(bin.mean), 1e-9)
    }

    /// 1 − 2^(−elapsed / halfLife), at most a tenth; up to there y / (1 + y / 2) is 1 − e^(−y) to 1 in 1 000.
    private static func weight(elapsed: Double, halfLife: Double) -> Double {
        let decay = elapsed / halfLife * 0.693_147_180_559_945_3
        return min(decay / (1 + decay / 2), 0.1)
    }

    // MARK: Answers

    /// What is usual in the bin.
    func mean(bin key: Int) -> Bounds {
        guard let place = place(of: key), bins[place].isReady else { return .unknown }
        return Bounds(bins[place].mean)
    }

    /// How many standard deviations the value is off what is usual in the bin.
    func z(of value: Double, bin key: Int) -> Bounds {
        guard value.isMeasurable, let place = place(of: key), let score = score(value, in: bins[place]) else {
            return .unknown
        }
        return Bounds(score)
    }

    /// The cumulative sum below what is usual, in sigmas.
    func cusumLow(at now: Timestamp) -> Bounds { cumulative(below, at: now) }

    /// The cumulative sum above what is usual, in sigmas.
    func cusumHigh(at now: Timestamp) -> Bounds { cumulative(above, at: now) }

    /// Unknown until a bin was ready, and when nothing was read for so long that it is stale.
    private func cumulative(_ sum: Double, at now: Timestamp) -> Bounds {
        guard hasScores, let newest, now.milliseconds(since: newest) <= PatternLimits.staleAfter else {
            return .unknown
        }
        return Bounds(sum)
    }

    /// The next time at which a cumulative sum may change with no new reading: when it is stale.
    func changesAt(after now: Timestamp) -> Timestamp? {
        var next = NextChange(after: now)
        if hasScores { next.offer(newest?.plus(PatternLimits.staleAfter).plus(1)) }
        return next.time
    }
}
