import Glibc
public import Reports

/// Where services get the time from. Everything below them is given it as an argument.
public protocol AgentClock: Sendable {
    func now() -> Moment
    /// Returns when the time since boot is at least `uptime`.
    /// - Throws: `CancellationError` when the task is cancelled first.
    func sleep(until uptime: Duration) async throws
}

/// The clocks of the machine.
public struct MachineClock: AgentClock {
    private let boot: String

    /// - Parameter boot: the kernel's boot id, read once: it cannot change under a running program.
    public init(boot: String) { self.boot = boot }

    public func now() -> Moment {
        Moment(
            time: Timestamp(milliseconds: MachineClock.read(CLOCK_REALTIME).inMilliseconds), boot: boot,
            uptime: MachineClock.read(CLOCK_BOOTTIME), isSynchronised: NetworkTime.isSynchronised ?? false)
    }

    public func sleep(until uptime: Duration) async throws {
        try await Task.sleep(for: uptime - MachineClock.read(CLOCK_BOOTTIME), tolerance: MachineClock.tolerance)
    }

    /// How late a wake-up may come, so that the kernel can serve several at once.
    private static let tolerance = Duration.milliseconds(200)

    private static func read(_ clock: Int32) -> Duration {
        var value = timespec()
        // Cannot fail for these two clocks (clock_gettime(2)); on failure `value` stays 0, a time as wrong as any.
        _ = unsafe clock_gettime(clock, &value)
        return .seconds(value.tv_sec) + .nanoseconds(value.tv_nsec)
    }
}
