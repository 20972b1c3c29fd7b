import Logging
import PatternChannel
import Reports
import ServiceLifecycle

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

/// What comes of the sources when a person has them asked now.
struct PatternQuestion {
    let environment: CollectorEnvironment

    /// How long the answer is waited for: a slow source goes on being read afterwards.
    static let patience = Duration.seconds(60)
    /// Between two looks whether it is there.
    private static let pause = Duration.milliseconds(100)

    init(_ environment: CollectorEnvironment) { self.environment = environment }

    /// - Throws: `RequestProblem` where the collector stops meanwhile.
    func ask(by: String, patience: Duration = PatternQuestion.patience) async throws -> [CollectorAPI.ChannelOutcome] {
        let before = environment.patterns.channels
        guard !before.isEmpty else { return [] }
        environment.logger.notice("a person has the sources of patterns asked now", metadata: ["by": "\(by)"])
        let question = environment.patterns.ask()
        let end = ContinuousClock.now + patience
        while environment.patterns.answered < question, ContinuousClock.now < end {
            if Task.isShuttingDownGracefully { throw RequestProblem.stopping }
            try await Task.sleep(for: PatternQuestion.pause)
        }
        let isAnswered = environment.patterns.answered >= question
        return environment.patterns.channels.map { channel in
            CollectorAPI.ChannelOutcome(
                channel, before: before.first { $0.name == channel.name }?.targets, isAnswered: isAnswered)
        }
    }
}

extension CollectorAPI.ChannelOutcome {
    init(_ channel: MirroredChannel, before: Int64?, isAnswered: Bool) {
        let outcome: Kind =
            if !isAnswered {
                .pending
            } else if let refusal = channel.refusal {
                refusal.isAbsence ? .absent : .refused
            } else {
                channel.targets == before ? .unchanged : .new
            }
        self.init(
            name: channel.name, outcome: outcome.rawValue, version: channel.targets, before: before,
            because: isAnswered ? channel.refusal.map { CleanText.line($0.because, limit: 500) } : nil,
            warnings: channel.warnings)
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
