import Foundation
import TestSupport
import Testing

/// Whatever dies when, and whatever is put back from a backup: those who were told hold what is so in the end.
@Suite("Kills and restores", .serialized)
struct KillsAndRestoresTests {
    private static let kills = 100
    private static let modules = 6
    /// At which kills all parties are backed up, and at which the one of them is put back.
    private static let backups: Set<Int> = [8, 40, 66]
    private static let restores: [Int: Party] = [24: .agent, 54: .site, 80: .partner]

    private enum Party { case agent, site, partner }

    @Test(
        "Agents, site and partner killed 100 times and each put back from a backup in between: everybody's last word is the case",
        .timeLimit(.minutes(20)))
    func lastWords() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("kills and restores: seed \(seed)")
        var random = SplitMix(seed: seed)
        let site = try await Site(settings: "heartbeat.interval = 2s")
        defer { site.stop() }
        let pack = site.folder.appending(path: "patterns.json").path
        let patterns = Site.packageRoot.appending(path: "Tests/EndToEndTests/Patterns").path
        let built = try Program.run(Program.built("callhome"), ["patterns", "build", patterns, "-o", pack])
        try #require(built.status == 0, "\(built.output)")
        let servers = [
            try await site.server("one", modules: Self.modules, patterns: pack),
            try await site.server("two", modules: Self.modules, patterns: pack),
        ]
        defer { for server in servers { server.agent.killNow() } }
        for server in servers { for module in 0..<Self.modules { try server.set(module: module, errors: 200) } }

        for kill in 0..<Self.kills {
            let victim = [site.collector, site.partner, servers[0].agent, servers[1].agent][random.below(4)]
            try await Task.sleep(for: .milliseconds(20 + random.below(600)))
            victim.killNow()
            try victim.start()
            if kill % 3 == 2 {
                try servers[random.below(2)].set(
                    module: random.below(Self.modules), errors: random.below(2) == 0 ? 0 : 200)
            }
            if Self.backups.contains(kill) { try await backUp(site, servers[0], as: kill) }
            if let party = Self.restores[kill] { try await putBack(party, site, servers[0], kill) }
        }
        for server in servers {
            for module in 0..<Self.modules { try server.set(module: module, errors: module % 2 == 0 ? 0 : 200) }
        }
        print("kills and restores: \(Self.kills) kills done; letting the rest end")
        try await rest(site, servers)
        try judge(site)
    }

    // MARK: Backups

    private func copies(_ site: Site, _ name: String) -> URL { site.folder.appending(path: "\(name).backup") }

    private func backUp(_ site: Site, _ server: Server, as kill: Int) async throws {
        let fileManager = FileManager.default
        for name in ["agent", "collector", "partner"] { try? fileManager.removeItem(at: copies(site, name)) }
        server.agent.killNow()
        try fileManager.copyItem(at: state(of: server, site), to: copies(site, "agent"))
        try server.agent.start()
        for name in ["collector", "partner"] {
            try await administer(site, name, ["backup", copies(site, name).path])
        }
    }

    private func state(of server: Server, _ site: Site) -> URL { site.folder.appending(path: "\(server.name)/state") }

    private func putBack(_ party: Party, _ site: Site, _ server: Server, _ kill: Int) async throws {
        let (program, data, name) =
            switch party {
            case .agent: (server.agent, state(of: server, site), "agent")
            case .site: (site.collector, site.folder.appending(path: "collector"), "collector")
            case .partner: (site.partner, site.folder.appending(path: "partner"), "partner")
            }
        print("kills and restores: \(name) is put back after kill \(kill)")
        program.killNow()
        try FileManager.default.removeItem(at: data)
        try FileManager.default.copyItem(at: copies(site, name), to: data)
        try program.start()
        guard party != .agent else { return }
        // An agent tells it of its later epoch first, or it knows that it is a copy.
        try await administer(site, name, ["takeover"])
    }

    /// A collector that has just started may hold its database.
    private func administer(_ site: Site, _ name: String, _ words: [String]) async throws {
        let config = site.folder.appending(path: "\(name).conf").path
        try await eventually(within: .seconds(60), "\(words) of \(name)") {
            try Program.run(Program.built("callhome-collector"), words + ["--config", config]).status == 0 ? true : nil
        }
    }

    // MARK: The end

    private func rows(_ site: Site, _ name: String, _ query: String) throws -> [[String]] {
        let database = site.folder.appending(path: "\(name)/collector.db").path
        let result = try Program.run("/usr/bin/sqlite3", ["-cmd", ".timeout 5000", database, query])
        guard result.status == 0 else { throw ProgramError(what: "\(query): \(result.output)") }
        return result.output.split(separator: "\n").map { $0.split(separator: "|").map(String.init) }
    }

    private static let cases = #"SELECT number, state, updated FROM "case" ORDER BY number"#

    /// Until nothing is owed any more and no case changes for five seconds.
    private func rest(_ site: Site, _ servers: [Server]) async throws {
        let names = ["collector", "partner"]
        func state() throws -> [[String]] {
            try names.flatMap { try rows(site, $0, Self.cases) }
        }
        func owed() throws -> [[String]] {
            try names.flatMap { try rows(site, $0, "SELECT number, recipient FROM told WHERE owed = 1") }
        }
        var (known, since) = (try state(), ContinuousClock.now)
        let end = ContinuousClock.now + .seconds(300)
        while ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(500))
            let next = try state()
            if try next != known || !owed().isEmpty { (known, since) = (next, ContinuousClock.now) }
            if ContinuousClock.now - since > .seconds(15) { return }
        }
        Issue.record("it does not come to rest; owed: \(try owed())\n\(site.collector.output.suffix(3_000))")
    }

    private func judge(_ site: Site) throws {
        let state = Dictionary(
            try rows(site, "collector", Self.cases).map { ($0[0], $0[1]) }, uniquingKeysWith: { first, _ in first })
        let channels = ["e-mail": try site.mails().map(\.ticket), "webhook": try site.hooks().map(\.ticket)]
        for (channel, tickets) in channels {
            var (last, unknown): ([String: String], Set<String>) = ([:], [])
            for ticket in tickets {
                guard let number = ticket["number"] as? String, let event = ticket["event"] as? String else { continue }
                last[number] = event
            }
            for (number, event) in last {
                guard let found = state[number] else {
                    // It was told after the backup that was put back; the problem came back under another number.
                    unknown.insert(number)
                    continue
                }
                #expect(
                    (event == "closed") == (found == "closed"),
                    "\(channel): the last of \(number), \(found), is \(event)")
            }
            #expect(last.count - unknown.count > 0)
            print(
                "kills and restores: \(channel): \(tickets.count) messages, \(last.count) numbers, \(unknown.count) of them lost"
            )
        }
        let theirs = Dictionary(
            try rows(site, "partner", Self.cases).map { ($0[0], $0[1]) }, uniquingKeysWith: { first, _ in first })
        let told = try rows(
            site, "collector",
            "SELECT number FROM told WHERE recipient = 'upstream' AND json_extract(body, '$.told') IS NOT NULL")
        #expect(!told.isEmpty)
        for number in told.compactMap(\.first) {
            let found = try #require(state[number])
            // Of what a partner that was put back does not know nobody waits for the end.
            let upstream = theirs[number] ?? "closed"
            #expect(
                (upstream == "closed") == (found == "closed"), "the partner holds \(number), \(found), as \(upstream)")
        }
        print("kills and restores: \(state.count) cases, \(told.count) told to the partner, which has \(theirs.count)")
    }
}
