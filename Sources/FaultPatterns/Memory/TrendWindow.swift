import Reports

/// Where a number is going: straight lines through its readings in a window, with 95 % bounds.
///
/// Readings closer together than a sixty-fourth of the window are one point, their average. A trend needs 8 points over
/// half the window; the newest reading must be no older than half the window, and not stale.
struct TrendWindow: Hashable, Codable, Sendable {
    /// The average of neighbouring readings.
    private struct Point: Hashable, Codable, Sendable {
        /// When its first reading was made.
        var start: Timestamp
        /// How long after that the readings were made on average, in seconds.
        var offset = 0.0
        var value: Double
        var count = 1

        init(_ value: Double, at time: Timestamp) {
            start = time
            self.value = value
        }

        mutating func absorb(_ next: Double, at time: Timestamp) {
            count &+= 1
            offset += (Double(time.milliseconds(since: start)) / 1_000 - offset) / Double(count)
            value += (next - value) / Double(count)
        }

        // Stored without names: there are many.
        init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            start = try container.decode(Timestamp.self)
            value = try container.decode(Double.self)
            if container.isAtEnd { return }
            offset = try container.decode(Double.self)
            count = max(1, try container.decode(Int.self))
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.unkeyedContainer()
            try container.encode(start)
            try container.encode(value)
            if count == 1 { return }
            try container.encode(offset)
            try container.encode(count)
        }
    }

    private var newest: Timestamp
    private var points: ContiguousArray<Point> = []
    /// Through the points as they were when the newest was begun.
    private var medianLine: TheilSenLine?

    init(since time: Timestamp) { newest = time }

    /// Takes a reading. What is not newer than the newest is late or repeated, and is passed over, as is what is no
    /// number to compute with.
    /// - Parameter needsMedianLine: whether `timeTo` will be asked; it costs the slopes of all pairs of points, once for
    ///   each new point.
    mutating func take(_ value: Double, at time: Timestamp, window: Int64, needsMedianLine: Bool) {
        guard value.isMeasurable, points.isEmpty || time > newest else { return }
        newest = time
        let last = points.count - 1
        if last >= 0, time.milliseconds(since: points[last].start) < window / PatternLimits.trendPoints {
            points[last].absorb(value, at: time)
            if needsMedianLine, medianLine == nil, isEnough(window) { medianLine = TheilSenLine(coordinates()) }
            return
        }
        let horizon = time.minus(window)
        if let oldest = points.first, oldest.start <= horizon {
            points.removeSubrange(..<(points.firstIndex { $0.start > horizon } ?? points.endIndex))
        }
        if points.count >= Int(PatternLimits.trendPoints) { points.removeFirst() }
        points.append(Point(value, at: time))
        medianLine = needsMedianLine && isEnough(window) ? TheilSenLine(coordinates()) : nil
    }

    // MARK: Answers

    /// Change per second: the slope by least squares, with its 95 % confidence interval (Student's t, n − 2 degrees of
    /// freedom; Draper, Smith: Applied Regression Analysis, 3rd ed., 1.4).
    func slope(at now: Timestamp, window: Int64) -> Bounds {
        guard isKnown(at: now, window: window), let line = LeastSquares(coordinates()) else { return .unknown }
        return line.slopeBounds
    }

    /// The value in `horizon` milliseconds, with the 95 % prediction interval of one reading (Draper, Smith, 3.1).
    func prediction(in horizon: Int64, at now: Timestamp, window: Int64) -> Bounds {
        guard isKnown(at: now, window: window), let origin = points.last?.start,
            let line = LeastSquares(coordinates())
        else { return .unknown }
        return line.prediction(at: Double(now.plus(horizon).milliseconds(since: origin)) / 1_000)
    }

    /// Seconds until the median line reaches the limit, with the bounds that the 95 % interval of its slope gives.
    ///
    /// The limit is approached from the side on which the window began: zero where the line has crossed it since, never
    /// (infinity) where the line moves away from it. Where the interval includes never, the high bound is infinity.
    func timeTo(_ limit: Double, at now: Timestamp, window: Int64) -> Bounds {
        guard isKnown(at: now, window: window), let oldest = points.first, let origin = points.last?.start,
            let line = medianLine
        else { return .unknown }
        // Times count from the newest point's beginning, which is the origin of the line.
        return line.timeTo(
            limit, from: Double(now.milliseconds(since: origin)) / 1_000,
            began: Double(oldest.start.milliseconds(since: origin)) / 1_000 + oldest.offset)
    }

    private func isEnough(_ window: Int64) -> Bool {
        guard points.count >= PatternLimits.trendMinimum, let oldest = points.first else { return false }
        return newest.milliseconds(since: oldest.start) >= window / 2
    }

    private func isKnown(at now: Timestamp, window: Int64) -> Bool {
        isEnough(window) && now.milliseconds(since: newest) <= TrendWindow.patience(window)
    }

    private static func patience(_ window: Int64) -> Int64 { min(window / 2, PatternLimits.staleAfter) }

    /// Seconds from the newest point's beginning, and values.
    private func coordinates() -> ContiguousArray<(x: Double, y: Double)> {
        guard let origin = points.last?.start else { return [] }
        return ContiguousArray(
            points.lazy.map { (Double($0.start.milliseconds(since: origin)) / 1_000 + $0.offset, $0.value) })
    }

    /// The next time to look again with no new reading: what lies in the future moves with time, so a step of the window
    /// from now; nil where nothing is known or will be.
    func changesAt(after now: Timestamp, window: Int64) -> Timestamp? {
        guard isKnown(at: now, window: window) else { return nil }
        var next = NextChange(after: now)
        next.offer(now.plus(max(1, window / PatternLimits.trendPoints)))
        next.offer(newest.plus(TrendWindow.patience(window)).plus(1))
        return next.time
    }
}
