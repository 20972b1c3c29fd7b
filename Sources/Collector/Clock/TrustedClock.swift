import FoundationEssentials
import Glibc
import Reports
import Synchronization

/// The one clock of a running collector: the system's, as far as evidence supports it. See `ClockReckoning`.
final class TrustedClock: Sendable {
    private let wall: @Sendable () -> Timestamp
    private let uptime: @Sendable () -> Int64
    private let reckoning: Mutex<ClockReckoning>

    /// - Parameters:
    ///   - stored: what the process before this one knew; nil where none ran.
    ///   - wall: the system's clock.
    ///   - uptime: milliseconds that the machine has been on.
    init(
        resuming stored: ClockReckoning?, wall: @escaping @Sendable () -> Timestamp,
        uptime: @escaping @Sendable () -> Int64 = TrustedClock.systemUptime
    ) {
        self.wall = wall
        self.uptime = uptime
        var reckoning = stored ?? ClockReckoning(wall: wall(), uptime: uptime())
        shiftAtStart = reckoning.resume(wall: wall(), uptime: uptime())
        self.reckoning = Mutex(reckoning)
    }

    /// By how much deadlines have to be moved before anything looks at them.
    let shiftAtStart: Duration

    /// The time.
    var now: Timestamp {
        let (wall, uptime) = (wall(), uptime())
        return reckoning.withLock { $0.read(wall: wall, uptime: uptime) }
    }

    /// What the next process has to know.
    var state: ClockReckoning { reckoning.withLock { $0 } }

    /// Decides about a clock in doubt.
    /// - Parameter carryOut: moves the deadlines before anybody sees the new time; where it fails nothing has changed.
    func weigh<Failure: Error>(
        _ told: [ClockReckoning.Witness],
        _ carryOut: (Duration, ClockReckoning) async throws(Failure) -> Void
    ) async throws(Failure) -> ClockReckoning.Verdict {
        _ = now
        let (verdict, next) = reckoning.withLock { reckoning in
            var next = reckoning
            let verdict = next.weigh(told)
            if case .adopted = verdict {} else { reckoning = next }
            return (verdict, next)
        }
        guard case .adopted(let shift, _) = verdict else { return verdict }
        try await carryOut(shift, next)
        // The machine's count went on meanwhile: the next reading adds what passed.
        reckoning.withLock { $0 = next }
        return verdict
    }

    /// CLOCK_BOOTTIME of clock_gettime(2): nobody can set it, and it counts while the machine sleeps.
    static let systemUptime: @Sendable () -> Int64 = {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_BOOTTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
