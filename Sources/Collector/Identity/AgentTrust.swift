import Reports

/// What an agent trusts as its collector, and how long its own key is vouched for.
struct AgentTrust: Hashable, Sendable, Codable {
    /// Fingerprint of the TLS root that it trusts alone, as it said itself, signed; nil: the site's CA, as up to 0.1.
    /// Whoever that CA vouches for can pass for the collector towards it.
    var root: String?
    /// When its certificate ends; nil: never, as up to 0.1.
    var certifiedUntil: Timestamp?

    /// Whether the agent is to say what it trusts, and gets a new certificate.
    func isDue(root current: String, at time: Timestamp) -> Bool { root != current || needsCertificate(at: time) }

    /// Too little is left, or, because the clock was wrong when it was made, too much.
    func needsCertificate(at time: Timestamp) -> Bool {
        guard let certifiedUntil else { return true }
        let left = certifiedUntil - time
        return left < AgentCertificate.renewal || left > AgentCertificate.lifetime + AgentCertificate.renewal
    }
}
