/// A case as the service partner sees it: what to ship, where it sits, what to pull.
///
/// It is attached to e-mails, is the `data` of webhooks, and travels beside the signed report to partner collectors.
public struct Ticket: Hashable, Sendable, Codable {
    public enum Event: String, Sendable, Codable { case opened, updated, closed, test }

    public struct Server: Hashable, Sendable, Codable {
        public var host: HostID
        public var hostname: String
        /// The chassis as its maker calls it, where known.
        public var part: Part
        public init(host: HostID, hostname: String, part: Part) {
            self.host = host
            self.hostname = hostname
            self.part = part
        }
    }

    public struct Site: Hashable, Sendable, Codable {
        public var name: String
        public var address: String
        public var contact: String
        public init(name: String, address: String, contact: String) {
            self.name = name
            self.address = address
            self.contact = contact
        }
    }

    @Bounded<CountBounds> public var format: Int
    /// The same in every message of this sender about the case, on every channel.
    public var number: String
    public var event: Event
    /// Rises with each message about the case, from 1: a receiver ignores what it has, and what is older. Numbers may be left
    /// out, where the case changed again before its message was sent.
    @Bounded<CountBounds> public var revision: Int
    /// True for `callhome test`: no part may be sent. Receivers must look at it.
    public var test: Bool
    public var urgency: Urgency
    public var openedAt: Timestamp
    public var closedAt: Timestamp?
    public var site: Site
    public var server: Server
    /// The part to bring, and its location and serial to check before pulling it.
    public var suspect: Suspect
    /// All faults of the case, the most urgent first.
    public var faults: [Fault]
    /// Why this message was sent, in one sentence.
    public var because: String
    /// Where the number was made, kept along the chain; nil from collectors up to 0.1.
    public var origin: Origin?
    /// Of the sender's store when the message was made: `revision` counts on within it only, and a message of a later one is
    /// newer whatever its revision. Nil from collectors up to 0.1, which is older than any.
    public var epoch: StoreEpoch?
    /// Names the problem itself, over restores of the sender and the numbers that it then gives: whoever has it under two
    /// numbers has one failure and orders one part. See `problem(host:fault:)`; nil from collectors up to 0.1.
    public var problem: String?
    /// The sender was put back from a copy of this moment, and the problem began before it went on: since then it may have been
    /// ordered under another number. Nil where it was not.
    public var perhapsOrderedSince: Timestamp?
    /// Name of the recipient that did not take the message, where this one is told in its place. That one may still get it:
    /// the two have to agree who sends the part.
    public var insteadOf: String?
    /// Name of the recipient that was told as well, because this one did not take the message at first.
    public var standIn: String?
    /// True where the receiver may have it already: an earlier message was not confirmed, or somebody asked for it again.
    public var repeated: Bool?
    /// How often the case has got worse, its opening counted, at the collector that the agent reports to; nil from collectors
    /// up to 0.1. Whoever closes it says how much of that was known: `WorkStep.seen`.
    public var worsened: Int?

    public init(
        number: String, event: Event, revision: Int, test: Bool, urgency: Urgency, openedAt: Timestamp,
        closedAt: Timestamp?, site: Site, server: Server, suspect: Suspect, faults: [Fault], because: String,
        origin: Origin? = nil, epoch: StoreEpoch? = nil, problem: String? = nil, perhapsOrderedSince: Timestamp? = nil
    ) {
        format = WireFormat.version
        self.number = number
        self.event = event
        self.revision = revision
        self.test = test
        self.urgency = urgency
        self.openedAt = openedAt
        self.closedAt = closedAt
        self.site = site
        self.server = server
        self.suspect = suspect
        self.faults = faults
        self.because = because
        self.origin = origin
        self.epoch = epoch
        self.problem = problem
        self.perhapsOrderedSince = perhapsOrderedSince
    }

    /// Whether it is a later word of its sender about the same case.
    public func isNewer(than known: Ticket) -> Bool {
        (epoch ?? .unbegun, revision) > (known.epoch ?? .unbegun, known.revision)
    }
}

/// `POST /v1/tickets`: what one collector hands to the next: the ticket, signed by the sender, and the agent's own report.
public struct RelayedTicket: Hashable, Sendable, Codable {
    /// Names the message: the same on every repetition (the receiver's idempotency key).
    public var id: String
    /// A `Ticket`, signed by the sending collector.
    public var ticket: Envelope
    /// The agent's signed reports that the case rests on; empty for cases the collector opened itself (silence).
    public var reports: [Envelope]
    /// PEM certificates of the agents that signed `reports`, by the sending site's CA.
    public var certificates: [String]

    public init(id: String, ticket: Envelope, reports: [Envelope], certificates: [String]) {
        self.id = id
        self.ticket = ticket
        self.reports = reports
        self.certificates = certificates
    }
}

/// The answer to `POST /v1/tickets`.
public struct TicketAcceptance: Hashable, Sendable, Codable {
    /// The receiver's own number for the case.
    public var reference: String
    /// True when this message had come before.
    public var repeated: Bool
    public init(reference: String, repeated: Bool) {
        self.reference = reference
        self.repeated = repeated
    }
}

/// `GET /v1/tests/{id}`: how far a test has come.
public struct TestProgress: Hashable, Sendable, Codable {
    public struct Hop: Hashable, Sendable, Codable {
        public enum State: String, Sendable, Codable { case waiting, confirmed, failed }
        /// `intake`, `case`, `email:service-desk`, `webhook:…`, `partner:…`, and the partner's own hops with its name before.
        public var name: String
        public var state: State
        /// Milliseconds from the hop before until confirmation.
        public var milliseconds: Int64?
        /// What the other side answered, or what is wrong and what to do now.
        public var detail: String
        public init(name: String, state: State, milliseconds: Int64? = nil, detail: String) {
            self.name = name
            self.state = state
            self.milliseconds = milliseconds
            self.detail = detail
        }
    }
    public var id: String
    public var hops: [Hop]
    public init(id: String, hops: [Hop]) {
        self.id = id
        self.hops = hops
    }
}
