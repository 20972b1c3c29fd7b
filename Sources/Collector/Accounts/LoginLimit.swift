import Reports

/// Decides who may try a password: guessing is slowed down for each name and for each address by itself.
struct LoginLimit: Sendable {
    /// Failures in the window after which no more is tried.
    static let failuresPerName = 10
    static let failuresPerPeer = 20
    static let window = Duration.seconds(900)
    /// Keys remembered; beyond it the oldest go, so that an attacker cannot fill the memory.
    static let keys = 10_000

    private var failures: [String: [Timestamp]] = [:]

    /// How long to wait; nil when it may be tried.
    mutating func wait(name: String, peer: String, at time: Timestamp) -> Duration? {
        let waits = [("n:\(name)", Self.failuresPerName), ("p:\(peer)", Self.failuresPerPeer)].compactMap {
            key, limit in
            let recent = (failures[key] ?? []).filter { $0 <= time && time - $0 < Self.window }
            failures[key] = recent.isEmpty ? nil : recent
            guard recent.count >= limit, let first = recent.first else { return nil as Duration? }
            return Self.window - (time - first)
        }
        return waits.max()
    }

    mutating func failed(name: String, peer: String, at time: Timestamp) {
        for key in ["n:\(name)", "p:\(peer)"] { failures[key, default: []].append(time) }
        guard failures.count > Self.keys else { return }
        let oldest = failures.sorted { ($0.value.last ?? time) < ($1.value.last ?? time) }.prefix(Self.keys / 10)
        for (key, _) in oldest { failures[key] = nil }
    }

    mutating func succeeded(name: String) { failures["n:\(name)"] = nil }
}
