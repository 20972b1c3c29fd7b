import Reports

/// Work, and what partners hold.
extension CollectorStore {
    /// The last place of the log of steps.
    func newestWork() async throws(StoreError) -> Int64 {
        try await read("looking for steps") { try $0.newestWork() }
    }

    /// What follows for the neighbour.
    func workPage(for neighbour: WorkNeighbour) async throws(StoreError) -> WorkPage {
        try await read("reading steps") { [policy] transaction in
            try WorkRecorder(transaction: transaction, policy: policy, time: Timestamp(milliseconds: 0))
                .page(for: neighbour)
        }
    }

    func neighbourState(_ neighbour: WorkNeighbour) async throws(StoreError) -> NeighbourState {
        try await read("reading a neighbour") { try $0.neighbour(neighbour.name) ?? NeighbourState() }
    }

    /// Takes what a neighbour told: each step once.
    /// - Returns: why steps were refused, one sentence each.
    func take(_ work: VerifiedWork, from neighbour: WorkNeighbour, at time: Timestamp) async throws(StoreError)
        -> [String]
    {
        try await transaction("taking steps") { [policy] transaction in
            try WorkRecorder(transaction: transaction, policy: policy, time: time).take(work, from: neighbour)
        }
    }

    /// What each collector signs with that this one is paired with, by the collectors' own ids.
    func collectorKeys() async throws(StoreError) -> [String: VerifyingKey] {
        try await read("listing the keys of collectors") { [policy] transaction in
            var keys = Dictionary(
                try transaction.pairedSites().map { ($0.id, $0.key) }, uniquingKeysWith: { first, _ in first })
            let trusted = try policy.recipients.compactMap { try transaction.partnerTrust(recipient: $0.name)?.key.id }
            // A partner says itself what it is called: it takes no site's name. One that was paired anew has another key.
            for state in try transaction.neighbours().sorted(by: { $0.key < $1.key }).map(\.value) {
                guard let collector = state.collector, let key = state.key, trusted.contains(key.id) else { continue }
                if keys[collector] == nil { keys[collector] = key }
            }
            return keys
        }
    }

    /// What the recipient has confirmed last of each case, where that was no end.
    func toldTickets(recipient: String) async throws(StoreError) -> [HeldTicket] {
        try await read("listing what a partner was told") { try $0.toldTickets(recipient: recipient) }
    }

    /// What the paired site told last of each case, where that was no end.
    func heldTickets(sender: String) async throws(StoreError) -> [HeldTicket] {
        try await read("listing what a site told") { try $0.heldTickets(sender: sender) }
    }

    /// Tells a partner again what it lacks.
    /// - Parameter heartbeat: when the heartbeat was made that was answered so.
    func settle(
        _ held: HeldTickets, of neighbour: WorkNeighbour, recipient: String, heartbeat: Timestamp, at time: Timestamp
    ) async throws(StoreError) -> HeldOutcome {
        try await transaction("telling a partner again") { [policy] transaction in
            try HeldRecorder(transaction: transaction, policy: policy, time: time).settle(
                held, of: neighbour, recipient: recipient, heartbeat: heartbeat)
        }
    }
}
