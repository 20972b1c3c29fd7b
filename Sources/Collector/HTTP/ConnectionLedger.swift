/// Who is connected and since when nothing happens: decides who may come, and who has to go.
///
/// Files are what runs out first: 1,100 connections that say nothing once kept every agent out. So there are never more
/// than fit, nobody has all of them, and of those that wait the one that has waited longest makes room.
struct ConnectionLedger: Sendable {
    /// Of the connection's channel.
    typealias ID = ObjectIdentifier

    struct Limits: Hashable, Sendable {
        /// Connections at the same time.
        var total: Int
        /// Of one address: IPv4 whole, IPv6 its network of 64 bits.
        var perPeer: Int
        /// From the connection to the end of the first request's head, TLS included.
        var head: Duration
        /// From one answer to the next request, and for what is left of the answer to be taken.
        var idle: Duration
        /// From the head of a request to its answer, the body's arrival included.
        var answer: Duration
    }

    enum Phase: Hashable, Sendable {
        /// No request is under way: before the first, or between two.
        case waiting
        case busy
    }

    enum Admission: Hashable, Sendable {
        case admitted
        /// In place of another one, which is to be closed.
        case instead(of: ID)
        case refused
    }

    private struct Connection: Hashable, Sendable {
        var peer: String
        var phase = Phase.waiting
        /// False until its first request: who never asked goes before who did.
        var hasAsked = false
        var since: Duration
    }

    let limits: Limits
    private var connections: [ID: Connection] = [:]
    private var perPeer: [String: Int] = [:]

    init(_ limits: Limits) { self.limits = limits }

    var count: Int { connections.count }

    /// - Parameters:
    ///   - peer: its address as `PeerAddress` has it.
    ///   - time: of a clock that only goes forward.
    mutating func admit(_ id: ID, peer: String, at time: Duration) -> Admission {
        var admission = Admission.admitted
        if perPeer[peer, default: 0] >= limits.perPeer {
            guard let idle = longestWaiting(of: peer) else { return .refused }
            remove(idle)
            admission = .instead(of: idle)
        } else if connections.count >= limits.total {
            guard let idle = longestWaiting(of: nil) else { return .refused }
            remove(idle)
            admission = .instead(of: idle)
        }
        connections[id] = Connection(peer: peer, since: time)
        perPeer[peer, default: 0] += 1
        return admission
    }

    mutating func enter(_ phase: Phase, _ id: ID, at time: Duration) {
        guard connections[id] != nil else { return }
        connections[id]?.phase = phase
        connections[id]?.since = time
        if phase != .waiting { connections[id]?.hasAsked = true }
    }

    mutating func remove(_ id: ID) {
        guard let gone = connections.removeValue(forKey: id) else { return }
        let left = perPeer[gone.peer, default: 1] - 1
        perPeer[gone.peer] = left > 0 ? left : nil
    }

    /// Those whose time is up; they are forgotten here and to be closed.
    mutating func overdue(at time: Duration) -> [ID] {
        let gone = connections.filter { time - $0.value.since > patience($0.value) }.map(\.key)
        for id in gone { remove(id) }
        return gone
    }

    private func patience(_ connection: Connection) -> Duration {
        switch connection.phase {
        case .waiting: connection.hasAsked ? limits.idle : limits.head
        case .busy: limits.answer
        }
    }

    /// Those that never asked come first, then the oldest.
    private func longestWaiting(of peer: String?) -> ID? {
        connections.filter { $0.value.phase == .waiting && (peer == nil || $0.value.peer == peer) }
            .min { (left, right) in
                let (one, other) = (left.value, right.value)
                return one.hasAsked == other.hasAsked ? one.since < other.since : !one.hasAsked
            }?.key
    }
}
