import Logging
import PatternChannel
import Reports

/// What a person decides about a version of patterns, by the console and by the command alike.
struct PatternDecision {
    let environment: CollectorEnvironment

    init(_ environment: CollectorEnvironment) { self.environment = environment }

    /// Channels with their settings, in the order of the configuration.
    var channels: [(known: MirroredChannel, settings: PatternChannelSettings)] {
        environment.configuration.channels.compactMap { settings in
            environment.patterns.channel(settings.name).map { ($0, settings) }
        }
    }

    /// - Throws: `StoreError` where nothing is on its way, or the decision means nothing now; `RequestProblem` without a reason.
    func take(
        _ kind: CollectorAPI.RolloutDecision.Kind, of name: String, by: String, because: String
    ) async throws {
        let reason = try DecisionReason.text(because)
        guard let settings = environment.configuration.channels.first(where: { $0.name == name }) else {
            throw StoreError.notFound(what: "channel of patterns \(CleanText.line(name, limit: 40))")
        }
        try await environment.checkIsCurrent()
        let order: Rollout.Order =
            switch kind {
            case .rollout: .rollout
            case .halt: .halt
            case .rollback: .rollback
            }
        let rollout = try await environment.store.take(
            order, of: settings, by: by, because: reason, at: environment.now())
        // Nobody goes further before the next look.
        environment.patterns.take(rollout)
        environment.logger.notice(
            "a person decided about patterns",
            metadata: [
                "channel": "\(settings.name)", "version": "\(rollout.targets)", "what": "\(kind.rawValue)",
                "by": "\(by)",
            ])
    }
}

extension CollectorAPI.ChannelAnswer {
    init(_ channel: MirroredChannel, _ rollout: CollectorAPI.RolloutAnswer?) {
        self.init(
            name: channel.name, source: channel.source, timestampVersion: channel.timestamp, version: channel.targets,
            askedAt: channel.askedAt, expiresAt: channel.expires,
            refused: channel.refusal.map { Refusal(reason: $0.reason, because: $0.because, since: $0.since) },
            warnings: channel.warnings,
            packs: channel.packs.map {
                Pack(name: $0.name, sha256: $0.sha256, engineLevel: $0.engineLevel, patterns: $0.patterns)
            }, withdrawn: channel.withdrawals.map { Withdrawn(pattern: $0.pattern, because: $0.because) },
            rollout: rollout)
    }
}

extension CollectorAPI.RolloutAnswer {
    /// Figures and servers in one answer.
    private static let shown = 100

    init(_ rollout: Rollout, of servers: [RolloutServer], _ rules: RolloutRules, at time: Timestamp) {
        let behind = rollout.behind(servers)
        self.init(
            version: rollout.targets, before: rollout.before, state: rollout.state.rawValue,
            because: rollout.sentence(of: servers, rules, at: time, in: .english), since: rollout.since,
            ring: rollout.state == .rolling ? rollout.ring + 1 : nil, rings: RolloutRules.shares.count,
            servers: servers.count { $0.status != nil }, told: rollout.activated.count,
            running: servers.count { $0.status?.active == rollout.targets },
            figures: rollout.figures(of: servers, at: time).prefix(CollectorAPI.RolloutAnswer.shown).map {
                Figure(
                    pattern: $0.pattern, urgency: $0.urgency, servers: $0.servers, surely: $0.surely,
                    atMost: $0.atMost, foretold: $0.foretold, found: $0.found, others: $0.others)
            },
            behind: behind.prefix(CollectorAPI.RolloutAnswer.shown).map { server in
                Behind(
                    host: server.host, hostname: server.hostname, running: server.status?.active,
                    because: rollout.sentence(of: server, rules, at: time, in: .english))
            }, more: max(0, behind.count - CollectorAPI.RolloutAnswer.shown),
            decision: rollout.said.map {
                Decision(kind: $0.order, by: $0.by, because: $0.because, time: $0.time)
            })
    }
}
