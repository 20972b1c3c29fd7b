/// What a collector says of one channel of patterns in its signed receipt: how far the channel has come, and how far this
/// server is to go with it.
///
/// The channel's files lie at `Routes.channel(_:)`, byte for byte as its maker signed them. The agent verifies them by the root
/// that it has pinned: the collector cannot change one, and `timestamp` lets nobody between hold one back unseen.
public struct PatternOffer: Hashable, Sendable, Codable {
    /// How far the server is to go. A step that this version does not know counts as `hold`.
    public enum Step: String, Hashable, Sendable, Codable {
        /// Verify, check and replay the version, tell what it would have said, and go on with what runs.
        case prove
        /// Run it. What was not proved is proved first, and what is refused never runs.
        case activate
        /// Go on with what runs.
        case hold
        /// Return to what ran before, where `targets` is what runs.
        case back

        public init(from decoder: any Decoder) throws {
            self = Step(rawValue: try decoder.singleValueContainer().decode(String.self)) ?? .hold
        }
    }

    /// The name that the site has for it.
    public var channel: String
    /// Version of the newest timestamp that the collector has verified: whoever offers an older one holds the channel back.
    @Bounded<SequenceBounds> public var timestamp: Int64
    /// Version of the targets that `step` is about; nil: none is offered to this server.
    public var targets: Int64?
    public var step: Step

    public init(channel: String, timestamp: Int64, targets: Int64? = nil, step: Step) {
        self.channel = channel
        self.timestamp = timestamp
        self.targets = targets
        self.step = step
    }
}

/// One channel of patterns on one server, in its heartbeat.
public struct ChannelStatus: Hashable, Sendable, Codable {
    /// The name that the server has for it: the collector's is the same.
    public var channel: String
    /// Version of the newest timestamp that the agent has verified; 0 before the first.
    @Bounded<SequenceBounds> public var timestamp: Int64
    /// Version of the targets whose packs run; nil while none of this channel does.
    public var active: Int64?
    /// The version that ran before, and to which it returns; nil where there is none.
    public var before: Int64?
    /// The version that is on trial; nil where there is none.
    public var candidate: PatternCandidate?
    /// Why the last update was refused, as `ChannelRefusal` says it; nil where it was taken.
    public var refused: String?
    /// What is out of date, and since when: it is said, and stops nothing.
    public var warnings: [String]

    public init(
        channel: String, timestamp: Int64, active: Int64? = nil, before: Int64? = nil,
        candidate: PatternCandidate? = nil, refused: String? = nil, warnings: [String] = []
    ) {
        self.channel = channel
        self.timestamp = timestamp
        self.active = active
        self.before = before
        self.candidate = candidate
        self.refused = refused
        self.warnings = warnings
    }
}

/// A version of a channel that an agent has on trial, and how far that is.
public struct PatternCandidate: Hashable, Sendable, Codable {
    /// `checking`; `proved`; `refused` (it cannot be read, a test of its own fails, or the trial crashed or did not end);
    /// `withdrawn` (it ran, and the agent went back by itself to what ran before).
    public var state: String
    /// Version of the targets.
    @Bounded<SequenceBounds> public var targets: Int64
    /// A sentence why; empty while it is `checking` or `proved`.
    public var because: String
    /// What it would say on this server; nil until it is proved.
    public var forecast: PatternForecast?

    public init(targets: Int64, state: String, because: String = "", forecast: PatternForecast? = nil) {
        self.targets = targets
        self.state = state
        self.because = because
        self.forecast = forecast
    }
}

/// What a pack would have said over what a server remembers, beside what the pack that runs says: per pattern and urgency,
/// how many faults it would have opened anew.
public struct PatternForecast: Hashable, Sendable, Codable {
    public struct Entry: Hashable, Sendable, Codable {
        /// The pattern's id.
        public var pattern: String
        public var urgency: String
        /// New faults that it would surely have opened: events, counters and states decide, and they are kept exactly.
        @Bounded<CountBounds> public var surely: Int
        /// At most so many, where gauges decide that are kept with bounds; at least `surely`.
        @Bounded<CountBounds> public var atMost: Int
        /// Of `surely`, those on a part of which something is known by what runs: a fault of it stands that is watched at least.
        /// Nil where that is none.
        public var faulty: Int?

        public init(pattern: String, urgency: String, surely: Int, atMost: Int, faulty: Int? = nil) {
            self.pattern = pattern
            self.urgency = urgency
            self.surely = surely
            self.atMost = atMost
            self.faulty = faulty
        }
    }

    /// Seconds of history below which a forecast says nothing of a version: half a day, in which a server does by day or by night
    /// what it does, and every probe has looked many times.
    public static let leastSpan = 43_200

    /// Seconds of history that were replayed.
    @Bounded<IntervalBounds> public var span: Int
    /// Those that would open something, the gravest first; `WireLimits.forecastEntries` at most.
    public var entries: [Entry]
    /// How many more there are.
    @Bounded<CountBounds> public var more: Int
    /// Faults that stand and that it would clear, by its own word.
    @Bounded<CountBounds> public var clears: Int

    public init(span: Int, entries: [Entry], more: Int = 0, clears: Int = 0) {
        self.span = span
        self.entries = entries
        self.more = more
        self.clears = clears
    }

    /// Whether the server remembers enough for it to say something.
    public var saysSomething: Bool { span >= PatternForecast.leastSpan }
}
