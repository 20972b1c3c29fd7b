import ArgumentParser

/// `callhome servers`.
struct ServersGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "servers", abstract: "See the collector's servers, and what is not seen on them.",
        subcommands: [ServersList.self, ServersShow.self, BlindSpotsGroup.self], defaultSubcommand: ServersList.self)
}
