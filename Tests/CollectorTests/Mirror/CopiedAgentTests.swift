import Foundation
import Reports
import Testing

@testable import Collector

/// A spool that was copied: an old copy that is used again, or two machines with one identity.
@Suite("Copies of agents", .everyStore)
struct CopiedAgentTests {
    private let time = SampleFault.time

    private func opened(_ id: String, blaming part: String) -> FaultChange {
        SampleFault.change(.opened, SampleFault.make(id, blaming: part))
    }

    private func faults(_ store: any CollectorStore) async throws -> Set<String> {
        Set(
            try await store.cases(CaseQuery()).filter { $0.origin == .faults }.flatMap {
                $0.openFaults.map(\.id.rawValue)
            })
    }

    @Test("Another report at the newest position is not covered, nor what follows it: the receipt shows whose is here")
    func otherHistory() async throws {
        let store = try openStore()
        var agent = try await store.enrolled("h1")
        try await store.accept(agent.faults(opened("f1", blaming: "sda")), from: "h1")
        var copy = agent
        let applied = try agent.faults(opened("f2", blaming: "sdb"))
        let receipt = try await store.accept(applied, from: "h1")
        #expect(receipt.hash(.faults) == Receipt.contentHash(of: applied.envelope.payload))
        let others = [try copy.faults(opened("g2", blaming: "sdc")), try copy.faults(opened("g3", blaming: "sdd"))]
        let answer = try await store.accept(VerifiedBatch(host: "h1", reports: others), at: time)
        #expect(answer.through(.faults) == 2 && answer.hash(.faults) == receipt.hash(.faults))
        #expect(try await faults(store) == ["f1", "f2"])
        #expect(try await store.events(host: "h1", limit: 1)[0].because.contains("old copy"))
        // In an epoch of its own it is heard.
        copy.epoch += 1
        copy.next = [:]
        try await store.accept(copy.faults(opened("g2", blaming: "sdc")), from: "h1")
        #expect(try await faults(store) == ["f1", "f2", "g2"])
    }

    /// Two machines that went on from one spool, each a minute after its last turn. Each begins a new epoch as it hears of the
    /// other's.
    private struct Twins {
        var machines: [AccountingAgent]
        private var epoch: Int64 = 1
        private let since: Timestamp

        init(_ agent: AccountingAgent, since: Timestamp) {
            machines = [agent, agent]
            for index in machines.indices { machines[index].agent.boot = "boot-\(index)" }
            self.since = since
        }

        /// One turn of one of them.
        mutating func report(_ index: Int, to store: any CollectorStore, at time: Timestamp) async throws {
            epoch += 1
            machines[index].agent.uptime = (time - since).inMilliseconds + 1_000
            for part in try machines[index].begin(epoch: epoch) { try await store.accept(part, from: "h1", at: time) }
            try await store.accept(machines[index].heartbeat(), from: "h1", at: time)
        }

        mutating func report(rounds: Int, to store: any CollectorStore, from start: Timestamp) async throws {
            for round in 0..<rounds {
                for index in machines.indices {
                    try await report(index, to: store, at: start + .seconds(60 * round + 10 * index))
                }
            }
        }
    }

    @Test("Two machines in one name are one case; meanwhile nothing ends by what only one of them states")
    func twoMachines() async throws {
        let store = try openStore()
        var first = AccountingAgent(try await store.enrolled("h1"))
        first.agent.boot = "boot-0"
        try await store.accept(first.faults(opened("f1", blaming: "sda")), from: "h1")
        var twins = Twins(first, since: time)
        // The second has its own disks, and knows by its own first look that the other's fault is none of its own.
        twins.machines[1].forget()
        try await twins.report(rounds: 3, to: store, from: time)
        func twofold() async throws -> [Case] { try await store.allCases().filter { $0.origin == .identity } }
        #expect(try await twofold().map(\.state) == [.open])
        #expect(try await twofold()[0].urgency == .plan)
        #expect(try await store.deliveries(caseNumber: twofold()[0].number).count == 2)
        // From here on the second states what it has, and the first's fault stays as it is.
        func history() async throws -> Int? {
            try await store.allCases().first { $0.key.contains("sda") }?.history.count
        }
        let before = try await history()
        _ = try twins.machines[1].faults(opened("g1", blaming: "sdz"))
        try await twins.report(rounds: 1, to: store, from: time + .seconds(600))
        try await twins.report(1, to: store, at: time + .seconds(700))
        #expect(try await twofold().count == 1)
        #expect(try await faults(store) == ["f1", "g1"])
        #expect(try await history() == before)
        // One of them is stopped: a day after its last return the case ends.
        try await twins.report(0, to: store, at: time + .seconds(900))
        try await twins.report(0, to: store, at: time + .seconds(900 + 86_399))
        #expect(try await twofold().map(\.state) == [.open])
        try await twins.report(0, to: store, at: time + .seconds(900 + 86_401))
        #expect(try await twofold().map(\.state) == [.closed])
    }
}
