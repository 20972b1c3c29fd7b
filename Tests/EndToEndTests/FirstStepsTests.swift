import Foundation
import Reports
import TestSupport
import Testing

/// What a new user fell over: each with the words that would have helped.
@Suite("A new user's first steps", .timeLimit(.minutes(5)))
struct FirstStepsTests {
    private typealias ExitStatus = Reports.ExitStatus

    private func scratch() throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appending(path: "first-steps-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }

    @Test("A built pack is shown, explained and listed, by the same option")
    func pack() throws {
        let pack = try ShippedPackFile.url().path
        let id = "disk.ata.media-failing"
        for command in [["show", id], ["explain", id], ["list"]] {
            let result = try Program.run(
                Program.built("callhome"), ["patterns"] + command + ["--patterns", pack])
            #expect(result.status == 0 && result.output.contains(id), "\(command): \(result.output.suffix(500))")
        }
        let typo = try Program.run(
            Program.built("callhome"), ["patterns", "show", "disk.ata.media-failin", "--patterns", pack])
        #expect(typo.status == ExitStatus.missing.rawValue && typo.output.contains(id), "\(typo)")
    }

    @Test("diagnose judges by the pack of the configuration that it is given, and names the nearest probe")
    func diagnose() throws {
        let folder = try scratch()
        defer { try? FileManager.default.removeItem(at: folder) }
        let config = folder.appending(path: "agent.conf")
        let disk = Site.packageRoot.appending(path: "Tests/Fixtures/smartctl/ata.json").path
        let agent = Program.built("callhome-agent")
        try Site.write("patterns.pack = \(folder.path)/none.json\n", to: config)
        let missing = try Program.run(agent, ["diagnose", "disk-health", "--input", disk, "--config", config.path])
        #expect(missing.status == ExitStatus.configuration.rawValue, "\(missing)")
        #expect(missing.output.contains("\(folder.path)/none.json"), "\(missing)")
        try Site.write("patterns.pack = \(try ShippedPackFile.url().path)\n", to: config)
        let judged = try Program.run(agent, ["diagnose", "disk-health", "--input", disk, "--config", config.path])
        #expect(judged.output.contains("judged by"), "\(judged)")
        let typo = try Program.run(agent, ["diagnose", "disk-helth"])
        #expect(typo.status == ExitStatus.usage.rawValue && typo.output.contains("perhaps disk-health"), "\(typo)")
    }

    @Test("A folder as configuration, and a span that is too short, are refused in people's words")
    func words() throws {
        let folder = try scratch()
        defer { try? FileManager.default.removeItem(at: folder) }
        for program in ["callhome-agent", "callhome-collector"] {
            let result = try Program.run(Program.built(program), ["check-config", "--config", folder.path])
            #expect(result.status == ExitStatus.configuration.rawValue, "\(result)")
            #expect(result.output.contains("it is a folder") && !result.output.contains("Cocoa"), "\(result)")
        }
        let config = folder.appending(path: "collector.conf")
        try Site.write("data = relative\n", to: config)
        let relative = try Program.run(
            Program.built("callhome-collector"), ["check-config", "--config", config.path])
        // 0.1 took it: it is warned of.
        #expect(relative.status == 0 && relative.output.contains("warning: "), "\(relative)")
        #expect(relative.output.contains("no path from /"), "\(relative)")
        let short = try Program.run(
            Program.built("callhome-collector"), ["tokens", "create", "--lifetime", "0", "--config", config.path])
        #expect(short.output.contains("0 is not between 1s and 365d"), "\(short)")
    }

    @Test("An agent whose name of 0.1 is no server's name goes on after an upgrade, and says so in its log and check")
    func upgrade() async throws {
        let folder = try scratch()
        defer { try? FileManager.default.removeItem(at: folder) }
        let etc = folder.appending(path: "root/etc")
        try FileManager.default.createDirectory(at: etc, withIntermediateDirectories: true)
        try Site.write("0123456789abcdef0123456789abcdef\n", to: etc.appending(path: "machine-id"))
        let config = folder.appending(path: "agent.conf")
        try Site.write(
            """
            state.directory = \(folder.path)/state
            control.socket = \(folder.path)/a.sock
            patterns.pack = \(try ShippedPackFile.url().path)
            root = \(folder.path)/root
            hostname = Praxis Server
            """, to: config)
        let words = "agent.conf:5: hostname: \"Praxis Server\" is no name of a server"
        let checked = try Program.run(Program.built("callhome-agent"), ["check-config", "--config", config.path])
        #expect(checked.status == 0 && checked.output.contains("warning: \(folder.path)/\(words)"), "\(checked)")
        let agent = Program("agent", Program.built("callhome-agent"), ["run", "--config", config.path], in: folder)
        defer { agent.killNow() }
        try agent.start()
        try await eventually(within: .seconds(60), "the agent is up, under its name") {
            let status = try Program.run(Program.built("callhome"), ["status", "--socket", "\(folder.path)/a.sock"])
            return status.output.contains("Praxis Server") ? true : nil
        }
        #expect(agent.output.contains("hardly meant in the configuration"), "\(agent.output)")
        #expect(agent.output.contains("is no name of a server"), "\(agent.output)")
    }

    @Test("A collector on a port that is taken says that, and nothing of disks or of what it broke off itself")
    func takenPort() async throws {
        let folder = try scratch()
        defer { try? FileManager.default.removeItem(at: folder) }
        let port = try freePort()
        let programs = try ["one", "two"].map { name in
            let config = folder.appending(path: "\(name).conf")
            try Site.write(
                "data = \(folder.path)/\(name)\nlisten = 127.0.0.1:\(port)\nsocket = no\n", to: config)
            return Program(
                name, Program.built("callhome-collector"), ["serve", "--config", config.path], in: folder)
        }
        defer { programs.forEach { $0.killNow() } }
        try programs[0].start()
        try await eventually(within: .seconds(60), "the first one is up") {
            programs[0].output.contains("TLS root: ") ? true : nil
        }
        #expect(!programs[0].output.contains("CA:  "))
        let second = try Program.run(programs[1].executable, programs[1].arguments)
        #expect(second.status != 0 && second.output.contains("\(port)"), "\(second)")
        for word in ["CancellationError", "free space"] {
            #expect(!second.output.contains(word), "\(second.output)")
        }
    }
}
