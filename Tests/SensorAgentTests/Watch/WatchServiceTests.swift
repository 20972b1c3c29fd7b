import FaultPatterns
import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("Watch", .timeLimit(.minutes(2)))
struct WatchServiceTests {
    let directory: ScratchDirectory

    init() throws { directory = try ScratchDirectory() }

    @Test(
        "From a probe to a signed report: a fan that stops opens one fault, with why, and clears it when it turns again"
    )
    func wholePath() async throws {
        let speed = Dial<Double?>(1_200)
        let running = try await RunningWatch([WatchFixture.fanProbe(speed)], in: directory.path)
        try await WatchFixture.eventually("a first heartbeat") { try await !running.heartbeats().isEmpty }
        #expect(try await running.changes().isEmpty)

        speed.value = 0
        running.clock.advance(by: .seconds(10))
        try await WatchFixture.eventually("the fault is opened") { try await running.changes().count == 1 }
        let opened = try #require(try await running.changes().first)
        #expect(opened.kind == .opened && opened.fault.pattern == "fan.stopped" && opened.fault.urgency == .plan)
        #expect(opened.fault.suspects.first?.part.partNumber == "FAN-0074")
        #expect(opened.because.contains("0"))
        #expect(await running.watch.standing().openFaults.map(\.id) == [opened.fault.id])

        speed.value = nil
        running.clock.advance(by: .seconds(10))
        speed.value = 1_150
        running.clock.advance(by: .seconds(10))
        try await WatchFixture.eventually("the fault is cleared") { try await running.changes().count == 2 }
        #expect(try await running.changes().last?.kind == .cleared)
        #expect(try await running.changes().last?.fault.id == opened.fault.id)
        try await running.stop()
    }

    @Test("A restart fires nothing again and forgets nothing")
    func restart() async throws {
        let speed = Dial<Double?>(0)
        let clock = ManualClock()
        do {
            let running = try await RunningWatch([WatchFixture.fanProbe(speed)], in: directory.path, clock: clock)
            try await WatchFixture.eventually("the fault is opened") { try await running.changes().count == 1 }
            try await running.stop()
        }
        clock.advance(by: .seconds(60))
        let running = try await RunningWatch([WatchFixture.fanProbe(speed)], in: directory.path, clock: clock)
        #expect(await running.watch.standing().openFaults.count == 1)
        try await WatchFixture.eventually("it has looked") { await running.watch.standing().coverage[0].state == "ok" }
        clock.advance(by: .seconds(10))
        try await WatchFixture.eventually("it has looked again") {
            await running.watch.standing().coverage[0].lastSuccess == clock.now().time
        }
        #expect(try await running.changes().map(\.kind) == [.opened])
        speed.value = 900
        clock.advance(by: .seconds(10))
        try await WatchFixture.eventually("the fault is cleared") { try await running.changes().count == 2 }
        #expect(try await running.changes().map(\.kind) == [.opened, .cleared])
        try await running.stop()
    }

    @Test("A probe that hangs delays no other, is named in the heartbeat, and does not keep the agent from stopping")
    func hangingProbe() async throws {
        let speed = Dial<Double?>(1_200)
        let hanging = FixtureProbe(
            name: "hangs",
            look: { (_, _) async throws(ProbeError) in
                unsafe await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
                return ProbeResult()
            })
        let running = try await RunningWatch([hanging, WatchFixture.fanProbe(speed)], in: directory.path)
        try await WatchFixture.eventually("the other probe has looked") {
            await running.watch.standing().coverage[1].state == "ok"
        }
        running.clock.advance(by: .seconds(5))
        try await WatchFixture.eventually("a heartbeat that names it") {
            try await running.heartbeats().last?.coverage.first?.state == "hanging"
        }
        speed.value = 0
        running.clock.advance(by: .seconds(5))
        try await WatchFixture.eventually("the fault is opened") { try await running.changes().count == 1 }
        try await running.stop()
    }

    @Test("A heartbeat comes on its interval and tells what is not seen and why")
    func heartbeats() async throws {
        let denied = FixtureProbe(
            name: "denied", look: { (_, _) async throws(ProbeError) in throw ProbeError.denied(path: "/dev/ipmi0") })
        let off = WatchFixture.fanProbe(Dial(1_000))
        let running = try await RunningWatch([denied, off], in: directory.path, disabled: ["fixture"])
        try await WatchFixture.eventually("a first heartbeat") { try await running.heartbeats().count == 1 }
        running.clock.advance(by: .seconds(60))
        try await WatchFixture.eventually("a second heartbeat") {
            try await SpoolFixture.stored(running.spool, .telemetry).count { $0.content.kind == "heartbeat" } >= 2
        }
        let heartbeat = try #require(try await running.heartbeats().last)
        #expect(heartbeat.interval == 60 && heartbeat.patternPack.hasPrefix("t1 sha256:"))
        #expect(heartbeat.coverage.map(\.state) == ["denied", "disabled"])
        #expect(heartbeat.coverage[0].because.contains("/dev/ipmi0"))
        #expect(heartbeat.coverage[1].because.contains("probe.fixture.enabled"))
        try await running.stop()
    }

    @Test("The first heartbeat of a process and of an epoch does not wait for others to be sent; those after it do")
    func awaited() async throws {
        let news = Dial(0)
        let running = try await RunningWatch(
            [WatchFixture.fanProbe(Dial(1_000))], in: directory.path, newsWasStored: { news.value += 1 })
        try await WatchFixture.eventually("it is sent") { news.value == 1 }
        #expect(try await running.heartbeats().count == 1)
        running.clock.advance(by: .seconds(60))
        try await WatchFixture.eventually("a second heartbeat") { try await running.heartbeats().count == 2 }
        try await running.spool.startEpoch(5)
        await running.watch.rouse()
        try await WatchFixture.eventually("that of the epoch is sent") { news.value == 2 }
        #expect(try await running.heartbeats().count == 3)
        try await running.stop()
        #expect(news.value == 2)
    }

    @Test("What came of a version of patterns is sent at once; how far its trial is waits for the next heartbeat")
    func outcomes() async throws {
        let news = Dial(0)
        let running = try await RunningWatch(
            [WatchFixture.fanProbe(Dial(1_000))], in: directory.path, newsWasStored: { news.value += 1 })
        func candidate(_ state: String) -> [ChannelStatus] {
            [
                ChannelStatus(
                    channel: "vendor", timestamp: 2, candidate: PatternCandidate(targets: 2, state: state))
            ]
        }
        try await WatchFixture.eventually("the first heartbeat is sent") { news.value == 1 }
        await running.watch.note(channels: candidate("checking"))
        try await WatchFixture.eventually("that there is a channel is sent") { news.value == 2 }
        await running.watch.note(channels: candidate("proved"))
        try await WatchFixture.eventually("the outcome is sent") { news.value == 3 }
        #expect(try await running.heartbeats().last?.channels?.first?.candidate?.state == "proved")
        await running.watch.note(channels: candidate("checking"))
        await running.watch.rouse()
        let before = try await running.heartbeats().count
        running.clock.advance(by: .seconds(60))
        try await WatchFixture.eventually("the next in its turn") { try await running.heartbeats().count > before }
        try await running.stop()
        #expect(news.value == 3)
    }

    @Test("The last heartbeat before a stop says that it is one, why, and for how long at most; no other does")
    func stopping() async throws {
        let running = try await RunningWatch([WatchFixture.fanProbe(Dial(1_000))], in: directory.path)
        try await WatchFixture.eventually("a first heartbeat") { try await running.heartbeats().count == 1 }
        try await running.stop()
        #expect(try await running.heartbeats().map(\.stopping) == [nil, true])
        #expect(try await running.heartbeats().map(\.away) == [nil, Heartbeat.Away(why: .stop, atMost: 1_200)])
    }

    @Test("A probe that reads and has missed something is seen in part: the heartbeat says what and what to do")
    func shortfall() async throws {
        let missed = Dial<Advice?>(Advice("log.overran", "17", "2026-01-01T00:00:00Z", "fixture"))
        let probe = FixtureProbe(look: { (_, _) async throws(ProbeError) in ProbeResult(shortfall: missed.value) })
        let running = try await RunningWatch([probe], in: directory.path)
        try await WatchFixture.eventually("a first heartbeat") { try await running.heartbeats().count == 1 }
        let coverage = try #require(try await running.heartbeats().last?.coverage.first)
        #expect(coverage.state == "partly" && coverage.reads)
        #expect(coverage.because.contains("17 messages were overwritten") && coverage.because.contains("log_buf_len="))
        let advice = try #require(Advice(coverage))
        #expect(advice.because(in: .german)?.contains("17 Meldungen wurden überschrieben") == true)
        #expect(advice.step(in: .german)?.contains("log_buf_len=") == true)
        let json = String(decoding: try WireFormat.encode(coverage), as: UTF8.self)
        #expect(json.contains("\"advice\":{\"code\":\"log.overran\""))
        missed.value = nil
        running.clock.advance(by: .seconds(10))
        try await WatchFixture.eventually("it sees all again") {
            await running.watch.standing().coverage.first?.state == "ok"
        }
        #expect(await running.watch.standing().coverage.first?.advice == nil)
        try await running.stop()
    }

    @Test("While the probe that told of an event fails, its fault does not clear, though other probes look")
    func blindEvents() async throws {
        let isBlind = Dial(false)
        let disk = Component(id: ComponentID(.disk, "wwn-1"), kind: .disk, name: "sda")
        let told = Dial(false)
        let log = FixtureProbe(
            name: "log",
            look: { (time, _) async throws(ProbeError) in
                guard !isBlind.value else { throw ProbeError.denied(path: "/dev/kmsg") }
                defer { told.value = true }
                let error = Observation(
                    component: disk.id, signal: Signal("hw.physical_disk.io_error", ["operation": "any"]),
                    measurement: .event("a"), time: time)
                return ProbeResult(components: [disk], observations: told.value ? [] : [error])
            })
        let json = String(decoding: WatchFixture.packJSON(withTest: false), as: UTF8.self)
            .replacing("\"fan\"", with: "\"disk\"")
            .replacing(
                "hw.fan.speed < 100", with: #"serd(hw.physical_disk.io_error{operation=\"any\"}, 1, 30m)"#)
        let running = try await RunningWatch(
            [log, WatchFixture.fanProbe(Dial(1_200))], in: directory.path, pack: try PatternPack(json: Data(json.utf8)))
        try await WatchFixture.eventually("the fault is opened") { try await running.changes().count == 1 }
        func goOn(_ steps: Int) async throws {
            for _ in 0..<steps {
                running.clock.advance(by: .seconds(300))
                try await WatchFixture.eventually("the other probe has looked") {
                    await running.watch.standing().coverage[1].lastSuccess == running.clock.now().time
                }
            }
        }
        isBlind.value = true
        try await goOn(18)
        #expect(await running.watch.standing().coverage[0].state == "denied")
        #expect(try await running.changes().map(\.kind) == [.opened])
        isBlind.value = false
        try await goOn(1)
        try await WatchFixture.eventually("the fault is cleared, now that the log is read again") {
            try await running.changes().map(\.kind) == [.opened, .cleared]
        }
        try await running.stop()
    }

    @Test("The inventory is sent once, again when it changed, and whole when a new epoch begins")
    func inventory() async throws {
        let parts = Dial([WatchFixture.fan])
        let probe = FixtureProbe(look: { (_, _) async throws(ProbeError) in ProbeResult(components: parts.value) })
        let running = try await RunningWatch([probe], in: directory.path)
        try await WatchFixture.eventually("the first inventory") { try await running.inventories().count == 1 }
        for _ in 0..<12 {
            running.clock.advance(by: .seconds(10))
            try await WatchFixture.eventually("it has looked") {
                await running.watch.standing().coverage[0].lastSuccess == running.clock.now().time
            }
        }
        #expect(try await running.inventories().count == 1)
        parts.value.append(Component(id: ComponentID(.disk, "wwn-1"), kind: .disk, name: "sda"))
        running.clock.advance(by: .seconds(10))
        try await WatchFixture.eventually("the second inventory") { try await running.inventories().count == 2 }
        #expect(try await running.inventories().last?.components.count == 2)
        try await running.spool.startEpoch(5)
        await running.watch.rouse()
        try await WatchFixture.eventually("the third inventory") { try await running.inventories().count == 3 }
        try await running.stop()
    }

    @Test("Every five minutes each signal becomes one aggregate, for the collector and for the history")
    func samples() async throws {
        let running = try await RunningWatch([WatchFixture.fanProbe(Dial(1_200))], in: directory.path)
        for _ in 0..<30 {
            try await WatchFixture.eventually("it has looked") {
                await running.watch.standing().coverage[0].lastSuccess == running.clock.now().time
            }
            running.clock.advance(by: .seconds(10))
        }
        try await WatchFixture.eventually("aggregates") {
            try await !SpoolFixture.reports(running.spool, .telemetry).filter { $0.content.kind == "samples" }.isEmpty
        }
        let history = try await running.spool.history(
            of: WatchFixture.fan.id, Signal("hw.fan.speed"), since: SpoolFixture.start)
        #expect(history.count == 1 && history[0].count >= 30 && history[0].mean == 1_200)
        try await running.stop()
    }

    @Test("What cannot be stored is kept, said in the heartbeat's words, and stored once it can be")
    func storeLater() async throws {
        let speed = Dial<Double?>(1_200)
        let running = try await RunningWatch([WatchFixture.fanProbe(speed)], in: directory.path)
        try await WatchFixture.eventually("a first heartbeat") { try await !running.heartbeats().isEmpty }
        try await running.spool.refuseWrites(true)
        speed.value = 0
        running.clock.advance(by: .seconds(10))
        try await WatchFixture.eventually("the spool is named") {
            await running.watch.standing().coverage.last?.probe == "spool"
        }
        // The clock is stored after the heartbeat, so that the spool may be named before the fan is read.
        try await WatchFixture.eventually("the fault is open") {
            await running.watch.standing().openFaults.count == 1
        }
        try await running.spool.refuseWrites(false)
        running.clock.advance(by: .seconds(10))
        try await WatchFixture.eventually("the fault is stored") { try await running.changes().count == 1 }
        // It was stored in memory; a minute later the disk is tried again.
        running.clock.advance(by: .seconds(60))
        try await WatchFixture.eventually("a heartbeat of that minute") {
            let told = try await SpoolFixture.stored(running.spool, .telemetry)
            return told.contains { $0.content.kind == "heartbeat" && $0.time == running.clock.now().time }
        }
        await running.spool.returnToDisk()
        #expect(try await running.changes().count == 1)
        #expect(await running.watch.standing().coverage.map(\.probe) == ["fixture"])
        try await running.stop()
    }

    @Test("An event source goes on from its cursor after a restart")
    func cursors() async throws {
        let seen = Dial<[String?]>([])
        let probe = FixtureProbe(
            name: "events",
            look: { (_, cursor) async throws(ProbeError) in
                seen.value.append(cursor?.value)
                let next = (cursor.flatMap { Int($0.value) } ?? 0) + 1
                return ProbeResult(cursor: ProbeCursor(probe: "events", value: "\(next)"))
            })
        for _ in 0..<2 {
            let running = try await RunningWatch([probe], in: directory.path)
            try await WatchFixture.eventually("it has looked") {
                await running.watch.standing().coverage[0].state == "ok"
            }
            try await running.stop()
        }
        #expect(seen.value == [nil, "1"])
    }

    @Test("The test fault goes through the pattern pack and bears the test's name; a pack without the pattern is named")
    func drill() throws {
        let id = RandomIdentifier.make()
        #expect(RandomIdentifier.isOne(id))
        let test = try TestFaultInjection.fault(id: id, pack: WatchFixture.pack(), at: SpoolFixture.start)
        #expect(test.fault.test == id && test.fault.pattern == "callhome.test")
        #expect(test.fault.component == ComponentID(.test, id))
        let problem = #expect(throws: Problem.self) {
            try TestFaultInjection.fault(id: id, pack: WatchFixture.pack(withTest: false), at: SpoolFixture.start)
        }
        #expect(problem?.code == "pattern-silent" && problem?.message.contains("install") == true)
    }

    @Test("Two probes that see one part complete each other, the first one's word stands")
    func merging() {
        var catalogue = ComponentCatalogue(order: ["inventory", "disk-health"])
        let id = ComponentID(.disk, "wwn-1")
        let disk = Component(
            id: id, kind: .disk, name: "sda", part: Part(model: "X", firmware: "2"), attributes: ["bus": "ata"])
        let slot = Component(id: id, kind: .disk, name: "Bay 3", part: Part(model: "Y", location: "Bay 3"))
        let news = [
            catalogue.update("disk-health", [disk]), catalogue.update("inventory", [slot]),
            catalogue.update("inventory", [slot]),
        ]
        #expect(news == [true, true, false])
        let merged = catalogue.components
        #expect(merged.map(\.name) == ["Bay 3"])
        #expect(merged[0].part == Part(model: "Y", firmware: "2", location: "Bay 3"))
        #expect(merged[0].attributes == ["bus": "ata"])
    }

    @Test("What no probe places hangs under the board, and the nearest place that a probe knows counts")
    func places() {
        var catalogue = ComponentCatalogue(order: ["inventory", "sensors", "memory-errors"])
        let (board, module) = (ComponentID(.board, "main"), ComponentID(.dimm, "A1"))
        let (chip, controller) = (ComponentID(.chip, "it8728"), ComponentID(.memoryController, "mc0"))
        let fan = Component(id: ComponentID(.fan, "1"), kind: .fan, parent: chip, name: "Fan 1")
        _ = catalogue.update(
            "inventory",
            [
                Component(id: board, kind: .board, parent: ComponentID(.chassis, "main"), name: "main board"),
                Component(id: module, kind: .dimm, parent: board, name: "A1"),
            ])
        _ = catalogue.update(
            "sensors",
            [
                Component(id: chip, kind: .chip, name: "it8728"), fan,
                Component(id: ComponentID(.ups, "1"), kind: .ups, name: "UPS"),
            ])
        _ = catalogue.update(
            "memory-errors",
            [
                Component(id: controller, kind: .memoryController, name: "mc0"),
                Component(id: module, kind: .dimm, parent: controller, name: "A1"),
            ])
        let parents = Dictionary(
            catalogue.components.map { ($0.id, $0.parent) }, uniquingKeysWith: { first, _ in first })
        #expect(parents[chip] == board && parents[fan.id] == chip && parents[controller] == board)
        #expect(parents[module] == controller)
        #expect(parents[ComponentID(.ups, "1")] == .some(nil))
    }
}

extension Spool {
    /// Makes SQLite refuse every write, as it does when the disk was remounted read-only.
    fileprivate func refuseWrites(_ refused: Bool) throws {
        try database.script("PRAGMA query_only=\(refused ? 1 : 0);")
    }
}
