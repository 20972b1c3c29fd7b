/// One failure mode of the rule base on one server: whether it would be seen there, and if not, why and what to do.
///
/// What cannot be seen is unknown, never good: it travels as a state of its own.
public struct FailureMode: Hashable, Sendable, Codable {
    /// Why it is not seen on some of the parts.
    public struct Reason: Hashable, Sendable, Codable {
        /// What is missing and what to do, in English.
        public var because: String
        /// How many parts it holds for.
        public var count: Int
        /// Names of some of these parts, at most `FailureMode.namedParts`.
        public var parts: [String]

        public init(because: String, count: Int, parts: [String]) {
            self.because = because
            self.count = count
            self.parts = parts
        }
    }

    public static let namedParts = 4
    public static let reasonsShown = 4

    /// The pattern that looks for it.
    public var pattern: String
    /// The kind of part that fails.
    public var kind: ComponentKind
    /// What happens, by language; `en` always.
    public var titles: [String: String]
    /// `seen`: on all parts; `partly`: on some; `unseen`: on none, though the server has such parts or must have them;
    /// `absent`: the server has no such part.
    public var state: String
    /// Parts that it can happen to, and on how many of them it would be seen.
    public var parts: Int
    public var seen: Int
    /// The commonest first; empty where it is seen on all.
    public var reasons: [Reason]

    public init(
        pattern: String, kind: ComponentKind, titles: [String: String], state: String, parts: Int, seen: Int,
        reasons: [Reason]
    ) {
        self.pattern = pattern
        self.kind = kind
        self.titles = titles
        self.state = state
        self.parts = parts
        self.seen = seen
        self.reasons = reasons
    }

    public var isBlind: Bool { state == "unseen" || state == "partly" }

    /// The title in the wanted language, else in English.
    public func title(in language: String) -> String { titles[language] ?? titles["en"] ?? pattern }
}
