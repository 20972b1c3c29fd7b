/// `POST /v1/heartbeats`, as an envelope of type `heartbeat`: "this collector is alive", to whoever takes its tickets.
public struct CollectorHeartbeat: Hashable, Sendable, Codable {
    @Bounded<CountBounds> public var format: Int
    /// The sending collector's own id.
    public var site: String
    public var version: String
    public var time: Timestamp
    /// Seconds until the next one is due.
    @Bounded<IntervalBounds> public var interval: Int
    /// Cases that are not closed.
    @Bounded<CountBounds> public var openCases: Int
    /// Messages that some recipient has not taken yet.
    @Bounded<CountBounds> public var waiting: Int
    /// SHA-256 of the root by which the sender trusts the receiver, in hexadecimal; nil from collectors up to 0.1.
    public var root: String?
    /// Each one's is higher than all before it in its `term`, over restarts too: a sign of life is taken once. nil from
    /// collectors that do not count; then their `time` counts.
    public var counter: Int64?
    /// `StoreEpoch.term` of the sender's store. A later one comes before the counter: a store that was put back, and goes on by
    /// a person's word, may count from below what it had used. nil from collectors that do not tell it, which counts as 0.
    public var term: StoreTerm?
    /// Id of the key of the collector that it is meant for; nil from collectors that do not say. Nobody else takes it.
    public var receiver: String?
    /// What was done about cases that the two share; nil from collectors up to 0.1, which are then told nothing either.
    public var work: WorkExchange?
    /// Of the tickets that the receiver was told and that did not end.
    public var told: ToldTickets?

    public init(
        site: String, version: String, time: Timestamp, interval: Int, openCases: Int, waiting: Int,
        counter: Int64? = nil, term: StoreTerm? = nil, receiver: String? = nil
    ) {
        format = WireFormat.version
        self.site = site
        self.version = version
        self.time = time
        self.interval = interval
        self.openCases = openCases
        self.waiting = waiting
        self.counter = counter
        self.term = term
        self.receiver = receiver
    }
}
