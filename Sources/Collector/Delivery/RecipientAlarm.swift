import Reports

/// A recipient that has taken nothing for too long, or one of whose addresses has: shown in the console, in `/healthz` and in the
/// metrics.
struct RecipientAlarm: Hashable, Sendable {
    var recipient: String
    var since: Timestamp
    var waiting: Int
    var lastError: String
    /// Of several addresses of it those that refuse what is sent to them, while the others take it; empty where all do.
    var addresses: [String] = []

    /// The alarms among `states`, by name.
    static func alarms(among states: [RecipientState], after limit: Duration, at time: Timestamp) -> [RecipientAlarm] {
        states.compactMap { state in
            if let since = state.failingSince, time - since >= limit {
                return RecipientAlarm(
                    recipient: state.name, since: since, waiting: state.waiting,
                    lastError: CleanText.line(state.lastError ?? ""))
            }
            let refusing = state.refusing.filter { time - $0.since >= limit }
            guard let since = refusing.map(\.since).min() else { return nil }
            return RecipientAlarm(
                recipient: state.name, since: since, waiting: state.waiting,
                lastError: CleanText.line(refusing.map(\.refusal).words ?? ""),
                addresses: refusing.map(\.refusal.address))
        }.sorted { $0.recipient < $1.recipient }
    }
}
