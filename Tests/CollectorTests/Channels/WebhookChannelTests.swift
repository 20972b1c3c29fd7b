import Foundation
import Reports
import TestSupport
import Testing

@testable import Collector

@Suite("Tickets by webhook, to a receiver that checks the signature by itself")
struct WebhookChannelTests {
    private struct Taken: Decodable {
        var path: String
        var id: String
        var timestamp: String
        var valid: Bool
        var signatures: Int
        var bytes: Int
        var body: String
    }

    private struct Body: Decodable {
        var type: String
        var timestamp: String
        var shortened: Bool?
        var data: Ticket
    }

    private static let server = Result { try ServerProgram("webhook") }
    private let server: ServerProgram

    init() throws { server = try WebhookChannelTests.server.get() }

    private func channel(_ path: String = "/ok", secrets: String? = nil) -> WebhookChannel {
        let settings = WebhookSettings(
            url: "http://127.0.0.1:\(server["port"])\(path)", secret: .inline(secrets ?? server["secret"]))
        return WebhookChannel(settings, to: Recipient(name: "desk", channel: .webhook(settings)))
    }

    private func delivery(_ change: (inout Ticket) -> Void = { _ in }) -> Delivery {
        SampleTicket.delivery(
            SampleTicket.make { ticket in
                ticket.number = "CH-HOOK-\(UInt32.random(in: 0...UInt32.max))"
                change(&ticket)
            }, channel: .webhook)
    }

    private func taken(_ delivery: Delivery, _ count: Int = 1) async throws -> [Taken] {
        try await server.output(of: count) { line in
            let taken = try JSONDecoder().decode(Taken.self, from: Data(line.utf8))
            return taken.id == delivery.id ? taken : nil
        }
    }

    private func failure(_ path: String, secrets: String? = nil) async -> ChannelError? {
        do throws(ChannelError) {
            _ = try await channel(path, secrets: secrets).deliver(delivery(), at: SampleTicket.time)
            return nil
        } catch {
            return error
        }
    }

    @Test("The body is type, timestamp and the whole ticket, signed over id, time and body")
    func signed() async throws {
        let delivery = delivery()
        _ = try await channel().deliver(delivery, at: SampleTicket.time)
        let got = try #require(try await taken(delivery).first)
        #expect(got.valid)
        #expect(got.timestamp == "\(SampleTicket.time.milliseconds / 1000)")
        let body = try WireFormat.decode(Body.self, from: Data(got.body.utf8))
        #expect(body.type == "ticket.opened")
        #expect(body.data == delivery.ticket)
        #expect(body.shortened == nil)
    }

    @Test("A repetition carries the same id and the same body under a new time")
    func repeated() async throws {
        let delivery = delivery()
        _ = try await channel().deliver(delivery, at: SampleTicket.time)
        _ = try await channel().deliver(delivery, at: SampleTicket.time + .seconds(60))
        let got = try await taken(delivery, 2)
        #expect(got.count == 2)
        #expect(Set(got.map(\.body)).count == 1)
        #expect(Set(got.map(\.timestamp)).count == 2)
    }

    @Test("While secrets are changed, the old and the new one both sign")
    func rotation() async throws {
        let delivery = delivery()
        let other = "whsec_" + Data(repeating: 7, count: 24).base64EncodedString()
        _ = try await channel(secrets: "\(other)\n\(server["secret"])\n").deliver(delivery, at: SampleTicket.time)
        let got = try #require(try await taken(delivery).first)
        #expect(got.signatures == 2)
        #expect(got.valid)
    }

    @Test("The signature is the one of the standard's own example")
    func vector() throws {
        let header = try WebhookSignature.header(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek", seconds: 1_614_265_330, body: Data(#"{"test": 2432232314}"#.utf8),
            secrets: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        #expect(header == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }

    @Test("Only 2xx is success: what each other answer leads to")
    func answers() async {
        guard case .rejected(let gone) = await failure("/gone") else {
            Issue.record("410 must stop the recipient")
            return
        }
        #expect(gone.contains("gone for good"))
        #expect(await failure("/busy") == .retry(after: .seconds(77), because: "the webhook desk answered 429"))
        #expect(await failure("/broken") == .retry(after: nil, because: "the webhook desk answered 500"))
        #expect(await failure("/refuse") == .rejected(because: "the webhook desk answered 422: no such customer"))
        guard case .rejected(let redirect) = await failure("/redirect") else {
            Issue.record("a redirect must not be followed")
            return
        }
        #expect(redirect.contains("Redirects are not followed"))
    }

    @Test("Without a proper secret nothing is sent", arguments: ["", "whsec_", "whsec_AAAA", "secret", "whsec_!!!"])
    func noSecret(secret: String) async throws {
        let path = "/unsigned-\(secret.utf8.count)"
        guard case .retry(_, let because) = await failure(path, secrets: secret) else {
            Issue.record("it was sent")
            return
        }
        #expect(because.contains("whsec_"))
        #expect(!server.output.contains { $0.contains(path) })
    }

    @Test("A body stays below 20 kB: evidence goes first, then the other faults, and the message says so")
    func short() async throws {
        let delivery = delivery { ticket in
            ticket.faults = Array(repeating: ticket.faults[0], count: 8)
            for index in ticket.faults.indices {
                ticket.faults[index].evidence = Array(repeating: ticket.faults[index].evidence[0], count: 16)
            }
        }
        _ = try await channel().deliver(delivery, at: SampleTicket.time)
        let got = try #require(try await taken(delivery).first)
        #expect(got.bytes < ChannelLimits.webhookBodyBytes)
        let body = try WireFormat.decode(Body.self, from: Data(got.body.utf8))
        #expect(body.shortened == true)
        #expect(body.data.suspect == delivery.ticket.suspect)
    }

    @Test("Strings of a million characters do not break the limit")
    func huge() throws {
        let huge = String(repeating: "x", count: 1_000_000)
        let body = try WebhookBody.encode(
            SampleTicket.make { ticket in
                ticket.because = huge
                ticket.suspect.part.model = huge
                ticket.server.hostname = huge
                ticket.faults[0].because = huge
                ticket.faults[0].texts["en"]?.description = huge
            })
        #expect(body.count < ChannelLimits.webhookBodyBytes)
    }
}
