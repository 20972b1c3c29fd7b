import Foundation
import Reports
import Testing

@testable import Collector

@Suite("Bounds of the accounts of what stands")
struct MirrorBoundsTests {
    private let time = SampleFault.time

    @Test("Fifty may be asked in a second, and as many in the next")
    func asks() {
        var limit = AskLimit()
        let now = (0..<60).count { _ in limit.take(at: time) }
        #expect(now == AskLimit.perSecond)
        let later = (0..<60).count { _ in limit.take(at: time + .milliseconds(1_000)) }
        #expect(later == AskLimit.perSecond)
    }

    @Test(
        "Of a fleet whose accounts all differ fifty are asked in a second, and the others with their next reports",
        .everyStore)
    func fleet() async throws {
        let store = try openStore()
        var agents: [AccountingAgent] = []
        for index in 0..<(AskLimit.perSecond + 9) {
            var agent = AccountingAgent(try await store.enrolled("h\(index)"))
            // Told before the collector was put back.
            _ = try agent.faults(SampleFault.change(.opened, SampleFault.make("f\(index)")))
            agent.agent.next = [:]
            agents.append(agent)
        }
        func asked(at time: Timestamp) async throws -> Int {
            var count = 0
            for index in agents.indices {
                let receipt = try await store.accept(
                    agents[index].heartbeat(), from: "h\(index)", at: time)
                if receipt.restate != nil { count += 1 }
            }
            return count
        }
        #expect(try await asked(at: time) == AskLimit.perSecond)
        // Who was asked before is asked on.
        #expect(try await asked(at: time + .seconds(1)) == agents.count)
    }

    @Test("A server has rows up to the limit and none beyond; those that are over make room, the oldest first")
    func rows() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: "\(folder.path)/collector.db", policy: StoreUnderTest.policy)
        var agent = try await store.enrolled("h1")
        let limit = MirroredFault.limit
        let (time, part) = (time, CaseRules.key(of: SampleFault.make("x")))
        // As an agent would fill it that opens and clears faults without end.
        try await store.transaction("filling") { transaction in
            for index in 0..<limit {
                try transaction.save(
                    MirroredFault(
                        fault: FaultID(rawValue: "old\(index)"), state: index < 10 ? .cleared : .standing,
                        stamp: Int64(index + 1), epoch: 1, key: part, because: "b",
                        changedAt: time + .seconds(index)), host: "h1")
            }
        }
        func rows() async throws -> Set<String> {
            Set(
                try await store.read("counting") {
                    try $0.mirroredFaults(host: "h1", states: MirroredFault.State.allCases)
                }.map(\.fault.rawValue))
        }
        func open(_ ids: ClosedRange<Int>) async throws {
            let changes = ids.map { SampleFault.change(.opened, SampleFault.make("new\($0)")) }
            try await store.accept(agent.verified(agent.report(.faults(changes))), from: "h1")
        }
        #expect(try await rows().count == limit)
        try await open(1...4)
        let after = try await rows()
        #expect(after.count == limit)
        #expect((1...4).allSatisfy { after.contains("new\($0)") })
        #expect((0..<4).allSatisfy { !after.contains("old\($0)") } && after.contains("old4"))
        try await open(5...12)
        let full = try await rows()
        #expect(full.count == limit)
        #expect((5...10).allSatisfy { full.contains("new\($0)") }, "six that were over made room")
        #expect(!full.contains("new11") && !full.contains("new12"), "what stands makes no room")
        await store.close()
    }

    @Test(
        "A fault that ended and is stated again with a newer stamp opens its own case again, under its number",
        .everyStore)
    func reopens() async throws {
        let store = try openStore()
        var agent = AccountingAgent(try await store.enrolled("h1"))
        let fault = SampleFault.make("f1")
        try await store.accept(agent.faults(SampleFault.change(.opened, fault)), from: "h1")
        try await store.deliverAll()
        try await store.accept(agent.faults(SampleFault.change(.cleared, fault)), from: "h1")
        try await store.deliverAll()
        let number = try await store.theOnlyCase().number
        #expect(try await store.theOnlyCase().isClosed)
        // The report of its return is lost; the agent states it when it is asked.
        var lost = try agent.faults(SampleFault.change(.opened, fault))
        lost.content = .malformed(because: "lost")
        try await store.accept(lost, from: "h1")
        let question = try #require(try await store.accept(agent.heartbeat(), from: "h1").restate)
        for part in try agent.statement(answering: question) { try await store.accept(part, from: "h1") }
        let again = try await store.theOnlyCase()
        #expect(again.number == number && again.state == .open && again.closedAt == nil)
        let told = try await store.deliveries(caseNumber: number).filter { $0.recipient == "desk" }
        #expect(told.map(\.event).last == .updated, "whoever was told that it is over is told that it is not")
    }
}
