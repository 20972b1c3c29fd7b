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
            /// What a person can do about it; nil where nothing can be done.
            public var step: String?
            public init(because: String, parts: Int, step: String? = nil) {
                self.because = because
                self.parts = parts
                self.step = step
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

    /// `POST servers/{host}/blind-spots/accept` and `…/withdraw`: names, or all. All that is accepted at once is what
    /// nobody can do anything about: what has a step is accepted by name.
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

    /// `GET patterns`: a channel of patterns as its mirror stands, and how its newest version comes to the servers.
    public struct ChannelAnswer: Hashable, Sendable, Codable {
        public var name: String
        public var source: String
        /// Version of the newest timestamp that was verified; 0 before the first.
        public var timestampVersion: Int64
        /// Version of its packs; nil before the first.
        public var version: Int64?
        public var askedAt: Timestamp?
        /// Until when its maker promises that nothing newer is needed.
        public var expiresAt: Timestamp?
        /// Why nothing new is taken; nil where nothing is refused.
        public var refused: Refusal?
        public var warnings: [String]
        public var packs: [Pack]
        /// What its maker takes back.
        public var withdrawn: [Withdrawn]
        /// Nil where no version was taken yet.
        public var rollout: RolloutAnswer?

        public struct Refusal: Hashable, Sendable, Codable {
            /// One word.
            public var reason: String
            public var because: String
            public var since: Timestamp
            public init(reason: String, because: String, since: Timestamp) {
                self.reason = reason
                self.because = because
                self.since = since
            }
        }

        public struct Pack: Hashable, Sendable, Codable {
            public var name: String
            public var sha256: String
            public var engineLevel: Int
            public var patterns: Int
            public init(name: String, sha256: String, engineLevel: Int, patterns: Int) {
                self.name = name
                self.sha256 = sha256
                self.engineLevel = engineLevel
                self.patterns = patterns
            }
        }

        public struct Withdrawn: Hashable, Sendable, Codable {
            public var pattern: String
            public var because: String
            public init(pattern: String, because: String) {
                self.pattern = pattern
                self.because = because
            }
        }

        public init(
            name: String, source: String, timestampVersion: Int64, version: Int64?, askedAt: Timestamp?,
            expiresAt: Timestamp?, refused: Refusal?, warnings: [String], packs: [Pack], withdrawn: [Withdrawn],
            rollout: RolloutAnswer?
        ) {
            self.name = name
            self.source = source
            self.timestampVersion = timestampVersion
            self.version = version
            self.askedAt = askedAt
            self.expiresAt = expiresAt
            self.refused = refused
            self.warnings = warnings
            self.packs = packs
            self.withdrawn = withdrawn
            self.rollout = rollout
        }
    }

    /// One version on its way to the servers.
    public struct RolloutAnswer: Hashable, Sendable, Codable {
        public var version: Int64
        /// What ran everywhere before; nil where none of this channel did.
        public var before: Int64?
        /// `proving`, `held`, `rolling`, `halted`, `complete`, `back`.
        public var state: String
        /// Where it stands and why, in a sentence.
        public var because: String
        public var since: Timestamp
        /// From 1 on, while it comes to the servers.
        public var ring: Int?
        public var rings: Int
        /// Servers that take the channel, that were told to run the version, and that run it.
        public var servers: Int
        public var told: Int
        public var running: Int
        /// What was foretold against what came.
        public var figures: [Figure]
        /// Servers that do not run it, the gravest first.
        public var behind: [Behind]
        /// How many more there are.
        public var more: Int
        /// Who decided last; nil while nobody has.
        public var decision: Decision?

        public struct Figure: Hashable, Sendable, Codable {
            public var pattern: String
            public var urgency: String?
            /// Servers that tried it, do not run it and foretell something of it; how much in all.
            public var servers: Int
            public var surely: Int
            public var atMost: Int
            /// Where it runs: foretold at most, found, and what would be by the other servers.
            public var foretold: Int
            public var found: Int
            public var others: Int
            public init(
                pattern: String, urgency: String?, servers: Int, surely: Int, atMost: Int, foretold: Int, found: Int,
                others: Int
            ) {
                self.pattern = pattern
                self.urgency = urgency
                self.servers = servers
                self.surely = surely
                self.atMost = atMost
                self.foretold = foretold
                self.found = found
                self.others = others
            }
        }

        public struct Behind: Hashable, Sendable, Codable {
            public var host: HostID
            public var hostname: String
            /// The version that it runs; nil where none of the channel does.
            public var running: Int64?
            public var because: String
            public init(host: HostID, hostname: String, running: Int64?, because: String) {
                self.host = host
                self.hostname = hostname
                self.running = running
                self.because = because
            }
        }

        public struct Decision: Hashable, Sendable, Codable {
            public var kind: String
            public var by: String
            public var because: String
            public var time: Timestamp
            public init(kind: String, by: String, because: String, time: Timestamp) {
                self.kind = kind
                self.by = by
                self.because = because
                self.time = time
            }
        }

        public init(
            version: Int64, before: Int64?, state: String, because: String, since: Timestamp, ring: Int?, rings: Int,
            servers: Int, told: Int, running: Int, figures: [Figure], behind: [Behind], more: Int, decision: Decision?
        ) {
            self.version = version
            self.before = before
            self.state = state
            self.because = because
            self.since = since
            self.ring = ring
            self.rings = rings
            self.servers = servers
            self.told = told
            self.running = running
            self.figures = figures
            self.behind = behind
            self.more = more
            self.decision = decision
        }
    }

    /// `POST patterns/update`: what came of asking the source of one channel now.
    public struct ChannelOutcome: Hashable, Sendable, Codable {
        public enum Kind: String, Hashable, Sendable, CaseIterable {
            /// A version that was not here before.
            case new
            /// Nothing new.
            case unchanged
            /// What the source has is refused; what was here before goes on.
            case refused
            /// The source did not answer, or is not there.
            case absent
            /// The source is still being read.
            case pending
        }

        public var name: String
        /// A word of `Kind`; one of a newer collector as it is.
        public var outcome: String
        /// Version of the packs that are here now; nil before the first.
        public var version: Int64?
        /// The same when it was asked.
        public var before: Int64?
        /// Why nothing is taken; nil where nothing is refused.
        public var because: String?
        /// What is out of date, or odd.
        public var warnings: [String]

        public init(
            name: String, outcome: String, version: Int64?, before: Int64?, because: String?, warnings: [String]
        ) {
            self.name = name
            self.outcome = outcome
            self.version = version
            self.before = before
            self.because = because
            self.warnings = warnings
        }
    }

    /// `POST patterns/{name}/rollout`, `…/halt` and `…/rollback`: what a person decides about a version.
    public struct RolloutDecision: Hashable, Sendable, Codable {
        /// The last part of the path.
        public enum Kind: String, Hashable, Sendable, CaseIterable {
            /// It goes on, whatever held or halted it.
            case rollout
            /// Nothing goes on; what runs it, runs it.
            case halt
            /// Whoever runs it returns to what was before.
            case rollback
        }

        public var because: String
        public init(because: String) { self.because = because }
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
        /// `queued`, `claimed`, `delivered`, `retrying`, `refused`, `superseded`, `dropped`.
        public var state: String
        public var event: Ticket.Event
        @Bounded<CountBounds> public var attempts: Int
        public var deliveredAt: Timestamp?
        public var nextAttempt: Timestamp
        public var lastError: String?
        /// Of several addresses of the recipient those that refused it for good; nil where none did.
        public var refusedBy: [String]?
        public var reference: String?
        public var insteadOf: String?
        public init(
            id: String, recipient: String, channel: String, state: String, event: Ticket.Event, attempts: Int,
            deliveredAt: Timestamp?, nextAttempt: Timestamp, lastError: String?, refusedBy: [String]? = nil,
            reference: String?, insteadOf: String?
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
            self.refusedBy = refusedBy
            self.reference = reference
            self.insteadOf = insteadOf
        }
    }
}
