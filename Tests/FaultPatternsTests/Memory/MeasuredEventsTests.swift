import Reports
import TestSupport
import Testing

@testable import FaultPatterns

@Suite("Events with numbers")
struct MeasuredEventsTests {
    private typealias F = MemoryFixtures
    private static let hour: Int64 = 3_600_000

    @Test("Events are counted with what they stand for, the same time and text once, both ends of the window included")
    func counted() {
        var events = MeasuredEvents()
        func take(_ text: String, _ times: Int, _ second: Int64, is news: Bool = true) {
            F.expect(
                events.take(text, number: 1, value: nil, times: times, at: F.time(second), window: Self.hour), is: news)
        }
        take("a", 1, 0)
        take("a", 1, 0, is: false)
        take("a", 3, 0)
        take("b", 1, 0)
        take("a", 1, 60)
        #expect(events.sum(at: F.time(60), window: Self.hour) == Bounds(5))
        #expect(events.sum(at: F.time(3_600), window: Self.hour) == Bounds(5))
        #expect(events.sum(at: F.time(3_600).plus(1), window: Self.hour) == Bounds(1))
        #expect(events.changesAt(after: F.time(60), window: Self.hour) == F.time(3_600).plus(1))
        // Too old to matter.
        take("c", 1, 4_000)
        take("d", 1, 300, is: false)
    }

    @Test("Each value of a label counts once, with its newest event; the highest number is that of any")
    func once() {
        var events = MeasuredEvents()
        for (value, number, second) in [("x", 2.0, 10), ("y", 5, 20), ("x", 3, 30), ("x", 9, 5)]
            as [(String, Double, Int64)]
        {
            _ = events.take("e", number: number, value: value, times: 50, at: F.time(second), window: Self.hour)
        }
        #expect(events.sum(at: F.time(30), window: Self.hour) == Bounds(8))
        #expect(events.highest(at: F.time(30), window: Self.hour) == Bounds(5))
        #expect(events.highest(at: F.time(9_000), window: Self.hour) == Bounds(0))
    }

    @Test(
        "Only whole numbers in decimal digits are numbers of a label",
        arguments: [
            ("0", 0 as Double?), ("32", 32), ("1000000000", 1e9), ("1000000001", nil), ("", nil), ("-1", nil),
            ("1.5", nil),
            ("0x10", nil), ("nan", nil), ("inf", nil), ("1e3", nil), ("٣", nil), ("unknown", nil),
            ("99999999999999999999999999", nil),
        ])
    func numbers(text: String, number: Double?) { #expect(MeasuredEvents.number(text) == number) }

    @Test("A blind span in the window leaves the high bound open")
    func blind() {
        var events = MeasuredEvents()
        _ = events.take("a", number: 4, value: nil, times: 1, at: F.time(0), window: Self.hour)
        F.expect(events.becomeBlind(at: F.time(100)))
        F.expect(events.becomeBlind(at: F.time(159)), is: false)
        #expect(events.sum(at: F.time(200), window: Self.hour) == Bounds(low: 4, high: .infinity))
        #expect(events.highest(at: F.time(200), window: Self.hour) == Bounds(low: 4, high: .infinity))
        #expect(events.sum(at: F.time(3_700).plus(1), window: Self.hour) == Bounds(0))
    }

    @Test("In any order of events count, sum and highest are those of a plain list", arguments: 1...12)
    func reference(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        var measured = MeasuredEvents()
        var byValue = MeasuredEvents()
        var all: [(text: String, value: Int, number: Double, count: Int, time: Int64)] = []
        var now: Int64 = 0
        for step in 0..<1_000 {
            now += Int64.random(in: 0...60, using: &random)
            let time = max(0, now - (step % 3 == 0 ? Int64.random(in: 0...1_200, using: &random) : 0))
            let value = Int.random(in: 0...40, using: &random)
            let event = (
                text: "e\(step)", value: value, number: Double(value % 7), count: Int.random(in: 1...3, using: &random),
                time: time
            )
            all.append(event)
            for _ in 0..<2 {
                _ = measured.take(
                    event.text, number: event.number, value: nil, times: event.count, at: F.time(time),
                    window: Self.hour)
                _ = byValue.take(
                    event.text, number: event.number, value: "\(value)", times: event.count, at: F.time(time),
                    window: Self.hour)
            }
            if step % 100 == 0 { (measured, byValue) = (try F.stored(measured), try F.stored(byValue)) }
            let end = max(now, all.map(\.time).max() ?? 0)
            let inside = all.filter { $0.time >= end - 3_600 }
            let sum = inside.reduce(0) { $0 + $1.number * Double($1.count) }
            #expect(measured.sum(at: F.time(now), window: Self.hour) == Bounds(sum))
            #expect(measured.highest(at: F.time(now), window: Self.hour) == Bounds(inside.map(\.number).max() ?? 0))
            let once = Dictionary(grouping: inside, by: \.value).values.compactMap(\.first?.number).reduce(0, +)
            #expect(byValue.sum(at: F.time(now), window: Self.hour) == Bounds(once))
        }
    }

    @Test("Of more events than there is room for the newest stay, and what is known is a low bound")
    func room() throws {
        var events = MeasuredEvents()
        for number in 0..<3_000 {
            _ = events.take(
                "\(number)", number: 1, value: nil, times: 1, at: F.time(Int64(number)), window: 24 * Self.hour)
        }
        let limit = Double(PatternLimits.measuredEvents)
        #expect(events.events.count == PatternLimits.measuredEvents)
        #expect(events.sum(at: F.time(3_000), window: 24 * Self.hour) == Bounds(low: limit, high: .infinity))
        // What was forgotten lies before a shorter window, and is not taken again.
        #expect(events.sum(at: F.time(3_000), window: 100_000) == Bounds(100))
        F.expect(
            events.take("0", number: 1, value: nil, times: 1, at: F.time(0), window: 24 * Self.hour), is: false)
        #expect(try F.bytes(events) < 80_000)
    }

    @Test("Between one change by time and the next the answer stays the same")
    func changes() {
        var events = MeasuredEvents()
        for number in 0..<9 {
            _ = events.take(
                "\(number)", number: 2, value: nil, times: 1, at: F.time(Int64(number) * 60), window: Self.hour)
        }
        _ = events.becomeBlind(at: F.time(500))
        var time = F.time(480)
        while let next = events.changesAt(after: time, window: Self.hour) {
            #expect(events.sum(at: time, window: Self.hour) == events.sum(at: next.minus(1), window: Self.hour))
            #expect(events.sum(at: time, window: Self.hour) != events.sum(at: next, window: Self.hour))
            time = next
        }
        #expect(events.sum(at: time, window: Self.hour) == Bounds(0))
    }

    @Test("No time or window traps", arguments: MemoryFixtures.HostileTimes.allCases)
    func hostile(times: MemoryFixtures.HostileTimes) throws {
        for length in F.hostileWindows {
            var events = MeasuredEvents()
            for time in times.list + times.list.reversed() {
                _ = events.take("a", number: 1, value: nil, times: .max, at: time, window: length)
                _ = events.take("a", number: 1e9, value: "\(time)", times: 1, at: time, window: length)
                _ = events.becomeBlind(at: time)
                for now in times.list {
                    #expect(events.sum(at: now, window: length).low >= 0)
                    #expect(events.changesAt(after: now, window: length).map { $0 > now } ?? true)
                }
                #expect(try times.areKept(in: events))
            }
        }
    }
}
