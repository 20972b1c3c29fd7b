import ArgumentParser
import Reports

/// `callhome cases resend NUMBER [--to NAME] --because TEXT`.
struct CasesResend: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resend",
        abstract: "Tell recipients of a case as it stands once more, as a new message that says so.",
        discussion: ExitStatus.collectorHelp("to be sent", missing: "no such case or recipient"))

    @Argument(help: "The case's number: CH-7K3Q-0M9D.")
    var number: String

    @Option(help: ArgumentHelp("The only recipient that is meant.", valueName: "name"))
    var to: String?

    @OptionGroup var decision: DecisionOptions

    func run() async throws {
        try await decision.collector.decide(
            ["cases", number, "resend"], CollectorAPI.Resend(to: to, because: decision.because)
        ) { (line: CollectorAPI.CaseLine) in
            print("\(line.number) is sent again to \(to ?? "all who are told of it")")
        }
    }
}
