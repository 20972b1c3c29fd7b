import FoundationEssentials
import Reports

/// All that a store can do inside one transaction, noun by noun. Whatever is decided is written once on top of it, in the
/// recorders, so that every database behaves alike.
///
/// It is synchronous, and a body that uses it has no other effect: it may run again where a database asks for that.
protocol CollectorLedger: SettingBook, CaseBook, WorkBook, MirrorBook, OutboxBook, FleetBook, EnrolmentBook,
    PairingBook,
    AccountBook,
    RetentionBook
{}

/// What the collector knows of itself, by name.
protocol SettingBook {
    /// The id of this collector; made on first use.
    func identity() throws -> StoreIdentity
    /// A noun kept as JSON under a name; nil where there is none, or where it cannot be read and is set aside.
    func setting<Value: Codable & Sendable>(_ name: String, as type: Value.Type) throws -> Value?
    func set<Value: Codable & Sendable>(_ name: String, to value: Value) throws
}

extension SettingBook {
    /// Corrections of the time, which are no time that passed.
    func leaps() throws -> [ClockReckoning.Leap] { try setting("clock", as: ClockReckoning.self)?.leaps ?? [] }

    /// In which epoch the store is, and whether it may act.
    func storeRecord() throws -> StoreRecord { try setting("store", as: StoreRecord.self) ?? StoreRecord() }
    func save(_ record: StoreRecord) throws { try set("store", to: record) }

    /// How many agents may be asked still.
    func askLimit() throws -> AskLimit { try setting("asks", as: AskLimit.self) ?? AskLimit() }
    func save(_ limit: AskLimit) throws { try set("asks", to: limit) }
}

/// Cases, and the signed reports that they rest on.
protocol CaseBook {
    /// One that no case has, drawn at random.
    func newTicketNumber() throws -> String
    func findCase(number: String) throws -> Case?
    /// The newest case with this fault of one of our own hosts.
    func caseHolding(fault: FaultID, host: HostID) throws -> Case?
    /// The open case of one of our own hosts about `key`.
    func openCase(host: HostID, key: String) throws -> Case?
    func openCases(host: HostID) throws -> [Case]
    /// The gravest first, as `CollectorStore.cases` says.
    func cases(_ query: CaseQuery) throws -> [Case]
    func countCases(_ query: CaseQuery) throws -> Int
    /// Open cases of our own hosts that are no tests, by host and urgency.
    /// - Parameter host: nil for all.
    func openCases(weighedFor host: HostID?) throws -> [CaseWeight]
    /// The newest case made of the sender's ticket.
    /// - Parameter store: which made the number; nil where the sender did not say.
    func relayedCase(sender: String, store: String?, number: String) throws -> Case?
    /// The newest case made of a ticket of this origin, whoever brought it.
    func relayedCase(of origin: Ticket.Origin) throws -> Case?
    /// Cases of this origin made of what the host itself reported since then.
    func casesOpened(host: HostID, origin: Case.Origin, since: Timestamp) throws -> Int
    /// The newest of these, in whatever state.
    func newestCase(host: HostID, origin: Case.Origin, since: Timestamp) throws -> Case?
    /// `senderNumber`: the sender's number, where the case is a relayed one.
    func save(_ found: Case, senderNumber: String?) throws
    /// Once, however many of its changes are about the case.
    func keep(_ report: Envelope, certificate: String?, caseNumber: String) throws
    func forgetReports(caseNumber: String) throws
    /// In whatever is kept with a case.
    func replaceCertificate(_ old: String, by new: String) throws
    func saveTest(id: String, caseNumber: String, at time: Timestamp) throws
    func testRecord(id: String) throws -> TestRecord?
}

/// What stands by the agents' word.
protocol MirrorBook {
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
}

/// What recipients were told of cases and are owed.
protocol OutboxBook {
    /// Of every recipient that was, or is to be, told of the case, by name.
    func toldRows(caseNumber: String) throws -> [ToldRow]
    func toldRow(caseNumber: String, recipient: String) throws -> ToldRow?
    func save(_ row: ToldRow) throws
    /// Rows that are owed something, whose time has come and that nobody is trying. One that cannot be read is made anew.
    func dueRows(recipient: String, at time: Timestamp, limit: Int, order: DueOrder) throws -> [ToldRow]
    /// Rows that are owed something, the oldest first.
    func owedRows(recipient: String) throws -> [ToldRow]
    /// Rows that are owed something and may not be tried yet, whatever for.
    func parkedRows(recipient: String, at time: Timestamp) throws -> [ToldRow]
    /// Rows that are owed something and for which no fallback stands in.
    func undivertedRows(recipient: String, limit: Int) throws -> [ToldRow]
    /// Rows of all other recipients that are owed something, or whose case is open.
    func unsettledRows(except recipients: [String]) throws -> [ToldRow]
    /// Of every recipient, in the order of the cases' numbers.
    func rows(ofCasesClosedSince time: Timestamp) throws -> [ToldRow]
    /// Rows whose message is being sent.
    func runningRows() throws -> [ToldRow]
    /// How many attempts run, by recipient.
    func attemptsRunning(at time: Timestamp) throws -> [String: Int]
    func recipientHealths() throws -> [RecipientHealth]
    func recipientHealth(_ name: String) throws -> RecipientHealth?
    func save(_ health: RecipientHealth) throws
    /// Every one of these, and every other that is owed something.
    func recipientStates(_ addressees: [CasePolicy.Addressee]) throws -> [RecipientState]
    /// A new message, or what became of it; of each case and recipient the newest are kept.
    func save(_ record: DeliveryRecord) throws
    func deliveryRecord(id: String) throws -> DeliveryRecord?
    /// The oldest first.
    func deliveryRecords(caseNumber: String) throws -> [DeliveryRecord]
    /// Messages about the case that were begun for the recipient since then, and when the oldest of these was.
    func messagesBegun(
        caseNumber: String, recipient: String, since: Timestamp
    ) throws -> (count: Int, oldest: Timestamp?)
    /// Signed reports that the case rests on, newest last, and the certificates of who signed them.
    func reports(caseNumber: String) throws -> (reports: [Envelope], certificates: [String])
    /// Of every case that is not closed, by number.
    func openCaseNumbers() throws -> [String]
    /// After a leap of the clock each row and each recipient has the time that it had left.
    func moveOutbox(by shift: Duration) throws
}

/// In which order rows have their turn.
enum DueOrder: Sendable {
    /// Tests that nobody has tried yet, then by urgency, then the oldest.
    case turns
    /// Of these only such tests.
    case newTestsOnly
    /// Such tests, then those that were tried least lately.
    case leastTried
}

/// Servers and what they reported.
protocol FleetBook {
    /// All that there are, also those whose row cannot be read.
    func hosts() throws -> [HostID]
    /// Those whose row can be read.
    func serverRecords() throws -> [ServerRecord]
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
    /// By component and signal.
    func readings(host: HostID) throws -> [Reading]
    /// Oldest first, at most `FleetLimits.historyPoints`.
    func history(host: HostID, component: ComponentID, signal: Signal, since: Timestamp) throws -> [SparklinePoint]
    /// Newest first.
    func events(host: HostID, limit: Int) throws -> [ServerEvent]
    /// Whether some server that may report trusts a TLS root alone.
    func isAnyRootTrusted() throws -> Bool
    /// Names of servers that may report, and of sites, that do not trust this root alone.
    func trustingEarlier(than root: String, limit: Int) throws -> [String]
}

/// One-time tokens, and the keys of agents.
protocol EnrolmentBook {
    func token(id: String) throws -> IssuedToken?
    /// Newest first.
    /// - Parameter purpose: nil for all.
    func tokens(_ purpose: IssuedToken.Purpose?) throws -> [IssuedToken]
    func save(_ token: IssuedToken) throws
    func agentKey(id: String) throws -> AgentKey?
    func save(_ key: AgentKey) throws
    /// All keys of the host that are in force.
    func revokeKeys(host: HostID, because: String, at time: Timestamp) throws
}

/// Other collectors: whose tickets are taken, and to whom they are handed on.
protocol PairingBook {
    func acceptance(sender: String, ticketID: String) throws -> String?
    func saveAcceptance(sender: String, ticketID: String, caseNumber: String, at time: Timestamp) throws
    func pairedSite(id: String) throws -> PairedSite?
    func save(_ site: PairedSite) throws
    /// All that there are, also those whose row cannot be read.
    func siteIDs() throws -> [String]
    /// By id.
    func pairedSites() throws -> [PairedSite]
    func pairedSite(keyID: String) throws -> PairedSite?
    func partnerTrust(recipient: String) throws -> PartnerTrust?
    func save(_ trust: PartnerTrust) throws
}

/// Who may log in, and with what.
protocol AccountBook {
    func account(name: String) throws -> Account?
    /// By name.
    func accounts() throws -> [Account]
    func save(_ account: Account) throws
    func deleteAccount(name: String) throws
    func accessToken(hash: String) throws -> AccessToken?
    /// Sessions and API tokens, newest first.
    /// - Parameter account: nil for all.
    func accessTokens(account: String?) throws -> [AccessToken]
    func save(_ token: AccessToken) throws
    func deleteAccessToken(hash: String) throws
    func deleteAccessTokens(account: String) throws
}

/// Deletes what is old, a portion at a time.
protocol RetentionBook {
    /// Tests that are not closed, the first `limit` of them.
    func openTests(openedBefore threshold: Timestamp, limit: Int) throws -> [Case]
    /// Closed cases with their deliveries and reports.
    /// - Returns: how many went.
    func deleteCases(closedBefore threshold: Timestamp, limit: Int) throws -> Int
    /// - Returns: how many went.
    func delete(_ kind: Perishable, before threshold: Timestamp, limit: Int) throws -> Int
    /// Points of sparklines, of the series after `place`.
    /// - Returns: where to go on; nil where nothing is left.
    func deletePoints(before threshold: Timestamp, after place: Int64, series: Int, limit: Int) throws -> Int64?
}

/// What is deleted by its age alone.
enum Perishable: Hashable, Sendable, CaseIterable {
    /// Acceptances of blind spots that have ended.
    case blindSpots
    /// Signed reports of no case.
    case reports
    case declarations
    /// Faults that are over.
    case faults
    /// Series without a newer point.
    case series
    /// Sessions and API tokens that have run out.
    case logins
}

/// How many open cases of an urgency a host has.
struct CaseWeight: Hashable, Sendable {
    var host: HostID
    var urgency: Urgency?
    var cases: Int
}

/// One server with what only the intake needs to know.
struct ServerRecord: Hashable, Sendable, Codable {
    var server: Server
    var positions: StreamPositions
    /// What the agent is asked about its faults; nil where its account is ours.
    var question: StandingQuestion?
    /// From which boots its reports come; nil of a collector up to 0.1.
    var boots: BootWatch?
    /// How many faults its patterns opened lately; nil before the first, and of a collector up to 0.1.
    var openings: FaultOpenings?
}
