import Reports

/// What a person decided about a case, and why: it stands in the case's history.
struct CaseDecision: Hashable, Sendable {
    var kind: CollectorAPI.Decision.Kind
    /// Name of the account.
    var by: String
    /// Some words, at least one.
    var because: String
    var time: Timestamp
}
