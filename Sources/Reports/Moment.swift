/// One instant on all clocks of the machine: the wall clock, which may show anything, and the time since boot,
/// which orders what happened.
public struct Moment: Hashable, Sendable {
    /// CLOCK_REALTIME.
    public var time: Timestamp
    /// The kernel's boot id (`/proc/sys/kernel/random/boot_id`, random(4)).
    public var boot: String
    /// Time since boot, suspension included (CLOCK_BOOTTIME, clock_gettime(2)).
    public var uptime: Duration
    /// Whether something keeps the wall clock right: without STA_UNSYNC (adjtimex(2)).
    public var isSynchronised: Bool

    public init(time: Timestamp, boot: String, uptime: Duration, isSynchronised: Bool = true) {
        self.time = time
        self.boot = boot
        self.uptime = uptime
        self.isSynchronised = isSynchronised
    }
}
