import Foundation
import Reports
import Testing
import Transfer

@testable import Collector

@Suite("Progress of a test")
struct TestProgressTests {
    private let time = SampleFault.time

    private func delivery(_ state: Delivery.State, error: String? = nil) -> Delivery {
        let fault = SampleFault.make("f1")
        let ticket = Ticket(
            number: "CH-A-1", event: .test, revision: 1, test: true, urgency: .plan, openedAt: time, closedAt: nil,
            site: Ticket.Site(name: "", address: "", contact: ""),
            server: Ticket.Server(host: "h", hostname: "h", part: Part()),
            suspect: fault.suspects[0], faults: [fault], because: "test")
        return Delivery(
            id: "d", caseNumber: "CH-A-1", recipient: "desk", channel: .email, ticket: ticket, reports: [],
            certificates: [],
            state: state, attempts: error == nil ? 0 : 2, createdAt: time, nextAttempt: time + .seconds(9),
            lastError: error,
            deliveredAt: state == .delivered ? time + .milliseconds(420) : nil, reference: nil)
    }

    @Test("A delivery that was taken is a confirmed hop with its time; one that fails is named with the reason")
    func hops() {
        #expect(
            TestRoute.hop(delivery(.delivered))
                == .init(name: "email:desk", state: .confirmed, milliseconds: 420, detail: "taken"))
        #expect(TestRoute.hop(delivery(.queued)).state == .waiting)
        let failed = TestRoute.hop(delivery(.retrying, error: "connection refused"))
        #expect(failed.state == .failed)
        #expect(failed.detail.hasPrefix("connection refused (2 attempts; the next at "))
        #expect(TestRoute.hop(delivery(.claimed, error: "connection refused")).state == .failed)
    }

    @Test("Over the wire: unknown before it arrives, then intake and case; without recipients that is said")
    func overTheWire() async throws {
        try await LiveCollector.with { live in
            var (agent, _) = try await live.enrolled("h1")
            let before = try await live.send("GET", Routes.test("t1"))
            #expect(before.status == 404)
            #expect(try live.problem(before).code == "not-found")
            let test = agent.report(.test(TestFault(id: "t1", fault: SampleFault.make("f1"))))
            #expect(try await live.post([try agent.sign(test)]).status == 200)
            let progress = try WireFormat.decode(
                TestProgress.self, from: try await live.send("GET", Routes.test("t1")).body)
            #expect(progress.hops.map(\.name) == ["intake", "case", "recipients"])
            #expect(progress.hops.map(\.state) == [.confirmed, .confirmed, .failed])
        }
    }
}
