import FaultPatterns
import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("Watch by a clock that leaps", .timeLimit(.minutes(2)))
struct WatchClockTests {
    let directory: ScratchDirectory

    init() throws { directory = try ScratchDirectory() }

    private func look(_ running: RunningWatch, after span: Duration = .seconds(10)) async throws {
        running.clock.advance(by: span)
        try await WatchFixture.eventually("it has looked again") {
            await running.watch.standing().coverage[0].lastSuccess == running.clock.now().time
        }
    }

    @Test("A wall clock that leaps matures nothing, in neither direction; what is told bears its time")
    func leaps() async throws {
        let speed = Dial<Double?>(0)
        let running = try await RunningWatch(
            [WatchFixture.fanProbe(speed)], in: directory.path, pack: WatchFixture.patientPack(for: "60s"))
        try await WatchFixture.eventually("a first look") { await running.watch.standing().coverage[0].state == "ok" }
        for leap in [Duration.seconds(400 * 86_400), .seconds(-800 * 86_400), .seconds(86_400), .seconds(-3)] {
            running.clock.leap(by: leap)
            try await look(running)
            #expect(try await running.changes().isEmpty, "\(leap)")
        }
        for _ in 0..<2 { try await look(running) }
        try await WatchFixture.eventually("after 60 s it opens") { try await running.changes().count == 1 }
        let opened = try #require(try await running.changes().first)
        let now = running.clock.now().time
        for time in [opened.time, opened.fault.openedAt] + opened.fault.evidence.map(\.time) { #expect(time == now) }
        #expect(await running.watch.standing().openFaults == [opened.fault])
        try await running.stop()
    }

    @Test("The engine's clock is stored with what is stored, and goes on over a stop in which the wall clock leapt")
    func stored() async throws {
        let speed = Dial<Double?>(0)
        let clock = ManualClock()
        let pack = try WatchFixture.patientPack(for: "60s")
        do {
            let running = try await RunningWatch(
                [WatchFixture.fanProbe(speed)], in: directory.path, clock: clock, pack: pack)
            try await WatchFixture.eventually("a first look") {
                await running.watch.standing().coverage[0].state == "ok"
            }
            try await look(running)
            try await running.stop()
            let stored = try await running.spool.saved().cursors.first { $0.probe == "engine-clock" }
            let json = Data(try #require(stored).value.utf8)
            let anchor = try WireFormat.decode(EngineClock.self, from: json).anchor
            #expect(anchor.engine == SpoolFixture.start + .seconds(10) && anchor.boot == "b0")
        }
        clock.leap(by: .seconds(90_000_000))
        clock.advance(by: .seconds(10))
        let running = try await RunningWatch(
            [WatchFixture.fanProbe(speed)], in: directory.path, clock: clock, pack: pack)
        try await WatchFixture.eventually("it has looked") { await running.watch.standing().coverage[0].state == "ok" }
        for _ in 0..<3 { try await look(running) }
        #expect(try await running.changes().isEmpty, "20 + 30 s")
        try await look(running)
        try await WatchFixture.eventually("after 60 s it opens") { try await running.changes().count == 1 }
        try await running.stop()
    }

    @Test(
        "Events of another clock lie between the look before and now, so that a wrong one keeps nothing open for ever")
    func stampsOfOthers() async throws {
        let stamp = Dial(SpoolFixture.start)
        let events = FixtureProbe(look: { time, _ in
            let event = Observation(
                component: WatchFixture.fan.id, signal: Signal("hw.event_log.entry", ["sensor": "FAN1", "state": ""]),
                measurement: .event("\(stamp.value)"), time: stamp.value)
            return ProbeResult(
                components: [WatchFixture.fan], observations: [event],
                cursor: ProbeCursor(probe: "fixture", value: "\(stamp.value)"))
        })
        let condition = #"serd(hw.event_log.entry{sensor="FAN1",state=""}, 2, 60s)"#
        let json = WatchFixture.packJSON(withTest: false)
        let text = String(decoding: json, as: UTF8.self)
            .replacing("hw.fan.speed < 100", with: condition.replacing("\"", with: "\\\""))
        let running = try await RunningWatch(
            [events], in: directory.path, pack: PatternPack(json: Data(text.utf8)))
        try await WatchFixture.eventually("a first look") { await running.watch.standing().coverage[0].state == "ok" }
        stamp.value = SpoolFixture.start + .seconds(-1_000_000)
        try await look(running)
        try await WatchFixture.eventually("two events within a minute") { try await running.changes().count == 1 }
        try await running.stop()
    }
}
