/// What the exchange between agent, site and partner rests on. All of it holds in what is shipped; a mutant is a value with one
/// rule that does not, and shows that the invariants would notice.
struct SimulatedRules: Hashable, Sendable {
    enum Rule: String, CaseIterable, Sendable {
        // What an agent keeps to.
        /// A report is discarded by a receipt that covers it, and not because it was sent.
        case receiptBeforeDiscard
        /// Whoever is behind what the collector has is an old copy, and begins an epoch.
        case oldCopyBeginsEpoch
        /// Where the collector is behind what was discarded, the loss is declared.
        case lossIsDeclared
        /// Stamps count on above those that the collector knows.
        case stampsCountOn
        /// The digest is of the same moment as the change that it goes with.
        case digestOfTheSameMoment
        /// A question is answered with what stands now.
        case answerOfNow
        // What a site keeps to.
        /// A report is applied once, and in order.
        case positionsAreChecked
        /// Accounts are compared where both are of the same position.
        case comparedAtTheSamePosition
        /// Where they differ, the agent is asked.
        case differenceIsAskedAbout
        /// A statement is applied when all its parts are in.
        case statementIsWhole
        /// What a new memory does not state is not counted as over.
        case absenceIsNoRecovery
        /// The raising before the clearing.
        case raisingBeforeClearing
        /// Only the enrolled key is heard.
        case keysAreChecked
        // What goes on to recipients.
        /// A repetition has the id of the first attempt.
        case sameIdAgain
        /// A message whose answer is not known is still owed.
        case unknownIsOwed
        /// A partner takes no older ticket over a newer.
        case olderIsNoNews
    }

    var broken: Rule?

    static let shipped = SimulatedRules()

    func hold(_ rule: Rule) -> Bool { broken != rule }
}

/// How much happens in one seed. Times are in simulated hours.
struct SimulatedPlan: Hashable, Sendable {
    var sites = 3
    var agentsPerSite = 4
    var disksPerAgent = 5
    /// During which things fail.
    var days = 3
    /// Faults that begin, at least.
    var faults = 40
    var crashes = 10
    /// Of agents, sites or the partner from a backup.
    var restores = 2
    /// Whether collectors are among those that are restored.
    var restoresCollectors = true
    var clones = 1
    var replacements = 1
    var cuts = 4
    var decisions = 8
    /// Messages in a thousand that are lost, come twice, or come late.
    var lost = 30
    var doubled = 30
    var late = 30
    /// Between two heartbeats of an agent.
    var heartbeat = Duration.seconds(3600)
}

/// A sentence that does not hold, and where.
struct BrokenInvariant: Error, Hashable, Sendable, CustomStringConvertible {
    /// As the protocol's description letters them.
    var letter: Character
    var sentence: String
    var seed: UInt64
    /// Simulated milliseconds since the start.
    var at: Int64
    var trace: [String] = []

    var description: String {
        "(\(letter)) seed \(seed), \(Double(at) / 3_600_000) h: \(sentence)"
            + (trace.isEmpty ? "" : "\n" + trace.joined(separator: "\n"))
    }
}
