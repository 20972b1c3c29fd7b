import ArgumentParser

/// `callhome cases`.
struct CasesGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cases", abstract: "See and settle the collector's cases.",
        subcommands: [
            CasesList.self, CasesShow.self, CasesAcknowledge.self, CasesClose.self,
            CasesReplaced.self, CasesRepaired.self, CasesAcquitted.self, CasesResend.self,
        ],
        defaultSubcommand: CasesList.self)
}
