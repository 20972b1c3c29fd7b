import HTTPTypes
import Reports
import Synchronization

/// How many bytes each enrolled server, and each paired site, may bring: what an agent gathers in a week goes through at
/// once, and one that never stops is slowed down to what the disk can hold. Others are untouched.
///
/// It loses nothing: who is over is told when to come again. By a clock that only goes forward, and forgotten with the
/// process.
final class HostBudgets: Sendable {
    private let buckets = Mutex<[String: TokenBucket]>([:])
    private let start = ContinuousClock.now
    private let capacity: Double
    private let perHour: Double

    /// - Parameters:
    ///   - capacity: bytes at once.
    ///   - perHour: bytes that may follow in an hour.
    init(capacity: Int = ReportLimits.bytesAtOnce, perHour: Int = ReportLimits.bytesPerHour) {
        (self.capacity, self.perHour) = (Double(capacity), Double(perHour))
    }

    /// - Parameter sender: a host or a site, whose signature was checked.
    /// - Throws: `RequestProblem` 429 with the time to wait.
    func take(_ bytes: Int, of sender: String) throws(RequestProblem) {
        if let wait = take(bytes, of: sender, at: ContinuousClock.now - start) {
            throw RequestProblem(
                .tooManyRequests, "over-budget",
                "\(sender.prefix(80)) has sent more than \(Int(capacity) >> 20) MiB, and then more than "
                    + "\(Int(perHour) >> 20) MiB an hour: nothing is lost, the rest is taken later.",
                retryAfter: Int(min(wait.inSeconds, 3600).rounded(.up)))
        }
    }

    /// - Returns: how long to wait; nil where it may go.
    func take(_ bytes: Int, of sender: String, at time: Duration) -> Duration? {
        buckets.withLock { buckets in
            var bucket =
                buckets[sender] ?? TokenBucket(capacity: capacity, perSecond: perHour / 3600, at: time)
            let wait = bucket.take(Double(bytes), at: time)
            buckets[sender] = bucket
            if buckets.count > HostBudgets.remembered { buckets = buckets.filter { !$0.value.isFull(at: time) } }
            return wait
        }
    }

    /// Senders remembered; those that are at rest are forgotten first.
    private static let remembered = 10_000
}
