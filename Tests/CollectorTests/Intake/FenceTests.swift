import Foundation
import Reports
import ServiceLifecycle
import Testing
import Transfer

@testable import Collector

@Suite("A collector that stands back")
struct FenceTests {
    /// A receipt as a copy of this collector would sign it.
    private func header(
        _ live: LiveCollector, start: Int64, store: String? = nil, by key: SigningKey? = nil,
        as type: PayloadType = .receipt
    ) throws -> (name: String, value: String) {
        let environment = live.program.environment
        let receipt = Receipt(
            host: "h1", epoch: 1, progress: [],
            collector: Receipt.Collector(
                store: store ?? environment.identity.site, epoch: StoreEpoch(term: 0, start: start)),
            time: Timestamp(seconds: 1))
        let envelope = try Envelope.sign(WireFormat.encode(receipt), as: type, with: key ?? environment.signingKey)
        return (Routes.receiptHeader, try WireFormat.encode(envelope).base64EncodedString())
    }

    private func post(
        _ live: LiveCollector, _ agent: inout SigningAgent, _ header: (name: String, value: String)?
    ) async throws -> (status: Int, code: String?) {
        let lines = try EnvelopeLines.encode([agent.sign(agent.report(.faults([])))])
        let answer = try await live.send(
            "POST", Routes.reports, lines,
            headers: [(name: "content-type", value: "application/x-ndjson")] + [header].compactMap { $0 })
        return (answer.status, try? live.problem(answer).code)
    }

    @Test(
        "Shown its own receipt of a later epoch it takes nothing and says so at every door; what proves nothing is passed over"
    )
    func shown() async throws {
        try await LiveCollector.with { live in
            var (agent, _) = try await live.enrolled("h1")
            let own = try await live.store.storeRecord().epoch.start
            #expect(own > 0)
            let harmless: [(name: String, value: String)] = [
                try header(live, start: own), try header(live, start: own - 50),
                try header(live, start: own + 50, store: "another"),
                try header(live, start: own + 50, by: SigningKey()),
                try header(live, start: own + 50, as: .heartbeat), (Routes.receiptHeader, "garbage"),
                (Routes.receiptHeader, String(repeating: "A", count: WireLimits.shownReceiptBytes + 4)),
            ]
            for header in harmless {
                #expect(try await post(live, &agent, header).status == 200)
            }
            let refused = try await post(live, &agent, try header(live, start: own + 50))
            #expect(refused.status == 409 && refused.code == "not-current")
            // Durable: the next one need not show anything.
            #expect(try await post(live, &agent, nil).code == "not-current")
            let health = try await live.send("GET", Routes.health)
            #expect(health.status == 503 && String(decoding: health.body, as: UTF8.self).contains("\"fenced\""))
            let token = try await live.token()
            let enrol = try await live.enrol(
                EnrolmentRequest(
                    tokenID: token.id, tokenSecret: token.secret, host: "h2", hostname: "s", replace: nil,
                    signedBy: SigningKey()))
            #expect(enrol.status == 409)
            _ = try await live.store.takeOver(on: nil, at: Timestamp(Date()))
            #expect(try await post(live, &agent, nil).code != "not-current")
        }
    }

    @Test("Nobody is told of anything while it is held, and of what waits when it goes on")
    func held() async throws {
        let fleet = try await TestFleet { $0.recipients = [SampleRecipient.email("smtp://127.0.0.1:1")] }
        let server = try await fleet.enrol("h1", hostname: "srv-1")
        try await server.open(SampleTicket.fault)
        _ = try await fleet.store.beginServing(on: "m1", knownUntil: fleet.clock.time, at: fleet.clock.time)
        _ = try await fleet.store.beginServing(on: "m2", knownUntil: fleet.clock.time, at: fleet.clock.time)
        #expect(await fleet.environment.maySend == false)
        let outbox = OutboxService(fleet.environment)
        #expect(await outbox.begin().isEmpty)
        _ = try await fleet.store.takeOver(on: "m2", at: fleet.clock.time)
        #expect(await outbox.begin().count == 1)
    }

    @Test("A partner that stands back is tried on; any other conflict is the message's own")
    func partner() throws {
        func isTriedOn(_ code: String) throws -> Bool {
            let body = try WireFormat.encode(Problem(code: code, message: "m"))
            guard case .retry = ChannelError(Transfer.HTTPResponse(status: 409, body: body), from: "p") else {
                return false
            }
            return true
        }
        #expect(try isTriedOn("not-current"))
        #expect(try !isTriedOn("conflict"))
    }

    @Test("Every page says that it is held, in the language of whoever reads, and so does each answer of the API")
    func pages() async throws {
        let fleet = try await TestFleet()
        try await fleet.addAdmin()
        _ = try await fleet.store.beginServing(on: "m1", knownUntil: fleet.clock.time, at: fleet.clock.time)
        _ = try await fleet.store.beginServing(on: "m2", knownUntil: fleet.clock.time, at: fleet.clock.time)
        try await withWeb(fleet) { web in
            _ = try await web.login()
            for path in ["/servers", "/cases", "/delivery", "/accounts"] {
                #expect(try await web.get(path).text.contains("callhome-collector takeover"), "\(path)")
            }
            let health = try await web.get(Routes.health)
            #expect(health.status == 200 && health.text.contains("\"status\":\"held\""))
        }
    }
}
