/// Why the store did not do it.
enum StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The database cannot be used now; nothing was changed. Try again later.
    case unavailable(doing: String, because: String)
    case notFound(what: String)
    /// What was asked for contradicts what is there.
    case conflict(because: String)
    /// Another store with the same keys serves in a later epoch: nothing was changed here.
    case notCurrent(because: String)

    var description: String {
        switch self {
        case .unavailable(let doing, let because):
            "\(doing) failed: \(because). Check the free space and the rights of the data directory"
        case .notFound(let what): "there is no \(what)"
        case .conflict(let because), .notCurrent(let because): because
        }
    }
}
