import Foundation
import Reports
import TestSupport
import Testing

@testable import FaultPatterns

@Suite("Trends")
struct TrendWindowTests {
    private typealias F = MemoryFixtures
    private static let day: Int64 = 86_400_000
    private static let fortnight: Int64 = 14 * day

    private static func trend(_ samples: [(Int64, Double)], window: Int64 = fortnight) -> TrendWindow {
        var trend = TrendWindow(since: F.time(0))
        for (seconds, value) in samples {
            trend.take(value, at: F.time(seconds), window: window, needsMedianLine: true)
        }
        return trend
    }

    private static func daily(_ count: Int, _ value: (Double) -> Double) -> [(Int64, Double)] {
        (0..<count).map { (Int64($0) * 86_400, value(Double($0))) }
    }

    @Test("Of points on a line, slope, prediction and time are exact")
    func line() {
        let trend = Self.trend(Self.daily(12) { 40 + 2 * $0 })
        let now = F.time(11 * 86_400)
        #expect(trend.slope(at: now, window: Self.fortnight).isNear(Bounds(2 / 86_400.0), within: 1e-6))
        #expect(trend.prediction(in: 10 * Self.day, at: now, window: Self.fortnight).isNear(Bounds(82), within: 1e-6))
        #expect(trend.timeTo(72, at: now, window: Self.fortnight).isNear(Bounds(5 * 86_400), within: 1e-6))
        let later = now.plus(Self.day)
        #expect(trend.timeTo(72, at: later, window: Self.fortnight).isNear(Bounds(4 * 86_400), within: 1e-6))
    }

    @Test("A trend needs eight points over half the window")
    func minimum() {
        #expect(Self.trend(Self.daily(8) { $0 }).slope(at: F.time(7 * 86_400), window: Self.fortnight) != .unknown)
        let few = Self.trend((0..<7).map { (Int64($0) * 2 * 86_400, Double($0)) })
        #expect(few.slope(at: F.time(12 * 86_400), window: Self.fortnight) == .unknown)
        let brief = Self.trend((0..<20).map { (Int64($0) * 6 * 3_600, Double($0)) })
        #expect(brief.slope(at: F.time(19 * 6 * 3_600), window: Self.fortnight) == .unknown)
        #expect(brief.timeTo(50, at: F.time(19 * 6 * 3_600), window: Self.fortnight) == .unknown)
        #expect(brief.prediction(in: Self.day, at: F.time(19 * 6 * 3_600), window: Self.fortnight) == .unknown)
    }

    @Test("A trend ends when nothing was read for half the window or since yesterday")
    func stale() {
        let trend = Self.trend(Self.daily(12) { 40 + 2 * $0 })
        let limit = F.time(11 * 86_400).plus(PatternLimits.staleAfter)
        #expect(trend.slope(at: limit, window: Self.fortnight) != .unknown)
        #expect(trend.slope(at: limit.plus(1), window: Self.fortnight) == .unknown)
        #expect(trend.changesAt(after: limit.plus(1), window: Self.fortnight) == nil)
        let hours = Self.trend((0..<12).map { (Int64($0) * 300, Double($0)) }, window: 3_600_000)
        #expect(hours.timeTo(50, at: F.time(3_300 + 1_800), window: 3_600_000) != .unknown)
        #expect(hours.timeTo(50, at: F.time(3_300 + 1_801), window: 3_600_000) == .unknown)
    }

    @Test("The bounds of the slope are the textbook's")
    func leastSquares() throws {
        // R: confint(lm(y ~ x)) of x = 0…9, y = 0.1 1.2 1.8 3.3 3.9 5.1 6.2 6.8 8.1 9.0.
        let values = [0.1, 1.2, 1.8, 3.3, 3.9, 5.1, 6.2, 6.8, 8.1, 9.0]
        let line = try #require(
            LeastSquares(ContiguousArray(values.enumerated().map { (x: Double($0.offset), y: $0.element) })))
        // By hand: Sxx 82.5, Sxy 81.85, Syy 81.325 - …: checked against the naive sums.
        let mean = values.reduce(0, +) / 10
        let sxy = values.enumerated().reduce(0) { $0 + (Double($1.offset) - 4.5) * ($1.element - mean) }
        let slope = sxy / 82.5
        let residuals = values.enumerated().reduce(0) {
            $0 + pow($1.element - mean - slope * (Double($1.offset) - 4.5), 2)
        }
        let reach = 2.306 * (residuals / 8 / 82.5).squareRoot()
        #expect(line.slopeBounds.isNear(Bounds(low: slope - reach, high: slope + reach), within: 1e-4))
        let far = 2.306 * (residuals / 8 * (1 + 0.1 + 15.5 * 15.5 / 82.5)).squareRoot()
        let value = mean + slope * 15.5
        #expect(line.prediction(at: 20).isNear(Bounds(low: value - far, high: value + far), within: 1e-4))
    }

    @Test(
        "Student's t is that of the tables",
        arguments: [(6, 2.4469), (7, 2.3646), (8, 2.3060), (10, 2.2281), (20, 2.0860), (30, 2.0423), (60, 2.0003)])
    func student(degrees: Double, quantile: Double) {
        #expect(abs(LeastSquares.student(degrees) - quantile) < 0.001)
    }

    @Test("The median line is that of all sorted slopes", arguments: 1...20)
    func theilSen(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let count = Int.random(in: 8...64, using: &random)
        var points: ContiguousArray<(x: Double, y: Double)> = []
        var x = 0.0
        for _ in 0..<count {
            x += Double.random(in: 1...5, using: &random)
            // Quantised, so that there are ties.
            points.append((x, (0.3 * x + Double.random(in: -4...4, using: &random)).rounded()))
        }
        var slopes: [Double] = []
        for (index, point) in points.enumerated() {
            for other in points[..<index] { slopes.append((point.y - other.y) / (point.x - other.x)) }
        }
        slopes.sort()
        let n = Double(count)
        let ties = Dictionary(grouping: points.map(\.y)) { $0 }.values.map { Double($0.count) }
        let variance =
            (n * (n - 1) * (2 * n + 5) - ties.reduce(0) { $0 + $1 * ($1 - 1) * (2 * $1 + 5) }) / 18
        let reach = 1.959_963_985 * variance.squareRoot()
        let total = Double(slopes.count)
        let line = try #require(TheilSenLine(points))
        #expect(line.slopeBounds.low == slopes[max(0, Int(((total - reach) / 2).rounded(.down)) - 1)])
        #expect(line.slopeBounds.high == slopes[min(slopes.count - 1, Int(((total + reach) / 2).rounded(.up)))])
        let middle = slopes.count / 2
        let median = slopes.count % 2 == 1 ? slopes[middle] : (slopes[middle] + slopes[middle - 1]) / 2
        #expect(abs(line.medianSlope - median) < 1e-12)
        #expect(line.slopeBounds.contains(line.medianSlope))
    }

    @Test("In nine of ten trends and more, the true slope and the true time lie within the bounds")
    func coverage() {
        var random = SplitMix(seed: 42)
        var (squares, medians, times) = (0, 0, 0)
        let rounds = 300
        for _ in 0..<rounds {
            let samples = Self.daily(14) { day in
                50 + day + (0..<12).reduce(-6.0) { sum, _ in sum + Double.random(in: 0...1, using: &random) }
            }
            let trend = Self.trend(samples)
            let now = F.time(13 * 86_400)
            if trend.slope(at: now, window: Self.fortnight).contains(1 / 86_400) { squares += 1 }
            let time = trend.timeTo(83, at: now, window: Self.fortnight)
            if time.contains(20 * 86_400) { times += 1 }
            if time.low > 0, time.low < time.high { medians += 1 }
        }
        #expect(squares > rounds * 92 / 100 && squares < rounds)
        #expect(times > rounds * 88 / 100)
        #expect(medians == rounds)
    }

    @Test("One wild reading does not bend the median line")
    func outlier() {
        let trend = Self.trend(Self.daily(14) { $0 == 7 ? 1_000 : 40 + 2 * $0 })
        let time = trend.timeTo(86, at: F.time(13 * 86_400), window: Self.fortnight)
        #expect(time.low > 9 * 86_400 && time.high < 11 * 86_400)
    }

    @Test("A line that moves away or stands still never reaches the limit; a flat one may")
    func never() {
        let now = F.time(13 * 86_400)
        let never = Bounds(.infinity)
        #expect(Self.trend(Self.daily(14) { 40 - $0 }).timeTo(90, at: now, window: Self.fortnight) == never)
        #expect(Self.trend(Self.daily(14) { _ in 40 }).timeTo(90, at: now, window: Self.fortnight) == never)
        #expect(Self.trend(Self.daily(14) { 5_000 + $0 }).timeTo(1_000, at: now, window: Self.fortnight) == never)
        let noise = Self.trend(Self.daily(14) { 40 + ($0 * 7).truncatingRemainder(dividingBy: 5) })
        let bounds = noise.timeTo(90, at: now, window: Self.fortnight)
        #expect(bounds.low > 0 && bounds.low < .infinity && bounds.high == .infinity)
    }

    @Test("A limit may be approached from above, as a fan's speed does")
    func falling() {
        let trend = Self.trend(Self.daily(12) { 5_000 - 100 * $0 })
        let time = trend.timeTo(3_400, at: F.time(11 * 86_400), window: Self.fortnight)
        #expect(time.isNear(Bounds(5 * 86_400), within: 1e-6))
    }

    @Test("A limit that the line has crossed in the window is reached")
    func reached() {
        let now = F.time(13 * 86_400)
        for limit in [41.0, 45, 46.5, 52.9] {
            let trend = Self.trend(Self.daily(14) { 40 + $0 })
            #expect(trend.timeTo(limit, at: now, window: Self.fortnight) == Bounds(0))
        }
    }

    @Test("Readings closer together than a step are averaged, and old ones leave", arguments: 1...4)
    func dense(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        var trend = TrendWindow(since: F.time(0))
        let hour: Int64 = 3_600_000
        var now: Int64 = 0
        // The slope turns after the first two hours: what lies before the window must not count.
        func value(_ seconds: Int64) -> Double { seconds < 7_200 ? Double(-seconds) : Double(seconds) * 3 }
        while now < 14_400 {
            now += Int64.random(in: 1...20, using: &random)
            trend.take(value(now), at: F.time(now), window: hour, needsMedianLine: true)
            if now % 10 == 0 { trend = try F.stored(trend) }
        }
        #expect(trend.slope(at: F.time(now), window: hour).isNear(Bounds(3), within: 1e-6))
        #expect(trend.timeTo(Double(now) * 3 + 600, at: F.time(now), window: hour).isNear(Bounds(200), within: 1e-2))
        #expect(try F.bytes(trend) < 5_000)
    }

    @Test("A median line that is not needed is not computed")
    func unneeded() {
        var trend = TrendWindow(since: F.time(0))
        for (seconds, value) in Self.daily(14, { $0 }) {
            trend.take(value, at: F.time(seconds), window: Self.fortnight, needsMedianLine: false)
        }
        #expect(trend.slope(at: F.time(13 * 86_400), window: Self.fortnight) != .unknown)
        #expect(trend.timeTo(50, at: F.time(13 * 86_400), window: Self.fortnight) == .unknown)
    }

    @Test("Late, repeated and impossible readings are passed over")
    func passed() {
        let samples = Self.daily(9) { $0 }
        #expect(
            Self.trend(samples + [(8 * 86_400, 99), (60, 99), (9 * 86_400, .nan), (9 * 86_400, 1e101)])
                == Self.trend(samples))
    }

    @Test("Stored and read again, a trend gives the same answers")
    func stored() throws {
        let trend = Self.trend(Self.daily(14) { 40 + $0 + ($0 * 7).truncatingRemainder(dividingBy: 5) })
        let again = try F.stored(trend)
        #expect(again == trend)
        let now = F.time(13 * 86_400)
        #expect(again.slope(at: now, window: Self.fortnight) == trend.slope(at: now, window: Self.fortnight))
        #expect(again.timeTo(90, at: now, window: Self.fortnight) == trend.timeTo(90, at: now, window: Self.fortnight))
        #expect(
            again.prediction(in: Self.day, at: now, window: Self.fortnight)
                == trend.prediction(in: Self.day, at: now, window: Self.fortnight))
    }

    @Test(
        "No reading, time or window traps, and what is stored can be read again",
        arguments: MemoryFixtures.HostileTimes.allCases)
    func hostile(times: MemoryFixtures.HostileTimes) throws {
        for length in F.hostileWindows {
            var trend = TrendWindow(since: times.list[0])
            for round in 0..<12 {
                for time in times.list {
                    for value in F.hostileNumbers {
                        trend.take(
                            value, at: time.plus(Int64(round) * length / 10), window: length, needsMedianLine: true)
                    }
                    for limit in F.hostileNumbers {
                        let bounds = trend.timeTo(limit, at: time, window: length)
                        #expect(bounds.low <= bounds.high)
                    }
                    #expect(trend.slope(at: time, window: length).low <= trend.slope(at: time, window: length).high)
                    let predicted = trend.prediction(in: .max, at: time, window: length)
                    #expect(predicted.low <= predicted.high)
                    #expect(trend.changesAt(after: time, window: length).map { $0 > time } ?? true)
                }
                #expect(try times.areKept(in: trend))
            }
        }
    }
}
