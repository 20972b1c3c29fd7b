import Foundation
import TestSupport
import Testing

/// What is accepted at the collector, the server itself no longer asks for.
@Suite("Accepted blind spots on the server")
struct AcceptedBlindSpotTests {
    private struct Spot: Decodable {
        struct Reason: Decodable { var step: String? }
        struct Acceptance: Decodable {}
        var name: String
        var reasons: [Reason]
        var accepted: Acceptance?
    }

    @Test(
        "The doctor asks for nothing that is accepted, status says how much is, and both ask again once it is taken back"
    )
    func doctor() async throws {
        let site = try await Site()
        defer { site.stop() }
        let server = try await site.server("one", modules: 1, patterns: ShippedPackFile.url().path)
        defer { server.agent.killNow() }
        func spots(_ words: String...) throws -> (status: Int32, output: String) {
            try Program.run(
                Program.built("callhome"),
                ["servers", "blind-spots"] + words + ["--collector-socket", "\(site.folder.path)/c.sock"])
        }
        func decide(_ word: String) throws -> Int32 {
            try spots(word, "one", "--all", "--because", "a test").status
        }
        /// All that nobody can mend, and then what is left, by name.
        func accept() throws {
            _ = try decide("accept")
            let list = try JSONDecoder().decode([Spot].self, from: Data(try spots("list", "one", "--json").output.utf8))
            for spot in list where spot.accepted == nil {
                #expect(spot.reasons.contains { $0.step != nil }, "\(spot.name) is left though nobody can mend it")
                _ = try spots("accept", "one", spot.name, "--because", "a test")
            }
        }
        #expect(try server.command(["doctor"]).status == 1, "something is to be done")
        // Some probes look for the first time only now: what they bring is accepted as it comes.
        try await eventually(within: .seconds(240), "nothing is to be done") {
            try accept()
            // Telemetry may wait for a minute; a test fault has its receipt at once.
            _ = try server.command(["test"])
            let doctor = try server.command(["doctor", "--language", "en"])
            return doctor.status == 0 && doctor.output.contains(" accepted.\nNothing needs to be done.") ? true : nil
        }
        func callhome(_ words: String...) throws -> String {
            let socket = ["--collector-socket", "\(site.folder.path)/c.sock"]
            return try Program.run(Program.built("callhome"), words + socket).output
        }
        let listed = try spots("list", "one").output
        #expect(
            listed.contains("    accepted by ") && listed.split(separator: "\n").allSatisfy { $0.count <= 100 },
            "\(listed)")
        let shown = try callhome("servers", "show", "one")
        #expect(shown.contains("READING") && !shown.contains(" Cel\n") && !shown.contains(" By\n"), "\(shown)")
        // Each test above has made a case.
        for line in try callhome("cases").split(separator: "\n") where line.hasPrefix("CH-") {
            _ = try callhome("cases", "close", String(line.prefix { $0 != " " }), "--because", "a test")
        }
        let closed = try callhome("cases")
        #expect(closed.hasPrefix("no open cases; ") && closed.contains(" closed: --state all lists them"), "\(closed)")
        let status = try server.command(["status", "--language", "de"])
        #expect(status.output.contains("Sammler   verbunden"), "\(status.output)")
        #expect(status.output.contains("blinde Flecken hingenommen"), "\(status.output)")
        #expect(try server.command(["doctor", "--all", "--language", "en"]).output.contains("] 1. "))
        #expect(try decide("withdraw") == 0)
        try await eventually(within: .seconds(60), "it is to be done again") {
            _ = try server.command(["test"])
            return try server.command(["doctor"]).status == 1 ? true : nil
        }
    }
}
