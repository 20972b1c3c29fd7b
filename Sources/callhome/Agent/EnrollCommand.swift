import ArgumentParser
import Reports

/// `callhome enroll`.
struct EnrollCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enroll",
        abstract: "Let the agent of this server join a collector.",
        discussion: """
            The collector prints the join token; it works once, and says which collector is the right one.
            \(ExitStatus.agentHelp("enrolled", unavailable: "the agent or the collector does not answer"))
            """)

    @Argument(help: "The collector's address: https://server:port.")
    var url: String

    @Option(help: ArgumentHelp("The join token; - reads it from standard input.", valueName: "token"))
    var token: String

    @Option(
        help: ArgumentHelp(
            "Take over the history of this server, by name or id: after a reinstallation or with a new board.",
            valueName: "name"))
    var replace: String?

    @OptionGroup var agent: AgentOptions

    /// A collector that hangs is given up by the agent before that.
    private static let timeout = Duration.seconds(180)

    func run() throws {
        let given = token == "-" ? readLine() ?? "" : token
        guard JoinToken(parsing: given) != nil else {
            Console.complain("the join token is incomplete: copy it whole, it begins with \(JoinToken.prefix).")
            throw ExitStatus.data.exit
        }
        let request = ControlRequest(verb: .enroll, url: url, token: given, replace: replace)
        let response = try agent.ask(request, timeout: EnrollCommand.timeout)
        if agent.json { return try Console.print(json: response) }
        print("enrolled at \(url) as \(response.host ?? "?"); try it: callhome test --wait")
    }
}
