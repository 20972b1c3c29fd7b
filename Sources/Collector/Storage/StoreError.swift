/// Why the store did not do it.
enum StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The database cannot be used now; nothing was changed. Try again later.
    case unavailable(doing: String, because: String)
    case notFound(what: String)
    /// Whoever asked does not wait any more, as when the program stops: nothing was changed, and nothing is wrong.
    case cancelled(doing: String)
    /// What was asked for contradicts what is there.
    case conflict(because: String)
    /// Another store with the same keys serves in a later epoch: nothing was changed here.
    case notCurrent(because: String)

    /// No case has this number: it may be misread, or told of another collector.
    static func noCase(_ number: String) -> StoreError {
        .notFound(
            what: "case \(CleanText.line(number, limit: 40)) here; `callhome cases list --state all` names them all")
    }

    var description: String {
        switch self {
        case .unavailable(let doing, let because):
            "\(doing) failed: \(because). Check the free space and the rights of the data directory"
        case .cancelled(let doing): "\(doing) was broken off: the collector stops"
        case .notFound(let what): "there is no \(what)"
        case .conflict(let because), .notCurrent(let because): because
        }
    }
}

extension Error {
    /// Whether it is only that somebody does not wait any more: no log calls that a fault.
    var isCancellation: Bool {
        if case .cancelled? = self as? StoreError { return true }
        return self is CancellationError
    }
}
