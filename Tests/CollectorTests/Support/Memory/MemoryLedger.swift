import Reports
import TestSupport

@testable import Collector

/// All that a collector remembers, as a value: a copy is a backup, and whoever forgets one has crashed.
///
/// It is no database that anybody runs: it serves the simulation, where a restore has to cost nothing, and proves that what
/// the recorders decide hangs on no SQL. `MemoryTransaction` has the verbs.
struct MemoryLedger: Sendable {
    struct HostAnd<Name: Hashable & Sendable>: Hashable, Sendable {
        var host: HostID
        var name: Name

        init(_ host: HostID, _ name: Name) {
            self.host = host
            self.name = name
        }
    }

    struct CaseRow: Sendable {
        var body: Case
        /// As it was when the case was opened, or when its fault was last put down to another part.
        var subject: String
        var senderNumber: String?
        var senderStore: String?
    }

    struct ReportRow: Sendable {
        var received: Timestamp
        var envelope: Envelope
    }

    struct KeptReport: Sendable {
        var envelope: Envelope
        var certificate: String?
    }

    struct Series: Sendable {
        var id: Int64
        var received: Timestamp
        var latest: SampleAggregate
        /// By when they came, and then by their end.
        var points: [Point] = []
    }

    struct Point: Sendable {
        var received: Timestamp
        var point: SparklinePoint
    }

    struct SeriesName: Hashable, Sendable {
        var component: ComponentID
        var signal: Signal
    }

    struct Acceptance: Sendable {
        var number: String
        var time: Timestamp
    }

    struct Held: Sendable {
        var ticket: HeldTicket
        var caseNumber: String
    }

    struct BegunTest: Sendable {
        var number: String
        var accepted: Timestamp
    }

    // MARK: Itself

    /// Nouns by name.
    var settings: [String: any Sendable] = [:]
    var identity: StoreIdentity?
    /// What numbers of tickets are drawn from.
    var numbers = SplitMix(seed: .random(in: .min ... .max))

    // MARK: Cases

    var cases: [String: Kept<CaseRow>] = [:]
    /// Numbers of each host's own cases, in the order in which they were opened.
    var casesOfHost: [HostID: [String]] = [:]
    var caseOfFault: [HostAnd<FaultID>: String] = [:]
    var faultsOfCase: [String: Set<FaultID>] = [:]
    var reportsOfCase: [String: Kept<[KeptReport]>] = [:]
    var tests: [String: BegunTest] = [:]

    // MARK: Work

    /// By place.
    var work: [LoggedStep] = []
    var neighbours: [String: NeighbourState] = [:]
    /// What paired sites told and did not end: by sender, and then by its number.
    var held: [String: [String: Held]] = [:]

    // MARK: What stands

    var mirror: [HostID: [FaultID: Kept<MirroredFault>]] = [:]
    var statements: [HostID: [FaultStatement]] = [:]

    // MARK: Outbox

    /// By case and recipient.
    var told: [String: [String: Kept<ToldRow>]] = [:]
    /// Cases of which each recipient is owed something.
    var owed: [String: Set<String>] = [:]
    var recipients: [String: RecipientHealth] = [:]
    /// By id, and the ids of each case, the oldest first.
    var messages: [String: Kept<DeliveryRecord>] = [:]
    var messagesOfCase: [String: [String]] = [:]

    // MARK: Fleet

    var servers: [HostID: Kept<ServerRecord>] = [:]
    var events: [HostID: [ServerEvent]] = [:]
    var inventories: [HostID: Kept<Inventory>] = [:]
    var partsSeen: [HostID: PartsSeen] = [:]
    var blindSpots: [HostID: [AcceptedBlindSpot]] = [:]
    var declarations: [HostID: [DeclaredPart]] = [:]
    var series: [HostID: [SeriesName: Kept<Series>]] = [:]
    var seriesCount: Int64 = 0
    var archive: [HostID: [ReportRow]] = [:]

    // MARK: Trust

    var tokens: [String: IssuedToken] = [:]
    var keys: [String: AgentKey] = [:]
    var sites: [String: PairedSite] = [:]
    var partners: [String: PartnerTrust] = [:]
    /// By sender, and then by the ticket's id.
    var acceptances: [HostAnd<String>: Acceptance] = [:]
    var accounts: [String: Account] = [:]
    var logins: [String: AccessToken] = [:]

    init() {}
}

/// A noun that is not changed in place: a dictionary of them is copied without copying them.
final class Kept<Value: Sendable>: Sendable {
    let value: Value
    init(_ value: Value) { self.value = value }
}
