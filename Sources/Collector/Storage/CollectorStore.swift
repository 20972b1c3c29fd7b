import FoundationEssentials
import Reports

/// The collector's memory. Each method is one whole, durable transaction, in domain words; when it throws, nothing was
/// changed.
///
/// One contract suite (Tests/CollectorTests/Storage) holds for every conformance.
protocol CollectorStore: Sendable {
    // MARK: Itself

    /// The id of this collector and the prefix of its ticket numbers; made on first use.
    func identity() async throws(StoreError) -> StoreIdentity
    /// A cheap statement that fails when the database does.
    func checkHealth() async throws(StoreError)
    /// Deletes what is older than the given times allow, counting only time that passed; closes tests that have had their
    /// day. Not one transaction but many small ones, so that whatever else is written comes in between.
    func tidy(_ retention: Retention, at time: Timestamp) async throws(StoreError)
    /// What is known of the time; nil where no collector ran on this store.
    func clock() async throws(StoreError) -> ClockReckoning?
    func save(_ clock: ClockReckoning) async throws(StoreError)
    /// Moves what is still to come: after a leap of the clock each deadline has the time that it had left.
    func moveDeadlines(by shift: Duration, keeping clock: ClockReckoning) async throws(StoreError)
    func close() async

    // MARK: Intake

    func agentKey(id: String) async throws(StoreError) -> AgentKey?
    /// Applies the reports once and in order; the case changes and the deliveries they cause are part of it.
    func accept(_ batch: VerifiedBatch, at time: Timestamp) async throws(StoreError) -> Receipt

    // MARK: Cases

    /// The gravest first: open before closed, real before tests, the most urgent, then the newest; of closed ones the
    /// newest. The order comes before the limit, so that no limit hides what is grave.
    func cases(_ query: CaseQuery) async throws(StoreError) -> [Case]
    /// How many there are, whatever the limit of the query.
    func countCases(_ query: CaseQuery) async throws(StoreError) -> Int
    func findCase(number: String) async throws(StoreError) -> Case?
    func decide(_ decision: CaseDecision, onCase number: String) async throws(StoreError) -> Case
    /// Oldest first, every state.
    func deliveries(caseNumber: String) async throws(StoreError) -> [Delivery]
    func testRecord(id: String) async throws(StoreError) -> TestRecord?

    // MARK: Outbox

    /// Hands out what is due, at most `limit`, until `until`; of one case and recipient only the oldest. New tests come
    /// first: each shows whether its recipient takes messages again.
    func claimDeliveries(limit: Int, at time: Timestamp, until: Timestamp) async throws(StoreError) -> [Delivery]
    func record(_ outcome: DeliveryOutcome, for delivery: Delivery, at time: Timestamp) async throws(StoreError)
    /// When the next delivery is due; nil while none waits.
    func nextDeliveryDue() async throws(StoreError) -> Timestamp?
    /// Every configured recipient, and every other that messages wait for.
    func recipientStates() async throws(StoreError) -> [RecipientState]

    // MARK: Fleet

    /// By hostname.
    func servers() async throws(StoreError) -> [Server]
    func server(host: HostID) async throws(StoreError) -> Server?
    func inventory(host: HostID) async throws(StoreError) -> Inventory?
    /// By component and signal.
    func readings(host: HostID) async throws(StoreError) -> [Reading]
    /// Oldest first, at most `FleetLimits.historyPoints`.
    func history(
        host: HostID, component: ComponentID, signal: Signal, since: Timestamp
    ) async throws(StoreError) -> [HistoryPoint]
    /// Newest first.
    func events(host: HostID, limit: Int) async throws(StoreError) -> [ServerEvent]

    // MARK: Blind spots

    /// What is not seen on the server, or was accepted, by name.
    func blindSpots(host: HostID) async throws(StoreError) -> [BlindSpot]
    /// Notes who lives with them and why; what of them holds no more, a later inventory ends.
    func acceptBlindSpots(
        _ choice: BlindSpotChoice, host: HostID, by: String, because: String, at time: Timestamp
    ) async throws(StoreError) -> [BlindSpot]
    func withdrawBlindSpots(
        _ choice: BlindSpotChoice, host: HostID, by: String, because: String, at time: Timestamp
    ) async throws(StoreError) -> [BlindSpot]

    // MARK: What people declare of parts

    /// Keeps it until the agent has answered.
    /// - Parameter part: id, name, device, place or serial number, among those of the newest inventory.
    func declare(
        _ verb: PartDeclaration.Verb, part: String, faultClass: String?, host: HostID, by: String, because: String,
        at time: Timestamp
    ) async throws(StoreError) -> DeclaredPart

    // MARK: Enrolment

    func save(_ token: IssuedToken) async throws(StoreError)
    func token(id: String) async throws(StoreError) -> IssuedToken?
    /// Newest first.
    func tokens(_ purpose: IssuedToken.Purpose) async throws(StoreError) -> [IssuedToken]
    func revokeToken(id: String, at time: Timestamp) async throws(StoreError)
    /// Uses the token up and remembers the key. The epoch to begin with is 1, or one past what a replaced server had.
    func enrol(_ enrolment: AcceptedEnrolment, at time: Timestamp) async throws(StoreError) -> Int64
    /// All keys of the host: its later reports are refused.
    func revokeKeys(host: HostID, because: String, at time: Timestamp) async throws(StoreError)

    // MARK: Pairing and relaying

    func pair(_ site: PairedSite, token: String, at time: Timestamp) async throws(StoreError)
    func pairedSites() async throws(StoreError) -> [PairedSite]
    func pairedSite(keyID: String) async throws(StoreError) -> PairedSite?
    func save(_ trust: PartnerTrust) async throws(StoreError)
    func partnerTrust(recipient: String) async throws(StoreError) -> PartnerTrust?
    /// Takes a ticket of a paired site: once by its id, and never an older revision over a newer.
    func accept(_ ticket: VerifiedTicket, at time: Timestamp) async throws(StoreError) -> TicketAcceptance
    /// - Throws: `conflict` for one that is no newer than the last.
    func recordSiteHeartbeat(_ heartbeat: SiteHeartbeat, at time: Timestamp) async throws(StoreError)
    /// The number of this collector's next heartbeat: higher than all before, and than those of a database that was lost.
    func nextHeartbeat(at time: Timestamp) async throws(StoreError) -> Int64

    // MARK: Moving to the TLS root

    /// Remembers which root the agent trusts alone, and gives the certificate of its key: a new one, made by `certify`, where
    /// one is due.
    /// - Parameter root: fingerprint of the TLS root.
    func renew(
        _ key: VerifyingKey, host: HostID, root: String, at time: Timestamp,
        certify: @escaping @Sendable (Timestamp) throws -> String
    ) async throws(StoreError) -> String
    /// Notes of every server of before that it trusts the site's CA still, and takes sites' new cross-certificates.
    /// - Parameter crossCertify: nil for a site whose certificate may stay.
    func beginTrustMove(
        crossCertify: @escaping @Sendable (PairedSite) throws -> String?
    ) async throws(StoreError)
    /// Whether some server that may report trusts a TLS root alone.
    func isAnyRootTrusted() async throws(StoreError) -> Bool
    /// A paired site trusts this root of ours alone, as it says, signed.
    func recordTrust(site: String, root: String) async throws(StoreError)
    /// Names of servers that may report, and of sites, that do not trust this root alone.
    func trustingEarlier(than root: String, limit: Int) async throws(StoreError) -> [String]

    // MARK: Silence

    func silenceSubjects() async throws(StoreError) -> [LivenessSubject]
    func livenessMonitor() async throws(StoreError) -> LivenessMonitor?
    /// Saves the watch and opens one case for each subject that fell silent.
    func recordSilence(_ watch: LivenessMonitor, silent: [LivenessFinding], at time: Timestamp) async throws(StoreError)

    // MARK: Accounts

    func account(name: String) async throws(StoreError) -> Account?
    func accounts() async throws(StoreError) -> [Account]
    /// Another password ends every login of the account, in the same transaction.
    func save(_ account: Account) async throws(StoreError)
    /// Removes the account with its logins.
    /// - Throws: `conflict` where it is the only one.
    func removeAccount(name: String) async throws(StoreError)
    func save(_ token: AccessToken) async throws(StoreError)
    /// - Parameter account: as it was when its password was checked.
    /// - Throws: `conflict` where it has changed since.
    func save(_ token: AccessToken, ofLogin account: Account) async throws(StoreError)
    /// Sessions and API tokens, newest first.
    func logins(account: String) async throws(StoreError) -> [AccessToken]
    func accessToken(hash: String) async throws(StoreError) -> AccessToken?
    /// API tokens, newest first.
    func accessTokens(account: String) async throws(StoreError) -> [AccessToken]
    func deleteAccessToken(hash: String) async throws(StoreError)
}

/// Which cases to list.
struct CaseQuery: Hashable, Sendable {
    var states: Set<Case.State> = [.open, .acknowledged]
    var host: HostID?
    var limit: Int = 500
    /// Cases to leave out before the first.
    var offset: Int = 0
}

/// How long things are kept.
struct Retention: Hashable, Sendable {
    /// Closed cases with their deliveries and reports.
    var closedCases: Duration
    /// Points of sparklines.
    var history: Duration
    /// Signed reports of no case.
    var reports: Duration
}

/// Where one test has come to.
struct TestRecord: Hashable, Sendable, Codable {
    var id: String
    /// When the test report, or the relayed ticket, was stored.
    var acceptedAt: Timestamp
    var caseNumber: String
    var caseOpenedAt: Timestamp
}
