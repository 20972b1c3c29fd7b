import Foundation

/// What a program's own parser takes, as the program prints it (`--experimental-dump-help`).
struct CommandGrammar: Decodable {
    private var command: Command

    private struct Command: Decodable {
        var commandName: String
        var aliases: [String]?
        var arguments: [Argument]?
        var subcommands: [Command]?
        var defaultSubcommand: String?
    }

    private struct Argument: Decodable {
        struct Name: Decodable {
            var kind: String
            var name: String
        }
        var kind: String
        var names: [Name]?
        var valueName: String?
        var allValues: [String]?
        var isOptional: Bool
        var isRepeating: Bool

        func isCalled(_ word: Substring) -> Bool {
            names?.contains { $0.kind == "short" ? word == "-\($0.name)" : word.hasSuffix("-\($0.name)") } ?? false
        }
    }

    init(of program: String) throws {
        let answer = try Program.run(Program.built(program), ["--experimental-dump-help"])
        self = try JSONDecoder().decode(CommandGrammar.self, from: Data(answer.output.utf8))
    }

    /// What the parser refuses of a command line; nil where it takes it.
    ///
    /// `…` stands for whatever is left out, and words in capitals for values.
    /// - Parameter isWhole: nothing may be missing: the line is there to be copied, where another one only speaks of it.
    func refusal(of words: [String], isWhole: Bool) -> String? {
        let hasGap = words.contains { $0.hasPrefix("…") || $0 == "..." }
        var words = words.dropFirst().filter { !$0.hasPrefix("…") && $0 != "..." }[...]
        var here = command
        while let subcommands = here.subcommands, !subcommands.isEmpty, let word = words.first, !word.hasPrefix("-") {
            guard let next = subcommands.first(where: { $0.commandName == word || $0.aliases?.contains(word) == true })
            else {
                if here.defaultSubcommand != nil { break }
                return "\(here.commandName) has no subcommand \(word)"
            }
            here = next
            words = words.dropFirst()
        }
        return CommandGrammar.refusal(of: words, by: here, isWhole: isWhole && !hasGap)
    }

    private static func refusal(of rest: ArraySlice<String>, by command: Command, isWhole: Bool) -> String? {
        var words = rest
        let arguments = command.arguments ?? []
        var (given, values) = ([String](), 0)
        while let word = words.popFirst() {
            guard word.hasPrefix("-"), word.count > 1 else {
                values += 1
                continue
            }
            let parts = word.split(separator: "=", maxSplits: 1)
            guard let argument = arguments.first(where: { $0.isCalled(parts[0]) }) else {
                return "\(command.commandName) has no option \(parts[0])"
            }
            if argument.names?.contains(where: { $0.name == "help" }) == true { return nil }
            given.append(argument.valueName ?? "")
            guard argument.kind == "option" else { continue }
            guard let value = parts.count == 2 ? String(parts[1]) : words.popFirst() else {
                if isWhole { return "\(parts[0]) has no value" }
                continue
            }
            if let known = argument.allValues, !known.contains(value), value.contains(where: \.isLowercase) {
                return "\(parts[0]) is none of \(known): \(value)"
            }
        }
        let positional = arguments.filter { $0.kind == "positional" }
        if values > positional.count, !positional.contains(where: \.isRepeating) {
            return "\(command.commandName) takes \(positional.count) values, and not \(values)"
        }
        guard isWhole else { return nil }
        if command.subcommands?.isEmpty == false, command.defaultSubcommand == nil {
            return "\(command.commandName) needs a subcommand"
        }
        if values < positional.count(where: { !$0.isOptional }) { return "\(command.commandName) lacks a value" }
        let missing = arguments.first { $0.kind == "option" && !$0.isOptional && !given.contains($0.valueName ?? "") }
        return missing.map { "\(command.commandName) lacks the option \($0.valueName ?? "")" }
    }
}
