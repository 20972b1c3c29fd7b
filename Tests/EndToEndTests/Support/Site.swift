import Foundation

/// A whole site out of real programs on the loopback interface: a collector, a partner's collector, a mail server, a webhook
/// receiver, and servers whose memory fails when a test wants it to.
final class Site: Sendable {
    let folder: URL
    let collector: Program
    let partner: Program
    let mailbox: Program
    let webhook: Program
    let address: String
    /// For administrators, of the collector and of the partner.
    var socket: String { "\(folder.path)/c.sock" }
    var partnerSocket: String { "\(folder.path)/p.sock" }
    let secret = "whsec_" + Data("a secret of this test, and long enough".utf8).base64EncodedString()

    private static let source = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    static let packageRoot = source.deletingLastPathComponent().deletingLastPathComponent()

    /// Everything started, nobody enrolled yet.
    /// - Parameters:
    ///   - leaping: shows the collector another time than the system's.
    ///   - settings: more lines of its configuration.
    init(leaping clock: LeapingClock? = nil, settings: String = "") async throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "callhome-site-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let ports = try (0..<4).map { _ in try freePort() }
        address = "https://127.0.0.1:\(ports[0])"
        let mails = folder.appending(path: "mails")
        mailbox = Program(
            "mailbox", "/usr/bin/python3",
            [
                Site.packageRoot.appending(path: "Demo/mailbox.py").path, "--port", "\(ports[2])", "--folder",
                mails.path,
                "--refuse-file", folder.appending(path: "mailbox.closed").path,
            ], in: folder)
        webhook = Program(
            "webhook", "/usr/bin/python3",
            [
                Site.source.appending(path: "Servers/webhook.py").path, "--port", "\(ports[3])", "--log",
                folder.appending(path: "webhook.jsonl").path, "--secret", secret, "--fail-file",
                folder.appending(path: "webhook.broken").path,
            ], in: folder)
        partner = Program(
            "partner", Program.built("callhome-collector"),
            ["serve", "--config", folder.appending(path: "partner.conf").path], in: folder)
        let serve = ["serve", "--config", folder.appending(path: "collector.conf").path]
        collector =
            if let clock {
                Program(
                    "collector", "/usr/bin/env", clock.environment + [Program.built("callhome-collector")] + serve,
                    in: folder)
            } else {
                Program("collector", Program.built("callhome-collector"), serve, in: folder)
            }
        try Site.write(
            """
            data = \(folder.path)/partner
            listen = 127.0.0.1:\(ports[1])
            socket = \(partnerSocket)
            urls = https://127.0.0.1:\(ports[1])
            site.name = The partner
            """, to: folder.appending(path: "partner.conf"))
        try Site.write(secret, to: folder.appending(path: "webhook.secret"))
        try mailbox.start()
        try webhook.start()
        try partner.start()
        try await eventually(within: .seconds(30), "the partner's collector says how to enrol") {
            partner.output.contains("callhome enroll") ? true : nil
        }
        let pairing = try Site.json(
            Program.built("callhome-collector"),
            ["pair", "create", "--json", "--config", folder.appending(path: "partner.conf").path])
        try Site.write("\(pairing["token"] ?? "")", to: folder.appending(path: "pairing"))
        try Site.write(
            """
            data = \(folder.path)/collector
            listen = 127.0.0.1:\(ports[0])
            socket = \(socket)
            urls = \(address)
            site.name = Test practice
            site.address = 12 Long Street
            site.contact = Dr Test
            case.limit = 10000
            outbox.retry = 1s
            outbox.longest-retry = 2s
            recipient.desk.kind = email
            recipient.desk.url = smtp://127.0.0.1:\(ports[2])
            recipient.desk.to = desk@partner.example
            recipient.desk.from = callhome@practice.example
            recipient.desk.tls = none
            recipient.hook.kind = webhook
            recipient.hook.url = http://127.0.0.1:\(ports[3])/hook
            recipient.hook.secret = \(folder.path)/webhook.secret
            recipient.upstream.kind = partner
            recipient.upstream.url = https://127.0.0.1:\(ports[1])
            recipient.upstream.pairing = \(folder.path)/pairing
            \(settings)
            """, to: folder.appending(path: "collector.conf"))
        try collector.start()
        try await eventually(within: .seconds(30), "the collector says how to enrol") {
            collector.output.contains("callhome enroll") ? true : nil
        }
    }

    func stop() {
        for program in [collector, partner, mailbox, webhook] { program.killNow() }
        try? FileManager.default.removeItem(at: folder)
    }

    static func write(_ text: String, to file: URL) throws {
        try Data("\(text)\n".utf8).write(to: file, options: .atomic)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.path)
    }

    static func json(_ program: String, _ arguments: [String]) throws -> [String: Any] {
        let result = try Program.run(program, arguments)
        guard result.status == 0, let line = result.output.split(separator: "\n").last(where: { $0.hasPrefix("{") }),
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        else { throw ProgramError(what: "\(program) \(arguments): \(result.status) \(result.output)") }
        return object
    }

    func token() throws -> String {
        let answer = try Site.json(
            Program.built("callhome-collector"),
            ["tokens", "create", "--json", "--config", folder.appending(path: "collector.conf").path])
        guard let token = answer["token"] as? String else { throw ProgramError(what: "no token in \(answer)") }
        return token
    }

    /// A server with `modules` memory modules, its agent running and enrolled.
    /// - Parameter state: where its agent keeps its state; nil: beside it.
    func server(_ name: String, modules: Int, patterns: String, state: String? = nil) async throws -> Server {
        let server = try Server(name, modules: modules, patterns: patterns, state: state, in: folder)
        try await enrol(server)
        return server
    }

    /// Starts a server's agent, and enrols it.
    func enrol(_ server: Server) async throws {
        let name = server.name
        try server.agent.start()
        try await eventually(within: .seconds(20), "\(name) answers on its socket") {
            FileManager.default.fileExists(atPath: server.socket) ? true : nil
        }
        let result = try Program.run(
            Program.built("callhome"), ["enroll", address, "--token", try token(), "--socket", server.socket])
        guard result.status == 0 else { throw ProgramError(what: "enrol \(name): \(result.output)") }
    }

    /// The messages that the mail server kept: Message-ID and the attached ticket.
    func mails() throws -> [(id: String, ticket: [String: Any])] {
        let directory = folder.appending(path: "mails")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        let files = names.filter { $0.hasSuffix(".eml") }.sorted().map { "\(directory.path)/\($0)" }
        guard !files.isEmpty else { return [] }
        let result = try Program.run(
            "/usr/bin/python3", [Site.source.appending(path: "Servers/mail-ticket.py").path] + files)
        return try result.output.split(separator: "\n").map { line in
            guard let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
                let id = object["id"] as? String, let ticket = object["ticket"] as? [String: Any]
            else { throw ProgramError(what: "a message without a ticket: \(line)") }
            return (id, ticket)
        }
    }

    /// The messages that the webhook receiver took: webhook-id and the ticket.
    func hooks() throws -> [(id: String, ticket: [String: Any])] {
        let text = (try? String(contentsOf: folder.appending(path: "webhook.jsonl"), encoding: .utf8)) ?? ""
        return try text.split(separator: "\n").compactMap { line in
            guard let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
                let id = object["id"] as? String, let body = object["body"] as? [String: Any],
                let ticket = body["data"] as? [String: Any], ticket["number"] != nil
            else { return nil }
            return (id, ticket)
        }
    }
}

/// A server whose memory controller is a folder of files.
final class Server: Sendable {
    let name: String
    let agent: Program
    let socket: String
    private let controller: URL

    /// - Parameters:
    ///   - state: where its agent keeps its state; nil: beside it.
    ///   - settings: more lines of its agent's configuration.
    ///   - environment: what `env` sets for its agent.
    init(
        _ name: String, modules: Int, patterns: String, state: String? = nil, settings: String = "",
        environment: [String] = [], in folder: URL
    ) throws {
        self.name = name
        let home = folder.appending(path: name)
        controller = home.appending(path: "root/sys/devices/system/edac/mc/mc0")
        socket = "\(home.path)/a.sock"
        let words = [Program.built("callhome-agent"), "run", "--config", home.appending(path: "agent.conf").path]
        agent =
            environment.isEmpty
            ? Program(name, words[0], Array(words.dropFirst()), in: folder)
            : Program(name, "/usr/bin/env", environment + words, in: folder)
        let fileManager = FileManager.default
        try fileManager.createDirectory(at: controller, withIntermediateDirectories: true)
        for (file, value) in ["mc_name": "Test controller", "ce_count": "0", "ue_count": "0", "size_mb": "4096"] {
            try Site.write(value, to: controller.appending(path: file))
        }
        for module in 0..<modules {
            let path = controller.appending(path: "dimm\(module)")
            try fileManager.createDirectory(at: path, withIntermediateDirectories: true)
            for (file, value) in [
                "dimm_label": "DIMM_\(module)", "dimm_location": "channel \(module) slot 0", "dimm_ce_count": "0",
                "dimm_ue_count": "0", "size": "4096", "dimm_mem_type": "Unbuffered-DDR4",
            ] { try Site.write(value, to: path.appending(path: file)) }
        }
        try fileManager.createDirectory(at: home.appending(path: "root/etc"), withIntermediateDirectories: true)
        try Site.write(
            UUID().uuidString.lowercased().replacing("-", with: ""), to: home.appending(path: "root/etc/machine-id"))
        try Site.write(
            """
            state.directory = \(state ?? "\(home.path)/state")
            control.socket = \(socket)
            patterns.pack = \(patterns)
            hostname = \(name)
            root = \(home.path)/root
            heartbeat.interval = 2s
            probe.memory-errors.interval = 200ms
            probe.chip-sensors.enabled = no
            probe.disk-health.enabled = no
            probe.inventory.enabled = no
            \(settings)
            """, to: home.appending(path: "agent.conf"))
    }

    /// What the module's counter of corrected errors says from now on.
    func set(module: Int, errors: Int) throws {
        try Site.write("\(errors)", to: controller.appending(path: "dimm\(module)/dimm_ce_count"))
    }

    /// `callhome` against this server's agent.
    func command(_ arguments: [String]) throws -> (status: Int32, output: String) {
        try Program.run(Program.built("callhome"), arguments + ["--socket", socket])
    }
}
