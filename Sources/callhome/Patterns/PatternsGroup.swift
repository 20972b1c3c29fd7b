import ArgumentParser

/// `callhome patterns`.
struct PatternsGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "patterns",
        abstract: "Work with the fault patterns: list, show and explain them, test, check, measure and build them.",
        discussion: """
            A pattern says how a fault of one kind of part shows in what the part tells. Patterns are YAML files in \
            one folder per part under `patterns`; `build` makes of them the pack that agents load. An author runs \
            `test` after each change, `lint` before shipping, and `backtest` to see what a change is worth.

            What a site changes of the patterns that it gets, `overlay` checks and writes.

            A channel brings packs to others, signed: `keygen` and `root` begin one, `sign` and `publish` fill it, `fetch` \
            mirrors it, `verify` says what it holds. A collector brings its versions to the servers, in rings: `status` \
            says how far, `update` has it look for a new one now, and `rollout`, `halt` and `rollback` are a person's word.
            """,
        subcommands: [
            PatternsList.self, PatternsShow.self, PatternsExplain.self, PatternsTest.self, PatternsLint.self,
            PatternsBuild.self, PatternsBacktest.self, PatternsSignals.self, PatternsImportModel.self,
            PatternsOverlay.self,
            PatternsKeygen.self, PatternsRoot.self, PatternsSign.self, PatternsPublish.self, PatternsFetch.self,
            PatternsVerify.self, PatternsStatus.self, PatternsUpdate.self, PatternsRollout.self, PatternsHalt.self,
            PatternsRollback.self,
        ])
}
