import Reports

/// Computes when a message was written: so long before the look as its stamp lies before now.
struct KernelClock: Sendable {
    /// The time of the look on the log's clock.
    let now: KernelMessage.Stamp?
    private let time: Timestamp

    /// - Parameters:
    ///   - newest: the stamp of the newest message, which stands for now in a recorded log.
    ///   - uptime: time since boot now; nil for a recorded log.
    init(newest: KernelMessage.Stamp?, uptime: Duration?, at time: Timestamp) {
        now = uptime.map { .uptime($0) } ?? newest
        self.time = time
    }

    /// Never later than the look; the time of the look for what has no stamp, or one of another clock.
    func time(of stamp: KernelMessage.Stamp?) -> Timestamp {
        switch (now, stamp) {
        case (.uptime(let now), .uptime(let then)), (.wall(let now), .wall(let then)):
            return time - max(.zero, now - then)
        default:
            return time
        }
    }
}
