import Foundation
import Reports
import TestSupport
import Testing
import Transfer

@testable import Collector

@Suite("Tickets by e-mail, through real SMTP servers")
struct EmailChannelTests {
    private struct Taken: Decodable {
        var from: String
        var to: [String]
        var tls: Bool
        var user: String?
        var content: String
    }

    private static let server = Result { try ServerProgram("smtp") }
    private let server: ServerProgram
    private let folder: TemporaryFolder

    init() throws {
        server = try EmailChannelTests.server.get()
        folder = try TemporaryFolder()
    }

    /// A delivery of its own case for each test, so that it is found among what the server took.
    private func delivery(_ change: (inout Ticket) -> Void = { _ in }) -> Delivery {
        SampleTicket.delivery(
            SampleTicket.make { ticket in
                ticket.number = "CH-TEST-\(UInt32.random(in: 0...UInt32.max))"
                change(&ticket)
            })
    }

    private func taken(_ delivery: Delivery) async throws -> [Taken] {
        try await server.output { line in
            let taken = try JSONDecoder().decode(Taken.self, from: Data(line.utf8))
            return taken.content.contains(delivery.id) ? taken : nil
        }
    }

    private func channel(_ recipient: Recipient) throws(ChannelError) -> EmailChannel {
        guard case .email(let settings) = recipient.channel else {
            throw .rejected(because: "\(recipient.name) is no recipient by e-mail")
        }
        return EmailChannel(settings, to: recipient)
    }

    private func settings(_ url: String) throws -> EmailSettings {
        guard case .email(let settings) = SampleRecipient.email(url).channel else { throw CancellationError() }
        return settings
    }

    private func failure(of recipient: Recipient) async -> ChannelError? {
        do throws(ChannelError) {
            _ = try await channel(recipient).deliver(delivery(), at: SampleTicket.time)
            return nil
        } catch {
            return error
        }
    }

    @Test("A ticket arrives with subject, text, HTML and the ticket as JSON, and the server's words are the reference")
    func arrives() async throws {
        let delivery = delivery()
        let channel = try channel(SampleRecipient.email("smtp://127.0.0.1:\(server["plain"])"))
        let reference = try await channel.deliver(delivery, at: SampleTicket.time)
        #expect(reference.text == "250 2.0.0 queued as 4711")
        let mail = try #require(try await taken(delivery).first)
        #expect(mail.to == ["desk@partner.example"])
        #expect(mail.content.contains("Message-ID: <\(delivery.id)@site.example>"))
        #expect(mail.content.contains("References: <\(delivery.caseNumber)@site.example>"))
        #expect(mail.content.contains("Auto-Submitted: auto-generated"))
        #expect(mail.content.contains("text/html"))
        #expect(mail.content.contains("filename=\"ticket.json\""))
        let base64 = mail.content.components(separatedBy: "ticket.json\"").last?.components(separatedBy: "\r\n\r\n")[1]
        let json = try #require(
            Data(base64Encoded: base64?.components(separatedBy: "\r\n--")[0] ?? "", options: .ignoreUnknownCharacters))
        #expect(try WireFormat.decode(Ticket.self, from: json) == delivery.ticket)
    }

    @Test("STARTTLS with the pinned CA and a login works; the password comes from a file")
    func startTLS() async throws {
        let delivery = delivery()
        let password = try folder.write("right\n", to: "password")
        let ca = try folder.write(server["ca"], to: "ca.pem")
        let secure = SampleRecipient.email("smtp://127.0.0.1:\(server["startTLS"])") {
            $0.security = .starttls
            $0.username = "callhome"
            $0.password = .file(path: password)
            $0.caFile = ca
        }
        _ = try await channel(secure).deliver(delivery, at: SampleTicket.time)
        let mail = try #require(try await taken(delivery).first)
        #expect(mail.tls)
        #expect(mail.user == "callhome")
    }

    @Test("A wrong password, a wrong CA and a missing secret are tried again, and say what to check")
    func configurationErrors() async throws {
        let (password, ca) = (try folder.write("wrong", to: "wrong"), try folder.write(server["ca"], to: "ca.pem"))
        let otherCA = try folder.write(server["otherCA"], to: "other.pem")
        let recipient = SampleRecipient.email("smtp://127.0.0.1:\(server["startTLS"])") {
            $0.security = .starttls
            $0.username = "callhome"
            $0.caFile = ca
            $0.password = .file(path: password)
        }
        var words: [String] = []
        for change in 0..<3 {
            let broken = recipient.email {
                if change == 1 { $0.caFile = otherCA }
                if change == 2 { $0.password = .file(path: "\(folder.path)/missing") }
            }
            let error = try #require(await failure(of: broken))
            guard case .retry = error else {
                Issue.record("\(error) is not tried again")
                return
            }
            words.append(error.description)
        }
        #expect(words[0].contains("check `recipient.desk.user`, `recipient.desk.password`"))
        #expect(words[1].contains("certificate"))
        #expect(
            words[2].contains("missing: there is no such file; check the path")
                || words[2].contains("check the path and its rights"))
    }

    @Test("5xx rejects the message, 4xx and a server that is away are tried again")
    func refusals() async {
        func outcome(to address: String, port: String) async -> ChannelError? {
            await failure(of: SampleRecipient.email("smtp://127.0.0.1:\(port)") { $0.to = [address] })
        }
        guard case .rejected(let because) = await outcome(to: "unknown@partner.example", port: server["plain"]) else {
            Issue.record("5xx was not a rejection")
            return
        }
        #expect(because.contains("550"))
        for (address, port) in [("greylisted@partner.example", server["plain"]), ("desk@partner.example", "1")] {
            guard case .retry = await outcome(to: address, port: port) else {
                Issue.record("\(address):\(port) was not to be tried again")
                return
            }
        }
    }

    @Test("One dead mailbox among three stops no other: it is named; one that is put off alone gets the mail later")
    func someRefused() async throws {
        let port = server["plain"]
        func deliver(_ delivery: Delivery, to addresses: [String]) async throws(ChannelError) -> TicketReference {
            try await channel(SampleRecipient.email("smtp://127.0.0.1:\(port)") { $0.to = addresses })
                .deliver(delivery, at: SampleTicket.time)
        }
        let (dead, put) = ("unknown@partner.example", "greylisted@partner.example")
        var delivery = delivery()
        let reference = try await deliver(delivery, to: ["a@partner.example", dead, "b@partner.example"])
        #expect(reference.text == "250 2.0.0 queued as 4711")
        let refusal = AddressRefusal(address: dead, because: "550 5.1.1 no such mailbox here")
        #expect(reference.refused == [refusal])
        #expect(try await taken(delivery).map(\.to) == [["a@partner.example", "b@partner.example"]])
        delivery = self.delivery()
        for (reached, refused) in [(["a@partner.example"], [refusal]), ([], [])] {
            let error = await #expect(throws: ChannelError.self) {
                try await deliver(delivery, to: ["a@partner.example", dead, put])
            }
            guard case .partly(reached, refused, let because) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(because.contains("451 4.7.1 greylisted"))
            delivery.reached += reached
            delivery.refused += refused
        }
        #expect(try await taken(delivery).map(\.to) == [["a@partner.example"]], "once")
        // The one that was put off exists no more: that is as settled as that the other has it.
        delivery.refused = []
        delivery.reached = ["a@partner.example", put]
        let rest = try await deliver(delivery, to: ["a@partner.example", dead, put])
        #expect(rest.refused.map(\.address) == [dead] && rest.refused.first?.because.contains("550") == true)
    }

    @Test(
        "Of two mailboxes the one that refused for good is not asked again, and the one that is put off gets the same mail alone",
        arguments: [false, true])
    func refusedBesidePutOff(isFirst: Bool) async throws {
        let port = server["plain"]
        let (dead, put) = ("unknown@partner.example", "greylisted@partner.example")
        var delivery = delivery()
        func attempt(_ addresses: [String]) async throws(ChannelError) -> TicketReference {
            try await channel(SampleRecipient.email("smtp://127.0.0.1:\(port)") { $0.to = addresses })
                .deliver(delivery, at: SampleTicket.time)
        }
        let addresses = isFirst ? [dead, put] : [put, dead]
        let error = await #expect(throws: ChannelError.self) { try await attempt(addresses) }
        let refusal = AddressRefusal(address: dead, because: "550 5.1.1 no such mailbox here")
        #expect(
            error
                == .partly(
                    reached: [], refused: [refusal],
                    because: "the mail server 127.0.0.1:\(port) did not take the mail for "
                        + (isFirst
                            ? "\(dead) (550 5.1.1 no such mailbox here), \(put) (451 4.7.1 greylisted, come back later)"
                            : "\(put) (451 4.7.1 greylisted, come back later), \(dead) (550 5.1.1 no such mailbox here)")
                ))
        delivery.refused = [refusal]
        // Its server takes it now: as one of another name does.
        _ = try await attempt([dead, "b@partner.example"])
        let mail = try #require(try await taken(delivery).first)
        #expect(mail.to == ["b@partner.example"] && mail.content.contains("Message-ID: <\(delivery.id)@site.example>"))
        #expect(try await taken(delivery).count == 1)
        // Nobody is left to ask, and nobody has it.
        await #expect(
            throws: ChannelError.rejected(because: "it was not taken by \(dead) (550 5.1.1 no such mailbox here)")
        ) {
            try await attempt([dead])
        }
    }

    @Test("A message tried again is the same, byte for byte")
    func stable() throws {
        let delivery = delivery()
        let settings = try settings("smtp://x")
        var later = delivery
        later.attempts = 7
        let first = try EmailChannel.message(for: delivery, by: settings, in: .english).rfc5322()
        #expect(try EmailChannel.message(for: later, by: settings, in: .english).rfc5322() == first)
    }

    @Test("A hostile host name adds no header and no recipient")
    func injection() async throws {
        let delivery = delivery { ticket in
            ticket.server.hostname = "x\r\nBcc: thief@example.org\r\n\r\nbody"
            ticket.suspect.part.location = "y\r\nX-Evil: 1"
        }
        _ = try await channel(SampleRecipient.email("smtp://127.0.0.1:\(server["plain"])"))
            .deliver(delivery, at: SampleTicket.time)
        let mail = try #require(try await taken(delivery).first)
        #expect(mail.to == ["desk@partner.example"])
        let head = mail.content.components(separatedBy: "\r\n\r\n")[0]
        #expect(!head.components(separatedBy: "\r\n").contains { $0.hasPrefix("Bcc:") || $0.hasPrefix("X-Evil:") })
    }

    @Test("A test is marked in the head, for programs")
    func testMark() throws {
        let message = try EmailChannel.message(
            for: delivery { $0.test = true }, by: settings("smtp://x"), in: .english)
        #expect(message.headers.contains { $0.name == "X-Callhome-Test" && $0.value == "yes" })
    }

    @Test(
        "Addresses of mail servers are read, and what is none is refused",
        arguments: [
            ("smtp://mail.example:2525", "mail.example", 2525), ("mail.example", "mail.example", nil),
            ("smtps://mail.example/", "mail.example", nil), ("smtp://[::1]:25", "::1", 25),
            ("http://mail.example", nil, nil), ("smtp://", nil, nil), ("smtp://a:99999", nil, nil),
            ("smtp://u@h", nil, nil),
        ] as [(String, String?, Int?)])
    func addresses(text: String, host: String?, port: Int?) {
        #expect(MailServerAddress(text)?.host == host)
        #expect(MailServerAddress(text)?.port == port)
    }
}
