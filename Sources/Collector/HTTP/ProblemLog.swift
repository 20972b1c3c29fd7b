import HTTPTypes
import Logging
import Reports
import Synchronization

/// Logs each cause of refusal once an hour for each address, with the number of times it was kept quiet.
///
/// A cause is a code at a route: both are ours, so that nobody makes new ones by asking for other paths. Addresses are
/// others': only the first few of a cause have a line of their own.
final class ProblemLog: Sendable {
    /// Between two lines about the same cause.
    static let interval = Duration.seconds(3600)
    /// Addresses with a line of their own, for one cause in one interval.
    static let peers = 16

    private struct Cause: Hashable {
        var code: String
        var route: String
    }
    private struct Entry {
        var since: Timestamp
        var peers: Set<String> = []
        var suppressed = 0
    }

    private let logger: Logger
    private let entries = Mutex<[Cause: Entry]>([:])

    init(_ logger: Logger) { self.logger = logger }

    /// - Parameters:
    ///   - route: as the table of routes has it; nil where there is none of the path.
    ///   - path: of this request, for the line.
    ///   - cause: what went wrong inside, which is not for the caller.
    func note(
        _ problem: RequestProblem, route: String?, path: String, peer: String, at time: Timestamp, cause: String? = nil
    ) {
        let key = Cause(code: problem.problem.code, route: route ?? "none")
        let suppressed: Int? = entries.withLock { entries in
            var entry = entries[key] ?? Entry(since: time)
            defer { entries[key] = entry }
            var before = 0
            if time - entry.since >= ProblemLog.interval || time < entry.since {
                before = entry.suppressed
                entry = Entry(since: time)
            }
            guard entry.peers.count < ProblemLog.peers, entry.peers.insert(peer).inserted else {
                entry.suppressed += 1
                return nil
            }
            return before
        }
        guard let suppressed else { return }
        let level: Logger.Level = problem.status.kind == .serverError ? .error : .notice
        logger.log(
            level: level, "a request was refused",
            metadata: [
                "status": "\(problem.status.code)", "code": "\(problem.problem.code)", "peer": "\(peer)",
                "path": "\(CleanText.line(path, limit: 200))", "because": "\(cause ?? problem.problem.message)",
                "alike since last logged": "\(suppressed)",
            ])
    }
}
