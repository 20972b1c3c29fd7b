import Reports

/// Which faults and resets of storage controllers were told already: drivers write several lines of one incident, and
/// repeat them while they wait.
struct ControllerResets: Sendable {
    /// Controllers and reasons that are kept apart.
    static let limit = 1_024
    /// Of one incident no two lines are further apart.
    static let incident = Duration.seconds(120)
    /// Drivers reset a controller as they load, where another system has run it before (kexec).
    static let loading = Duration.seconds(90)

    private struct Key: Hashable {
        var subject: KernelSubject
        var reason: String
    }

    private var last: [Key: KernelMessage.Stamp?] = [:]

    /// Whether the fact is news: the first of its reason in an incident, and no reset that belongs to a start.
    mutating func admits(_ fact: KernelFact, of message: KernelMessage) -> Bool {
        guard fact.signal.name == "hw.controller.reset", let reason = fact.signal[label: "reason"] else { return true }
        let key = Key(subject: fact.subject, reason: reason)
        let isKnown = last[key].map { message.isWithin(ControllerResets.incident, after: $0) } ?? false
        if last.count < ControllerResets.limit || last[key] != nil { last[key] = .some(message.stamp) }
        if isKnown { return false }
        guard reason == "diagnostic", case .uptime(let uptime) = message.stamp, uptime < ControllerResets.loading else {
            return true
        }
        return last.keys.contains { $0.subject == fact.subject && $0.reason != reason }
    }
}
