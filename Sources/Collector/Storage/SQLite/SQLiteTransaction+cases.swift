import GRDB
import Reports

/// Listing and weighing cases.
extension SQLiteTransaction {
    func cases(_ query: CaseQuery) throws -> [Case] {
        try writeCases()
        let (filter, arguments) = SQLiteTransaction.filter(query)
        // The bodies are read of those only that are shown.
        return try bodies(
            Case.self,
            """
            SELECT c.number, body FROM "case" AS c JOIN (SELECT number, \(SQLiteTransaction.gravity) AS gravity FROM "case"
            WHERE \(filter) ORDER BY gravity, opened DESC, number DESC LIMIT ? OFFSET ?) AS chosen
            ON chosen.number = c.number ORDER BY gravity, c.opened DESC, c.number DESC
            """, arguments + [max(0, query.limit), max(0, query.offset)])
    }

    func countCases(_ query: CaseQuery) throws -> Int {
        let (filter, arguments) = SQLiteTransaction.filter(query)
        return try Int.fetchOne(
            db.cachedStatement(sql: #"SELECT count(*) FROM "case" WHERE \#(filter)"#), arguments: arguments) ?? 0
    }

    private static func filter(_ query: CaseQuery) -> (sql: String, arguments: StatementArguments) {
        let states = query.states.map(\.rawValue).sorted()
        let marks = states.map { _ in "?" }.joined(separator: ", ")
        var arguments = StatementArguments(states)
        if let host = query.host { arguments += [host] }
        return ("state IN (\(marks))" + (query.host == nil ? "" : " AND host = ?"), arguments)
    }

    /// 0 for the gravest case.
    private static let gravity = """
        CASE WHEN state = 'closed' THEN 20 ELSE
        CASE urgency WHEN 'order' THEN 0 WHEN 'plan' THEN 1 WHEN 'watch' THEN 2 ELSE 3 END
        + CASE WHEN EXISTS (SELECT 1 FROM test WHERE test.number = "case".number) THEN 10 ELSE 0 END END
        """

    func openCases(weighedFor host: HostID?) throws -> [CaseWeight] {
        let rows = try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT host, urgency, count(*) AS cases FROM "case" WHERE state <> 'closed' AND sender IS NULL
                    \(host == nil ? "" : "AND host = ?") AND number NOT IN (SELECT number FROM test)
                    GROUP BY host, urgency
                    """), arguments: host.map { [$0] } ?? [])
        return rows.map { CaseWeight(host: $0["host"], urgency: Urgency(rawValue: $0["urgency"]), cases: $0["cases"]) }
    }

    func replaceCertificate(_ old: String, by new: String) throws {
        try run(
            "UPDATE case_report SET certificate = replace(certificate, ?1, ?2) WHERE instr(certificate, ?1) > 0",
            [old, new])
    }

    func testRecord(id: String) throws -> TestRecord? {
        let row = try Row.fetchOne(
            db.cachedStatement(
                sql: #"SELECT t.*, c.opened FROM test t JOIN "case" c ON c.number = t.number WHERE t.id = ?"#),
            arguments: [id])
        return row.map { row in
            TestRecord(
                id: row["id"], acceptedAt: Timestamp(milliseconds: row["accepted"]), caseNumber: row["number"],
                caseOpenedAt: Timestamp(milliseconds: row["opened"]))
        }
    }
}
