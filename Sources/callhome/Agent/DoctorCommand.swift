import ArgumentParser
import Reports

/// `callhome doctor`.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Say what this server's agent cannot see or send, why, and what to do about it, as a checklist.",
        discussion: """
            The most important comes first: [ ] is to be done, [?] asks for what only a person on the spot knows. What \
            has nothing to be done about it, [-], is left out; --all shows it too.
            \(ExitStatus.agentHelp("nothing needs to be done", negative: "something does"))
            """)

    @OptionGroup var agent: AgentOptions

    @OptionGroup var language: LanguageOption

    @Flag(help: "Show also what cannot be mended.")
    var all = false

    func run() throws {
        let language = language()
        let answer = try agent.ask(ControlRequest(verb: .coverage))
        guard let status = try agent.ask(ControlRequest(verb: .status)).status, let modes = answer.failureModes else {
            Console.complain("agent: it answered without its coverage; is it of another version?")
            throw ExitStatus.unavailable.exit
        }
        let checklist = Checklist(status, modes, answer.questions ?? [], all: all, in: language)
        if agent.json { try Console.print(json: checklist.items) } else { print(checklist.words) }
        if checklist.items.contains(where: { $0.state == .task }) { throw ExitStatus.negative.exit }
    }
}
