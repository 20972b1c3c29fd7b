/// `StoreEpoch.term` where it stands alone.
public typealias StoreTerm = Bounded<SequenceBounds>

/// Which life of a collector's store something comes from: compared by its term, then by its start.
///
/// It belongs to the store and not to the process that serves on it. Two stores that come from one, as a copy and its
/// original do, differ by it, and the lower one has to stand back.
public struct StoreEpoch: Hashable, Sendable, Codable, Comparable {
    /// Rises only by `callhome-collector takeover`: by a person's word that this store goes on.
    @Bounded<SequenceBounds> public var term: Int64
    /// When a collector began to serve on it: seconds since 1970, and higher with each start whatever the clock says.
    @Bounded<SequenceBounds> public var start: Int64

    public init(term: Int64, start: Int64) {
        self.term = term
        self.start = start
    }

    /// Before the first start.
    public static let unbegun = StoreEpoch(term: 0, start: 0)

    public static func < (left: StoreEpoch, right: StoreEpoch) -> Bool {
        (left.term, left.start) < (right.term, right.start)
    }

    /// Of a store on which a collector starts now.
    public func begun(at time: Timestamp) -> StoreEpoch {
        StoreEpoch(term: term, start: max(start + 1, time.milliseconds / 1000))
    }

    /// Of a store that goes on by a person's word, above all that is known.
    public func takenOver(at time: Timestamp) -> StoreEpoch {
        StoreEpoch(term: term + 1, start: begun(at: time).start)
    }
}
