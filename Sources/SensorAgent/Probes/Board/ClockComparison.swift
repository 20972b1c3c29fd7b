import Reports

/// Compares the real-time clock with the time of the network.
///
/// A kernel whose time is synchronised sets the real-time clock right within minutes (kernel/time/ntp.c, `sync_hw_clock`), and so
/// hides that it was wrong. So the clock is remembered as it was: its value at boot is what a dead battery shows.
struct ClockComparison: Sendable {
    /// How long the clock's offset at boot is reported; after that, its offset now.
    static let memoryOfBoot = Duration.seconds(3600)

    /// Seconds since 1970 by the real-time clock, less the time since boot, when both were first read.
    private var atBoot: Int64?
    private var wasSynchronised = false
    private var bootOffset: Int64?

    /// - Parameters:
    ///   - clock: seconds since 1970 by the real-time clock.
    ///   - uptime: time since boot.
    ///   - synchronised: whether `time` comes from the network.
    /// - Returns: seconds by which the clock is fast; nil while nothing is known that it could be compared with.
    mutating func offset(of clock: Int64, uptime: Duration, at time: Timestamp, synchronised: Bool) -> Double? {
        let seconds = uptime.inMilliseconds / 1000
        let boot = clock &- seconds
        let firstSeen = atBoot ?? boot
        atBoot = firstSeen
        guard synchronised else { return nil }
        let now = time.milliseconds / 1000
        if !wasSynchronised {
            wasSynchronised = true
            bootOffset = firstSeen &- (now &- seconds)
        }
        if uptime < ClockComparison.memoryOfBoot, let bootOffset { return Double(bootOffset) }
        return Double(clock &- now)
    }
}
