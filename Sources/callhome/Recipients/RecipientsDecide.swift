import ArgumentParser
import Reports

/// `callhome recipients catch-up NAME --because TEXT`.
struct RecipientsCatchUp: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "catch-up",
        abstract: "Tell a recipient of every open case that it does not know as it stands: one that is new, say.",
        discussion: ExitStatus.collectorHelp("it is owed them", missing: "no such recipient"))

    @OptionGroup var recipient: RecipientArgument
    @Option(help: "Why, in a few words: it stands in each case's history.")
    var because: String

    func run() async throws {
        try await recipient.send(.catchUp, because) { "open cases that it is told of now: \($0)" }
    }
}

/// `callhome recipients drop NAME --because TEXT`.
struct RecipientsDrop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drop",
        abstract: "Forget what a recipient is owed now. Of later changes it is told again.",
        discussion: ExitStatus.collectorHelp("it is owed nothing", missing: "no such recipient"))

    @OptionGroup var recipient: RecipientArgument
    @Option(help: "Why, in a few words: it stands in each case's history.")
    var because: String

    func run() async throws {
        try await recipient.send(.drop, because) { "cases of which it is told no more for now: \($0)" }
    }
}

/// `callhome recipients try NAME`.
struct RecipientsTry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "try",
        abstract: "Try a recipient now: what held it was mended. What it refused is offered again as well.",
        discussion: ExitStatus.collectorHelp("it is tried", missing: "no such recipient"))

    @OptionGroup var recipient: RecipientArgument

    func run() async throws { try await recipient.send(.tryNow, nil) { "tried now; cases that wait: \($0)" } }
}

/// Which recipient is meant.
struct RecipientArgument: ParsableArguments {
    @Argument(help: "The recipient's name in the collector's configuration.")
    var name: String

    @OptionGroup var collector: CollectorOptions

    /// - Parameter words: what came of it, for a number of cases.
    func send(
        _ kind: CollectorAPI.RecipientDecision.Kind, _ because: String?, _ words: (Int) -> String
    ) async throws {
        let answer = try await collector.client().ask(
            CollectorAPI.RecipientAnswer.self, "/recipients/\(CollectorClient.segment(name))/\(kind.rawValue)",
            method: "POST", body: CollectorAPI.RecipientDecision(because: because))
        if collector.json { return try Console.print(json: answer) }
        print("\(name): \(words(answer.cases))")
    }
}
