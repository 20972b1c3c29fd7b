import Foundation
import Testing

/// A maker, a collector and agents as real programs: from the maker's keys to the patterns that run.
@Suite("Patterns on their way to servers", .serialized)
struct PatternRolloutTests {
    private static let names = ["one", "two", "three"]

    @Test(
        "A new version reaches all servers without a restart; one that orders everywhere reaches none, and it is said why; what is taken back stops at once; without its source all goes on",
        .enabled(if: LeapingClock.compiler != nil, "no C compiler is here"), .timeLimit(.minutes(15)))
    func wholeWay() async throws {
        let shop = try PatternWorkshop()
        let package = try shop.build("package", TestPatterns.package)
        try shop.build("newer", TestPatterns.newer)
        try shop.publish("--root", "F/1.root.json", "--pack", "F/newer.json")
        let site = try await Site(settings: shop.settings)
        defer { site.stop() }
        let clock = try LeapingClock(in: site.folder.appending(path: "clock"))
        let servers = try Self.names.map {
            try Server(
                $0, modules: 2, patterns: package, settings: try shop.pinned(), environment: clock.environment,
                in: site.folder)
        }
        defer { for server in servers { server.agent.killNow() } }
        try servers[0].set(module: 0, errors: 200)
        for server in servers { try await site.enrol(server) }
        let processes = servers.map(\.agent.processIdentifier)

        // A new version.
        try await site.letGoOn(1)
        try await site.channel("the first version runs everywhere") {
            $0.rollout?.state == "complete" && $0.rollout?.running == 3
        }
        for server in servers {
            let log = server.agent.output
            #expect(log.contains("patterns were tried") && log.contains("other patterns run"), "\(log)")
        }
        try await eventually(within: .seconds(120), "the fault has its ticket") {
            try site.tickets("opened", of: "one", module: 0).isEmpty ? nil : true
        }

        // What was swapped in has ten minutes to show itself, in which nothing else is tried.
        try clock.set(wall: 0, uptime: 700)

        // One that orders everywhere. No maker's tests would pass, and a thief of keys writes none.
        let bad = TestPatterns.newer.merging(
            ["poison": TestPatterns.text("dimm.poison", revision: 1, limit: 90_000)]) { first, _ in first }
        let pack = URL(filePath: try shop.build("bad", bad))
        let text = try String(contentsOf: pack, encoding: .utf8)
        let poisoned = text.replacing(">= 90000", with: ">= 0").replacing("< 45000", with: "< 0")
        #expect(poisoned != text)
        try Data(poisoned.utf8).write(to: pack)
        try shop.publish("--pack", "F/bad.json")
        try site.restartCollector()
        let held = try await site.channel("the poisoned version is held") {
            $0.rollout?.version == 2 && $0.rollout?.state == "held"
        }
        let rollout = try #require(held.rollout)
        #expect(rollout.told == 0 && rollout.running == 0, "\(rollout)")
        #expect(rollout.because.contains("dimm.poison") && rollout.because.contains("3"), "\(rollout.because)")
        #expect(rollout.behind.map(\.running) == [1, 1, 1], "\(rollout.behind)")

        // The pack of before again, and one of its patterns is taken back: no server runs the version yet, and all have left the
        // pattern.
        try shop.publish(
            "--pack", "F/newer.json", "--withdraw", TestPatterns.fault, "--because", "it orders what is well")
        try site.restartCollector()
        for server in servers {
            try await eventually(within: .seconds(120), "\(server.name) stops what is taken back") {
                server.agent.output.contains("patterns are taken back") ? true : nil
            }
        }
        try await eventually(within: .seconds(120), "the ticket of what was taken back is closed") {
            try site.tickets("closed", of: "one", module: 0).isEmpty ? nil : true
        }
        let withdrawn = try await site.channel("the withdrawal is shown") { $0.version == 3 }
        #expect(withdrawn.withdrawn.map(\.pattern) == [TestPatterns.fault])
        #expect(withdrawn.rollout?.running == 0, "past the rings: \(withdrawn)")

        // The source is gone: it is said, and what is here is judged as before.
        try FileManager.default.removeItem(at: shop.folder.appending(path: "channel"))
        try site.restartCollector()
        let cut = try await site.channel("it is said that the source is away") { $0.refused != nil }
        #expect(cut.refused?.reason == "source" && cut.version == 3, "\(cut)")
        try servers[1].set(module: 1, errors: 2000)
        try await eventually(within: .seconds(120), "another fault has its ticket") {
            try site.tickets("opened", of: "two", module: 1).isEmpty ? nil : true
        }

        #expect(servers.map(\.agent.processIdentifier) == processes, "no agent was started again")
        #expect(servers.allSatisfy { $0.agent.output.components(separatedBy: "the agent starts").count == 2 })
        #expect(try site.tickets("opened", of: "one", module: 0).count == 1)
        let tickets = try site.hooks().filter { $0.ticket["event"] as? String == "opened" }
        #expect(Set(tickets.compactMap { $0.ticket["number"] as? String }).count == 2, "\(tickets)")
    }

    @Test(
        "A server and its site that were away for a year, whose metadata ran out, come through two roots that follow to the newest version",
        .enabled(if: LeapingClock.compiler != nil, "no C compiler is here"), .timeLimit(.minutes(15)))
    func yearAway() async throws {
        let day: Int64 = 86_400
        let folder = FileManager.default.temporaryDirectory.appending(path: "callhome-year-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let makers = try LeapingClock(in: folder.appending(path: "maker"))
        try makers.set(wall: -400 * day)
        let shop = try PatternWorkshop(at: makers)
        let package = try shop.build("package", TestPatterns.package)
        try shop.build("newer", TestPatterns.newer)
        try shop.publish("--root", "F/1.root.json", "--pack", "F/package.json")
        let site = try await Site(settings: shop.settings)
        defer { site.stop() }
        let agents = try LeapingClock(in: folder.appending(path: "agent"))
        let server = try Server(
            "one", modules: 2, patterns: package, settings: try shop.pinned(), environment: agents.environment,
            in: site.folder)
        defer { server.agent.killNow() }
        try server.set(module: 0, errors: 200)
        try await site.enrol(server)
        try await site.letGoOn(1)
        let old = try await site.channel("what ran out a year ago runs, and it is said") {
            $0.rollout?.running == 1 && $0.rollout?.version == 1
        }
        #expect(old.warnings.contains { $0.contains("out of date") }, "\(old.warnings)")
        try server.agent.stop()
        try site.collector.stop()

        // Meanwhile: a version, all keys exchanged twice, and versions after each.
        try shop.publish("--pack", "F/newer.json")
        var keys = ["anna", "bert", "cora"]
        for (number, wall) in [(2, -300), (3, -100)] as [(Int, Int64)] {
            try makers.set(wall: wall * day)
            let next = keys.map { "\($0)-\(number)" } + ["server-\(number)"]
            for name in next { try shop.done("keygen", "F/\(name)") }
            try shop.done(
                "root", "-o", "F/\(number).root.json", "--after", "F/\(number - 1).root.json", "--root-key",
                "F/\(next[0]).pub", "--root-key", "F/\(next[1]).pub", "--root-key", "F/\(next[2]).pub", "--online-key",
                "F/\(next[3]).pub")
            for key in keys.prefix(2) + next.prefix(2) {
                try shop.done("sign", "F/\(number).root.json", "--key", "F/\(key).pem")
            }
            keys = Array(next.prefix(3))
            try shop.publish("--root", "F/\(number).root.json", "--pack", "F/package.json", key: next[3])
            try shop.publish("--pack", "F/newer.json", key: next[3])
        }
        try makers.set(wall: 0)
        try shop.publish(key: "server-3")

        try site.collector.start()
        try server.agent.start()
        try await eventually(within: .seconds(60), "the agent is back") {
            server.agent.output.components(separatedBy: "the agent starts").count > 2 ? true : nil
        }
        // What ran before the year is on probation no more.
        try agents.set(wall: 0, uptime: 700)
        let newest = try await site.channel("the newest version is here") { $0.version ?? 0 > 5 }
        try await site.letGoOn(try #require(newest.version))
        let new = try await site.channel("the newest version runs") {
            $0.rollout?.state == "complete" && $0.rollout?.running == 1 && $0.rollout?.version ?? 0 > 5
        }
        #expect(new.warnings.allSatisfy { !$0.contains("timestamp") }, "\(new.warnings)")
        for mirror in ["one/state/channels/vendor", "collector/channels/vendor"] {
            let root = site.folder.appending(path: "\(mirror)/metadata/3.root.json")
            let signed = try #require(shop.bytes("channel/metadata/3.root.json"))
            #expect(FileManager.default.contents(atPath: root.path) == signed)
        }
        #expect(try site.tickets("opened", of: "one", module: 0).count == 1)
        #expect(try site.tickets("closed", of: "one", module: 0).isEmpty)
    }
}
