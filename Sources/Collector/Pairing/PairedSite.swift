import Reports

/// Another collector that hands tickets to this one.
struct PairedSite: Hashable, Sendable, Codable {
    /// The other collector's own id.
    var id: String
    var name: String
    /// PEM of its CA: the root of its agents' certificates.
    var ca: String
    /// PEM: its CA's key, certified by our CA, so that whoever trusts us can check its agents' reports.
    var crossCertificate: String
    /// What it signs tickets and heartbeats with.
    var key: VerifyingKey
    var pairedAt: Timestamp
    var lastHeartbeat: Timestamp?
    /// Seconds, as the site last reported.
    var heartbeatInterval: Int?
    var isSilent: Bool
    /// Fingerprint of our TLS root that the site trusts alone, as it said, signed; nil: our CA, as up to 0.1.
    var root: String?
    /// `StoreEpoch.term` of the site's store, as of the newest heartbeat; nil: 0.
    var heartbeatTerm: Int64?
    /// Of the newest heartbeat that was taken, within that term; of a collector that does not count, its time.
    var heartbeatNumber: Int64?
    /// Whether it counts its heartbeats: then one without a number is not its own any more.
    var countsHeartbeats: Bool?
}

/// A collector that this one hands tickets to: what pairing returned about it.
struct PartnerTrust: Hashable, Sendable, Codable {
    /// Name of the recipient in the configuration.
    var recipient: String
    var url: String
    /// PEM; the only root that is trusted when speaking to it. Up to 0.1 the partner's CA.
    var ca: String
    var key: VerifyingKey
    var pairedAt: Timestamp
    /// The token that it was paired by: another one in the configuration means to pair again.
    var token: String
}
