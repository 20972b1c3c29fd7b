import Foundation
import GRDB
import Reports
import Testing

@testable import Collector

@Suite("What every store promises", .everyStore)
struct StoreContractTests {
    private let time = SampleFault.time

    // MARK: Reports

    @Test("A fault becomes one case and one delivery for each recipient, in one step")
    func oneStep() async throws {
        let store = try openStore()
        var agent = try await store.enrolled("h1")
        let receipt = try await store.accept(
            agent.faults(SampleFault.change(.opened, SampleFault.make("f1"))), from: "h1")
        #expect(receipt.through(.faults) == 1)
        let found = try await store.theOnlyCase()
        #expect(found.number.wholeMatch(of: /CH-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}/) != nil)
        let deliveries = try await store.deliveries(caseNumber: found.number)
        #expect(deliveries.map(\.recipient) == ["desk", "hook"])
        #expect(deliveries.map(\.event) == [.opened, .opened])
        let begun = try await store.begin(at: time)
        #expect(begun.map(\.ticket.event) == [.opened, .opened])
        #expect(
            begun.allSatisfy {
                $0.ticket.number == found.number && $0.reports.count == 1 && $0.certificates == ["PEM"]
            })
    }

    @Test("A report of many changes is kept once with its case, and leaves room for those before it")
    func manyChangesOneReport() async throws {
        let store = try openStore()
        var agent = try await store.enrolled("h1")
        _ = try await store.accept(
            agent.faults(SampleFault.change(.opened, SampleFault.make("f0"))), from: "h1")
        let changes = (1...CaseLimits.reports + 1).map { SampleFault.change(.opened, SampleFault.make("f\($0)")) }
        let last = try agent.verified(agent.report(.faults(changes)))
        _ = try await store.accept(last, from: "h1")
        let found = try await store.theOnlyCase()
        #expect(found.members.count == changes.count + 1)
        let message = try #require(try await store.begin(at: time).first)
        #expect(message.reports.count == 2 && message.reports.last == last.envelope)
    }

    @Test("A repeated report changes nothing, and the receipt covers it")
    func repeated() async throws {
        let store = try openStore()
        var agent = try await store.enrolled("h1")
        let report = try agent.faults(SampleFault.change(.opened, SampleFault.make("f1")))
        let first = try await store.accept(report, from: "h1")
        #expect(try await store.accept(report, report, from: "h1") == first)
        #expect(try await store.theOnlyCase().revision == 1)
    }

    @Test(
        "A report after a gap is not applied; the gap is shown once, and the receipt says how far")
    func gap() async throws {
        let store = try openStore()
        var agent = try await store.enrolled("h1")
        _ = try agent.faults(SampleFault.change(.opened, SampleFault.make("lost")))
        let late = try agent.faults(SampleFault.change(.opened, SampleFault.make("f2", blaming: "sdb")))
        for _ in 1...3 { #expect(try await store.accept(late, from: "h1").through(.faults) == 0) }
        #expect(try await store.allCases().isEmpty)
        #expect(try await store.events(host: "h1", limit: 100).filter { $0.kind == .gap }.count == 1)
    }

    @Test("What is signed and wrong is refused for good, and the next report is taken")
    func refused() async throws {
        let store = try openStore()
        var agent = try await store.enrolled("h1")
        var wrong = try agent.faults()
        wrong.content = .malformed(because: "changes is missing")
        let receipt = try await store.accept(
            wrong, agent.faults(SampleFault.change(.opened, SampleFault.make("f1"))), from: "h1")
        #expect(receipt.refused == [Receipt.Refusal(stream: .faults, sequence: 1, because: "changes is missing")])
        #expect(receipt.through(.faults) == 2)
        #expect(try await store.allCases().count == 1)
    }

    @Test("An old spool is told the newer epoch, and nothing of it is applied")
    func oldEpoch() async throws {
        let store = try openStore()
        var agent = try await store.enrolled("h1")
        let old = agent
        agent.epoch = 3
        try await store.accept(agent.heartbeat(), from: "h1")
        var restored = old
        let receipt = try await store.accept(
            restored.faults(SampleFault.change(.opened, SampleFault.make("f1"))), from: "h1")
        #expect(receipt.epoch == 3)
        #expect(receipt.through(.faults) == 0 && receipt.through(.telemetry) == 1)
        #expect(try await store.allCases().isEmpty)
        #expect(try await store.events(host: "h1", limit: 9).map(\.kind) == [.oldEpoch, .newEpoch, .enrolled])
    }

    @Test(
        "An agent that asks how far its reports have come, in the epoch 0, is told; nothing is applied, and nothing is noted"
    )
    func question() async throws {
        let store = try openStore()
        var agent = try await store.enrolled("h1")
        try await store.accept(agent.heartbeat(), from: "h1")
        let before = try await store.events(host: "h1", limit: 9)
        agent.epoch = 0
        let receipt = try await store.accept(
            agent.faults(SampleFault.change(.opened, SampleFault.make("f1"))), from: "h1")
        #expect(receipt.epoch == 1 && receipt.through(.faults) == 0 && receipt.through(.telemetry) == 1)
        #expect(receipt.refused.isEmpty)
        #expect(try await store.allCases().isEmpty)
        #expect(try await store.events(host: "h1", limit: 9) == before)
    }

    @Test("Unknown kinds of report are kept, counted, and shown once")
    func unknownKinds() async throws {
        let store = try openStore()
        var agent = try await store.enrolled("h1")
        for _ in 1...3 { try await store.accept(agent.verified(agent.report(.unknown(kind: "hologram"))), from: "h1") }
        #expect(try await store.server(host: "h1")?.reportCounts == ["hologram": 3])
        #expect(try await store.events(host: "h1", limit: 9).filter { $0.kind == .unknownKind }.count == 1)
    }

    @Test("A clock that is decades off is a symptom and rejects nothing", arguments: [-1, 1])
    func clocks(sign: Int) async throws {
        let store = try openStore()
        var agent = try await store.enrolled("h1")
        agent.time = time + .seconds(sign * 30 * 365 * 86_400)
        #expect(try await store.accept(agent.heartbeat(), from: "h1").through(.telemetry) == 1)
        let symptom = try #require(try await store.server(host: "h1")?.clockSymptom)
        #expect(symptom.contains(sign > 0 ? "10950 days ahead" : "10950 days behind"))
    }

    @Test("Many agents at once: every report once, every receipt its own")
    func manyAgents() async throws {
        let store = try openStore()
        var agents: [SigningAgent] = []
        for number in 1...20 { agents.append(try await store.enrolled("h\(number)")) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for agent in agents {
                group.addTask {
                    var agent = agent
                    for count in 1...5 {
                        let fault = SampleFault.make("f\(count)", blaming: "sd\(count % 3)")
                        let receipt = try await store.accept(
                            agent.faults(SampleFault.change(.opened, fault)), from: agent.host)
                        #expect(receipt.host == agent.host)
                        #expect(receipt.through(.faults) == Int64(count))
                    }
                }
            }
            try await group.waitForAll()
        }
        let cases = try await store.allCases()
        #expect(cases.count == 60)
        #expect(Set(cases.map(\.number)).count == 60)
    }

    @Test("A batch of an unknown server fails alone")
    func failsAlone() async throws {
        let store = try openStore()
        var agent = try await store.enrolled("h1")
        var stranger = SigningAgent("h9")
        let (good, bad) = (try agent.heartbeat(), try stranger.heartbeat())
        async let taken = store.accept(good, from: "h1")
        await #expect(throws: StoreError.notFound(what: "server h9")) { try await store.accept(bad, from: "h9") }
        #expect(try await taken.through(.telemetry) == 1)
    }

    // MARK: Crashes

    @Test("Whatever was acknowledged is there after a crash, whole")
    func crashes() async throws {
        let store = try openStore()
        var agent = try await store.enrolled("h1")
        for count in 1...4 {
            let change = SampleFault.change(.opened, SampleFault.make("f\(count)", blaming: "sd\(count)"))
            let receipt = try await store.accept(agent.faults(change), from: "h1")
            let found = try #require(StoreUnderTest.current).afterCrash().open()
            var repeated = agent
            repeated.next[.faults] = Int64(count - 1)
            #expect(try await found.accept(repeated.faults(change), from: "h1") == receipt)
            let cases = try await found.allCases()
            #expect(cases.count == count)
            for one in cases { #expect(try await found.deliveries(caseNumber: one.number).count == 2 * one.revision) }
        }
    }

    @Test("A full disk refuses the report and changes nothing; with room again it is taken")
    func diskFull() async throws {
        let place = try StoreUnderTest(.sqlite)
        let store = try #require(try place.open() as? SQLiteStore)
        var agent = try await store.enrolled("h1")
        let limit = try await store.pool.write { db in
            let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
            return try Int.fetchOne(db, sql: "PRAGMA max_page_count = \(pages)") ?? 0
        }
        #expect(limit > 0)
        let parts = (1...200).map { SampleFault.disk("disk-\($0)", serial: String(repeating: "x", count: 500)) }
        let inventory = try agent.verified(agent.report(.inventory(Inventory(components: parts)), .telemetry))
        await #expect(throws: StoreError.self) { try await store.accept(inventory, from: "h1") }
        #expect(try await store.inventory(host: "h1") == nil)
        try await store.pool.write { try $0.execute(sql: "PRAGMA max_page_count = 1000000") }
        #expect(try await store.accept(inventory, from: "h1").through(.telemetry) == 1)
        #expect(try await store.inventory(host: "h1")?.components.count == 200)
    }

    // MARK: Cases

    @Test("One part has one open case: the database itself refuses a second, and of closed ones there may be many")
    func oneOpenCase() async throws {
        let store = try openStore()
        var agent = try await store.enrolled("h1")
        try await store.accept(agent.faults(SampleFault.change(.opened, SampleFault.make("f1"))), from: "h1")
        let first = try await store.theOnlyCase()
        var second = first
        second.number = "CH-TEST-000002"
        let rival = second
        await #expect(throws: StoreError.self) {
            try await store.transaction("saving a case") { try $0.save(rival, senderNumber: nil) }
        }
        #expect(try await store.allCases() == [first])
        second.state = .closed
        try await store.transaction("saving a case") { [second] in try $0.save(second, senderNumber: nil) }
        #expect(try await store.allCases().count == 2)
    }

    @Test("A line that is added to a closed case takes no fault away from the case that is open by it")
    func lateAnswer() async throws {
        let store = try openStore()
        var agent = try await store.enrolled("h1")
        func accept(_ kind: FaultChange.Kind, _ urgency: Urgency) async throws {
            let change = SampleFault.change(kind, SampleFault.make("f1", urgency: urgency))
            try await store.accept(agent.faults(change), from: "h1")
        }
        try await accept(.opened, .plan)
        let first = try await store.theOnlyCase()
        _ = try await store.decide(
            CaseDecision(kind: .close, by: "admin", because: "it is old", time: SampleFault.time), onCase: first.number)
        try await accept(.updated, .order)
        // A recipient answers late to what it was told of the first.
        try await store.transaction("noting an answer") { transaction in
            guard var closed = try transaction.findCase(number: first.number) else { return }
            closed.note(.delivered, by: "desk", because: "desk took it.", at: SampleFault.time)
            try transaction.save(closed, senderNumber: nil)
        }
        #expect(try await store.allCases().map(\.isClosed) == [false, true])
        try await accept(.cleared, .order)
        #expect(try await store.allCases().allSatisfy(\.isClosed))
    }

    @Test("Two open cases about one part of an older database stay as they are; what comes joins the newer")
    func twoOpenCases() async throws {
        let place = try StoreUnderTest(.sqlite)
        let old = try #require(try place.open() as? SQLiteStore)
        var agent = try await old.enrolled("h1")
        try await old.accept(agent.faults(SampleFault.change(.opened, SampleFault.make("f1"))), from: "h1")
        let first = try await old.theOnlyCase()
        try await old.pool.write { db in
            try db.execute(
                sql: "DROP INDEX case_open_by_subject; DELETE FROM grdb_migrations WHERE identifier = 'one-open-case'")
        }
        var second = first
        (second.number, second.openedAt) = ("CH-TEST-000002", first.openedAt + .seconds(1))
        try await old.transaction("saving a case") { [second] in try $0.save(second, senderNumber: nil) }
        let store = try place.afterCrash().open()
        #expect(try await store.allCases().count { !$0.isClosed } == 2)
        let joining = SampleFault.change(.opened, SampleFault.make("f2"))
        try await store.accept(agent.faults(joining), from: "h1")
        #expect(try await store.findCase(number: second.number)?.members.count == 2)
        #expect(try await store.findCase(number: first.number) == first)
    }

    @Test("A batch that the database refuses keeps no other server's reports out")
    func refusedBatch() async throws {
        let place = try StoreUnderTest(.sqlite)
        let store = try #require(try place.open() as? SQLiteStore)
        var (one, other) = (try await store.enrolled("h1"), try await store.enrolled("h2"))
        try await store.pool.write { db in
            try db.execute(
                sql: "CREATE TRIGGER refuse BEFORE INSERT ON \"case\" WHEN new.host = 'h1' BEGIN "
                    + "SELECT RAISE(ABORT, 'one too many'); END")
        }
        let change = SampleFault.change(.opened, SampleFault.make("f1"))
        let (refused, taken) = (try one.faults(change), try other.faults(change))
        let group = [VerifiedBatch(host: "h1", reports: [refused]), VerifiedBatch(host: "h2", reports: [taken])]
        let answers = await SQLiteStore.write(
            group.map { ($0, SampleFault.time) }, into: store.pool, under: store.policy, store.setAside)
        #expect(throws: StoreError.self) { try answers[0].get() }
        #expect(try answers[1].get().through(.faults) == 1)
        #expect(try await store.allCases().map(\.host) == ["h2"])
    }

    @Test(
        "Patterns that blame the same part join one case; it closes with the last of them")
    func onePartOneCase() async throws {
        let store = try openStore()
        var agent = try await store.enrolled("h1")
        let (first, second) = (SampleFault.make("f1"), SampleFault.make("f2"))
        try await store.accept(
            agent.faults(SampleFault.change(.opened, first), SampleFault.change(.opened, second)), from: "h1")
        try await store.deliverAll()
        try await store.accept(agent.faults(SampleFault.change(.cleared, first)), from: "h1")
        #expect(try await store.theOnlyCase().state == .open)
        try await store.accept(agent.faults(SampleFault.change(.cleared, second, because: "all read")), from: "h1")
        let closed = try await store.theOnlyCase()
        #expect(closed.state == .closed)
        try await store.deliverAll()
        let events = try await store.deliveries(caseNumber: closed.number).filter { $0.recipient == "desk" }.map(
            \.event)
        #expect(events == [.opened, .closed], "the two faults came together, and are told together")
    }

    @Test(
        "Below plan a case is shown and nobody is told; when it rises, the first message is its opening")
    func belowPlan() async throws {
        let store = try openStore()
        var agent = try await store.enrolled("h1")
        try await store.accept(
            agent.faults(SampleFault.change(.opened, SampleFault.make("f1", urgency: .watch))), from: "h1")
        let number = try await store.theOnlyCase().number
        #expect(try await store.deliveries(caseNumber: number).isEmpty)
        try await store.accept(
            agent.faults(SampleFault.change(.updated, SampleFault.make("f1", urgency: .plan))), from: "h1")
        #expect(try await store.deliveries(caseNumber: number).map(\.event) == [.opened, .opened])
    }

    @Test("An exchanged part closes its case, and recipients are told")
    func exchanged() async throws {
        let store = try openStore()
        var agent = try await store.enrolled("h1")
        try await store.accept(agent.faults(SampleFault.change(.opened, SampleFault.make("f1"))), from: "h1")
        try await store.deliverAll()
        let inventory = Inventory(components: [SampleFault.disk("sdq", serial: "S2")])
        try await store.accept(agent.verified(agent.report(.inventory(inventory), .telemetry)), from: "h1")
        let closed = try await store.theOnlyCase()
        #expect(closed.closedBecause == "The part at Bay 3 was exchanged: serial S1 is out, S2 is in.")
        #expect(try await store.deliveries(caseNumber: closed.number).last?.event == .closed)
    }

    @Test(
        "A dying disk that vanishes was not exchanged for its neighbour: the order stays, and nobody is told otherwise")
    func vanished() async throws {
        let store = try openStore()
        var agent = try await store.enrolled("h1")
        func inventory(_ disks: [Component]) throws -> VerifiedReport {
            try agent.verified(agent.report(.inventory(Inventory(components: disks)), .telemetry))
        }
        let dying = SampleFault.disk("wwn-1", serial: "S1")
        let neighbour = SampleFault.disk("wwn-2", serial: "S2")
        try await store.accept(try inventory([dying, neighbour]), from: "h1")
        let fault = SampleFault.make("f1", blaming: "wwn-1")
        try await store.accept(agent.faults(SampleFault.change(.opened, fault)), from: "h1")
        try await store.accept(try inventory([neighbour]), from: "h1")
        try await store.accept(try inventory([]), from: "h1")
        try await store.accept(try inventory([neighbour]), from: "h1")
        let open = try await store.theOnlyCase()
        #expect(open.state == .open)
        #expect(try await store.deliveries(caseNumber: open.number).allSatisfy { $0.event == .opened })
        let moved = SampleFault.disk("wwn-2", serial: "S2", location: "Bay 4")
        try await store.accept(try inventory([SampleFault.disk("wwn-3", serial: "S3"), moved]), from: "h1")
        #expect(try await store.theOnlyCase().closedBecause?.contains("S1 is out, S3 is in") ?? false)
    }

    @Test("The gravest cases come first whatever the limit, page after page; none is lost or shown twice")
    func gravestFirst() async throws {
        var policy = StoreUnderTest.policy
        policy.casesPerHostPerHour = 10_000
        policy.recipients = []
        let store = try openStore(policy)
        var agent = try await store.enrolled("h1")
        func open(_ id: String, _ urgency: Urgency, at minute: Int64) async throws {
            let fault = SampleFault.make(id, blaming: id, urgency: urgency)
            try await store.accept(
                agent.faults(SampleFault.change(.opened, fault)), from: "h1",
                at: SampleFault.time + .seconds(60 * minute))
        }
        try await open("oldest-order", .order, at: 0)
        try await open("old-plan", .plan, at: 1)
        for number in 0..<520 { try await open("w\(number)", .watch, at: Int64(2 + number)) }
        try await open("new-order", .order, at: 600)
        try await store.accept(
            agent.verified(agent.report(.test(TestFault(id: "t1", fault: SampleFault.make("t1"))))), from: "h1",
            at: SampleFault.time + .seconds(60 * 700))
        let closing = try await store.cases(CaseQuery(limit: 1))
        #expect(closing.first?.members.first?.fault.id.rawValue == "new-order")
        let first = try await store.cases(CaseQuery())
        #expect(first.count == 500)
        #expect(first.prefix(3).map { $0.members[0].fault.id.rawValue } == ["new-order", "oldest-order", "old-plan"])
        #expect(try await store.countCases(CaseQuery()) == 524)
        var numbers: [String] = []
        for page in 0..<6 {
            numbers += try await store.cases(CaseQuery(limit: 100, offset: page * 100)).map(\.number)
        }
        #expect(numbers.count == 524 && Set(numbers).count == 524)
        #expect(try await store.findCase(number: try #require(numbers.last))?.test == "t1", "tests come last")
        #expect(try await store.cases(CaseQuery(limit: 0)).isEmpty)
        #expect(try await store.cases(CaseQuery(limit: -1, offset: -5)).isEmpty)
    }

    @Test(
        "Up to the limit each part has its case; one more opens the storm case, which takes the rest")
    func storm() async throws {
        let store = try openStore()
        var agent = try await store.enrolled("h1")
        let limit = StoreUnderTest.policy.casesPerHostPerHour
        for number in 1...(limit + 3) {
            try await store.accept(
                agent.faults(SampleFault.change(.opened, SampleFault.make("f\(number)", blaming: "sd\(number)"))),
                from: "h1")
        }
        let cases = try await store.allCases()
        #expect(cases.filter { $0.origin == .faults }.count == limit)
        let storm = try #require(cases.first { $0.origin == .storm })
        #expect(storm.members.count == 3)
        #expect(storm.suspect.kind == .server)
        #expect(try await store.deliveries(caseNumber: storm.number).count == 2)
        for number in 1...(limit + 3) {
            try await store.accept(
                agent.faults(SampleFault.change(.cleared, SampleFault.make("f\(number)", blaming: "sd\(number)"))),
                from: "h1")
        }
        #expect(try await store.cases(CaseQuery()).isEmpty)
    }

    @Test(
        "A part whose fault the storm's case holds, listed or not, gets no second case after the storm; another part does"
    )
    func afterTheStorm() async throws {
        let store = try openStore()
        var agent = AccountingAgent(try await store.enrolled("h1"))
        let limit = StoreUnderTest.policy.casesPerHostPerHour
        let count = limit + CaseLimits.members + 1
        func open(_ id: String, _ part: Int, at when: Timestamp) async throws {
            let fault = SampleFault.make(id, blaming: "sd\(part)")
            try await store.accept(agent.faults(SampleFault.change(.opened, fault)), from: "h1", at: when)
        }
        for number in 1...count { try await open("f\(number)", number, at: time) }
        let storm = try #require(try await store.allCases().first { $0.origin == .storm })
        let listed = Set(storm.members.map(\.fault.id.rawValue))
        let unlisted = try #require(((limit + 1)...count).first { !listed.contains("f\($0)") })
        let cases = try await store.allCases().count
        let later = time + .seconds(2 * 3600)
        try await open("again-listed", count, at: later)
        try await open("again-unlisted", unlisted, at: later)
        #expect(try await store.allCases().count == cases)
        try await open("other", count + 1, at: later)
        #expect(try await store.allCases().count == cases + 1)
    }

    @Test(
        "A fault that ended and is stated again joins the storm's case that holds its part: there is no second one"
    )
    func againInTheStorm() async throws {
        let store = try openStore()
        var agent = AccountingAgent(try await store.enrolled("h1"))
        func report(_ kind: FaultChange.Kind, _ id: String, _ part: String) async throws {
            let change = SampleFault.change(kind, SampleFault.make(id, blaming: part))
            try await store.accept(agent.faults(change), from: "h1")
        }
        try await report(.opened, "first", "sda")
        try await report(.cleared, "first", "sda")
        for number in 1...StoreUnderTest.policy.casesPerHostPerHour {
            try await report(.opened, "f\(number)", "sd\(number)")
        }
        try await report(.opened, "second", "sda")
        // The report of the first one's return is lost; the agent states it.
        var lost = try agent.faults(SampleFault.change(.opened, SampleFault.make("first")))
        lost.content = .malformed(because: "lost")
        try await store.accept(lost, from: "h1")
        for part in try agent.statement(answering: nil) { try await store.accept(part, from: "h1") }
        let holding = try await store.cases(CaseQuery()).filter { found in
            found.openFaults.contains { $0.suspects.first?.component == ComponentID(.disk, "sda") }
        }
        #expect(holding.map(\.origin) == [.storm])
        #expect(Set(holding.flatMap(\.openFaults).map(\.id.rawValue)).isSuperset(of: ["first", "second"]))
    }

    @Test(
        "A case whose fault is put down to another part is that part's: its faults join it, those of the former do not"
    )
    func followsItsPart() async throws {
        let store = try openStore()
        var agent = try await store.enrolled("h1")
        func report(_ kind: FaultChange.Kind, _ id: String, _ part: String) async throws {
            let change = SampleFault.change(kind, SampleFault.make(id, blaming: part))
            try await store.accept(agent.faults(change), from: "h1")
        }
        try await report(.opened, "f1", "sda")
        try await report(.updated, "f1", "sdb")
        try await report(.opened, "f2", "sdb")
        let one = try await store.theOnlyCase()
        #expect(one.openFaults.map(\.id.rawValue) == ["f1", "f2"])
        #expect(one.suspect.component == ComponentID(.disk, "sdb"))
        try await report(.opened, "f3", "sda")
        let two = try await store.allCases()
        #expect(Set(two.map { $0.suspect.component?.rawValue }) == ["disk:sda", "disk:sdb"])
        for fault in ["f1", "f2"] { try await report(.cleared, fault, "sdb") }
        try await report(.cleared, "f3", "sda")
        #expect(try await store.allCases().allSatisfy(\.isClosed))
    }

    @Test(
        "A fault that is put down to a part which has a case goes on in that; its own ends without it and says so")
    func joinsItsPart() async throws {
        let store = try openStore()
        var agent = try await store.enrolled("h1")
        func report(_ kind: FaultChange.Kind, _ id: String, _ part: String) async throws {
            let change = SampleFault.change(kind, SampleFault.make(id, blaming: part))
            try await store.accept(agent.faults(change), from: "h1")
        }
        try await report(.opened, "f0", "sda")
        try await report(.opened, "f1", "sda")
        try await report(.opened, "f2", "sdb")
        try await store.deliverAll()
        let (sda, sdb) = try await (number(of: "sda", in: store), number(of: "sdb", in: store))
        try await report(.updated, "f1", "sdb")
        #expect(try await store.findCase(number: sda)?.openFaults.map(\.id.rawValue) == ["f0"])
        #expect(try await store.findCase(number: sdb)?.openFaults.map(\.id.rawValue) == ["f2", "f1"])
        // What comes to the case that it left does not take it back, not even where nothing of the other is in hand.
        try await report(.updated, "f0", "sda")
        try await store.transaction("noting an answer") { transaction in
            guard var left = try transaction.findCase(number: sda) else { return }
            left.note(.delivered, by: "desk", because: "desk took it.", at: SampleFault.time)
            try transaction.save(left, senderNumber: nil)
        }
        try await report(.cleared, "f1", "sdb")
        #expect(try await store.findCase(number: sdb)?.openFaults.map(\.id.rawValue) == ["f2"])
        try await report(.updated, "f0", "sdb")
        let ended = try #require(try await store.findCase(number: sda))
        #expect(ended.closedBecause == "It is put down to /dev/sdb now, and goes on in case \(sdb).")
        let told = try await store.deliverAll().filter { $0.recipient == "desk" }
        #expect(Set(told.map { "\($0.caseNumber) \($0.ticket.event)" }) == ["\(sda) closed", "\(sdb) updated"])
        // Each ends in the case in which it is.
        try await report(.cleared, "f0", "sdb")
        #expect(try await store.findCase(number: sdb)?.openFaults.map(\.id.rawValue) == ["f2"])
        try await report(.cleared, "f2", "sdb")
        #expect(try await store.allCases().allSatisfy(\.isClosed))
    }

    private func number(of part: String, in store: any CollectorStore) async throws -> String {
        let found = try await store.allCases().first { $0.suspect.component == ComponentID(.disk, part) }
        return try #require(found).number
    }

    @Test("A person acknowledges and closes; what is closed is closed")
    func byHand() async throws {
        let store = try openStore()
        var agent = try await store.enrolled("h1")
        try await store.accept(agent.faults(SampleFault.change(.opened, SampleFault.make("f1"))), from: "h1")
        let number = try await store.theOnlyCase().number
        func decide(_ kind: CollectorAPI.Decision.Kind, _ because: String, on number: String) async throws -> Case {
            try await store.decide(
                CaseDecision(kind: kind, by: "admin", because: because, time: time), onCase: number)
        }
        #expect(try await decide(.acknowledge, "seen", on: number).state == .acknowledged)
        // Whoever acknowledges it again changes nothing.
        #expect(try await decide(.acknowledge, "again", on: number).history.map(\.kind) == [.opened, .acknowledged])
        #expect(try await decide(.close, "mended", on: number).closedBecause == "mended")
        for kind in CollectorAPI.Decision.Kind.allCases {
            await #expect(throws: StoreError.conflict(because: "case \(number) is closed already")) {
                try await decide(kind, "again", on: number)
            }
            await #expect(throws: StoreError.noCase("CH-NONE")) {
                try await decide(kind, "", on: "CH-NONE")
            }
        }
    }

    @Test(
        "A test goes to every recipient, orders nothing, and closes when all have confirmed")
    func tests() async throws {
        let store = try openStore()
        var agent = try await store.enrolled("h1")
        let test = ReportContent.test(TestFault(id: "t1", fault: SampleFault.make("f1", urgency: .order)))
        try await store.accept(agent.verified(agent.report(test)), from: "h1")
        let record = try #require(try await store.testRecord(id: "t1"))
        let deliveries = try await store.begin(at: time)
        #expect(deliveries.map(\.recipient) == ["desk", "hook"])
        #expect(deliveries.allSatisfy { $0.ticket.test && $0.ticket.event == .test && $0.ticket.urgency < .order })
        #expect(deliveries.allSatisfy { $0.ticket.suspect.kind == .test && $0.ticket.suspect.part == Part() })
        for delivery in deliveries {
            #expect(try await store.findCase(number: record.caseNumber)?.state == .open)
            try await store.record(.taken(TicketReference(text: nil)), to: delivery)
        }
        #expect(try await store.findCase(number: record.caseNumber)?.state == .closed)
        #expect(try await store.deliveries(caseNumber: record.caseNumber).count == 2)
    }

    @Test("A test that nobody confirms is closed after a day")
    func forgottenTest() async throws {
        let store = try openStore()
        var agent = try await store.enrolled("h1")
        let test = ReportContent.test(TestFault(id: "t1", fault: SampleFault.make("f1")))
        try await store.accept(agent.verified(agent.report(test)), from: "h1")
        let retention = CollectorConfiguration().retention
        try await store.tidy(retention, at: time + CaseLimits.testLifetime)
        #expect(try await store.theOnlyCase().state == .open)
        try await store.tidy(retention, at: time + CaseLimits.testLifetime + .milliseconds(1))
        #expect(try await store.theOnlyCase().state == .closed)
    }
}
