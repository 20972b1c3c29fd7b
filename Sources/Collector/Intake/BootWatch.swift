import Reports

/// Decides by the boots that a server's reports come from whether two machines report in one name: copies of one disk do.
///
/// A machine that starts anew has a new boot id and never the old one again. What waited of the boot before comes in its order
/// within its stream, and is older than what was heard of that boot: only a report that is newer, after one of another boot, is
/// a *return*. A machine that was put back from a snapshot returns once; two that run return by turns.
struct BootWatch: Hashable, Sendable, Codable {
    private struct Boot: Hashable, Sendable, Codable {
        var id: String
        /// `ReportStream.rawValue`: faults of a boot come before the telemetry of the boot before.
        var stream: String
        /// The longest that was heard, in milliseconds.
        var uptime: Int64
    }

    /// Boots that are remembered, of both streams: the newest.
    static let boots = 16
    /// Returns within `span` by which there are two.
    static let enough = 2
    static let span = Duration.seconds(3600)
    /// Without a return for so long there is one again.
    static let quiet = Duration.seconds(86_400)

    /// The one that was new last at the end.
    private var known: [Boot] = []
    /// Of the newest report of each stream that was applied.
    private var current: [String: String] = [:]
    /// The newest, oldest first.
    private(set) var returns: [Timestamp] = []
    /// Two machines report, and a case says so.
    private(set) var areTwo = false

    /// What became of it with a report.
    enum Step: Hashable, Sendable { case nothing, becameTwo, becameOne }

    /// Notes a report that was applied.
    mutating func note(boot: String, uptime: Int64, in stream: ReportStream, at time: Timestamp) {
        defer { current[stream.rawValue] = boot }
        guard let index = known.firstIndex(where: { $0.id == boot && $0.stream == stream.rawValue }) else {
            known.append(Boot(id: boot, stream: stream.rawValue, uptime: uptime))
            if known.count > BootWatch.boots { known.removeFirst() }
            return
        }
        let isNewer = uptime > known[index].uptime
        known[index].uptime = max(uptime, known[index].uptime)
        guard isNewer, let last = current[stream.rawValue], last != boot else { return }
        returns.append(time)
        if returns.count > BootWatch.enough { returns.removeFirst() }
    }

    /// - Parameter quietSince: what returned before it counts no more: `quiet` ago.
    mutating func decide(quietSince: Timestamp) -> Step {
        if areTwo {
            guard let last = returns.last, last > quietSince else {
                (areTwo, returns) = (false, [])
                return .becameOne
            }
            return .nothing
        }
        guard returns.count >= BootWatch.enough, let first = returns.first, let last = returns.last,
            last - first < BootWatch.span
        else { return .nothing }
        areTwo = true
        return .becameTwo
    }
}
