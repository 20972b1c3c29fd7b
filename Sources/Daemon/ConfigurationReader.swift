/// Reads one value of a configuration after another, and gathers what is wrong instead of stopping at the first of it.
public struct ConfigurationReader: Sendable {
    public let file: ConfigurationFile
    private var found: [ConfigurationError]
    private var odd: [ConfigurationError] = []

    public init(_ file: ConfigurationFile) {
        self.file = file
        found = file.errors
    }

    /// Everything that was wrong so far, in the order in which the files are read.
    public var errors: [ConfigurationError] { file.sorted(found) }

    /// What `read` gives; nil where it was not set, or was wrong.
    public mutating func take<Value>(
        _ read: (ConfigurationFile) throws(ConfigurationError) -> Value?
    ) -> Value? {
        do { return try read(file) } catch {
            found.append(error)
            return nil
        }
    }

    /// Notes what is wrong with the value of `key`.
    public mutating func refuse(_ key: String, _ problem: String) { found.append(file.error(key, problem)) }

    /// What is hardly meant, and is used all the same: a version before took it, and an upgrade must not stop a program.
    public var warnings: [ConfigurationError] { file.sorted(odd) }

    /// Notes that the value of `key` is hardly meant.
    public mutating func warn(_ key: String, _ problem: String) { odd.append(file.error(key, problem)) }

    public func text(_ key: String) -> String? { file.text(key) }
    public func list(_ key: String) -> [String] { file.list(key) }

    public mutating func integer(_ key: String, in range: ClosedRange<Int>) -> Int? {
        take { file throws(ConfigurationError) in try file.integer(key, in: range) }
    }

    public mutating func flag(_ key: String) -> Bool? {
        take { file throws(ConfigurationError) in try file.flag(key) }
    }

    public mutating func duration(_ key: String, in range: ClosedRange<Duration>) -> Duration? {
        take { file throws(ConfigurationError) in try file.duration(key, in: range) }
    }

    public mutating func bytes(_ key: String, in range: ClosedRange<Int>) -> Int? {
        take { file throws(ConfigurationError) in try file.bytes(key, in: range) }
    }

    public mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ key: String, of type: Choice.Type
    ) -> Choice? {
        take { file throws(ConfigurationError) in try file.choice(key, of: type) }
    }

    public mutating func secret(_ key: String) -> String? {
        take { file throws(ConfigurationError) in try file.secret(key) }
    }
}
