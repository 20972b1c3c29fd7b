import FaultPatterns
import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("Other patterns without a restart", .timeLimit(.minutes(1)))
struct PatternServiceTests {
    private let directory: ScratchDirectory
    private let clock = ManualClock()
    private let speed = Dial<Double?>(0)

    init() throws { directory = try ScratchDirectory() }

    /// The pattern of a fan that stands still, as a later version of its channel has it.
    private static func json(_ version: Int, _ changes: [(old: String, new: String)] = []) -> Data {
        var text = String(decoding: WatchFixture.packJSON(withTest: false), as: UTF8.self)
            .replacing("\"t1\"", with: "\"v\(version)\"")
        for change in changes { text = text.replacing(change.old, with: change.new) }
        return Data(text.utf8)
    }

    private static func content(_ version: Int, _ json: Data) -> ActivePatterns.Content {
        ActivePatterns.Content(targets: Int64(version), packs: [ContentHash.sha256(json)])
    }

    private var store: PatternStore { PatternStore(stateDirectory: directory.path, packagePath: "/nonexistent") }

    private func service(of watch: WatchService, _ active: ActivePatterns? = nil) -> PatternService {
        PatternService(
            store: store, active: active, stateDirectory: directory.path, clock: clock, log: SpoolFixture.log,
            doors: PatternService.Doors(
                package: { try WatchFixture.pack() }, run: { try await watch.adopt($0) }))
    }

    private func stored() throws -> ActivePatterns {
        let bytes = try Data(contentsOf: URL(filePath: "\(store.folder)/active.json"))
        return try WireFormat.decode(ActivePatterns.self, from: bytes)
    }

    /// A fan that stands still, of which is told, under other patterns; then it turns.
    private func changes(under json: Data) async throws -> [FaultChange] {
        // The first agent ends with its block: its spool is its own until then.
        do {
            let running = try await RunningWatch([WatchFixture.fanProbe(speed)], in: directory.path, clock: clock)
            try await WatchFixture.eventually("the fault is opened") { try await running.changes().count == 1 }
            try await service(of: running.watch).activate(
                Self.content(2, json), of: "vendor", packs: [ContentHash.sha256(json): json])
            #expect(await running.watch.standing().patternPack.hasPrefix("v2 "))
            func look() async throws {
                clock.advance(by: .seconds(10))
                try await WatchFixture.eventually("it has looked") {
                    await running.watch.standing().coverage[0].lastSuccess == clock.now().time
                }
            }
            try await look()
            speed.value = 900
            try await look()
            try await WatchFixture.eventually("another pack is told") {
                try await running.heartbeats().contains { $0.patternPack.hasPrefix("v2 ") }
            }
            try await running.stop()
        }
        // What is stored is what was told: a restart has nothing to add.
        let chosen = try store.begin(at: clock.now(), pinned: ["vendor"]) { () throws(AgentError) in
            throw AgentError("it is not needed")
        }
        let again = try await RunningWatch(
            [WatchFixture.fanProbe(speed)], in: directory.path, clock: clock, pack: chosen.pack)
        try await WatchFixture.eventually("it has looked") { await again.watch.standing().coverage[0].state == "ok" }
        let changes = try await again.changes()
        #expect(await again.watch.standing().openFaults.isEmpty)
        try await again.stop()
        return changes
    }

    @Test(
        "A fault that stands, of a pattern that is as it was, is told no second time and clears when its condition ends"
    )
    func sameRevision() async throws {
        let changes = try await changes(under: Self.json(2))
        #expect(changes.map(\.kind) == [.opened, .cleared])
        #expect(Set(changes.map(\.fault.id)).count == 1)
    }

    @Test("One of a pattern in another revision is the same fault: the new condition ends it, or makes it more urgent")
    func otherRevision() async throws {
        let stricter: [(old: String, new: String)] = [
            ("\"revision\": \"1\"", "\"revision\": \"2\""), ("{\"is\": \"plan\"}", "{\"is\": \"order\"}"),
        ]
        let changes = try await changes(under: Self.json(2, stricter))
        #expect(changes.map(\.kind) == [.opened, .updated, .cleared])
        #expect(Set(changes.map(\.fault.id)).count == 1)
        #expect(changes.map(\.fault.revision) == [1, 2, 2])
    }

    @Test("One of a pattern that is gone is cleared at once, once, with the reason")
    func gone() async throws {
        let changes = try await changes(under: Self.json(2, [("fan.stopped", "fan.other"), ("< 100", "< -1")]))
        #expect(changes.map(\.kind) == [.opened, .cleared])
        #expect(changes.last?.because == "The pattern fan.stopped was withdrawn from the rule base.")
    }

    @Test(
        "A pack that is not what it should be, or cannot be read, is not taken: what runs goes on, and so does a start")
    func refused() async throws {
        let running = try await RunningWatch([WatchFixture.fanProbe(speed)], in: directory.path, clock: clock)
        let patterns = service(of: running.watch)
        let broken = Data("{\"format\": 1".utf8)
        for packs: [String: Data] in [
            [:], [ContentHash.sha256(broken): Self.json(2)], [ContentHash.sha256(broken): broken],
        ] {
            await #expect(throws: PatternStoreProblem.self) {
                try await patterns.activate(Self.content(2, broken), of: "vendor", packs: packs)
            }
            #expect(await running.watch.standing().patternPack.hasPrefix("t1 "))
            #expect(await patterns.composition == .package)
            let chosen = try store.begin(at: clock.now(), pinned: ["vendor"]) { () throws(AgentError) in
                try Agent.package()
            }
            #expect(chosen.pack.version == "t1" && chosen.sentences.isEmpty)
        }
        try await running.stop()
    }

    @Test("Ten minutes of one process end the probation; a stop in order before that is written down")
    func probation() async throws {
        let running = try await RunningWatch([WatchFixture.fanProbe(speed)], in: directory.path, clock: clock)
        let patterns = service(of: running.watch)
        let json = Self.json(2)
        try await patterns.activate(
            Self.content(2, json), of: "vendor", packs: [ContentHash.sha256(json): json])
        func run(_ patterns: PatternService, for span: Duration, until condition: () throws -> Bool) async throws {
            let task = Task { try await patterns.run() }
            clock.advance(by: span)
            try await WatchFixture.eventually("it is so far") { try condition() }
            task.cancel()
            try await task.value
        }
        try await run(patterns, for: .seconds(599)) { try stored().probation?.running == "b0" }
        #expect(try stored().probation == ActivePatterns.Probation(crashes: 0, running: nil))
        // The next process needs ten minutes of its own.
        let chosen = try store.begin(at: clock.now(), pinned: ["vendor"]) { () throws(AgentError) in try Agent.package()
        }
        let next = service(of: running.watch, chosen.active)
        try await run(next, for: .seconds(600)) { try stored().probation == nil }
        #expect(try stored().now.channels["vendor"]?.targets == 2)
        try await running.stop()
    }

    @Test("Back, since somebody asks for it: what ran before runs again, with the fault that stands")
    func back() async throws {
        let running = try await RunningWatch([WatchFixture.fanProbe(speed)], in: directory.path, clock: clock)
        try await WatchFixture.eventually("the fault is opened") { try await running.changes().count == 1 }
        let patterns = service(of: running.watch)
        let json = Self.json(2)
        try await patterns.activate(Self.content(2, json), of: "vendor", packs: [ContentHash.sha256(json): json])
        try await patterns.goBack()
        #expect(await running.watch.standing().patternPack.hasPrefix("t1 "))
        #expect(await patterns.composition == .package)
        #expect(await running.watch.standing().openFaults.count == 1)
        #expect(try await running.changes().map(\.kind) == [.opened])
        try await running.stop()
    }
}

extension Agent {
    fileprivate static func package() throws(AgentError) -> PatternPack {
        do { return try WatchFixture.pack() } catch { throw AgentError("\(error)") }
    }
}
