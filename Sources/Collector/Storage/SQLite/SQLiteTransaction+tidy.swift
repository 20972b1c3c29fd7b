import GRDB
import Reports

/// Deletes what is old, a portion at a time.
extension SQLiteTransaction {
    func openTests(openedBefore threshold: Timestamp, limit: Int) throws -> [Case] {
        try writeCases()
        return try bodies(
            Case.self,
            """
            SELECT number, body FROM "case" WHERE state <> 'closed' AND opened < ? AND number IN (SELECT number FROM test) LIMIT ?
            """, [threshold.milliseconds, limit])
    }

    func deleteCases(closedBefore threshold: Timestamp, limit: Int) throws -> Int {
        let numbers = try String.fetchAll(
            db.cachedStatement(sql: #"SELECT number FROM "case" WHERE state = 'closed' AND closed < ? LIMIT ?"#),
            arguments: [threshold.milliseconds, limit])
        for number in numbers {
            for table in [
                "case_fault", "case_report", "told", "message", "acceptance", "test", "work_log", "held_ticket",
                #""case""#,
            ] {
                try run("DELETE FROM \(table) WHERE number = ?", [number])
            }
        }
        return numbers.count
    }

    func delete(_ kind: Perishable, before threshold: Timestamp, limit: Int) throws -> Int {
        let (table, key, condition) =
            switch kind {
            case .blindSpots: ("accepted_blind_spot", "id", "ended < ?")
            case .reports: ("report", "id", "received < ?")
            case .declarations: ("part_declaration", "id", "declared < ?")
            case .faults: ("fault_mirror", "host, fault", "state = 'cleared' AND changed < ?")
            case .series: ("series", "id", "received < ?")
            case .logins: ("access_token", "hash", "expires < ?")
            }
        try run(
            "DELETE FROM \(table) WHERE (\(key)) IN (SELECT \(key) FROM \(table) WHERE \(condition) LIMIT ?)",
            [threshold.milliseconds, limit])
        return db.changesCount
    }

    func deletePoints(before threshold: Timestamp, after place: Int64, series: Int, limit: Int) throws -> Int64? {
        let ids = try Int64.fetchAll(
            db.cachedStatement(sql: "SELECT id FROM series WHERE id > ? ORDER BY id LIMIT ?"),
            arguments: [place, series])
        var (last, deleted) = (place, 0)
        for id in ids {
            deleted += try deletePoints(of: id, before: threshold.milliseconds, limit: limit - deleted)
            // What is left of this series is the next transaction's.
            guard deleted < limit else { return last }
            last = id
        }
        return ids.isEmpty ? nil : last
    }

    /// - Returns: how many went; with at least `limit` there may be more.
    private func deletePoints(of series: Int64, before threshold: Int64, limit: Int) throws -> Int {
        let last = try Int64.fetchOne(
            db.cachedStatement(
                sql: "SELECT received FROM sample WHERE series = ? AND received < ? ORDER BY received LIMIT 1 OFFSET ?"),
            arguments: [series, threshold, limit])
        try run("DELETE FROM sample WHERE series = ? AND received < ?", [series, last.map { $0 + 1 } ?? threshold])
        return db.changesCount
    }
}
