import ArgumentParser
import Reports

/// The command for people: one group of commands a noun. A new one is one line here.
@main
struct Callhome: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "callhome",
        abstract: "Predicts hardware faults and calls for the part before it fails.",
        discussion: ExitStatus.table,
        version: CallhomeVersion.current,
        subcommands: [
            AgentStatusCommand.self, DoctorCommand.self, AgentTestCommand.self, EnrollCommand.self,
            ReplacedCommand.self, RepairedCommand.self, AcquittedCommand.self, LoginCommand.self, CasesGroup.self,
            ServersGroup.self, RecipientsGroup.self,
            PatternsGroup.self,
        ])

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            // Help, and what is wrong with the command line, is the parser's; a command that ends itself sets its code.
            guard exitCode(for: error) == .failure, !(error is ExitCode) else {
                if exitCode(for: error) == .validationFailure,
                    let hint = CommandTree(Self.self).hint(for: CommandLine.arguments.dropFirst())
                {
                    Console.complain("\(hint)\n")
                }
                exit(withError: error)
            }
            Console.complain(fullMessage(for: error))
            exit(withError: ExitStatus.failure.exit)
        }
    }
}

extension ExitStatus {
    /// Ends a command, which has printed why on standard error.
    var exit: ExitCode { ExitCode(rawValue) }
}

extension CommandTree {
    /// - Parameter command: with all that stand below it.
    fileprivate init(_ command: any ParsableCommand.Type) {
        self.init(
            name: command._commandName, commands: command.configuration.subcommands.map { CommandTree($0) },
            hasDefault: command.configuration.defaultSubcommand != nil)
    }
}
