import Daemon
import Foundation
import TestSupport
import Testing
import Transfer

@testable import Collector

@Suite("Keys that texts name")
struct NamedKeysTests {
    private static let keys = Set(CollectorConfiguration.keys.map(\.name))

    /// `recipient.desk.tls` and `recipient.NAME.tls` as the table has it: `recipient.*.tls`; and so of channels of patterns.
    private func known(_ key: String) -> Bool {
        var parts = key.split(separator: ".").map(String.init)
        if parts.count == 3, ["recipient", "channel"].contains(parts[0]) { parts[1] = "*" }
        return Self.keys.contains(parts.joined(separator: "."))
    }

    private func quoted(_ text: String) -> [String] {
        text.components(separatedBy: "`").enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
    }

    @Test("A refused login, a refused TLS and a missing STARTTLS name the keys to look at, and each of them exists")
    func mail() {
        let tls = EmailChannel.words(for: .tls("mail:587", because: "x"), recipient: "desk")
        #expect(quoted(tls) == ["recipient.desk.tls", "recipient.desk.url", "recipient.desk.ca"])
        let login = EmailChannel.words(for: .loginRefused("mail:587", because: "x"), recipient: "desk")
        #expect(quoted(login) == ["recipient.desk.user", "recipient.desk.password", "recipient.desk.tls"])
        let unoffered = EmailChannel.words(for: .noStartTLS("mail:587"), recipient: "desk")
        #expect(quoted(unoffered) == ["recipient.desk.tls", "recipient.desk.url"])
        for key in quoted(tls) + quoted(login) + quoted(unoffered) { #expect(known(key), "\(key)") }
    }

    /// String literals of the sources, and the documents: whatever looks like a key has to be one.
    @Test("Every key of a recipient or of a table that a text or a document names exists")
    func everywhere() throws {
        let root = ServerProgram.packageRoot
        var files = ["README.md", "docs/collector.md", "packaging/callhome-collector/collector.conf"]
        for folder in ["Sources/Collector", "Sources/Transfer", "Sources/Daemon", "Sources/callhome-collector"] {
            let walk = try #require(FileManager.default.enumerator(atPath: root.appending(path: folder).path))
            files += walk.compactMap { $0 as? String }.filter { $0.hasSuffix(".swift") }.map { "\(folder)/\($0)" }
        }
        // In code, `recipient.security.port` is no key: there a name is written as NAME or put in.
        let inCode = /recipient\.(?:NAME|\*|\\\([A-Za-z.]+\))\.([a-z]+)/
        let inText = /recipient\.(?:NAME|[a-z][a-z-]*)\.([a-z]+)/
        let plain = /`([a-z]+(?:\.[a-z-]+)*) ?(?:=[^`]*)?`/
        let families = Set(Self.keys.map { $0.prefix { $0 != "." } })
        var found = 0
        for file in files {
            let text = try String(contentsOf: root.appending(path: file), encoding: .utf8)
            for line in text.split(separator: "\n") {
                for match in line.matches(of: file.hasSuffix(".swift") ? inCode : inText) {
                    found += 1
                    #expect(known("recipient.NAME.\(match.1)"), "\(file): \(match.0)")
                }
                // The README names the agent's keys too.
                guard file.hasSuffix(".swift") && line.contains("\"") || file.hasPrefix("docs/") else { continue }
                for match in line.matches(of: plain) where match.1.contains(".") {
                    guard families.contains(match.1.prefix { $0 != "." }) else { continue }
                    found += 1
                    #expect(known(String(match.1)), "\(file): \(match.0)")
                }
            }
        }
        #expect(found > 20)
    }
}
