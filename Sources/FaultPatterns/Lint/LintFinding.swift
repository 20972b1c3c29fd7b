/// Something about a pattern that can be run and should not be left so.
public struct LintFinding: Hashable, Sendable, CustomStringConvertible, Encodable {
    public enum Severity: String, Sendable, Encodable {
        /// Not to be shipped.
        case finding
        /// Worth a look; it ships.
        case warning
    }

    public enum Rule: String, Sendable, Encodable, CaseIterable {
        case neverHolds = "never-holds"
        case alwaysHolds = "always-holds"
        case clearsWhileItHolds = "clears-while-it-holds"
        case opensAgain = "opens-again"
        case unreachableUrgency = "unreachable-urgency"
        case gap
        case hazard
        case timeLeft = "time-left"
        case sameCondition = "same-condition"
        case shadowed
        case dangling
        case unusedDefinition = "unused-definition"
        case unreported
        case unjudged
        case language
        case hardWord = "hard-word"
        case source
        case provenance
        case fleet
    }

    public var rule: Rule
    public var severity: Severity
    public var pattern: String
    public var location: SourceLocation
    /// What is wrong.
    public var message: String
    /// What to do about it.
    public var mend: String

    public init(
        _ rule: Rule, of pattern: String, at location: SourceLocation, _ message: String, mend: String,
        severity: Severity = .finding
    ) {
        self.rule = rule
        self.severity = severity
        self.pattern = pattern
        self.location = location
        self.message = message
        self.mend = mend
    }

    public var description: String { "\(location): \(message); \(mend) [\(rule.rawValue)]" }

    /// The finding with the circumstances under which it holds.
    func telling(_ circumstances: String) -> LintFinding {
        LintFinding(
            rule, of: pattern, at: location, "\(message) (\(circumstances))", mend: mend, severity: severity)
    }

    /// The same finding of several patterns as one, at the first place, with how often it was made.
    public static func folded(_ findings: [LintFinding]) -> [(finding: LintFinding, count: Int)] {
        struct Words: Hashable {
            var rule: Rule
            var severity: Severity
            var message: String
            var mend: String
        }
        var places: [Words: Int] = [:]
        var folded: [(finding: LintFinding, count: Int)] = []
        for finding in findings {
            let words = Words(
                rule: finding.rule, severity: finding.severity, message: finding.message, mend: finding.mend)
            if let place = places[words] {
                folded[place].count += 1
            } else {
                places[words] = folded.count
                folded.append((finding, 1))
            }
        }
        return folded
    }

    private enum CodingKeys: String, CodingKey { case rule, severity, pattern, file, line, column, message, mend }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(rule, forKey: .rule)
        try container.encode(severity, forKey: .severity)
        try container.encode(pattern, forKey: .pattern)
        try container.encode(location.file, forKey: .file)
        try container.encodeIfPresent(location.line, forKey: .line)
        try container.encodeIfPresent(location.column, forKey: .column)
        try container.encode(message, forKey: .message)
        try container.encode(mend, forKey: .mend)
    }
}
