import ArgumentParser
import Reports

/// The command for people: one group of commands a noun. A new one is one line here.
@main
struct Callhome: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "callhome",
        abstract: "Predicts hardware faults and calls for the part before it fails.",
        discussion: """
            Exit codes: 0 done; 1 done, and what was asked about is not well (a test failed, a hop is broken); \
            2 refused, because what was given cannot be used; 3 the agent or collector that was asked does not answer; \
            64 the command line is wrong.
            """,
        version: CallhomeVersion.current,
        subcommands: [
            AgentStatusCommand.self, DoctorCommand.self, AgentTestCommand.self, EnrollCommand.self,
            LoginCommand.self, CasesGroup.self, ServersGroup.self,
            PatternsGroup.self,
        ])
}

/// What the commands exit with besides 0. Documented in the help of `callhome`.
enum Exit {
    /// The command did its work, and what it looked at is not well.
    static let notWell = ExitCode(1)
    /// What was given cannot be used; the reason is on standard error.
    static let refused = ExitCode(2)
    /// Who was asked does not answer; why is on standard error.
    static let unreachable = ExitCode(3)
}
