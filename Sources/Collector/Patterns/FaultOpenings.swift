import Reports

/// How many faults a server's patterns opened lately: by it is seen what a new version of patterns brought.
struct FaultOpenings: Hashable, Sendable, Codable {
    struct Entry: Hashable, Sendable, Codable {
        var pattern: String
        /// The beginning of the span, by the collector's clock.
        var since: Timestamp
        @Bounded<CountBounds> var count: Int
        /// When the newest of them came; nil where that was not noted: anywhere in the span.
        var last: Timestamp?

        init(pattern: String, since: Timestamp, count: Int, last: Timestamp? = nil) {
            self.pattern = pattern
            self.since = since
            self.count = count
            self.last = last
        }

        /// None of them is later.
        var end: Timestamp { last ?? since + FaultOpenings.span }
    }

    /// What one entry counts together.
    static let span = Duration.seconds(60)
    /// How long entries are kept: longer than a version takes through its rings.
    static let kept = Duration.seconds(14 * 86_400)
    /// Entries of one server, which are read with every page: the newest.
    static let limit = 256
    /// Bytes of a pattern's id; more is cut.
    private static let idCharacters = 100

    /// The oldest first.
    private(set) var entries: [Entry] = []

    /// Notes one fault that was opened. What is only shown is not counted.
    mutating func note(_ fault: Fault, at time: Timestamp) {
        guard fault.urgency > .inform, fault.test == nil else { return }
        let span = FaultOpenings.span.inMilliseconds
        let since = Timestamp(milliseconds: time.milliseconds / span * span)
        let pattern = String(fault.pattern.prefix(FaultOpenings.idCharacters))
        if let place = entries.lastIndex(where: { $0.pattern == pattern && $0.since == since }) {
            entries[place].count += 1
            entries[place].last = time
        } else {
            entries.append(Entry(pattern: pattern, since: since, count: 1, last: time))
        }
        entries.removeAll { $0.since < time - FaultOpenings.kept }
        if entries.count > FaultOpenings.limit { entries.removeFirst(entries.count - FaultOpenings.limit) }
    }
}
