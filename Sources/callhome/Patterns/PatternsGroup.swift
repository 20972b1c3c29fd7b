import ArgumentParser

/// `callhome patterns`.
struct PatternsGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "patterns",
        abstract: "Work with the fault patterns: build a pack, run their tests, measure and list them, import models.",
        subcommands: [
            PatternsBuild.self, PatternsTest.self, PatternsList.self, PatternsBacktest.self, PatternsImportModel.self,
        ])
}
