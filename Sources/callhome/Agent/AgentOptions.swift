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
        do throws(ControlClient.Unreachable) {
            response = try ControlClient(socket: socket).ask(request, timeout: timeout)
        } catch {
            Console.complain("agent: \(error)")
            throw error.status.exit
        }
        if let problem = response.problem {
            Console.complain("\(problem)")
            // Enrolling asks a collector through the agent.
            throw (["unreachable", "not-a-collector"].contains(problem.code) ? ExitStatus.unavailable : .data).exit
        }
        return response
    }
}

extension ExitStatus {
    /// `Exit codes: …` of a command that asks the agent.
    static func agentHelp(
        _ done: String, negative: String? = nil, data: String? = nil, unavailable: String = "no agent answers"
    ) -> String {
        let permission = "only root and the agent's own user may ask"
        let own = [negative.map { (ExitStatus.negative, $0) }, data.map { (ExitStatus.data, $0) }].compactMap(\.self)
        return help(done, own + [(.unavailable, unavailable), (.permission, permission)])
    }
}
