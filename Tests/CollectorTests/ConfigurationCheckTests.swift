import Daemon
import Foundation
import Glibc
import Testing

@testable import Collector

@Suite("The collector's configuration")
struct ConfigurationCheckTests {
    private let folder: TemporaryFolder
    private static let secret = "whsec_" + Data("thirty bytes are long enough..".utf8).base64EncodedString()

    init() throws { folder = try TemporaryFolder() }

    /// `line: key` of everything that is wrong in the text.
    private func refused(_ text: String) -> [String] {
        let source = ConfigurationFile.Source(path: "collector.conf", text: text)
        let file = ConfigurationFile(parsing: [source], allowing: CollectorConfiguration.keys.map(\.name))
        return CollectorConfiguration.read(file).1.errors.map(Self.place)
    }

    /// The same of what the text names.
    private func found(
        _ text: String, paired: Set<String>? = [], credentials: String? = nil
    ) -> (errors: [ConfigurationError], notes: [String]) {
        let source = ConfigurationFile.Source(path: "collector.conf", text: text)
        let (configuration, reader) = CollectorConfiguration.read(
            ConfigurationFile(parsing: [source], allowing: CollectorConfiguration.keys.map(\.name)))
        #expect(reader.errors.isEmpty, "\(reader.errors)")
        let check = ConfigurationCheck(configuration, reader.file, paired: paired, credentials: credentials)
        return (reader.file.sorted(check.errors), check.notes)
    }

    private static func place(_ error: ConfigurationError) -> String {
        "\(error.line ?? 0): \(error.problem.prefix { $0 != ":" })"
    }

    private func file(_ name: String, _ text: String, mode: Int = 0o600) throws -> String {
        let path = try folder.write(text, to: name)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        return path
    }

    @Test("Everything that cannot be understood is refused at once, with its line")
    func allErrors() {
        let wrong = refused(
            """
            listen = somewhere
            urls = https://ok:8443, http://plain, https://
            case.limit = none
            silence.grace = soon
            log.level = loud
            recipient.a.kind = fax
            recipient.b.tls = perhaps
            recipient.b.kind = email
            recipient.b.url = mail.example
            recipient.c.kind = webhook
            recipient.c.url = https://host:99999/
            recipient.c.fallback = nobody
            recipient.d.language = fr
            recipient.e.kind = partner
            """)
        #expect(
            wrong == [
                // What is missing is told at the first line of its recipient.
                "1: listen", "2: urls", "2: urls", "3: case.limit", "4: silence.grace", "5: log.level",
                "6: recipient.a.kind", "7: recipient.b.tls", "7: recipient.b.to", "9: recipient.b.url",
                "11: recipient.c.url", "12: recipient.c.fallback", "13: recipient.d.language", "13: recipient.d.kind",
                "14: recipient.e.url",
            ])
    }

    private func chain(_ fallbacks: [(String, String)]) -> String {
        fallbacks.enumerated().map { index, pair in
            """
            recipient.\(pair.0).kind = email
            recipient.\(pair.0).to = \(pair.0)@partner.example
            """ + (pair.1.isEmpty ? "\n" : "\nrecipient.\(pair.0).fallback = \(pair.1)\n")
        }.joined()
    }

    @Test("Fallbacks that lead back to where they began tell nobody, and are refused; whoever only leads there is not")
    func circles() {
        #expect(refused(chain([("a", "b"), ("b", "a")])) == ["3: recipient.a.fallback", "6: recipient.b.fallback"])
        #expect(
            refused(chain([("a", "b"), ("b", "c"), ("c", "a")])) == [
                "3: recipient.a.fallback", "6: recipient.b.fallback", "9: recipient.c.fallback",
            ])
        #expect(
            refused(chain([("a", "b"), ("b", "c"), ("c", "b")])) == [
                "6: recipient.b.fallback", "9: recipient.c.fallback",
            ])
        #expect(refused(chain([("a", "a")])) == ["3: recipient.a.fallback"])
        #expect(refused(chain([("a", "A"), ("b", "")])) == ["3: recipient.a.fallback"])
        #expect(refused(chain([("a", "c"), ("b", "c"), ("c", "")])).isEmpty)
        #expect(refused(chain([("a", "b"), ("b", "c"), ("c", "")])).isEmpty)
    }

    @Test("Whoever is in a circle of fallbacks gets its own messages all the same: somebody is always told")
    func standIns() {
        #expect(FallbackChain(["a": "b", "b": "a"]).standIns.isEmpty)
        #expect(FallbackChain(["a": "b", "b": "c", "c": "b"]).standIns.isEmpty)
        #expect(FallbackChain(["a": "b", "b": "c"]).standIns == ["b", "c"])
        #expect(FallbackChain(["a": "a"]).standIns.isEmpty)
        var configuration = CollectorConfiguration()
        configuration.recipients = [
            SampleRecipient.webhook("https://a/", name: "a", fallback: "b"),
            SampleRecipient.webhook("https://b/", name: "b", fallback: "a"),
        ]
        #expect(CasePolicy(configuration).recipients.allSatisfy { !$0.standsIn })
    }

    @Test("Addresses are addresses: what has no host, no number for a port, or another scheme is none")
    func addresses() {
        for good in ["https://a", "https://a:1/x?y", "https://[::1]:8443", "https://127.0.0.1:8443/"] {
            #expect(WebAddress.isValid(good, schemes: ["https"]), "\(good)")
        }
        for bad in [
            "", "a", "https://", "https://:1", "https://a:", "https://a:0", "https://a:99999", "https://a b", "ftp://a",
        ] {
            #expect(!WebAddress.isValid(bad, schemes: ["https", "http"]), "\(bad)")
        }
    }

    @Test("A webhook without secret, files that are not there, that everyone may read or that hold something else")
    func files() throws {
        let open = try file("open", Self.secret, mode: 0o604)
        let short = try file("short", "whsec_AAAA")
        let empty = try file("empty", "\n")
        let errors = found(
            """
            recipient.a.kind = webhook
            recipient.a.url = https://a/
            recipient.b.kind = webhook
            recipient.b.url = https://b/
            recipient.b.secret = /no/such/file
            recipient.c.kind = webhook
            recipient.c.url = https://c/
            recipient.c.secret = \(open)
            recipient.d.kind = webhook
            recipient.d.url = https://d/
            recipient.d.secret = \(short)
            recipient.d.ca = \(short)
            recipient.e.kind = email
            recipient.e.to = tickets@partner.example, tickets
            recipient.e.user = callhome
            recipient.f.kind = email
            recipient.f.to = tickets@partner.example
            recipient.f.password = \(empty)
            """
        ).errors
        #expect(
            errors.map(Self.place) == [
                "1: recipient.a.secret", "5: recipient.b.secret", "8: recipient.c.secret", "11: recipient.d.secret",
                "12: recipient.d.ca", "13: recipient.e.password", "14: recipient.e.to", "18: recipient.f.password",
            ])
        let words = errors.map(\.description).joined(separator: "\n")
        for step in [
            "openssl rand", "there is no such file", "chmod o= \(open)", "whsec_", "BEGIN CERTIFICATE", "empty",
        ] {
            #expect(words.contains(step), "\(step): \(words)")
        }
        #expect(!words.contains(Self.secret))
    }

    @Test("Whoever reads a secret refuses one that everyone may read, a pipe, and what is no file")
    func oneReader() throws {
        let good = try file("good", " \(Self.secret)\n", mode: 0o640)
        #expect(try Secret.file(path: good).read() == Self.secret)
        for mode in [0o644, 0o604, 0o642, 0o601] {
            let open = try file("open-\(mode)", Self.secret, mode: mode)
            let error = #expect(throws: SecretFileError.self) { try Secret.file(path: open).read() }
            #expect(error?.description.contains("chmod o= \(open)") ?? false)
            #expect(!(error?.description.contains(Self.secret) ?? true))
            // A certificate is no secret.
            #expect(try SecretFile.text(at: open) == Self.secret)
        }
        let link = "\(folder.path)/link"
        try FileManager.default.createSymbolicLink(
            atPath: link, withDestinationPath: try file("behind", Self.secret, mode: 0o644))
        #expect(throws: SecretFileError.self) { try Secret.file(path: link).read() }
        let pipe = "\(folder.path)/pipe"
        #expect(unsafe mkfifo(pipe, 0o600) == 0)
        for path in [pipe, folder.path, "/dev/zero", "\(folder.path)/none"] {
            #expect(throws: SecretFileError.self, "\(path)") { try Secret.file(path: path).read() }
        }
    }

    @Test("No message shows what of an address may be secret")
    func shownAddresses() {
        for (written, shown) in [
            ("smtp://user:s3cret@mail.example:25", "smtp://…@mail.example:25"),
            ("https://hooks.example/services/T0/s3cret", "https://hooks.example/…"),
            ("https://a:99999/?token=s3cret", "https://a:99999/…"), ("mail.example", "mail.example"),
            ("user:s3cret@mail.example", "…@mail.example"), ("https://ok/", "https://ok/"),
        ] { #expect(WebAddress.shown(written) == shown, "\(written)") }
        let source = ConfigurationFile.Source(
            path: "collector.conf",
            text: """
                recipient.a.kind = webhook
                recipient.a.url = ftp://user:s3cret@host/s3cret
                recipient.b.kind = email
                recipient.b.to = a@b.example
                recipient.b.url = smtp://user:s3cret@host
                """)
        let file = ConfigurationFile(parsing: [source], allowing: CollectorConfiguration.keys.map(\.name))
        let errors = CollectorConfiguration.read(file).1.errors
        #expect(errors.count == 2)
        #expect(!errors.map(\.description).joined().contains("s3cret"))
    }

    @Test("What goes to the journal is told apart from a terminal, a pipe and a file")
    func journal() throws {
        let path = try folder.write("", to: "out")
        let descriptor = unsafe open(path, O_WRONLY)
        defer { close(descriptor) }
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        let device = try #require(attributes[.systemNumber] as? Int)
        let file = try #require(attributes[.systemFileNumber] as? Int)
        func isJournal(_ stream: String?) -> Bool {
            JournalStream.isStandardOutput(
                environment: stream.map { ["JOURNAL_STREAM": $0] } ?? [:], descriptor: descriptor)
        }
        #expect(isJournal("\(device):\(file)"))
        #expect(!isJournal("\(device):\(file + 1)"))
        #expect(!isJournal(nil))
    }

    @Test("What is in order is not complained of")
    func inOrder() throws {
        let secret = try file("secret", "\(Self.secret)\n")
        let ca = try file("ca.pem", try CertificateAuthority(site: "x").certificatePEM, mode: 0o644)
        let check = found(
            """
            listen = 127.0.0.1:8443
            names = collector.practice.example, 192.0.2.1, 2001:db8::1
            recipient.hook.kind = webhook
            recipient.hook.url = https://a/
            recipient.hook.secret = \(secret)
            recipient.hook.ca = \(ca)
            recipient.desk.kind = email
            recipient.desk.to = Desk <desk@partner.example>
            recipient.up.kind = partner
            recipient.up.url = https://partner.example:8443
            """, paired: ["up"])
        #expect(check.errors.isEmpty, "\(check.errors)")
        #expect(check.notes.isEmpty)
    }

    @Test("A partner needs a pairing token until it is paired, and a whole one")
    func pairing() throws {
        let partner = "recipient.up.kind = partner\nrecipient.up.url = https://partner.example:8443\n"
        #expect(found(partner).errors.map(Self.place) == ["1: recipient.up.pairing"])
        #expect(found(partner, paired: ["up"]).errors.isEmpty)
        let unknown = found(partner, paired: nil)
        #expect(unknown.errors.isEmpty && unknown.notes.count == 1)
        let half = found(partner + "recipient.up.pairing = callhome1.half")
        #expect(half.errors.map(Self.place) == ["3: recipient.up.pairing"])
        #expect(half.errors.first?.problem.contains("copy it whole") == true)
    }

    @Test("A credential of systemd is read where the service sees it, and noted elsewhere")
    func credentials() throws {
        let text = """
            recipient.hook.kind = webhook
            recipient.hook.url = https://a/
            recipient.hook.secret = hook-secret
            """
        let outside = found(text)
        #expect(outside.errors.isEmpty && outside.notes.first?.contains("hook-secret") == true)
        #expect(found(text, credentials: folder.path).errors.map(Self.place) == ["3: recipient.hook.secret"])
        _ = try file("hook-secret", Self.secret, mode: 0o604)
        #expect(found(text, credentials: folder.path).errors.isEmpty)
        #expect(
            found(text.replacing("hook-secret", with: "../hook-secret"), credentials: folder.path).errors.count == 1)
    }

    @Test("An address that this machine has not, and a name that is none, are told")
    func thisMachine() {
        // RFC 5737 keeps it free for examples.
        let errors = found("listen = 192.0.2.1:8443\nnames = https://collector.example, ok.example").errors
        #expect(errors.map(Self.place) == ["1: listen", "2: names"])
        #expect(errors.first?.problem.contains("192.0.2.1") == true)
        #expect(found("listen = [::]:8443").errors.isEmpty)
    }

    @Test("The table of keys says what the defaults are")
    func keys() {
        let set =
            ["listen", "data", "socket", "case.limit", "silence.grace", "token.lifetime", "request.timeout"]
            + ["outbox.alarm", "outbox.retry", "outbox.longest-retry", "outbox.parallel", "heartbeat.interval"]
            + ["retain.cases", "retain.history", "retain.reports", "log.level"]
        let lines = CollectorConfiguration.keys.filter { set.contains($0.name) }.map { "\($0.name) = \($0.fallback)" }
        #expect(lines.count == set.count)
        let source = ConfigurationFile.Source(path: "c", text: lines.joined(separator: "\n"))
        let written = CollectorConfiguration.read(
            ConfigurationFile(parsing: [source], allowing: CollectorConfiguration.keys.map(\.name))
        ).0
        #expect("\(written)" == "\(CollectorConfiguration())")
    }
}
