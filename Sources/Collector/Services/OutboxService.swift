import Logging
import Reports
import ServiceLifecycle

/// Delivers what the store owes to recipients, until it is taken.
actor OutboxService: Service {
    /// Between two looks at the store when nothing is due.
    private static let pause = Duration.milliseconds(500)
    /// Between two looks for alarms.
    private static let alarmPause = Duration.seconds(5)

    private let environment: CollectorEnvironment
    private let limits: OutboxPlan.Limits
    private let channels: [String: any PartnerChannel]
    private var plan: OutboxPlan
    private var alarmed: Set<String> = []
    private var alarmsSeen: Timestamp?
    /// Why the last look at the store failed.
    private var claimError: StoreError?

    init(_ environment: CollectorEnvironment) {
        let configuration = environment.configuration
        self.environment = environment
        limits = configuration.outbox
        channels = Dictionary(
            configuration.recipients.map { ($0.name, $0.makeChannel(environment.store, environment.signingKey)) },
            uniquingKeysWith: { first, _ in first })
        plan = OutboxService.plan(configuration, resuming: [])
    }

    private static func plan(_ configuration: CollectorConfiguration, resuming states: [RecipientState]) -> OutboxPlan {
        OutboxPlan(
            limits: configuration.outbox, fallbacks: FallbackChain(configuration.recipients).fallbacks,
            resuming: states, configured: Set(configuration.recipients.map(\.name)),
            heir: CasePolicy(configuration).recipients.first { !$0.standsIn }?.name)
    }

    func run() async throws {
        if let states = try? await environment.store.recipientStates() {
            plan = OutboxService.plan(environment.configuration, resuming: states)
        }
        // What is under way when the collector is asked to stop is finished: an attempt takes seconds.
        await withDiscardingTaskGroup { group in
            while !Task.isShuttingDownGracefully, !Task.isCancelled {
                for delivery in await claim() {
                    group.addTask { await self.attempt(delivery) }
                }
                await reportAlarms()
                await cancelWhenGracefulShutdown { try? await Task.sleep(for: OutboxService.pause) }
            }
        }
    }

    /// What is due and may be tried now; what must wait is put off.
    func claim() async -> [Delivery] {
        let time = environment.now()
        let room = limits.inFlight - plan.inFlight
        guard room > 0, await environment.maySend else { return [] }
        do throws(StoreError) {
            let due = try await environment.store.claimDeliveries(limit: room, at: time, until: time + limits.claim)
            var chosen: [Delivery] = []
            for delivery in due {
                switch plan.begin(delivery, at: time) {
                case .deliver: chosen.append(delivery)
                case .postpone(let outcome): await record(outcome, for: delivery)
                }
            }
            claimError = nil
            return chosen
        } catch {
            // Once for each cause: a full disk would be filled by the log of it.
            if claimError != error, !error.isCancellation {
                environment.logger.error("cannot look for messages to deliver", metadata: ["error": "\(error)"])
            }
            claimError = error
            return []
        }
    }

    /// One attempt and what it led to.
    private func attempt(_ delivery: Delivery) async {
        let outcome: DeliveryOutcome
        do {
            let reference = try await send(delivery)
            outcome = plan.succeeded(delivery, with: reference)
        } catch {
            outcome = plan.failed(delivery, with: error, at: environment.now(), jitter: .random(in: 0..<1))
        }
        await record(outcome, for: delivery)
    }

    private func send(_ delivery: Delivery) async throws(ChannelError) -> TicketReference {
        guard let channel = channels[delivery.recipient] else {
            throw .rejected(
                because:
                    "the recipient \(delivery.recipient) is not configured any more: add it again, or close the case")
        }
        return try await channel.deliver(delivery, at: environment.now())
    }

    private func record(_ outcome: DeliveryOutcome, for delivery: Delivery) async {
        do {
            try await environment.store.record(outcome, for: delivery, at: environment.now())
        } catch {
            if error.isCancellation { return }
            // The claim runs out and the message is sent again, under the same id: the recipient knows it.
            environment.logger.error(
                "cannot note how a delivery ended; it will be repeated",
                metadata: ["delivery": "\(delivery.id)", "recipient": "\(delivery.recipient)", "error": "\(error)"])
        }
    }

    private func reportAlarms() async {
        let time = environment.now()
        if let alarmsSeen, time >= alarmsSeen, time - alarmsSeen < OutboxService.alarmPause { return }
        alarmsSeen = time
        guard let states = try? await environment.store.recipientStates() else { return }
        let alarms = RecipientAlarm.alarms(among: states, after: limits.alarmAfter, at: time)
        for alarm in alarms where !alarmed.contains(alarm.recipient) {
            environment.logger.error(
                "a recipient takes no messages",
                metadata: [
                    "recipient": "\(alarm.recipient)", "since": "\(alarm.since)", "waiting": "\(alarm.waiting)",
                    "error": "\(alarm.lastError)",
                ])
        }
        let names = Set(alarms.map(\.recipient))
        for name in alarmed.subtracting(names).sorted() {
            environment.logger.notice("a recipient takes messages again", metadata: ["recipient": "\(name)"])
        }
        alarmed = names
    }
}
