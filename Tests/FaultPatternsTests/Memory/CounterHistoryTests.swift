import Reports
import Testing

@testable import FaultPatterns

@Suite("History of a counter's rises")
struct CounterHistoryTests {
    private typealias F = MemoryFixtures
    private static let hour: Int64 = 3_600_000

    /// A counter as the engine feeds it: the history is touched only when the value changes.
    private struct Counter {
        var history: CounterHistory
        var first: Timestamp
        var newest: Timestamp
        var kind = CounterHistory.Kind.counter
        var finest: Int64
        var longest: Int64

        init(
            _ value: UInt64, at time: Timestamp, as kind: CounterHistory.Kind = .counter, finest: Int64 = 3_600_000,
            longest: Int64 = 30 * 86_400_000
        ) {
            history = CounterHistory(baseline: value, at: time)
            (first, newest, self.kind, self.finest, self.longest) = (time, time, kind, finest, longest)
        }

        mutating func read(_ value: UInt64, at time: Timestamp) {
            if value != history.value {
                history.take(value, after: newest, at: time, as: kind, finest: finest, longest: longest)
            }
            newest = time
        }

        func increase(_ window: Int64, at now: Timestamp, isBlind: Bool = false) -> Bounds {
            history.increase(at: now, window: window, since: first, newest: newest, isBlind: isBlind)
        }

        func rises(_ window: Int64, at now: Timestamp) -> Bounds {
            history.rises(at: now, window: window, since: first, newest: newest, isBlind: false)
        }

        func changesAt(after now: Timestamp, _ window: Int64) -> Timestamp? {
            history.changesAt(after: now, window: window, since: first, newest: newest)
        }
    }

    @Test("The first reading is a baseline, never an increase")
    func baseline() {
        var counter = Counter(5_000, at: F.time(0))
        #expect(counter.increase(Self.hour, at: F.time(3_600)) == Bounds(0))
        #expect(counter.history.daysSinceLastIncrease(at: F.time(3_600)) == .unknown)
        counter.read(5_001, at: F.time(60))
        #expect(counter.increase(Self.hour, at: F.time(60)) == Bounds(low: 1, high: .infinity))
        #expect(counter.history.lastIncrease == F.time(60))
    }

    @Test("A counter that falls was reset and counts from zero; a level that falls counts nothing")
    func falls() {
        for (kind, rise) in [(CounterHistory.Kind.counter, 4.0), (.level, 0)] {
            var counter = Counter(100, at: F.time(0), as: kind)
            counter.read(4, at: F.time(60))
            #expect(counter.increase(Self.hour, at: F.time(60)).low == rise)
            counter.read(7, at: F.time(120))
            #expect(counter.increase(Self.hour, at: F.time(120)).low == rise + 3)
        }
    }

    @Test("A counter of 32 bits that wraps goes on counting; one that falls from elsewhere starts at zero")
    func wrap() {
        #expect(CounterHistory.rise(from: UInt64(UInt32.max) - 4, to: 5) == 10)
        #expect(CounterHistory.rise(from: 1 << 31, to: 5) == 5)
        #expect(CounterHistory.rise(from: .max, to: 5) == 5)
        #expect(CounterHistory.rise(from: 0, to: .max) == .max)
    }

    @Test("A rise that began before the window counts in the high bound only")
    func partly() {
        var counter = Counter(0, at: F.time(0))
        counter.read(10, at: F.time(7_200))
        counter.read(12, at: F.time(7_260))
        #expect(counter.increase(Self.hour, at: F.time(7_260)) == Bounds(low: 2, high: 12))
        #expect(counter.rises(Self.hour, at: F.time(7_260)) == Bounds(2))
        // The rise of 60 s ends exactly at the horizon: it is out.
        #expect(counter.increase(60_000, at: F.time(7_320)) == Bounds(0))
        #expect(counter.increase(60_001, at: F.time(7_320)) == Bounds(low: 0, high: 2))
    }

    @Test("There is no high bound before the window was watched whole, while blind, and when stale")
    func watched() {
        var counter = Counter(0, at: F.time(0))
        counter.read(3, at: F.time(60))
        #expect(counter.increase(Self.hour, at: F.time(3_599)) == Bounds(low: 3, high: .infinity))
        #expect(counter.increase(Self.hour, at: F.time(3_600)) == Bounds(3))
        #expect(counter.increase(Self.hour, at: F.time(3_600), isBlind: true) == Bounds(low: 3, high: .infinity))
        let stale = F.time(60).plus(PatternLimits.staleAfter)
        #expect(counter.increase(Self.hour, at: stale) == Bounds(0))
        #expect(counter.increase(Self.hour, at: stale.plus(1)) == Bounds(low: 0, high: .infinity))
    }

    @Test("The rate is the increase per second")
    func rate() {
        var counter = Counter(0, at: F.time(0))
        counter.read(0, at: F.time(3_600))
        counter.read(7_200, at: F.time(3_660))
        let rate = counter.history.rate(
            at: F.time(3_660), window: Self.hour, since: counter.first, newest: counter.newest, isBlind: false)
        #expect(rate == Bounds(2))
    }

    @Test("The first reading above zero and the last increase are remembered for ever")
    func dates() {
        var counter = Counter(0, at: F.time(0), longest: Self.hour)
        #expect(counter.history.daysSinceFirstNonzero(at: F.time(1)) == .unknown)
        counter.read(1, at: F.time(86_400))
        counter.read(2, at: F.time(172_800))
        counter.read(0, at: F.time(259_200))
        let now = F.time(400 * 86_400)
        #expect(counter.history.daysSinceFirstNonzero(at: now) == Bounds(399))
        #expect(counter.history.daysSinceLastIncrease(at: now) == Bounds(398))
        #expect(Counter(7, at: F.time(9)).history.firstNonzero == F.time(9))
    }

    @Test(
        "Against every single rise, the bounds hold the truth in any window, to a forty-eighth of it", arguments: 1...12
    )
    func reference(seed: UInt64) throws {
        var random = Seeded(state: seed)
        let windows: [Int64] = [Self.hour, 6 * Self.hour, 24 * Self.hour, 7 * 24 * Self.hour]
        var counter = Counter(0, at: F.time(0), finest: windows[0], longest: windows[3])
        var value: UInt64 = 0
        var now: Int64 = 0
        var all: [(after: Int64, until: Int64, amount: UInt64)] = []
        let rarity = UInt64.random(in: 1...20, using: &random)
        for step in 0..<3_000 {
            let before = now
            now += Int64.random(in: 20...600, using: &random)
            let amount =
                UInt64.random(in: 0..<rarity, using: &random) == 0 ? UInt64.random(in: 1...9, using: &random) : 0
            value += amount
            counter.read(value, at: F.time(now))
            if amount > 0 { all.append((before, now, amount)) }
            guard step % 50 == 0, now > 7 * 86_400 else { continue }
            if step % 500 == 0 { counter.history = try F.stored(counter.history) }
            for window in windows {
                let horizon = now - window / 1_000
                let sure = all.filter { $0.after >= horizon }.reduce(0) { $0 + Double($1.amount) }
                let possible = all.filter { $0.until > horizon }.reduce(0) { $0 + Double($1.amount) }
                let found = counter.increase(window, at: F.time(now))
                #expect(found.low <= sure && found.high >= possible)
                // Not wider than what a forty-eighth (coarser under load: an eighth) before and after the horizon explains.
                let slack = window / 1_000 / 8 + 600
                #expect(found.high <= Double(all.filter { $0.until > horizon - slack }.reduce(0) { $0 + $1.amount }))
                #expect(found.low >= Double(all.filter { $0.after >= horizon + slack }.reduce(0) { $0 + $1.amount }))
                let rises = counter.rises(window, at: F.time(now))
                #expect(rises.contains(Double(all.count { $0.until > horizon })))
            }
        }
        #expect(try F.bytes(counter.history) < 16_000)
    }

    @Test("Rises that are few are remembered exactly")
    func exact() {
        var counter = Counter(0, at: F.time(0))
        var value: UInt64 = 0
        for day in 1...29 {
            value += 2
            counter.read(value, at: F.time(Int64(day) * 86_400))
        }
        let now = F.time(29 * 86_400)
        #expect(counter.increase(7 * 24 * Self.hour, at: now) == Bounds(14))
        #expect(counter.rises(7 * 24 * Self.hour, at: now) == Bounds(7))
    }

    @Test("A counter that rises with every reading for a year stays small")
    func bounded() throws {
        var counter = Counter(0, at: F.time(0), finest: 300_000, longest: 400 * 86_400_000)
        for minute in 1...525_600 { counter.read(UInt64(minute), at: F.time(Int64(minute) * 60)) }
        #expect(try F.bytes(counter.history) < 16_000)
        let now = F.time(525_600 * 60)
        for days: Int64 in [1, 7, 30, 180] {
            let found = counter.increase(days * 86_400_000, at: now)
            let truth = Double(days * 1_440)
            #expect(found.contains(truth))
            #expect(found.low > truth * 0.85 && found.high < truth * 1.15)
        }
    }

    @Test("Between one change by time and the next the answer stays the same", arguments: 1...8)
    func changes(seed: UInt64) {
        var random = Seeded(state: seed)
        var counter = Counter(0, at: F.time(0))
        var now: Int64 = 0
        for value in 1...20 {
            now += Int64.random(in: 1...900, using: &random)
            counter.read(UInt64(value) * UInt64.random(in: 0...1, using: &random), at: F.time(now))
        }
        var time = F.time(now)
        var steps = 0
        while let next = counter.changesAt(after: time, Self.hour) {
            #expect(counter.increase(Self.hour, at: time) == counter.increase(Self.hour, at: next.minus(1)))
            #expect(counter.rises(Self.hour, at: time) == counter.rises(Self.hour, at: next.minus(1)))
            time = next
            steps += 1
        }
        #expect(steps > 1 && steps < 60)
        #expect(counter.increase(Self.hour, at: time) == counter.increase(Self.hour, at: F.time(1 << 40)))
    }

    @Test("When the clock is set back, the answers move with it")
    func shift() {
        var counter = Counter(0, at: F.time(10_000))
        counter.read(3, at: F.time(10_060))
        var moved = counter
        moved.history.shift(by: .seconds(-5_000))
        moved.first = F.time(5_000)
        moved.newest = F.time(5_060)
        for seconds: Int64 in [60, 3_600, 3_660, 9_000] {
            #expect(
                moved.increase(Self.hour, at: F.time(5_000 + seconds))
                    == counter.increase(Self.hour, at: F.time(10_000 + seconds)))
        }
        #expect(moved.history.lastIncrease == F.time(5_060))
    }

    @Test("No reading, time or window traps")
    func hostile() throws {
        for kind in [CounterHistory.Kind.counter, .level] {
            for window in F.hostileWindows {
                var counter = Counter(0, at: F.hostileTimes[0], as: kind, finest: 1, longest: window)
                for time in F.hostileTimes + F.hostileTimes.reversed() {
                    for value: UInt64 in [.max, 0, 1 << 32 - 1, 3, .max - 1] {
                        counter.read(value, at: time)
                        for now in F.hostileTimes {
                            let bounds = counter.increase(window, at: now)
                            #expect(bounds.low <= bounds.high && bounds.low >= 0)
                            #expect(counter.rises(window, at: now).low >= 0)
                            #expect(counter.changesAt(after: now, window).map { $0 > now } ?? true)
                        }
                    }
                    counter.history.shift(by: .seconds(Int64.max))
                    counter.history = try F.stored(counter.history)
                }
            }
        }
    }
}
