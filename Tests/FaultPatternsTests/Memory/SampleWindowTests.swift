import Foundation
import Reports
import TestSupport
import Testing

@testable import FaultPatterns

@Suite("Window of samples")
struct SampleWindowTests {
    private typealias F = MemoryFixtures
    private static let hour: Int64 = 3_600_000
    private static let statistics: [SampleWindow.Statistic] = [
        .average, .minimum, .maximum, .sum, .count, .standardDeviation, .quantile(0), .quantile(0.5), .quantile(0.95),
        .quantile(1), .delta, .changes, .resets,
    ]

    private static func window(_ samples: [(Int64, Double)], since: Int64 = 0) -> SampleWindow {
        var window = SampleWindow(since: F.time(since))
        for (seconds, value) in samples { window.take(value, at: F.time(seconds), window: hour) }
        return window
    }

    /// Every statistic by its definition, of the values in the window and the one before it.
    private static func naive(_ statistic: SampleWindow.Statistic, _ values: [Double], before: Double?) -> Bounds {
        guard let first = values.first, let last = values.last else {
            return statistic == .count ? Bounds(0) : .unknown
        }
        let mean = values.reduce(0, +) / Double(values.count)
        func happened(_ is: (Double, Double) -> Bool) -> Bounds {
            let sure = zip(values, values.dropFirst()).count { `is`($0, $1) }
            return Bounds(low: Double(sure), high: Double(sure + (before.map { `is`($0, first) } ?? false ? 1 : 0)))
        }
        switch statistic {
        case .average: return Bounds(mean)
        case .minimum: return Bounds(values.min() ?? .nan)
        case .maximum: return Bounds(values.max() ?? .nan)
        case .sum: return Bounds(values.reduce(0, +))
        case .count: return Bounds(Double(values.count))
        case .standardDeviation:
            return Bounds((values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot())
        case .quantile(let part):
            let sorted = values.sorted()
            let rank = part * Double(values.count - 1)
            let low = sorted[Int(rank.rounded(.down))]
            return Bounds(low + (sorted[Int(rank.rounded(.up))] - low) * (rank - rank.rounded(.down)))
        case .delta: return values.count > 1 ? Bounds(last - first) : .unknown
        case .changes: return happened(!=)
        case .resets: return happened(>)
        }
    }

    @Test("Up to 48 readings in the window every answer is exact", arguments: 1...12)
    func exact(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        var window = SampleWindow(since: F.time(0))
        var all: [(time: Int64, value: Double)] = []
        var now: Int64 = 0
        for step in 0..<400 {
            let value = Double(Int.random(in: -4...4, using: &random)) / 2
            all.append((now, value))
            window.take(value, at: F.time(now), window: Self.hour)
            if step % 37 == 0 { window = try F.stored(window) }
            let later = now + Int64.random(in: 0...200, using: &random)
            if later >= 3_600 {
                let inside = all.filter { $0.time > later - 3_600 }.map(\.value)
                #expect(inside.count <= 48)
                let before = all.last { $0.time <= later - 3_600 }?.value
                for statistic in Self.statistics {
                    let found = window.bounds(of: statistic, at: F.time(later), window: Self.hour)
                    let expected = Self.naive(statistic, inside, before: before)
                    #expect(found.isNear(expected), "\(statistic): \(found), expected \(expected)")
                }
            }
            now = later + Int64.random(in: 80...300, using: &random)
        }
    }

    @Test("With more readings the answers are those of a window longer by at most a twentieth", arguments: 1...6)
    func merged(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        var window = SampleWindow(since: F.time(0))
        var all: [(time: Int64, value: Double)] = []
        var now: Int64 = 0
        for step in 0..<4_000 {
            now += Int64.random(in: 1...20, using: &random)
            let value = Double.random(in: 0...100, using: &random)
            all.append((now, value))
            window.take(value, at: F.time(now), window: Self.hour)
            guard now > 4_000, step % 40 == 0 else { continue }
            window = try F.stored(window)
            let least = all.filter { $0.time > now - 3_600 }.map(\.value)
            let most = all.filter { $0.time > now - 3_600 - 180 }.map(\.value)
            func found(_ statistic: SampleWindow.Statistic) -> Double {
                window.bounds(of: statistic, at: F.time(now), window: Self.hour).low
            }
            #expect(found(.count) >= Double(least.count) && found(.count) <= Double(most.count))
            #expect(found(.sum) >= least.reduce(0, +) - 1e-6 && found(.sum) <= most.reduce(0, +) + 1e-6)
            #expect(found(.maximum) >= least.max() ?? 0 && found(.maximum) <= most.max() ?? 0)
            #expect(found(.minimum) <= least.min() ?? 0 && found(.minimum) >= most.min() ?? 0)
            #expect(abs(found(.average) - least.reduce(0, +) / Double(least.count)) < 3)
            #expect(abs(found(.standardDeviation) - 28.87) < 4)
            #expect(abs(found(.quantile(0.5)) - 50) < 8)
            #expect(found(.changes) >= Double(least.count - 1) && found(.changes) <= Double(most.count))
        }
        #expect(try F.bytes(window) < 10_000)
    }

    @Test("Before the window was watched whole, extremes and counts are one-sided and averages unknown")
    func young() {
        let window = Self.window([(0, 3), (60, 5), (120, 4)])
        func bounds(_ statistic: SampleWindow.Statistic) -> Bounds {
            window.bounds(of: statistic, at: F.time(3_599), window: Self.hour)
        }
        #expect(bounds(.maximum) == Bounds(low: 5, high: .infinity))
        #expect(bounds(.minimum) == Bounds(low: -.infinity, high: 3))
        #expect(bounds(.sum) == Bounds(low: 12, high: .infinity))
        #expect(bounds(.count) == Bounds(low: 3, high: .infinity))
        #expect(bounds(.changes) == Bounds(low: 2, high: .infinity))
        #expect(bounds(.resets) == Bounds(low: 1, high: .infinity))
        for statistic: SampleWindow.Statistic in [.average, .standardDeviation, .quantile(0.5), .delta] {
            #expect(bounds(statistic) == .unknown)
        }
    }

    @Test("A sum of what may be negative has no bound while something was not read")
    func negative() {
        let window = Self.window([(0, -3), (60, 5)])
        #expect(window.bounds(of: .sum, at: F.time(61), window: Self.hour) == .unknown)
    }

    @Test("While blind extremes are one-sided; averages stay until half the window went unread")
    func blind() {
        var window = Self.window((0...60).map { (Int64($0) * 120, 7) })
        #expect(window.bounds(of: .maximum, at: F.time(7_200), window: Self.hour) == Bounds(7))
        window.becomeBlind()
        #expect(window.bounds(of: .maximum, at: F.time(7_200), window: Self.hour) == Bounds(low: 7, high: .infinity))
        #expect(window.bounds(of: .average, at: F.time(9_000), window: Self.hour).isNear(Bounds(7)))
        #expect(window.bounds(of: .average, at: F.time(9_001), window: Self.hour) == .unknown)
    }

    @Test("A gap shorter than a step of the window is none; a longer one counts until it has left the window")
    func gaps() {
        for (gap, isWhole) in [(Int64(75), true), (76, false)] {
            var window = Self.window((0...60).map { (Int64($0) * 120, 7) })
            window.becomeBlind()
            window.take(7, at: F.time(7_200 + gap), window: Self.hour)
            let now = F.time(7_200 + gap)
            #expect(window.bounds(of: .maximum, at: now, window: Self.hour).high == (isWhole ? 7 : .infinity))
            #expect(
                window.bounds(of: .maximum, at: now.plus(Self.hour - 1), window: Self.hour).high
                    == (isWhole ? 7 : .infinity))
            #expect(window.bounds(of: .average, at: now, window: Self.hour).isNear(Bounds(7)))
        }
    }

    @Test("An empty window knows only that nothing was read in it")
    func empty() {
        let window = Self.window([(0, 7)])
        let now = F.time(7_200)
        #expect(window.bounds(of: .count, at: now, window: Self.hour) == Bounds(0))
        for statistic in Self.statistics where ![.count, .changes, .resets].contains(statistic) {
            #expect(window.bounds(of: statistic, at: now, window: Self.hour) == .unknown)
        }
    }

    @Test("Late, repeated and impossible readings are passed over")
    func passed() {
        let expected = Self.window([(0, 1), (60, 2)])
        #expect(Self.window([(0, 1), (60, 2), (60, 9), (30, 9), (90, .nan), (91, .infinity), (92, 1e101)]) == expected)
    }

    @Test("A quantile outside 0…1 is unknown")
    func quantiles() {
        let window = Self.window((0...40).map { (Int64($0) * 100, Double($0)) })
        for part in [-0.1, 1.1, .nan] {
            #expect(window.bounds(of: .quantile(part), at: F.time(4_000), window: Self.hour) == .unknown)
        }
    }

    @Test("Between one change by time and the next the answers stay the same", arguments: [false, true])
    func changes(isBlind: Bool) {
        var random = SplitMix(seed: 7)
        var window = Self.window((0...30).map { (Int64($0) * 150, Double.random(in: 0...9, using: &random).rounded()) })
        if isBlind { window.becomeBlind() }
        var time = F.time(30 * 150)
        let end = time.plus(2 * PatternLimits.staleAfter)
        var steps = 0
        while let next = window.changesAt(after: time, window: Self.hour), next < end {
            for statistic in Self.statistics {
                let early = window.bounds(of: statistic, at: time, window: Self.hour)
                #expect(early == window.bounds(of: statistic, at: next.minus(1), window: Self.hour))
            }
            time = next
            steps += 1
        }
        #expect(steps > 20 && steps < 60)
    }

    @Test(
        "No reading, time or window traps, and what is stored can be read again",
        arguments: MemoryFixtures.HostileTimes.allCases)
    func hostile(times: MemoryFixtures.HostileTimes) throws {
        for length in F.hostileWindows {
            var window = SampleWindow(since: times.list[0])
            for round in 0..<20 {
                for time in times.list {
                    for value in F.hostileNumbers {
                        window.take(value, at: time.plus(Int64(round)), window: length)
                        window.becomeBlind()
                    }
                    for statistic in Self.statistics {
                        let bounds = window.bounds(of: statistic, at: time, window: length)
                        #expect(bounds.low <= bounds.high)
                    }
                    #expect(window.changesAt(after: time, window: length).map { $0 > time } ?? true)
                }
                #expect(try times.areKept(in: window))
            }
        }
    }
}
