import Reports

/// Which store this is among those that come from one, and whether it may act.
extension CollectorStore {
    /// In which epoch it is, and whether it may act.
    func storeRecord() async throws(StoreError) -> StoreRecord {
        try await read("reading what the store is") { try $0.storeRecord() }
    }

    /// A collector starts on it: a new epoch begins, or it is held.
    /// - Parameters:
    ///   - machine: what tells this machine from others; nil where nothing does.
    ///   - knownUntil: when a collector last worked on it.
    ///   - wall: the system's clock, where that is not believed; it may be right.
    ///   - wasOff: whether the machine was off since then: a snapshot of it that was put back has to be started.
    func beginServing(
        on machine: String?, knownUntil: Timestamp, at time: Timestamp, wall: Timestamp? = nil, wasOff: Bool = false
    ) async throws(StoreError) -> StoreRecord {
        try await transaction("beginning to serve") { [policy] transaction in
            var record = try transaction.storeRecord()
            record.beginServing(on: machine, knownUntil: knownUntil, at: time)
            try transaction.save(record)
            try OutboxRecorder(transaction: transaction, policy: policy, time: time)
                .renew(after: wasOff ? nil : max(time, wall ?? time) - knownUntil)
            return record
        }
    }

    /// A receipt of ours shows that a store with our keys is in this epoch: where that is a later one, this one stands back.
    @discardableResult
    func learn(of other: StoreEpoch) async throws(StoreError) -> StoreStanding {
        // Another process may have served on this very store: what it says now counts.
        let known = try await storeRecord()
        guard other > known.epoch else { return known.standing }
        return try await transaction("standing back") { transaction in
            var record = try transaction.storeRecord()
            if record.learn(of: other) { try transaction.save(record) }
            return record.standing
        }
    }

    /// This store goes on, and no other: whoever knows of a case that may stand otherwise elsewhere is told how it stands here.
    /// - Throws: `conflict` where it serves already.
    func takeOver(on machine: String?, at time: Timestamp) async throws(StoreError) -> StoreRecord {
        try await transaction("taking over") { [policy] transaction in
            var record = try transaction.storeRecord()
            let knownUntil = try transaction.setting("clock", as: ClockReckoning.self)?.time ?? time
            try record.takeOver(on: machine, knownUntil: knownUntil, at: time)
            try transaction.save(record)
            try OutboxRecorder(transaction: transaction, policy: policy, time: time)
                .tellOfTakeover(knownUntil: record.takeover?.knownUntil ?? knownUntil)
            return record
        }
    }
}
