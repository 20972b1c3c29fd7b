import Reports

/// What became of a case by one fault change. Each outcome states why.
enum CaseChange: Hashable, Sendable {
    case opened(Case, because: String)
    case updated(Case, notice: Notice, because: String)
    case closed(Case, because: String)
    case unchanged(reason: UnchangedReason)

    /// Whether recipients are notified.
    enum Notice: Hashable, Sendable {
        case send
        /// New evidence alone, or a fault too mild for a ticket, notifies nobody.
        case keepQuiet
    }

    enum UnchangedReason: Hashable, Sendable, CustomStringConvertible {
        case neverOpened(FaultID)
        case alreadyCleared(FaultID)
        case caseClosed(number: String)

        var description: String {
            switch self {
            case .neverOpened(let id): "fault \(id) was cleared without ever having been opened here"
            case .alreadyCleared(let id): "fault \(id) had been cleared before"
            case .caseClosed(let number): "case \(number) was closed, and the fault did not get worse since"
            }
        }
    }
}
