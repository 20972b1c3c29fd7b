import Reports

/// Which faults and resets of storage controllers were told already: drivers write several lines of one incident, and
/// repeat them while they wait. One incident is one event, and another only where a later line says worse of it: a
/// fault and the reset that it needs are one.
struct ControllerResets: Sendable {
    /// Controllers and reasons that are kept apart.
    static let limit = 1_024
    /// Of one incident no two lines are further apart.
    static let incident = Duration.seconds(120)
    /// Drivers reset a controller as they load, where another system has run it before (kexec).
    static let loading = Duration.seconds(90)

    private struct Incident {
        /// Of its newest line.
        var stamp: KernelMessage.Stamp?
        /// The worst reason that was told.
        var rank: Int
    }

    /// From the least to the worst.
    private static let ranks = ["unknown", "diagnostic", "hang", "fault", "lost"]

    private var last: [KernelSubject: Incident] = [:]

    /// Whether the fact is news: the first of an incident or worse than what was told of it, and no reset that belongs
    /// to a start.
    mutating func admits(_ fact: KernelFact, of message: KernelMessage) -> Bool {
        guard fact.signal.name == "hw.controller.reset", let reason = fact.signal[label: "reason"] else { return true }
        let rank = ControllerResets.ranks.firstIndex(of: reason) ?? 0
        let known = last[fact.subject].flatMap { incident in
            message.isWithin(ControllerResets.incident, after: incident.stamp) ? incident.rank : nil
        }
        if known == nil, reason == "diagnostic", case .uptime(let uptime) = message.stamp,
            uptime < ControllerResets.loading
        {
            return false
        }
        if last.count < ControllerResets.limit || last[fact.subject] != nil {
            last[fact.subject] = Incident(stamp: message.stamp, rank: max(rank, known ?? 0))
        }
        return known.map { rank > $0 } ?? true
    }
}
