import Foundation
import Reports
import Testing

@testable import Collector

@Suite("What every store keeps of patterns on their way", .everyStore)
struct RolloutContractTests {
    private static let time = SampleFault.time
    private static let settings = PatternChannelSettings(name: "vendor", source: "/nowhere", root: "/nowhere")

    private static func rollout(_ version: Int64 = 2) -> Rollout {
        Rollout(channel: "vendor", targets: version, revisions: ["a": 1], at: time)
    }

    @Test("A rollout that was kept is found after a crash, as it was")
    func kept() async throws {
        let store = try openStore()
        #expect(try await store.rollout(of: "vendor") == nil)
        #expect(try await store.keep(Self.rollout(), over: nil))
        let under = try #require(StoreUnderTest.current).afterCrash()
        #expect(try await under.open().rollout(of: "vendor") == Self.rollout())
        #expect(try await store.rollout(of: "other") == nil)
    }

    @Test("What somebody decided meanwhile is not written over")
    func meanwhile() async throws {
        let store = try openStore()
        let seen = Self.rollout()
        #expect(try await store.keep(seen, over: nil))
        let decided = try await store.take(.halt, of: Self.settings, by: "anna", because: "wait", at: Self.time)
        #expect(decided.state == .halted)
        #expect(try await store.keep(Self.rollout(3), over: seen) == false)
        #expect(try await store.rollout(of: "vendor")?.state == .halted)
        #expect(try await store.keep(Self.rollout(3), over: decided))
        #expect(try await store.keep(Self.rollout(4), over: nil) == false)
    }

    @Test("A decision about nothing, and one that means nothing now, are refused with a reason")
    func refused() async throws {
        let store = try openStore()
        await #expect(throws: StoreError.self) {
            try await store.take(.halt, of: Self.settings, by: "anna", because: "x", at: Self.time)
        }
        #expect(try await store.keep(Self.rollout(), over: nil))
        let error = await #expect(throws: StoreError.self) {
            try await store.take(.rollout, of: Self.settings, by: "anna", because: "x", at: Self.time)
        }
        #expect("\(try #require(error))".contains("proving"))
    }

    @Test(
        "Faults that a server's patterns opened are counted with the server; repeats, tests and what is only shown are not"
    )
    func openings() async throws {
        let store = try openStore()
        var agent = try await store.enrolled("h1")
        let report = try agent.faults(
            SampleFault.change(.opened, SampleFault.make("f1")),
            SampleFault.change(.opened, SampleFault.make("f2", blaming: "sdb", part: SampleFault.part(serial: "S2"))),
            SampleFault.change(.opened, SampleFault.make("f3", blaming: "sdc", urgency: .inform)),
            SampleFault.change(.updated, SampleFault.make("f1")))
        for _ in 0..<2 {
            _ = try await store.accept(VerifiedBatch(host: "h1", reports: [report]), at: Self.time)
        }
        let servers = try await store.patternServers()
        #expect(servers.map(\.server.host) == ["h1"])
        #expect(servers.first?.openings.entries.map(\.count) == [2])
        #expect(servers.first?.openings.entries.map(\.pattern) == ["disk.pending"])
    }

    @Test("A server keeps the newest of its openings, and none for longer than a version takes")
    func bounded() {
        var openings = FaultOpenings()
        for number in 0...FaultOpenings.limit {
            var fault = SampleFault.make("f")
            fault.pattern = "p\(number)"
            openings.note(fault, at: Self.time)
        }
        #expect(openings.entries.count == FaultOpenings.limit)
        #expect(openings.entries.first?.pattern == "p1")
        openings.note(SampleFault.make("f"), at: Self.time + FaultOpenings.kept + FaultOpenings.span)
        #expect(openings.entries.map(\.pattern) == ["disk.pending"])
    }
}
