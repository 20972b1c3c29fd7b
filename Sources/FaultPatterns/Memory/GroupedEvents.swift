import Reports

/// What makes two events of one group the same one.
protocol EventIdentity {
    /// True: they are the same where both text and time are. False: where the text is; then the newest time counts.
    static var includesTime: Bool { get }
}

/// Events of several groups in a window of time, without their texts: what `KeyedSerd` and `DistinctWindow` count in.
///
/// Events may come late and repeated; both ends of a window are included. Where there are more than there is room for,
/// the oldest are forgotten, and when that was is known: a window that holds this time was not seen whole.
struct GroupedEvents<Identity: EventIdentity>: Hashable, Sendable {
    struct Event: Hashable, Sendable {
        var group: UInt64
        var mark: UInt64
        var time: Timestamp
        /// How many events it stands for, where their times are part of what they are.
        var count = 1

        init(_ text: String, of group: String, at time: Timestamp, count: Int = 1) {
            self.group = Fingerprint.of(group)
            self.mark = Fingerprint.of(text)
            self.time = time
            self.count = EventCount.bounded(count)
        }

        static func precedes(_ left: Event, _ right: Event) -> Bool {
            Identity.includesTime
                ? (left.group, left.time, left.mark) < (right.group, right.time, right.mark)
                : (left.group, left.mark) < (right.group, right.mark)
        }
    }

    /// By group, then by what makes them different.
    private(set) var events: ContiguousArray<Event> = []
    private var newest: Timestamp?
    /// The newest time of what was forgotten for want of room.
    private var forgottenAt: Timestamp?
    /// When the source of events could last not be read.
    private var blindAt: Timestamp?

    init() {}

    /// Where a window begins that ends now, or at the newest event if that is later.
    func horizon(at now: Timestamp, window: Int64) -> Timestamp { max(now, newest ?? now).minus(window) }

    /// Where the event stands or belongs.
    func place(of event: Event) -> Int {
        var low = 0
        var high = events.count
        while low < high {
            let middle = low + (high - low) / 2
            if Event.precedes(events[middle], event) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The places of the group that stands or belongs at `place`.
    func places(of group: UInt64, around place: Int) -> Range<Int> {
        var (first, end) = (place, place)
        while first > 0, events[first - 1].group == group { first -= 1 }
        while end < events.count, events[end].group == group { end += 1 }
        return first..<end
    }

    /// Whether an event of this time may be one that was forgotten.
    func mayBeForgotten(_ time: Timestamp) -> Bool { forgottenAt.map { time <= $0 } ?? false }

    mutating func insert(_ event: Event, at place: Int) {
        events.insert(event, at: place)
        newest = max(event.time, newest ?? event.time)
    }

    mutating func remove(at place: Int) { events.remove(at: place) }

    /// How many events those at the places stand for.
    func sum(_ places: Range<Int>) -> Int { events[places].reduce(0) { $0 + $1.count } }

    /// The event came again and stands for more.
    mutating func recount(at place: Int, _ count: Int) { events[place].count = count }

    /// The event came again, later.
    mutating func renew(at place: Int, _ time: Timestamp) {
        events[place].time = time
        newest = max(time, newest ?? time)
    }

    /// Lets go what no window holds any more, and the oldest event if there are more than `limit`.
    mutating func trim(before horizon: Timestamp, limit: Int) {
        guard let oldest = events.indices.min(by: { events[$0].time < events[$1].time }) else { return }
        if events[oldest].time < horizon {
            events.removeAll { $0.time < horizon }
        } else if events.count > limit {
            let time = events.remove(at: oldest).time
            forgottenAt = max(time, forgottenAt ?? time)
        }
    }

    /// - Returns: false where that is known already, to the minute: what is stored at once must not be stored each round.
    mutating func becomeBlind(at time: Timestamp) -> Bool {
        if let blindAt, time.milliseconds(since: blindAt) < 60_000 { return false }
        blindAt = time
        return true
    }

    /// Whether the window that ends now was seen whole.
    func isWhole(_ window: Int64, at now: Timestamp) -> Bool {
        let horizon = horizon(at: now, window: window)
        return (blindAt.map { $0 < horizon } ?? true) && (forgottenAt.map { $0 < horizon } ?? true)
    }

    /// How many events in the window the group with the most of them has.
    func highestCount(within window: Int64, at now: Timestamp) -> Int {
        let horizon = horizon(at: now, window: window)
        var highest = 0
        var count = 0
        var group: UInt64?
        for event in events {
            if event.group != group {
                group = event.group
                count = 0
            }
            if event.time >= horizon { count += event.count }
            highest = max(highest, count)
        }
        return highest
    }

    /// How many events in the window each group has.
    func counts(within window: Int64, at now: Timestamp) -> [UInt64: Int] {
        let horizon = horizon(at: now, window: window)
        return events.reduce(into: [:]) { counts, event in
            if event.time >= horizon { counts[event.group, default: 0] += event.count }
        }
    }

    /// The next time at which the answer may change with no new event.
    func changesAt(after now: Timestamp, window: Int64) -> Timestamp? {
        var next = NextChange(after: now)
        for event in events { next.offer(event.time.plus(window).plus(1)) }
        next.offer(blindAt?.plus(window).plus(1))
        next.offer(forgottenAt?.plus(window).plus(1))
        return next.time
    }
}

extension GroupedEvents.Event: Codable {
    // Stored without names, as there are many: in the order by which they are sorted, the time last where it is no part;
    // then how many it stands for, where that is not one.
    init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        group = try container.decode(UInt64.self)
        if Identity.includesTime {
            time = try container.decode(Timestamp.self)
            mark = try container.decode(UInt64.self)
        } else {
            mark = try container.decode(UInt64.self)
            time = try container.decode(Timestamp.self)
        }
        if !container.isAtEnd { count = EventCount.bounded(try container.decode(Int.self)) }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.unkeyedContainer()
        try container.encode(group)
        if Identity.includesTime { try container.encode(time) }
        try container.encode(mark)
        if !Identity.includesTime { try container.encode(time) }
        if count != 1 { try container.encode(count) }
    }
}

extension GroupedEvents: Codable {
    // As agents have stored it since before the two were one: `events` or `entries`.
    private enum CodingKeys: CodingKey { case events, entries, newest, forgottenAt, blindAt }
    private static var listKey: CodingKeys { Identity.includesTime ? .events : .entries }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        events = try container.decode(ContiguousArray<Event>.self, forKey: Self.listKey)
        newest = try container.decodeIfPresent(Timestamp.self, forKey: .newest)
        forgottenAt = try container.decodeIfPresent(Timestamp.self, forKey: .forgottenAt)
        blindAt = try container.decodeIfPresent(Timestamp.self, forKey: .blindAt)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(events, forKey: Self.listKey)
        try container.encodeIfPresent(newest, forKey: .newest)
        try container.encodeIfPresent(forgottenAt, forKey: .forgottenAt)
        try container.encodeIfPresent(blindAt, forKey: .blindAt)
    }
}
