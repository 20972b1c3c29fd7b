import Reports
import TestSupport
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
        var kind = SignalCatalogue.Counting.volatile
        var finest: Int64
        var longest: Int64

        init(
            _ value: UInt64, at time: Timestamp, as kind: SignalCatalogue.Counting = .volatile,
            finest: Int64 = 3_600_000,
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

    @Test("A volatile counter that falls counts from zero; a level and a persistent one that fall count nothing")
    func falls() {
        for (kind, rise) in [(SignalCatalogue.Counting.volatile, 4.0), (.perScrub, 4), (.level, 0)] {
            var counter = Counter(100, at: F.time(0), as: kind)
            counter.read(4, at: F.time(60))
            #expect(counter.increase(Self.hour, at: F.time(60)).low == rise)
            counter.read(7, at: F.time(120))
            #expect(counter.increase(Self.hour, at: F.time(120)).low == rise + 3)
        }
    }

    private static func risen(_ readings: [(hour: Int64, value: UInt64)], as kind: SignalCatalogue.Counting) -> Double {
        var counter = Counter(readings[0].value, at: F.time(readings[0].hour * 3_600), as: kind)
        for (hour, value) in readings.dropFirst() { counter.read(value, at: F.time(hour * 3_600)) }
        return counter.increase(30 * 24 * Self.hour, at: counter.newest).low
    }

    @Test("A persistent counter that falls by one counts nothing, and not its whole new value")
    func persistentFall() {
        #expect(Self.risen([(0, 2_000), (1, 1_999)], as: .persistent) == 0)
        #expect(Self.risen([(0, 2_000), (1, 1_999)], as: .volatile) == 1_999)
        #expect(Self.risen([(0, 2_000), (1, 0)], as: .persistent) == 0)
    }

    @Test("The highest value stays a persistent counter's mark for 24 hours: a return up to it counts nothing")
    func mark() {
        #expect(Self.risen([(0, 2_000), (1, 0), (2, 2_000)], as: .persistent) == 0)
        #expect(Self.risen([(0, 2_000), (1, 0), (2, 2_003)], as: .persistent) == 3)
        #expect(Self.risen([(0, 2_000), (1, 0), (2, 5), (25, 2_001), (26, 2_002)], as: .persistent) == 2)
        // Below the mark it rises unseen for a day, and counts from then on.
        #expect(Self.risen([(0, 2_000), (1, 0), (2, 5), (24, 9)], as: .persistent) == 0)
        #expect(Self.risen([(0, 2_000), (1, 0), (2, 5), (26, 9)], as: .persistent) == 4)
        // One fall after another: the mark is that of the highest.
        #expect(Self.risen([(0, 2_000), (1, 1_000), (20, 10), (40, 2_001)], as: .persistent) == 1)
        #expect(Self.risen([(0, 2_000), (1, 0), (2, 2_000), (3, 0), (4, 2_000)], as: .persistent) == 0)
    }

    @Test("A counter wraps from the top sixteenth into the bottom one: at 32 bits, a persistent one at 16 bits too")
    func wrap() {
        let top = UInt64(UInt32.max)
        for kind in [SignalCatalogue.Counting.volatile, .persistent] {
            #expect(Self.risen([(0, top - 4), (1, 5)], as: kind) == 10, "\(kind)")
            #expect(Self.risen([(0, top - 4), (1, 5), (2, 8)], as: kind) == 13, "\(kind)")
            #expect(Self.risen([(0, 0), (1, .max)], as: kind) == Double(UInt64.max), "\(kind)")
        }
        #expect(Self.risen([(0, 65_530), (1, 4)], as: .persistent) == 10)
        #expect(Self.risen([(0, 65_530), (1, 4)], as: .volatile) == 4)
        for (old, new): (UInt64, UInt64) in [
            (61_439, 0), (61_440, 4_096), (65_536, 5), (1 << 31, 5), (.max, 5), (top - 4, 1 << 28),
            (15 << 28 - 1, 5),
        ] {
            #expect(Self.risen([(0, old), (1, new)], as: .persistent) == 0, "\(old)")
        }
        // What was taken for a wrap and comes back was a glitch: it counts no second time.
        #expect(Self.risen([(0, 65_530), (1, 0), (2, 65_530)], as: .persistent) == 6)
    }

    @Test("A fall is kept with what is stored, and one that came back is none")
    func storedFall() throws {
        var counter = Counter(2_000, at: F.time(0), as: .persistent)
        counter.read(0, at: F.time(3_600))
        counter.history = try F.stored(counter.history)
        #expect(counter.history.fall?.mark == 2_000)
        counter.read(2_000, at: F.time(7_200))
        #expect(counter.history.fall == nil)
        #expect(counter.increase(Self.hour, at: F.time(7_200)) == Bounds(low: 0, high: 0))
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
        var random = SplitMix(seed: seed)
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
        var random = SplitMix(seed: seed)
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

    @Test("No reading, time or window traps")
    func hostile() throws {
        for kind in [SignalCatalogue.Counting.volatile, .level, .persistent] {
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
                    counter.history = try F.stored(counter.history)
                }
            }
        }
    }
}
