import Crypto
import FoundationEssentials

/// The signed answer to a heartbeat that brings work: the only way on which a partner reaches a site. Heartbeats without
/// work, of collectors up to 0.1, are answered by a `RootNotice`, or not at all.
public struct HeartbeatAnswer: Hashable, Sendable, Codable {
    @Bounded<CountBounds> public var format: Int
    /// The answering collector's own id.
    public var collector: String
    /// The collector that it is for.
    public var site: String
    /// The heartbeat that it answers: no older answer passes for it.
    public var counter: Int64?
    /// PEM of the TLS root to trust from now on, for a site that does not say that it trusts it alone.
    public var root: String?
    public var work: WorkExchange
    /// What it holds, where that is not what the site told.
    public var held: HeldTickets?

    public init(
        collector: String, site: String, counter: Int64?, root: String? = nil, work: WorkExchange,
        held: HeldTickets? = nil
    ) {
        format = WireFormat.version
        self.collector = collector
        self.site = site
        self.counter = counter
        self.root = root
        self.work = work
        self.held = held
    }
}

/// One ticket that was told and not ended, as whoever took it knows it: by the teller's number, and how new.
public struct HeldTicket: Hashable, Sendable, Codable {
    public var number: String
    /// Of the teller's store when it wrote the ticket; `unbegun` of a ticket of a collector up to 0.1.
    public var epoch: StoreEpoch
    @Bounded<CountBounds> public var revision: Int

    public init(number: String, epoch: StoreEpoch, revision: Int) {
        self.number = number
        self.epoch = epoch
        self.revision = revision
    }
}

/// Count and digest over the tickets that a site told a partner and did not end, in its heartbeat.
public struct ToldTickets: Hashable, Sendable, Codable {
    @Bounded<CountBounds> public var count: Int
    /// The first 16 bytes of SHA-256 over the sorted lines "number SP term SP start SP revision LF", in hexadecimal.
    public var digest: String
    /// Asks for the page of what is held behind this number, whether the digests differ or not.
    public var after: String?

    public init(count: Int, digest: String, after: String? = nil) {
        self.count = count
        self.digest = digest
        self.after = after
    }

    public init(_ tickets: [HeldTicket], after: String? = nil) {
        let lines = tickets.map { "\($0.number) \($0.epoch.term) \($0.epoch.start) \($0.revision)\n" }.sorted().joined()
        self.init(
            count: tickets.count, digest: SHA256.hash(data: Data(lines.utf8)).prefix(16).hexadecimal, after: after)
    }

    /// Whether the two are over the same tickets.
    public func isSame(as other: ToldTickets) -> Bool { count == other.count && digest == other.digest }
}

/// One page of what a partner holds of a site, by number.
public struct HeldTickets: Hashable, Sendable, Codable {
    /// Over all of them.
    public var all: ToldTickets
    /// The page holds what stands behind this number; nil for the first page.
    public var after: String?
    /// Whether further pages follow.
    public var more: Bool
    public var tickets: [HeldTicket]

    public init(all: ToldTickets, after: String?, more: Bool, tickets: [HeldTicket]) {
        self.all = all
        self.after = after
        self.more = more
        self.tickets = tickets
    }

    /// The page behind `after` of all that is held.
    public init(_ held: [HeldTicket], after: String?) {
        let rest = held.sorted { $0.number < $1.number }.filter { $0.number > after ?? "" }
        let page = rest.prefix(WorkLimits.heldPerMessage)
        self.init(all: ToldTickets(held), after: after, more: page.count < rest.count, tickets: Array(page))
    }
}
