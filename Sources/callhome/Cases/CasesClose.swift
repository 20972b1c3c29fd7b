import ArgumentParser
import Reports

/// `callhome cases close NUMBER --because TEXT`.
struct CasesClose: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "close", abstract: "Close a case; every recipient is told.",
        discussion: "Exit codes: 0 closed; 2 refused, or no such case; 3 the collector does not answer.")

    @Argument(help: "The case's number: CH-7K3Q-000012.")
    var number: String

    @Option(help: "Why, in a few words: it stands in the case's history.")
    var because: String

    @OptionGroup var collector: CollectorOptions

    func run() async throws {
        let line = try await collector.client().ask(
            CollectorAPI.CaseLine.self, "/cases/\(CollectorClient.segment(number))/close", method: "POST",
            body: CollectorAPI.Decision(because: because))
        if collector.json { return try Console.print(json: line) }
        print("\(line.number) is \(line.state)")
    }
}
