import Foundation

/// What a program says of its own commands (`--experimental-dump-help`).
struct ProgramHelp {
    struct Command {
        /// Without the program's name.
        var path: [String]
        var help: String
        /// Long names of its options and flags.
        var options: Set<String>
        var hasSubcommands: Bool
    }

    private struct Dump: Decodable {
        var command: Entry
    }

    private struct Entry: Decodable {
        struct Argument: Decodable {
            struct Name: Decodable { var name: String }
            var names: [Name]?
        }
        var commandName: String
        var discussion: String?
        var arguments: [Argument]?
        var subcommands: [Entry]?
    }

    /// The program itself, with an empty path, and all its commands.
    static func commands(of program: String) throws -> [Command] {
        let output = try Program.run(Program.built(program), ["--experimental-dump-help"]).output
        let dump = try JSONDecoder().decode(Dump.self, from: Data(output.utf8))
        return commands(in: dump.command, path: [])
    }

    private static func commands(in entry: Entry, path: [String]) -> [Command] {
        let subcommands = (entry.subcommands ?? []).filter { $0.commandName != "help" }
        let options = (entry.arguments ?? []).flatMap { $0.names ?? [] }.map(\.name)
        let own = Command(
            path: path, help: entry.discussion ?? "", options: Set(options), hasSubcommands: !subcommands.isEmpty)
        return [own] + subcommands.flatMap { commands(in: $0, path: path + [$0.commandName]) }
    }
}
