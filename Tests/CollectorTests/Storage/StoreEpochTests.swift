import Foundation
import Reports
import Testing

@testable import Collector

@Suite("The store's epoch, fence and takeover", .everyStore)
struct StoreEpochTests {
    private let time = SampleFault.time

    private func opened(_ id: String, blaming part: String = "sda") -> FaultChange {
        SampleFault.change(.opened, SampleFault.make(id, blaming: part))
    }

    @Test("Receipts and tickets say which store they are from, and in which epoch of it")
    func told() async throws {
        let store = try openStore()
        let record = try await store.beginServing(on: "m1", knownUntil: time, at: time)
        var agent = try await store.enrolled("h1")
        let receipt = try await store.accept(agent.faults(opened("f1")), from: "h1")
        let site = try await store.identity().site
        #expect(receipt.collector == Receipt.Collector(store: site, epoch: record.epoch))
        let number = try await store.theOnlyCase().number
        let ticket = try #require(try await store.begin(at: time).first).ticket
        #expect(ticket.epoch == record.epoch && ticket.origin == Ticket.Origin(store: site, number: number))
        #expect(ticket.perhapsOrderedSince == nil)
    }

    @Test("A store that was shown a later epoch takes nothing, over restarts, until it is taken over")
    func fence() async throws {
        let store = try openStore()
        let own = try await store.beginServing(on: "m1", knownUntil: time, at: time).epoch
        var agent = try await store.enrolled("h1")
        #expect(try await store.learn(of: own) == .serving)
        let other = StoreEpoch(term: own.term, start: own.start + 9)
        #expect(try await store.learn(of: other) == .fenced(by: other, knownUntil: other.startTime))
        let report = try agent.faults(opened("f1"))
        let fenced = await #expect(throws: StoreError.self) { try await store.accept(report, from: "h1") }
        guard case .notCurrent = fenced else {
            Issue.record("\(String(describing: fenced))")
            return
        }
        #expect(try await store.allCases().isEmpty)
        await store.close()
        let again = try openStore()
        _ = try await again.beginServing(on: "m1", knownUntil: time, at: time + .seconds(100))
        await #expect(throws: StoreError.self) { try await again.accept(report, from: "h1") }
        let record = try await again.takeOver(on: "m1", at: time + .seconds(200))
        #expect(record.epoch > other)
        #expect(try await again.accept(report, from: "h1").collector?.epoch == record.epoch)
        await #expect(throws: StoreError.self) { try await again.takeOver(on: "m1", at: time) }
    }

    @Test("After a takeover, what began before says that it may have been ordered; what begins later does not")
    func perhapsOrdered() async throws {
        let store = try openStore()
        let own = try await store.beginServing(on: "m1", knownUntil: time, at: time).epoch
        var agent = try await store.enrolled("h1")
        try await store.accept(agent.faults(opened("known")), from: "h1")
        let other = StoreEpoch(term: own.term, start: own.start + 30)
        try await store.learn(of: other)
        let at = time + .seconds(600)
        _ = try await store.takeOver(on: "m1", at: at)
        var late = SampleFault.make("late", blaming: "sdc")
        late.openedAt = at + .seconds(1)
        try await store.accept(
            agent.faults(opened("before", blaming: "sdb"), SampleFault.change(.opened, late)), from: "h1", at: at)
        let cases = try await store.allCases()
        let since = Dictionary(
            uniqueKeysWithValues: cases.map { ($0.members[0].fault.id.rawValue, $0.perhapsOrderedSince) })
        #expect(since == ["known": nil, "before": other.startTime, "late": nil])
        let number = try #require(cases.first { $0.perhapsOrderedSince != nil }).number
        let ticket = try #require(try await store.begin(at: at).first { $0.caseNumber == number }).ticket
        #expect(ticket.perhapsOrderedSince == other.startTime)
        for (language, word) in [(Language.english, "ordered under another number"), (.german, "anderen Nummer")] {
            #expect("\(TicketText(ticket, in: language).sections)".contains(word))
        }
        // Nobody has to look any more where the case is closed.
        var closed = ticket
        closed.event = .closed
        #expect(!"\(TicketText(closed, in: .english).sections)".contains("another number"))
    }

    @Test("After a takeover whoever knows of a case is told how it stands here, above all that the other store told")
    func toldAgain() async throws {
        let store = try openStore()
        let own = try await store.beginServing(on: "m1", knownUntil: time, at: time).epoch
        var agent = try await store.enrolled("h1")
        try await store.accept(
            agent.faults(opened("known"), opened("ends", blaming: "sdb"), opened("waits", blaming: "sdc")), from: "h1")
        for delivery in try await store.begin(at: time) {
            // One was under way to the desk when the store was copied.
            if delivery.recipient == "desk", delivery.ticket.faults[0].id.rawValue == "waits" { continue }
            try await store.record(.taken(TicketReference(text: nil)), to: delivery, at: time)
        }
        let ended = try #require(try await store.allCases().first { $0.members[0].fault.id.rawValue == "ends" })
        _ = try await store.decide(
            CaseDecision(kind: .close, by: "anna", because: "b", time: time), onCase: ended.number)
        try await store.deliverAll(at: time + .seconds(2))
        let at = time + .seconds(3_600)
        try await store.learn(of: StoreEpoch(term: own.term, start: own.start + 30))
        let epoch = try await store.takeOver(on: "m1", at: at).epoch
        let begun = try await store.begin(at: at)
        // What had its end is left alone.
        #expect(Set(begun.map { $0.ticket.faults[0].id.rawValue }) == ["known", "waits"])
        #expect(begun.map(\.recipient).sorted() == ["desk", "desk", "hook", "hook"])
        for delivery in begun {
            #expect(delivery.ticket.epoch == epoch && delivery.ticket.repeated == true)
        }
    }

    @Test("After a takeover the end of a case is told again where the other store may have opened it since")
    func endToldAgain() async throws {
        let store = try openStore()
        let own = try await store.beginServing(on: "m1", knownUntil: time, at: time).epoch
        var agent = try await store.enrolled("h1")
        try await store.accept(
            agent.faults(
                opened("long ago"), opened("lately", blaming: "sdb"), opened("by a person", blaming: "sdc")), from: "h1"
        )
        try await store.deliverAll(at: time)
        let copied = time + .seconds(8 * 86_400)
        for (fault, part, at) in [("long ago", "sda", time), ("lately", "sdb", copied - .seconds(3_600))] {
            let cleared = SampleFault.change(.cleared, SampleFault.make(fault, blaming: part), because: "gone")
            try await store.accept(agent.faults(cleared), from: "h1", at: at)
        }
        let settled = try #require(try await store.cases(CaseQuery()).first)
        _ = try await store.decide(
            CaseDecision(kind: .close, by: "anna", because: "b", time: copied - .seconds(60)), onCase: settled.number)
        try await store.deliverAll(at: copied)
        try await store.learn(of: StoreEpoch(term: own.term, start: copied.milliseconds / 1000))
        let epoch = try await store.takeOver(on: "m1", at: copied + .seconds(3_600)).epoch
        let begun = try await store.begin(at: copied + .seconds(3_600))
        #expect(begun.map(\.ticket.faults[0].id.rawValue) == ["lately", "lately"])
        #expect(begun.allSatisfy { $0.ticket.event == .closed && $0.ticket.epoch == epoch })
    }

    @Test(
        "After a takeover a first message that waited may have been sent by the other store: it says so, and its end is owed"
    )
    func perhapsTold() async throws {
        let store = try openStore()
        let own = try await store.beginServing(on: "m1", knownUntil: time, at: time).epoch
        var agent = try await store.enrolled("h1")
        try await store.accept(agent.faults(opened("stands"), opened("ends", blaming: "sdb")), from: "h1")
        try await store.learn(of: StoreEpoch(term: own.term, start: own.start + 30))
        let at = time + .seconds(3_600)
        _ = try await store.takeOver(on: "m1", at: at)
        let cleared = SampleFault.change(.cleared, SampleFault.make("ends", blaming: "sdb"), because: "gone")
        try await store.accept(agent.faults(cleared), from: "h1", at: at)
        let told = try await store.begin(at: at).filter { $0.recipient == "desk" }.map(\.ticket)
            .sorted { $0.faults[0].id.rawValue < $1.faults[0].id.rawValue }
        #expect(told.map(\.event) == [.closed, .opened])
        #expect(told.map(\.repeated) == [nil, true])
    }

    @Test(
        "After a takeover a case that nobody was told of here is told with its next step or its end: the other store may have told of it"
    )
    func perhapsToldThere() async throws {
        let store = try openStore()
        let own = try await store.beginServing(on: "m1", knownUntil: time, at: time).epoch
        var agent = try await store.enrolled("h1")
        let parts = ["goes on": "sda", "ends": "sdb", "stays": "sdc"]
        func change(_ kind: FaultChange.Kind, _ fault: String) -> FaultChange {
            SampleFault.change(kind, SampleFault.make(fault, blaming: parts[fault] ?? "", urgency: .watch))
        }
        try await store.accept(
            agent.faults(change(.opened, "goes on"), change(.opened, "ends"), change(.opened, "stays")), from: "h1",
            at: time)
        try await store.learn(of: StoreEpoch(term: own.term, start: own.start + 30))
        let at = time + .seconds(3_600)
        _ = try await store.takeOver(on: "m1", at: at)
        #expect(try await store.begin(at: at).isEmpty)
        try await store.accept(
            agent.faults(change(.updated, "goes on"), change(.cleared, "ends")), from: "h1", at: at)
        let told = try await store.deliverAll(at: at).filter { $0.recipient == "desk" }.map(\.ticket)
            .sorted { $0.faults[0].id.rawValue < $1.faults[0].id.rawValue }
        #expect(told.map(\.event) == [.closed, .opened])
        #expect(told.map(\.repeated) == [nil, true] && told.allSatisfy { $0.urgency == .watch })
        // Known by now, and then as ever: nothing else than before is no news, and its end is told.
        try await store.accept(agent.faults(change(.updated, "goes on")), from: "h1", at: at)
        #expect(try await store.begin(at: at).isEmpty)
        // Of what nobody tells anything for a week the other store told nothing either.
        let later = at + CaseRules.goesOn + .seconds(60)
        try await store.accept(
            agent.faults(change(.cleared, "stays"), change(.cleared, "goes on")), from: "h1", at: later)
        let ends = try await store.begin(at: later)
        #expect(ends.map(\.ticket.event) == [.closed, .closed])
        #expect(ends.allSatisfy { $0.ticket.faults[0].id.rawValue == "goes on" })
    }

    @Test(
        "A store that was put back repeats nothing that may be older than what was told since, and one that was restarted does"
    )
    func putBack() async throws {
        let store = try openStore()
        _ = try await store.beginServing(on: "m1", knownUntil: time, at: time)
        var agent = try await store.enrolled("h1")
        try await store.accept(agent.faults(opened("f1")), from: "h1")
        let first = try await store.begin(at: time)
        let answers = [
            "desk": DeliveryAnswer.refused(because: "550 no"), "hook": .failed(after: nil, because: "no route"),
        ]
        for delivery in first {
            try await store.record(try #require(answers[delivery.recipient]), to: delivery, at: time)
        }
        let current = try #require(StoreUnderTest.current)
        let (snapshot, crashed, fresh) = (
            try current.afterCrash(), try current.afterCrash(), try current.afterCrash()
        )
        let cleared = SampleFault.change(.cleared, SampleFault.make("f1"), because: "gone")
        try await store.accept(agent.faults(cleared), from: "h1", at: time + .seconds(60))
        let ends = try await store.deliverAll(at: time + .seconds(60))
        #expect(ends.map(\.ticket.event) == [.closed, .closed])

        let soon = time + DeliveryRules.Limits.restart
        let restarted = try crashed.open()
        _ = try await restarted.beginServing(on: "m1", knownUntil: time, at: soon)
        #expect(try await restarted.begin(at: time + .seconds(3_600)).map(\.id) == first.map(\.id))

        // A snapshot of the machine that is put back within minutes has to be started.
        let booted = try fresh.open()
        _ = try await booted.beginServing(on: "m1", knownUntil: time, at: time + .seconds(90), wasOff: true)
        let anew = try await booted.begin(at: time + .seconds(3_600))
        #expect(anew.count == 2 && Set(anew.map(\.id)).isDisjoint(with: first.map(\.id)))

        let late = time + .seconds(3_600)
        let old = try snapshot.open()
        let epoch = try await old.beginServing(on: "m1", knownUntil: time, at: late).epoch
        let begun = try await old.begin(at: late)
        #expect(begun.map(\.recipient) == ["desk", "hook"] && begun.allSatisfy { $0.ticket.epoch == epoch })
        #expect(Set(begun.map(\.id)).isDisjoint(with: first.map(\.id)))
        for (new, end) in zip(begun, ends) { #expect(new.order > end.order) }
        // What was refused has not arrived; of the other nobody knows.
        #expect(begun.map(\.ticket.repeated) == [nil, true])
        #expect(
            try await old.theOnlyCase().history.filter { $0.kind == .replaced }.map(\.because) == [
                "The collector did not run for a while, and may not know what desk was told meanwhile: message 1, which was not confirmed, is made anew.",
                "The collector did not run for a while, and may not know what hook was told meanwhile: message 1, which was not confirmed, is made anew.",
            ])
    }

    @Test("A store that stands back takes no tickets of sites either")
    func noTickets() async throws {
        let store = try openStore()
        try await store.learn(of: StoreEpoch(term: 9, start: 0))
        let message = VerifiedTicket(
            id: "m", sender: "s1", ticket: SampleTicket.make(), reports: [], certificates: [])
        await #expect(throws: StoreError.self) { try await store.accept(message, at: time) }
        #expect(try await store.allCases().isEmpty)
    }
}

@Suite("Copies of a collector's database")
struct StoreCopyTests {
    private let time = SampleFault.time

    @Test("A copy that is made while the store is written is whole, is one file, and starts held")
    func copy() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: "\(folder.path)/collector.db", policy: StoreUnderTest.policy)
        _ = try await store.beginServing(on: "m1", knownUntil: time, at: time)
        var agent = try await store.enrolled("h1")
        try await store.accept(
            agent.faults(SampleFault.change(.opened, SampleFault.make("f1"))), from: "h1", at: time)
        let path = "\(folder.path)/copy.db"
        try await store.backUp(to: path, at: time + .seconds(60))
        try await store.accept(
            agent.faults(SampleFault.change(.opened, SampleFault.make("f2", blaming: "sdb"))), from: "h1", at: time)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasPrefix("copy") }
        #expect(names == ["copy.db"])
        let copy = try SQLiteStore(path: path, policy: StoreUnderTest.policy)
        #expect(try await copy.allCases().flatMap { $0.members.map(\.fault.id.rawValue) } == ["f1"])
        let held = try await copy.beginServing(on: "m1", knownUntil: time, at: time + .seconds(500))
        #expect(held.standing == .held(.copy, knownUntil: time + .seconds(60)))
        #expect(try await copy.identity() == store.identity())
        #expect(try await store.storeRecord().standing == .serving)
        // The agent's next report is taken there: nothing of it is lost while a person decides.
        let next = try agent.faults(SampleFault.change(.opened, SampleFault.make("f3", blaming: "sdc")))
        #expect(try await copy.accept(next, from: "h1").through(.faults) == 1, "the second report is missing there")
        await copy.close()
        await store.close()
    }

    @Test("What a copy says after it was taken over is no repetition of what the original said under the same revision")
    func otherWords() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: "\(folder.path)/collector.db", policy: StoreUnderTest.policy)
        _ = try await store.beginServing(on: "m1", knownUntil: time, at: time)
        var agent = try await store.enrolled("h1")
        try await store.accept(agent.faults(SampleFault.change(.opened, SampleFault.make("f1"))), from: "h1", at: time)
        try await store.deliverAll(at: time)
        try await store.backUp(to: "\(folder.path)/copy.db", at: time)
        let copy = try SQLiteStore(path: "\(folder.path)/copy.db", policy: StoreUnderTest.policy)
        _ = try await copy.takeOver(on: "m1", at: time + .seconds(50))
        let number = try await store.theOnlyCase().number
        var ids: [Set<String>] = []
        for each in [store, copy] {
            _ = try await each.decide(
                CaseDecision(kind: .close, by: "anna", because: "b", time: time + .seconds(60)), onCase: number)
            ids.append(Set(try await each.begin(at: time + .seconds(60)).map(\.id)))
            await each.close()
        }
        #expect(ids.map(\.count) == [2, 2] && ids[0].isDisjoint(with: ids[1]))
    }

    @Test("A copy replaces nothing, and is for nobody else's eyes")
    func rights() async throws {
        let folder = try TemporaryFolder()
        let live = try DataDirectory(path: "\(folder.path)/data")
        _ = try live.signingKey()
        let copy = try live.beginCopy(at: "\(folder.path)/copy")
        try live.copyKeys(to: copy)
        #expect(try copy.signingKey().seed == live.signingKey().seed)
        let modes = try ["\(copy.path)", "\(copy.path)/signing.key"].map {
            try #require(FileManager.default.attributesOfItem(atPath: $0)[.posixPermissions] as? Int)
        }
        #expect(modes == [0o700, 0o600])
        #expect(throws: DataDirectoryError.self) { try live.beginCopy(at: copy.path) }
    }
}
