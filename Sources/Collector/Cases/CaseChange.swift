import Reports

/// What became of a case by one fault change. Each outcome says why.
enum CaseChange: Hashable, Sendable {
    case opened(Case, because: String)
    /// `notice`: whether recipients are told; new evidence alone tells nobody.
    case updated(Case, notice: Notice, because: String)
    case closed(Case, because: String)
    case unchanged(reason: UnchangedReason)

    enum Notice: Hashable, Sendable {
        case send
        case keepQuiet
    }

    enum UnchangedReason: Hashable, Sendable, CustomStringConvertible {
        case neverOpened(FaultID)
        case alreadyCleared(FaultID)
        case caseClosed(number: String)
        case olderThanKnown(FaultID)

        var description: String {
            switch self {
            case .neverOpened(let id): "fault \(id) was cleared without ever having been opened here"
            case .alreadyCleared(let id): "fault \(id) had been cleared before"
            case .caseClosed(let number): "case \(number) was closed, and the fault did not get worse since"
            case .olderThanKnown(let id): "a newer state of fault \(id) is known"
            }
        }
    }
}

/// Who opens cases, and under which numbers and names.
struct CaseOpening: Hashable, Sendable {
    /// The ticket number to use if a case is opened.
    var number: String
    var origin: Case.Origin
    var host: HostID
    var hostname: String
}
