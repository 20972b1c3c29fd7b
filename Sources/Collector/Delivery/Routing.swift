import Reports

/// Whether, and when, a recipient is told of a case: named stages, of which the first that speaks decides. It is asked when
/// a case changes, and again when the time has come that it named.
enum Routing {
    enum Answer: Hashable, Sendable {
        case tell
        case hold(until: Timestamp, because: String)
        case never(because: String)
    }

    /// What happened to the case.
    enum Step: Hashable, Sendable {
        case opened
        /// It changed; `isNews` where it asks for something else than before: more or less urgent, another part.
        case changed(isNews: Bool)
        case closed
        /// Nothing new: its turn has come.
        case due
    }

    struct Question: Hashable, Sendable {
        var step: Step
        var urgency: Urgency
        var isTest: Bool
        /// Whether somebody was, or is to be, told of the case; of `due`, whether this recipient may have heard of it.
        var isKnown: Bool
        /// Messages about the case that the recipient was sent within the last hour.
        var recent = 0
        /// When the oldest of these was begun.
        var oldest: Timestamp?
        var time: Timestamp
    }

    struct Stage: Sendable {
        var name: String
        /// nil where the stage has nothing to say.
        var decide: @Sendable (Question) -> Answer?
    }

    static let stages = [urgency, pace]

    static func answer(_ question: Question) -> Answer {
        stages.lazy.compactMap { $0.decide(question) }.first ?? .tell
    }

    /// Only what is to be acted on is told; what was told is told to its end.
    static let urgency = Stage(name: "urgency") { question in
        switch question.step {
        case .opened where !question.urgency.makesTicket && !question.isTest:
            .never(because: "\(question.urgency.rawValue) is shown, and nobody is told")
        case .changed(isNews: false): .never(because: "the change asks for nothing else than before")
        case .changed where !question.isKnown && !question.urgency.makesTicket && !question.isTest,
            .due where !question.isKnown && !question.urgency.makesTicket && !question.isTest:
            .never(because: "\(question.urgency.rawValue) is shown, and nobody is told")
        case .closed where question.isTest: .never(because: "it was a test")
        case .closed where !question.isKnown: .never(because: "nobody was told of the case")
        case .opened, .changed, .closed, .due: nil
        }
    }

    /// A case that changes all the time is told of often enough, and then as it stands.
    static let pace = Stage(name: "pace") { question in
        guard !question.isTest, question.recent >= limit, let oldest = question.oldest else { return nil }
        return .hold(
            until: max(question.time, oldest + window),
            because: "there were \(question.recent) messages about the case within an hour")
    }

    /// Messages about one case to one recipient within `window`; further changes are told with the next message.
    static let limit = 12
    static let window = Duration.seconds(3600)
}
