/// What `Routes.api` takes and gives: JSON for `callhome` and for scripts. Fields are only ever added.
public enum CollectorAPI {
    /// `POST login`.
    public struct Login: Hashable, Sendable, Codable {
        public var name: String
        public var password: String
        /// What the token is for, as it will be listed.
        public var note: String
        public init(name: String, password: String, note: String) {
            self.name = name
            self.password = password
            self.note = note
        }
    }

    public struct LoginAnswer: Hashable, Sendable, Codable {
        /// Sent as `Authorization: Bearer …` from now on.
        public var token: String
        public var account: String
        public var expiresAt: Timestamp
        public init(token: String, account: String, expiresAt: Timestamp) {
            self.token = token
            self.account = account
            self.expiresAt = expiresAt
        }
    }

    /// `POST cases/{number}/acknowledge` and the others of `Kind`: what a person decides about a case.
    public struct Decision: Hashable, Sendable, Codable {
        /// The last part of the path.
        public enum Kind: String, Hashable, Sendable, CaseIterable {
            /// Someone is looking after it.
            case acknowledge
            /// It is over; every recipient is notified.
            case close
            /// Its part was replaced, mended, or is well: the agent is told, and what it then reports closes the case.
            case replaced, repaired, acquitted
        }

        public var because: String
        public init(because: String) { self.because = because }
    }

    /// `POST recipients/{name}/catch-up` and the others of `Kind`: what a person decides about a recipient.
    public struct RecipientDecision: Hashable, Sendable, Codable {
        /// The last part of the path.
        public enum Kind: String, Hashable, Sendable, CaseIterable {
            /// It is to be told of every open case that it does not know as it stands.
            case catchUp = "catch-up"
            /// What it is owed is forgotten.
            case drop
            /// Nothing holds it any more, and what it refused is offered again.
            case tryNow = "try"
        }

        /// Why; may be left out of `try`.
        public var because: String?
        public init(because: String? = nil) { self.because = because }
    }

    /// What came of a decision about a recipient.
    public struct RecipientAnswer: Hashable, Sendable, Codable {
        /// Cases that it changes; of `try` those that something is owed about.
        @Bounded<CountBounds> public var cases: Int
        public init(cases: Int) { self.cases = cases }
    }

    /// `POST cases/{number}/resend`: the case as it stands, once more.
    public struct Resend: Hashable, Sendable, Codable {
        /// Name of a recipient; nil for all that are told of the case.
        public var to: String?
        public var because: String
        public init(to: String? = nil, because: String) {
            self.to = to
            self.because = because
        }
    }

    /// `GET recipients`: how a recipient is doing.
    public struct RecipientLine: Hashable, Sendable, Codable {
        public var name: String
        public var channel: String
        /// Cases of which it does not know the newest yet.
        @Bounded<CountBounds> public var waiting: Int
        /// Those among them whose message it refused.
        @Bounded<CountBounds> public var refused: Int
        @Bounded<CountBounds> public var delivered: Int
        public var lastDelivered: Timestamp?
        /// Since when it takes nothing; nil while it does.
        public var failingSince: Timestamp?
        /// When it is tried again; nil while nothing holds it.
        public var holdUntil: Timestamp?
        public var lastError: String?
        public init(
            name: String, channel: String, waiting: Int, refused: Int, delivered: Int, lastDelivered: Timestamp?,
            failingSince: Timestamp?, holdUntil: Timestamp?, lastError: String?
        ) {
            self.name = name
            self.channel = channel
            self.waiting = waiting
            self.refused = refused
            self.delivered = delivered
            self.lastDelivered = lastDelivered
            self.failingSince = failingSince
            self.holdUntil = holdUntil
            self.lastError = lastError
        }
    }

    /// One API token, never its secret.
    public struct TokenLine: Hashable, Sendable, Codable {
        /// Names it for `DELETE tokens/{id}`.
        public var id: String
        public var note: String
        public var createdAt: Timestamp
        public var expiresAt: Timestamp
        public init(id: String, note: String, createdAt: Timestamp, expiresAt: Timestamp) {
            self.id = id
            self.note = note
            self.createdAt = createdAt
            self.expiresAt = expiresAt
        }
    }

    public struct ServerLine: Hashable, Sendable, Codable {
        public var host: HostID
        public var hostname: String
        /// `order`, `plan`, `watch`, `silent`, `unknown`, `good`, `revoked`.
        public var state: String
        /// Why, in one sentence.
        public var because: String
        @Bounded<CountBounds> public var openCases: Int
        /// Blind spots that somebody has accepted; nil from a collector that does not report them.
        public var acceptedBlindSpots: Int?
        public var lastContact: Timestamp?
        public var agentVersion: String?
        public var chassis: Part
        public init(
            host: HostID, hostname: String, state: String, because: String, openCases: Int,
            acceptedBlindSpots: Int? = nil, lastContact: Timestamp?, agentVersion: String?, chassis: Part
        ) {
            self.host = host
            self.hostname = hostname
            self.state = state
            self.because = because
            self.openCases = openCases
            self.acceptedBlindSpots = acceptedBlindSpots
            self.lastContact = lastContact
            self.agentVersion = agentVersion
            self.chassis = chassis
        }
    }

    public struct ServerDetail: Hashable, Sendable, Codable {
        public var server: ServerLine
        public var coverage: [Heartbeat.Coverage]
        public var components: [Component]
        public var readings: [SampleAggregate]
        public var cases: [CaseLine]
        public init(
            server: ServerLine, coverage: [Heartbeat.Coverage], components: [Component], readings: [SampleAggregate],
            cases: [CaseLine]
        ) {
            self.server = server
            self.coverage = coverage
            self.components = components
            self.readings = readings
            self.cases = cases
        }
    }

    /// `GET servers/{host}/blind-spots`: what is not seen on a server, or was accepted.
    public struct BlindSpot: Hashable, Sendable, Codable {
        /// The pattern that looks for it, or the probe.
        public var name: String
        public var title: String
        /// `unseen`, `partly`, `seen` or `absent` of a failure mode; of a probe as in a heartbeat.
        public var state: String
        public var reasons: [Reason]
        /// Who lives with it; nil while nobody does.
        public var accepted: Acceptance?

        public struct Reason: Hashable, Sendable, Codable {
            public var because: String
            /// Parts that it holds for; 0 where it is about none that is known.
            @Bounded<CountBounds> public var parts: Int
            public init(because: String, parts: Int) {
                self.because = because
                self.parts = parts
            }
        }

        public struct Acceptance: Hashable, Sendable, Codable {
            public var by: String
            public var because: String
            public var acceptedAt: Timestamp
            public init(by: String, because: String, acceptedAt: Timestamp) {
                self.by = by
                self.because = because
                self.acceptedAt = acceptedAt
            }
        }

        public init(name: String, title: String, state: String, reasons: [Reason], accepted: Acceptance?) {
            self.name = name
            self.title = title
            self.state = state
            self.reasons = reasons
            self.accepted = accepted
        }
    }

    /// `POST servers/{host}/blind-spots/accept` and `…/withdraw`: names, or all.
    public struct BlindSpotDecision: Hashable, Sendable, Codable {
        public var names: [String]?
        public var all: Bool?
        public var because: String
        public init(names: [String]? = nil, all: Bool? = nil, because: String) {
            self.names = names
            self.all = all
            self.because = because
        }
    }

    /// `POST servers/{host}/parts/replaced`, `…/repaired` and `…/acquitted`: what a person declares of a part.
    public struct Declaration: Hashable, Sendable, Codable {
        /// Id, name, device, place or serial number.
        public var part: String
        public var faultClass: String?
        public var because: String
        public init(part: String, faultClass: String? = nil, because: String) {
            self.part = part
            self.faultClass = faultClass
            self.because = because
        }
    }

    public struct CaseLine: Hashable, Sendable, Codable {
        public var number: String
        /// `open`, `acknowledged`, `closed`.
        public var state: String
        public var urgency: Urgency
        public var test: Bool
        public var host: HostID
        public var hostname: String
        public var title: String
        public var suspect: Suspect
        public var openedAt: Timestamp
        public var updatedAt: Timestamp
        public var closedAt: Timestamp?
        public init(
            number: String, state: String, urgency: Urgency, test: Bool, host: HostID, hostname: String, title: String,
            suspect: Suspect, openedAt: Timestamp, updatedAt: Timestamp, closedAt: Timestamp?
        ) {
            self.number = number
            self.state = state
            self.urgency = urgency
            self.test = test
            self.host = host
            self.hostname = hostname
            self.title = title
            self.suspect = suspect
            self.openedAt = openedAt
            self.updatedAt = updatedAt
            self.closedAt = closedAt
        }
    }

    public struct CaseDetail: Hashable, Sendable, Codable {
        public var summary: CaseLine
        public var faults: [Fault]
        public var history: [CaseStep]
        public var deliveries: [DeliveryLine]
        /// Why nobody was told, and what to do; nil where somebody was, or is to be.
        public var unheard: String?
        /// What people did about it at all collectors, in the order that all agree on; nil from a collector up to 0.1.
        public var work: [WorkLine]?
        public init(
            summary: CaseLine, faults: [Fault], history: [CaseStep], deliveries: [DeliveryLine], unheard: String? = nil,
            work: [WorkLine]? = nil
        ) {
            self.summary = summary
            self.faults = faults
            self.history = history
            self.deliveries = deliveries
            self.unheard = unheard
            self.work = work
        }
    }

    /// One step of a case's work.
    public struct WorkLine: Hashable, Sendable, Codable {
        public var time: Timestamp
        /// `acknowledged`, `closed`, `note`.
        public var kind: String
        /// Who did it, and at which collector.
        public var who: String
        public var place: String
        public var why: String
        /// Why it changed nothing; nil where it counts.
        public var notApplied: String?
        public init(time: Timestamp, kind: String, who: String, place: String, why: String, notApplied: String?) {
            self.time = time
            self.kind = kind
            self.who = who
            self.place = place
            self.why = why
            self.notApplied = notApplied
        }
    }

    /// One line of a case's history.
    public struct CaseStep: Hashable, Sendable, Codable {
        public var time: Timestamp
        public var kind: String
        public var by: String
        public var because: String
        public init(time: Timestamp, kind: String, by: String, because: String) {
            self.time = time
            self.kind = kind
            self.by = by
            self.because = because
        }
    }

    public struct DeliveryLine: Hashable, Sendable, Codable {
        /// Of the message; of what is owed and was not begun, `NUMBER/RECIPIENT`.
        public var id: String
        public var recipient: String
        public var channel: String
        /// `queued`, `claimed`, `delivered`, `retrying`, `superseded`, `dropped`.
        public var state: String
        public var event: Ticket.Event
        @Bounded<CountBounds> public var attempts: Int
        public var deliveredAt: Timestamp?
        public var nextAttempt: Timestamp
        public var lastError: String?
        public var reference: String?
        public var insteadOf: String?
        public init(
            id: String, recipient: String, channel: String, state: String, event: Ticket.Event, attempts: Int,
            deliveredAt: Timestamp?, nextAttempt: Timestamp, lastError: String?, reference: String?, insteadOf: String?
        ) {
            self.id = id
            self.recipient = recipient
            self.channel = channel
            self.state = state
            self.event = event
            self.attempts = attempts
            self.deliveredAt = deliveredAt
            self.nextAttempt = nextAttempt
            self.lastError = lastError
            self.reference = reference
            self.insteadOf = insteadOf
        }
    }
}
