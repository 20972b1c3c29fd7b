import Foundation
import Reports
import Testing

@testable import FaultPatterns

@Suite("The engine's clock")
struct EngineClockTests {
    private static let start = Fixtures.start
    private static let day: Int64 = 86_400

    private static func moment(
        _ wall: Int64, boot: String = "a", up: Int64, isSynchronised: Bool = true
    ) -> Moment {
        Moment(time: start + .seconds(wall), boot: boot, uptime: .seconds(up), isSynchronised: isSynchronised)
    }

    @Test("Within a boot the time since boot counts and nothing else: every step of the wall clock cancels")
    func steps() {
        var clock = EngineClock(at: Self.moment(0, up: 100))
        for (wall, up): (Int64, Int64) in [
            (10, 110), (400 * Self.day, 120), (-30 * 365 * Self.day, 130), (25, 130), (0, 131), (40, 140),
        ] {
            #expect(clock.read(Self.moment(wall, up: up)) == Self.start + .seconds(up - 100), "\(wall)")
        }
    }

    @Test("The time between two boots is believed up to a day, and beyond where something keeps the clock right")
    func boots() {
        for (gap, isSynchronised, counted) in [
            (Int64(600), false, Int64(600)), (Self.day, false, Self.day), (Self.day + 1, false, 0),
            (40 * Self.day, true, 40 * Self.day), (-600, true, 0), (-40 * Self.day, false, 0),
            (36_526 * Self.day, true, 0),
        ] {
            var clock = EngineClock(at: Self.moment(0, up: 100))
            let booted = Self.moment(gap, boot: "b", up: 5, isSynchronised: isSynchronised)
            #expect(clock.read(booted) == Self.start + .seconds(counted), "\(gap) \(isSynchronised)")
            let later = Self.moment(gap + 60, boot: "b", up: 65, isSynchronised: isSynchronised)
            #expect(clock.read(later) == Self.start + .seconds(counted + 60))
        }
    }

    @Test("A gap that is not believed is owed: added once when the clock was set right, or after a day of running")
    func owed() throws {
        let gap = 40 * Self.day
        var set = EngineClock(at: Self.moment(0, up: 100))
        #expect(set.read(Self.moment(3 * Self.day, boot: "b", up: 5, isSynchronised: false)) == Self.start)
        set = try WireFormat.decode(EngineClock.self, from: WireFormat.encode(set))
        // Ten seconds later the clock is found to be right, and to have been wrong before.
        #expect(set.read(Self.moment(gap + 15, boot: "b", up: 15)) == Self.start + .seconds(gap + 15))
        #expect(set.read(Self.moment(gap + 16, boot: "b", up: 16)) == Self.start + .seconds(gap + 16))
        var alone = EngineClock(at: Self.moment(0, up: 100))
        for (up, counted): (Int64, Int64) in [
            (5, 0), (Self.day - 1, Self.day - 6), (Self.day, gap + Self.day - 5), (Self.day + 1, gap + Self.day - 4),
        ] {
            let now = Self.moment(gap + up - 5, boot: "b", up: up, isSynchronised: false)
            #expect(alone.read(now) == Self.start + .seconds(counted), "\(up)")
        }
        // Over two boots it is one debt.
        var twice = EngineClock(at: Self.moment(0, up: 100))
        _ = twice.read(Self.moment(gap, boot: "b", up: 5, isSynchronised: false))
        _ = twice.read(Self.moment(gap + 60, boot: "b", up: 65, isSynchronised: false))
        _ = twice.read(Self.moment(gap + 120, boot: "c", up: 5, isSynchronised: false))
        #expect(twice.read(Self.moment(gap + 180, boot: "c", up: 65)) == Self.start + .seconds(gap + 180))
    }

    @Test("A time since boot that is behind is another boot: a snapshot that was restored")
    func snapshot() {
        var clock = EngineClock(at: Self.moment(0, up: 5_000))
        #expect(clock.read(Self.moment(700, up: 4_000)) == Self.start + .seconds(700))
        #expect(clock.read(Self.moment(-9_999, up: 4_010)) == Self.start + .seconds(710))
    }

    @Test("It begins where what is remembered ends, and in no year that leaves no room")
    func beginning() {
        let later = Self.start + .seconds(500)
        #expect(EngineClock(at: Self.moment(0, up: 1), notBefore: later).anchor.engine == later)
        for strange in [Int64.min, -1, .max] {
            var clock = EngineClock(
                at: Moment(time: Timestamp(milliseconds: strange), boot: "a", uptime: .seconds(1)))
            let first = clock.anchor.engine
            #expect(clock.read(Self.moment(0, up: 61)) == first + .seconds(60))
        }
    }

    @Test("What bears the look's time has it; stamps of other clocks lie between the look before and now")
    func stamps() {
        let look = EngineClock.Look(wall: Self.start + .seconds(900_000), engine: Self.start + .seconds(1_000))
        let (last, now) = (Self.start + .seconds(400), Self.start + .seconds(1_005))
        for (stamp, time): (Int64, Int64) in [
            (900_000, 1_000), (899_990, 990), (899_400, 400), (5, 400), (900_003, 1_003), (99_000_000, 1_005),
        ] {
            let found = EngineClock.time(of: Self.start + .seconds(stamp), in: look, since: last, now: now)
            #expect(found == Self.start + .seconds(time), "\(stamp)")
        }
        let old = EngineClock.time(of: Self.start + .seconds(800_000), in: look, since: nil, now: now)
        #expect(old == Self.start + .seconds(1_000 - 100_000), "at a first look events have their own times")
    }

    @Test("People are told times as the wall clock has them now; less than a second of difference is none")
    func told() throws {
        var clock = EngineClock(at: Self.moment(0, up: 100))
        _ = clock.read(Moment(time: Self.start + .milliseconds(60_900), boot: "a", uptime: .seconds(160)))
        #expect(clock.wall(of: Self.start + .seconds(60)) == Self.start + .seconds(60))
        _ = clock.read(Self.moment(1_060, up: 160))
        var patient = Patient(try Fixtures.pack(Fixtures.pattern()))
        let change = try #require(patient.show(pending: 20, at: 30).first)
        let told = clock.told(change)
        for time in [told.time, told.fault.openedAt, told.fault.updatedAt] + told.fault.evidence.map(\.time) {
            #expect(time == Self.start + .seconds(1_030))
        }
        #expect(told.fault.id == change.fault.id)
    }
}
