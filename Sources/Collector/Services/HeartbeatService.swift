import Logging
import Reports
import ServiceLifecycle

/// Reports to partner collectors that this one is alive, so that a dead collector is noticed.
actor HeartbeatService: Service {
    private let environment: CollectorEnvironment
    private let receivers: [(name: String, channel: any HeartbeatReceiver)]
    private var failing: Set<String> = []

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
                try? await Task.sleep(for: self.environment.configuration.heartbeatInterval)
            }
        }
    }

    /// One round. A partner that does not answer delays nobody: all are notified at once.
    func announce() async {
        guard !receivers.isEmpty, await environment.maySend else { return }
        let heartbeat: CollectorHeartbeat
        do {
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
                        try await receiver.channel.announce(heartbeat)
                        return (receiver.name, nil)
                    } catch {
                        return (receiver.name, error)
                    }
                }
            }
            for await (name, error) in group { note(error, from: name) }
        }
    }

    private func compose() async throws(StoreError) -> CollectorHeartbeat {
        let waiting = try await environment.store.recipientStates().reduce(0) { $0 + $1.waiting }
        let open = try await environment.store.countCases(CaseQuery())
        return CollectorHeartbeat(
            site: environment.identity.site, version: CallhomeVersion.current, time: environment.now(),
            interval: Int(environment.configuration.heartbeatInterval.inSeconds), openCases: open, waiting: waiting,
            counter: try await environment.store.nextHeartbeat(at: environment.now()))
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
