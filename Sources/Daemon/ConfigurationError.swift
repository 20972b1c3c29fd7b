/// What is wrong with a configuration, and where.
public struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    public var path: String
    /// From 1; nil where the matter is the whole file.
    public var line: Int?
    /// What is wrong and what to do now.
    public var problem: String

    public init(path: String, line: Int?, problem: String) {
        self.path = path
        self.line = line
        self.problem = problem
    }

    public var description: String { "\(path)\(line.map { ":\($0)" } ?? ""): \(problem)" }
}

/// Everything that is wrong with a configuration, in the order in which it is read: never empty.
public struct ConfigurationErrors: Error, Hashable, Sendable, CustomStringConvertible {
    /// Those that are reported; with so many, the file is a wrong one.
    public static let limit = 100

    public let errors: [ConfigurationError]

    /// - Returns: nil where nothing is wrong.
    public init?(_ errors: [ConfigurationError]) {
        guard !errors.isEmpty else { return nil }
        self.errors = errors
    }

    /// One line each.
    public var description: String {
        var lines = errors.prefix(ConfigurationErrors.limit).map(\.description)
        let more = errors.count - lines.count
        if more > 0 { lines.append("\(more) further errors are not shown: mend these first") }
        return lines.joined(separator: "\n")
    }
}
