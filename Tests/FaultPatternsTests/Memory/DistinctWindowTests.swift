import Reports
import TestSupport
import Testing

@testable import FaultPatterns

@Suite("Number of different values")
struct DistinctWindowTests {
    private typealias F = MemoryFixtures
    private static let hour: Int64 = 3_600_000

    @Test("A value counts once, however often it comes, from its newest time on")
    func once() {
        var window = DistinctWindow()
        F.expect(window.take(value: "c1", at: F.time(0), window: Self.hour))
        F.expect(window.take(value: "c1", at: F.time(0), window: Self.hour), is: false)
        F.expect(window.take(value: "c1", at: F.time(1_800), window: Self.hour))
        F.expect(window.take(value: "c2", at: F.time(60), window: Self.hour))
        #expect(window.bounds(at: F.time(1_800), window: Self.hour) == Bounds(2))
        // Both ends of the window are included.
        #expect(window.bounds(at: F.time(3_660), window: Self.hour) == Bounds(2))
        #expect(window.bounds(at: F.time(3_660).plus(1), window: Self.hour) == Bounds(1))
        #expect(window.changesAt(after: F.time(1_800), window: Self.hour) == F.time(3_660).plus(1))
    }

    @Test("The highest number within any one group counts")
    func groups() {
        var window = DistinctWindow()
        for (group, value) in [("r1", "c1"), ("r1", "c2"), ("r2", "c1"), ("r2", "c2"), ("r2", "c3"), ("r3", "c9")] {
            F.expect(window.take(value: value, group: group, at: F.time(0), window: Self.hour))
        }
        #expect(window.bounds(at: F.time(0), window: Self.hour) == Bounds(3))
    }

    @Test("A blind span in the window leaves the high bound open")
    func blind() {
        var window = DistinctWindow()
        _ = window.take(value: "c1", at: F.time(0), window: Self.hour)
        F.expect(window.becomeBlind(at: F.time(100)))
        F.expect(window.becomeBlind(at: F.time(159)), is: false)
        #expect(window.bounds(at: F.time(3_700), window: Self.hour) == Bounds(low: 0, high: .infinity))
        #expect(window.bounds(at: F.time(3_700).plus(1), window: Self.hour) == Bounds(0))
    }

    @Test("In any order of events the number is that of a plain list", arguments: 1...12)
    func reference(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        var window = DistinctWindow()
        var all: [(group: Int, value: Int, time: Int64)] = []
        var now: Int64 = 0
        for step in 0..<2_000 {
            now += Int64.random(in: 0...60, using: &random)
            let time = max(0, now - (step % 3 == 0 ? Int64.random(in: 0...1_200, using: &random) : 0))
            let event = (Int.random(in: 0...5, using: &random), Int.random(in: 0...20, using: &random), time)
            all.append(event)
            _ = window.take(value: "v\(event.1)", group: "g\(event.0)", at: F.time(time), window: Self.hour)
            if step % 100 == 0 { window = try F.stored(window) }
            let end = max(now, all.map(\.time).max() ?? 0)
            let inside = all.filter { $0.time >= end - 3_600 }
            let counts = Dictionary(grouping: inside, by: \.group).values.map { Set($0.map(\.value)).count }
            #expect(window.bounds(at: F.time(now), window: Self.hour) == Bounds(Double(counts.max() ?? 0)))
            if step % 7 == 0 {
                F.expect(
                    window.take(value: "v\(event.1)", group: "g\(event.0)", at: F.time(time), window: Self.hour),
                    is: false)
            }
        }
    }

    @Test("Of more values than there is room for the newest stay, and the number is a low bound")
    func room() throws {
        var window = DistinctWindow()
        for number in 0..<2_000 {
            _ = window.take(value: "\(number)", at: F.time(Int64(number)), window: 24 * Self.hour)
        }
        let limit = Double(PatternLimits.distinctValues)
        #expect(window.bounds(at: F.time(2_000), window: 24 * Self.hour) == Bounds(low: limit, high: .infinity))
        // What was forgotten lies before a shorter window.
        #expect(window.bounds(at: F.time(2_000), window: 100_000) == Bounds(100))
        #expect(try F.bytes(window) < 40_000)
    }

    @Test("Between one change by time and the next the answer stays the same")
    func changes() {
        var window = DistinctWindow()
        for number in 0..<9 { _ = window.take(value: "\(number)", at: F.time(Int64(number) * 60), window: Self.hour) }
        _ = window.becomeBlind(at: F.time(500))
        var time = F.time(480)
        while let next = window.changesAt(after: time, window: Self.hour) {
            #expect(window.bounds(at: time, window: Self.hour) == window.bounds(at: next.minus(1), window: Self.hour))
            #expect(window.bounds(at: time, window: Self.hour) != window.bounds(at: next, window: Self.hour))
            time = next
        }
        #expect(window.bounds(at: time, window: Self.hour) == Bounds(0))
    }

    @Test("No time or window traps", arguments: MemoryFixtures.HostileTimes.allCases)
    func hostile(times: MemoryFixtures.HostileTimes) throws {
        for length in F.hostileWindows {
            var window = DistinctWindow()
            for time in times.list + times.list.reversed() {
                _ = window.take(value: "a", group: "\(time)", at: time, window: length)
                _ = window.becomeBlind(at: time)
                for now in times.list {
                    #expect(window.bounds(at: now, window: length).low >= 0)
                    #expect(window.changesAt(after: now, window: length).map { $0 > now } ?? true)
                }
                #expect(try times.areKept(in: window))
            }
        }
    }
}
