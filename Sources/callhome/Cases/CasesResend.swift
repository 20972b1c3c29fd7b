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

    @Option(help: "Why, in a few words: it stands in the message and in the case's history.")
    var because: String

    @OptionGroup var collector: CollectorOptions

    func run() async throws {
        let line = try await collector.client().ask(
            CollectorAPI.CaseLine.self, "/cases/\(CollectorClient.segment(number))/resend", method: "POST",
            body: CollectorAPI.Resend(to: to, because: because))
        if collector.json { return try Console.print(json: line) }
        print("\(line.number) is sent again to \(to ?? "all who are told of it")")
    }
}
