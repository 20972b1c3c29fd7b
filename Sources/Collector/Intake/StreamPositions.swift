import Reports

/// How far one agent's reports have come: each is applied once, and in order.
struct StreamPositions: Hashable, Sendable, Codable {
    @Bounded<SequenceBounds> private(set) var epoch: Int64
    @Bounded<SequenceBounds> private(set) var faults: Int64 = 0
    @Bounded<SequenceBounds> private(set) var telemetry: Int64 = 0
    /// `Receipt.contentHash` of the report at each stream's position; nil where none was kept, as up to 0.1.
    private var hashes: [String: String]?
    /// The last gap that was noted, so that it is noted once.
    private var notedGap: [String: Int64] = [:]

    init(epoch: Int64 = 1) { self.epoch = epoch }

    /// What to do with the report at one position.
    enum Decision: Hashable, Sendable {
        /// Apply it; it is the next one.
        case apply
        /// It was applied before.
        case repeated
        /// Another report than the one that was applied there: of an old copy of the spool, or of a second machine in the same
        /// name. What comes after it in its stream is of another history, too.
        case other
        /// Something before it is missing. `isNew`: this gap was not noted yet.
        case gap(expected: Int64, isNew: Bool)
        /// From a spool that was replaced: the receipt shows it by its epoch.
        case oldEpoch(known: Int64)
        /// No agent counts like that; nothing can be covered by it.
        case impossible(because: String)
    }

    /// Decides, and moves on where the answer is `apply`.
    /// - Returns: the decision, and the epoch that ended by it, if one did.
    /// - Parameter hash: `Receipt.contentHash` of the report.
    mutating func decide(
        _ position: ReportPosition, hash: String? = nil
    ) -> (decision: Decision, endedEpoch: Int64?) {
        guard position.first >= 1, position.first <= position.sequence, position.sequence <= PositionLimits.sequence
        else {
            return (.impossible(because: "positions run from 1 to 2^53: \(position.first)...\(position.sequence)"), nil)
        }
        guard position.epoch <= PositionLimits.sequence else {
            return (.impossible(because: "epochs run from 1 to 2^53: \(position.epoch)"), nil)
        }
        guard position.epoch >= epoch else { return (.oldEpoch(known: epoch), nil) }
        guard position.epoch - epoch <= PositionLimits.epochStep else {
            return (.impossible(because: "epoch \(position.epoch) is too far from the known \(epoch)"), nil)
        }
        var ended: Int64?
        if position.epoch > epoch {
            ended = epoch
            self = StreamPositions(epoch: position.epoch)
        }
        let through = self.through(position.stream)
        if position.sequence == through, let hash, let known = self.hash(position.stream), known != hash {
            return (.other, ended)
        }
        if position.sequence <= through { return (.repeated, ended) }
        if position.first - 1 > through {
            let isNew = notedGap[position.stream.rawValue] != through
            notedGap[position.stream.rawValue] = through
            return (.gap(expected: through + 1, isNew: isNew), ended)
        }
        switch position.stream {
        case .faults: faults = position.sequence
        case .telemetry: telemetry = position.sequence
        }
        notedGap[position.stream.rawValue] = nil
        var next = hashes ?? [:]
        next[position.stream.rawValue] = hash
        hashes = next
        return (.apply, ended)
    }

    /// Of the newest report of the stream that was applied; nil where it is not known.
    func hash(_ stream: ReportStream) -> String? { hashes?[stream.rawValue] }

    func through(_ stream: ReportStream) -> Int64 {
        switch stream {
        case .faults: faults
        case .telemetry: telemetry
        }
    }

    var progress: [Receipt.Progress] {
        ReportStream.allCases.map { Receipt.Progress(stream: $0, through: through($0), hash: hash($0)) }
    }
}

enum PositionLimits {
    /// Largest sequence number: JSON readers count exactly up to here.
    static let sequence: Int64 = SequenceBounds.range.upperBound
    /// An agent's epoch may be ahead of the known one by this much: it counts lost spools.
    static let epochStep: Int64 = 1_000
}
