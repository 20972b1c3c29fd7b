import Foundation
import Reports
import TestSupport
import Testing

@testable import FaultPatterns

@Suite("Events of one key")
struct KeyedSerdTests {
    private typealias F = MemoryFixtures
    private static let hour: Int64 = 3_600_000

    @Test("It fires on the n-th event of one key, both ends included, and not on n events of several")
    func nth() {
        var serd = KeyedSerd()
        for (key, seconds) in [("p1", Int64(0)), ("p2", 10), ("p1", 20), ("p2", 30)] {
            F.expect(serd.take("\(seconds)", key: key, at: F.time(seconds), count: 3, within: Self.hour))
            #expect(serd.truth(at: F.time(seconds), count: 3, within: Self.hour) == .no)
        }
        F.expect(serd.take("x", key: "p1", at: F.time(3_600), count: 3, within: Self.hour))
        #expect(serd.truth(at: F.time(3_600), count: 3, within: Self.hour) == .yes)
        #expect(serd.truth(at: F.time(3_600).plus(1), count: 3, within: Self.hour) == .no)
        #expect(serd.highestCount(within: Self.hour, at: F.time(3_600).plus(1)) == 2)
    }

    @Test("An event with the key, time and text of another is the same one")
    func repeated() {
        var serd = KeyedSerd()
        F.expect(serd.take("a", key: "p", at: F.time(5), count: 2, within: Self.hour))
        F.expect(serd.take("a", key: "p", at: F.time(5), count: 2, within: Self.hour), is: false)
        #expect(serd.truth(at: F.time(5), count: 2, within: Self.hour) == .no)
        F.expect(serd.take("b", key: "p", at: F.time(5), count: 2, within: Self.hour))
        #expect(serd.truth(at: F.time(5), count: 2, within: Self.hour) == .yes)
    }

    @Test(
        "Counts of one key's events are added up from the newest until they reach n, and those of several keys are not")
    func several() throws {
        var serd = KeyedSerd()
        F.expect(serd.take("a", times: 2, key: "p", at: F.time(0), count: 5, within: Self.hour))
        F.expect(serd.take("b", times: 4, key: "q", at: F.time(1), count: 5, within: Self.hour))
        #expect(serd.truth(at: F.time(1), count: 5, within: Self.hour) == .no)
        F.expect(serd.take("c", times: 2, key: "p", at: F.time(2), count: 5, within: Self.hour))
        serd = try F.stored(serd)
        #expect(serd.highestCount(within: Self.hour, at: F.time(2)) == 4)
        // The same event told again with more counts for what it has more.
        F.expect(serd.take("c", times: 2, key: "p", at: F.time(2), count: 5, within: Self.hour), is: false)
        F.expect(serd.take("c", times: 3, key: "p", at: F.time(2), count: 5, within: Self.hour))
        #expect(serd.truth(at: F.time(2), count: 5, within: Self.hour) == .yes)
        // 3 of second 2 do without those of second 0 only with 2 more.
        #expect(serd.truth(at: F.time(3_601), count: 5, within: Self.hour) == .no)
        F.expect(serd.take("d", times: 9, key: "p", at: F.time(3), count: 5, within: Self.hour))
        F.expect(serd.take("late", times: 9, key: "p", at: F.time(1), count: 5, within: Self.hour), is: false)
        #expect(serd.truth(at: F.time(3_603), count: 5, within: Self.hour) == .yes)
        #expect(serd.truth(at: F.time(3_603).plus(1), count: 5, within: Self.hour) == .no)
    }

    @Test("Events stored before there were counts are one each")
    func storedBefore() throws {
        let json = #"{"events":[[1,0,7],[1,5000,8]],"newest":5000}"#
        let serd = try WireFormat.decode(KeyedSerd.self, from: Data(json.utf8))
        #expect(serd.highestCount(within: Self.hour, at: F.time(5)) == 2)
        #expect(String(decoding: try WireFormat.encode(serd), as: UTF8.self) == json)
    }

    @Test("After a blind span it is unknown, unless it is true")
    func blind() {
        var serd = KeyedSerd()
        F.expect(serd.becomeBlind(at: F.time(0)))
        F.expect(serd.becomeBlind(at: F.time(59)), is: false)
        #expect(serd.truth(at: F.time(3_600), count: 1, within: Self.hour) == .unknown)
        #expect(serd.truth(at: F.time(3_600).plus(1), count: 1, within: Self.hour) == .no)
        _ = serd.take("a", key: "p", at: F.time(60), count: 1, within: Self.hour)
        #expect(serd.truth(at: F.time(3_600), count: 1, within: Self.hour) == .yes)
    }

    @Test("In any order of events the answer is that of a plain list", arguments: 1...12)
    func reference(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let count = Int.random(in: 1...6, using: &random)
        var serd = KeyedSerd()
        var all: Set<[Int64]> = []
        var now: Int64 = 0
        for step in 0..<1_500 {
            now += Int64.random(in: 0...400, using: &random)
            let time = max(0, now - (step % 3 == 0 ? Int64.random(in: 0...1_200, using: &random) : 0))
            let (key, mark) = (Int64.random(in: 0...8, using: &random), Int64.random(in: 0...1, using: &random))
            all.insert([key, time, mark])
            _ = serd.take("m\(mark)", key: "k\(key)", at: F.time(time), count: count, within: Self.hour)
            if step % 100 == 0 { serd = try F.stored(serd) }
            if step % 11 == 0 {
                F.expect(
                    serd.take("m\(mark)", key: "k\(key)", at: F.time(time), count: count, within: Self.hour), is: false)
            }
            let end = max(now, all.map { $0[1] }.max() ?? 0)
            let counts = Dictionary(grouping: all.filter { $0[1] >= end - 3_600 }) { $0[0] }.values.map(\.count)
            let highest = counts.max() ?? 0
            #expect(serd.truth(at: F.time(now), count: count, within: Self.hour) == Truth(highest >= count))
            #expect(serd.highestCount(within: Self.hour, at: F.time(now)) == min(highest, count))
        }
    }

    @Test("Of more events than there is room for the oldest are forgotten, which is unknown and not false")
    func room() throws {
        var serd = KeyedSerd()
        for number in 0..<3_000 {
            _ = serd.take("", key: "\(number)", at: F.time(Int64(number)), count: 2, within: Self.hour)
        }
        #expect(serd.truth(at: F.time(3_000), count: 2, within: Self.hour) == .unknown)
        #expect(serd.truth(at: F.time(952 + 3_600), count: 2, within: Self.hour) == .no)
        // One that was forgotten is not taken a second time.
        F.expect(serd.take("", key: "5", at: F.time(5), count: 2, within: Self.hour), is: false)
        for _ in 0..<2 { _ = serd.take("b", key: "2999", at: F.time(3_000), count: 2, within: Self.hour) }
        #expect(serd.truth(at: F.time(3_000), count: 2, within: Self.hour) == .yes)
        #expect(try F.bytes(serd) < 150_000)
    }

    @Test("Between one change by time and the next the answer stays the same")
    func changes() {
        var serd = KeyedSerd()
        for number in 0..<9 {
            _ = serd.take("", key: "\(number % 2)", at: F.time(Int64(number) * 60 + 900), count: 3, within: Self.hour)
        }
        _ = serd.becomeBlind(at: F.time(1_500))
        var time = F.time(1_500)
        var truths: [Truth] = []
        while let next = serd.changesAt(after: time, window: Self.hour) {
            let truth = serd.truth(at: time, count: 3, within: Self.hour)
            #expect(truth == serd.truth(at: next.minus(1), count: 3, within: Self.hour))
            if truths.last != truth { truths.append(truth) }
            time = next
        }
        #expect(truths == [.yes, .unknown])
        #expect(serd.truth(at: time, count: 3, within: Self.hour) == .no)
    }

    @Test("No time or window traps", arguments: MemoryFixtures.HostileTimes.allCases)
    func hostile(times: MemoryFixtures.HostileTimes) throws {
        for length in F.hostileWindows {
            var serd = KeyedSerd()
            for time in times.list + times.list.reversed() {
                _ = serd.take("a", key: "\(time)", at: time, count: 1, within: length)
                _ = serd.take("a", key: "k", at: time, count: 1_000, within: length)
                _ = serd.becomeBlind(at: time)
                for now in times.list {
                    _ = serd.truth(at: now, count: 2, within: length)
                    #expect(serd.changesAt(after: now, window: length).map { $0 > now } ?? true)
                }
                #expect(try times.areKept(in: serd))
            }
        }
    }
}
