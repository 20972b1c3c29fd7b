import FaultPatterns
import Reports

/// What a pattern pack would have found on this machine: "surely N, at most M" faults.
///
/// A fault is a pattern on a part, however often it opened; what was open already when the history begins is none.
///
/// ```json
/// {"version": 1, "patternPack": "…", "from": "…", "through": "…", "looks": 20160,
///  "urgencies": {"order": {"surely": 1, "atMost": 2}},
///  "patterns": [{"pattern": "disk.ata.remapped", "class": "exact", "surely": 1, "atMost": 1, "urgency": "order"}],
///  "classes": {"exact": 310, "bounded": 12, "open": 8, "notReplayable": 0}}
/// ```
struct ReplayForecast: Encodable, Sendable {
    /// How well it is known what a pattern would have found.
    enum Class: String, Encodable, Sendable, CaseIterable {
        /// All that it rests on was written down as it was.
        case exact
        /// Some of it was written down within bounds, and which of them finds more is known.
        case bounded
        /// Some was, and it is not known: it may be any part that it is for.
        case open
        /// Not at all: it says why.
        case notReplayable
    }

    struct Count: Hashable, Encodable, Sendable {
        var surely = 0
        var atMost = 0
    }

    struct Row: Hashable, Encodable, Sendable {
        var pattern: String
        var `class`: Class
        var surely: Int
        var atMost: Int
        /// The most urgent that was found, else the most urgent that it may be.
        var urgency: Urgency
        /// Why it is not known exactly.
        var because: String?
    }

    static let version = 1
    let patternPack: String
    let from: Timestamp?
    let through: Timestamp?
    let looks: Int
    /// Each pattern of the pack, in its order.
    let rows: [Row]

    /// - Throws: where what was written down cannot be read.
    init(of history: RecordedHistory, by pack: PatternPack, order: [String]) throws {
        self.init(try PackReplay(of: history, by: pack, order: order), by: pack)
    }

    init(_ replay: PackReplay, by pack: PatternPack) {
        patternPack = pack.identity
        from = replay.low.from
        through = replay.low.through
        looks = replay.low.looks
        rows = replay.places.findings.map { finding in
            Row(
                pattern: finding.pattern, class: finding.class, surely: finding.sure.count, atMost: finding.may.count,
                urgency: finding.urgency, because: finding.because)
        }
    }

    /// By urgency, those that may come alone.
    var urgencies: [Urgency: Count] {
        var counts: [Urgency: Count] = [:]
        for row in rows where row.atMost > 0 {
            counts[row.urgency, default: Count()].surely += row.surely
            counts[row.urgency, default: Count()].atMost += row.atMost
        }
        return counts
    }

    /// How many patterns are of each class.
    var classes: [Class: Int] { Dictionary(grouping: rows, by: \.class).mapValues(\.count) }

    private enum Key: String, CodingKey {
        case version, patternPack, from, through, looks, urgencies, patterns, classes
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(ReplayForecast.version, forKey: .version)
        try container.encode(patternPack, forKey: .patternPack)
        try container.encodeIfPresent(from, forKey: .from)
        try container.encodeIfPresent(through, forKey: .through)
        try container.encode(looks, forKey: .looks)
        try container.encode(
            Dictionary(uniqueKeysWithValues: urgencies.map { ($0.key.rawValue, $0.value) }), forKey: .urgencies)
        try container.encode(rows, forKey: .patterns)
        try container.encode(
            Dictionary(uniqueKeysWithValues: Class.allCases.map { ($0.rawValue, classes[$0] ?? 0) }), forKey: .classes)
    }
}
