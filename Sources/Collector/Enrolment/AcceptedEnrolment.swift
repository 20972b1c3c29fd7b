import Reports

/// An enrolment that was checked: token, proof of possession and certificate are in order.
struct AcceptedEnrolment: Hashable, Sendable {
    var tokenID: String
    var host: HostID
    var hostname: String
    var key: VerifyingKey
    /// PEM, for `host` and `key`.
    var certificate: String
    /// True where `host` is known and this key takes its place: the old ones are revoked.
    var replaces: Bool
    /// What the agent trusts from now on, and until when its certificate is good.
    var trust: AgentTrust?
}
