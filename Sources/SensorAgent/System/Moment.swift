import Glibc
public import Reports

/// One instant on all clocks of the machine: the wall clock, which may show anything, and the time since boot,
/// which orders what happened.
public struct Moment: Hashable, Sendable {
    /// CLOCK_REALTIME.
    public var time: Timestamp
    /// The kernel's boot id (`/proc/sys/kernel/random/boot_id`, random(4)).
    public var boot: String
    /// Time since boot, suspension included (CLOCK_BOOTTIME, clock_gettime(2)).
    public var uptime: Duration

    public init(time: Timestamp, boot: String, uptime: Duration) {
        self.time = time
        self.boot = boot
        self.uptime = uptime
    }
}

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
            uptime: MachineClock.read(CLOCK_BOOTTIME))
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
