import PatternChannel
import Reports

/// What an agent does next about one channel, by what the collector offers and what came of it so far.
///
/// `PatternService` acts. A collector decides how far a server goes, and never what is true of a channel: nothing runs that
/// the server has not verified by its own root and tried by itself.
struct ChannelCourse: Sendable {
    enum Action: Hashable, Sendable {
        /// Nothing, until this time since boot; nil: until something comes.
        case wait(until: Duration?)
        /// Bring the mirror up to date; whoever has an older timestamp holds the channel back.
        case update(floor: Int64)
        /// Try this version of the targets, which is the verified one.
        case prove(Int64)
        case activate(Int64)
        /// Run what ran before.
        case goBack
    }

    let name: String
    private let spread: Duration
    private(set) var offer: PatternOffer?
    /// Versions that are verified; 0 and nil before the first.
    private(set) var timestamp: Int64 = 0
    private(set) var targets: Int64?
    private(set) var candidate: PatternCandidate?
    /// Why the last update was refused, or the last swap failed.
    private(set) var refused: String?
    private(set) var warnings: [String] = []
    private var nextUpdate = Duration.zero
    private var nextTrial = Duration.zero
    private var nextSwap = Duration.zero
    private var pause = firstPause
    /// Trials of the candidate that said nothing.
    private var inconclusive = 0

    /// Within which agents of a site ask for something new, so that they do not all ask at once: heartbeats of one agent.
    static let spreadHeartbeats = 2
    /// After something failed, doubled each time.
    static let firstPause = Duration.seconds(60)
    static let longestPause = Duration.seconds(3600)
    /// Trials that say nothing, before the version is refused.
    static let trialLimit = 3
    /// Between two trials on too little of what the server remembers, at least.
    static let youngPause = Duration.seconds(3600)

    /// - Parameter heartbeat: from one heartbeat of this agent to the next.
    init(_ name: String, heartbeat: Duration) {
        self.name = name
        spread = heartbeat * ChannelCourse.spreadHeartbeats
    }

    // MARK: What came

    mutating func take(
        _ next: PatternOffer, at uptime: Duration, using generator: inout some RandomNumberGenerator
    ) {
        if next.timestamp > max(timestamp, offer?.timestamp ?? 0) {
            pause = ChannelCourse.firstPause
            nextUpdate = uptime + spread * Double.random(in: 0..<1, using: &generator)
        }
        if next.targets != offer?.targets, candidate?.targets != next.targets {
            candidate = nil
            inconclusive = 0
            // What the version before waits for, memory or another try, is nothing to this one.
            nextTrial = .zero
        }
        offer = next
    }

    /// What the mirror holds, as it was read or brought up to date.
    mutating func verified(_ trusted: TrustedChannel, _ warnings: [ChannelWarning]) {
        timestamp = trusted.timestamp?.content.version ?? 0
        targets = timestamp == 0 ? nil : trusted.targets?.content.version
        self.warnings = warnings.prefix(ChannelCourse.warningLimit).map(\.description)
    }

    /// Warnings that are told of one channel.
    private static let warningLimit = 8

    /// - Parameter because: why it was refused; nil where it was taken.
    mutating func updated(refused because: String?, at uptime: Duration) {
        refused = because.map { String($0.prefix(ChannelCourse.reasonCharacters)) }
        guard because != nil else {
            pause = ChannelCourse.firstPause
            return
        }
        nextUpdate = uptime + pause
        pause = min(pause * 2, ChannelCourse.longestPause)
    }

    /// Characters of one reason.
    private static let reasonCharacters = 500

    mutating func tried(_ outcome: PatternTrial.Outcome, of targets: Int64, at uptime: Duration) {
        var tried = PatternCandidate(targets: targets, state: "checking")
        switch outcome {
        case .report(let report) where report.refused == nil:
            tried.state = "proved"
            tried.forecast = report.forecast
            if let forecast = report.forecast, !forecast.saysSomething {
                let left = Duration.seconds(PatternForecast.leastSpan - forecast.span)
                nextTrial = uptime + max(left, ChannelCourse.youngPause)
            }
        case .report(let report):
            tried.state = "refused"
            tried.because = report.refused ?? ""
        case .failed(let because):
            tried.state = "refused"
            tried.because = because
        case .inconclusive(let because):
            inconclusive += 1
            nextTrial = uptime + ChannelCourse.firstPause * (1 << inconclusive)
            if inconclusive >= ChannelCourse.trialLimit {
                tried.state = "refused"
                tried.because = "\(inconclusive) trials said nothing, the last one because \(because)"
            }
        }
        tried.because = String(tried.because.prefix(ChannelCourse.reasonCharacters))
        candidate = tried
    }

    /// Whether what the server remembers is to be played on trial: once, for it may be what the trial ended of.
    var remembers: Bool { inconclusive == 0 }

    /// A swap to or from the offered version; it is tried again.
    /// - Parameter because: why it failed; nil where it did not.
    mutating func swapped(failed because: String?, at uptime: Duration) {
        refused = because.map { String($0.prefix(ChannelCourse.reasonCharacters)) }
        nextSwap = uptime + (because == nil ? .zero : ChannelCourse.firstPause)
    }

    // MARK: What next

    /// - Parameters:
    ///   - active: what runs; nil where none of a channel ever did.
    ///   - isSettled: whether what runs is on no probation.
    mutating func next(active: ActivePatterns?, isSettled: Bool, at uptime: Duration) -> Action {
        guard let offer else { return .wait(until: nil) }
        let behind = offer.timestamp > timestamp
        if behind, uptime >= nextUpdate { return .update(floor: offer.timestamp) }
        let later = behind ? nextUpdate : nil
        guard let wanted = offer.targets else { return .wait(until: later) }
        let running = active?.now.channels[name]?.targets
        func swap(_ action: Action) -> Action {
            uptime >= nextSwap ? action : .wait(until: min(nextSwap, later ?? nextSwap))
        }
        if running == wanted {
            candidate = nil
            return offer.step == .back && active?.before != nil ? swap(.goBack) : .wait(until: later)
        }
        if let because = active?.refusal(of: wanted, in: name) {
            candidate = PatternCandidate(targets: wanted, state: "withdrawn", because: because)
            return .wait(until: later)
        }
        guard offer.step == .prove || offer.step == .activate, wanted == targets else { return .wait(until: later) }
        if candidate == nil { candidate = PatternCandidate(targets: wanted, state: "checking") }
        switch candidate?.state {
        case "checking":
            return uptime >= nextTrial ? .prove(wanted) : .wait(until: min(nextTrial, later ?? nextTrial))
        case "proved" where offer.step == .activate && isSettled: return swap(.activate(wanted))
        case "proved" where remembers && candidate?.forecast?.saysSomething == false:
            // Once the server remembers more, it says more.
            return uptime >= nextTrial ? .prove(wanted) : .wait(until: min(nextTrial, later ?? nextTrial))
        default: return .wait(until: later)
        }
    }

    /// For heartbeats.
    func status(active: ActivePatterns?) -> ChannelStatus {
        ChannelStatus(
            channel: name, timestamp: timestamp, active: active?.now.channels[name]?.targets,
            before: active?.before?.channels[name]?.targets, candidate: candidate, refused: refused,
            warnings: warnings)
    }
}
