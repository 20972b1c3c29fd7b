import Crypto
public import FoundationEssentials

/// The collector's signed answer to `POST /v1/reports`. The agent discards only what it covers.
public struct Receipt: Hashable, Sendable, Codable {
    /// How far one stream of the agent has come.
    public struct Progress: Hashable, Sendable, Codable {
        public var stream: ReportStream
        /// Everything up to and including this sequence is stored durably or refused for good; 0 before the first.
        @Bounded<SequenceBounds> public var through: Int64
        /// Of the report at `through`, as `contentHash(of:)` gives it: an agent that sent another one there is an old copy, or
        /// shares its name with another machine. Nil before the first, and from collectors of up to 0.1.
        public var hash: String?
        public init(stream: ReportStream, through: Int64, hash: String? = nil) {
            self.stream = stream
            self.through = through
            self.hash = hash
        }
    }

    /// Which store the collector answered from.
    public struct Collector: Hashable, Sendable, Codable {
        /// The collector's own id.
        public var store: String
        public var epoch: StoreEpoch
        public init(store: String, epoch: StoreEpoch) {
            self.store = store
            self.epoch = epoch
        }
    }

    /// A report that will never be taken, whatever is sent again; it counts as covered.
    public struct Refusal: Hashable, Sendable, Codable {
        public var stream: ReportStream
        @Bounded<SequenceBounds> public var sequence: Int64
        public var because: String
        public init(stream: ReportStream, sequence: Int64, because: String) {
            self.stream = stream
            self.sequence = sequence
            self.because = because
        }
    }

    @Bounded<CountBounds> public var format: Int
    public var host: HostID
    /// The epoch that the progress is of: the newest that the collector knows. Greater than the agent's own: the agent's
    /// spool is an old copy, and it starts epoch `epoch + 1`.
    @Bounded<SequenceBounds> public var epoch: Int64
    /// Always both streams.
    public var progress: [Progress]
    public var refused: [Refusal]
    /// Names of patterns and probes that somebody has accepted as not seen on this server, so that the agent does not
    /// ask for them any more; nil where there are none.
    public var acceptedBlindSpots: [String]?
    /// What people declared of this server's parts and the agent has not answered yet, the oldest first; nil where there
    /// is nothing.
    public var asks: [PartDeclaration]?
    /// PEM of the collector's TLS root, where the agent is to trust it alone and has not said yet that it does, or where its
    /// certificate is to be renewed: it asks at `Routes.renewal`. Nil where there is nothing to do.
    public var root: String?
    /// The highest stamp of a fault change that is applied, so that an agent whose spool is an old copy counts on above it; nil
    /// from a collector of up to 0.1.
    public var stamp: Int64?
    /// Id of the question which faults stand, until it is answered by a statement; nil where there is none. It is no verb of
    /// `asks`: an agent of up to 0.1 would refuse a receipt with a verb that it does not know.
    public var restate: String?
    /// Agents show the newest one to each collector that they send to: a store that is behind it stands back. Nil from a
    /// collector of up to 0.1.
    public var collector: Collector?
    /// Channels of patterns, `WireLimits.channels` at most; nil where the site has none, and from a collector of up to 0.1.
    public var patterns: [PatternOffer]?
    /// The collector's clock, for the agent to compute how far its own is off.
    public var time: Timestamp

    public init(
        host: HostID, epoch: Int64, progress: [Progress], refused: [Refusal] = [], acceptedBlindSpots: [String]? = nil,
        asks: [PartDeclaration]? = nil, root: String? = nil, stamp: Int64? = nil, restate: String? = nil,
        collector: Collector? = nil, patterns: [PatternOffer]? = nil, time: Timestamp
    ) {
        format = WireFormat.version
        self.host = host
        self.epoch = epoch
        self.progress = progress
        self.refused = refused
        self.acceptedBlindSpots = acceptedBlindSpots
        self.asks = asks
        self.root = root
        self.stamp = stamp
        self.restate = restate
        self.collector = collector
        self.patterns = patterns
        self.time = time
    }

    public func through(_ stream: ReportStream) -> Int64 { progress.first { $0.stream == stream }?.through ?? 0 }

    /// Of the newest report of the stream that is covered; nil where the collector does not say.
    public func hash(_ stream: ReportStream) -> String? { progress.first { $0.stream == stream }?.hash }

    /// The first 16 bytes of SHA-256 over a report's signed bytes: 32 hexadecimal digits.
    public static func contentHash(of payload: Data) -> String {
        Array(SHA256.hash(data: payload).prefix(16)).hexadecimal
    }
}
