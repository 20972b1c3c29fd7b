import Reports

/// Versions of patterns on their way to the servers.
extension CollectorStore {
    /// Servers that may report, with what their patterns opened lately.
    func patternServers() async throws(StoreError) -> [PatternServer] {
        try await read("reading what servers run") { try $0.patternServers() }
    }

    /// Nil where the channel has offered none yet.
    func rollout(of channel: String) async throws(StoreError) -> Rollout? {
        try await read("reading a rollout") { try $0.rollout(of: channel) }
    }

    /// Keeps what came of a look, where nobody has decided anything since.
    /// - Parameter before: what was kept when it began; nil where nothing was.
    /// - Returns: whether it was kept.
    func keep(_ rollout: Rollout, over before: Rollout?) async throws(StoreError) -> Bool {
        try await transaction("keeping a rollout") { transaction in
            let stored = try transaction.rollout(of: rollout.channel)
            guard stored?.targets == before?.targets, stored?.revision == before?.revision else { return false }
            try transaction.save(rollout)
            return true
        }
    }

    /// What a person decides.
    /// - Throws: `notFound` where nothing is on its way, `conflict` where the decision means nothing now.
    func take(
        _ order: Rollout.Order, of channel: PatternChannelSettings, by: String, because: String, at time: Timestamp
    ) async throws(StoreError) -> Rollout {
        try await transaction("deciding about a rollout") { transaction in
            guard var rollout = try transaction.rollout(of: channel.name) else {
                throw StoreError.notFound(what: "version of \(channel.name): nothing was taken from its source yet")
            }
            guard rollout.takes(order) else {
                throw StoreError.conflict(
                    because: "version \(rollout.targets) of \(channel.name) is \(rollout.state.rawValue): "
                        + "\(order.rawValue) means nothing now")
            }
            let servers = try transaction.patternServers().map { RolloutServer($0.server, $0.openings, channel) }
            rollout.take(order, by: by, because: because, among: servers, at: time)
            try transaction.save(rollout)
            return rollout
        }
    }
}

/// One server with what a rollout looks at.
struct PatternServer: Sendable {
    var server: Server
    var openings: FaultOpenings
}

extension CollectorLedger {
    fileprivate func patternServers() throws -> [PatternServer] {
        try serverRecords().filter { $0.server.state != .revoked }.map {
            PatternServer(server: $0.server, openings: $0.openings ?? FaultOpenings())
        }
    }

    fileprivate func rollout(of channel: String) throws -> Rollout? {
        try setting("rollout \(channel)", as: Rollout.self)
    }

    fileprivate func save(_ rollout: Rollout) throws { try set("rollout \(rollout.channel)", to: rollout) }
}
