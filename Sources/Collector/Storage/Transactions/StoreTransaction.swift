import FoundationEssentials
import Reports

/// What a store can do inside one transaction. The rules of cases, intake and relaying are written once on top of it,
/// so that every database behaves alike.
protocol StoreTransaction {
    // MARK: Cases

    func nextTicketNumber() throws -> String
    func findCase(number: String) throws -> Case?
    /// The newest case with this fault of one of our own hosts.
    func caseHolding(fault: FaultID, host: HostID) throws -> Case?
    /// The open case of one of our own hosts about `key`.
    func openCase(host: HostID, key: String) throws -> Case?
    func openCases(host: HostID) throws -> [Case]
    /// The newest case made of the sender's ticket.
    func relayedCase(sender: String, senderNumber: String) throws -> Case?
    /// Cases of this origin made of what the host itself reported since then.
    func casesOpened(host: HostID, origin: Case.Origin, since: Timestamp) throws -> Int
    /// The newest of these, in whatever state.
    func newestCase(host: HostID, origin: Case.Origin, since: Timestamp) throws -> Case?
    /// `senderNumber`: the sender's number, where the case is a relayed one.
    func save(_ found: Case, senderNumber: String?) throws
    func keep(_ report: Envelope, certificate: String?, caseNumber: String) throws

    func forgetReports(caseNumber: String) throws

    // MARK: What stands by the agents' word

    /// In these states, by their stamps.
    func mirroredFaults(host: HostID, states: [MirroredFault.State]) throws -> [MirroredFault]
    func mirroredFault(_ fault: FaultID, host: HostID) throws -> MirroredFault?
    /// A new one, or what became of it.
    func save(_ row: MirroredFault, host: HostID) throws
    /// The highest stamp of a server's changes; 0 before the first.
    func highestStamp(host: HostID) throws -> Int64
    /// Faults by which the case is open, whether it lists them or not.
    func faultsHolding(caseNumber: String) throws -> [FaultID]
    /// How many rows a server has; of those that are over the oldest are deleted first, down to `most` rows.
    func countMirroredFaults(host: HostID, most: Int) throws -> Int
    /// What is there of a statement that is not whole yet; nil where nothing is.
    func statementBegun(host: HostID) throws -> StatementBegun?
    /// Its parts in their order.
    func statementParts(host: HostID) throws -> [FaultStatement]
    func save(_ part: FaultStatement, host: HostID) throws
    func forgetStatementParts(host: HostID) throws
    /// Corrections of the time, which are no time that passed.
    func leaps() throws -> [ClockReckoning.Leap]

    // MARK: Outbox

    /// Does nothing where the delivery is there already.
    func enqueue(_ delivery: Delivery) throws
    /// Updates that were never tried give way to a newer one; with `all`, whatever tells of no new case.
    func supersedeUpdates(caseNumber: String, recipient: String, all: Bool) throws
    /// Messages about the case to whoever got most, since then, and when the oldest of these was made.
    func messages(caseNumber: String, since: Timestamp) throws -> (count: Int, oldest: Timestamp?)
    /// What the recipient did not take is due at once.
    func retryNow(recipient: String, at time: Timestamp) throws
    /// True when every delivery of the case was taken, and there is one.
    func allDelivered(caseNumber: String) throws -> Bool

    // MARK: Servers

    func serverRecord(host: HostID) throws -> ServerRecord?
    func save(_ record: ServerRecord) throws
    func note(_ event: ServerEvent, host: HostID) throws
    func save(_ inventory: Inventory, host: HostID) throws
    func inventory(host: HostID) throws -> Inventory?
    func partsSeen(host: HostID) throws -> PartsSeen
    /// Writes what differs.
    func save(_ seen: PartsSeen, replacing before: PartsSeen, host: HostID) throws
    /// Those in force, by name.
    func acceptedBlindSpots(host: HostID) throws -> [AcceptedBlindSpot]
    /// A new one, or the end of the one in force.
    func save(_ spot: AcceptedBlindSpot, host: HostID) throws
    /// The oldest first.
    func unansweredDeclarations(host: HostID) throws -> [DeclaredPart]
    /// A new one, or one that was answered.
    func save(_ declared: DeclaredPart, host: HostID) throws
    func save(_ samples: [SampleAggregate], host: HostID, at time: Timestamp) throws
    func archive(_ report: VerifiedReport, kind: String, host: HostID, at time: Timestamp) throws

    // MARK: Tests and tickets of others

    func saveTest(id: String, caseNumber: String, at time: Timestamp) throws
    func acceptance(sender: String, ticketID: String) throws -> String?
    func saveAcceptance(sender: String, ticketID: String, caseNumber: String, at time: Timestamp) throws
    func pairedSite(id: String) throws -> PairedSite?
    func save(_ site: PairedSite) throws
}

/// One server with what only the intake needs to know.
struct ServerRecord: Hashable, Sendable, Codable {
    var server: Server
    var positions: StreamPositions
    /// What the agent is asked about its faults; nil where its account is ours.
    var question: StandingQuestion?
}
