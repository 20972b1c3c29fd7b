import Foundation
import Testing

@Suite("Starting", .serialized)
struct StartTests {
    @Test("A collector whose port is taken says so and ends, instead of waiting for ever")
    func portTaken() async throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let port = try freePort()
        let holder = Program(
            "holder", "/usr/bin/python3", ["-m", "http.server", "\(port)", "--bind", "127.0.0.1"], in: folder)
        try holder.start()
        defer { holder.killNow() }
        try await eventually(within: .seconds(10), "the port is taken") {
            try Program.run(
                "/usr/bin/python3", ["-c", "import socket; socket.create_connection(('127.0.0.1', \(port)))"]
            ).status == 0 ? true : nil
        }
        let configuration = folder.appending(path: "collector.conf")
        try Site.write("data = \(folder.path)/data\nlisten = 127.0.0.1:\(port)\nsocket = no", to: configuration)
        let result = try Program.run(
            "/usr/bin/timeout",
            ["-k", "1", "20", Program.built("callhome-collector"), "serve", "--config", configuration.path])
        #expect(result.status == 70, "\(result)")
        #expect(result.output.contains("cannot listen on 127.0.0.1:\(port)"), "\(result.output)")
        #expect(!result.output.contains("callhome enroll"), "it did not start, and must not say how to use it")
    }

    @Test("Where no collector ran, a command prints no token, makes nothing, and says what to do")
    func nothingToAdminister() throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let configuration = folder.appending(path: "collector.conf")
        try Site.write("data = \(folder.path)/data\n", to: configuration)
        for command in [["tokens", "create"], ["pair", "create"], ["tokens", "list"], ["password"], ["fingerprint"]] {
            let result = try Program.run(
                Program.built("callhome-collector"), command + ["--config", configuration.path])
            #expect(result.status != 0, "\(command)")
            #expect(!result.output.contains("callhome1."))
            #expect(
                result.output.contains("\(folder.path)/data") && result.output.contains("--config"), "\(result.output)")
        }
        #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "data").path))
    }

    @Test("A data directory of somebody else is refused by every command, with whose it is and what to do")
    func forbidden() throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let (held, data) = (folder.appending(path: "held"), folder.appending(path: "held/data"))
        try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
        let configuration = folder.appending(path: "collector.conf")
        try Site.write("data = \(data.path)\nlisten = 127.0.0.1:0\nsocket = no", to: configuration)
        func close(_ path: URL, _ mode: Int) throws {
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path.path)
        }
        // Root's folder for nobody, or one that its own user has closed.
        let isRoot = geteuid() == 0
        try close(folder, 0o755)
        try close(configuration, 0o644)
        try close(held, isRoot ? 0o700 : 0)
        defer { try? close(held, 0o700) }
        let user = isRoot ? ["/usr/sbin/runuser", "-u", "nobody", "--"] : ["/usr/bin/env"]
        let commands = [
            ["serve"], ["tokens", "create"], ["tokens", "list"], ["tokens", "revoke", "x"], ["pair", "create"],
            ["pair", "list"], ["keys", "revoke", "srv", "--because", "x"], ["password"], ["fingerprint"],
        ]
        for command in commands {
            let result = try Program.run(
                "/usr/bin/timeout",
                ["-k", "1", "20"] + user + [Program.built("callhome-collector")] + command
                    + ["--config", configuration.path])
            #expect(result.status == 77, "\(command): \(result)")
            #expect(
                result.output.contains("belongs to ") && result.output.contains("`data` in collector.conf"),
                "\(command): \(result.output)")
        }
    }

    @Test(
        "Each start logs address and fingerprint, a second collector names the first, and a login asks only where it may"
    )
    func oneCollector() async throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let configuration = folder.appending(path: "collector.conf")
        let (port, binary) = (try freePort(), Program.built("callhome-collector"))
        let address = "https://127.0.0.1:\(port)"
        try Site.write(
            "data = \(folder.path)/data\nlisten = 127.0.0.1:\(port)\nsocket = \(folder.path)/c.sock\nurls = \(address)",
            to: configuration)
        var fingerprint = ""
        for start in 1...2 {
            let collector = Program(
                "collector-\(start)", binary, ["serve", "--config", configuration.path], in: folder)
            try collector.start()
            defer { collector.killNow() }
            try await eventually(within: .seconds(30), "start \(start) tells its address") {
                collector.output.contains("url=\(address)") ? true : nil
            }
            let printed = try Program.run(binary, ["fingerprint", "--config", configuration.path])
            fingerprint = printed.output.trimmingCharacters(in: .whitespacesAndNewlines)
            #expect(printed.status == 0 && fingerprint.count == 64, "\(printed)")
            #expect(collector.output.contains("ca-fingerprint=\(fingerprint)"), "\(collector.output)")
            guard start == 2 else { continue }

            let second = try Program.run(
                "/usr/bin/timeout", ["-k", "1", "20", binary, "serve", "--config", configuration.path])
            #expect(second.status == 70, "\(second)")
            #expect(second.output.contains("process \(collector.processIdentifier)"), "\(second.output)")

            let local = try Program.run(
                Program.built("callhome"), ["servers", "list", "--collector-socket", "\(folder.path)/c.sock"])
            #expect(local.status == 0, "the first one's socket was taken: \(local.output)")

            let password = try Program.run(binary, ["password", "--config", configuration.path]).output
            try Site.write(password, to: folder.appending(path: "password"))
            try login(address, fingerprint: fingerprint, in: folder)
        }
        let gone = try Program.run(
            Program.built("callhome"), ["servers", "list", "--collector-socket", "\(folder.path)/c.sock"])
        #expect(gone.status == 69)
        #expect(gone.output.contains("\(folder.path)/c.sock: nothing listens there"), "\(gone.output)")
        #expect(!gone.output.contains("firewall") && !gone.output.contains("port 80"), "\(gone.output)")
    }

    /// By a program that has no terminal, and by one that has: Python's pty module is the person at it.
    private func login(_ address: String, fingerprint: String, in folder: URL) throws {
        let command = [
            "env", "XDG_CONFIG_HOME=\(folder.path)/config", Program.built("callhome"), "login", address,
            "--password-stdin",
        ]
        let line = command.map { "'\($0)'" }.joined(separator: " ")
        func alone(_ more: String = "") throws -> (status: Int32, output: String) {
            // The password is still there for whoever reads next: it was not taken for an answer.
            try Program.run(
                "/usr/bin/setsid",
                ["--wait", "/bin/sh", "-c", "{ \(line) \(more); s=$?; cat; exit $s; } < \(folder.path)/password"])
        }
        let refused = try alone()
        let password = try String(contentsOf: folder.appending(path: "password"), encoding: .utf8)
        #expect(refused.status == 64 && refused.output.contains("--ca-fingerprint"), "\(refused)")
        #expect(refused.output.hasSuffix(password), "the password was eaten")
        let stored = folder.appending(path: "config/callhome/login.json").path
        #expect(!FileManager.default.fileExists(atPath: stored))
        let given = try alone("--ca-fingerprint \(fingerprint)")
        #expect(given.status == 0 && FileManager.default.fileExists(atPath: stored), "\(given)")
        try FileManager.default.removeItem(atPath: stored)
        let asked = try Program.run(
            "/usr/bin/python3",
            [
                Site.packageRoot.appending(path: "Tests/EndToEndTests/Servers/terminal.py").path, "yes",
                "\(folder.path)/password",
            ] + command)
        #expect(asked.status == 0 && asked.output.contains(fingerprint), "\(asked)")
        #expect(FileManager.default.fileExists(atPath: stored))
    }

    @Test(
        "Agent and collector tell all that is wrong with a configuration, and end with the same code when it is refused"
    )
    func refusedConfiguration() throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "x.conf")
        func refused(_ program: String, _ command: String, _ text: String) throws -> [String] {
            try Site.write(text, to: path)
            let result = try Program.run(
                "/usr/bin/timeout", ["-k", "1", "20", Program.built(program), command, "--config", path.path])
            #expect(result.status == 78, "\(program) \(command): \(result)")
            return result.output.split(separator: "\n").map(String.init)
        }
        let agent = "log.level = loud\nhostnam = x\nspool.limit = much\npatterns.pack = /no/such/pack.json"
        for command in ["check-config", "run"] {
            let lines = try refused("callhome-agent", command, agent)
            #expect(lines.count == (command == "run" ? 3 : 4), "\(lines)")
            #expect(lines[0].contains("\(path.path):1: ") && lines[1].contains(":2: ") && lines[2].contains(":3: "))
        }
        let collector = """
            data = \(folder.path)/data
            case.limit = many
            listen = nowhere
            recipient.hook.kind = webhook
            recipient.hook.url = https://hook.example/
            recipient.hook.secret = \(folder.path)/none
            """
        for command in ["check-config", "serve"] {
            let lines = try refused("callhome-collector", command, collector)
            #expect(lines.count == (command == "serve" ? 2 : 3), "\(lines)")
            #expect(lines[0].contains("\(path.path):2: ") && lines[1].contains(":3: "))
        }
        #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/data"))
    }

    @Test(
        "A pattern pack that cannot be used is told once, by its cause, and only one that every start would refuse ends with 78",
        arguments: [
            ("here/pack.json", "is no path from /", 78, 78), ("/no/such/pack.json", "patterns.pack", 78, 70),
            ("FOLDER", "cannot be read", 78, 70), ("FOLDER/garbage.json", "is refused", 78, 78),
        ])
    func pack(path: String, because: String, checked: Int32, run: Int32) throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        try Site.write("{}", to: folder.appending(path: "garbage.json"))
        let configuration = folder.appending(path: "agent.conf")
        try Site.write(
            "state.directory = \(folder.path)/state\ncontrol.socket = \(folder.path)/a.sock\n"
                + "patterns.pack = \(path.replacing("FOLDER", with: folder.path))", to: configuration)
        for (command, status) in [("check-config", checked), ("run", run)] {
            let result = try Program.run(
                "/usr/bin/timeout",
                ["-k", "1", "20", Program.built("callhome-agent"), command, "--config", configuration.path])
            #expect(result.status == status, "\(command): \(result)")
            let lines = result.output.split(separator: "\n")
            #expect(lines.count == 1 && lines[0].contains(because), "\(command): \(lines)")
        }
    }

    private static func folder() throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appending(path: "callhome-start-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }
}
