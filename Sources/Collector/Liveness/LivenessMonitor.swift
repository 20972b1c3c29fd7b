import Reports

/// Someone who is expected to send heartbeats: an agent, or a paired site's collector.
struct LivenessSubject: Hashable, Sendable {
    enum Kind: String, Hashable, Sendable { case server, site }
    var kind: Kind
    /// Host id or site id.
    var id: String
    var name: String
    /// When it was enrolled or paired.
    var since: Timestamp
    /// By the collector's clock.
    var lastHeartbeat: Timestamp?
    /// Seconds, as the subject last reported.
    var interval: Int?
    /// Its last heartbeat said that it stops in order, and nothing more, as agents up to 0.1 do.
    var isStopped = false
    /// What its last heartbeat said of why it goes away, and for how long.
    var away: Heartbeat.Away?
    /// True while a silence case of it is open.
    var isSilent: Bool
}

/// One subject that fell silent.
struct LivenessFinding: Hashable, Sendable {
    var subject: LivenessSubject
    /// When its heartbeat was due at the latest.
    var dueAt: Timestamp
    var because: String
}

/// Decides who is silent, by the collector's own clock.
///
/// Whoever does not listen receives nothing: time in which the collector did not run, and jumps of its clock, count for
/// nobody's silence.
struct LivenessMonitor: Hashable, Sendable, Codable {
    /// The collector has listened without a break since.
    private(set) var listeningSince: Timestamp
    private(set) var lastTick: Timestamp

    init(startingAt time: Timestamp) {
        listeningSince = time
        lastTick = time
    }

    /// Notes that the collector runs. A tick that comes late, or before the last one, begins the listening anew.
    mutating func tick(at time: Timestamp, grace: Duration) {
        if time < lastTick || time - lastTick > grace { listeningSince = time }
        lastTick = time
    }

    /// Who of `subjects` fell silent and is not known as silent yet.
    func findings(among subjects: [LivenessSubject], grace: Duration) -> [LivenessFinding] {
        subjects.filter { !$0.isSilent }.compactMap { finding(on: $0, grace: grace) }
    }

    private func finding(on subject: LivenessSubject, grace: Duration) -> LivenessFinding? {
        let seconds = min(
            max(subject.interval ?? LivenessLimits.defaultInterval, LivenessLimits.shortestInterval),
            LivenessLimits.longestInterval)
        let heard = subject.lastHeartbeat ?? subject.since
        // A sign of life from the future came before the collector's clock was set back.
        let counted = heard > lastTick ? listeningSince : max(heard, listeningSince)
        let missed = Duration.seconds(LivenessLimits.missedHeartbeats * seconds)
        let wait: Duration =
            if let away = subject.away {
                // Its own word: whoever reports once an hour and is back in ten minutes is missed after ten minutes.
                .seconds(away.atMost)
            } else {
                subject.isStopped ? max(missed, LivenessLimits.restart) : missed
            }
        let due = counted + wait + grace
        guard lastTick > due else { return nil }
        let who = subject.kind == .server ? "The agent of \(subject.name)" : "The collector of \(subject.name)"
        if let away = subject.away {
            return LivenessFinding(
                subject: subject, dueAt: due,
                because: "\(who) went away at \(heard), because \(away.why.clause(in: .english)). It was to be back by "
                    + "\(heard + .seconds(away.atMost)), and is not.")
        }
        if subject.isStopped {
            let minutes = LivenessLimits.restart.components.seconds / 60
            return LivenessFinding(
                subject: subject, dueAt: due,
                because: "\(who) was stopped in order at \(heard), and has not come back within \(minutes) minutes.")
        }
        let last =
            subject.lastHeartbeat.map { "was last heard from at \($0)" }
            ?? "was never heard from since \(subject.since)"
        return LivenessFinding(
            subject: subject, dueAt: due,
            because:
                "\(who) \(last); a heartbeat is due every \(seconds) s, and \(LivenessLimits.missedHeartbeats) are missing."
        )
    }
}

enum LivenessLimits {
    /// Heartbeats that may be missed.
    static let missedHeartbeats = 3
    /// In which one that stopped in order should be back: servers with much memory take a quarter of an hour to start.
    static let restart = Duration.seconds(20 * 60)
    /// Seconds, for a subject that never reported any.
    static let defaultInterval = 60
    /// Seconds: an agent that promises more is not believed.
    static let shortestInterval = 10
    /// Seconds: one that promises less is watched all the same.
    static let longestInterval = 86_400
}
