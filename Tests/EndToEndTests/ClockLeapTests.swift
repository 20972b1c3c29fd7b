import Foundation
import TestSupport
import Testing

/// A collector whose machine's clock leaps, as a real program, with a real agent that reports to it meanwhile.
@Suite(
    "Leaps of the clock under real programs", .serialized,
    .enabled(if: LeapingClock.compiler != nil, "no C compiler is here"))
struct ClockLeapTests {
    private static let year: Int64 = 365 * 86_400
    private static let leaps: [(words: String, seconds: Int64)] = [
        ("3 years ahead", 3 * year), ("3 years back", -3 * year), ("30 years ahead", 30 * year),
        ("56 years back", -56 * year),
    ]

    /// What no leap may change, and what may only grow.
    private struct State {
        /// Number, state and urgency of each.
        var cases: Set<[String]>
        var reports: Int
        /// Messages that a recipient still has to take.
        var owed: Int
        /// `unused` while it lets somebody in.
        var token: String
        /// Whether the API token that somebody logged in for still serves.
        var isLoggedIn: Bool
        var silent: Int

        static let head =
            "| leap | cases | reports kept | messages owed | unused token | login | silent |\n"
            + "|---|---|---|---|---|---|---|"

        func row(_ words: String) -> String {
            let open = cases.count { $0[1] != "closed" }
            let login = isLoggedIn ? "good" : "ended"
            return "| \(words) | \(open) open, \(cases.count - open) closed | \(reports) | \(owed) "
                + "| \(token) | \(login) | \(silent) |"
        }
    }

    private struct Database: Decodable {
        var cases: [[String]]
        var reports: Int
        /// Positions taken so far.
        var received: Int
        var owed: Int
    }

    private struct ServerLine: Decodable {
        var hostname: String
        var state: String
    }

    /// One collector with all that a leap could hurt.
    private final class Patient {
        let site: Site
        let clock: LeapingClock
        let server: Server
        let token: String
        let pack: String

        init() async throws {
            let folder = FileManager.default.temporaryDirectory
                .appending(path: "callhome-leap-\(UUID().uuidString.prefix(8))")
            clock = try LeapingClock(in: folder)
            site = try await Site(leaping: clock, settings: "heartbeat.interval = 2s")
            pack = site.folder.appending(path: "patterns.json").path
            let patterns = Site.packageRoot.appending(path: "Tests/EndToEndTests/Patterns").path
            let built = try Program.run(Program.built("callhome"), ["patterns", "build", patterns, "-o", pack])
            guard built.status == 0 else { throw ProgramError(what: built.output) }
            server = try await site.server("one", modules: 3, patterns: pack)
            token = try site.token()
            try logIn()
        }

        deinit {
            server.agent.killNow()
            site.stop()
        }

        private var configuration: String { site.folder.appending(path: "collector.conf").path }

        /// On the same machine, and so by the same clock: time that passed is told by what that machine counts.
        func administration(_ words: [String]) throws -> String {
            let program = [Program.built("callhome-collector")] + words + ["--config", configuration]
            let result = try Program.run("/usr/bin/env", clock.environment + program)
            guard result.status == 0 else { throw ProgramError(what: "\(words): \(result.output)") }
            return result.output
        }

        private func logIn() throws {
            let password = site.folder.appending(path: "password")
            try Site.write(try administration(["password"]), to: password)
            let fingerprint = try administration(["fingerprint"]).trimmingCharacters(in: .whitespacesAndNewlines)
            let result = try Program.run(
                "/bin/sh",
                [
                    "-c",
                    "XDG_CONFIG_HOME='\(site.folder.path)/config' '\(Program.built("callhome"))' login \(site.address) "
                        + "--password-stdin --ca-fingerprint \(fingerprint) < '\(password.path)'",
                ])
            guard result.status == 0 else { throw ProgramError(what: "login: \(result.output)") }
        }

        /// `callhome` with the login.
        func callhome(_ words: [String]) throws -> (status: Int32, output: String) {
            try Program.run(
                "/usr/bin/env", ["XDG_CONFIG_HOME=\(site.folder.path)/config", Program.built("callhome")] + words)
        }

        func database() throws -> Database {
            let result = try Program.run(
                "/usr/bin/python3",
                [
                    Site.packageRoot.appending(path: "Tests/EndToEndTests/Servers/collector-state.py").path,
                    site.folder.appending(path: "collector/collector.db").path,
                ])
            guard result.status == 0 else { throw ProgramError(what: result.output) }
            return try JSONDecoder().decode(Database.self, from: Data(result.output.utf8))
        }

        func state() throws -> State {
            let database = try database()
            let id = String(token.split(separator: ".")[1])
            let line = try administration(["tokens", "list"]).split(separator: "\n").first { $0.hasPrefix(id) }
            let listed = try callhome(["servers", "list", "--json"])
            let servers = try? JSONDecoder().decode([ServerLine].self, from: Data(listed.output.utf8))
            return State(
                cases: Set(database.cases), reports: database.reports, owed: database.owed,
                token: line?.split(separator: " ").dropFirst().first.map(String.init) ?? "gone",
                isLoggedIn: listed.status == 0, silent: servers?.count { $0.state == "silent" } ?? -1)
        }

        func said(_ words: String) -> Int { site.collector.output.components(separatedBy: words).count - 1 }

        /// Does something, and waits until the collector has said so.
        func wait(for words: String, after work: () async throws -> Void) async throws {
            let before = said(words)
            try await work()
            try await eventually(within: .seconds(60), "the collector says \(words.debugDescription)") {
                said(words) > before ? true : nil
            }
        }

        func waitForReport() async throws {
            let before = try database().received
            try await eventually(within: .seconds(60), "a report is taken") {
                try database().received > before ? true : nil
            }
        }

        /// SIGKILL, and a start by whatever the clock says now: what is old is tidied then.
        func restart() async throws {
            site.collector.killNow()
            try await wait(for: "the collector listens") { try site.collector.start() }
        }
    }

    private static let doubted = "the system's clock leapt and is not believed"
    private static let right = "the system's clock is right again"
    private static let partnerRefused = "a partner does not take heartbeats"
    private static let believed = "the system's clock is believed"

    /// Two orders, one of them closed by a person, and one of which the desk has not been told yet.
    private func fill(_ patient: Patient) async throws {
        let site = patient.site
        for module in 0..<2 { try patient.server.set(module: module, errors: 200) }
        try await eventually(within: .seconds(60), "two cases are told") {
            try Set(site.mails().compactMap { $0.ticket["number"] as? String }).count == 2
                && patient.database().owed == 0 ? true : nil
        }
        let first = try #require(try patient.database().cases.first?.first)
        let closed = try patient.callhome(["cases", "close", first, "--because", "a test"])
        #expect(closed.status == 0, "\(closed.output)")
        try await eventually(within: .seconds(60), "the end is told") { try patient.database().owed == 0 ? true : nil }
        try Site.write("", to: site.folder.appending(path: "mailbox.closed"))
        try patient.server.set(module: 2, errors: 200)
        try await eventually(within: .seconds(60), "the third case waits for the desk alone") {
            let database = try patient.database()
            return database.cases.count == 3 && database.owed == 1 ? true : nil
        }
    }

    @Test(
        "3 years ahead or back, decades, while it runs and at a start: no case, report, token, login or message is lost, ended or put off, and nobody falls silent",
        .timeLimit(.minutes(20)))
    func leap() async throws {
        let patient = try await Patient()
        let (site, clock) = (patient.site, patient.clock)
        try await fill(patient)
        let before = try patient.state()
        #expect(before.token == "unused" && before.isLoggedIn && before.silent == 0, "\(before)")
        var rows = [State.head, before.row("before")]
        var last = before
        let refusals = patient.said(Self.partnerRefused)
        /// - Parameter isAlone: no server has reported for what the collector takes to be an hour.
        func check(_ words: String, isAlone: Bool = false) throws {
            let now = try patient.state()
            rows.append(now.row(words))
            let comment = Comment(rawValue: "\(words): \(now)")
            #expect(isAlone ? before.cases.isSubset(of: now.cases) : before.cases == now.cases, comment)
            #expect(now.reports >= last.reports, comment)
            #expect(now.owed >= before.owed && now.token == before.token && now.isLoggedIn, comment)
            // By a time that is believed the partner's certificate has ended, until a server tells better.
            if !isAlone { #expect(patient.said(Self.partnerRefused) == refusals, comment) }
            if !isAlone { #expect(now.silent == 0 && now.owed == before.owed, comment) }
            last = now
        }
        defer { print(rows.joined(separator: "\n")) }

        for leap in Self.leaps {
            try await patient.wait(for: Self.doubted) { try clock.set(wall: leap.seconds) }
            // An agent that has nothing new reports once in a minute: one wait is enough for all.
            if rows.count == 2 { try await patient.waitForReport() }
            try check("\(leap.words), while it runs")
            try await patient.wait(for: Self.doubted) { try await patient.restart() }
            try check("\(leap.words), at a start")
            try await patient.wait(for: Self.right) { try clock.set(wall: 0) }
            try check("\(leap.words), and right again")
        }

        // The machine was off as well, so that it counts anew since it was switched on.
        let off = 10 - (try LeapingClock.uptime())
        try clock.set(wall: 3 * Self.year, uptime: off)
        try await patient.wait(for: Self.doubted) { try await patient.restart() }
        try check("3 years ahead, when the machine is switched on")
        try await patient.wait(for: Self.right) { try clock.set(wall: 0, uptime: off) }

        // Nobody speaks against it for an hour: it is believed, and what was to last a day lasts a day. Then back again.
        patient.server.agent.killNow()
        try await patient.wait(for: Self.doubted) { try clock.set(wall: 3 * Self.year, uptime: off) }
        try await patient.wait(for: Self.believed) {
            try clock.set(wall: 3 * Self.year + 3_700, uptime: off + 3_700)
        }
        try check("3 years ahead, believed after an hour without a server", isAlone: true)
        try await patient.restart()
        try check("the same, at the next start", isAlone: true)
        try await patient.wait(for: Self.believed) {
            try patient.server.agent.start()
            try clock.set(wall: 0, uptime: off + 3_700)
        }
        try await patient.waitForReport()
        try await eventually(within: .seconds(60), "the server is heard again") {
            try patient.state().silent == 0 ? true : nil
        }
        try check("back by the word of a server", isAlone: true)

        // What was owed all the while comes at once, and the token lets a server in.
        let mails = try site.mails().count
        try FileManager.default.removeItem(at: site.folder.appending(path: "mailbox.closed"))
        try await eventually(within: .seconds(30), "the desk is told what it is owed") {
            try site.mails().count > mails && patient.database().owed == 0 ? true : nil
        }
        rows.append(try patient.state().row("the desk takes messages again"))
        try await letIn(patient)
    }

    /// The token that was made before all this.
    private func letIn(_ patient: Patient) async throws {
        let server = try Server("two", modules: 1, patterns: patient.pack, in: patient.site.folder)
        try server.agent.start()
        defer { server.agent.killNow() }
        try await eventually(within: .seconds(20), "the second server answers on its socket") {
            FileManager.default.fileExists(atPath: server.socket) ? true : nil
        }
        let result = try Program.run(
            Program.built("callhome"),
            ["enroll", patient.site.address, "--token", patient.token, "--socket", server.socket])
        #expect(result.status == 0, "\(result.output)")
    }
}
