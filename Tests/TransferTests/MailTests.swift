import Foundation
import TestSupport
import Testing
import Transfer

/// A mail as the server of the tests took it.
private struct Taken: Decodable {
    var from: String
    var to: [String]
    var tls: Bool
    var user: String?
    var content: String
}

@Suite("Mail through libcurl, against real SMTP servers")
struct MailTests {
    private static let server = Result { try ServerProgram("smtp") }
    private let server: ServerProgram

    init() throws { server = try MailTests.server.get() }

    private func mail(_ security: MailServer.Security, _ change: (inout MailServer) -> Void = { _ in }) -> Mail {
        let port = server[security == .none ? "plain" : security == .tls ? "tls" : "startTLS"]
        var target = MailServer(
            host: "127.0.0.1", port: Int(port) ?? 0, security: security, trust: .pinned(caPEM: server["ca"]),
            timeout: .seconds(20))
        change(&target)
        return Mail(server: target)
    }

    private func message(
        to: [String] = ["desk@partner.example"], headers: [(name: String, value: String)] = [],
        subject: String = "Disk in bay 3: replace", text: String = "Hello"
    ) -> MailMessage {
        MailMessage(
            from: "Callhome <callhome@site.example>", to: to, subject: subject, text: text,
            messageID: "\(UUID().uuidString)@site.example", date: 1_795_226_725_000, headers: headers)
    }

    private func taken(_ message: MailMessage) async throws -> Taken {
        let found = try await server.output { line in
            let taken = try JSONDecoder().decode(Taken.self, from: Data(line.utf8))
            return taken.content.contains(message.messageID) ? taken : nil
        }
        return try #require(found.last)
    }

    @Test("A plain server takes the mail for all recipients, and its words are returned")
    func plain() async throws {
        let message = message(to: ["desk@partner.example", "Second Desk <second@partner.example>"])
        #expect(try await mail(.none).send(message) == MailReceipt(reply: "250 2.0.0 queued as 4711"))
        let got = try await taken(message)
        #expect(got.from == "callhome@site.example")
        #expect(got.to == ["desk@partner.example", "second@partner.example"])
        #expect(!got.tls)
    }

    @Test("STARTTLS is used before the login, with the CA pinned")
    func startTLS() async throws {
        let message = message()
        try await mail(.startTLS) { ($0.username, $0.password) = ("callhome", "right") }.send(message)
        let got = try await taken(message)
        #expect(got.tls)
        #expect(got.user == "callhome")
    }

    @Test("TLS from the first byte")
    func implicitTLS() async throws {
        let message = message()
        try await mail(.tls).send(message)
        #expect(try await taken(message).content.contains("Hello"))
    }

    @Test("A server without STARTTLS gets neither password nor mail where STARTTLS is asked for")
    func noStartTLS() async throws {
        let message = message()
        let error = await #expect(throws: MailError.self) {
            try await mail(.startTLS) {
                $0.port = Int(server["plain"]) ?? 0
                ($0.username, $0.password) = ("callhome", "right")
            }.send(message)
        }
        guard case .noStartTLS = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(!server.output.contains { $0.contains(message.messageID) })
    }

    @Test("A certificate of another authority is a TLS failure", arguments: [MailServer.Security.startTLS, .tls])
    func wrongAuthority(_ security: MailServer.Security) async throws {
        let error = await #expect(throws: MailError.self) {
            try await mail(security) { $0.trust = .pinned(caPEM: server["otherCA"]) }.send(message())
        }
        guard case .tls = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("A server that speaks no TLS where TLS is asked for is a TLS failure, in words for people")
    func plainPort() async throws {
        let error = await #expect(throws: MailError.self) {
            try await mail(.tls) { $0.port = Int(server["plain"]) ?? 0 }.send(message())
        }
        guard case .tls(_, let because) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(because.contains("does not speak TLS: is the port right"), "\(because)")
    }

    @Test("A wrong password is a refused login, with the server's words")
    func wrongPassword() async throws {
        let error = await #expect(throws: MailError.self) {
            try await mail(.startTLS) { ($0.username, $0.password) = ("callhome", "wrong") }.send(message())
        }
        guard case .loginRefused(_, let because) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(because.hasPrefix("535"))
    }

    @Test("4xx is temporary and 5xx permanent, with the server's words")
    func refusals() async throws {
        let name = "127.0.0.1:\(server["plain"])"
        await #expect(
            throws: MailError.temporary(name, because: "451 4.7.1 greylisted, come back later")
        ) { try await mail(.none).send(message(to: ["greylisted@partner.example"])) }
        await #expect(throws: MailError.permanent(name, because: "550 5.1.1 no such mailbox here")) {
            try await mail(.none).send(message(to: ["unknown@partner.example"]))
        }
        await #expect(throws: MailError.permanent(name, because: "554 5.6.0 content rejected")) {
            try await mail(.none).send(message(headers: [("X-Reject", "yes")]))
        }
    }

    @Test("Mailboxes that the server refuses keep no other from its mail, and each is named with the server's words")
    func someRefused() async throws {
        let message = message(to: [
            "unknown@partner.example", "desk@partner.example", "Grey <greylisted@partner.example>",
            "second@partner.example",
        ])
        let receipt = try await mail(.none).send(message)
        #expect(receipt.reply == "250 2.0.0 queued as 4711")
        #expect(
            receipt.refusals == [
                .init(mailbox: "unknown@partner.example", reply: "550 5.1.1 no such mailbox here"),
                .init(mailbox: "Grey <greylisted@partner.example>", reply: "451 4.7.1 greylisted, come back later"),
            ])
        #expect(receipt.refusals.map(\.isFinal) == [true, false])
        #expect(try await taken(message).to == ["desk@partner.example", "second@partner.example"])
    }

    @Test("A server that is not there, or says nothing, is temporary")
    func notThere() async throws {
        let web = try ServerProgram("web")
        for (port, words) in [(web["closed"], "nothing listens there"), (web["silent"], "connected but silent")] {
            let error = await #expect(throws: MailError.self) {
                try await mail(.none) {
                    $0.port = Int(port) ?? 0
                    $0.timeout = .milliseconds(300)
                }.send(message())
            }
            guard case .temporary(_, let because) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
            #expect(because.contains(words), "\(because)")
        }
    }

    @Test("A text arrives as it was written: dots, long lines, umlauts, and nothing that ends the mail early")
    func dots() async throws {
        let text = ".\r\n.\n..\n\nLüfter °C \(String(repeating: "x.", count: 2000))\nFrom here \n QUIT\n.\n"
        let message = message(subject: "Lüfter ausgefallen", text: text)
        try await mail(.none).send(message)
        let content = try await taken(message).content
        let body = try #require(content.split(separator: "\r\n\r\n", maxSplits: 1).last)
        let expected = text.replacingOccurrences(of: "\r\n", with: "\n")
        #expect(decodingQuotedPrintable(String(body)).hasPrefix(expected))
    }

    @Test("What is no address, or has no recipient, is a bad message")
    func badMessages() async throws {
        let recipients = [
            [], [""], ["desk"], ["a@b\r\nDATA"], ["a@b>\r\nRCPT TO:<c@d"], ["a b@c"], ["ü@c"], ["a@@c"],
            [String(repeating: "a", count: 260) + "@c"],
        ]
        for to in recipients {
            let error = await #expect(throws: MailError.self) { try await mail(.none).send(message(to: to)) }
            guard case .badMessage = error else {
                Issue.record("\(String(describing: error)) for \(to)")
                continue
            }
        }
        for host in ["", "a b", "a/b", "a\r\nb"] {
            let error = await #expect(throws: MailError.self) {
                try await mail(.none) { $0.host = host }.send(message())
            }
            guard case .badMessage = error else {
                Issue.record("\(String(describing: error)) for \(host)")
                continue
            }
        }
    }

    private func decodingQuotedPrintable(_ text: String) -> String {
        var bytes: [UInt8] = []
        let input = Array(
            text.replacingOccurrences(of: "=\r\n", with: "").replacingOccurrences(of: "\r\n", with: "\n").utf8)
        var index = 0
        while index < input.count {
            if input[index] == 0x3D, index + 2 < input.count {
                bytes.append(UInt8(String(decoding: input[index + 1...index + 2], as: UTF8.self), radix: 16) ?? 0x3F)
                index += 3
            } else {
                bytes.append(input[index])
                index += 1
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
