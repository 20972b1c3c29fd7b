import Logging
import Reports
import Synchronization

/// Stored rows that cannot be read: a disk that lied, a hand that wrote, a version that was taken back.
///
/// Each is set aside: it stays where it is, whoever lists goes on without it, and the log says so once. One row never
/// keeps the collector from starting, a page from being shown, or a report of another server from being taken.
final class SetAside: Sendable {
    /// Rows that are told apart; further ones are counted.
    static let remembered = 1_000

    private let logger: Logger?
    private let rows = Mutex<Set<String>>([])

    init(_ logger: Logger?) { self.logger = logger }

    /// How many there were since the start.
    var count: Int { rows.withLock { $0.count } }

    /// - Parameters:
    ///   - noun: what the row should hold.
    ///   - row: what names it.
    func note(_ noun: Any.Type, row: String, because error: any Error) {
        let name = "\(noun) \(row.prefix(100))"
        let isNew = rows.withLock { rows in rows.count < SetAside.remembered && rows.insert(name).inserted }
        guard isNew else { return }
        logger?.error(
            "a stored row cannot be read and is set aside; all else goes on. Restore it from a backup, or delete it",
            metadata: ["row": "\(name)", "because": "\(DecodingReason.words(error))"])
    }
}
