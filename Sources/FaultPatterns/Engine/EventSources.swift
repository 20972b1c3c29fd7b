import Reports

/// When each source of events was last read, and for how long that stands for what is: what no event comes of is quiet only
/// while its source is read.
struct EventSources: Hashable, Sendable {
    private struct Source: Hashable, Sendable {
        var name: String
        /// Milliseconds since 1970, and how many more it keeps.
        var looked: Int64
        var keep: Int32
    }

    /// Sources by number; those of a signal are bits of one word. There are as many as there are probes of events.
    static let limit = 64

    private var all: [Source] = []

    /// The number of a source, a new one included; nil where there are too many.
    mutating func number(of name: String, at now: Int64) -> Int? {
        if let known = all.firstIndex(where: { $0.name == name }) { return known }
        guard all.count < EventSources.limit else { return nil }
        all.append(Source(name: name, looked: now, keep: Int32(PatternLimits.keepsAtLeast)))
        return all.count - 1
    }

    /// Somebody has read the source.
    /// - Returns: since when nobody had, if that was for longer than it keeps.
    mutating func look(_ number: Int, at now: Int64, keep: Int32) -> Int64? {
        let since = EventSources.gap(all[number], at: now)
        all[number].looked = max(now, all[number].looked)
        all[number].keep = keep
        return since
    }

    /// Goes on from what was stored.
    /// - Parameters:
    ///   - read: when each was last read, by name.
    ///   - stop: until when all that is known to have been watched was; for those of which that is not stored.
    mutating func resume(_ read: [String: Timestamp], stoppedAt stop: Int64) {
        for number in all.indices { all[number].looked = read[all[number].name]?.milliseconds ?? stop }
    }

    /// Goes on from the same sources under other numbers.
    mutating func goOn(from old: EventSources) {
        for number in all.indices {
            if let known = old.all.first(where: { $0.name == all[number].name }) { all[number] = known }
        }
    }

    /// When each was last read, by name.
    var read: [String: Timestamp] {
        Dictionary(
            all.map { ($0.name, Timestamp(milliseconds: $0.looked)) }, uniquingKeysWith: { first, _ in first })
    }

    /// Since when one of several sources has not been read; nil while all are.
    func gap(of mask: UInt64, at now: Int64) -> Int64? {
        var earliest: Int64?
        for number in all.indices where mask & (1 << UInt64(number)) != 0 {
            if let since = EventSources.gap(all[number], at: now) { earliest = min(earliest ?? since, since) }
        }
        return earliest
    }

    private static func gap(_ source: Source, at now: Int64) -> Int64? {
        let looked = Timestamp(milliseconds: source.looked)
        return Timestamp(milliseconds: now).milliseconds(since: looked) > Int64(source.keep) ? source.looked : nil
    }

    func names(of mask: UInt64) -> [String] {
        all.indices.filter { mask & (1 << UInt64($0)) != 0 }.map { all[$0].name }
    }
}
