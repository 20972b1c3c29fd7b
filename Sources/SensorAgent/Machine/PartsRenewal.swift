/// When the parts of a machine are read again, and which of them.
///
/// What a plug brings is read after a moment of quiet, device by device; all is read at the start, hourly, and where
/// the kernel had more events than it could keep for us.
struct PartsRenewal {
    /// Quiet after an event before what it tells of is read, and the longest wait for it.
    static let settle = Duration.milliseconds(200)
    static let patience = Duration.seconds(1)
    /// Time between two whole reads.
    static let wholeInterval = Duration.seconds(3600)
    /// Between two whole reads because events were lost: a device that floods the kernel must not cost a core.
    static let overrunPause = Duration.seconds(5)
    /// The administrator's labels of memory modules come without an event.
    static let memoryInterval = Duration.seconds(600)
    /// Time between two comparisons of what the folders list, where no udev tells of changes.
    static let listingInterval = Duration.seconds(10)
    /// Devices with news that are read one by one; above, all are.
    static let deviceLimit = 1_000

    enum Work: Equatable {
        case everything
        /// What the folders list otherwise than before.
        case listings
        case memory
        case devices([UdevDevice])
    }

    /// Whether udev tells of changes.
    private let hasEvents: Bool
    private var wholeAt: Duration?
    private var memoryAt: Duration = .zero
    private var listedAt: Duration = .zero
    private var wasOverrun = false
    private var news: [String: UdevDevice] = [:]
    private var heardFirst: Duration?
    private var heardLast: Duration = .zero

    init(hasEvents: Bool) { self.hasEvents = hasEvents }

    /// A device came, went or changed at `now`, a time of any steady clock.
    mutating func hear(_ device: UdevDevice, at now: Duration) {
        if news.count <= PartsRenewal.deviceLimit { news["\(device.subsystem)/\(device.name)"] = device }
        heardFirst = heardFirst ?? now
        heardLast = now
    }

    /// The kernel dropped events (ENOBUFS of netlink(7)).
    mutating func overrun() { wasOverrun = true }

    /// When there is something to do next.
    var due: Duration {
        guard let wholeAt else { return .zero }
        var due = min(wholeAt + PartsRenewal.wholeInterval, memoryAt + PartsRenewal.memoryInterval)
        if wasOverrun { due = min(due, wholeAt + PartsRenewal.overrunPause) }
        if let heardFirst { due = min(due, heardLast + PartsRenewal.settle, heardFirst + PartsRenewal.patience) }
        if !hasEvents { due = min(due, listedAt + PartsRenewal.listingInterval) }
        return due
    }

    /// What to do at `now`; nil: nothing is due.
    mutating func take(at now: Duration) -> Work? {
        guard now >= due else { return nil }
        let isOverrunDue = wasOverrun && wholeAt.map { now >= $0 + PartsRenewal.overrunPause } ?? true
        let isWholeDue = wholeAt.map { now >= $0 + PartsRenewal.wholeInterval } ?? true
        guard !isOverrunDue, !isWholeDue, news.count <= PartsRenewal.deviceLimit else {
            wasOverrun = false
            (wholeAt, memoryAt, listedAt) = (now, now, now)
            forgetNews()
            return .everything
        }
        if let heardFirst, now >= min(heardLast + PartsRenewal.settle, heardFirst + PartsRenewal.patience) {
            let devices = news.sorted { $0.key < $1.key }.map(\.value)
            forgetNews()
            return .devices(devices)
        }
        if now >= memoryAt + PartsRenewal.memoryInterval {
            memoryAt = now
            return .memory
        }
        listedAt = now
        return .listings
    }

    private mutating func forgetNews() {
        news = [:]
        heardFirst = nil
    }
}
