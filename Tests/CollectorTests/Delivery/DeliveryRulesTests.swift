import Reports
import Testing

@testable import Collector

@Suite("What the outbox decides")
struct DeliveryRulesTests {
    private let start = SampleTicket.time
    private let rules = DeliveryRules(
        limits: DeliveryRules.Limits(
            alarmAfter: .seconds(100), inFlight: 16, firstRetry: .seconds(4), longestRetry: .seconds(64)))
    private let healthy = RecipientHealth(name: "desk", channel: .email)
    private let down = DeliveryAnswer.failed(after: nil, because: "no route to host")
    private let taken = DeliveryAnswer.taken(TicketReference(text: "X-1"))

    private func row(_ change: (inout ToldRow) -> Void = { _ in }) -> ToldRow {
        var row = ToldRow(
            caseNumber: "CH-1", recipient: "desk", because: "", urgency: .order, isTest: false, owedSince: start)
        row.want = TicketOrder(revision: 1)
        change(&row)
        return row
    }

    /// A row whose message of this revision was begun.
    private func begun(_ revision: Int = 1, at time: Timestamp? = nil) -> (row: ToldRow, delivery: Delivery) {
        let ticket = SampleTicket.make { $0.revision = revision }
        let trying = ToldRow.Trying(
            id: "m\(revision)", order: TicketOrder(revision: revision), ticket: ticket, attempts: 0, answer: .none,
            beganAt: time ?? start)
        return (
            rules.begun(row(), trying, at: time ?? start),
            Delivery(
                id: trying.id, caseNumber: "CH-1", recipient: "desk", channel: .email, ticket: ticket, reports: [],
                certificates: [], attempts: 0, createdAt: trying.beganAt)
        )
    }

    private func after(
        _ answer: DeliveryAnswer, _ row: ToldRow, _ delivery: Delivery, _ health: RecipientHealth, at time: Timestamp,
        jitter: Double = 0
    ) throws -> (row: ToldRow, health: RecipientHealth) {
        try #require(rules.answered(answer, to: delivery, row, health, at: time, jitter: jitter))
    }

    // MARK: Answers

    @Test("What was taken is told, with nothing owed; the recipient is well")
    func takes() throws {
        let (row, delivery) = begun()
        var health = healthy
        (health.failures, health.failingSince, health.holdUntil) = (3, start, start + .seconds(9))
        let next = try after(taken, row, delivery, health, at: start)
        #expect(next.row.told == TicketOrder(revision: 1) && !next.row.isOwed && next.row.claimedUntil == nil)
        #expect(!next.health.isFailing && next.health.failingSince == nil && next.health.holdUntil == nil)
        #expect(next.health.delivered == 1 && next.health.lastDelivered == start)
    }

    @Test("The hold of a recipient that is not reached doubles with each failure, up to the longest, and never ends")
    func backoff() throws {
        var (row, delivery) = begun()
        var (health, time) = (healthy, start)
        var waits: [Int64] = []
        for attempt in 0..<8 {
            delivery.attempts = attempt
            (row, health) = try after(down, row, delivery, health, at: time)
            #expect(row.trying?.attempts == attempt + 1 && row.trying?.answer == .unknown && row.next == time)
            let hold = try #require(health.holdUntil)
            waits.append((hold - time).inMilliseconds / 1000)
            time = hold
        }
        #expect(waits == [4, 8, 16, 32, 64, 64, 64, 64])
        #expect(health.failingSince == start)
    }

    @Test("Jitter makes a hold up to a quarter longer, never shorter; what the recipient asks to wait is waited")
    func jitter() throws {
        let (row, delivery) = begun()
        let late = try after(down, row, delivery, healthy, at: start, jitter: 0.999_999)
        #expect(late.health.holdUntil == start + .milliseconds(4_999))
        let asked = DeliveryAnswer.failed(after: .seconds(77), because: "busy")
        #expect(try after(asked, row, delivery, healthy, at: start).health.holdUntil == start + .seconds(77))
    }

    @Test("Messages that fail together count as one failure")
    func volley() throws {
        var health = healthy
        for revision in 1...10 {
            let (row, delivery) = begun(revision)
            health = try after(down, row, delivery, health, at: start).health
        }
        #expect(health.failures == 1 && health.holdUntil == start + .seconds(4))
    }

    @Test("A refused message is parked alone for an hour, or until its case changes; the recipient is well")
    func refused() throws {
        var (row, delivery) = begun()
        let refused = DeliveryAnswer.refused(because: "550 no such user")
        var health = healthy
        health.failures = 1
        let next = try after(refused, row, delivery, health, at: start)
        #expect(next.row.next == start + rules.limits.refusedRetry && next.row.isRefused && next.row.isOwed)
        #expect(!next.health.isFailing && next.health.failingSince == nil)
        row.want = TicketOrder(revision: 2)
        #expect(try after(refused, row, delivery, healthy, at: start).row.next == start, "it had changed meanwhile")
    }

    @Test("Of several addresses those that have it are remembered, and only this message waits for the others")
    func partly() throws {
        let (row, delivery) = begun()
        let answer = DeliveryAnswer.partly(reached: ["a@x"], because: "451 later")
        let next = try after(answer, row, delivery, healthy, at: start)
        #expect(next.row.trying?.reached == ["a@x"] && next.row.next == start + .seconds(4))
        #expect(!next.health.isFailing && next.health.holdUntil == nil)
    }

    @Test("An address that refuses for good is an alarm of its own after that time, until it takes something")
    func refusingAddress() throws {
        let (row, delivery) = begun()
        let dead = AddressRefusal(address: "b@x", because: "550 no such user")
        let answer = DeliveryAnswer.partly(reached: ["a@x"], refused: [dead], because: "451 later")
        var next = try after(answer, row, delivery, healthy, at: start)
        #expect(next.row.trying?.refused == [dead])
        func alarms(_ health: RecipientHealth, after span: Duration) -> [RecipientAlarm] {
            RecipientAlarm.alarms(
                among: [RecipientState(health, waiting: 1, refused: (0, nil, nil))], after: rules.limits.alarmAfter,
                at: start + span)
        }
        #expect(alarms(next.health, after: .seconds(99)).isEmpty)
        // It refuses the next one too: it has since the first.
        let ended = DeliveryAnswer.taken(TicketReference(text: nil, refused: [dead]))
        next = try after(ended, row, delivery, next.health, at: start + .seconds(50))
        let raised = try #require(alarms(next.health, after: .seconds(100)).first)
        #expect(raised.addresses == ["b@x"] && raised.since == start)
        #expect(raised.lastError == "b@x (550 no such user)")
        next = try after(.partly(reached: ["c@x"], because: "451 later"), row, delivery, next.health, at: start)
        #expect(alarms(next.health, after: .seconds(100)).count == 1, "others say nothing of it")
        next = try after(taken, row, delivery, next.health, at: start + .seconds(120))
        #expect(alarms(next.health, after: .seconds(900)).isEmpty)
    }

    @Test("Taken is taken, though the attempt was given up meanwhile; a late failure says nothing")
    func late() throws {
        let (old, oldDelivery) = begun(1)
        let replaced = rules.begun(
            old, try #require(begun(3).row.trying), at: start + .seconds(120))
        let next = try after(taken, replaced, oldDelivery, healthy, at: start)
        #expect(next.row.told == TicketOrder(revision: 1) && next.row.trying?.id == "m3" && next.row.isOwed)
        #expect(rules.answered(down, to: oldDelivery, replaced, healthy, at: start, jitter: 0) == nil)
        var again = old
        again.trying?.attempts = 1
        #expect(rules.answered(down, to: oldDelivery, again, healthy, at: start, jitter: 0) == nil)
    }

    // MARK: Turns

    @Test("While the case stays as it is the same message is repeated; when it moved on it is told as it stands")
    func turns() throws {
        var row = begun().row
        let trying = try #require(row.trying)
        #expect(rules.turn(of: row, isClosed: false, isTest: false) == .again(trying))
        row.want = TicketOrder(revision: 2)
        // Not known to have been taken: the first message that it takes is the opening.
        #expect(rules.turn(of: row, isClosed: false, isTest: false) == .new(.opened, replacing: trying))
        #expect(rules.turn(of: row, isClosed: true, isTest: false) == .new(.closed, replacing: trying))
        (row.told, row.trying) = (TicketOrder(revision: 1), nil)
        #expect(rules.turn(of: row, isClosed: false, isTest: false) == .new(.updated, replacing: nil))
    }

    @Test("An attempt without an answer counts as told: the end is owed. What was never tried ends without a message")
    func ends() {
        let untold = row { $0.want = TicketOrder(revision: 2) }
        guard case .nothing = rules.turn(of: untold, isClosed: true, isTest: false) else {
            Issue.record("the end of what was never told is told")
            return
        }
        var tried = begun().row
        tried.want = TicketOrder(revision: 2)
        for answer in [ToldRow.Trying.Answer.none, .unknown, .refused] {
            tried.trying?.answer = answer
            guard case .new(.closed, _) = rules.turn(of: tried, isClosed: true, isTest: false) else {
                Issue.record("the end is not told after an attempt whose answer is \(answer)")
                return
            }
        }
        tried.settle()
        #expect(!tried.isOwed && tried.told == nil, "what was refused did not arrive")
        var unknown = begun().row
        unknown.settle()
        #expect(unknown.told == TicketOrder(revision: 1))
    }

    @Test("A store's epoch comes before the revision")
    func order() {
        #expect(
            TicketOrder(epoch: StoreEpoch(term: 1, start: 9), revision: 9)
                < TicketOrder(epoch: StoreEpoch(term: 2, start: 1), revision: 1))
        #expect(TicketOrder(revision: 1) < TicketOrder(revision: 2))
    }

    // MARK: Room

    @Test("A recipient that is down is probed by one message, after its hold; tests that a person asks for go at once")
    func probing() {
        var health = healthy
        #expect(rules.room(health, own: 0, all: 0, at: start) == .turns(4))
        (health.failures, health.holdUntil, health.lastError) = (1, start + .seconds(4), "down")
        #expect(
            rules.room(health, own: 0, all: 0, at: start)
                == .newTests(4, because: "held until \(start + .seconds(4)): down"))
        #expect(rules.room(health, own: 0, all: 0, at: start + .seconds(4)) == .probe)
        guard case .newTests(3, _) = rules.room(health, own: 1, all: 1, at: start + .seconds(4)) else {
            Issue.record("a second probe")
            return
        }
        // A hold of another year was noted by a clock that leapt.
        health.holdUntil = start + .seconds(365 * 86_400)
        #expect(rules.room(health, own: 0, all: 0, at: start) == .probe)
    }

    @Test("Four at once to one recipient; those that hang take nobody's last place")
    func places() {
        #expect(rules.room(healthy, own: 3, all: 3, at: start) == .turns(1))
        #expect(rules.room(healthy, own: 4, all: 4, at: start) == .turns(0))
        #expect(rules.room(healthy, own: 0, all: 40, at: start) == .turns(1))
        #expect(rules.room(healthy, own: 1, all: 16, at: start) == .turns(0))
    }

    // MARK: Fallbacks and alarms

    @Test("The fallback is told of what is refused at once, else when the recipient was down as long as the limit")
    func diverted() {
        var health = healthy
        (health.failures, health.failingSince) = (1, start)
        #expect(!rules.isDiverted(row(), health, at: start + .seconds(99)))
        #expect(rules.isDiverted(row(), health, at: start + .seconds(100)))
        #expect(!rules.isDiverted(row { $0.standIn = "spare" }, health, at: start + .seconds(100)), "once")
        var refused = begun().row
        refused.trying?.answer = .refused
        #expect(rules.isDiverted(refused, healthy, at: start))
        #expect(!rules.isDiverted(begun().row, healthy, at: start))
    }

    @Test("An alarm is raised at the limit and says how much waits; one refused message is none")
    func alarms() {
        var health = healthy
        (health.failingSince, health.lastError) = (start, "down\r\nBcc: x")
        let state = RecipientState(health, waiting: 3, refused: (0, nil, nil))
        #expect(RecipientAlarm.alarms(among: [state], after: .seconds(100), at: start + .seconds(99)).isEmpty)
        let alarms = RecipientAlarm.alarms(among: [state], after: .seconds(100), at: start + .seconds(100))
        #expect(alarms == [RecipientAlarm(recipient: "desk", since: start, waiting: 3, lastError: "down Bcc: x")])
        func refusing(_ count: Int, lastDelivered: Timestamp?) -> Timestamp? {
            var health = healthy
            health.lastDelivered = lastDelivered
            return RecipientState(health, waiting: 3, refused: (count, start, "550")).failingSince
        }
        #expect(refusing(1, lastDelivered: nil) == nil)
        #expect(refusing(2, lastDelivered: start + .seconds(1)) == nil, "it takes others")
        #expect(refusing(2, lastDelivered: start - .seconds(1)) == start, "it takes nothing any more")
    }

    // MARK: Routing

    @Test("What is to be acted on is told; what was told is told to its end; what changes all the time waits")
    func routing() {
        func answer(
            _ step: Routing.Step, _ urgency: Urgency = .order, known: Bool = true, test: Bool = false, recent: Int = 0
        )
            -> Routing.Answer
        {
            Routing.answer(
                Routing.Question(
                    step: step, urgency: urgency, isTest: test, isKnown: known, recent: recent,
                    oldest: start - .seconds(600), time: start))
        }
        func isNever(_ answer: Routing.Answer) -> Bool { if case .never = answer { true } else { false } }
        #expect(answer(.opened, .plan) == .tell && answer(.opened, .watch, test: true) == .tell)
        #expect(isNever(answer(.opened, .watch)) && isNever(answer(.changed(isNews: false))))
        #expect(answer(.closed, .watch) == .tell && isNever(answer(.closed, known: false)))
        #expect(isNever(answer(.closed, test: true)))
        #expect(answer(.due, recent: Routing.limit - 1) == .tell)
        guard case .hold(start + .seconds(3000), _) = answer(.due, recent: Routing.limit) else {
            Issue.record("it does not wait until the oldest is an hour old")
            return
        }
    }
}
