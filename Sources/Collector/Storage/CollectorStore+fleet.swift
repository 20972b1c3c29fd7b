import Reports

/// Servers and what they reported.
extension CollectorStore {
    /// By hostname.
    func servers() async throws(StoreError) -> [Server] {
        try await read("listing servers") { transaction in
            let weights = Dictionary(grouping: try transaction.openCases(weighedFor: nil), by: \.host)
            return try transaction.serverRecords().map { $0.server.weighed(weights[$0.server.host] ?? []) }
                .sorted { ($0.hostname, $0.host) < ($1.hostname, $1.host) }
        }
    }

    func server(host: HostID) async throws(StoreError) -> Server? {
        try await read("reading a server") { transaction in
            guard let record = try transaction.serverRecord(host: host) else { return nil }
            return record.server.weighed(try transaction.openCases(weighedFor: host))
        }
    }

    func inventory(host: HostID) async throws(StoreError) -> Inventory? {
        try await read("reading an inventory") { try $0.inventory(host: host) }
    }

    /// By component and signal.
    func readings(host: HostID) async throws(StoreError) -> [Reading] {
        try await read("reading the latest samples") { try $0.readings(host: host) }
    }

    /// Oldest first, at most `FleetLimits.historyPoints`.
    func history(
        host: HostID, component: ComponentID, signal: Signal, since: Timestamp
    ) async throws(StoreError) -> [SparklinePoint] {
        try await read("reading the history of a signal") {
            try $0.history(host: host, component: component, signal: signal, since: since)
        }
    }

    /// Newest first.
    func events(host: HostID, limit: Int) async throws(StoreError) -> [ServerEvent] {
        try await read("reading the events of a server") { try $0.events(host: host, limit: limit) }
    }

    // MARK: Blind spots

    /// What is not seen on the server, or was accepted, by name.
    func blindSpots(host: HostID) async throws(StoreError) -> [BlindSpot] {
        try await read("reading the blind spots of a server") { transaction in
            guard let record = try transaction.serverRecord(host: host) else {
                throw StoreError.notFound(what: "server \(host)")
            }
            return try BlindSpotRecorder(transaction: transaction, time: record.server.enrolledAt).spots(
                of: record.server)
        }
    }

    /// Notes who lives with them and why; what of them holds no more, a later inventory ends.
    func acceptBlindSpots(
        _ choice: BlindSpotChoice, host: HostID, by: String, because: String, at time: Timestamp
    ) async throws(StoreError) -> [BlindSpot] {
        try await transaction("accepting blind spots") {
            try BlindSpotRecorder(transaction: $0, time: time).accept(choice, host: host, by: by, because: because)
        }
    }

    func withdrawBlindSpots(
        _ choice: BlindSpotChoice, host: HostID, by: String, because: String, at time: Timestamp
    ) async throws(StoreError) -> [BlindSpot] {
        try await transaction("taking blind spots back") {
            try BlindSpotRecorder(transaction: $0, time: time).withdraw(choice, host: host, by: by, because: because)
        }
    }

    // MARK: What people declare of parts

    /// Keeps it until the agent has answered.
    /// - Parameter part: id, name, device, place or serial number, among those of the newest inventory.
    func declare(
        _ verb: PartDeclaration.Verb, part: String, faultClass: String?, host: HostID, by: String, because: String,
        at time: Timestamp
    ) async throws(StoreError) -> DeclaredPart {
        try await transaction("declaring something of a part") {
            try DeclarationRecorder(transaction: $0, time: time).declare(
                verb, part: part, faultClass: faultClass, host: host, by: by, because: because)
        }
    }

    // MARK: Silence

    func silenceSubjects() async throws(StoreError) -> [LivenessSubject] {
        try await read("reading who should be heard") { [policy] in
            // No time is asked for.
            try SilenceRecorder(transaction: $0, policy: policy, time: Timestamp(milliseconds: 0)).subjects()
        }
    }

    func livenessMonitor() async throws(StoreError) -> LivenessMonitor? {
        try await read("reading the silence watch") { try $0.setting("silence", as: LivenessMonitor.self) }
    }

    /// Saves the watch and opens one case for each subject that fell silent.
    func recordSilence(
        _ watch: LivenessMonitor, silent: [LivenessFinding], at time: Timestamp
    ) async throws(StoreError) {
        try await transaction("recording silence") { [policy] transaction in
            try SilenceRecorder(transaction: transaction, policy: policy, time: time).record(watch, silent: silent)
        }
    }
}

extension Server {
    fileprivate func weighed(_ weights: [CaseWeight]) -> Server {
        var server = self
        server.openCases = weights.reduce(0) { $0 + $1.cases }
        server.urgency = weights.compactMap(\.urgency).max()
        return server
    }
}
