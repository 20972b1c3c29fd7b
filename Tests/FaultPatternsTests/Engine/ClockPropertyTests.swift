import Foundation
import Reports
import TestSupport
import Testing

@testable import FaultPatterns

/// What holds of the engine whatever clocks do and however long nobody watches, over many seeds: `make soak` takes more.
@Suite("Clocks and silence")
struct ClockPropertyTests {
    private typealias F = Fixtures

    /// So many in each run; `CALLHOME_SEEDS` in the environment takes more.
    private static let seeds: Range<UInt64> = {
        let wanted = ProcessInfo.processInfo.environment["CALLHOME_SEEDS"].flatMap(UInt64.init) ?? 40
        return 1..<max(2, wanted + 1)
    }()

    private static let pack: PatternPack? = try? F.pack(
        F.pattern("disk.plain", ["clear": "pending < 8"]),
        F.pattern("disk.samples", ["for": "3 samples"]),
        F.pattern("disk.time", ["when": "temperature > 50", "for": "25m", "clear_for": "2 samples and 12m"]),
        F.pattern("disk.both", ["when": "temperature > 45 and pending > 10", "for": "20m", "clear_for": "20m"]),
        F.pattern("disk.either", ["when": "temperature > 60 or pending > 30", "for": "15m", "clear_for": "9m"]),
        F.pattern(
            "disk.rise",
            [
                "when": "increase(reported[30m]) >= 4", "for": "5m",
                "explains": ["disk.plain unidentified within 1h", "disk.serd unidentified"],
            ]),
        F.pattern("disk.serd", ["when": "serd(errors, 3, 40m)", "clear_for": "30m"]),
        F.pattern("disk.window", ["when": "avg_over_time(temperature[20m]) > 48", "clear_for": "10m"]),
        F.pattern("disk.trend", ["when": "deriv(temperature[1h]) > 0.001"]),
        F.pattern("disk.bucket", ["when": "bucket(errors, 2, 20m)"]),
        F.pattern("disk.events", ["when": "events(errors, 40m) >= 3", "clear_for": "30m"]),
        F.pattern("disk.sequence", ["when": "sequence(temperature > 60, pending > 25, 30m)"]))

    /// Conditions that look at nothing but the newest values: what a silence does to windows is another matter.
    private static let plain: PatternPack? = try? F.pack(
        F.pattern("disk.time", ["when": "temperature > 50", "for": "25m", "clear_for": "2 samples and 12m"]),
        F.pattern("disk.both", ["when": "temperature > 45 and pending > 10", "for": "20m", "clear_for": "20m"]),
        F.pattern("disk.either", ["when": "temperature > 60 or pending > 30", "for": "15m", "clear_for": "9m"]),
        F.pattern("disk.days", ["when": "pending > 3", "for": "5h", "clear_for": "3h"]))

    /// One look of a probe: seconds of true time from its start and to its end, and what it brings.
    private struct Look {
        var start: Int64
        var took: Int64
        /// With how many seconds before the look's start each was stamped; 0: with the look's own time.
        var seen: [(disk: Int, measurement: Measurement, signal: Signal, before: Int64)]
    }

    /// Some hours in the life of two disks, that change slowly enough for clocks to run out.
    /// - Parameter areTogether: whether all signals are read at each look. (Else one may be unknown after a silence where
    ///   it was known before, and what is unknown neither opens, clears nor begins anew.)
    private static func script(
        _ random: inout SplitMix, took: ClosedRange<Int64>, areTogether: Bool = false
    ) -> [Look] {
        var looks: [Look] = []
        var time: Int64 = 60
        var (heat, pending, count) = ([40.0, 55], [UInt64(0), 20], [UInt64(0), 0])
        for number in 0..<Int.random(in: 60...160, using: &random) {
            time += Int64.random(in: 30...500, using: &random)
            var look = Look(start: time, took: Int64.random(in: took, using: &random), seen: [])
            time += look.took
            for disk in 0..<2 {
                if Int.random(in: 0..<9, using: &random) == 0 {
                    heat[disk] = Double.random(in: 20...70, using: &random)
                }
                if Int.random(in: 0..<9, using: &random) == 0 {
                    pending[disk] = UInt64.random(in: 0...40, using: &random)
                }
                count[disk] += UInt64.random(in: 0...5, using: &random) / 4
                look.seen.append((disk, .reading(heat[disk]), F.temperature, 0))
                if areTogether || number % 2 == 0 { look.seen.append((disk, .counter(pending[disk]), F.pending, 0)) }
                look.seen.append((disk, .counter(count[disk]), F.reported, 0))
                if Int.random(in: 0..<5, using: &random) == 0 {
                    let before = Int64.random(in: 1...25, using: &random)
                    look.seen.append((disk, .event("e\(number)"), F.ioError, before))
                }
            }
            looks.append(look)
        }
        return looks
    }

    /// The agent's part: clocks, diagnosis, and what is stored.
    private struct Machine {
        let pack: PatternPack
        var clock: EngineClock
        var diagnosis: Diagnosis
        var states: [ComponentID: ComponentState] = [:]
        var changes: [FaultChange] = []
        private var lastLook: Timestamp?
        /// Milliseconds that each reading of the clock is wrong by: a planted fault.
        var offByOne: Int64 = 0

        init(_ pack: PatternPack, at moment: Moment) {
            self.pack = pack
            clock = EngineClock(at: moment)
            diagnosis = Diagnosis(patterns: pack)
            // Of the second it is not sure which disk it is: it may be the first.
            let disks = [("d0", [:]), ("d1", ["ambiguous": "no serial number"])].map { name, attributes in
                Component(
                    id: ComponentID(.disk, name), kind: .disk, name: name, part: Part(location: name),
                    attributes: attributes)
            }
            _ = diagnosis.know(disks, at: clock.anchor.engine)
        }

        mutating func read(_ moment: Moment) -> Timestamp {
            _ = clock.read(moment)
            clock.anchor.engine = clock.anchor.engine + .milliseconds(offByOne)
            return clock.anchor.engine
        }

        /// - Parameters:
        ///   - start: when the look began, and `end` when it was over: what is stamped bears the wall time of the start.
        mutating func take(_ look: Look, from start: Moment, until end: Moment) {
            let began = EngineClock.Look(wall: start.time, engine: read(start))
            let now = read(end)
            let observations = look.seen.map { seen in
                Observation(
                    component: ComponentID(.disk, "d\(seen.disk)"), signal: seen.signal, measurement: seen.measurement,
                    time: EngineClock.time(
                        of: start.time + .seconds(-seen.before), in: began, since: lastLook, now: now))
            }
            lastLook = began.engine
            changes += diagnosis.observe(observations, at: now, interval: .seconds(120), from: "probe")
            store()
        }

        private mutating func store() {
            for state in diagnosis.takeChanges(windows: true) { states[state.component] = state }
        }

        /// Ends, and starts again from what was stored.
        mutating func restart() throws {
            store()
            clock = try WireFormat.decode(EngineClock.self, from: WireFormat.encode(clock))
            diagnosis = Diagnosis(
                patterns: pack, resuming: states.values.sorted { $0.component < $1.component },
                stoppedAt: clock.anchor.engine, eventSourcesRead: diagnosis.eventSourcesRead)
            #expect(diagnosis.problems.isEmpty)
        }

        /// Everything that could differ, in words.
        var result: [String] {
            changes.map { "\($0.kind) \($0.fault.pattern) \($0.fault.component) \($0.time): \($0.because)" }
                + states.values.sorted { $0.component < $1.component }.flatMap { state in
                    [state.latches, state.windows ?? Data()].map { String(decoding: $0, as: UTF8.self) }
                }
        }
    }

    private static func moment(
        _ seconds: Int64, ahead: Int64 = 0, boot: String = "a", since start: Int64 = -100, isSynchronised: Bool = true
    ) -> Moment {
        Moment(
            time: F.start + .seconds(seconds + ahead), boot: boot, uptime: .seconds(seconds - start),
            isSynchronised: isSynchronised)
    }

    private static let leaps: [Int64] = [
        1, -1, 59, -599, 601, -601, 3_600, -3_600, 86_400 * 365, -86_400 * 365, 86_400 * 9_000, -86_400 * 9_000,
    ]

    /// The looks as they are with a clock that is right and an engine that is given the true time.
    private static func undisturbed(_ looks: [Look], _ pack: PatternPack) -> Machine {
        var machine = Machine(pack, at: moment(0))
        for look in looks { machine.take(look, from: moment(look.start), until: moment(look.start + look.took)) }
        return machine
    }

    /// The same looks while the wall clock leaps, also amid looks, and while the agent is stopped.
    private static func leaping(
        _ looks: [Look], _ pack: PatternPack, _ random: inout SplitMix, offByOne: Int64 = 0
    ) throws -> Machine {
        var machine = Machine(pack, at: moment(0))
        machine.offByOne = offByOne
        var ahead: Int64 = 0
        func leap() -> Int64 {
            Int.random(in: 0..<6, using: &random) == 0 ? leaps.randomElement(using: &random) ?? 0 : 0
        }
        for look in looks {
            ahead += leap()
            let start = moment(look.start, ahead: ahead)
            ahead += leap()
            machine.take(look, from: start, until: moment(look.start + look.took, ahead: ahead))
            if Int.random(in: 0..<10, using: &random) == 0 {
                ahead += leap()
                try machine.restart()
            }
        }
        return machine
    }

    @Test("Any leaps of the wall clock within a boot, amid looks and while the agent is stopped too, are as none")
    func leapsAreNone() throws {
        let pack = try #require(Self.pack)
        var total = 0
        for seed in Self.seeds {
            var random = SplitMix(seed: seed)
            let looks = Self.script(&random, took: 0...40)
            let expected = Self.undisturbed(looks, pack)
            let found = try Self.leaping(looks, pack, &random)
            try #require(found.result == expected.result, "seed \(seed)")
            // The engine's time is the true one, and not what another reading of the same clock gives.
            let end = looks.last.map { $0.start + $0.took } ?? 0
            try #require(found.clock.anchor.engine == F.start + .seconds(end), "seed \(seed)")
            total += found.changes.count
        }
        #expect(total > 10 * Self.seeds.count, "the script opens and clears faults")
    }

    @Test("A clock that is wrong by a millisecond at each reading is found within 100 seeds")
    func planted() throws {
        let pack = try #require(Self.pack)
        let found = try (1...100 as ClosedRange<UInt64>).first { seed in
            var random = SplitMix(seed: seed)
            let looks = Self.script(&random, took: 0...40)
            let wrong = try Self.leaping(looks, pack, &random, offByOne: 1)
            return wrong.result != Self.undisturbed(looks, pack).result
        }
        #expect(found != nil)
    }

    @Test("A silence inserted anywhere opens and clears nothing sooner in the time that was watched")
    func silence() throws {
        let pack = try #require(Self.plain)
        var total = 0
        for seed in Self.seeds {
            var random = SplitMix(seed: seed)
            let looks = Self.script(&random, took: 0...0, areTogether: true)
            let before = looks.indices.randomElement(using: &random) ?? 0
            let span = [901, 3_000, 40_000, 89_000, 91_000, 3_000_000].randomElement(using: &random) ?? 901
            var later = looks
            for index in later.indices where index >= before { later[index].start += Int64(span) }
            let (whole, silent) = (Self.undisturbed(looks, pack), Self.undisturbed(later, pack))
            let cut = F.start + .seconds(looks[before].start)
            func times(_ machine: Machine, less: Int64) -> [String: [Timestamp]] {
                var times: [String: [Timestamp]] = [:]
                for change in machine.changes {
                    let name = "\(change.kind) \(change.fault.pattern) \(change.fault.component)"
                    let isLater = change.time >= cut + .seconds(less)
                    times[name, default: []].append(isLater ? change.time - .seconds(less) : min(change.time, cut))
                }
                return times
            }
            let expected = times(whole, less: 0)
            for (name, found) in times(silent, less: Int64(span)) {
                let wanted = try #require(expected[name], "seed \(seed), \(name)")
                try #require(found.count <= wanted.count, "seed \(seed), \(name)")
                for (time, earliest) in zip(found, wanted) {
                    try #require(time >= earliest, "seed \(seed), \(name)")
                    total += 1
                }
            }
        }
        #expect(total > 3 * Self.seeds.count)
    }

    @Test("A stop that is shorter than what keeps is none, in the same boot and over a reboot")
    func shortStop() throws {
        let pack = try #require(Self.pack)
        for seed in Self.seeds {
            var random = SplitMix(seed: seed)
            var looks = Self.script(&random, took: 0...40)
            let stop = Int.random(in: 1..<looks.count, using: &random)
            let pause = Int64.random(in: 0...380, using: &random)
            for index in looks.indices where index >= stop { looks[index].start += pause }
            for isReboot in [false, true] {
                var machine = Machine(pack, at: Self.moment(0))
                for (number, look) in looks.enumerated() {
                    if number == stop { try machine.restart() }
                    let isLater = isReboot && number >= stop
                    let (boot, up) = isLater ? ("b", looks[stop].start - 5) : ("a", -100)
                    machine.take(
                        look, from: Self.moment(look.start, boot: boot, since: up),
                        until: Self.moment(look.start + look.took, boot: boot, since: up))
                }
                try #require(
                    machine.result == Self.undisturbed(looks, pack).result, "seed \(seed), reboot \(isReboot)")
            }
        }
    }

    @Test(
        "A long stop is as a silence of the same length; a gap that is owed and paid at once, as one believed at once")
    func longStop() throws {
        let pack = try #require(Self.pack)
        for seed in Self.seeds {
            var random = SplitMix(seed: seed)
            // So that all clocks are held from the same moment on.
            var looks = Self.script(&random, took: 0...0, areTogether: true)
            let stop = Int.random(in: 1..<looks.count, using: &random)
            let span = [1_000, 30_000, 89_000, 100_000, 4_000_000].randomElement(using: &random) ?? 1_000
            for index in looks.indices where index >= stop { looks[index].start += Int64(span) }
            func run(reboot: Bool, owes: Bool) throws -> [String] {
                var machine = Machine(pack, at: Self.moment(0))
                for (number, look) in looks.enumerated() {
                    let isLater = reboot && number >= stop
                    let (boot, up) = isLater ? ("b", looks[stop].start - 5) : ("a", -100)
                    if number == stop {
                        try machine.restart()
                        if owes {
                            _ = machine.clock.read(
                                Self.moment(look.start, boot: boot, since: up, isSynchronised: false))
                        }
                    }
                    let moment = Self.moment(look.start, boot: boot, since: up)
                    machine.take(look, from: moment, until: moment)
                }
                return machine.result
            }
            let expected = Self.undisturbed(looks, pack).result
            try #require(run(reboot: false, owes: false) == expected, "seed \(seed)")
            let believed = try run(reboot: true, owes: false)
            try #require(believed == expected, "seed \(seed), reboot")
            try #require(run(reboot: true, owes: true) == believed, "seed \(seed), owed")
        }
    }
}
