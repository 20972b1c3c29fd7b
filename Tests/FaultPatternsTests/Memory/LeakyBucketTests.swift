import Reports
import TestSupport
import Testing

@testable import FaultPatterns

@Suite("Leaky bucket")
struct LeakyBucketTests {
    private typealias F = MemoryFixtures
    private static let hour: Int64 = 3_600_000

    @Test("n events at one moment fire on the n-th; a millisecond later it is over")
    func burst() {
        var bucket = LeakyBucket()
        for number in 1...10 {
            #expect(bucket.truth(at: F.time(5), count: 10, within: Self.hour) == .no)
            F.expect(bucket.take("\(number)", at: F.time(5), count: 10, within: Self.hour))
        }
        #expect(bucket.truth(at: F.time(5), count: 10, within: Self.hour) == .yes)
        #expect(bucket.truth(at: F.time(5).plus(1), count: 10, within: Self.hour) == .no)
        #expect(bucket.changesAt(after: F.time(5), count: 10, within: Self.hour) == F.time(5).plus(1))
    }

    @Test("A rate of n per t and less never fires; a lasting higher one does")
    func rate() {
        for (seconds, fires) in [(Int64(360), false), (300, true)] {
            var bucket = LeakyBucket()
            var hasFired = false
            for number in 0..<200 {
                let now = F.time(Int64(number) * seconds)
                _ = bucket.take("", at: now, count: 10, within: Self.hour)
                if bucket.truth(at: now, count: 10, within: Self.hour) == .yes { hasFired = true }
            }
            #expect(hasFired == fires)
        }
    }

    @Test("Repeated events count once, late ones fully")
    func late() {
        var bucket = LeakyBucket()
        F.expect(bucket.take("a", at: F.time(600), count: 2, within: Self.hour))
        F.expect(bucket.take("a", at: F.time(600), count: 2, within: Self.hour), is: false)
        #expect(bucket.truth(at: F.time(600), count: 2, within: Self.hour) == .no)
        F.expect(bucket.take("a", at: F.time(60), count: 2, within: Self.hour))
        F.expect(bucket.take("a", at: F.time(60), count: 2, within: Self.hour), is: false)
        #expect(bucket.truth(at: F.time(600), count: 2, within: Self.hour) == .yes)
    }

    @Test("An event that stands for several fills by so many; the same one with a greater count by the difference")
    func several() throws {
        var bucket = LeakyBucket()
        F.expect(bucket.take("a", times: 4, at: F.time(5), count: 10, within: Self.hour))
        #expect(bucket.level(at: F.time(5), count: 10, within: Self.hour) == 4)
        F.expect(bucket.take("a", times: 3, at: F.time(5), count: 10, within: Self.hour), is: false)
        bucket = try F.stored(bucket)
        F.expect(bucket.take("a", times: 10, at: F.time(5), count: 10, within: Self.hour))
        #expect(bucket.level(at: F.time(5), count: 10, within: Self.hour) == 10)
        #expect(bucket.truth(at: F.time(5), count: 10, within: Self.hour) == .yes)
    }

    @Test("An event older than all that are remembered is taken for a repeated one")
    func old() {
        var bucket = LeakyBucket()
        for number in 1...100 { _ = bucket.take("", at: F.time(Int64(number)), count: 2, within: Self.hour) }
        F.expect(bucket.take("", at: F.time(1), count: 2, within: Self.hour), is: false)
        F.expect(bucket.take("other", at: F.time(99), count: 2, within: Self.hour))
    }

    @Test("After a blind span it is unknown for t, unless it is true")
    func blind() {
        var bucket = LeakyBucket()
        F.expect(bucket.becomeBlind(at: F.time(0)))
        F.expect(bucket.becomeBlind(at: F.time(59)), is: false)
        #expect(bucket.truth(at: F.time(3_600), count: 1, within: Self.hour) == .unknown)
        #expect(bucket.changesAt(after: F.time(9), count: 1, within: Self.hour) == F.time(3_600).plus(1))
        #expect(bucket.truth(at: F.time(3_600).plus(1), count: 1, within: Self.hour) == .no)
        bucket.add(5, at: F.time(60), count: 1, within: Self.hour)
        #expect(bucket.truth(at: F.time(60), count: 1, within: Self.hour) == .yes)
    }

    @Test("The level is what was added less what leaked", arguments: 1...8)
    func reference(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let count = Int.random(in: 1...20, using: &random)
        var bucket = LeakyBucket()
        var level = 0.0
        var now: Int64 = 0
        for _ in 0..<500 {
            let elapsed = Int64.random(in: 0...900, using: &random)
            now += elapsed
            level = max(0, level - Double(elapsed) * Double(count) / 3_600)
            let amount = Int.random(in: 0...8, using: &random)
            level += Double(amount)
            bucket.add(Double(amount), at: F.time(now), count: count, within: Self.hour)
            bucket = try F.stored(bucket)
            #expect(abs(bucket.level(at: F.time(now), count: count, within: Self.hour) - level) < 1e-6)
            guard bucket.truth(at: F.time(now), count: count, within: Self.hour) == .yes else { continue }
            let end = try #require(bucket.changesAt(after: F.time(now), count: count, within: Self.hour))
            #expect(bucket.truth(at: end.minus(1), count: count, within: Self.hour) == .yes)
            #expect(bucket.truth(at: end, count: count, within: Self.hour) == .no)
        }
    }

    @Test("No amount, time or window traps", arguments: MemoryFixtures.HostileTimes.allCases)
    func hostile(times: MemoryFixtures.HostileTimes) throws {
        for length in F.hostileWindows + [0] {
            for count in [0, 1, 1_000] {
                var bucket = LeakyBucket()
                for time in times.list + times.list.reversed() {
                    for amount in F.hostileNumbers { bucket.add(amount, at: time, count: count, within: length) }
                    _ = bucket.take("a", at: time, count: count, within: length)
                    _ = bucket.becomeBlind(at: time)
                    for now in times.list {
                        #expect(bucket.level(at: now, count: count, within: length) >= 0)
                        _ = bucket.truth(at: now, count: count, within: length)
                        #expect(bucket.changesAt(after: now, count: count, within: length).map { $0 > now } ?? true)
                    }
                    #expect(try times.areKept(in: bucket))
                }
            }
        }
    }
}
