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

/// Which entries of a log are over by its end: a limit that was crossed and is kept again, as at each switching on and off,
/// a state that was asserted and is no more, a sensor that is well. One pass, from the newest back.
struct IPMIEventEndings {
    private struct Sensor: Hashable {
        var type: UInt8?
        var number: UInt8?
        var name: String?
    }

    /// What later entries of one sensor ended.
    private struct Later {
        var isWell = false
        var states: Set<String> = []
        var limits: Set<String> = []
    }

    /// By the place of the entry.
    private(set) var areOver: [Bool]

    init(_ events: [IPMIEvent]) {
        areOver = Array(repeating: false, count: events.count)
        var later: [Sensor: Later] = [:]
        for place in events.indices.reversed() {
            let event = events[place]
            let sensor = Sensor(type: event.type, number: event.number, name: event.name)
            var own = later[sensor] ?? Later()
            let word = IPMIStates.plain(event.state)
            areOver[place] = own.isWell || own.states.contains(word) || own.limits.contains(word)
            if !event.isAssertion {
                if word.isEmpty { own.isWell = true } else { own.states.insert(word) }
            } else if IPMIStates.health(event.state) == "ok" || IPMIStates.redundancy(event.state) == .full {
                own.isWell = true
            } else if let opposite = IPMIEventEndings.opposite(of: word) {
                own.limits.insert(opposite)
            }
            later[sensor] = own
        }
    }

    /// `Lower Critical going low` of `Lower Critical going high`, and the other way round.
    private static func opposite(of word: String) -> String? {
        if word.contains("goinghigh") { return word.replacing("goinghigh", with: "goinglow") }
        return word.contains("goinglow") ? word.replacing("goinglow", with: "goinghigh") : nil
    }
}
