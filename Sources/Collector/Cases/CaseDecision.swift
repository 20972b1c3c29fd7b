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

/// What a person decided about a recipient, and why: it stands in the history of each case that it touches.
struct RecipientDecision: Hashable, Sendable {
    var kind: CollectorAPI.RecipientDecision.Kind
    /// Name of the account.
    var by: String
    /// Some words, at least one.
    var because: String
    var time: Timestamp
}
