import Foundation
import TestSupport
import Testing

/// A system disk that dies takes the agent's spool with it, just when there is something to report.
@Suite(
    "A disk that dies under the agent", .serialized,
    .enabled(if: FailingDisk.isPossible, Comment(rawValue: FailingDisk.obstacle)))
struct DyingDiskTests {
    /// What the collector took of one fault of one server.
    private struct Change: Hashable {
        var fault: String
        var module: Int
        var kind: String
    }

    private struct Patient {
        var server: Server
        var disk: FailingDisk
        var isFull: Bool
        var die: @Sendable (FailingDisk) async throws -> Void
        var heal: @Sendable (FailingDisk) async throws -> Void
    }

    private static let modules = 8

    @Test(
        "EIO, a full and a read-only file system under real agents, killed amid and started while it still fails: each fault reaches the collector once, in order",
        .timeLimit(.minutes(10)))
    func die() async throws {
        let site = try await Site()
        defer { site.stop() }
        let pack = site.folder.appending(path: "patterns.json").path
        let built = try Program.run(
            Program.built("callhome"),
            ["patterns", "build", Site.packageRoot.appending(path: "Tests/EndToEndTests/Patterns").path, "-o", pack])
        try #require(built.status == 0, "\(built.output)")
        let disks: [(String, FailingDisk.Kind)] = [
            ("eio", .fuse), ("full", .tmpfs(bytes: 16 << 20)), ("readonly", .ext4(bytes: 32 << 20)),
        ]
        for (name, kind) in disks {
            let disk = try FailingDisk(kind)
            let server = try await site.server(name, modules: Self.modules, patterns: pack, state: "\(disk.path)/state")
            defer { server.agent.killNow() }
            let patient = Patient(
                server: server, disk: disk, isFull: name == "full", die: Self.death(of: kind), heal: Self.cure(of: kind)
            )
            try await accompany(patient, at: site)
            try judge(patient, at: site)
        }
    }

    private static func death(of kind: FailingDisk.Kind) -> @Sendable (FailingDisk) async throws -> Void {
        switch kind {
        case .fuse: return { try await $0.behave("eio-write") }
        case .tmpfs: return { try $0.fill() }
        case .ext4: return { try $0.fail() }
        }
    }

    private static func cure(of kind: FailingDisk.Kind) -> @Sendable (FailingDisk) async throws -> Void {
        switch kind {
        case .fuse: return { try await $0.behave("ok") }
        case .tmpfs: return { try $0.makeRoom() }
        case .ext4: return { try $0.mountAgain() }
        }
    }

    private func accompany(_ patient: Patient, at site: Site) async throws {
        let (server, agent) = (patient.server, patient.server.agent)
        try server.set(module: 0, errors: 200)
        try await arrives(.init(fault: "", module: 0, kind: "opened"), of: server, at: site)

        try await patient.die(patient.disk)
        if patient.isFull {
            try await eventually(within: .seconds(60), "\(server.name): the reserve is given back") {
                agent.output.contains("its reserve is given back") ? true : nil
            }
            // Whatever filled the disk takes that too.
            try patient.disk.fill()
        }
        for module in 1...2 { try server.set(module: module, errors: 200) }
        for module in 1...2 {
            try await arrives(.init(fault: "", module: module, kind: "opened"), of: server, at: site)
        }
        try await eventually(within: .seconds(30), "\(server.name): the collector knows of the spool") {
            try query(site, "SELECT body FROM server WHERE body LIKE '%\"\(server.name)\"%'").contains(
                "\"probe\":\"spool\"")
                ? true : nil
        }
        agent.killNow()
        try agent.start()
        try server.set(module: 1, errors: 0)
        try server.set(module: 3, errors: 200)
        try await arrives(.init(fault: "", module: 3, kind: "opened"), of: server, at: site)
        try await arrives(.init(fault: "", module: 1, kind: "cleared"), of: server, at: site)
        // At whatever it is: storing, asking, sending.
        var random = SplitMix(seed: 42)
        for module in 4...5 {
            try server.set(module: module, errors: 200)
            for _ in 0..<4 {
                try await Task.sleep(for: .milliseconds(100 + random.below(700)))
                let victim = random.below(3) == 0 ? site.collector : agent
                victim.killNow()
                try victim.start()
            }
        }
        for module in 4...5 {
            try await arrives(.init(fault: "", module: module, kind: "opened"), of: server, at: site)
        }
        try await patient.heal(patient.disk)
        agent.killNow()
        try agent.start()
        try server.set(module: 6, errors: 200)
        try await arrives(.init(fault: "", module: 6, kind: "opened"), of: server, at: site)
        try await eventually(within: .seconds(30), "\(server.name): the spool is on its disk again") {
            agent.output.contains("the spool is written to disk again") ? true : nil
        }
        agent.killNow()
        try agent.start()
        try server.set(module: 7, errors: 200)
        try await arrives(.init(fault: "", module: 7, kind: "opened"), of: server, at: site)
    }

    /// Every opening and every end that the collector took, each once, in the order in which they were made.
    private func judge(_ patient: Patient, at site: Site) throws {
        let taken = try changes(of: patient.server, at: site)
        #expect(Set(taken).count == taken.count, "\(patient.server.name): twice: \(taken)")
        let opened = taken.filter { $0.kind == "opened" }
        #expect(Set(opened.map(\.module)) == Set(0..<Self.modules))
        try #require(
            opened.count == Self.modules, "\(patient.server.name): found anew after a kill, as another fault: \(opened)"
        )
        #expect(taken.filter { $0.kind == "cleared" }.map(\.module) == [1])
        let order = opened.map(\.module)
        // Two that begin in one look have no order among them.
        #expect(
            order.first == 0 && Set(order[1...2]) == [1, 2] && order[3] == 3 && order.suffix(2) == [6, 7], "\(order)")
        let log = patient.server.agent.output
        let lines = log.split(separator: "\n").filter { $0.contains("the spool cannot be written") }
        let starts = log.split(separator: "\n").count { $0.contains("the agent starts") }
        #expect((1...starts).contains(lines.count), "one line for each process that found it so: \(lines)")
        #expect(!log.contains("cannot store"), "\(log)")
    }

    private func arrives(_ wanted: Change, of server: Server, at site: Site) async throws {
        try await eventually(within: .seconds(60), "\(server.name): module \(wanted.module) \(wanted.kind)") {
            try changes(of: server, at: site).contains { $0.module == wanted.module && $0.kind == wanted.kind }
                ? true : nil
        }
    }

    private func changes(of server: Server, at site: Site) throws -> [Change] {
        let lines = try query(
            site, "SELECT envelope FROM report WHERE stream = 'faults' ORDER BY id"
        ).split(separator: "\n")
        return try lines.flatMap { line -> [Change] in
            guard let envelope = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
                let payload = (envelope["payload"] as? String).flatMap({ Data(base64Encoded: $0) }),
                let report = try JSONSerialization.jsonObject(with: payload) as? [String: Any],
                report["hostname"] as? String == server.name, let content = report["content"] as? [String: Any]
            else { return [] }
            return (content["changes"] as? [[String: Any]] ?? []).compactMap { change in
                guard let fault = change["fault"] as? [String: Any], let id = fault["id"] as? String,
                    let component = fault["component"] as? String, let kind = change["kind"] as? String,
                    let module = component.last?.wholeNumberValue
                else { return nil }
                return Change(fault: id, module: module, kind: kind)
            }
        }
    }

    private func query(_ site: Site, _ sql: String) throws -> String {
        try Program.run(
            "/usr/bin/sqlite3",
            ["-cmd", ".timeout 5000", site.folder.appending(path: "collector/collector.db").path, sql]
        ).output
    }
}
