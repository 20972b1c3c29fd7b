import ArgumentParser
import Reports

/// What all commands that ask the agent have in common.
struct AgentOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The agent's control socket.", valueName: "path"))
    var socket = ControlClient.standardSocket

    @Flag(help: "Print JSON.")
    var json = false

    /// The answer, or the exit that states why there is none.
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
            throw ExitStatus(ofProblem: problem.code).exit
        }
        return response
    }
}

extension ExitStatus {
    /// What the agent's refusal means.
    /// - Parameter code: of `Problem`.
    init(ofProblem code: String) {
        self =
            switch code {
            case "denied": .permission
            // Enrolling asks a collector through the agent.
            case "unreachable", "not-a-collector": .unavailable
            case "busy": .tryAgain
            case "not-found": .missing
            case "spool", "identity": .failure
            default: .data
            }
    }

    /// `Exit codes: …` of a command that asks the agent.
    static func agentHelp(
        _ done: String, negative: String? = nil, data: String = "refused, and why",
        unavailable: String = "no agent answers"
    ) -> String {
        let permission = "only root and the agent's own user may ask"
        let own = negative.map { [(ExitStatus.negative, $0)] } ?? []
        return help(
            done,
            own + [
                (.data, data), (.unavailable, unavailable), (.failure, "the agent's own files cannot be used"),
                (.tryAgain, "no answer in time, or it is busy"), (.permission, permission),
            ])
    }
}
