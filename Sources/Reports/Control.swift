/// One line of JSON to the agent's control socket, `/run/callhome/agent.sock`. Root and the agent's own user may ask.
public struct ControlRequest: Hashable, Sendable, Codable {
    public enum Verb: String, Sendable, Codable { case status, coverage, test, testProgress, enroll, declare }
    public var verb: Verb
    /// `enroll`: collector address, join token, and the server to take over from.
    public var url: String?
    public var token: String?
    public var replace: String?
    /// `testProgress`: which test.
    public var test: String?
    /// `declare`: what a person says of a part, which is named in the person's words.
    public var declaration: Declaration?

    /// As `PartDeclaration`, before the agent has found the part and given it an id.
    public struct Declaration: Hashable, Sendable, Codable {
        public var verb: PartDeclaration.Verb
        /// Id, name, device, place or serial number.
        public var part: String
        public var faultClass: String?
        public var because: String?
        public var by: String
        public init(
            verb: PartDeclaration.Verb, part: String, faultClass: String? = nil, because: String? = nil, by: String
        ) {
            self.verb = verb
            self.part = part
            self.faultClass = faultClass
            self.because = because
            self.by = by
        }
    }

    public init(
        verb: Verb, url: String? = nil, token: String? = nil, replace: String? = nil, test: String? = nil,
        declaration: Declaration? = nil
    ) {
        self.verb = verb
        self.url = url
        self.token = token
        self.replace = replace
        self.test = test
        self.declaration = declaration
    }
}

/// The answer, one line.
public struct ControlResponse: Hashable, Sendable, Codable {
    public var problem: Problem?
    public var status: AgentStatus?
    /// `coverage`: every failure mode of the rule base, and what only a person on the spot knows.
    public var failureModes: [FailureMode]?
    public var questions: [Advice]?
    /// `test` and `testProgress`: the agent's own hops first (`pattern`, `spool`, `uplink`), then the collector's.
    public var test: TestProgress?
    /// `enroll`: the host id that the collector knows this server by.
    public var host: HostID?
    /// `declare`: what was done.
    public var declaration: DeclarationAnswer?

    public init(
        problem: Problem? = nil, status: AgentStatus? = nil, failureModes: [FailureMode]? = nil,
        questions: [Advice]? = nil, test: TestProgress? = nil, host: HostID? = nil,
        declaration: DeclarationAnswer? = nil
    ) {
        self.problem = problem
        self.status = status
        self.failureModes = failureModes
        self.questions = questions
        self.test = test
        self.host = host
        self.declaration = declaration
    }
}

/// How an agent is doing.
public struct AgentStatus: Hashable, Sendable, Codable {
    public struct Uplink: Hashable, Sendable, Codable {
        /// `not-enrolled`, `connected`, `retrying`, `refused`.
        public var state: String
        public var collector: String?
        /// What went wrong last and what to do; empty when all is well.
        public var because: String
        public var lastReceipt: Timestamp?
        public var nextAttempt: Timestamp?
        public var waitingFaultReports: Int
        public var waitingTelemetryReports: Int
        /// Patterns and probes that somebody has accepted as not seen here, as the collector reported last.
        public var acceptedBlindSpots: [String]?
        public init(
            state: String, collector: String?, because: String, lastReceipt: Timestamp?, nextAttempt: Timestamp?,
            waitingFaultReports: Int, waitingTelemetryReports: Int, acceptedBlindSpots: [String]? = nil
        ) {
            self.state = state
            self.collector = collector
            self.because = because
            self.lastReceipt = lastReceipt
            self.nextAttempt = nextAttempt
            self.waitingFaultReports = waitingFaultReports
            self.waitingTelemetryReports = waitingTelemetryReports
            self.acceptedBlindSpots = acceptedBlindSpots
        }
    }

    public var agentVersion: String
    public var host: HostID
    public var hostname: String
    public var startedAt: Timestamp
    public var time: Timestamp
    public var coverage: [Heartbeat.Coverage]
    public var openFaults: [Fault]
    public var patternPack: String
    /// Channels of patterns that it takes packs from; nil where none is pinned, and from an agent of up to 0.1.
    public var channels: [ChannelStatus]?
    /// Patterns of the pack that this agent cannot read; nil where its version does not report them.
    public var skippedPatterns: [SkippedPattern]?
    public var uplink: Uplink
    public var spoolBytes: Int64

    /// A pattern of a newer pack than the agent.
    public struct SkippedPattern: Hashable, Sendable, Codable {
        public var pattern: String
        /// What the agent does not understand of it.
        public var because: String
        public init(pattern: String, because: String) {
            self.pattern = pattern
            self.because = because
        }
    }

    public init(
        agentVersion: String, host: HostID, hostname: String, startedAt: Timestamp, time: Timestamp,
        coverage: [Heartbeat.Coverage], openFaults: [Fault], patternPack: String, channels: [ChannelStatus]? = nil,
        skippedPatterns: [SkippedPattern]? = nil, uplink: Uplink, spoolBytes: Int64
    ) {
        self.agentVersion = agentVersion
        self.host = host
        self.hostname = hostname
        self.startedAt = startedAt
        self.time = time
        self.coverage = coverage
        self.openFaults = openFaults
        self.patternPack = patternPack
        self.channels = channels
        self.skippedPatterns = skippedPatterns
        self.uplink = uplink
        self.spoolBytes = spoolBytes
    }
}
