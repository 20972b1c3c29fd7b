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
        /// A message whose answer is not known may have come: its end is owed, and what comes after it says so.
        case unknownMayHaveCome
        /// A message is stored before it is sent.
        case storedBeforeSent
        /// A refused message has its turn again.
        case refusedComesAgain
        /// What was told is not told again in an older state.
        case neverOlder
        /// A fallback that was told is told to the end.
        case fallbackToTheEnd
        /// Who has a message of several addresses does not get it again.
        case reachedAreRemembered
        /// A recipient that asked to be left alone is left alone by the next process too.
        case holdOutlastsStart
        /// A partner takes no older ticket over a newer.
        case olderIsNoNews
        // What stores of one site keep to.
        /// A start begins an epoch.
        case startBeginsEpoch
        /// What was begun long before a start is made anew: the store may have been put back.
        case begunIsMadeAnew
        /// A store that was put back draws other numbers than before.
        case numbersAreDrawnAnew
        /// A copy is held until somebody says that it goes on.
        case copyIsHeld
        /// Who knows of a case is told how it stands at the store that goes on.
        case takeoverTellsAgain
        /// A store that is shown a later epoch stands back.
        case earlierStandsBack
    }

    var broken: Rule?

    static let shipped = SimulatedRules()

    func hold(_ rule: Rule) -> Bool { broken != rule }
}

/// How much happens in one seed. Times are in simulated hours.
struct SimulatedPlan: Hashable, Sendable {
    /// Whether, and how, stores are put back.
    enum Restoring: Int, Comparable, Sendable {
        case none
        /// By `backup` and `takeover`: somebody says so, perhaps while the one before runs on.
        case byTakeover
        /// And as a snapshot of a machine, of which the store itself knows nothing.
        case both

        static func < (one: Restoring, other: Restoring) -> Bool { one.rawValue < other.rawValue }
    }

    enum Signatures: Hashable, Sendable {
        /// 16 bytes stand in for each signed report, and nothing is signed.
        case standIns
        /// All is encoded, signed, verified and decoded as it is between machines, but for certificates.
        case real
    }

    var signatures = Signatures.standIns
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
    /// How collectors are restored.
    var restoresCollectors = Restoring.both
    var clones = 1
    var replacements = 1
    var cuts = 4
    var decisions = 24
    /// Of recipients: away, refusing, or without one of their addresses.
    var moods = 8
    /// Messages in a thousand that are lost, come twice, or come late.
    var lost = 30
    var doubled = 30
    var late = 30
    /// Between two heartbeats of an agent.
    var heartbeat = Duration.seconds(3600)
    /// Between two signs of life of a site.
    var signs = Duration.seconds(1200)
    /// Failures that are over and come back, while first the server's spool is lost and then the site's store is put back.
    var relapses = 1

    /// Fifty sites, to each of which happens about as much as to each of three.
    static let manySites = SimulatedPlan(
        sites: 50, faults: 660, crashes: 160, restores: 30, clones: 16, replacements: 16, cuts: 66, decisions: 200,
        moods: 130)
}

/// A sentence that does not hold, and where.
struct BrokenInvariant: Error, Hashable, Sendable, CustomStringConvertible {
    /// As the protocol's description letters them; of what it does not name, the first letter of a word: left alone, lost,
    /// reached, stands back, unasked.
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
