import Foundation
import TestSupport
import Testing

/// A site's and its partner's real collector, with the intervals that they have by themselves.
@Suite("What people do goes both ways between a site and its partner", .serialized)
struct BothWaysTests {
    private static let promised = Duration.seconds(60)

    /// A site with one server whose memory modules fail when a test wants it.
    private struct Scene {
        let site: Site
        let server: Server

        init(modules: Int) async throws {
            site = try await Site()
            let pack = site.folder.appending(path: "patterns.json").path
            let patterns = Site.packageRoot.appending(path: "Tests/EndToEndTests/Patterns").path
            let built = try Program.run(Program.built("callhome"), ["patterns", "build", patterns, "-o", pack])
            guard built.status == 0 else { throw ProgramError(what: built.output) }
            server = try await site.server("one", modules: modules, patterns: pack)
        }

        func stop() {
            server.agent.killNow()
            site.stop()
        }

        /// The states of cases by their module, at the site or at its partner.
        func states(at socket: String) throws -> [Int: String] {
            try cases(at: socket).mapValues { $0.state }
        }

        func number(_ module: Int, at socket: String) throws -> String {
            guard let found = try cases(at: socket)[module] else { throw ProgramError(what: "no case of \(module)") }
            return found.number
        }

        private func cases(at socket: String) throws -> [Int: (number: String, state: String)] {
            let result = try runProgram(
                Program.built("callhome"), ["cases", "list", "--state", "all", "--json", "--collector-socket", socket])
            // While it starts it answers nothing.
            guard let lines = try? JSONSerialization.jsonObject(with: result.output) as? [[String: Any]] else {
                return [:]
            }
            return lines.reduce(into: [:]) { cases, line in
                guard let number = line["number"] as? String, let state = line["state"] as? String,
                    let suspect = line["suspect"] as? [String: Any], let part = suspect["component"] as? String,
                    let module = part.last?.wholeNumberValue
                else { return }
                cases[module] = (number, state)
            }
        }

        func decide(_ word: String, _ because: String, on module: Int, at socket: String) throws {
            let result = try Program.run(
                Program.built("callhome"),
                [
                    "cases", word, try number(module, at: socket), "--because", because, "--collector-socket", socket,
                ])
            guard result.status == 0 else { throw ProgramError(what: "\(word): \(result)") }
        }

        func show(_ module: Int, at socket: String) throws -> String {
            try Program.run(
                Program.built("callhome"),
                ["cases", "show", try number(module, at: socket), "--collector-socket", socket]
            ).output
        }

        /// Waits until the states are so, and says how long it took.
        func settle(_ what: String, _ states: [Int: String], at socket: String) async throws {
            let start = ContinuousClock.now
            var last: [Int: String] = [:]
            do {
                try await eventually(within: BothWaysTests.promised, what) {
                    last = try self.states(at: socket)
                    return last == states ? true : nil
                }
            } catch {
                throw ProgramError(
                    what:
                        "\(error), but \(last)\n\(site.collector.output.suffix(2000))\n\(site.partner.output.suffix(2000))"
                )
            }
            print("both ways: \(what) after \(ContinuousClock.now - start)")
        }
    }

    @Test(
        "An acknowledgement and a close at the partner are at the site within a minute, and the other way; both say who did it where",
        .timeLimit(.minutes(10)))
    func work() async throws {
        let scene = try await Scene(modules: 2)
        defer { scene.stop() }
        let (here, there) = (scene.site.socket, scene.site.partnerSocket)
        for module in 0..<2 { try scene.server.set(module: module, errors: 200) }
        try await scene.settle("two cases are at the partner", [0: "open", 1: "open"], at: there)

        try scene.decide("acknowledge", "a technician comes", on: 0, at: there)
        try await scene.settle(
            "what the partner acknowledged is at the site", [0: "acknowledged", 1: "open"], at: here)
        try scene.decide("close", "module swapped", on: 0, at: there)
        try await scene.settle("what the partner closed is at the site", [0: "closed", 1: "open"], at: here)
        let shown = try scene.show(0, at: here)
        #expect(shown.contains("The partner") && shown.contains("module swapped"), "\(shown)")

        try scene.decide("acknowledge", "we look", on: 1, at: here)
        try await scene.settle(
            "what the site acknowledged is at the partner", [0: "closed", 1: "acknowledged"], at: there)
        try scene.decide("close", "it was the cable", on: 1, at: here)
        try await scene.settle("what the site closed is at the partner", [0: "closed", 1: "closed"], at: there)
        let other = try scene.show(1, at: there)
        #expect(other.contains("Test practice") && other.contains("it was the cable"), "\(other)")
    }

    @Test(
        "A partner that was restored from a backup is told what it lacks within a minute, and its own work comes back to it",
        .timeLimit(.minutes(10)))
    func restored() async throws {
        let scene = try await Scene(modules: 3)
        defer { scene.stop() }
        let (site, here, there) = (scene.site, scene.site.socket, scene.site.partnerSocket)
        for module in 0..<2 { try scene.server.set(module: module, errors: 200) }
        try await scene.settle("two cases are at the partner", [0: "open", 1: "open"], at: there)
        let config = ["--config", site.folder.appending(path: "partner.conf").path]
        let (data, copy) = (site.folder.appending(path: "partner"), site.folder.appending(path: "copy"))
        let collector = Program.built("callhome-collector")
        let backup = try Program.run(collector, ["backup", copy.path] + config)
        try #require(backup.status == 0, "\(backup.output)")

        // What the partner will have forgotten: a new case, the end of one, and what was done at the partner itself.
        try scene.server.set(module: 2, errors: 200)
        try scene.server.set(module: 0, errors: 0)
        try scene.decide("acknowledge", "a technician comes", on: 1, at: there)
        let known = [0: "closed", 1: "acknowledged", 2: "open"]
        try await scene.settle("the partner knows all", known, at: there)
        try await scene.settle("the site knows all", known, at: here)
        site.partner.killNow()
        try FileManager.default.moveItem(at: data, to: site.folder.appending(path: "lost"))
        try FileManager.default.moveItem(at: copy, to: data)
        try site.partner.start()
        try await scene.settle("the partner that was restored knows all again", known, at: there)

        let takeover = try Program.run(collector, ["takeover"] + config)
        try #require(takeover.status == 0, "\(takeover.output)")
        try scene.decide("close", "swapped", on: 2, at: there)
        try await scene.settle(
            "what the restored partner closed is at the site", [0: "closed", 1: "acknowledged", 2: "closed"], at: here)
    }
}
