import ArgumentParser
import Reports

/// `callhome cases acknowledge NUMBER --because TEXT`.
struct CasesAcknowledge: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "acknowledge", abstract: "Say that someone is looking after a case.",
        discussion: ExitStatus.collectorHelp("acknowledged", missing: "no such case"))

    @OptionGroup var decision: CaseDecision

    func run() async throws { try await decision.send(.acknowledge) }
}

/// `callhome cases close NUMBER --because TEXT`.
struct CasesClose: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "close", abstract: "Close a case; every recipient is told.",
        discussion: ExitStatus.collectorHelp("closed", missing: "no such case"))

    @OptionGroup var decision: CaseDecision

    func run() async throws { try await decision.send(.close) }
}

/// `callhome cases replaced NUMBER --because TEXT`.
struct CasesReplaced: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replaced",
        abstract: "Say that a case's part was replaced: its server is told, and what it reports closes the case.",
        discussion: ExitStatus.collectorHelp("noted", missing: "no such case"))

    @OptionGroup var decision: CaseDecision

    func run() async throws { try await decision.send(.replaced) }
}

/// `callhome cases repaired NUMBER --because TEXT`.
struct CasesRepaired: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repaired",
        abstract: "Say that a case's part was mended: its server is told, and what it reports closes the case.",
        discussion: ExitStatus.collectorHelp("noted", missing: "no such case"))

    @OptionGroup var decision: CaseDecision

    func run() async throws { try await decision.send(.repaired) }
}

/// `callhome cases acquitted NUMBER --because TEXT`.
struct CasesAcquitted: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "acquitted",
        abstract: "Say that a case's part is well: its server finds the same on it no more until it gets worse.",
        discussion: ExitStatus.collectorHelp("noted", missing: "no such case"))

    @OptionGroup var decision: CaseDecision

    func run() async throws { try await decision.send(.acquitted) }
}

/// What a person decides about a case, whatever it is.
struct CaseDecision: ParsableArguments {
    @Argument(help: "The case's number: CH-7K3Q-0M9D.")
    var number: String

    @OptionGroup var decision: DecisionOptions

    func send(_ kind: CollectorAPI.Decision.Kind) async throws {
        try await decision.collector.decide(
            ["cases", number, kind.rawValue], CollectorAPI.Decision(because: decision.because)
        ) { (line: CollectorAPI.CaseLine) in
            let isDeclared = PartDeclaration.Verb(rawValue: kind.rawValue) != nil
            print("\(line.number) is \(line.state)" + (isDeclared ? "; the server is told when it reports next" : ""))
        }
    }
}
