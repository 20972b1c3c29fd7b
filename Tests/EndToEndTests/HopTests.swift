import Foundation
import TestSupport
import Testing

/// `callhome test` is how a site knows that a fault would arrive: it must name what is broken.
@Suite("callhome test", .serialized)
struct HopTests {
    @Test("With all well it exits 0 with a time for each hop; each broken hop is named and the exit code is not 0")
    func hops() async throws {
        let site = try await Site()
        defer { site.stop() }
        let server = try await site.server("one", modules: 1, patterns: ShippedPackFile.url().path)
        defer { server.agent.killNow() }

        let well = try test(server, seconds: 30)
        #expect(well.status == 0, "\(well.output)")
        for hop in ["pattern", "spool", "uplink", "intake", "case", "email:desk", "webhook:hook", "partner:upstream"] {
            let line = well.output.split(separator: "\n").first { $0.contains(hop) }
            #expect(line?.contains(" ms") == true || line?.contains(" s") == true, "\(hop) in:\n\(well.output)")
        }
        for (_, ticket) in try site.mails() {
            #expect(ticket["test"] as? Bool == true && ticket["event"] as? String == "test", "\(ticket)")
        }

        try Site.write("", to: site.folder.appending(path: "mailbox.closed"))
        try expectBroken("email:desk", server)
        try FileManager.default.removeItem(at: site.folder.appending(path: "mailbox.closed"))

        try Site.write("", to: site.folder.appending(path: "webhook.broken"))
        try expectBroken("webhook:hook", server)
        try FileManager.default.removeItem(at: site.folder.appending(path: "webhook.broken"))

        site.partner.killNow()
        try expectBroken("partner:upstream", server)
        try site.partner.start()

        site.collector.killNow()
        try expectBroken("uplink", server)
        try site.collector.start()
        let again = try test(server, seconds: 60)
        #expect(again.status == 0, "all is well again:\n\(again.output)")

        let status = try server.command(["status", "--json"])
        let host = try #require(
            status.output.firstMatch(of: /"host"\s*:\s*"([^"]+)"/)?.output.1, "\(status.output)")
        let revoked = try Program.run(
            Program.built("callhome-collector"),
            [
                "keys", "revoke", String(host), "--because", "a test", "--config",
                site.folder.appending(path: "collector.conf").path,
            ])
        #expect(revoked.status == 0, "\(revoked.output)")
        try expectBroken("uplink", server, saying: "revoked")

        server.agent.killNow()
        let stopped = try test(server, seconds: 5)
        #expect(stopped.status != 0 && stopped.output.contains("agent"), "\(stopped.output)")
    }

    private func test(_ server: Server, seconds: Int) throws -> (status: Int32, output: String) {
        let result = try server.command(["test", "--wait", "--timeout", "\(seconds)"])
        print("callhome test --wait exits \(result.status):\n\(result.output)")
        return result
    }

    /// The broken hop is said to be broken, and what to do stands beside it.
    private func expectBroken(_ hop: String, _ server: Server, saying word: String? = nil) throws {
        let result = try test(server, seconds: 10)
        #expect(result.status != 0, "\(hop) is broken, and the exit code is 0:\n\(result.output)")
        let line = result.output.split(separator: "\n").first { line in
            line.contains(hop) && !line.hasPrefix("ok")
        }
        #expect(line != nil, "\(hop) is not named in:\n\(result.output)")
        if let word { #expect(result.output.contains(word), "\(result.output)") }
    }
}
