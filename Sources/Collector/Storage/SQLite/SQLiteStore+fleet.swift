import FoundationEssentials
import GRDB
import Reports

/// Servers and what they reported.
extension SQLiteStore {
    func servers() async throws(StoreError) -> [Server] {
        try await read("listing servers") { transaction in
            let counts = try Row.fetchAll(
                transaction.db,
                sql: """
                    SELECT host, urgency, count(*) AS cases FROM "case" WHERE state <> 'closed' AND sender IS NULL
                    AND number NOT IN (SELECT number FROM test)
                    GROUP BY host, urgency
                    """)
            let byHost = Dictionary(grouping: counts) { $0["host"] as String }
            return try transaction.bodies(ServerRecord.self, "SELECT host, body FROM server").map { record in
                SQLiteStore.weigh(record.server, byHost[record.server.host] ?? [])
            }.sorted { ($0.hostname, $0.host) < ($1.hostname, $1.host) }
        }
    }

    func server(host: HostID) async throws(StoreError) -> Server? {
        try await read("reading a server") { transaction in
            guard let record = try transaction.serverRecord(host: host) else { return nil }
            let counts = try Row.fetchAll(
                transaction.db,
                sql: """
                    SELECT urgency, count(*) AS cases FROM "case" WHERE host = ? AND state <> 'closed' AND sender IS NULL
                    AND number NOT IN (SELECT number FROM test)
                    GROUP BY urgency
                    """, arguments: [host])
            return SQLiteStore.weigh(record.server, counts)
        }
    }

    private static func weigh(_ server: Server, _ counts: [Row]) -> Server {
        var server = server
        server.openCases = counts.reduce(0) { $0 + ($1["cases"] as Int) }
        server.urgency = counts.compactMap { Urgency(rawValue: $0["urgency"]) }.max()
        return server
    }

    func inventory(host: HostID) async throws(StoreError) -> Inventory? {
        try await read("reading an inventory") { try $0.inventory(host: host) }
    }

    func readings(host: HostID) async throws(StoreError) -> [Reading] {
        try await read("reading the latest samples") { transaction in
            try Row.fetchAll(
                transaction.db,
                sql: "SELECT component, latest, received FROM series WHERE host = ? ORDER BY component, signal",
                arguments: [host]
            ).compactMap { row in
                transaction.readable(SampleAggregate.self, row, "\(host) \(row["component"] as String)", "latest").map {
                    Reading(aggregate: $0, receivedAt: Timestamp(milliseconds: row["received"]))
                }
            }
        }
    }

    func history(
        host: HostID, component: ComponentID, signal: Signal, since: Timestamp
    ) async throws(StoreError) -> [HistoryPoint] {
        try await read("reading the history of a signal") { transaction in
            let newest = try Row.fetchAll(
                transaction.db,
                sql: """
                    SELECT s.through, s.minimum, s.maximum, s.mean FROM sample s JOIN series r ON r.id = s.series
                    WHERE r.host = ? AND r.component = ? AND r.signal = ? AND s.received >= ?
                    ORDER BY s.received DESC, s.through DESC LIMIT ?
                    """,
                arguments: [
                    host, component.rawValue, signal.description, since.milliseconds, FleetLimits.historyPoints,
                ])
            return newest.reversed().map { row in
                HistoryPoint(
                    through: Timestamp(milliseconds: row["through"]), minimum: row["minimum"], maximum: row["maximum"],
                    mean: row["mean"])
            }
        }
    }

    func events(host: HostID, limit: Int) async throws(StoreError) -> [ServerEvent] {
        try await read("reading the events of a server") { transaction in
            try Row.fetchAll(
                transaction.db,
                sql: "SELECT time, kind, because FROM server_event WHERE host = ? ORDER BY id DESC LIMIT ?",
                arguments: [host, limit]
            ).map { row in
                ServerEvent(
                    time: Timestamp(milliseconds: row["time"]), kind: try transaction.word(row["kind"]),
                    because: row["because"])
            }
        }
    }

    // MARK: Silence

    func silenceSubjects() async throws(StoreError) -> [LivenessSubject] {
        try await read("reading who should be heard") { transaction in
            let servers = try transaction.bodies(ServerRecord.self, "SELECT host, body FROM server").map(\.server)
            let sites = try transaction.bodies(PairedSite.self, "SELECT id, body FROM site")
            return servers.filter { $0.state != .revoked }.map { server in
                LivenessSubject(
                    kind: .server, id: server.host, name: server.hostname, since: server.enrolledAt,
                    lastHeartbeat: server.lastHeartbeat, interval: server.heartbeat?.interval,
                    isStopped: server.heartbeat?.stopping ?? false, isSilent: server.state == .silent)
            }
                + sites.map { site in
                    LivenessSubject(
                        kind: .site, id: site.id, name: site.name, since: site.pairedAt,
                        lastHeartbeat: site.lastHeartbeat,
                        interval: site.heartbeatInterval, isSilent: site.isSilent)
                }
        }
    }

    func livenessMonitor() async throws(StoreError) -> LivenessMonitor? {
        try await read("reading the silence watch") { transaction in
            try transaction.body(
                LivenessMonitor.self, "SELECT name, value FROM setting WHERE name = ?", ["silence"])
        }
    }

    func recordSilence(
        _ watch: LivenessMonitor, silent: [LivenessFinding], at time: Timestamp
    ) async throws(StoreError) {
        try await write("recording silence") { [policy] transaction in
            try transaction.set("silence", to: try transaction.encode(watch))
            for finding in silent {
                // It may have reported since the subjects were read: look again.
                guard let subject = try SQLiteStore.markSilent(finding, in: transaction) else { continue }
                let fault = CollectorFaults.silence(finding, at: time)
                try CaseRecorder(transaction: transaction, policy: policy, time: time).apply(
                    FaultChange(kind: .opened, fault: fault, because: finding.because, time: time),
                    host: finding.subject.id, hostname: finding.subject.name, origin: .silence, report: nil,
                    chassis: subject.chassis)
            }
        }
    }

    private struct MarkedSubject {
        var chassis = Part()
    }

    private static func markSilent(_ finding: LivenessFinding, in transaction: SQLiteTransaction) throws
        -> MarkedSubject?
    {
        switch finding.subject.kind {
        case .server:
            guard var record = try transaction.serverRecord(host: finding.subject.id), record.server.state != .revoked,
                record.server.state != .silent, record.server.lastHeartbeat == finding.subject.lastHeartbeat
            else { return nil }
            record.server.state = .silent
            try transaction.save(record)
            return MarkedSubject(chassis: record.server.chassis)
        case .site:
            guard var site = try transaction.pairedSite(id: finding.subject.id), !site.isSilent,
                site.lastHeartbeat == finding.subject.lastHeartbeat
            else { return nil }
            site.isSilent = true
            try transaction.save(site)
            return MarkedSubject()
        }
    }
}
