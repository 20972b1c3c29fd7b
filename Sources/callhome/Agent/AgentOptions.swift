import ArgumentParser
import Reports

/// What all commands that ask the agent have in common.
struct AgentOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The agent's control socket.", valueName: "path"))
    var socket = ControlClient.standardSocket

    @Flag(help: "Print JSON.")
    var json = false

    /// The answer, or the exit that says why there is none.
    func ask(_ request: ControlRequest, timeout: Duration = .seconds(30)) throws -> ControlResponse {
        let response: ControlResponse
        do {
            response = try ControlClient(socket: socket).ask(request, timeout: timeout)
        } catch {
            Console.complain("agent: \(error)")
            throw Exit.unreachable
        }
        if let problem = response.problem {
            Console.complain("\(problem)")
            throw Exit.refused
        }
        return response
    }
}
