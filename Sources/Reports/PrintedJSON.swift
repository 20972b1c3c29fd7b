import FoundationEssentials

/// What `--json` prints, in all three programs: one value with sorted keys.
///
/// Names are lowerCamelCase; one thing has one name in every command. A number that has a unit bears it in its name
/// (`spoolBytes`, `intervalSeconds`); a number without one is a count or a share. Times are RFC 3339 in UTC. Where a
/// document has a `version`, it counts breaking changes of that document, as the wire's does; programs' versions are
/// called after the program (`agentVersion`).
public enum PrintedJSON {
    /// - Parameter isOneLine: for what is printed again and again, a line each time.
    public static func text(of value: some Encodable, isOneLine: Bool = false) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if !isOneLine { encoder.outputFormatting.insert(.prettyPrinted) }
        if let timesAsText { encoder.userInfo[timesAsText] = true }
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// Marks for `Timestamp` that it is printed, not sent.
    static let timesAsText = CodingUserInfoKey(rawValue: "callhome.times-as-text")
}
