import GRDB
import Reports

/// Deletes what is old, in transactions so small that intake goes on between them.
extension SQLiteStore {
    /// What one transaction deletes at most.
    private enum Portion {
        /// Cases, each with its deliveries and reports.
        static let cases = 50
        /// Rows of a table.
        static let rows = 1_000
        /// Points of sparklines, and series looked through.
        static let points = 5_000
        static let series = 500
    }

    /// Times before which something is old, counting only time that passed.
    private struct Thresholds: Sendable {
        var tests, closed, reports, history, now: Int64
    }

    func tidy(_ retention: Retention, at time: Timestamp) async throws(StoreError) {
        let leaps = try await clock()?.leaps ?? []
        func before(_ span: Duration) -> Int64 {
            ClockReckoning.threshold(span, before: time, over: leaps).milliseconds
        }
        let old = Thresholds(
            tests: before(CaseLimits.testLifetime), closed: before(retention.closedCases),
            reports: before(retention.reports), history: before(retention.history), now: time.milliseconds)
        try await inPortions { [policy] in try $0.closeTests(openedBefore: old.tests, Portion.cases, policy, at: time) }
        try await inPortions { try $0.deleteCases(closedBefore: old.closed, Portion.cases) }
        // As closed cases: who lived with what is known as long as what came of it.
        for (table, column, threshold) in [
            ("accepted_blind_spot", "ended", old.closed), ("report", "received", old.reports),
        ] {
            try await inPortions { transaction in
                try transaction.delete(
                    "DELETE FROM \(table) WHERE id IN (SELECT id FROM \(table) WHERE \(column) < ? LIMIT ?)",
                    [threshold, Portion.rows])
            }
        }
        try await inPortions {
            try $0.delete(
                """
                DELETE FROM part_declaration WHERE id IN
                (SELECT id FROM part_declaration WHERE declared < ? LIMIT ?)
                """, [old.closed, Portion.rows])
        }
        try await inPortions {
            try $0.delete(
                """
                DELETE FROM fault_mirror WHERE (host, fault) IN
                (SELECT host, fault FROM fault_mirror WHERE state = 'cleared' AND changed < ? LIMIT ?)
                """, [old.closed, Portion.rows])
        }
        try await tidyHistory(before: old.history)
        try await inPortions {
            try $0.delete(
                "DELETE FROM access_token WHERE hash IN (SELECT hash FROM access_token WHERE expires < ? LIMIT ?)",
                [old.now, Portion.rows])
        }
    }

    private func tidyHistory(before threshold: Int64) async throws(StoreError) {
        let last = SharedPlace()
        try await inPortions { transaction in
            let ids = try Int64.fetchAll(
                transaction.db.cachedStatement(sql: "SELECT id FROM series WHERE id > ? ORDER BY id LIMIT ?"),
                arguments: [last.value, Portion.series])
            var deleted = 0
            for id in ids {
                deleted += try transaction.deleteSamples(of: id, before: threshold, limit: Portion.points - deleted)
                // What is left of this series is the next transaction's.
                guard deleted < Portion.points else { return true }
                last.value = id
            }
            return !ids.isEmpty
        }
        try await inPortions {
            try $0.delete(
                "DELETE FROM series WHERE id IN (SELECT id FROM series WHERE received < ? LIMIT ?)",
                [threshold, Portion.rows])
        }
    }

    /// Repeats `step`, each time in a transaction of its own, until it says that nothing is left. Whoever else writes comes
    /// in between: it rests for as long as it worked.
    private func inPortions(_ step: @escaping @Sendable (SQLiteTransaction) throws -> Bool) async throws(StoreError) {
        let clock = ContinuousClock()
        while !Task.isCancelled {
            let start = clock.now
            guard try await write("deleting what is old", step) else { return }
            let rest = min(max(clock.now - start, .milliseconds(2)), .seconds(1))
            try? await Task.sleep(for: rest)
        }
    }
}

/// Where a walk through a table has come to. Only one transaction at a time writes it.
private final class SharedPlace: @unchecked Sendable {
    var value: Int64 = .min
}

extension SQLiteTransaction {
    /// - Returns: whether there may be more to delete.
    fileprivate func delete(_ sql: String, _ arguments: StatementArguments) throws -> Bool {
        try run(sql, arguments)
        return db.changesCount > 0
    }

    fileprivate func closeTests(openedBefore threshold: Int64, _ limit: Int, _ policy: CasePolicy, at time: Timestamp)
        throws
        -> Bool
    {
        let old = try bodies(
            Case.self,
            """
            SELECT number, body FROM "case" WHERE state <> 'closed' AND opened < ? AND number IN (SELECT number FROM test) LIMIT ?
            """, [threshold, limit])
        for found in old {
            _ = try CaseRecorder(transaction: self, policy: policy, time: time).close(
                found, by: "collector", because: "The test was not confirmed by every recipient within a day.",
                chassis: Part())
        }
        return old.count == limit
    }

    fileprivate func deleteCases(closedBefore threshold: Int64, _ limit: Int) throws -> Bool {
        let numbers = try String.fetchAll(
            db.cachedStatement(sql: #"SELECT number FROM "case" WHERE state = 'closed' AND closed < ? LIMIT ?"#),
            arguments: [threshold, limit])
        for number in numbers {
            for table in ["case_fault", "case_report", "delivery", "acceptance", "test", #""case""#] {
                try run("DELETE FROM \(table) WHERE number = ?", [number])
            }
        }
        return numbers.count == limit
    }

    /// - Returns: how many went; with at least `limit` there may be more.
    fileprivate func deleteSamples(of series: Int64, before threshold: Int64, limit: Int) throws -> Int {
        let last = try Int64.fetchOne(
            db.cachedStatement(
                sql: "SELECT received FROM sample WHERE series = ? AND received < ? ORDER BY received LIMIT 1 OFFSET ?"),
            arguments: [series, threshold, limit])
        try run("DELETE FROM sample WHERE series = ? AND received < ?", [series, last.map { $0 + 1 } ?? threshold])
        return db.changesCount
    }
}
