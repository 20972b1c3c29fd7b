import GRDB
import Reports

/// What stands by the agents' word.
extension SQLiteTransaction {
    func mirroredFaults(host: HostID, states: [MirroredFault.State]) throws -> [MirroredFault] {
        let words = states.map { "'\($0.rawValue)'" }.joined(separator: ", ")
        return try bodies(
            MirroredFault.self,
            "SELECT fault, body FROM fault_mirror WHERE host = ? AND state IN (\(words)) ORDER BY stamp, fault", [host])
    }

    func countMirroredFaults(host: HostID, most: Int) throws -> Int {
        let count =
            try Int.fetchOne(
                db.cachedStatement(sql: "SELECT count(*) FROM fault_mirror WHERE host = ?"), arguments: [host]) ?? 0
        guard count > most else { return count }
        try run(
            """
            DELETE FROM fault_mirror WHERE host = ?1 AND fault IN
            (SELECT fault FROM fault_mirror WHERE host = ?1 AND state = 'cleared' ORDER BY changed, stamp LIMIT ?2)
            """, [host, count - most])
        return count - db.changesCount
    }

    func mirroredFault(_ fault: FaultID, host: HostID) throws -> MirroredFault? {
        try body(
            MirroredFault.self, "SELECT fault, body FROM fault_mirror WHERE host = ? AND fault = ?",
            [host, fault.rawValue])
    }

    func save(_ row: MirroredFault, host: HostID) throws {
        try run(
            """
            INSERT INTO fault_mirror VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET stamp = excluded.stamp,
            state = excluded.state, changed = excluded.changed, body = excluded.body
            """,
            [
                host, row.fault.rawValue, row.stamp, row.state.rawValue, row.changedAt.milliseconds, try encode(row),
            ])
    }

    func highestStamp(host: HostID) throws -> Int64 {
        try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT max(stamp) FROM fault_mirror WHERE host = ?"), arguments: [host]) ?? 0
    }

    func faultsHolding(caseNumber: String) throws -> [FaultID] {
        try String.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT f.fault FROM case_fault f JOIN fault_mirror m ON m.host = f.host AND m.fault = f.fault
                    WHERE f.number = ? AND m.state IN ('standing', 'unconfirmed')
                    """), arguments: [caseNumber]
        ).map(FaultID.init(rawValue:))
    }

    func statementBegun(host: HostID) throws -> StatementBegun? {
        let row = try Row.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT count(*) AS come, max(parts) AS parts, max(answers) AS answers, sum(faults) AS faults
                    FROM fault_statement WHERE host = ?
                    """), arguments: [host])
        guard let row, let come = row["come"] as Int?, come > 0 else { return nil }
        return StatementBegun(
            answers: row["answers"], parts: come, of: row["parts"] ?? 0, faults: row["faults"] ?? 0)
    }

    func statementParts(host: HostID) throws -> [FaultStatement] {
        try bodies(
            FaultStatement.self, "SELECT part, body FROM fault_statement WHERE host = ? ORDER BY part", [host])
    }

    func save(_ part: FaultStatement, host: HostID) throws {
        try run(
            "INSERT INTO fault_statement VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body",
            [host, part.part, part.of, part.answers, part.faults.count, try encode(part)])
    }

    func forgetStatementParts(host: HostID) throws {
        try run("DELETE FROM fault_statement WHERE host = ?", [host])
    }
}
