import Reports

/// What a disk finished within the last hour, from the kernel's counts of all that it ever did.
///
/// What it did until then is kept every five minutes, so that an hour is one of 60 to 65 minutes, and up to two where nobody
/// looked for a while.
struct RecentWork: Sendable {
    /// The window, and the step in which its beginning moves; seconds.
    private static let window = 3600.0
    private static let step = 300.0
    /// Fewer requests make no mean: what a disk with a few in an hour shows was never measured.
    static let requests: UInt64 = 300

    private var marks: [(time: Timestamp, total: DiskStatistics.Work)] = []

    /// - Parameter total: all that the disk ever finished.
    /// - Returns: what it finished within the last hour; nil until that was watched for so long, anew where a count fell or
    ///   the clock went back.
    mutating func take(_ total: DiskStatistics.Work, at time: Timestamp) -> DiskStatistics.Work? {
        if let last = marks.last, time < last.time || total.since(last.total) == nil { marks = [] }
        marks.removeAll { (time - $0.time).inSeconds > 2 * RecentWork.window }
        while marks.count >= 2, (time - marks[1].time).inSeconds >= RecentWork.window { marks.removeFirst() }
        if marks.last.map({ (time - $0.time).inSeconds >= RecentWork.step }) ?? true { marks.append((time, total)) }
        guard let first = marks.first, (time - first.time).inSeconds >= RecentWork.window else { return nil }
        return total.since(first.total)
    }
}
