import Reports

/// One fault of a server as its agent told it last, apart from any case: a person who closes a case, or a storm that hides
/// one, does not touch it.
struct MirroredFault: Hashable, Sendable, Codable {
    enum State: String, Sendable, Codable, CaseIterable {
        /// The agent says that it stands.
        case standing
        case cleared
        /// It stands, and cannot be taken: beyond the limits of a report.
        case refused
        /// It stood by the word of an earlier memory of the agent, and the present one knows nothing of it: absence is no
        /// recovery.
        case unconfirmed
        /// The agent states it though its end is newer, as an old copy of its memory does: shown, and no case.
        case quiet

        /// Whether the agent holds it as standing, so that it is part of the digest.
        var isHeldByAgent: Bool { self == .standing || self == .refused || self == .quiet }
        /// Whether a case is open by it.
        var holdsCase: Bool { self == .standing || self == .unconfirmed }
    }

    var fault: FaultID
    var state: State
    /// Of its newest change that was applied.
    @Bounded<SequenceBounds> var stamp: Int64
    /// The agent's epoch in which it was told last.
    @Bounded<SequenceBounds> var epoch: Int64
    /// `CaseRules.key`.
    var key: String
    /// Why it is in this state, in a sentence.
    var because: String
    /// By the collector's clock.
    var changedAt: Timestamp

    /// Rows kept of one server, those that are over included.
    static let limit = 2 * StandingFaults.limit
    /// How long an unconfirmed one is kept open while the agent sees all and says nothing of it.
    static let confirmation = Duration.seconds(14 * 86_400)
}

/// The parts of a statement that have come, without their faults.
struct StatementBegun: Hashable, Sendable {
    var answers: String?
    /// How many parts have come, and how many there are.
    var parts: Int
    var of: Int
    /// Faults in them.
    var faults: Int

    /// Whether `part` is the next of the same statement, and none too many.
    func goesOn(with part: FaultStatement) -> Bool {
        part.part == parts + 1 && part.of == of && part.answers == answers
            && faults + part.faults.count <= StandingFaults.limit
    }
}

/// The question which faults stand, put to an agent whose account differs from ours.
struct StandingQuestion: Hashable, Sendable, Codable {
    /// 128 random bits in hexadecimal.
    var id: String
    /// Digests of the two accounts.
    var theirs: String
    var ours: String
    var answeredAt: Timestamp?
    /// It was noted that the accounts differ even after the answer.
    var isNoted = false

    /// After an answer that changed nothing it is put again so much later.
    static let pause = Duration.seconds(86_400)
}
