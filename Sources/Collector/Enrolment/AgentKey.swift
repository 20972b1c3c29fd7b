import Reports

/// A key that an agent signs with, and what became of it.
struct AgentKey: Hashable, Sendable, Codable {
    var key: VerifyingKey
    var host: HostID
    /// PEM, by the site's CA.
    var certificate: String
    var enrolledAt: Timestamp
    var revokedAt: Timestamp?
    /// Why it was revoked.
    var revokedBecause: String?
}
