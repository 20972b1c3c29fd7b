import Foundation
import TestSupport
import Testing
import Transfer

@Suite("Mail as RFC 5322 wants it, read back by another implementation")
struct MailMessageTests {
    private struct Read: Decodable {
        struct Part: Decodable, Equatable {
            var type: String
            var filename: String
            var text: String
        }
        var headers: [[String]]
        var parts: [Part]
        var defects: [String]
        var addresses: [String]
        var names: [String]
        func header(_ name: String) -> [String] { headers.filter { $0[0].lowercased() == name }.map { $0[1] } }
    }

    private func message() -> MailMessage {
        MailMessage(
            from: "callhome@site.example", to: ["desk@partner.example"], subject: "Disk", text: "text",
            messageID: "1@site.example", date: 1_795_226_725_000)
    }

    private func read(_ message: MailMessage) throws -> Read {
        let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: file) }
        let data = message.rfc5322()
        try data.write(to: file)
        let text = String(decoding: data, as: UTF8.self)
        #expect(data.allSatisfy { $0 < 0x80 })
        let lines = text.components(separatedBy: "\r\n")
        #expect(lines.allSatisfy { $0.utf8.count <= 998 && !$0.hasPrefix(".") })
        #expect(lines.allSatisfy { !$0.unicodeScalars.contains("\r") && !$0.unicodeScalars.contains("\n") })
        let json = try runProgram("/usr/bin/python3", [ServerProgram.script("parse_mail"), file.path]).output
        return try JSONDecoder().decode(Read.self, from: json)
    }

    @Test("Text, HTML and attachments come back as they were put in")
    func everything() throws {
        var message = message()
        message.text =
            "Grüße,\n.\nline with trailing space \nFrom the fan: 80 °C = hot\n\(String(repeating: "ü.", count: 300))\n"
        message.html = "<p>Grüße &amp; <b>80 °C</b></p>"
        let blob = Data((0..<1000).map { UInt8(truncatingIfNeeded: $0) })
        message.attachments = [
            .init(filename: "ticket.json", contentType: "application/json", data: Data("{\"ä\":1}".utf8)),
            .init(filename: "Störung \"1\"/..\r\nX.bin", contentType: "bad\r\ntype", data: blob),
        ]
        let read = try read(message)
        #expect(read.defects == [])
        #expect(read.parts.map(\.type) == ["text/plain", "text/html", "application/json", "application/octet-stream"])
        #expect(read.parts[0].text.replacingOccurrences(of: "\r\n", with: "\n").hasPrefix(message.text))
        #expect(read.parts[1].text.hasPrefix(message.html ?? "?"))
        #expect(read.parts[2].filename == "ticket.json")
        #expect(read.parts[3].filename == "Störung _1__..  X.bin")
        #expect(Data(read.parts[3].text.unicodeScalars.map { UInt8($0.value) }) == blob)
    }

    @Test(
        "A subject of any kind comes back",
        arguments: [
            "Disk in bay 3: replace", "Lüfter 2 ausgefallen", "", "=?utf-8?B?QUJD?=",
            "🔥 \(String(repeating: "Wärme ", count: 60))",
            String(repeating: "word ", count: 80) + "end", String(repeating: "x", count: 2000), " lead and  double ",
        ])
    func subjects(_ subject: String) throws {
        var message = message()
        message.subject = subject
        let read = try read(message)
        #expect(read.header("subject") == [subject])
        #expect(read.defects == [])
    }

    @Test("No value can begin another header or the body")
    func injection() throws {
        let evil = "x\r\nBcc: thief@evil.example\r\n\r\nbody"
        var message = message()
        message.subject = evil
        message.from = "\(evil) <callhome@site.example>"
        message.to = ["\(evil) <desk@partner.example>", evil]
        message.messageID = evil
        message.headers = [
            ("X-Case", evil), ("X-Bad\r\nBcc", "thief@evil.example"), ("Bcc", "t@e"), ("Subject", "second"),
        ]
        let read = try read(message)
        #expect(read.header("bcc") == [])
        #expect(read.header("subject").count == 1)
        #expect(read.header("x-case") == ["x  Bcc: thief@evil.example    body"])
        #expect(read.parts.map(\.type) == ["text/plain"])
        #expect(read.parts[0].text.hasPrefix("text"))
    }

    @Test("Names beside addresses come back, with umlauts and commas")
    func names() throws {
        var message = message()
        message.from = "Müller, Söhne & Co <callhome@site.example>"
        message.to = ["Desk One <one@partner.example>", "two@partner.example"]
        let read = try read(message)
        #expect(read.addresses == ["one@partner.example", "two@partner.example"])
        #expect(read.names == ["Müller, Söhne & Co", "Desk One", ""])
    }

    @Test(
        "The date is RFC 5322's",
        arguments: [
            (0, "Thu, 1 Jan 1970 00:00:00 +0000"), (951_782_400_000, "Tue, 29 Feb 2000 00:00:00 +0000"),
            (1_795_226_725_999, "Sat, 21 Nov 2026 02:05:25 +0000"),
            (4_107_542_399_000, "Sun, 28 Feb 2100 23:59:59 +0000"),
            (Int64.max, "Fri, 31 Dec 9999 23:59:59 +0000"), (Int64.min, "Thu, 1 Jan 1970 00:00:00 +0000"),
        ])
    func dates(_ milliseconds: Int64, _ text: String) {
        var message = message()
        message.date = milliseconds
        #expect(String(decoding: message.rfc5322(), as: UTF8.self).hasPrefix("Date: \(text)\r\n"))
    }
}
