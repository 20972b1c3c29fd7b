import Reports
import Testing

@testable import Collector

/// What an agent says that stands, and what is open here, come to agree.
@Suite("Accounts of what stands", .everyStore)
struct MirrorContractTests {
    private let time = SampleFault.time

    private func opened(_ id: String, blaming part: String = "sda", _ urgency: Urgency = .order) -> FaultChange {
        SampleFault.change(.opened, SampleFault.make(id, blaming: part, urgency: urgency))
    }

    private func cleared(_ id: String, blaming part: String = "sda") -> FaultChange {
        SampleFault.change(.cleared, SampleFault.make(id, blaming: part))
    }

    private func open(_ store: any CollectorStore) async throws -> Set<String> {
        Set(try await store.cases(CaseQuery()).flatMap { $0.openFaults.map(\.id.rawValue) })
    }

    @Test("Where both accounts agree, nobody is asked, and the receipt says how high the stamps are")
    func agree() async throws {
        let store = try openStore()
        var agent = AccountingAgent(try await store.enrolled("h1"))
        try await store.accept(agent.faults(opened("f1")), from: "h1")
        try await store.accept(agent.faults(cleared("f1"), opened("f2", blaming: "sdb")), from: "h1")
        let receipt = try await store.accept(agent.heartbeat(), from: "h1")
        #expect(receipt.restate == nil && receipt.stamp == 3)
        #expect(try await store.events(host: "h1", limit: 9).map(\.kind) == [.enrolled])
    }

    /// A report whose content never arrives, though its position is covered.
    private func lost(_ report: VerifiedReport) -> VerifiedReport {
        var report = report
        report.content = .malformed(because: "lost")
        return report
    }

    @Test("What was told and is not known here comes back: opened faults and ended ones")
    func lostChanges() async throws {
        let store = try openStore()
        var agent = AccountingAgent(try await store.enrolled("h1"))
        try await store.accept(agent.faults(opened("old")), from: "h1")
        try await store.accept(lost(agent.faults(cleared("old"), opened("new", blaming: "sdb"))), from: "h1")
        let question = try #require(try await store.accept(agent.heartbeat(), from: "h1").restate)
        #expect(try await store.accept(agent.heartbeat(), from: "h1").restate == question, "the same until answered")
        for part in try agent.statement(answering: question) { try await store.accept(part, from: "h1") }
        #expect(try await open(store) == ["new"])
        let closed = try #require(try await store.allCases().first(where: \.isClosed))
        #expect(closed.closedBecause?.contains("no longer stands") == true)
        #expect(try await store.accept(agent.heartbeat(), from: "h1").restate == nil)
    }

    @Test("A statement in parts counts when the last is there, and one that is not whole clears nothing")
    func parts() async throws {
        let store = try openStore()
        var agent = AccountingAgent(try await store.enrolled("h1"))
        try await store.accept(agent.faults(opened("f1"), opened("f2", blaming: "sdb")), from: "h1")
        var two = try agent.statement(answering: nil, size: 1)
        let first = two.removeFirst()
        let second = two.removeFirst()
        // The second is refused, say: what follows is another statement's last part.
        try await store.accept(first, from: "h1")
        try await store.accept(lost(second), from: "h1")
        #expect(try await open(store) == ["f1", "f2"])
        for part in try agent.statement(answering: nil, size: 1) { try await store.accept(part, from: "h1") }
        #expect(try await open(store) == ["f1", "f2"])
        let cases = try await store.cases(CaseQuery())
        #expect(cases.allSatisfy { $0.revision == 1 }, "what is known is told to nobody again")
    }

    @Test(
        "Faults of a memory that was lost stay open as not confirmed, and end by what the new one tells of the same part"
    )
    func newMemory() async throws {
        let store = try openStore()
        var agent = AccountingAgent(try await store.enrolled("h1"))
        try await store.accept(agent.faults(opened("f1"), opened("f2", blaming: "sdb")), from: "h1")
        agent.forget()
        _ = try agent.begin(epoch: 2)
        let receipt = try await store.accept(agent.heartbeat(), from: "h1")
        #expect(receipt.restate == nil, "it says that nothing stands, and that is what is known of its epoch")
        #expect(try await open(store) == ["f1", "f2"], "absence is no recovery")
        let found = try #require(try await store.cases(CaseQuery()).first)
        #expect(found.history.last?.because.contains("not known") == true)
        // It finds the first one again, under another name.
        try await store.accept(agent.faults(opened("g1")), from: "h1")
        #expect(try await open(store) == ["g1", "f2"])
        #expect(try await store.allCases().count == 2, "the case goes on")
    }

    @Test("A fault that nobody confirms ends after fourteen days in which the agent read all, and not before")
    func neverConfirmed() async throws {
        let store = try openStore()
        var agent = AccountingAgent(try await store.enrolled("h1"))
        try await store.accept(agent.faults(opened("f1")), from: "h1")
        agent.forget()
        _ = try agent.begin(epoch: 2)
        let reads = [
            Heartbeat.Coverage(
                probe: "disk-health", state: "ok", because: "", components: 1, signals: 1, lastSuccess: time)
        ]
        let blind =
            reads + [
                Heartbeat.Coverage(
                    probe: "ipmi", state: "failing", because: "x", components: 0, signals: 0, lastSuccess: nil)
            ]
        try await store.accept(agent.heartbeat(reads), from: "h1", at: time)
        let due = time + MirroredFault.confirmation
        try await store.accept(agent.heartbeat(reads), from: "h1", at: due - .seconds(1))
        try await store.accept(agent.heartbeat(blind), from: "h1", at: due)
        #expect(try await open(store) == ["f1"])
        try await store.accept(agent.heartbeat(reads), from: "h1", at: due)
        #expect(try await open(store).isEmpty)
    }

    @Test("An old copy of a spool that states a fault of before its end opens nothing; a newer change of it does")
    func oldCopy() async throws {
        let store = try openStore()
        var agent = AccountingAgent(try await store.enrolled("h1"))
        try await store.accept(agent.faults(opened("f1")), from: "h1")
        var copy = agent
        let receipt = try await store.accept(agent.faults(cleared("f1")), from: "h1")
        for part in try copy.begin(epoch: receipt.epoch + 1, knownStamp: receipt.stamp) {
            try await store.accept(part, from: "h1")
        }
        #expect(try await open(store).isEmpty)
        #expect(try await store.accept(copy.heartbeat(), from: "h1").restate == nil, "quiet, and part of the account")
        try await store.accept(
            copy.faults(SampleFault.change(.updated, SampleFault.make("f1"), because: "worse")), from: "h1")
        #expect(try await open(store) == ["f1"])
    }

    @Test("A case that a person closed stays closed when its fault is stated again, and opens when it got worse")
    func closedByPerson() async throws {
        let store = try openStore()
        var agent = AccountingAgent(try await store.enrolled("h1"))
        try await store.accept(agent.faults(opened("f1", .plan)), from: "h1")
        let number = try await store.theOnlyCase().number
        _ = try await store.decide(
            CaseDecision(kind: .close, by: "admin", because: "known", time: time), onCase: number)
        for part in try agent.statement(answering: nil) { try await store.accept(part, from: "h1") }
        #expect(try await open(store).isEmpty)
        #expect(try await store.accept(agent.heartbeat(), from: "h1").restate == nil)
        // The change to it is lost on its way; the statement brings it.
        let worse = try agent.faults(SampleFault.change(.updated, SampleFault.make("f1", urgency: .order)))
        try await store.accept(lost(worse), from: "h1")
        for part in try agent.statement(answering: nil) { try await store.accept(part, from: "h1") }
        #expect(try await open(store) == ["f1"])
    }

    @Test("A storm case stays open while any of its faults stands, also one that it has no room to list")
    func unlisted() async throws {
        let store = try openStore()
        var agent = AccountingAgent(try await store.enrolled("h1"))
        let limit = StoreUnderTest.policy.casesPerHostPerHour
        let count = limit + CaseLimits.members + 5
        for number in 1...count {
            try await store.accept(agent.faults(opened("f\(number)", blaming: "sd\(number)")), from: "h1")
        }
        let storm = try #require(try await store.cases(CaseQuery()).first { $0.origin == .storm })
        #expect(storm.members.count == CaseLimits.members)
        let listed = Set(storm.members.map(\.fault.id.rawValue))
        let unlisted = ((limit + 1)...count).map { "f\($0)" }.filter { !listed.contains($0) }
        #expect(unlisted.count == 5)
        for fault in listed.sorted() {
            try await store.accept(agent.faults(cleared(fault, blaming: "sd\(fault.dropFirst())")), from: "h1")
        }
        #expect(try await store.findCase(number: storm.number)?.isClosed == false)
        for fault in unlisted {
            #expect(try await store.findCase(number: storm.number)?.isClosed == false)
            try await store.accept(agent.faults(cleared(fault, blaming: "sd\(fault.dropFirst())")), from: "h1")
        }
        #expect(try await store.findCase(number: storm.number)?.isClosed == true)
    }

    @Test("A fault beyond the limits is part of the account and keeps no other from being known")
    func refused() async throws {
        let store = try openStore()
        var agent = AccountingAgent(try await store.enrolled("h1"))
        var endless = SampleFault.make("endless", blaming: "sdb")
        endless.because = String(repeating: "x", count: ReportLimits.textBytes + 1)
        try await store.accept(lost(agent.faults(opened("f1"), SampleFault.change(.opened, endless))), from: "h1")
        #expect(try await open(store).isEmpty)
        let question = try #require(try await store.accept(agent.heartbeat(), from: "h1").restate)
        for part in try agent.statement(answering: question) { try await store.accept(part, from: "h1") }
        #expect(try await open(store) == ["f1"])
        #expect(try await store.accept(agent.heartbeat(), from: "h1").restate == nil)
    }

    @Test("Accounts that differ even after an answer are noted once, and asked about again after a day")
    func differs() async throws {
        let store = try openStore()
        var agent = try await store.enrolled("h1")
        // By a fault of its own it counts a fault that it does not state.
        func tell(_ content: ReportContent, at time: Timestamp) async throws -> Receipt {
            var report = agent.report(content, content.stream)
            report.standing = StandingFaults(
                epoch: 1, through: agent.next[.faults, default: 0], stamps: [FaultID(rawValue: "ghost"): 7])
            return try await store.accept(agent.verified(report), from: "h1", at: time)
        }
        let heartbeat = ReportContent.heartbeat(
            Heartbeat(interval: 60, coverage: [], patternPack: "p", openFaults: 1))
        let question = try #require(try await tell(heartbeat, at: time).restate)
        let answer = FaultStatement(answers: question, part: 1, of: 1, faults: [])
        #expect(try await tell(.statement(answer), at: time).restate == nil)
        for minute in 1...5 { #expect(try await tell(heartbeat, at: time + .seconds(60 * minute)).restate == nil) }
        #expect(try await store.events(host: "h1", limit: 9).filter { $0.kind == .accountsDiffer }.count == 1)
        let again = try await tell(heartbeat, at: time + StandingQuestion.pause).restate
        #expect(again != nil && again != question)
    }

    @Test("An agent that keeps no account is compared with nothing and asked nothing")
    func oldAgent() async throws {
        let store = try openStore()
        var agent = try await store.enrolled("h1")
        try await store.accept(agent.faults(opened("f1")), from: "h1")
        #expect(try await store.accept(agent.heartbeat(), from: "h1").restate == nil)
        #expect(try await open(store) == ["f1"])
    }
}
