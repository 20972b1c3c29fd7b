import Reports

/// Decides in which epoch a store is and whether it may act. Pure: same input, same output.
///
/// It is part of the store, so that whoever reads the store anew sees what another process made of it.
struct StoreRecord: Hashable, Sendable, Codable {
    /// Somebody said that the store goes on, though it may not know what happened last.
    struct Takeover: Hashable, Sendable, Codable {
        /// What happened after it, it may not know.
        var knownUntil: Timestamp
        var at: Timestamp
    }

    private(set) var epoch = StoreEpoch.unbegun
    private(set) var standing = StoreStanding.serving
    /// On which machine it served last; nil where that cannot be told.
    private(set) var machine: String?
    /// The newest one; nil before the first.
    private(set) var takeover: Takeover?

    /// A collector starts on it.
    /// - Parameters:
    ///   - machine: what tells this machine from others; nil where nothing does.
    ///   - knownUntil: when a collector last worked on it.
    mutating func beginServing(on machine: String?, knownUntil: Timestamp, at time: Timestamp) {
        recognise(machine, knownUntil: knownUntil)
        if self.machine == nil { self.machine = machine }
        // In a new epoch its receipts would send away the store that goes on, and nobody would be told of anything.
        guard standing == .serving else { return }
        epoch = epoch.begun(at: time)
    }

    /// A receipt of ours shows that a store with our keys is in this epoch.
    /// - Returns: whether that changed anything.
    mutating func learn(of other: StoreEpoch) -> Bool {
        guard other > epoch else { return false }
        var knownUntil = other.startTime
        switch standing {
        case .serving: break
        case .held(_, let earlier): knownUntil = min(earlier, knownUntil)
        case .fenced(let known, let earlier):
            if known >= other { return false }
            knownUntil = min(earlier, knownUntil)
        }
        standing = .fenced(by: other, knownUntil: knownUntil)
        return true
    }

    /// The store goes on, above all that it knows of.
    /// - Throws: `StoreError.conflict` where it serves already.
    mutating func takeOver(on machine: String?, knownUntil: Timestamp, at time: Timestamp) throws(StoreError) {
        // It may not have been started on this machine yet.
        recognise(machine, knownUntil: knownUntil)
        var highest = epoch
        switch standing {
        case .serving:
            throw .conflict(because: "this collector serves its site already: there is nothing to take over")
        case .held(_, let knownUntil): takeover = Takeover(knownUntil: min(knownUntil, time), at: time)
        case .fenced(let other, let knownUntil):
            takeover = Takeover(knownUntil: min(knownUntil, time), at: time)
            highest = max(epoch, other)
        }
        epoch = highest.takenOver(at: time)
        standing = .serving
        self.machine = machine
    }

    private mutating func recognise(_ machine: String?, knownUntil: Timestamp) {
        guard standing == .serving, let machine, let before = self.machine, before != machine else { return }
        standing = .held(.otherMachine, knownUntil: knownUntil)
    }

    /// What a copy of the store says of itself. One that may not act is no more because it was copied.
    func ofCopy(madeAt time: Timestamp) -> StoreRecord {
        var copy = self
        if standing == .serving { copy.standing = .held(.copy, knownUntil: time) }
        return copy
    }

    /// - Throws: `StoreError.notCurrent` where another store has to be asked.
    func checkIsCurrent() throws(StoreError) {
        guard !standing.takesReports, let sentence = standing.sentence(in: .english) else { return }
        throw .notCurrent(because: "\(sentence) \(StoreStanding.step(in: .english))")
    }

    /// Since when a problem may have been ordered under a number that the store does not know; nil where it cannot.
    /// - Parameter began: when the problem began.
    func perhapsOrdered(problemOf began: Timestamp) -> Timestamp? {
        // What comes while it is held is told when it goes on; until then another store may be telling it.
        if case .held(_, let knownUntil) = standing { return knownUntil }
        return takeover.flatMap { began <= $0.at ? $0.knownUntil : nil }
    }
}
