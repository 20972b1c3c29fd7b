import Reports
import Testing

@testable import Collector

@Suite("What time it is, by evidence")
struct ClockReckoningTests {
    private let start = SampleFault.time
    private let year = Duration.seconds(365 * 86_400)

    private func witnesses(_ count: Int, ahead: Duration, heard: Timestamp) -> [ClockReckoning.Witness] {
        (0..<count).map { _ in ClockReckoning.Witness(heard: heard, ahead: ahead) }
    }

    @Test("While the system's clock goes as the machine counts, it is the time; small corrections come in small steps")
    func agreed() {
        var clock = ClockReckoning(wall: start, uptime: 0)
        #expect(clock.read(wall: start + .seconds(10), uptime: 10_000) == start + .seconds(10))
        // NTP sets the clock on by 30 s: a tenth of what passes, until both agree.
        let corrected = clock.read(wall: start + .seconds(50), uptime: 20_000)
        #expect(corrected == start + .seconds(21))
        #expect(clock.read(wall: start + .seconds(1_030), uptime: 1_000_000) == start + .seconds(1_030))
        // Back by 20 s: the time goes on, only slower.
        let before = clock.read(wall: start + .seconds(1_030), uptime: 1_000_000)
        let after = clock.read(wall: start + .seconds(1_020), uptime: 1_010_000)
        #expect(after > before)
        #expect(clock.doubtedSince == nil)
    }

    @Test("A machine that was started meanwhile is told from one that was on, however short it was off")
    func sameStart() {
        var clock = ClockReckoning(wall: start, uptime: 900_000)
        func isSame(_ passed: Int64, uptime: Int64) -> Bool {
            clock.isSameStart(wall: start + .seconds(passed), uptime: uptime)
        }
        #expect(isSame(60, uptime: 960_000) && isSame(0, uptime: 900_000) && isSame(61, uptime: 960_000))
        #expect(!isSame(60, uptime: 20_000), "it counts from anew")
        #expect(!isSame(2_000, uptime: 1_000_000), "it counts from anew, and for longer than before")
        #expect(!isSame(60, uptime: 900_000), "its clock leapt, or it was put back as it ran")
        // A clock in doubt went on.
        _ = clock.read(wall: start + year, uptime: 901_000)
        #expect(clock.isSameStart(wall: start + year + .seconds(9), uptime: 910_000))
        #expect(!ClockReckoning(lastAlive: start).isSameStart(wall: start, uptime: 1), "of a version that knew no more")
    }

    @Test(
        "A leap while the program runs is not believed: time goes on as it passes, whatever the leap",
        arguments: [3 * 365, -3 * 365, 30 * 365, -56 * 365, 1, -1] as [Int64])
    func leaps(days: Int64) {
        var clock = ClockReckoning(wall: start, uptime: 0)
        let leap = Duration.seconds(days * 86_400)
        #expect(clock.read(wall: start + leap, uptime: 1_000) == start + .seconds(1))
        #expect(clock.doubtedSince != nil)
        #expect(clock.read(wall: start + leap + .seconds(60), uptime: 61_000) == start + .seconds(61))
        // It is set right again.
        #expect(clock.read(wall: start + .seconds(90), uptime: 90_000) == start + .seconds(90))
        #expect(clock.doubtedSince == nil && clock.leaps.isEmpty)
    }

    @Test(
        "The clocks of servers decide: what most of them show holds, and deadlines move with a clock that is believed")
    func weighed() throws {
        var clock = ClockReckoning(wall: start, uptime: 0)
        let now = clock.read(wall: start + year, uptime: 1_000)
        guard case .held = clock.weigh(witnesses(2, ahead: .zero, heard: now)) else { throw Unexpected() }
        guard case .held = clock.weigh(witnesses(1, ahead: .zero, heard: now) + witnesses(1, ahead: year, heard: now))
        else { throw Unexpected() }
        // Told before the leap: says nothing about it.
        guard case .held = clock.weigh(witnesses(9, ahead: year, heard: start - .seconds(1))) else {
            throw Unexpected()
        }
        let ahead = year - .seconds(1)
        guard case .adopted(let shift, _) = clock.weigh(witnesses(1, ahead: ahead, heard: now)) else {
            throw Unexpected()
        }
        #expect(shift == ahead)
        #expect(clock.time == start + year && clock.doubtedSince == nil)
        #expect(clock.leaps == [ClockReckoning.Leap(at: start + year, by: ahead.inMilliseconds)])
    }

    /// Another verdict than the one that the test waits for.
    private struct Unexpected: Error {}

    @Test("Where nobody tells, a clock in doubt is believed after an hour, and not a moment before")
    func alone() throws {
        var clock = ClockReckoning(wall: start, uptime: 0)
        _ = clock.read(wall: start - year, uptime: 0)
        let patience = ClockLimits.patience.inMilliseconds
        _ = clock.read(wall: start - year, uptime: patience - 1)
        guard case .held = clock.weigh([]) else { throw Unexpected() }
        _ = clock.read(wall: start - year, uptime: patience)
        guard case .adopted(let shift, _) = clock.weigh([]) else { throw Unexpected() }
        #expect(shift == .zero - year - ClockLimits.patience)
    }

    @Test(
        "A stop of hours or days is believed, and moves deadlines; one of weeks, or backwards, has to be told by others"
    )
    func stops() {
        var short = ClockReckoning(wall: start, uptime: 900_000)
        #expect(short.resume(wall: start + .seconds(600), uptime: 5_000) == .zero)
        #expect(short.time == start + .seconds(600) && short.leaps.isEmpty)
        var night = ClockReckoning(wall: start, uptime: 900_000)
        #expect(night.resume(wall: start + .seconds(43_200), uptime: 5_000) == .seconds(43_200))
        #expect(night.time == start + .seconds(43_200))
        for days in [30, 3 * 365, -1] as [Int64] {
            var long = ClockReckoning(wall: start, uptime: 900_000)
            #expect(long.resume(wall: start + .seconds(days * 86_400), uptime: 5_000) == .zero)
            #expect(long.time == start && long.doubtedSince != nil, "\(days)")
        }
        // The program alone was started anew: the machine counted on.
        var restarted = ClockReckoning(wall: start, uptime: 900_000)
        #expect(restarted.resume(wall: start + year, uptime: 930_000) == .zero)
        #expect(restarted.time == start + .seconds(30))
    }

    @Test("What a stop took counts once the clocks of three servers have proven it, and never more than 30 days of it")
    func proven() throws {
        func confirmed() -> ClockReckoning {
            var clock = ClockReckoning(wall: start, uptime: 900_000)
            #expect(clock.weigh(witnesses(3, ahead: .seconds(2), heard: start)) == .agreed)
            #expect(clock.isConfirmed)
            return clock
        }
        var night = confirmed()
        #expect(night.resume(wall: start + .seconds(43_200), uptime: 5_000) == .seconds(43_200))
        #expect(night.weigh(witnesses(2, ahead: .zero, heard: night.time)) == .agreed)
        guard case .adopted(let back, _) = night.weigh(witnesses(3, ahead: .zero, heard: night.time)) else {
            throw Unexpected()
        }
        #expect(back == .seconds(-43_200) && night.leaps.isEmpty)
        #expect(night.weigh(witnesses(3, ahead: .zero, heard: night.time)) == .agreed, "once")

        var long = confirmed()
        _ = long.resume(wall: start + year, uptime: 5_000)
        guard case .adopted(let rest, _) = long.weigh(witnesses(3, ahead: year, heard: long.time)) else {
            throw Unexpected()
        }
        #expect(rest == year - ClockLimits.credit)

        // Whose time nobody had confirmed before, or which one server alone tells of, proves nothing.
        var single = confirmed()
        _ = single.resume(wall: start + year, uptime: 5_000)
        guard case .adopted(let whole, _) = single.weigh(witnesses(1, ahead: year, heard: single.time)) else {
            throw Unexpected()
        }
        #expect(whole == year)
    }

    @Test(
        "How old something is counts what passed: a leap forward makes nothing older, one back nothing younger than it is"
    )
    func thresholds() {
        let leap = ClockReckoning.Leap(at: start + year, by: year.inMilliseconds)
        let back = ClockReckoning.Leap(at: start + year, by: -year.inMilliseconds)
        let now = start + year + .seconds(100)
        let day = Duration.seconds(86_400)
        #expect(ClockReckoning.threshold(day, before: now, over: []) == now - day)
        #expect(ClockReckoning.threshold(.seconds(50), before: now, over: [leap]) == now - .seconds(50))
        #expect(ClockReckoning.threshold(day, before: now, over: [leap]) == now - day - year)
        #expect(ClockReckoning.threshold(day, before: now, over: [back]) == now - day)
    }

    @Test("A clock at the ends of what a number holds stops nothing")
    func extremes() {
        for wall in [Int64.min, .max, 0] {
            for known in [Int64.min, .max, 0] {
                var clock = ClockReckoning(wall: Timestamp(milliseconds: known), uptime: 10)
                _ = clock.resume(wall: Timestamp(milliseconds: wall), uptime: .max)
                _ = clock.read(wall: Timestamp(milliseconds: wall), uptime: .min)
                _ = clock.read(wall: Timestamp(milliseconds: wall), uptime: .max)
                _ = clock.weigh(witnesses(3, ahead: .milliseconds(Int64.max), heard: clock.time))
                _ = clock.weigh(witnesses(3, ahead: .milliseconds(Int64.min), heard: clock.time))
                _ = ClockReckoning.threshold(.seconds(60), before: clock.time, over: clock.leaps)
            }
        }
    }
}
