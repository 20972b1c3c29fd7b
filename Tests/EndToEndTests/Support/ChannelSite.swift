import Foundation

/// Patterns of tests: a module is to be replaced once so many errors of it were corrected.
enum TestPatterns {
    static let fault = "dimm.test-fault"

    static func text(_ id: String, revision: Int, limit: Int) -> String {
        """
        id: \(id)
        revision: \(revision)
        status: active
        evidence: B
        applies_to: { component: dimm }
        let:
          errors: hw.errors{error.type="corrected"}
        when: errors >= \(limit)
        clear: errors < \(limit / 2)
        urgency: [{ is: plan }]
        suspects: [{ part: self, certainty: 0.9 }]
        action: replace-planned
        because: "{errors} were corrected (limit \(limit), revision \(revision))"
        provenance: estimate
        text:
          en: { title: A test fault, description: Made by a test., impact: None., action: Nothing. }
          de: { title: Ein Testfehler, description: Von einem Test gemacht., impact: Keine., action: Nichts. }
        sources: [a test]
        tests:
          - name: the limit opens it and none clears it
            series: { errors: "0x2 \(limit)x2 0x2" }
            expect: { at: 3, cleared: 5, class: \(id), urgency: plan }
          - name: one below is not enough
            series: { errors: "0x2 \(limit - 1)x3" }
            expect: none
          - name: what was not read fires nothing
            series: { errors: "0x2 _x3" }
            expect: none
        """
    }

    /// As the package of a server brings them.
    static let package = ["fault": text(fault, revision: 1, limit: 100)]
    /// A newer revision of the same, and one more.
    static let newer = [
        "fault": text(fault, revision: 2, limit: 100), "other": text("dimm.other-fault", revision: 1, limit: 1000),
    ]
}

extension PatternWorkshop {
    /// What a collector is told of this channel: a ring lasts for a second.
    var settings: String {
        """
        channel.vendor.source = \(folder.path)/channel
        channel.vendor.root = \(folder.path)/1.root.json
        channel.vendor.soak = 1s
        """
    }

    /// What an agent is told of it, whose administrator has pinned the first root.
    func pinned() throws -> String {
        let roots = folder.appending(path: "roots")
        try FileManager.default.createDirectory(at: roots, withIntermediateDirectories: true)
        try bytes("1.root.json")?.write(to: roots.appending(path: "vendor.root.json"))
        return "channels.folder = \(roots.path)"
    }
}

extension Site {
    /// What a collector says of its channel.
    struct Channel: Decodable {
        struct Refusal: Decodable { var reason, because: String }
        struct Withdrawn: Decodable { var pattern: String }
        struct Rollout: Decodable {
            struct Behind: Decodable {
                var hostname: String
                var running: Int64?
            }
            var version: Int64
            var state, because: String
            var servers, told, running: Int
            var behind: [Behind]
        }
        var version: Int64?
        var refused: Refusal?
        var warnings: [String]
        var withdrawn: [Withdrawn]
        var rollout: Rollout?
    }

    func channel() throws -> Channel? {
        let result = try Program.run(
            Program.built("callhome"), ["patterns", "status", "--json", "--collector-socket", socket])
        return try? JSONDecoder().decode([Channel].self, from: Data(result.output.utf8)).first
    }

    /// Waits until the collector says so of its channel.
    @discardableResult
    func channel(
        within limit: Duration = .seconds(240), _ what: String, _ condition: (Channel) -> Bool
    ) async throws -> Channel {
        var last: Channel?
        do {
            return try await eventually(within: limit, what) {
                last = try channel() ?? last
                return last.flatMap { condition($0) ? $0 : nil }
            }
        } catch {
            throw ProgramError(what: "\(error): \(last.map { "\($0)" } ?? "nothing"); \(collector.output.suffix(2000))")
        }
    }

    /// Lets a version go on that servers of a few minutes cannot say much of, as a person does who has looked at it.
    func letGoOn(_ version: Int64) async throws {
        try await channel("version \(version) waits for a person, since the servers remember too little") {
            $0.rollout?.version == version && $0.rollout?.state == "held"
        }
        let result = try Program.run(
            Program.built("callhome"),
            ["patterns", "rollout", "vendor", "--because", "seen by a test", "--collector-socket", socket])
        guard result.status == 0 else { throw ProgramError(what: "let it go on: \(result.output)") }
    }

    /// Stops the collector and starts it again: it looks at its sources at once.
    func restartCollector() throws {
        try collector.stop()
        try collector.start()
    }

    /// Numbers of the tickets that the webhook receiver was told of a module's faults.
    func tickets(_ event: String, of server: String, module: Int) throws -> Set<String> {
        Set(
            try hooks().map(\.ticket).filter { ticket in
                let name = (ticket["server"] as? [String: Any])?["hostname"] as? String
                let component = (ticket["suspect"] as? [String: Any])?["component"] as? String
                return ticket["event"] as? String == event && name == server
                    && component?.hasSuffix("dimm\(module)") == true
            }.compactMap { $0["number"] as? String })
    }
}
