import Reports

/// How many events came and were lost before they could be read, lately: for so long they lower the probe's coverage.
struct MissedEvents: Hashable, Sendable {
    /// How long it counts: a person who looks once a day still finds it.
    static let memory = Duration.seconds(86_400)

    /// Since the last time that nothing was missed for so long.
    private(set) var count: UInt64 = 0
    private(set) var newest: Timestamp?

    init() {}

    /// What was stored.
    init(count: UInt64, newest: Timestamp) {
        self.count = count
        self.newest = newest
    }

    mutating func add(_ events: UInt64, at time: Timestamp) {
        forget(at: time)
        guard events > 0 else { return }
        let (sum, overflow) = count.addingReportingOverflow(events)
        count = overflow ? .max : sum
        newest = time
    }

    /// Lets go what is over. A clock that was set back does not make it last longer.
    private mutating func forget(at time: Timestamp) {
        guard let newest else { return }
        if newest > time { self.newest = time }
        if time - newest >= MissedEvents.memory { self = MissedEvents() }
    }

    /// - Parameters:
    ///   - code: of `AdviceTexts`, with the number, the time and the probe as values.
    func advice(_ code: String, of probe: String) -> Advice? {
        newest.map { Advice(code, "\(count)", "\($0)", probe) }
    }
}
