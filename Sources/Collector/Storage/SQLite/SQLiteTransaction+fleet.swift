import FoundationEssentials
import GRDB
import Reports

/// Servers and what they reported.
extension SQLiteTransaction {
    func hosts() throws -> [HostID] { try String.fetchAll(db, sql: "SELECT host FROM server ORDER BY host") }

    func serverRecords() throws -> [ServerRecord] {
        try bodies(ServerRecord.self, "SELECT host, body FROM server ORDER BY host")
    }

    func readings(host: HostID) throws -> [Reading] {
        try Row.fetchAll(
            db,
            sql: "SELECT component, latest, received FROM series WHERE host = ? ORDER BY component, signal",
            arguments: [host]
        ).compactMap { row in
            readable(SampleAggregate.self, row, "\(host) \(row["component"] as String)", "latest").map {
                Reading(aggregate: $0, receivedAt: Timestamp(milliseconds: row["received"]))
            }
        }
    }

    func history(
        host: HostID, component: ComponentID, signal: Signal, since: Timestamp
    ) throws -> [SparklinePoint] {
        let newest = try Row.fetchAll(
            db,
            sql: """
                SELECT s.through, s.minimum, s.maximum, s.mean FROM sample s JOIN series r ON r.id = s.series
                WHERE r.host = ? AND r.component = ? AND r.signal = ? AND s.received >= ?
                ORDER BY s.received DESC, s.through DESC LIMIT ?
                """,
            arguments: [
                host, component.rawValue, signal.description, since.milliseconds, FleetLimits.historyPoints,
            ])
        return newest.reversed().map { row in
            SparklinePoint(
                through: Timestamp(milliseconds: row["through"]), minimum: row["minimum"], maximum: row["maximum"],
                mean: row["mean"])
        }
    }

    func events(host: HostID, limit: Int) throws -> [ServerEvent] {
        try Row.fetchAll(
            db,
            sql: "SELECT time, kind, because FROM server_event WHERE host = ? ORDER BY id DESC LIMIT ?",
            arguments: [host, limit]
        ).map { row in
            ServerEvent(
                time: Timestamp(milliseconds: row["time"]), kind: try word(row["kind"]), because: row["because"])
        }
    }
}
