import FoundationEssentials
import Logging
import Reports
import ServiceLifecycle

/// Tells recipients of cases what the store owes them, until they have taken it.
actor OutboxService: Service {
    /// Between two looks at the store when nothing is due.
    private static let pause = Duration.milliseconds(500)
    /// Between two looks for alarms.
    private static let alarmPause = Duration.seconds(5)

    private let environment: CollectorEnvironment
    private let channels: [String: any PartnerChannel]
    private var alarmed: Set<String> = []
    private var alarmsSeen: Timestamp?
    private var isResumed = false
    /// Why the last look at the store failed.
    private var storeError: StoreError?

    init(_ environment: CollectorEnvironment) {
        self.environment = environment
        channels = Dictionary(
            environment.configuration.recipients.map {
                ($0.name, $0.makeChannel(environment.store, environment.signingKey))
            }, uniquingKeysWith: { first, _ in first })
    }

    func run() async throws {
        // What is under way when the collector is asked to stop is finished: an attempt takes seconds.
        await withDiscardingTaskGroup { group in
            while !Task.isShuttingDownGracefully, !Task.isCancelled {
                for delivery in await begin() {
                    group.addTask { await self.attempt(delivery) }
                }
                await reportAlarms()
                await cancelWhenGracefulShutdown { try? await Task.sleep(for: OutboxService.pause) }
            }
        }
    }

    /// What is sent now; it is stored that it was begun.
    func begin() async -> [Delivery] {
        guard await environment.maySend else { return [] }
        let time = environment.now()
        do throws(StoreError) {
            if !isResumed {
                let recipients = environment.configuration.recipients
                try await environment.store.resumeRecipients(
                    Dictionary(recipients.map { ($0.name, $0.fingerprint) }, uniquingKeysWith: { first, _ in first }),
                    at: time)
                isResumed = true
            }
            let begun = try await environment.store.beginDeliveries(
                at: time, newID: { UUID().uuidString.lowercased() })
            storeError = nil
            return begun
        } catch {
            // Once for each cause: a full disk would be filled by the log of it.
            if storeError != error, !error.isCancellation {
                environment.logger.error("cannot look for messages to deliver", metadata: ["error": "\(error)"])
            }
            storeError = error
            return []
        }
    }

    /// One attempt and what it led to.
    private func attempt(_ delivery: Delivery) async {
        do throws(ChannelError) {
            await record(.taken(try await send(delivery)), to: delivery)
        } catch {
            await record(DeliveryAnswer(error), to: delivery)
        }
    }

    private func send(_ delivery: Delivery) async throws(ChannelError) -> TicketReference {
        guard let channel = channels[delivery.recipient] else {
            throw .retry(after: nil, because: "the recipient \(delivery.recipient) is not configured any more")
        }
        return try await channel.deliver(delivery, at: environment.now())
    }

    private func record(_ answer: DeliveryAnswer, to delivery: Delivery) async {
        do {
            try await environment.store.record(
                answer, to: delivery, at: environment.now(), jitter: .random(in: 0..<1))
        } catch {
            if error.isCancellation { return }
            // The attempt runs out and the message is sent again, under the same id: the recipient knows it.
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
        let alarms = RecipientAlarm.alarms(
            among: states, after: environment.configuration.outbox.alarmAfter, at: time)
        for alarm in alarms where !alarmed.contains(alarm.recipient) {
            environment.logger.error(
                alarm.addresses.isEmpty
                    ? "a recipient takes no messages" : "some addresses of a recipient take no messages",
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
