/// One failure mode of the rule base on one server: whether it would be seen there, and if not, why and what to do.
///
/// What cannot be seen is unknown, never good: it travels as a state of its own.
public struct FailureMode: Hashable, Sendable, Codable {
    /// Why it is not seen on some of the parts.
    public struct Reason: Hashable, Sendable, Codable {
        /// What is missing and what to do, in English, for whoever does not know the code of the advice.
        public var because: String
        /// The same as a code, to be shown in any language; nil from an agent that sends none.
        public var advice: Advice?
        /// How many parts it holds for.
        @Bounded<CountBounds> public var count: Int
        /// Names of some of these parts, at most `FailureMode.namedParts`.
        public var parts: [String]

        public init(_ advice: Advice, count: Int, parts: [String]) {
            because = [advice.because(in: .english), advice.step(in: .english)].compactMap(\.self)
                .joined(separator: " ")
            self.advice = advice
            self.count = count
            self.parts = parts
        }

        /// Why, in the wanted language where the code is known here.
        public func because(in language: Language) -> String { advice?.because(in: language) ?? because }

        /// What to do; nil where nothing needs to be done, or `because` states it already.
        public func step(in language: Language) -> String? { advice?.step(in: language) }
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
    @Bounded<CountBounds> public var parts: Int
    @Bounded<CountBounds> public var seen: Int
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
