import Reports

/// A paired collector that steps are exchanged with: one that hands tickets to this one, or one that takes its tickets.
enum WorkNeighbour: Hashable, Sendable {
    /// `PairedSite.id`.
    case site(id: String)
    /// The recipient's name in the configuration, and the id of the key that was pinned when pairing: another collector behind
    /// the same name begins anew.
    case partner(recipient: String, keyID: String)

    /// Names what is kept of it.
    var name: String {
        switch self {
        case .site(let id): "site:\(id)"
        case .partner(_, let keyID): "partner:\(keyID)"
        }
    }
}

/// What is kept of a neighbour between two messages.
struct NeighbourState: Hashable, Sendable, Codable {
    /// Its own id, as it says, signed; and what it signs with.
    var collector: String?
    var key: VerifyingKey?
    /// Through which place of its log its steps are here.
    var ours: Int64 = 0
    /// Through which place of our log it has our steps, as it said last.
    var theirs: Int64 = 0
    /// Steps of it that were passed over, because their case was not here or not told yet, the newest last; nil before the first.
    var passedOver: [PassedOver]?
    /// The two digests, ours and its, over which something was told again last, and when: the same two once a day.
    var repaired: String?
    var repairedAt: Timestamp?
}

extension NeighbourState {
    /// Steps about one case that were passed over.
    struct PassedOver: Hashable, Sendable, Codable {
        var origin: Ticket.Origin
        /// Behind this place of the neighbour's log they come.
        var after: Int64
    }

    /// Cases of which that is remembered.
    static let mostPassedOver = 256

    mutating func passOver(_ origin: Ticket.Origin, after place: Int64) {
        var known = passedOver ?? []
        guard !known.contains(where: { $0.origin == origin && $0.after <= place }) else { return }
        known.removeAll { $0.origin == origin }
        known.append(PassedOver(origin: origin, after: place))
        passedOver = known.suffix(NeighbourState.mostPassedOver)
    }

    /// What was passed over about cases that are shared by now is asked for again.
    mutating func askAgain(where isShared: (Ticket.Origin) throws -> Bool) rethrows {
        guard let known = passedOver else { return }
        let shared = try known.filter { try isShared($0.origin) }
        guard let first = shared.map(\.after).min() else { return }
        ours = min(ours, first)
        passedOver = known.filter { !shared.contains($0) }
    }
}

/// One row of a collector's own log of steps: the order in which it heard of them.
struct LoggedStep: Hashable, Sendable {
    /// Each is higher than all before it: at least the milliseconds since 1970 when it was logged, so that a log that was put
    /// back from a backup goes on behind what neighbours know of it.
    var place: Int64
    var caseNumber: String
    var step: WorkStep.ID
}

/// What is to be told to a neighbour.
struct WorkPage: Hashable, Sendable {
    struct Line: Hashable, Sendable {
        var origin: Ticket.Origin
        var step: WorkStep
        /// nil for a step of our own, which is signed when it is sent.
        var signed: Envelope?
    }
    var have: Int64
    var after: Int64
    var through: Int64
    var isMore: Bool
    var lines: [Line] = []

    /// Nothing is told, and nothing counts as told.
    mutating func keepToItself() { (through, isMore, lines) = (after, false, []) }
}

extension WorkExchange {
    /// - Parameter key: signs this collector's own steps.
    init(_ page: WorkPage, signedBy key: SigningKey) throws {
        let steps = try page.lines.map { line in
            SharedStep(
                origin: line.origin,
                step: try line.signed ?? Envelope.sign(WireFormat.encode(line.step), as: .workStep, with: key))
        }
        self.init(have: page.have, after: page.after, through: page.through, more: page.isMore, steps: steps)
    }
}
