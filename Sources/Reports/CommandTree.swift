/// The names of a program's commands, to say which one a misspelt name may mean.
public struct CommandTree: Hashable, Sendable {
    public var name: String
    public var commands: [CommandTree]
    /// Whether words that name no command may be arguments of one that is left out.
    public var hasDefault: Bool

    public init(name: String, commands: [CommandTree], hasDefault: Bool) {
        self.name = name
        self.commands = commands
        self.hasDefault = hasDefault
    }

    /// What is meant by the first word that is no command, the nearest first; nil where another thing is wrong.
    /// - Parameter words: what stands on the command line after the program.
    public func hint(for words: some Collection<String>) -> String? {
        var (group, path) = (self, name)
        for word in words {
            // The value of an option in front is not to be told from a command.
            guard !word.hasPrefix("-"), word != "help", !group.commands.isEmpty else { return nil }
            guard let next = group.commands.first(where: { $0.name == word }) else {
                let names = group.commands.map(\.name)
                if group.hasDefault, Wording.near(word, among: names).isEmpty { return nil }
                let shown = String(
                    word.prefix(60).filter { $0.isASCII && !$0.unicodeScalars.contains { $0.value < 32 } })
                return "\(path) has no command \(shown); \(Wording.hint(word, among: names))"
            }
            group = next
            path += " \(word)"
        }
        return nil
    }
}
