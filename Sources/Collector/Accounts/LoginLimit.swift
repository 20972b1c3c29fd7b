import Reports

/// Decides who may try a password: guessing is slowed down for each address, and for each name from one address.
///
/// No number of wrong guesses from elsewhere keeps anybody out: else whoever wants a fault to go unseen guesses ten times.
struct LoginLimit: Sendable {
    /// Failures in the window after which no more is tried: for one name from one address, and for one address.
    static let failuresPerName = 10
    static let failuresPerPeer = 20
    static let window = Duration.seconds(900)
    /// Keys remembered; beyond it the oldest go, so that an attacker cannot fill the memory.
    static let keys = 10_000

    private var failures: [String: [Timestamp]] = [:]

    /// How long to wait; nil when it may be tried.
    mutating func wait(name: String, peer: String, at time: Timestamp) -> Duration? {
        let waits = keys(name, peer).compactMap { key, limit in
            let recent = (failures[key] ?? []).filter { $0 <= time && time - $0 < Self.window }
            failures[key] = recent.isEmpty ? nil : recent
            guard recent.count >= limit, let first = recent.first else { return nil as Duration? }
            return Self.window - (time - first)
        }
        return waits.max()
    }

    mutating func failed(name: String, peer: String, at time: Timestamp) {
        for (key, _) in keys(name, peer) { failures[key, default: []].append(time) }
        guard failures.count > Self.keys else { return }
        let oldest = failures.sorted { ($0.value.last ?? time) < ($1.value.last ?? time) }.prefix(Self.keys / 10)
        for (key, _) in oldest { failures[key] = nil }
    }

    /// The right password: what was tried under this name from here counts no more.
    mutating func succeeded(name: String, peer: String) { failures["n:\(LoginLimit.network(peer)) \(name)"] = nil }

    private func keys(_ name: String, _ peer: String) -> [(key: String, limit: Int)] {
        let network = LoginLimit.network(peer)
        return [("n:\(network) \(name)", Self.failuresPerName), ("p:\(network)", Self.failuresPerPeer)]
    }

    /// What one asker has of addresses: of IPv6 a whole /64 network (RFC 6177), whose 2^64 addresses are one's own.
    static func network(_ peer: String) -> String {
        let address = peer.prefix { $0 != "%" }
        guard address.contains(":") else { return peer }
        // ::ffff:192.0.2.1 is the IPv4 address.
        if let last = address.split(separator: ":").last, last.contains(".") { return String(last) }
        let halves = address.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard let gap = halves.firstIndex(of: "") else { return halves.prefix(4).joined(separator: ":") }
        let head = halves[..<gap].filter { !$0.isEmpty }
        let tail = halves[gap...].filter { !$0.isEmpty }
        let zeros = [String](repeating: "0", count: max(0, 8 - head.count - tail.count))
        return (head + zeros + tail).prefix(4).joined(separator: ":")
    }
}
