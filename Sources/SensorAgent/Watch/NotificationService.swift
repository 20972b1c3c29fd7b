import Daemon

/// Notifies systemd that the agent is up, and goes on doing so for as long as the watch goes on.
struct NotificationService: Service {
    private let notification: ServiceNotification
    private let watch: WatchService
    private let status: @Sendable () async -> String

    /// How often the line in `systemctl status` is renewed where no watchdog asks for more.
    private static let interval = Duration.seconds(30)

    init(_ notification: ServiceNotification, watch: WatchService, status: @escaping @Sendable () async -> String) {
        self.notification = notification
        self.watch = watch
        self.status = status
    }

    func run() async throws {
        notification.ready(status: "starting to look")
        let interval = min(notification.watchdogInterval.map { $0 / 2 } ?? Self.interval, Self.interval)
        while (try? await Task.sleep(for: interval, tolerance: interval / 10)) != nil {
            // Silence here is what makes systemd start the agent again.
            guard await watch.goesOn else { continue }
            notification.watchdog()
            notification.status(await status())
        }
        notification.stopping()
    }
}
