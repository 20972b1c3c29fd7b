import Reports
import Testing

@testable import Collector

@Suite("What every outbox promises", .everyStore)
struct OutboxContractTests {
    private let time = SampleFault.time
    private let down = DeliveryAnswer.failed(after: nil, because: "no route to host")
    private let refused = DeliveryAnswer.refused(because: "550 no")
    private let taken = DeliveryAnswer.taken(TicketReference(text: "R"))

    private static func policy(_ recipients: [CasePolicy.Addressee]) -> CasePolicy {
        CasePolicy(site: StoreUnderTest.policy.site, recipients: recipients, casesPerHostPerHour: 9)
    }

    /// `desk`, and `spare` that stands in for it.
    private static let withFallback = policy([
        .init(name: "desk", kind: .email, fallback: "spare"), .init(name: "spare", kind: .webhook, standsIn: true),
    ])

    /// One open case, of a disk that is to be brought at the next visit.
    private func storeWithCase(_ policy: CasePolicy = StoreUnderTest.policy) async throws
        -> (any CollectorStore, SigningAgent)
    {
        let store = try openStore(policy)
        var agent = try await store.enrolled("h1")
        try await open("f1", in: store, &agent)
        return (store, agent)
    }

    private func open(
        _ id: String, _ part: String = "sda", _ urgency: Urgency = .plan, in store: any CollectorStore,
        _ agent: inout SigningAgent, at time: Timestamp = SampleFault.time
    ) async throws {
        let fault = SampleFault.make(id, blaming: part, urgency: urgency)
        try await store.accept(agent.faults(SampleFault.change(.opened, fault)), from: "h1", at: time)
    }

    private func clear(
        _ id: String, _ part: String = "sda", in store: any CollectorStore, _ agent: inout SigningAgent,
        at time: Timestamp = SampleFault.time
    ) async throws {
        let change = SampleFault.change(.cleared, SampleFault.make(id, blaming: part), because: "gone")
        try await store.accept(agent.faults(change), from: "h1", at: time)
    }

    private func only(_ name: String, _ begun: [Delivery]) throws -> Delivery {
        let own = begun.filter { $0.recipient == name }
        try #require(own.count == 1, "\(own.count) messages to \(name)")
        return own[0]
    }

    private func history(_ store: any CollectorStore, _ kind: Case.Event.Kind) async throws -> [String] {
        try await store.allCases().flatMap(\.history).filter { $0.kind == kind }.map(\.because)
    }

    // MARK: Ids and attempts

    @Test("What was begun is begun by nobody else until its attempt has run out, and then it is the same message")
    func claims() async throws {
        let (store, _) = try await storeWithCase()
        let begun = try await store.begin(at: time)
        #expect(begun.map(\.recipient) == ["desk", "hook"])
        #expect(Set(begun.map(\.id)).count == 2)
        #expect(begun[0].id.split(separator: "-").map(\.count) == [8, 4, 4, 4, 12])
        let later = time + DeliveryRules.Limits().claim
        #expect(try await store.begin(at: later - .milliseconds(1)).isEmpty)
        let again = try await store.begin(at: later)
        #expect(again.map(\.id) == begun.map(\.id) && again.map(\.ticket) == begun.map(\.ticket))
        #expect(again.map(\.createdAt) == begun.map(\.createdAt))
    }

    @Test("A message that was begun is found by the next process, under the same id")
    func crash() async throws {
        let (store, _) = try await storeWithCase()
        let begun = try await store.begin(at: time)
        let found = try #require(StoreUnderTest.current).afterCrash().open()
        #expect(try await found.begin(at: time).isEmpty)
        // A start knows that nothing runs any more.
        try await found.resumeRecipients([:], at: time)
        #expect(try await found.begin(at: time) == begun)
    }

    @Test("What waits for a recipient that is down is not tried: only real attempts count, and its order is by urgency")
    func attempts() async throws {
        var (store, agent) = try await storeWithCase()
        let first = try only("desk", await store.begin(at: time))
        try await store.record(down, to: first, at: time)
        try await open("f2", "sdb", .order, in: store, &agent)
        try await open("f3", "sdc", .plan, in: store, &agent)
        // The other recipient goes on.
        #expect(try await store.begin(at: time).map(\.recipient) == ["hook", "hook"])
        let waiting = try await store.allCases().map(\.number)
        for number in waiting where number != first.caseNumber {
            let record = try #require(try await store.deliveries(caseNumber: number).first { $0.recipient == "desk" })
            #expect(record.state == .queued && record.attempts == 0)
        }
        // One message shows how it is: of those that were tried least lately the most urgent.
        let probe = try only("desk", await store.begin(at: time + .seconds(5)))
        #expect(probe.ticket.urgency == .order && probe.attempts == 0)
        try await store.record(taken, to: probe, at: time + .seconds(5))
        let rest = try await store.begin(at: time + .seconds(5)).filter { $0.recipient == "desk" }
        #expect(rest.count == 2 && rest.contains { $0.id == first.id && $0.attempts == 1 })
    }

    @Test("A message that only breaks the line keeps no other back: the next probe is another one")
    func poison() async throws {
        var (store, agent) = try await storeWithCase(Self.policy([.init(name: "desk", kind: .email)]))
        try await open("f2", "sdb", .order, in: store, &agent)
        let begun = try await store.begin(at: time)
        for delivery in begun { try await store.record(down, to: delivery, at: time) }
        var (probed, now): (Set<String>, Timestamp) = ([], time)
        for _ in 0..<2 {
            now = now + .seconds(60)
            let probe = try only("desk", await store.begin(at: now))
            probed.insert(probe.caseNumber)
            try await store.record(down, to: probe, at: now)
        }
        #expect(probed.count == 2)
    }

    @Test("Attempts at a recipient that hang delay no other recipient, whatever the limit over all")
    func hanging() async throws {
        var policy = Self.policy([.init(name: "dead", kind: .email), .init(name: "desk", kind: .email)])
        policy.rules.limits.inFlight = 4
        var (store, agent) = try await storeWithCase(policy)
        for number in 2...8 { try await open("f\(number)", "sd\(number)", in: store, &agent) }
        var living = 0
        for _ in 0..<8 {
            for delivery in try await store.begin(at: time) where delivery.recipient == "desk" {
                living += 1
                try await store.record(taken, to: delivery, at: time)
            }
        }
        #expect(living == 8, "\(living) of 8 while the other hangs")
    }

    // MARK: Nothing old

    @Test("What a recipient takes is the case as it stands: no order after the case says plan")
    func asItStands() async throws {
        let store = try openStore()
        var agent = try await store.enrolled("h1")
        try await open("f1", "sda", .order, in: store, &agent)
        let first = try await store.begin(at: time)
        #expect(first.map(\.ticket.urgency) == [.order, .order])
        try await store.record(down, to: try only("desk", first), at: time)
        try await store.record(taken, to: try only("hook", first), at: time)
        // Another fault of the part, then the first one ends: nothing is to be sent now.
        try await open("f2", "sda", .plan, in: store, &agent)
        try await clear("f1", in: store, &agent)
        let second = try await store.begin(at: time + .seconds(5))
        let desk = try only("desk", second)
        #expect(desk.ticket.urgency == .plan && desk.ticket.event == .opened && desk.ticket.revision == 3)
        #expect(desk.id != first[0].id && desk.ticket.repeated == true)
        #expect(try only("hook", second).ticket.event == .updated)
        let lines = try await history(store, .replaced)
        #expect(lines == ["desk had not confirmed message 1: message 3 takes its place, with the case as it stands."])
        let records = try await store.deliveries(caseNumber: desk.caseNumber).filter { $0.recipient == "desk" }
        #expect(records.map(\.state) == [.superseded, .claimed])
        // The old attempt was taken after all: that is no newer word than the one under way.
        try await store.record(taken, to: try only("desk", first), at: time + .seconds(6))
        try await store.record(taken, to: desk, at: time + .seconds(7))
        #expect(try await store.recipientStates().map(\.waiting) == [0, 1])
        #expect(try await store.begin(at: time + .seconds(7)).isEmpty)
    }

    @Test("A case that ends before anybody was told is told to nobody, and its history says so")
    func neverTold() async throws {
        var (store, agent) = try await storeWithCase()
        try await clear("f1", in: store, &agent)
        #expect(try await store.begin(at: time).isEmpty)
        #expect(try await store.recipientStates().map(\.waiting) == [0, 0])
        #expect(
            try await history(store, .notTold) == [
                "desk is told nothing: the case ended before it could be told of it.",
                "hook is told nothing: the case ended before it could be told of it.",
            ])
    }

    @Test(
        "A case that grew mild before anybody was told is told to nobody; whoever holds an order is told that it is none"
    )
    func grownMild() async throws {
        let store = try openStore()
        var agent = try await store.enrolled("h1")
        func report(_ kind: FaultChange.Kind, _ urgency: Urgency) async throws {
            let change = SampleFault.change(kind, SampleFault.make("f1", urgency: urgency))
            try await store.accept(agent.faults(change), from: "h1")
        }
        try await report(.opened, .order)
        try await report(.updated, .watch)
        #expect(try await store.begin(at: time).isEmpty)
        #expect(try await history(store, .notTold).count == 2)
        try await report(.updated, .order)
        #expect(try await store.deliverAll().map(\.ticket.event) == [.opened, .opened])
        try await report(.updated, .watch)
        let last = try await store.deliverAll()
        #expect(last.map(\.ticket.event) == [.updated, .updated] && last.allSatisfy { $0.ticket.urgency == .watch })
    }

    @Test("A message that was begun and never answered counts as told: the end is owed")
    func unanswered() async throws {
        var (store, agent) = try await storeWithCase()
        _ = try await store.begin(at: time)
        try await clear("f1", in: store, &agent)
        let later = time + DeliveryRules.Limits().claim
        #expect(try await store.begin(at: later).map(\.ticket.event) == [.closed, .closed])
    }

    // MARK: Refusals and holds

    @Test("One refused message holds back neither the case's end nor other cases, and is no alarm")
    func refusal() async throws {
        var (store, agent) = try await storeWithCase()
        for delivery in try await store.begin(at: time) { try await store.record(refused, to: delivery, at: time) }
        try await open("f2", "sdb", in: store, &agent)
        let others = try await store.begin(at: time)
        #expect(others.map(\.ticket.event) == [.opened, .opened])
        for delivery in others { try await store.record(taken, to: delivery, at: time) }
        let late = time + .seconds(3599)
        let states = try await store.recipientStates()
        #expect(states.map(\.refused) == [1, 1] && states.map(\.lastError) == ["550 no", "550 no"])
        #expect(RecipientAlarm.alarms(among: states, after: .seconds(60), at: late).isEmpty)
        #expect(try await store.begin(at: late).isEmpty, "parked for an hour")
        try await clear("f1", in: store, &agent, at: late)
        #expect(try await store.begin(at: late).map(\.ticket.event) == [.closed, .closed])
    }

    @Test(
        "An attempt without an answer may have arrived, whatever later ones are refused: what follows is marked as repeated",
        arguments: [true, false], [true, false])
    func perhapsKnown(isEnded: Bool, wasRefused: Bool) async throws {
        var (store, agent) = try await storeWithCase()
        var later = time
        if wasRefused {
            for delivery in try await store.begin(at: time) { try await store.record(refused, to: delivery, at: time) }
            later = time + .seconds(7200)
        }
        // Either the recipient is silent, or the collector ends amid the attempt.
        let unanswered = try await store.begin(at: later)
        #expect(unanswered.count == 2)
        for delivery in unanswered where isEnded { try await store.record(down, to: delivery, at: later) }
        later = later + DeliveryRules.Limits().claim + .seconds(3600)
        func refuseAll() async throws {
            for _ in 0..<2 {
                for delivery in try await store.begin(at: later) {
                    try await store.record(refused, to: delivery, at: later)
                }
            }
        }
        try await refuseAll()
        for urgency in [Urgency.order, .plan] {
            later = later + .seconds(60)
            let worse = SampleFault.change(.updated, SampleFault.make("f1", urgency: urgency))
            try await store.accept(agent.faults(worse), from: "h1", at: later)
            let begun = try await store.begin(at: later)
            #expect(begun.count == 2 && begun.allSatisfy { $0.ticket.repeated == true })
            for delivery in begun { try await store.record(refused, to: delivery, at: later) }
        }
        try await clear("f1", in: store, &agent, at: later)
        for delivery in try await store.begin(at: later) { try await store.record(taken, to: delivery, at: later) }
        #expect(try await store.begin(at: later).isEmpty)
    }

    @Test(
        "Where some addresses wait, only they are tried again, and the recipient's state says why while it is no alarm")
    func someAddresses() async throws {
        let (store, _) = try await storeWithCase(Self.policy([.init(name: "desk", kind: .email)]))
        let first = try only("desk", await store.begin(at: time))
        let later = "b@x.example (451 later), c@x.example (550 no)"
        try await store.record(
            .partly(
                reached: ["a@x.example"], refused: [AddressRefusal(address: "c@x.example", because: "550 no")],
                because: "no mail for \(later)"), to: first, at: time)
        let state = try await store.recipientStates()[0]
        #expect(state.waiting == 1 && state.refused == 0 && state.failingSince == nil && state.holdUntil == nil)
        #expect(state.lastError == "no mail for \(later)")
        #expect(
            try await history(store, .deliveryFailed) == [
                "desk took message 1 (opened), but not for all of its addresses: no mail for \(later). "
                    + "Those that may take it later are tried again."
            ])
        let again = try only("desk", await store.begin(at: time + .seconds(5)))
        #expect(again.id == first.id && again.reached == ["a@x.example"])
        #expect(again.refused.map(\.address) == ["c@x.example"])
        try await store.record(taken, to: again, at: time + .seconds(5))
        #expect(
            try await history(store, .delivered) == [
                "desk took message 1 (opened); its reference is R, but these of its addresses refused it: c@x.example (550 no)."
            ])
        let settled = try await store.recipientStates()[0]
        #expect(settled.lastError == "not taken by c@x.example (550 no)" && settled.refusing.map(\.since) == [time])
        let line = try #require(try await store.deliveries(caseNumber: first.caseNumber).first)
        #expect(line.lastError == settled.lastError && line.state == .delivered && line.refusedBy == ["c@x.example"])
        #expect(CollectorAPI.DeliveryLine(line).refusedBy == ["c@x.example"])
        // Other settings are another list of addresses.
        try await store.resumeRecipients(["desk": "1"], at: time)
        #expect(try await store.recipientStates()[0].refusing.isEmpty)
    }

    @Test("A reason that is a question, or ends as a sentence does, gets no second stop")
    func stops() async throws {
        let (store, _) = try await storeWithCase(Self.policy([.init(name: "desk", kind: .email)]))
        try await store.record(
            .failed(after: nil, because: "nothing listens there: is it started?"),
            to: try only("desk", await store.begin(at: time)), at: time)
        #expect(
            try await history(store, .deliveryFailed) == [
                "desk did not take message 1 (opened): nothing listens there: is it started? It is tried again."
            ])
    }

    @Test("What is refused is offered again after an hour, the same message")
    func parked() async throws {
        let (store, _) = try await storeWithCase()
        let begun = try await store.begin(at: time)
        for delivery in begun { try await store.record(refused, to: delivery, at: time) }
        let again = try await store.begin(at: time + .seconds(3600))
        #expect(again.map(\.id) == begun.map(\.id) && again.map(\.attempts) == [1, 1])
    }

    @Test(
        "A recipient's hold outlives a restart; other settings and a person's word end it, and offer what was refused")
    func mended() async throws {
        var (store, _) = try await storeWithCase()
        let settings = ["desk": "1", "hook": "1"]
        try await store.resumeRecipients(settings, at: time)
        for delivery in try await store.begin(at: time) {
            try await store.record(
                delivery.recipient == "hook" ? refused : .failed(after: .seconds(600), because: "down"), to: delivery,
                at: time)
        }
        func restart(_ settings: [String: String]) async throws {
            await store.close()
            store = try openStore()
            try await store.resumeRecipients(settings, at: time)
        }
        try await restart(settings)
        #expect(try await store.begin(at: time + .seconds(9)).isEmpty)
        #expect(try await store.recipientStates()[0].holdUntil == time + .seconds(600))
        try await restart(["desk": "2", "hook": "2"])
        let begun = try await store.begin(at: time + .seconds(9))
        #expect(begun.map(\.recipient) == ["desk", "hook"] && begun.map(\.attempts) == [1, 1])
        for delivery in begun { try await store.record(down, to: delivery, at: time + .seconds(9)) }
        let word = RecipientDecision(kind: .tryNow, by: "anna", because: "", time: time + .seconds(10))
        for name in ["desk", "hook"] { #expect(try await store.decide(word, recipient: name) == 1) }
        #expect(try await store.begin(at: time + .seconds(10)).count == 2)
    }

    @Test("A new test goes first and at once, whatever holds its recipients, and offers them what they refused")
    func testFirst() async throws {
        var (store, agent) = try await storeWithCase()
        for delivery in try await store.begin(at: time) {
            try await store.record(delivery.recipient == "desk" ? down : refused, to: delivery, at: time)
        }
        #expect(try await store.begin(at: time).isEmpty)
        let test = TestFault(id: "t1", fault: SampleFault.make("t1", blaming: "callhome"))
        try await store.accept(agent.verified(agent.report(.test(test))), from: "h1")
        let begun = try await store.begin(at: time)
        #expect(begun.map(\.recipient) == ["desk", "hook", "hook"])
        #expect(begun.map(\.ticket.event) == [.test, .test, .opened])
        for delivery in begun { try await store.record(taken, to: delivery, at: time) }
        #expect(try await store.begin(at: time).map(\.ticket.event) == [.opened], "what waited follows")
    }

    @Test("A test that is over is told to nobody any more")
    func testOver() async throws {
        var (store, agent) = try await storeWithCase()
        try await store.deliverAll()
        let test = TestFault(id: "t1", fault: SampleFault.make("t1", blaming: "callhome"))
        try await store.accept(agent.verified(agent.report(.test(test))), from: "h1")
        for delivery in try await store.begin(at: time) { try await store.record(down, to: delivery, at: time) }
        try await store.tidy(
            CollectorConfiguration().retention, at: time + CaseLimits.testLifetime + .seconds(1))
        #expect(try await store.recipientStates().map(\.waiting) == [0, 0])
        #expect(try await store.begin(at: time + .seconds(2 * 86_400)).isEmpty)
    }

    // MARK: Fallbacks

    @Test("A fallback that was told is told to the end, and each of the two is told of the other")
    func fallback() async throws {
        var (store, agent) = try await storeWithCase(Self.withFallback)
        let first = try only("desk", await store.begin(at: time))
        try await store.record(refused, to: first, at: time)
        let stood = try only("spare", await store.begin(at: time))
        #expect(stood.ticket.insteadOf == "desk" && stood.ticket.event == .opened)
        try await store.record(taken, to: stood, at: time)
        #expect(try await history(store, .diverted).count == 1)
        let later = time + .seconds(3600)
        let again = try only("desk", await store.begin(at: later))
        #expect(again.ticket.standIn == "spare" && again.id != first.id)
        try await store.record(refused, to: again, at: later)
        #expect(try await history(store, .diverted).count == 1, "once")
        try await clear("f1", in: store, &agent, at: later)
        let end = try await store.begin(at: later)
        #expect(end.map(\.recipient) == ["desk", "spare"] && end.map(\.ticket.event) == [.closed, .closed])
        #expect(end.last?.ticket.insteadOf == "desk")
    }

    @Test("A fallback that only the other store told is told the end after a takeover, and nothing before")
    func fallbackOfTheOther() async throws {
        var (store, agent) = try await storeWithCase(Self.withFallback)
        let own = try await store.beginServing(on: "m1", knownUntil: time, at: time).epoch
        try await open("f2", "sdb", in: store, &agent)
        try await store.deliverAll(at: time)
        try await clear("f2", "sdb", in: store, &agent, at: time)
        try await store.deliverAll(at: time)
        try await store.learn(of: StoreEpoch(term: own.term, start: own.start + 30))
        let at = time + .seconds(3600)
        _ = try await store.takeOver(on: "m1", at: at)
        let told = try await store.deliverAll(at: at)
        // Of what ended lately the other may have told more as well.
        #expect(
            told.map { "\($0.recipient) \($0.ticket.event)" }.sorted() == [
                "desk closed", "desk updated", "spare closed",
            ])
        try await clear("f1", in: store, &agent, at: at)
        let ends = try await store.deliverAll(at: at)
        #expect(ends.map(\.recipient).sorted() == ["desk", "spare"])
        #expect(ends.allSatisfy { $0.ticket.event == .closed && $0.ticket.repeated == nil })
        #expect(ends.first { $0.recipient == "spare" }?.ticket.insteadOf == "desk")
        // What begins here was told here alone.
        try await open("f3", "sdc", in: store, &agent)
        try await store.deliverAll(at: at)
        try await clear("f3", "sdc", in: store, &agent, at: at)
        #expect(try await store.deliverAll(at: at).map(\.recipient) == ["desk"])
    }

    @Test("What waits for a recipient that is down goes to its fallback after the time of the alarm, tried or not")
    func diverted() async throws {
        var (store, agent) = try await storeWithCase(Self.withFallback)
        try await store.record(down, to: try only("desk", await store.begin(at: time)), at: time)
        try await open("f2", "sdb", in: store, &agent)
        #expect(try await store.begin(at: time + .seconds(4)).isEmpty)
        try await store.record(
            down, to: try only("desk", await store.begin(at: time + .seconds(5))), at: time + .seconds(5))
        let late = time + .seconds(3600)
        let begun = try await store.begin(at: late)
        #expect(begun.filter { $0.recipient == "spare" }.count == 2)
        #expect(begun.filter { $0.recipient == "spare" }.allSatisfy { $0.ticket.insteadOf == "desk" })
        #expect(begun.filter { $0.recipient == "desk" }.map(\.ticket.standIn) == ["spare"])
    }

    // MARK: The configuration

    @Test("Who is configured no more is owed nothing, which stands in the case, and the first that is takes its place")
    func removed() async throws {
        var (store, agent) = try await storeWithCase(Self.policy([.init(name: "old", kind: .email)]))
        try await store.deliverAll()
        try await open("f2", "sdb", in: store, &agent)
        try await store.record(down, to: try only("old", await store.begin(at: time)), at: time)
        await store.close()
        store = try openStore()
        try await store.resumeRecipients([:], at: time)
        let begun = try await store.begin(at: time)
        #expect(begun.map(\.recipient) == ["desk"] && begun.map(\.ticket.insteadOf) == ["old"])
        #expect(
            try await Set(history(store, .notTold)) == [
                "old is configured no more: the last that it took is message 1, and it was never told the end.",
                "old is configured no more: it took no message, and was never told the end. desk is told instead.",
            ])
        #expect(try await store.recipientStates().map(\.name) == ["desk", "hook"])
        try await store.resumeRecipients([:], at: time)
        #expect(try await history(store, .notTold).count == 2, "once")
    }

    @Test("A new recipient is told of no old case by itself; it catches up when a person says so, and is told the end")
    func catchUp() async throws {
        var (store, agent) = try await storeWithCase(Self.policy([.init(name: "desk", kind: .email)]))
        try await open("f2", "sdb", .watch, in: store, &agent)
        try await store.deliverAll()
        await store.close()
        store = try openStore()
        try await store.resumeRecipients([:], at: time)
        #expect(try await store.begin(at: time).isEmpty)
        let word = RecipientDecision(kind: .catchUp, by: "anna", because: "new here", time: time)
        #expect(try await store.decide(word, recipient: "hook") == 1, "the one that makes a ticket")
        #expect(try await store.decide(word, recipient: "hook") == 0)
        #expect(try await store.decide(word, recipient: "desk") == 0, "it knows all")
        let begun = try only("hook", await store.begin(at: time))
        #expect(begun.ticket.event == .opened && begun.ticket.because == "anna: new here")
        #expect(begun.ticket.repeated == nil, "it is news there")
        try await store.record(taken, to: begun, at: time)
        try await clear("f1", in: store, &agent)
        #expect(try await store.begin(at: time).map(\.ticket.event) == [.closed, .closed])
        await #expect(throws: StoreError.notFound(what: "recipient nobody: there are desk, hook")) {
            try await store.decide(word, recipient: "nobody")
        }
    }

    @Test("What is dropped is owed no more and stands in each case; later changes are told")
    func drop() async throws {
        var (store, agent) = try await storeWithCase()
        try await store.record(down, to: try only("desk", await store.begin(at: time)), at: time)
        try await open("f2", "sdb", in: store, &agent)
        let word = RecipientDecision(kind: .drop, by: "anna", because: "all on paper", time: time)
        #expect(try await store.decide(word, recipient: "desk") == 2)
        #expect(
            try await history(store, .notTold)
                == Array(repeating: "anna dropped what desk was owed: all on paper.", count: 2))
        let later = time + .seconds(60)
        #expect(try await store.begin(at: later).filter { $0.recipient == "desk" }.isEmpty)
        #expect(try await store.recipientStates()[0].waiting == 0)
        // The first was begun, and may have arrived; of the second it knows nothing.
        try await clear("f1", in: store, &agent, at: later)
        try await clear("f2", "sdb", in: store, &agent, at: later)
        #expect(try only("desk", await store.begin(at: later + .seconds(600))).ticket.event == .closed)
    }

    @Test(
        "What is dropped after an attempt without an answer may have arrived, though it was refused since: its end is told"
    )
    func dropPerhapsKnown() async throws {
        var (store, agent) = try await storeWithCase(Self.policy([.init(name: "desk", kind: .email)]))
        try await store.record(down, to: try only("desk", await store.begin(at: time)), at: time)
        let later = time + .seconds(60)
        try await store.record(refused, to: try only("desk", await store.begin(at: later)), at: later)
        let word = RecipientDecision(kind: .drop, by: "anna", because: "all on paper", time: later)
        #expect(try await store.decide(word, recipient: "desk") == 1)
        try await clear("f1", in: store, &agent, at: later)
        #expect(try only("desk", await store.begin(at: later)).ticket.event == .closed)
    }

    @Test("A case is sent again as it stands, under a new id, as a repetition, to one recipient or to all")
    func resend() async throws {
        let (store, _) = try await storeWithCase()
        let first = try await store.deliverAll()
        let number = first[0].caseNumber
        func resend(to name: String?) async throws -> [Delivery] {
            _ = try await store.resend(number, to: name, by: "anna", because: "lost", at: time)
            return try await store.deliverAll()
        }
        let all = try await resend(to: "hook")
        #expect(all.map(\.recipient) == ["hook"] && all.map(\.ticket.repeated) == [true])
        let one = try #require(all.first)
        #expect(one.ticket.revision == first[0].ticket.revision && !first.map(\.id).contains(one.id))
        #expect(try await resend(to: nil).map(\.recipient) == ["desk", "hook"])
        #expect(try await history(store, .resent).count == 3)
        await #expect(throws: StoreError.noCase("CH-NONE")) {
            try await store.resend("CH-NONE", to: nil, by: "anna", because: "", at: time)
        }
    }

    @Test("Recipients' states tell what waits, since when it fails, and why")
    func states() async throws {
        let (store, _) = try await storeWithCase()
        let begun = try await store.begin(at: time)
        try await store.record(down, to: begun[0], at: time)
        try await store.record(taken, to: begun[1], at: time)
        let states = try await store.recipientStates()
        #expect(states.map(\.name) == ["desk", "hook"])
        #expect(states.map(\.waiting) == [1, 0])
        #expect(states[0].failingSince == time)
        #expect(states[0].lastError == "no route to host")
        #expect(states[1].lastDelivered == time && states[1].delivered == 1)
    }
}
