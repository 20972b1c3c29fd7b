import Foundation
import TestSupport
import Testing

@Suite("Going away", .serialized)
struct AwayTests {
    @Test(
        "A collector says why an agent that was stopped in order is away and when it is back; not of one that was killed"
    )
    func upgraded() async throws {
        let site = try await Site()
        defer { site.stop() }
        let server = try await site.server("one", modules: 1, patterns: ShippedPackFile.url().path)
        defer { server.agent.killNow() }
        func because() throws -> String {
            let result = try Program.run(
                Program.built("callhome"), ["servers", "list", "--collector-socket", site.socket])
            return result.output
        }
        try await eventually(within: .seconds(20), "the server is heard") {
            try because().contains("It has not told yet") ? nil : true
        }

        server.agent.killNow()
        #expect(try !because().contains("is away since"))
        try server.agent.start()
        try await eventually(within: .seconds(20), "it is up") {
            try server.command(["status", "--json"]).output.contains("\"state\" : \"connected\"") ? true : nil
        }

        // As the package's script leaves it while it restarts the service.
        let notice = site.folder.appending(path: "one/root/run/callhome-agent.stopping")
        try FileManager.default.createDirectory(
            at: notice.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Site.write("upgrade \(Int(Date().timeIntervalSince1970))", to: notice)
        try server.agent.stop()
        let said = try because()
        #expect(
            said.contains("is away since") && said.contains("because its package is being upgraded; back by"), "\(said)"
        )

        try server.agent.start()
        try await eventually(within: .seconds(20), "it is back, and nothing is said of it any more") {
            try because().contains("is away since") ? nil : true
        }
    }
}
