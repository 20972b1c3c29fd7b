import Foundation
import Testing

/// An agent that takes other patterns dies at each system call by which it does: `Servers/kill-at.c`, preloaded into it.
@Suite(
    "Kills while other patterns are taken", .serialized,
    .enabled(if: LeapingClock.compiler != nil, "no C compiler is here"))
struct PatternSwapKillTests {
    private static let kills = ProcessInfo.processInfo.environment["CALLHOME_SWAP_KILLS"].flatMap { Int($0) } ?? 24
    /// Servers at the same time.
    private static let wave = 8
    /// Calls after the last of the swap, among which those are by which the memory of the faults is written.
    private static let after = 20

    /// One call before or within which an agent dies.
    private struct Death {
        var call = 0
        /// Whether half of what it writes is written.
        var half = false
    }

    /// What all servers share.
    private struct Ward: Sendable {
        let site: Site
        let library: String
        let package: String
        let settings: String
        /// SHA-256 of the pack that runs before, and the pack.
        let before: (hash: String, bytes: Data)
    }

    @Test(
        "Killed at each system call of a swap: one whole pack runs at each start, and each fault has one ticket",
        .timeLimit(.minutes(90)))
    func kills() async throws {
        let shop = try PatternWorkshop()
        let package = try shop.build("package", TestPatterns.package)
        try shop.build("newer", TestPatterns.newer)
        try shop.publish("--root", "F/1.root.json", "--pack", "F/package.json")
        let listed = try #require(try shop.files("channel").keys.first { $0.hasPrefix("targets/") })
        let hash = String(listed.dropFirst("targets/".count).prefix(64))
        try shop.publish("--pack", "F/newer.json")
        let site = try await Site(settings: shop.settings)
        defer { site.stop() }
        let library = site.folder.appending(path: "kill-at.so").path
        let built = try Program.run(
            LeapingClock.compiler ?? "cc",
            [
                "-shared", "-fPIC", "-O1", "-o", library,
                Site.packageRoot.appending(path: "Tests/EndToEndTests/Servers/kill-at.c").path,
            ])
        try #require(built.status == 0, "\(built.output)")
        let ward = Ward(
            site: site, library: library, package: package, settings: try shop.pinned(),
            before: (hash, try #require(shop.bytes("package.json"))))

        // The first server brings the version through the rings; whoever comes later takes it once it was tried.
        let first = try prepare("first", Death(), ward)
        defer { first.agent.killNow() }
        try await site.enrol(first)
        try await site.letGoOn(2)
        try await site.channel("the first server runs it") {
            $0.rollout?.state == "complete" && $0.rollout?.running == 1
        }
        let orphan = "\(Self.orphan).json"
        try await eventually(within: .seconds(120), "what nobody runs is taken out") {
            try self.calls("first", ward).contains { $0.hasSuffix(orphan) } ? true : nil
        }
        let calls = try self.calls("first", ward)
        let swap = (calls.lastIndex { $0.hasSuffix(orphan) } ?? 0) + 1
        print("swap kills: \(swap) calls, then those that follow:\n\(calls.prefix(swap).joined(separator: "\n"))")
        for part in ["write \(Self.state("first", ward))/patterns/", "patterns/active.json", orphan] {
            #expect(calls.prefix(swap).contains { $0.contains(part) }, "\(part): \(calls)")
        }
        let span = swap + Self.after
        let deaths = (0..<Self.kills).map { kill in
            span < Self.kills
                ? Death(call: 1 + kill % span, half: kill >= span) : Death(call: 1 + kill * span / Self.kills)
        }

        var old = 0
        for begin in stride(from: 0, to: Self.kills, by: Self.wave) {
            let numbers = begin..<min(begin + Self.wave, Self.kills)
            old += try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in numbers { group.addTask { try await die("s\(number)", deaths[number], ward) } }
                return try await group.reduce(0) { $0 + ($1 ? 0 : 1) }
            }
        }
        print("swap kills: \(Self.kills) kills; \(old) began with the patterns of before, the others with the new ones")
        #expect(old > 0 && old < Self.kills)
        for number in 0..<Self.kills {
            for module in 0..<2 {
                let opened = try site.tickets("opened", of: "s\(number)", module: module)
                #expect(opened.count == 1, "s\(number), \(deaths[number]), module \(module): \(opened)")
                #expect(try site.tickets("closed", of: "s\(number)", module: module).isEmpty, "s\(number)")
            }
        }
    }

    /// No pack is called so, and no composition names it.
    private static let orphan = String(repeating: "a", count: 64)

    private static func state(_ name: String, _ ward: Ward) -> String {
        ward.site.folder.appending(path: "\(name)/state").path
    }

    /// A server that has run the first version for long, with a fault that stands, and with a pack that nobody runs.
    private func prepare(_ name: String, _ death: Death, _ ward: Ward) throws -> Server {
        let home = ward.site.folder.appending(path: name)
        let patterns = home.appending(path: "state/patterns")
        try FileManager.default.createDirectory(
            at: patterns, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        try ward.before.bytes.write(to: patterns.appending(path: "\(ward.before.hash).json"))
        try Site.write("{}", to: patterns.appending(path: "\(Self.orphan).json"))
        try Site.write(
            """
            {"now":{"channels":{"vendor":{"packs":["\(ward.before.hash)"],"targets":1}}},"refused":{},"since":0,\
            "withdrawals":{}}
            """, to: patterns.appending(path: "active.json"))
        try set(death, name, ward)
        let server = try Server(
            name, modules: 2, patterns: ward.package, settings: ward.settings,
            environment: [
                "LD_PRELOAD=\(ward.library)", "CALLHOME_KILL_STATE=\(Self.state(name, ward))",
                "CALLHOME_KILL_AT=\(home.path)/kill-at", "CALLHOME_KILL_LOG=\(home.path)/calls",
            ], in: ward.site.folder)
        try server.set(module: 0, errors: 200)
        return server
    }

    private func set(_ death: Death, _ name: String, _ ward: Ward) throws {
        try Site.write(
            "\(death.call) \(death.half ? 1 : 0)", to: ward.site.folder.appending(path: "\(name)/kill-at"))
    }

    /// The calls of a server's agent so far, without their numbers.
    private func calls(_ name: String, _ ward: Ward) throws -> [String] {
        let file = ward.site.folder.appending(path: "\(name)/calls")
        let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map { String($0.drop { $0 != " " }.dropFirst()) }
    }

    /// Takes the new version, dies meanwhile, and starts again.
    /// - Returns: whether it began again with the new version.
    private func die(_ name: String, _ death: Death, _ ward: Ward) async throws -> Bool {
        let server = try prepare(name, death, ward)
        defer { server.agent.killNow() }
        try await ward.site.enrol(server)
        try await eventually(within: .seconds(900), "\(name) dies") {
            try calls(name, ward).contains { $0.hasSuffix(" killed") } ? true : nil
        }
        server.agent.killNow()
        try set(Death(), name, ward)
        try server.agent.start()
        let begun = try await eventually(within: .seconds(120), "\(name) begins again") { () -> String? in
            let starts = server.agent.output.split(separator: "\n").filter { $0.contains("the agent starts") }
            return starts.count == 2 ? starts.last.map(String.init) : nil
        }
        // The pack of before has one pattern, the new one has two.
        let (isOld, isNew) = (begun.contains("package sha256:"), begun.contains("newer sha256:"))
        #expect(isOld != isNew, "\(name), \(death): \(begun)")
        #expect(begun.contains(isNew ? ", 2 patterns" : ", 1 patterns"), "\(begun)")
        let log = server.agent.output
        #expect(!log.contains("problem="), "\(name), \(death): \(log.suffix(3000))")
        try await eventually(within: .seconds(900), "\(name) runs the new version") {
            let again = server.agent.output.components(separatedBy: "the agent starts").last ?? ""
            return isNew || again.contains("other patterns run") ? true : nil
        }
        // What fails from now on is judged by it, and what failed before goes on.
        try server.set(module: 1, errors: 200)
        let end = ContinuousClock.now + .seconds(300)
        while try ward.site.tickets("opened", of: name, module: 1).isEmpty, ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(500))
        }
        let status = try server.agent.stop()
        #expect(status == 0, "\(name) stops in order")
        return isNew
    }
}
