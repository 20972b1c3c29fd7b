/// How grave an entry of the event log is that no signal of its own tells: what a limit, a generic state, or a state of
/// its type means (Intelligent Platform Management Interface specification 2.0, tables 42-1 to 42-3).
enum IPMIEventSeverity: String, Sendable {
    /// The part expects to fail.
    case predicted
    case critical
    /// Beyond the limit that the specification calls non-recoverable, or the part is out of use.
    case fatal

    /// nil for what is no worsening, or less than critical.
    init?(_ event: IPMIEvent) {
        if let severity = event.severity ?? IPMIEventSeverity.ofLimit(event.state)
            ?? IPMIEventSeverity.generic(event.state)
        {
            self = severity
            return
        }
        guard let type = event.type, let offset = event.offset,
            let severity = IPMIEventSeverity.specific[type]?[offset]
        else { return nil }
        self = severity
    }

    /// A limit is crossed where the reading goes away from what is good.
    private static func ofLimit(_ state: String) -> IPMIEventSeverity? {
        let word = IPMIStates.plain(state)
        let isWorse =
            word.hasPrefix("lower") && word.contains("goinglow")
            || word.hasPrefix("upper") && word.contains("goinghigh")
        guard isWorse else { return nil }
        let limit = word.dropFirst(5)
        return limit.hasPrefix("critical") ? .critical : limit.hasPrefix("nonrecoverable") ? .fatal : nil
    }

    private static func generic(_ state: String) -> IPMIEventSeverity? {
        let word = IPMIStates.plain(state)
        let table: [(String, IPMIEventSeverity)] = [
            ("transitiontocriticalfromlesssevere", .critical), ("transitiontononrecoverable", .fatal),
            ("predictivefailureasserted", .predicted), ("installerror", .critical),
        ]
        return table.first { word.hasPrefix($0.0) }?.1
    }

    /// By the code of the type and the offset.
    private static let specific: [UInt8: [Int: IPMIEventSeverity]] = [
        // Soft power control failure, failure detected, predictive failure.
        IPMIStates.powerUnit: [5: .critical, 6: .critical, 7: .predicted],
        // Scrub failed, device disabled, configuration error, critical over-temperature.
        IPMIStates.memory: [3: .critical, 4: .fatal, 7: .critical, 10: .critical],
        // Predictive failure, in critical array, in failed array, rebuild aborted.
        IPMIStates.driveSlot: [2: .predicted, 5: .critical, 6: .fatal, 8: .critical],
        IPMIStates.firmware: [0: .critical, 1: .critical],
        // I/O channel check, fatal NMI, bus degraded.
        IPMIStates.criticalInterrupt: [2: .critical, 9: .fatal, 11: .critical],
        // Soft power control failure, thermal trip.
        IPMIStates.chipSet: [0: .critical, 1: .fatal],
        IPMIStates.cable: [1: .critical],
        IPMIStates.slot: [0: .critical],
        // Controller off-line, unavailable, FRU failure.
        IPMIStates.management: [2: .critical, 3: .critical, 5: .critical],
    ]
}

extension IPMIEvent {
    /// Whether this later entry ends what `event` told: the same state of the same sensor is no more, or the sensor is well.
    func isEnd(of event: IPMIEvent) -> Bool {
        guard type == event.type, number == event.number, name == event.name else { return false }
        if !isAssertion { return event.isAssertion && (state == event.state || state.isEmpty) }
        if IPMIStates.health(state) == "ok" || IPMIStates.redundancy(state) == .full { return true }
        // `Lower Critical going high` ends `Lower Critical going low`.
        let (own, other) = (IPMIStates.plain(state), IPMIStates.plain(event.state))
        return own != other && own.contains("going")
            && own.replacing("goinghigh", with: "goinglow") == other.replacing("goinghigh", with: "goinglow")
    }
}
