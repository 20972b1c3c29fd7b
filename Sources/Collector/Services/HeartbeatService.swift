import Logging
import Reports
import ServiceLifecycle

/// Reports to partner collectors that this one is alive, so that a dead collector is noticed, and tells with it what was done
/// about cases: at once where that is new, since a partner cannot call a site, and its own steps come with the answer.
actor HeartbeatService: Service {
    /// Between two looks for new steps.
    private static let pause = Duration.milliseconds(500)
    /// Messages to one partner in a row, while more waits.
    private static let messages = 64

    private let environment: CollectorEnvironment
    private let receivers: [(name: String, channel: any HeartbeatReceiver)]
    private var failing: Set<String> = []
    /// The last place of the log of steps when partners were told last.
    private var told: Int64 = 0

    init(_ environment: CollectorEnvironment) {
        self.environment = environment
        receivers = environment.configuration.recipients.compactMap { recipient in
            (recipient.makeChannel(environment.store, environment.signingKey) as? any HeartbeatReceiver).map {
                (recipient.name, $0)
            }
        }
    }

    func run() async throws {
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            await cancelWhenGracefulShutdown {
                await self.announce()
                await self.rest()
            }
        }
    }

    /// Half the time that was promised, so that what a partner did is here within it; shorter where there are new steps.
    private func rest() async {
        let clock = ContinuousClock()
        let end = clock.now + environment.configuration.heartbeatInterval / 2
        while clock.now < end, !Task.isCancelled {
            try? await Task.sleep(
                for: receivers.isEmpty ? end - clock.now : min(HeartbeatService.pause, end - clock.now))
            // Where the database does not answer, the next sign of life says so.
            if !receivers.isEmpty, let newest = try? await environment.store.newestWork(), newest > told { return }
        }
    }

    /// One round. A partner that does not answer delays nobody: all are notified at once.
    func announce() async {
        guard !receivers.isEmpty, await environment.maySend else { return }
        let heartbeat: CollectorHeartbeat
        do {
            told = try await environment.store.newestWork()
            heartbeat = try await compose()
        } catch {
            if error.isCancellation { return }
            // A collector that cannot read its own database must not report that it is well.
            environment.logger.error("no heartbeat is sent", metadata: ["error": "\(error)"])
            return
        }
        await withTaskGroup(of: (String, ChannelError?).self) { group in
            for receiver in receivers {
                group.addTask {
                    do throws(ChannelError) {
                        try await self.tell(receiver.name, by: receiver.channel, heartbeat)
                        return (receiver.name, nil)
                    } catch {
                        return (receiver.name, error)
                    }
                }
            }
            for await (name, error) in group { note(error, from: name) }
        }
    }

    /// Tells one partner, until nothing waits on either side.
    private func tell(
        _ name: String, by channel: any HeartbeatReceiver, _ first: CollectorHeartbeat
    ) async throws(ChannelError) {
        var heartbeat = first
        for _ in 0..<HeartbeatService.messages {
            let outcome = try await channel.announce(heartbeat)
            note(outcome, from: name)
            guard outcome.isMoreWaiting || outcome.heldAfter != nil, !Task.isCancelled else { return }
            do throws(StoreError) {
                heartbeat = try await compose()
            } catch {
                throw .retry(after: nil, because: error.description)
            }
            heartbeat.told = outcome.heldAfter.map { ToldTickets([], after: $0) }
        }
    }

    private func note(_ outcome: AnnounceOutcome, from name: String) {
        for because in outcome.warnings.prefix(1) {
            environment.logger.warning(
                "not all that a partner told was taken",
                metadata: ["recipient": "\(name)", "because": "\(because)", "count": "\(outcome.warnings.count)"])
        }
        guard !outcome.toldAgain.isEmpty else { return }
        environment.logger.notice(
            "a partner lacks what it had taken, and is told again",
            metadata: [
                "recipient": "\(name)", "cases": "\(outcome.toldAgain.count)",
                "first": "\(outcome.toldAgain.first ?? "")",
            ])
    }

    private func compose() async throws(StoreError) -> CollectorHeartbeat {
        let waiting = try await environment.store.recipientStates().reduce(0) { $0 + $1.waiting }
        let open = try await environment.store.countCases(CaseQuery())
        return CollectorHeartbeat(
            site: environment.identity.site, version: CallhomeVersion.current, time: environment.now(),
            interval: Int(environment.configuration.heartbeatInterval.inSeconds), openCases: open, waiting: waiting,
            counter: try await environment.store.nextHeartbeat(at: environment.now()),
            term: StoreTerm(wrappedValue: try await environment.store.storeRecord().epoch.term))
    }

    /// Logs the change, not every round.
    private func note(_ error: ChannelError?, from name: String) {
        if let error {
            guard failing.insert(name).inserted, !Task.isCancelled else { return }
            environment.logger.warning(
                "a partner does not take heartbeats", metadata: ["recipient": "\(name)", "error": "\(error)"])
        } else if failing.remove(name) != nil {
            environment.logger.notice("a partner takes heartbeats again", metadata: ["recipient": "\(name)"])
        }
    }
}
