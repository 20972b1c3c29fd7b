import Daemon
import Foundation
import Reports
import Testing

@testable import Collector

@Suite("Recipients in the configuration")
struct ChannelSettingsTests {
    private func recipients(_ lines: String) throws(ConfigurationErrors) -> [Recipient] {
        let keys = CollectorConfiguration.keys.map(\.name)
        let (configuration, reader) = CollectorConfiguration.read(
            ConfigurationFile(parsing: [.init(path: "collector.conf", text: lines)], allowing: keys))
        if let errors = ConfigurationErrors(reader.errors) { throw errors }
        return configuration.recipients
    }

    @Test("Each channel has a name and keys of its own, and all of them may be set")
    func all() {
        let kinds = Channel.all.map(\.kind)
        #expect(kinds == [.email, .webhook, .partner])
        let keys = CollectorConfiguration.keys.map(\.name)
        #expect(Set(keys).count == keys.count)
        for row in Channel.all {
            #expect(!row.keys.isEmpty)
            for key in row.keys { #expect(keys.contains(key.name)) }
        }
    }

    @Test("A recipient has what its channel needs, and nothing of another channel")
    func payloads() throws {
        let found = try recipients(
            """
            recipient.desk.kind = email
            recipient.desk.to = a@x.example, b@x.example
            recipient.desk.from = us@x.example
            recipient.desk.user = us
            recipient.desk.password = /etc/password
            recipient.desk.ca = /etc/ca.pem
            recipient.desk.fallback = hook
            recipient.hook.kind = webhook
            recipient.hook.url = https://x.example/in
            recipient.hook.secret = hook-secret
            recipient.hook.language = de
            recipient.up.kind = partner
            recipient.up.url = https://partner.example:8443
            recipient.up.pairing = /etc/pairing
            """)
        #expect(
            found == [
                Recipient(
                    name: "desk", fallback: "hook",
                    channel: .email(
                        EmailSettings(
                            url: "smtp://localhost:25", to: ["a@x.example", "b@x.example"], from: "us@x.example",
                            username: "us", password: .file(path: "/etc/password"), security: .starttls,
                            caFile: "/etc/ca.pem"))),
                Recipient(
                    name: "hook", language: .german,
                    channel: .webhook(
                        WebhookSettings(url: "https://x.example/in", secret: .credential(name: "hook-secret")))),
                Recipient(
                    name: "up",
                    channel: .partner(
                        PartnerSettings(url: "https://partner.example:8443", pairing: .file(path: "/etc/pairing")))),
            ])
        #expect(found.map(\.kind) == [.email, .webhook, .partner])
    }

    @Test(
        "What is wrong of a recipient is said with its line, and what could stand there",
        arguments: [
            ("recipient.x.url = https://x", "recipient.x.kind: it is missing: set email, webhook or partner"),
            (
                "recipient.x.kind = fax",
                "collector.conf:1: recipient.x.kind: \"fax\" is none of email, webhook, partner"
            ),
            ("recipient.x.kind = email", "recipient.x.to: it is missing: set an e-mail address"),
            (
                "recipient.x.kind = email\nrecipient.x.to = a@b\nrecipient.x.url = http://x",
                "collector.conf:3: recipient.x.url: http://x is no address of the form smtp://server:port"
            ),
            (
                "recipient.x.kind = webhook\nrecipient.x.url = ftp://x",
                "collector.conf:2: recipient.x.url: ftp://x is no address of the form https://server:port/path"
            ),
            (
                "recipient.x.kind = partner\nrecipient.x.url = http://x",
                "collector.conf:2: recipient.x.url: http://x is no address of the form https://server:port/path"
            ),
            (
                "recipient.x.kind = webhook\nrecipient.x.url = https://x\nrecipient.x.tls = none",
                "collector.conf:3: recipient.x.tls: a recipient of the kind webhook has no such key: it has kind, url, "
                    + "ca, language, fallback, secret"
            ),
            (
                "recipient.x.kind = partner\nrecipient.x.url = https://x\nrecipient.x.language = fr",
                "collector.conf:3: recipient.x.language: fr is neither en nor de"
            ),
        ])
    func mistakes(lines: String, words: String) {
        let error = #expect(throws: ConfigurationErrors.self) { try recipients(lines) }
        #expect(error?.description.hasSuffix(words) == true, "\(error?.description ?? "")")
    }

    @Test("A message of a channel that this version does not have keeps the channel's name")
    func unknown() throws {
        let kind = try WireFormat.decode(ChannelKind.self, from: Data("\"fax\"".utf8))
        #expect(kind.rawValue == "fax")
        #expect(String(decoding: try WireFormat.encode(kind), as: UTF8.self) == "\"fax\"")
    }
}
