import ArgumentParser

/// `callhome servers`.
struct ServersGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "servers", abstract: "See the collector's servers.",
        subcommands: [ServersList.self, ServersShow.self], defaultSubcommand: ServersList.self)
}
