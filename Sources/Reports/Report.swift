/// The stable name of one server: chosen once at its first start, kept over reinstallation by `enroll --replace`.
public typealias HostID = String

/// The two numbered streams of one agent. Faults go first and are never dropped.
public enum ReportStream: String, Sendable, Codable, CaseIterable { case faults, telemetry }

/// Where a report stands: (spool epoch, stream, sequence). A gap is noticed, a repeat is harmless.
public struct ReportPosition: Hashable, Sendable, Codable {
    /// Counts the spools this host has had: 1, and one more whenever a spool was lost or restored from a backup.
    public var epoch: Int64
    public var stream: ReportStream
    /// The first sequence number that this report covers: equal to `sequence`, except in a `dropped` report, which
    /// stands for `first...sequence`.
    public var first: Int64
    /// From 1, without gaps within epoch and stream.
    public var sequence: Int64

    public init(epoch: Int64, stream: ReportStream, first: Int64? = nil, sequence: Int64) {
        self.epoch = epoch
        self.stream = stream
        self.first = first ?? sequence
        self.sequence = sequence
    }
}

/// What an agent sends. It travels as the payload of an `Envelope`.
public struct Report: Hashable, Sendable, Codable {
    /// `WireFormat.version` of the sender.
    @Bounded<CountBounds> public var format: Int
    public var host: HostID
    public var hostname: String
    public var position: ReportPosition
    public var time: Timestamp
    /// The kernel's boot id: with `uptime` and the position it orders reports whatever the clock shows.
    public var boot: String
    /// Milliseconds since boot (CLOCK_BOOTTIME).
    @Bounded<SpanBounds> public var uptime: Int64
    public var agentVersion: String
    public var content: ReportContent
    /// Which faults stand, with faults, statements and heartbeats; nil in all others, and from an agent of up to 0.1.
    public var standing: StandingFaults?

    public init(
        host: HostID, hostname: String, position: ReportPosition, time: Timestamp, boot: String, uptime: Int64,
        agentVersion: String, content: ReportContent, standing: StandingFaults? = nil
    ) {
        format = WireFormat.version
        self.host = host
        self.hostname = hostname
        self.position = position
        self.time = time
        self.boot = boot
        self.uptime = uptime
        self.agentVersion = agentVersion
        self.content = content
        self.standing = standing
    }
}

/// What a report is about: one flat object with a `kind`. A kind that this version does not know is kept as its name,
/// never an error.
public enum ReportContent: Hashable, Sendable {
    case faults([FaultChange])
    case inventory(Inventory)
    case heartbeat(Heartbeat)
    case samples([SampleAggregate])
    case test(TestFault)
    case declaration(DeclarationAnswer)
    case statement(FaultStatement)
    case dropped(Dropped)
    case unknown(kind: String)

    public var kind: String {
        switch self {
        case .faults: "faults"
        case .inventory: "inventory"
        case .heartbeat: "heartbeat"
        case .samples: "samples"
        case .test: "test"
        case .declaration: "declaration"
        case .statement: "statement"
        case .dropped: "dropped"
        case .unknown(let kind): kind
        }
    }

    /// The stream that it travels in: what must not be lost goes with the faults.
    public var stream: ReportStream {
        switch self {
        case .faults, .test, .declaration, .statement: .faults
        case .inventory, .heartbeat, .samples, .dropped, .unknown: .telemetry
        }
    }
}

extension ReportContent: Codable {
    private enum Key: String, CodingKey {
        case kind, changes, inventory, heartbeat, samples, test, declaration, statement, dropped
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let kind = try container.decode(String.self, forKey: .kind)
        switch kind {
        case "faults": self = .faults(try container.decode([FaultChange].self, forKey: .changes))
        case "inventory": self = .inventory(try container.decode(Inventory.self, forKey: .inventory))
        case "heartbeat": self = .heartbeat(try container.decode(Heartbeat.self, forKey: .heartbeat))
        case "samples": self = .samples(try container.decode([SampleAggregate].self, forKey: .samples))
        case "test": self = .test(try container.decode(TestFault.self, forKey: .test))
        case "declaration":
            self = .declaration(try container.decode(DeclarationAnswer.self, forKey: .declaration))
        case "statement": self = .statement(try container.decode(FaultStatement.self, forKey: .statement))
        case "dropped": self = .dropped(try container.decode(Dropped.self, forKey: .dropped))
        default: self = .unknown(kind: kind)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(kind, forKey: .kind)
        switch self {
        case .faults(let changes): try container.encode(changes, forKey: .changes)
        case .inventory(let inventory): try container.encode(inventory, forKey: .inventory)
        case .heartbeat(let heartbeat): try container.encode(heartbeat, forKey: .heartbeat)
        case .samples(let samples): try container.encode(samples, forKey: .samples)
        case .test(let test): try container.encode(test, forKey: .test)
        case .declaration(let answer): try container.encode(answer, forKey: .declaration)
        case .statement(let statement): try container.encode(statement, forKey: .statement)
        case .dropped(let dropped): try container.encode(dropped, forKey: .dropped)
        case .unknown: break
        }
    }
}

/// Every component of the machine, whole each time.
public struct Inventory: Hashable, Sendable, Codable {
    public var components: [Component]
    /// Which failure modes of the agent's rule base would be seen on these; nil from an agent that does not report it.
    public var failureModes: [FailureMode]?
    public init(components: [Component], failureModes: [FailureMode]? = nil) {
        self.components = components
        self.failureModes = failureModes
    }
}

/// "I am here, and this is what I can see."
public struct Heartbeat: Hashable, Sendable, Codable {
    /// What one probe did since the last heartbeat.
    public struct Coverage: Hashable, Sendable, Codable {
        public var probe: String
        /// `ok`, or `partly` (it reads, and has missed something lately), `starting`, `absent`, `denied`, `failing`,
        /// `hanging`, `disabled`: never `ok` for what was not read.
        public var state: String
        /// Why not, and what to do; empty when `ok`.
        public var because: String
        /// The same in codes, for people of any language; nil where the state and its reason say all.
        public var advice: Advice?
        @Bounded<CountBounds> public var components: Int
        @Bounded<CountBounds> public var signals: Int
        public var lastSuccess: Timestamp?

        public init(
            probe: String, state: String, because: String, components: Int, signals: Int, lastSuccess: Timestamp?,
            advice: Advice? = nil
        ) {
            self.probe = probe
            self.state = state
            self.because = because
            self.advice = advice
            self.components = components
            self.signals = signals
            self.lastSuccess = lastSuccess
        }

        /// Whether its probe reads, all or nearly all.
        public var reads: Bool { state == "ok" || state == "partly" }
    }

    /// How many failure modes of the rule base, of parts that the server has or must have, would be seen.
    public struct FailureModeCounts: Hashable, Sendable, Codable {
        @Bounded<CountBounds> public var seen: Int
        /// On some of the parts.
        @Bounded<CountBounds> public var partly: Int
        @Bounded<CountBounds> public var unseen: Int
        /// Of those that are not seen, or only in part: where a person can do something about it.
        @Bounded<CountBounds> public var mendable: Int

        public init(_ modes: [FailureMode]) {
            seen = modes.count { $0.state == "seen" }
            partly = modes.count { $0.state == "partly" }
            unseen = modes.count { $0.state == "unseen" }
            mendable = modes.count { mode in
                mode.isBlind && mode.reasons.contains { $0.advice?.hasStep == true }
            }
        }
    }

    /// Seconds until the next heartbeat is due.
    @Bounded<IntervalBounds> public var interval: Int
    public var coverage: [Coverage]
    /// As the last inventory reported it; nil before there was one, and from an agent that does not.
    public var failureModeCounts: FailureModeCounts?
    /// Version and content hash of the pattern pack in use.
    public var patternPack: String
    @Bounded<CountBounds> public var openFaults: Int
    /// True in the last one before the agent stops in order, for collectors up to 0.1, and from agents up to 0.1; nil otherwise.
    public var stopping: Bool?
    /// Why it stops, and when it is back at the latest; nil in all but the last one, and from agents up to 0.1.
    public var away: Away?
    /// Channels of patterns that the agent takes packs from, `WireLimits.channels` at most; nil where it takes none.
    public var channels: [ChannelStatus]?

    public init(
        interval: Int, coverage: [Coverage], failureModeCounts: FailureModeCounts? = nil, patternPack: String,
        openFaults: Int, away: Away? = nil, channels: [ChannelStatus]? = nil
    ) {
        self.interval = interval
        self.coverage = coverage
        self.failureModeCounts = failureModeCounts
        self.patternPack = patternPack
        self.openFaults = openFaults
        stopping = away == nil ? nil : true
        self.away = away
        self.channels = channels
    }
}

/// One signal over one span: what the console draws.
public struct SampleAggregate: Hashable, Sendable, Codable {
    public var component: ComponentID
    public var signal: Signal
    public var from: Timestamp
    public var through: Timestamp
    /// Number of values that were read; 0 means that none was, and `unavailable` states why.
    @Bounded<CountBounds> public var count: Int
    public var minimum: Double?
    public var maximum: Double?
    public var mean: Double?
    public var last: Double?
    /// The last state, where the signal is one.
    public var state: String?
    public var unavailable: String?

    public init(
        component: ComponentID, signal: Signal, from: Timestamp, through: Timestamp, count: Int, minimum: Double? = nil,
        maximum: Double? = nil, mean: Double? = nil, last: Double? = nil, state: String? = nil,
        unavailable: String? = nil
    ) {
        self.component = component
        self.signal = signal
        self.from = from
        self.through = through
        self.count = count
        self.minimum = minimum
        self.maximum = maximum
        self.mean = mean
        self.last = last
        self.state = state
        self.unavailable = unavailable
    }
}

/// The made-up fault of `callhome test`, after it went through the agent's own pattern engine.
public struct TestFault: Hashable, Sendable, Codable {
    /// 128 random bits in hexadecimal. Whoever knows it may ask the collector how the test is going.
    public var id: String
    /// Opened by the shipped pattern `callhome.test`; its `test` field holds `id`.
    public var fault: Fault
    public init(id: String, fault: Fault) {
        self.id = id
        self.fault = fault
    }
}

/// A signed admission: the reports `first...sequence` of the position no longer exist.
public struct Dropped: Hashable, Sendable, Codable {
    /// `spool-full`, `spool-age`, `collector-behind`, `damaged`.
    public var reason: String
    public init(reason: String) { self.reason = reason }
}
