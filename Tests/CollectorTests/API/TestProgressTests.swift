import Foundation
import Reports
import Testing
import Transfer

@testable import Collector

@Suite("Progress of a test")
struct TestProgressTests {
    private let time = SampleFault.time

    private func delivery(_ state: DeliveryRecord.State, error: String? = nil) -> DeliveryRecord {
        DeliveryRecord(
            id: "d", caseNumber: "CH-A-1", recipient: "desk", channel: .email, order: TicketOrder(revision: 1),
            event: .test, state: state, attempts: error == nil ? 0 : 2, createdAt: time, begunAt: time,
            nextAttempt: time + .seconds(9), deliveredAt: state == .delivered ? time + .milliseconds(420) : nil,
            lastError: error)
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
        #expect(TestRoute.hop(delivery(.refused, error: "550 no")).state == .failed)
        let inPart = TestRoute.hop(delivery(.delivered, error: "not for b@example (550 no such mailbox)"))
        #expect(inPart.state == .failed && inPart.detail == "taken, but not for b@example (550 no such mailbox)")
    }

    @Test("A test that reached no recipient is a failed test and says why, with or without recipients")
    func reachedNobody() async throws {
        let fleet = try await TestFleet()
        let server = try await fleet.enrol("h1", hostname: "srv-1")
        try await server.send(.test(TestFault(id: "t1", fault: SampleFault.make("t1"))))
        func last(_ environment: CollectorEnvironment) async throws -> TestProgress.Hop? {
            try await TestRoute(environment: environment).progress(of: "t1").hops.last
        }
        let lonely = try #require(try await last(fleet.environment))
        #expect(lonely.state == .failed && lonely.detail.hasPrefix("nobody is told of faults"))
        // Recipients that came after the test, or that only stand in for each other: none has a message of it.
        var later = fleet.environment
        later.configuration.recipients = [SampleRecipient.webhook("https://a/", name: "desk")]
        let unheard = try #require(try await last(later))
        #expect(
            unheard.state == .failed && unheard.detail.contains("(desk)") && unheard.detail.contains("check-config"))
    }

    @Test("The page of a case that reached nobody says so, in both languages", arguments: Language.allCases)
    func page(language: Language) async throws {
        let fleet = try await TestFleet()
        let server = try await fleet.enrol("h1", hostname: "srv-1")
        try await server.send(.test(TestFault(id: "t1", fault: SampleFault.make("t1"))))
        try await server.open(SampleFault.make("f1"))
        let frame = PageLayout(
            lang: language.rawValue, title: "", account: nil, csrf: "", german: "", english: "",
            isGerman: language == .german, onServers: false, onCases: true, onDelivery: false, onPatterns: false,
            refresh: nil, alarms: [])
        for found in try await fleet.store.cases(CaseQuery()) {
            let deliveries = try await fleet.store.deliveries(caseNumber: found.number)
            let page = CasePage(
                found, deliveries: deliveries, unheard: Unheard(found, deliveries, among: []), frame: frame,
                language: language)
            let start =
                found.test != nil
                ? language("This test failed, it reached nobody: ", "Dieser Test ist gescheitert, er kam nirgends an: ")
                : language("Nobody was told of this case: ", "Von diesem Fall hat niemand erfahren: ")
            #expect(page.unheard?.hasPrefix(start) ?? false, "\(page.unheard ?? "")")
            let text = try ConsoleTemplates().render(page, with: "case")
            #expect(text.contains(start))
            let line = CollectorAPI.CaseDetail(found, deliveries: deliveries, among: [])
            #expect(line.unheard?.hasPrefix("nobody is told of faults") ?? false)
        }
        let quiet = try await fleet.store.decide(
            CaseDecision(kind: .close, by: "anna", because: "mended", time: fleet.clock.time),
            onCase: try #require(try await fleet.store.cases(CaseQuery()).first).number)
        #expect(Unheard(quiet, [], among: []) == nil, "what is over needs nobody")
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
