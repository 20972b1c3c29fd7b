import Reports

/// A recipient that has taken nothing for too long: shown in the console, in `/healthz` and in the metrics.
struct RecipientAlarm: Hashable, Sendable {
    var recipient: String
    var since: Timestamp
    var waiting: Int
    var lastError: String

    /// The alarms among `states`, by name.
    static func alarms(among states: [RecipientState], after limit: Duration, at time: Timestamp) -> [RecipientAlarm] {
        states.compactMap { state in
            guard let since = state.failingSince, time - since >= limit else { return nil }
            return RecipientAlarm(
                recipient: state.name, since: since, waiting: state.waiting,
                lastError: CleanText.line(state.lastError ?? ""))
        }.sorted { $0.recipient < $1.recipient }
    }
}
