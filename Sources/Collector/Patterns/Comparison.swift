import Reports

/// What servers opened that do not run a version, in spans of time: what those that run it may have opened at the same time
/// without it. A wave of real faults comes to all at once, and is no news of the version.
struct Comparison {
    /// Short against a wave, long against a heartbeat.
    private static let span = Duration.seconds(600)
    /// Spans that are looked at where nobody is left to compare with: the last hour of those who were.
    private static let carried = 6
    /// Share of the servers' time below which a span has nobody to compare with.
    private static let least = 0.02

    private let start: Timestamp
    private let end: Timestamp
    private let count: Int
    /// Servers, and those among them whose time apart ends in a span; seconds of these in that span.
    private var servers = 0
    private var ended: [Int]
    private var partial: [Double]
    /// Faults by pattern and span.
    private var opened: [String: [Int: Int]] = [:]

    init(from start: Timestamp, to end: Timestamp) {
        self.start = start
        self.end = max(start, end)
        count = Comparison.place(of: self.end, from: start) + 1
        ended = Array(repeating: 0, count: count)
        partial = Array(repeating: 0, count: count)
    }

    private static func place(of time: Timestamp, from start: Timestamp) -> Int {
        Int(max(0, (time - start).inSeconds) / span.inSeconds)
    }

    /// - Parameter time: until when the server did not run the version; nil where it does not yet.
    mutating func add(_ openings: [FaultOpenings.Entry], until time: Timestamp?) {
        let apart = min(max(time ?? end, start), end)
        let place = Comparison.place(of: apart, from: start)
        servers += 1
        ended[place] += 1
        partial[place] += (apart - start).inSeconds - Double(place) * Comparison.span.inSeconds
        // Of a minute in which the offer came, and after it a fault, all faults count for the version.
        for entry in openings where entry.since >= start && (time == nil ? entry.since <= end : entry.end <= apart) {
            opened[entry.pattern, default: [:]][Comparison.place(of: entry.since, from: start), default: 0] +=
                entry.count
        }
    }

    /// How many faults those who run the version would have opened since then without it, and how sure that is.
    func expected(of pattern: String, since: Timestamp) -> (count: Double, variance: Double) {
        let faults = opened[pattern] ?? [:]
        let first = Comparison.place(of: since, from: start)
        var (count, variance) = (0.0, 0.0)
        var (shares, lengths) = (0.0, 0.0)
        var apart = servers
        var recent: [(faults: Int, seconds: Double)] = []
        for place in 0..<self.count {
            apart -= ended[place]
            let length = min(
                Comparison.span.inSeconds, (end - start).inSeconds - Double(place) * Comparison.span.inSeconds)
            let elsewhere = Double(apart) * length + partial[place]
            let here = max(0, Double(servers) * length - elsewhere)
            var seen = (faults: faults[place] ?? 0, seconds: elsewhere)
            if elsewhere >= Comparison.least * Double(servers) * length, elsewhere > 0 {
                recent = recent.suffix(Comparison.carried - 1) + [seen]
            } else {
                seen = recent.reduce((faults: 0, seconds: 0.0)) { ($0.faults + $1.faults, $0.seconds + $1.seconds) }
            }
            guard place >= first, seen.seconds > 0 else { continue }
            let share = here / seen.seconds
            count += Double(seen.faults) * share
            variance += Double(seen.faults) * share * share
            shares += length * share
            lengths += length
        }
        // Of few servers none may have opened one by chance: as if there were one more.
        let share = lengths > 0 ? shares / lengths : 0
        return (count, variance + share * share)
    }
}
