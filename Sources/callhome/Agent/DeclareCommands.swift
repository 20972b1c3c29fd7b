import ArgumentParser
import FoundationEssentials
import Glibc
import Reports

/// `callhome replaced PART`.
struct ReplacedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replaced", abstract: "Say that another part is in a part's place.",
        discussion: DeclarationOptions.help(
            "Its faults clear, and what was remembered of the old one is forgotten. Parts with a serial number need this "
                + "not: their exchange is noticed."))
    @OptionGroup var declaration: DeclarationOptions
    func run() async throws { try await declaration.send(.replaced) }
}

/// `callhome repaired PART`.
struct RepairedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repaired", abstract: "Say that a part was mended: cleaned, seated anew, updated.",
        discussion: DeclarationOptions.help("Its faults clear, and counting begins anew; it stays the same part."))
    @OptionGroup var declaration: DeclarationOptions
    func run() async throws { try await declaration.send(.repaired) }
}

/// `callhome acquitted PART`.
struct AcquittedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "acquitted", abstract: "Say that a part is well, whatever was found on it.",
        discussion: DeclarationOptions.help(
            "Its faults clear, and are not found on it again until what they rest on was once over, or gets worse."))
    @OptionGroup var declaration: DeclarationOptions
    func run() async throws { try await declaration.send(.acquitted) }
}

/// Which part is meant, where, and why.
struct DeclarationOptions: ParsableArguments {
    @Argument(
        help: "The part: its id, name, device, place or serial number, as the console or `callhome status` shows it.")
    var part: String

    @Option(help: ArgumentHelp("Only faults of this class.", valueName: "class"))
    var fault: String?

    @Option(help: "Why, in a few words: it stands in the history. With --server it is needed.")
    var because: String?

    @Option(
        help: ArgumentHelp(
            "Of this server, by way of the collector: it is applied when the server reports next.", valueName: "name"))
    var server: String?

    @Option(help: ArgumentHelp("The agent's control socket.", valueName: "path"))
    var socket = ControlClient.standardSocket

    @OptionGroup var collector: CollectorOptions

    func validate() throws {
        if server != nil, because == nil { throw ValidationError("say why, with --because: others will read it") }
    }

    static func help(_ words: String) -> String {
        """
        \(words)

        On the server itself it is applied at once (root). With --server NAME the collector passes it on.

        \(ExitStatus.agentHelp("applied, or passed on", unavailable: "no agent, or no collector, answers"))
        """
    }

    func send(_ verb: PartDeclaration.Verb) async throws {
        if let server { return try await pass(verb, to: server) }
        var agent = AgentOptions()
        (agent.socket, agent.json) = (socket, collector.json)
        let said = ControlRequest.Declaration(
            verb: verb, part: part, faultClass: fault, because: because, by: DeclarationOptions.user)
        let response = try agent.ask(ControlRequest(verb: .declare, declaration: said))
        if collector.json { return try Console.print(json: response) }
        print("\(verb.rawValue): \(response.declaration?.because ?? "")")
    }

    private func pass(_ verb: PartDeclaration.Verb, to server: String) async throws {
        let declared = try await collector.client().ask(
            PartDeclaration.self, "/servers/\(CollectorClient.segment(server))/parts/\(verb.rawValue)", method: "POST",
            body: CollectorAPI.Declaration(part: part, faultClass: fault, because: because ?? ""))
        if collector.json { return try Console.print(json: declared) }
        print("\(verb.rawValue) \(declared.component): the server is told when it reports next")
    }

    /// Who says it: behind sudo, the person and not root.
    private static var user: String {
        if let name = ProcessInfo.processInfo.environment["SUDO_USER"], !name.isEmpty { return name }
        guard let entry = unsafe getpwuid(getuid()) else { return "user \(getuid())" }
        return unsafe String(cString: entry.pointee.pw_name)
    }
}
