import HTTPTypes
import Logging
import Reports
import Synchronization

/// Logs each cause of refusal once an hour and peer, with the number of times it was kept quiet.
final class ProblemLog: Sendable {
    /// Between two lines about the same cause.
    static let interval = Duration.seconds(3600)
    /// Causes remembered.
    static let causes = 10_000

    private struct Cause: Hashable {
        var code: String
        var peer: String
        var path: String
    }
    private struct Entry {
        var loggedAt: Timestamp
        var suppressed = 0
    }

    private let logger: Logger
    private let entries = Mutex<[Cause: Entry]>([:])

    init(_ logger: Logger) { self.logger = logger }

    /// - Parameter cause: what went wrong inside, which is not for the caller.
    func note(_ problem: RequestProblem, path: String, peer: String, at time: Timestamp, cause: String? = nil) {
        let key = Cause(code: problem.problem.code, peer: peer, path: String(path.prefix(40)))
        let suppressed: Int? = entries.withLock { entries in
            if var entry = entries[key], time - entry.loggedAt < ProblemLog.interval, time >= entry.loggedAt {
                entry.suppressed += 1
                entries[key] = entry
                return nil
            }
            // A flood of different causes may not fill the memory: it is logged in full, and forgotten.
            if entries.count >= ProblemLog.causes { entries.removeAll() }
            let before = entries[key]?.suppressed ?? 0
            entries[key] = Entry(loggedAt: time)
            return before
        }
        guard let suppressed else { return }
        let level: Logger.Level = problem.status.kind == .serverError ? .error : .notice
        logger.log(
            level: level, "a request was refused",
            metadata: [
                "status": "\(problem.status.code)", "code": "\(problem.problem.code)", "peer": "\(peer)",
                "path": "\(path.prefix(200))", "because": "\(cause ?? problem.problem.message)",
                "alike since last logged": "\(suppressed)",
            ])
    }
}
