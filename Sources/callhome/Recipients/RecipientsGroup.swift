import ArgumentParser

/// `callhome recipients`.
struct RecipientsGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recipients", abstract: "See who is told of cases, and settle what they are owed.",
        subcommands: [RecipientsList.self, RecipientsCatchUp.self, RecipientsDrop.self, RecipientsTry.self],
        defaultSubcommand: RecipientsList.self)
}
