import Foundation
import TestSupport
import Testing

/// A site's collector is put back from a backup, with real programs: what happened since comes back, and says so.
@Suite("A collector that is put back from a backup", .serialized, .timeLimit(.minutes(5)))
struct RestoreTests {
    private func administration(_ site: Site, _ words: [String]) throws -> (status: Int32, output: String) {
        try Program.run(
            Program.built("callhome-collector"),
            words + ["--config", site.folder.appending(path: "collector.conf").path])
    }

    /// The newest ticket about a module that the webhook took.
    private func ticket(_ site: Site, module: Int) throws -> [String: Any]? {
        try site.hooks().map(\.ticket).last { ticket in
            (ticket["suspect"] as? [String: Any])?["component"].map { "\($0)".hasSuffix("dimm\(module)") } ?? false
        }
    }

    private func text(_ ticket: [String: Any]?, _ key: String) -> String? { ticket?[key].map { "\($0)" } }

    @Test(
        "It tells nobody of anything until it is taken over; then what it lacked comes under another number, as the same problem"
    )
    func restore() async throws {
        let site = try await Site(settings: "heartbeat.interval = 2s")
        defer { site.stop() }
        let pack = site.folder.appending(path: "patterns.json").path
        let patterns = Site.packageRoot.appending(path: "Tests/EndToEndTests/Patterns").path
        let built = try Program.run(Program.built("callhome"), ["patterns", "build", patterns, "-o", pack])
        try #require(built.status == 0, "\(built.output)")
        let server = try await site.server("one", modules: 3, patterns: pack)
        defer { server.agent.killNow() }
        try server.set(module: 0, errors: 200)
        let known = try await eventually(within: .seconds(60), "the first order") { try ticket(site, module: 0) }

        let copy = site.folder.appending(path: "copy")
        let backup = try administration(site, ["backup", copy.path])
        try #require(backup.status == 0, "\(backup.output)")
        #expect(backup.output.contains("takeover"))
        #expect(try administration(site, ["backup", copy.path]).status != 0, "a copy replaces nothing")
        #expect(try administration(site, ["takeover"]).status == 65, "it serves: there is nothing to take over")

        try server.set(module: 1, errors: 200)
        let lost = try await eventually(within: .seconds(60), "the second order") { try ticket(site, module: 1) }

        site.collector.killNow()
        let data = site.folder.appending(path: "collector")
        try FileManager.default.removeItem(at: data)
        try FileManager.default.moveItem(at: copy, to: data)
        try site.collector.start()
        let options = ["--collector-socket", site.folder.appending(path: "c.sock").path]
        func callhome(_ words: [String]) throws -> String {
            try Program.run(Program.built("callhome"), words + options).output
        }
        // Reports are taken: the lost fault is stated, and the third one is told.
        try server.set(module: 2, errors: 200)
        try await eventually(within: .seconds(90), "all three cases") {
            try callhome(["cases", "list"]).split(separator: "\n").count { $0.hasPrefix("CH-") } >= 3 ? true : nil
        }
        #expect(try callhome(["servers", "list"]).contains("callhome-collector takeover"))
        #expect(try ticket(site, module: 2) == nil, "nobody is told while it is held")
        #expect(text(try ticket(site, module: 1), "number") == text(lost, "number"))

        let takeover = try administration(site, ["takeover"])
        #expect(takeover.status == 0, "\(takeover.output)")
        try await eventually(within: .seconds(60), "the third order") { try ticket(site, module: 2) }
        let again = try await eventually(within: .seconds(60), "the second problem again") {
            let found = try ticket(site, module: 1)
            return text(found, "number") == text(lost, "number") ? nil : found
        }
        #expect(again["perhapsOrderedSince"] != nil && lost["perhapsOrderedSince"] == nil)
        #expect(text(again, "problem") == text(lost, "problem") && again["problem"] != nil)
        let numbers = try site.hooks().map(\.ticket).filter { text($0, "problem") == text(known, "problem") }
            .compactMap { text($0, "number") }
        #expect(Set(numbers).count == 1, "what the backup knew keeps its number")
        #expect(try callhome(["servers", "list"]).contains("takeover") == false)
    }
}
