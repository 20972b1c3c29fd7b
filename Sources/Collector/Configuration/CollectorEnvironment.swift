import Logging
import Reports

/// What every part of a collector is given: made once in `Collector+build.swift`.
struct CollectorEnvironment: Sendable {
    var configuration: CollectorConfiguration
    var store: any CollectorStore
    /// Signs receipts, tickets and heartbeats.
    var signingKey: SigningKey
    /// PEM of the site's CA: what vouches for agents' keys.
    var ca: String
    /// What whoever speaks to this collector trusts.
    var tlsRoot: ShownRoot
    var identity: StoreIdentity
    var logger: Logger
    /// The only clock there is.
    var now: @Sendable () -> Timestamp
    /// What all requests together may hold.
    let budget = ByteBudget(capacity: IntakeLimits.bytesInFlight, perPeer: IntakeLimits.bytesPerPeer)
    /// What is known of channels of patterns, and what servers are told of them.
    let patterns = PatternDesk()
    /// What each sender may bring.
    let hostBudgets = HostBudgets()
    let problems: ProblemLog

    init(
        configuration: CollectorConfiguration, store: any CollectorStore, signingKey: SigningKey, ca: String,
        tlsRoot: ShownRoot = ShownRoot(pem: "", fingerprint: ""), identity: StoreIdentity, logger: Logger,
        now: @escaping @Sendable () -> Timestamp
    ) {
        (self.configuration, self.store, self.signingKey, self.ca) = (configuration, store, signingKey, ca)
        (self.tlsRoot, self.identity, self.logger, self.now) = (tlsRoot, identity, logger, now)
        problems = ProblemLog(logger)
    }

    /// Whether this store may act for its site; not where that cannot be read.
    var maySend: Bool { get async { (try? await store.storeRecord().standing.maySend) ?? false } }

    /// - Throws: `StoreError.notCurrent` where another store has to be asked.
    func checkIsCurrent() async throws { try await store.storeRecord().checkIsCurrent() }

    /// What this site is called where others see it.
    var siteName: String { configuration.site.name.isEmpty ? "site \(identity.shortName)" : configuration.site.name }
}

extension BodyReader {
    init(_ environment: CollectorEnvironment) {
        self.init(deadline: environment.configuration.requestTimeout, budget: environment.budget)
    }
}

/// Short, and without keys and tokens: logs print what they are given.
extension CollectorEnvironment: CustomDebugStringConvertible {
    var debugDescription: String { "collector \(identity.site)" }
}
