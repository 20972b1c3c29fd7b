import Logging
import Reports

/// What every part of a collector is given: made once in `Collector+build.swift`.
struct CollectorEnvironment: Sendable {
    var configuration: CollectorConfiguration
    var store: any CollectorStore
    /// Signs receipts, tickets and heartbeats.
    var signingKey: SigningKey
    /// PEM of the site's CA.
    var ca: String
    var identity: StoreIdentity
    var logger: Logger
    /// The only clock there is.
    var now: @Sendable () -> Timestamp

    /// What this site is called where others see it.
    var siteName: String { configuration.site.name.isEmpty ? "site \(identity.ticketPrefix)" : configuration.site.name }
}

/// Short, and without keys and tokens: logs print what they are given.
extension CollectorEnvironment: CustomDebugStringConvertible {
    var debugDescription: String { "collector \(identity.site)" }
}
