import FaultPatterns
import Foundation
import PatternChannel
import PatternMirror
import Reports
import TestSupport
import Testing
import Transfer

@testable import SensorAgent

@Suite("Taking patterns from a channel", .timeLimit(.minutes(1)))
struct PatternChannelTests {
    private let directory: ScratchDirectory
    private let clock = ManualClock()
    private let speed = Dial<Double?>(0)
    private let maker: ChannelFixture
    /// How often somebody asked where the channel is.
    private let asked = Dial(0)
    /// How often what was told was written down.
    private let remembered = Dial(0)
    /// Where the channel is said to be; nil: in its maker's folder.
    private let place = Dial<ChannelSource?>(nil)
    /// How a trial ends; nil: as it would.
    private let ending = Dial<PatternTrial.Outcome?>(nil)

    init() throws {
        directory = try ScratchDirectory()
        maker = try ChannelFixture(in: "\(directory.path)/maker")
    }

    private var roots: String { "\(directory.path)/roots" }
    private var store: PatternStore { PatternStore(stateDirectory: directory.path, packagePath: package) }
    private var package: String { "\(directory.path)/package.json" }

    private static func json(_ version: Int, _ changes: [(old: String, new: String)] = []) -> Data {
        var text = String(decoding: WatchFixture.packJSON(), as: UTF8.self)
            .replacing("\"t1\"", with: "\"v\(version)\"")
        for change in changes { text = text.replacing(change.old, with: change.new) }
        return Data(text.utf8)
    }

    /// An agent's watch and patterns, running until they are stopped.
    private struct Running {
        let watch: RunningWatch
        let patterns: PatternService
        let task: Task<Void, any Error>
        let clock: ManualClock

        func offer(_ timestamp: Int64, _ targets: Int64?, _ step: PatternOffer.Step) async {
            await patterns.take([
                PatternOffer(channel: "vendor", timestamp: timestamp, targets: targets, step: step)
            ])
        }

        var status: ChannelStatus? { get async { await patterns.statuses.first } }

        /// Waits until the channel is so, while time goes on.
        func until(_ what: Comment, _ condition: (ChannelStatus) -> Bool) async throws {
            try await WatchFixture.eventually(what) {
                clock.advance(by: .seconds(10))
                return await status.map(condition) ?? false
            }
        }

        func stop() async throws {
            task.cancel()
            try await task.value
            try await watch.stop()
        }
    }

    private func start(_ patience: ChannelPatience = .standard) async throws -> Running {
        try WatchFixture.packJSON().write(to: URL(filePath: package))
        let chosen = try store.begin(at: clock.now(), pinned: ["vendor"]) { () throws(AgentError) in
            try Agent.patternPack(self.package)
        }
        #expect(chosen.sentences.isEmpty)
        let watch = try await RunningWatch(
            [WatchFixture.fanProbe(speed)], in: directory.path, clock: clock, pack: chosen.pack)
        let (folder, asked, ending, package, remembered) = (maker.folder, asked, ending, package, remembered)
        let place = place
        let trial = PatternTrial(folder: store.folder) { path in
            if let ending = ending.value { return ending }
            guard let bytes = try? Data(contentsOf: URL(filePath: path)),
                let request = try? WireFormat.decode(TrialRequest.self, from: bytes)
            else { return .failed(because: "there is no request") }
            return .report(TrialReport(on: request))
        }
        let service = PatternService(
            store: store, active: chosen.active, pinned: PinnedChannel.read([roots]).channels,
            stateDirectory: directory.path, patience: patience, clock: clock, log: SpoolFixture.log, trial: trial,
            doors: PatternService.Doors(
                package: { try Agent.patternPack(package) },
                run: { [watch = watch.watch] in try await watch.adopt($0) },
                source: { _ in
                    asked.value += 1
                    return place.value ?? .folder(folder)
                }, remember: { remembered.value += 1 },
                tell: { [watch = watch.watch] in await watch.note(channels: $0) }))
        return Running(watch: watch, patterns: service, task: Task { try await service.run() }, clock: clock)
    }

    @Test("Where no root is pinned nothing is asked and nothing is written, whatever a collector offers")
    func unpinned() async throws {
        let running = try await start()
        await running.offer(7, 7, .activate)
        for _ in 0..<5 {
            running.clock.advance(by: .seconds(3_600))
            await Task.yield()
        }
        try await WatchFixture.eventually("a heartbeat is told") { try await !running.watch.heartbeats().isEmpty }
        #expect(try await running.watch.heartbeats().allSatisfy { $0.channels == nil })
        #expect(await running.patterns.statuses.isEmpty)
        try await running.stop()
        #expect(asked.value == 0)
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        #expect(!names.contains("channels") && !names.contains("patterns"))
    }

    @Test(
        "Proved, activated without a restart, told in the heartbeat, and there after a restart; the fault that stands stays"
    )
    func wholeWay() async throws {
        try maker.pin(in: roots)
        let version = try await maker.publish(Self.json(2))
        // The first agent ends with its block: its spool is its own until then.
        do {
            let running = try await start()
            try await WatchFixture.eventually("the fault is opened") { try await running.watch.changes().count == 1 }
            await running.offer(version, version, .prove)
            try await running.until("it is proved") { $0.candidate?.state == "proved" }
            #expect(remembered.value == 1, "what stands now is written down before it is tried on that")
            #expect(await running.watch.watch.standing().patternPack.hasPrefix("t1 "), "it waits for its turn")
            await running.offer(version, version, .activate)
            try await running.until("it runs") { $0.active == version && $0.candidate == nil }
            #expect(await running.watch.watch.standing().patternPack.hasPrefix("v2 "))
            try await WatchFixture.eventually("it is told") {
                running.clock.advance(by: .seconds(10))
                return try await running.watch.heartbeats().last?.channels?.first?.active == version
            }
            #expect(try await running.watch.changes().map(\.kind) == [.opened])
            try await running.stop()
        }
        let running = try await start()
        #expect(await running.watch.watch.standing().patternPack.hasPrefix("v2 "))
        try await running.until("the mirror is read") { $0.timestamp == version }
        #expect(await running.status?.active == version)
        try await running.stop()
    }

    @Test(
        "What a maker takes back stops at once, also of the package's pack and while this server holds; given back, it runs"
    )
    func withdrawals() async throws {
        try maker.pin(in: roots)
        var version = try await maker.publish(Self.json(2), withdrawing: ["fan.stopped"])
        let running = try await start()
        try await WatchFixture.eventually("the fault is opened") { try await running.watch.changes().count == 1 }
        await running.offer(version, nil, .hold)
        try await running.until("it is verified") { $0.timestamp == version }
        try await WatchFixture.eventually("the fault is cleared") {
            try await running.watch.changes().map(\.kind) == [.opened, .cleared]
        }
        #expect(try await running.watch.changes().last?.because.contains("it was wrong") == true)
        #expect(await running.status?.active == nil, "nothing else of it runs")
        version = try await maker.publish(nil, restoring: ["fan.stopped"])
        await running.offer(version, nil, .hold)
        try await running.until("it is verified") { $0.timestamp == version }
        try await WatchFixture.eventually("the fault is told again") {
            running.clock.advance(by: .seconds(10))
            return try await running.watch.changes().map(\.kind) == [.opened, .cleared, .opened]
        }
        try await running.stop()
    }

    @Test(
        "A source behind what the receipt told, and one that another key has signed, are refused and said; what runs goes on"
    )
    func refusals() async throws {
        try maker.pin(in: roots)
        let version = try await maker.publish(Self.json(2))
        do {
            let running = try await start()
            await running.offer(version + 1, version + 1, .activate)
            try await running.until("it is held back") { $0.refused?.contains("held back") == true }
            #expect(await running.status?.timestamp == 0)
            #expect(await running.watch.watch.standing().patternPack.hasPrefix("t1 "))
            try await running.stop()
        }

        let stranger = try ChannelFixture(in: "\(directory.path)/stranger")
        try stranger.pin(in: roots)
        let other = try await start()
        await other.offer(version, version, .activate)
        try await other.until("it is refused") { $0.refused?.contains("signatures") == true }
        #expect(await other.status?.active == nil)
        try await other.stop()
    }

    @Test(
        "A server that drips, never answers, never ends, breaks off or takes too long altogether is refused and said; what runs goes on, and what is well comes later",
        .timeLimit(.minutes(2)))
    func slowServers() async throws {
        try maker.pin(in: roots)
        let first = try await maker.publish(Self.json(2))
        let server = try ServerProgram("folder", [maker.folder])
        func source(_ path: String) -> ChannelSource {
            .server(
                base: "https://127.0.0.1:\(server["port"])\(path)", trust: .pinned(caPEM: server["root"]), proxy: nil)
        }
        place.value = source("")
        let running = try await start(ChannelPatience(file: .seconds(3), update: .seconds(7)))
        await running.offer(first, first, .activate)
        try await running.until("the first runs") { $0.active == first }
        var version = first
        let ways = try JSONDecoder().decode([[String]].self, from: Data(server["ways"].utf8))
        for (number, way) in ways.enumerated() {
            let (path, said) = (way[0], way[1])
            version = try await maker.publish(Self.json(3 + number))
            place.value = source(path)
            let begun = ContinuousClock.now
            await running.offer(version, version, .activate)
            try await running.until("\(path) is refused") { $0.refused?.contains(said) == true }
            #expect(ContinuousClock.now - begun < .seconds(20), "\(path) kept it for long")
            let status = try #require(await running.status)
            #expect(status.active == first && status.timestamp == first, "\(path): \(status)")
            #expect(await running.watch.watch.standing().patternPack.hasPrefix("v2 "))
        }
        place.value = source("")
        version = try await maker.publish(Self.json(20))
        await running.offer(version, version, .activate)
        try await running.until("the next one runs") { $0.active == version }
        try await running.stop()
    }

    @Test("A pack that ends its trial badly never runs here; the next version does")
    func poisoned() async throws {
        try maker.pin(in: roots)
        var version = try await maker.publish(Self.json(2))
        let running = try await start()
        ending.value = .failed(because: "the trial crashed (signal 11)")
        await running.offer(version, version, .activate)
        try await running.until("it is refused") { $0.refused?.contains("signal 11") == true }
        #expect(await running.watch.watch.standing().patternPack.hasPrefix("t1 "))
        ending.value = nil
        version = try await maker.publish(Self.json(3))
        await running.offer(version, version, .activate)
        try await running.until("it runs") { $0.active == version && $0.refused == nil }
        try await running.stop()
    }

    @Test("What takes too much of the server is left by itself, told as withdrawn, and taken no more")
    func runaway() async throws {
        try maker.pin(in: roots)
        let version = try await maker.publish(Self.json(2))
        let running = try await start()
        await running.offer(version, version, .activate)
        try await running.until("it runs") { $0.active == version }
        await running.patterns.isRunaway(because: "judging by them took 31 s of processor time within ten minutes")
        try await running.until("it is left") { $0.active == nil && $0.candidate?.state == "withdrawn" }
        #expect(await running.status?.candidate?.because.contains("31 s") == true)
        #expect(await running.watch.watch.standing().patternPack.hasPrefix("t1 "))
        try await running.stop()
    }

    @Test("Roots are read of the package's folder and of the administrator's, who decides; what is no root is said")
    func pinning() throws {
        let own = "\(directory.path)/own"
        try maker.pin(in: roots)
        try maker.pin("acme", prefix: "acme", in: own)
        try maker.pin(prefix: "site", in: own)
        try Data("{}".utf8).write(to: URL(filePath: "\(own)/broken.root.json"))
        try Data("../x\n".utf8).write(to: URL(filePath: "\(own)/odd.prefix"))
        try maker.pin("odd", prefix: "a b", in: own)
        let (channels, problems) = PinnedChannel.read([roots, own, "/nonexistent"])
        #expect(channels.map(\.name) == ["acme", "vendor"] && channels.map(\.prefix) == ["acme", "site"])
        #expect(problems.count == 2 && problems.allSatisfy { $0.contains("broken") || $0.contains("odd") })
        for number in 0..<WireLimits.channels { try maker.pin("more\(number)", in: own) }
        #expect(PinnedChannel.read([roots, own]).channels.count == WireLimits.channels)
    }
}
