import Reports
import Testing

@testable import Collector

@Suite("What the outbox decides")
struct OutboxPlanTests {
    private let start = SampleTicket.time
    private let limits = OutboxPlan.Limits(
        alarmAfter: .seconds(100), firstRetry: .seconds(4), longestRetry: .seconds(64))

    private func plan(_ states: [RecipientState] = []) -> OutboxPlan {
        OutboxPlan(limits: limits, fallbacks: ["desk": "spare", "spare": "desk"], resuming: states)
    }

    private func delivery(_ number: Int = 1, to recipient: String = "desk") -> Delivery {
        SampleTicket.delivery(SampleTicket.make { $0.revision = number }, to: recipient)
    }

    private func next(_ outcome: DeliveryOutcome) -> Timestamp? {
        guard case .failed(_, let next, _) = outcome else { return nil }
        return next
    }

    private func diversion(_ outcome: DeliveryOutcome) -> String? {
        guard case .failed(_, _, let name) = outcome else { return nil }
        return name
    }

    private let down = ChannelError.retry(after: nil, because: "no route to host")

    @Test("A delivery that works is done, with the recipient's own reference")
    func works() {
        var plan = plan()
        #expect(plan.begin(delivery(), at: start) == .deliver)
        #expect(plan.inFlight == 1)
        #expect(plan.succeeded(delivery(), with: TicketReference(text: "X-1")) == .delivered(reference: "X-1"))
        #expect(plan.inFlight == 0)
    }

    @Test("The waits double with each failure, up to the longest, and never end")
    func backoff() {
        var plan = plan()
        var time = start
        var waits: [Int64] = []
        for _ in 0..<8 {
            #expect(plan.begin(delivery(), at: time) == .deliver)
            let outcome = plan.failed(delivery(), with: down, at: time, jitter: 0)
            let then = next(outcome) ?? time
            waits.append((then - time).inMilliseconds / 1000)
            time = then
        }
        #expect(waits == [4, 8, 16, 32, 64, 64, 64, 64])
    }

    @Test("A test that a person asks for is tried at once, and what waits for the recipient follows it")
    func testAsksNow() {
        var plan = plan()
        for _ in 0..<6 {
            _ = plan.begin(delivery(1), at: start)
            _ = plan.failed(delivery(1), with: down, at: start, jitter: 0)
        }
        let (asked, soon) = (start + .seconds(2), start + .seconds(6))
        var test = SampleTicket.delivery(SampleTicket.make { $0.event = .test })
        #expect(plan.begin(delivery(2), at: asked) != .deliver)
        #expect(plan.begin(test, at: asked) == .deliver)
        guard case .postpone(let outcome) = plan.begin(delivery(2), at: asked) else {
            Issue.record("it did not wait for how the test fares")
            return
        }
        #expect(next(outcome) == soon)
        _ = plan.succeeded(test, with: TicketReference(text: nil))
        #expect(plan.begin(delivery(2), at: soon) == .deliver)
        // One that has failed is a message like any other: it waits longer each time.
        var other = self.plan()
        for _ in 0..<6 {
            _ = other.begin(delivery(1), at: start)
            _ = other.failed(delivery(1), with: down, at: start, jitter: 0)
        }
        test.attempts = 1
        #expect(other.begin(test, at: asked) != .deliver)
    }

    @Test("Jitter makes a wait up to a quarter longer, never shorter")
    func jitter() {
        var plan = plan()
        _ = plan.begin(delivery(), at: start)
        let outcome = plan.failed(delivery(), with: down, at: start, jitter: 0.999_999)
        #expect(next(outcome) == start + .milliseconds(4_999))
    }

    @Test("A recipient that is down is probed by one message; the others wait and count as not tried")
    func probing() {
        var plan = plan()
        _ = plan.begin(delivery(1), at: start)
        _ = plan.failed(delivery(1), with: down, at: start, jitter: 0)
        guard case .postpone(let outcome) = plan.begin(delivery(2), at: start + .seconds(1)) else {
            Issue.record("it was tried although the recipient is down")
            return
        }
        #expect(next(outcome) == start + .seconds(5))
        #expect(plan.begin(delivery(1), at: start + .seconds(4)) == .deliver)
        #expect(plan.begin(delivery(2), at: start + .seconds(5)) != .deliver)
        _ = plan.succeeded(delivery(1), with: TicketReference(text: nil))
        #expect(plan.begin(delivery(2), at: start + .seconds(10)) == .deliver)
    }

    @Test("One recipient that is down delays no other")
    func others() {
        var plan = plan()
        _ = plan.begin(delivery(), at: start)
        _ = plan.failed(delivery(), with: down, at: start, jitter: 0)
        #expect(plan.begin(delivery(1, to: "other"), at: start) == .deliver)
    }

    @Test("Messages that fail together count as one failure")
    func volley() {
        var plan = plan()
        for number in 1...10 { _ = plan.begin(delivery(number), at: start) }
        var last: DeliveryOutcome?
        for number in 1...10 { last = plan.failed(delivery(number), with: down, at: start, jitter: 0) }
        #expect(last.flatMap(next) == start + .seconds(4))
    }

    @Test("What the recipient asks to wait is waited")
    func retryAfter() {
        var plan = plan()
        _ = plan.begin(delivery(), at: start)
        let outcome = plan.failed(
            delivery(), with: .retry(after: .seconds(77), because: "busy"), at: start, jitter: 0)
        #expect(next(outcome) == start + .seconds(77))
    }

    @Test("The fallback gets the message when the recipient was down as long as the limit, not a moment before")
    func fallback() {
        for (seconds, expected) in [(99, nil as String?), (100, "spare")] {
            var plan = plan()
            var message = delivery()
            message.failingSince = start
            _ = plan.begin(message, at: start + .seconds(seconds))
            let outcome = plan.failed(message, with: down, at: start + .seconds(seconds), jitter: 0)
            #expect(diversion(outcome) == expected)
        }
    }

    @Test("After a restart the recipient is still known to be down")
    func restart() {
        let state = RecipientState(
            name: "desk", channel: .email, waiting: 3, delivered: 0, failingSince: start, lastError: "down")
        var plan = plan([state])
        _ = plan.begin(delivery(), at: start + .seconds(200))
        let outcome = plan.failed(delivery(), with: down, at: start + .seconds(200), jitter: 0)
        #expect(diversion(outcome) == "spare")
    }

    @Test("A message that is refused goes to the fallback at once, and the recipient's other messages go on")
    func refused() {
        var plan = plan()
        _ = plan.begin(delivery(1), at: start)
        let outcome = plan.failed(delivery(1), with: .rejected(because: "550 no such user"), at: start, jitter: 0)
        #expect(diversion(outcome) == "spare")
        #expect(next(outcome) == start + limits.refusedRetry)
        #expect(plan.begin(delivery(2), at: start) == .deliver)
    }

    @Test("What is owed to a recipient that is configured no more goes to one that is, at once")
    func heir() {
        var plan = OutboxPlan(limits: limits, fallbacks: [:], configured: ["desk"], heir: "desk")
        let gone = ChannelError.rejected(because: "not configured any more")
        #expect(plan.begin(delivery(to: "old"), at: start) == .deliver)
        #expect(diversion(plan.failed(delivery(to: "old"), with: gone, at: start, jitter: 0)) == "desk")
        // One that is there and refuses has no heir.
        #expect(plan.begin(delivery(to: "desk"), at: start) == .deliver)
        #expect(diversion(plan.failed(delivery(to: "desk"), with: gone, at: start, jitter: 0)) == nil)
    }

    @Test("A fallback that is down itself does not send the message back")
    func noCircle() {
        var plan = plan()
        var message = delivery(1, to: "spare")
        message.insteadOf = "desk"
        message.failingSince = start
        _ = plan.begin(message, at: start + .seconds(500))
        #expect(diversion(plan.failed(message, with: down, at: start + .seconds(500), jitter: 0)) == nil)
    }

    @Test("An alarm is raised at the limit and says how much waits")
    func alarms() {
        let state = RecipientState(
            name: "desk", channel: .email, waiting: 3, delivered: 0, failingSince: start, lastError: "down\r\nBcc: x")
        #expect(RecipientAlarm.alarms(among: [state], after: .seconds(100), at: start + .seconds(99)).isEmpty)
        let alarms = RecipientAlarm.alarms(among: [state], after: .seconds(100), at: start + .seconds(100))
        #expect(alarms == [RecipientAlarm(recipient: "desk", since: start, waiting: 3, lastError: "down Bcc: x")])
    }
}
