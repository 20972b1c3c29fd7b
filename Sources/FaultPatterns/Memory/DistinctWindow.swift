import Reports

/// How many different values the events of a group had: the columns with errors of a memory row.
///
/// Of each value the newest time is remembered. Events may come late and repeated; both ends of a window are included.
/// Of more than 512 values in all groups together the oldest are forgotten: then the number is a low bound.
struct DistinctWindow: Hashable, Codable, Sendable {
    private struct Entry: Hashable, Codable, Sendable {
        var group: UInt64
        var value: UInt64
        var time: Timestamp

        init(group: UInt64, value: UInt64, time: Timestamp) {
            self.group = group
            self.value = value
            self.time = time
        }

        // Stored without names: there are many.
        init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            group = try container.decode(UInt64.self)
            value = try container.decode(UInt64.self)
            time = try container.decode(Timestamp.self)
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.unkeyedContainer()
            try container.encode(group)
            try container.encode(value)
            try container.encode(time)
        }
    }

    /// By group and value, each once.
    private var entries: ContiguousArray<Entry> = []
    private var newest: Timestamp?
    /// The newest time of what was forgotten for want of room.
    private var forgottenAt: Timestamp?
    /// When the source of events could last not be read.
    private var blindAt: Timestamp?

    /// Takes an event. Where there are no groups, all events are of one.
    /// - Returns: false where it told nothing new.
    mutating func take(value: String, group: String = "", at time: Timestamp, window: Int64) -> Bool {
        let entry = Entry(group: Fingerprint.of(group), value: Fingerprint.of(value), time: time)
        let horizon = max(time, newest ?? time).minus(window)
        if time < horizon { return false }
        let place = place(of: entry)
        if place < entries.count, entries[place].group == entry.group, entries[place].value == entry.value {
            if entries[place].time >= time { return false }
            entries[place].time = time
        } else {
            entries.insert(entry, at: place)
            entries.removeAll { $0.time < horizon }
            if entries.count > PatternLimits.distinctValues { forgetOldest() }
        }
        newest = max(time, newest ?? time)
        return true
    }

    /// Where the entry stands or belongs.
    private func place(of entry: Entry) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = low + (high - low) / 2
            if (entries[middle].group, entries[middle].value) < (entry.group, entry.value) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }

    private mutating func forgetOldest() {
        guard let oldest = entries.indices.min(by: { entries[$0].time < entries[$1].time }) else { return }
        let time = entries.remove(at: oldest).time
        forgottenAt = max(time, forgottenAt ?? time)
    }

    /// - Returns: false where that is known already, to the minute: what is stored at once must not be stored each round.
    mutating func becomeBlind(at time: Timestamp) -> Bool {
        if let blindAt, time.milliseconds(since: blindAt) < 60_000 { return false }
        blindAt = time
        return true
    }

    /// The highest number of different values within any one group.
    func bounds(at now: Timestamp, window: Int64) -> Bounds {
        let horizon = max(now, newest ?? now).minus(window)
        var highest = 0
        var count = 0
        var group: UInt64?
        for entry in entries {
            if entry.group != group {
                group = entry.group
                count = 0
            }
            if entry.time >= horizon { count += 1 }
            highest = max(highest, count)
        }
        let isWhole = (blindAt.map { $0 < horizon } ?? true) && (forgottenAt.map { $0 < horizon } ?? true)
        return Bounds(low: Double(highest), high: isWhole ? Double(highest) : .infinity)
    }

    /// The next time at which the answer may change with no new event.
    func changesAt(after now: Timestamp, window: Int64) -> Timestamp? {
        var next = NextChange(after: now)
        for entry in entries { next.offer(entry.time.plus(window).plus(1)) }
        next.offer(blindAt?.plus(window).plus(1))
        next.offer(forgottenAt?.plus(window).plus(1))
        return next.time
    }

    mutating func shift(by step: Duration) {
        newest = newest.map { $0 + step }
        forgottenAt = forgottenAt.map { $0 + step }
        blindAt = blindAt.map { $0 + step }
        for index in entries.indices { entries[index].time = entries[index].time + step }
    }
}
