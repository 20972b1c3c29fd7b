import ArgumentParser
import Reports

/// `callhome recipients catch-up NAME --because TEXT`.
struct RecipientsCatchUp: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "catch-up",
        abstract: "Tell a recipient of every open case that it does not know as it stands: one that is new, say.",
        discussion: ExitStatus.collectorHelp("it is owed them", missing: "no such recipient"))

    @OptionGroup var recipient: RecipientArgument
    @OptionGroup var decision: DecisionOptions

    func run() async throws {
        try await recipient.send(.catchUp, decision.because, to: decision.collector) {
            "open cases that it is told of now: \($0)"
        }
    }
}

/// `callhome recipients drop NAME --because TEXT`.
struct RecipientsDrop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drop",
        abstract: "Forget what a recipient is owed now. Of later changes it is told again.",
        discussion: ExitStatus.collectorHelp("it is owed nothing", missing: "no such recipient"))

    @OptionGroup var recipient: RecipientArgument
    @OptionGroup var decision: DecisionOptions

    func run() async throws {
        try await recipient.send(.drop, decision.because, to: decision.collector) {
            "cases of which it is told no more for now: \($0)"
        }
    }
}

/// `callhome recipients try NAME`.
struct RecipientsTry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "try",
        abstract: "Try a recipient now: what held it was mended. What it refused is offered again as well.",
        discussion: ExitStatus.collectorHelp("it is tried", missing: "no such recipient"))

    @OptionGroup var recipient: RecipientArgument
    @OptionGroup var collector: CollectorOptions

    func run() async throws {
        try await recipient.send(.tryNow, nil, to: collector) { "tried now; cases that wait: \($0)" }
    }
}

/// Which recipient is meant.
struct RecipientArgument: ParsableArguments {
    @Argument(help: "The recipient's name in the collector's configuration.")
    var name: String

    /// - Parameter words: what came of it, for a number of cases.
    func send(
        _ kind: CollectorAPI.RecipientDecision.Kind, _ because: String?, to collector: CollectorOptions,
        _ words: (Int) -> String
    ) async throws {
        try await collector.decide(
            ["recipients", name, kind.rawValue], CollectorAPI.RecipientDecision(because: because)
        ) { (answer: CollectorAPI.RecipientAnswer) in print("\(name): \(words(answer.cases))") }
    }
}
