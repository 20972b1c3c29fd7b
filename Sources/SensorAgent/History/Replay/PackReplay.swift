import FaultPatterns
import FoundationEssentials
import Reports

/// A history played through one pack: told the lower ends of what is known within bounds, and the upper ones where some
/// pattern reads such a thing.
struct PackReplay: Sendable {
    let low: HistoryReplay.Outcome
    let places: ForecastPlaces
    let leanings: [PatternLeaning]

    /// - Throws: where what was written down cannot be read.
    init(of history: RecordedHistory, by pack: PatternPack, order: [String]) throws {
        low = try HistoryReplay.run(history, by: pack, telling: .low, order: order)
        leanings = PatternLeaning.all(of: pack)
        let inBounds = low.inBounds
        let isRead = leanings.contains { $0.signals.keys.contains(where: inBounds.contains) }
        let high = isRead ? try HistoryReplay.run(history, by: pack, telling: .high, order: order) : low
        places = ForecastPlaces(low: low, high: high, leanings, pack, eventsAreCut: history.eventsAreCut)
    }
}

extension HistoryReplay {
    /// What a pack that is on trial would have said over what this server remembers, beside the pack that runs: faults that
    /// this one does not open, and standing ones that it would clear.
    ///
    /// A fault of the same pattern on the same part is new where it is more urgent, or opens more often, than by the pack that
    /// runs. Where it is not known exactly, each part counts once; a pattern that is the same in both packs, and rests on none
    /// that is not, opens nothing new then.
    /// - Parameters:
    ///   - path: of the file that `HistoryKeeper` writes, which may go on writing meanwhile.
    ///   - days: how far back, from the newest look.
    ///   - order: names of the probes, of which the first decides what a part is.
    /// - Throws: `SQLiteError` where the file cannot be read, another error where it is damaged.
    static func forecast(
        candidate: PatternPack, running: PatternPack, path: String, days: Int, order: [String]
    ) throws -> PatternForecast {
        let history = try RecordedHistory(path: path, days: days)
        let now = try PackReplay(of: history, by: running, order: order)
        let then = try PackReplay(of: history, by: candidate, order: order)
        return PatternForecast(then, beside: now)
    }
}

extension PatternForecast {
    private struct Kind: Hashable {
        var pattern: String
        var urgency: Urgency
    }

    init(_ candidate: PackReplay, beside running: PackReplay) {
        let before = Dictionary(
            running.places.findings.map { ($0.pattern, $0) }, uniquingKeysWith: { first, _ in first })
        let same = PatternForecast.same(candidate.leanings, running.leanings)
        let faulty = running.low.faulty
        var counts: [Kind: (surely: Int, atMost: Int, faulty: Int)] = [:]
        func add(_ pattern: String, _ urgency: Urgency, on part: ComponentID, surely: Int, atMost: Int) {
            guard surely > 0 || atMost > 0 else { return }
            let kind = Kind(pattern: pattern, urgency: urgency)
            let known = counts[kind] ?? (0, 0, 0)
            counts[kind] = (
                known.surely + surely, max(known.atMost + atMost, known.surely + surely),
                known.faulty + (faulty.contains(part) ? surely : 0)
            )
        }
        for finding in candidate.places.findings {
            let pattern = finding.pattern
            let old = before[pattern]
            if finding.class == .exact, old.map({ $0.class == .exact }) ?? true {
                for (part, urgency) in finding.may {
                    let place = HistoryReplay.Place(pattern: pattern, component: part)
                    let times = candidate.low.times[place] ?? 1
                    let isAsUrgent = old?.may[part].map { $0 >= urgency } ?? false
                    // One that stood already when the history began never opens in it.
                    let new = isAsUrgent ? max(0, times - (running.low.times[place] ?? 1)) : times
                    add(pattern, urgency, on: part, surely: new, atMost: new)
                }
            } else if !same.contains(pattern) {
                for (part, urgency) in finding.sure where (old?.may[part]).map({ $0 < urgency }) ?? true {
                    add(pattern, urgency, on: part, surely: 1, atMost: 0)
                }
                for (part, urgency) in finding.may where (old?.sure[part]).map({ $0 < urgency }) ?? true {
                    add(pattern, urgency, on: part, surely: 0, atMost: 1)
                }
            }
        }
        let sorted = counts.sorted {
            ($1.key.urgency, $1.value.atMost, $0.key.pattern) < ($0.key.urgency, $0.value.atMost, $1.key.pattern)
        }
        let clears = running.low.standing.filter { place, urgency in
            guard candidate.low.standing[place] == nil else { return false }
            // What is put down to something less urgent is told to nobody any more.
            return !candidate.low.quiet.contains(place)
                || candidate.low.named[place.component].map { $0 < urgency } ?? true
        }
        var span: Int64 = 0
        if let from = candidate.low.from, let through = candidate.low.through {
            span = max(0, (through - from).inMilliseconds / 1000)
        }
        self.init(
            span: Int(span),
            entries: sorted.prefix(WireLimits.forecastEntries).map { kind, count in
                Entry(
                    pattern: kind.pattern, urgency: kind.urgency.rawValue, surely: count.surely,
                    atMost: max(count.surely, count.atMost), faulty: count.faulty > 0 ? count.faulty : nil)
            }, more: max(0, sorted.count - WireLimits.forecastEntries), clears: clears.count)
    }

    /// Patterns that are the same in both, and so is all that may explain them or that they ask for.
    private static func same(_ new: [PatternLeaning], _ old: [PatternLeaning]) -> Set<String> {
        let known = Dictionary(old.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        var same = Set(
            new.filter { leaning in
                known[leaning.id].map {
                    $0.rule == leaning.rule && Set($0.explainedBy) == Set(leaning.explainedBy)
                        && Set($0.asksFor) == Set(leaning.asksFor)
                } ?? false
            }.map(\.id))
        var count = -1
        while count != same.count {
            count = same.count
            let settled = same
            same = Set(
                new.filter { settled.contains($0.id) && ($0.explainedBy + $0.asksFor).allSatisfy(settled.contains) }
                    .map(\.id))
        }
        return same
    }
}
