import FoundationEssentials
import GRDB
import Reports

/// The outbox: what recipients were told and are owed.
extension SQLiteTransaction {
    /// Messages of one case and recipient that are kept for pages.
    private static let recordsKept = 50

    // MARK: Rows

    func toldRows(caseNumber: String) throws -> [ToldRow] {
        try Row.fetchAll(
            db.cachedStatement(sql: "SELECT number, recipient, body FROM told WHERE number = ? ORDER BY recipient"),
            arguments: [caseNumber]
        ).map(toldRow)
    }

    func toldRow(caseNumber: String, recipient: String) throws -> ToldRow? {
        try Row.fetchOne(
            db.cachedStatement(sql: "SELECT number, recipient, body FROM told WHERE number = ? AND recipient = ?"),
            arguments: [caseNumber, recipient]
        ).map(toldRow)
    }

    /// One that cannot be read is as good as never told: that is told again, and nothing is kept back for ever.
    private func toldRow(_ row: Row) -> ToldRow {
        let number: String = row["number"]
        if let told = readable(ToldRow.self, row, number, "body") { return told }
        var remade = ToldRow(
            caseNumber: number, recipient: row["recipient"], because: "", urgency: .plan, isTest: false,
            owedSince: Timestamp(milliseconds: 0))
        remade.isAskedAgain = true
        return remade
    }

    func save(_ row: ToldRow) throws {
        try run(
            """
            INSERT INTO told (number, recipient, owed, rank, since, next, claimed, refused, attempted, diverted, body)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (number, recipient) DO UPDATE SET
            owed = excluded.owed, rank = excluded.rank, since = excluded.since, next = excluded.next,
            claimed = excluded.claimed, refused = excluded.refused, attempted = excluded.attempted,
            diverted = excluded.diverted, body = excluded.body
            """,
            [
                row.caseNumber, row.recipient, row.isOwed, row.rank, row.owedSince.milliseconds, row.next.milliseconds,
                row.claimedUntil?.milliseconds, row.isRefused ? row.failingSince?.milliseconds : nil,
                row.lastAttempt?.milliseconds ?? 0, row.standIn != nil, try encode(row),
            ])
    }

    /// That a moment has come. What is due later than anything can be was put off by a clock that leapt.
    private static let isDue = "(next <= ?2 OR next > ?3) AND (claimed IS NULL OR claimed <= ?2 OR claimed > ?3)"

    func dueRows(recipient: String, at time: Timestamp, limit: Int, order: DueOrder) throws -> [ToldRow] {
        let (filter, sequence) =
            switch order {
            case .turns: ("", "rank, since, number")
            case .newTestsOnly: (" AND rank = 0", "since, number")
            case .leastTried: ("", "rank = 0 DESC, attempted, rank, since, number")
            }
        return try rows(
            "recipient = ?1 AND owed = 1 AND \(SQLiteTransaction.isDue)\(filter) ORDER BY \(sequence) LIMIT ?4",
            [
                recipient, time.milliseconds, (time + DeliveryRules.Limits.longestWait).milliseconds, max(0, limit),
            ])
    }

    func owedRows(recipient: String) throws -> [ToldRow] {
        try rows("recipient = ? AND owed = 1 ORDER BY since, number", [recipient])
    }

    func parkedRows(recipient: String, at time: Timestamp) throws -> [ToldRow] {
        try rows("recipient = ? AND owed = 1 AND next > ? ORDER BY since, number", [recipient, time.milliseconds])
    }

    func undivertedRows(recipient: String, limit: Int) throws -> [ToldRow] {
        try rows("recipient = ? AND owed = 1 AND diverted = 0 LIMIT ?", [recipient, limit])
    }

    func unsettledRows(except recipients: [String]) throws -> [ToldRow] {
        let marks = recipients.map { _ in "?" }.joined(separator: ", ")
        return try rows(
            """
            recipient NOT IN (\(marks)) AND (owed = 1
            OR number IN (SELECT number FROM "case" WHERE state <> 'closed')) ORDER BY number, recipient
            """, StatementArguments(recipients))
    }

    func rows(ofCasesClosedSince time: Timestamp) throws -> [ToldRow] {
        try rows(
            """
            number IN (SELECT number FROM "case" WHERE state = 'closed' AND closed >= ?) ORDER BY number, recipient
            """, [time.milliseconds])
    }

    private func rows(_ condition: String, _ arguments: StatementArguments) throws -> [ToldRow] {
        try Row.fetchAll(
            db.cachedStatement(sql: "SELECT number, recipient, body FROM told WHERE \(condition)"), arguments: arguments
        ).map(toldRow)
    }

    func runningRows() throws -> [ToldRow] { try rows("claimed IS NOT NULL", []) }

    func attemptsRunning(at time: Timestamp) throws -> [String: Int] {
        let rows = try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT recipient, count(*) AS running FROM told WHERE claimed > ? AND claimed <= ? GROUP BY recipient
                    """),
            arguments: [time.milliseconds, (time + DeliveryRules.Limits.longestWait).milliseconds])
        return Dictionary(
            rows.map { ($0["recipient"] as String, $0["running"] as Int) }, uniquingKeysWith: { first, _ in first })
    }

    func openCaseNumbers() throws -> [String] {
        try String.fetchAll(
            db.cachedStatement(sql: #"SELECT number FROM "case" WHERE state <> 'closed' ORDER BY number"#))
    }

    // MARK: Recipients

    func recipientHealths() throws -> [RecipientHealth] {
        try bodies(RecipientHealth.self, "SELECT name, body FROM recipient ORDER BY name")
    }

    func recipientHealth(_ name: String) throws -> RecipientHealth? {
        try body(RecipientHealth.self, "SELECT name, body FROM recipient WHERE name = ?", [name])
    }

    func save(_ health: RecipientHealth) throws {
        try run(
            "INSERT INTO recipient VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET body = excluded.body",
            [health.name, try encode(health)])
    }

    func recipientStates(_ addressees: [CasePolicy.Addressee]) throws -> [RecipientState] {
        let rows = try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT recipient, count(*) AS waiting, count(refused) AS refused, min(refused) AS since FROM told
                    WHERE owed = 1 GROUP BY recipient
                    """))
        let owed = Dictionary(rows.map { ($0["recipient"] as String, $0) }, uniquingKeysWith: { first, _ in first })
        var healths = try recipientHealths()
        for addressee in addressees where !healths.contains(where: { $0.name == addressee.name }) {
            healths.append(RecipientHealth(name: addressee.name, channel: addressee.kind))
        }
        return try healths.filter { health in
            owed[health.name] != nil || addressees.contains { $0.name == health.name }
        }.map { health in
            guard let row = owed[health.name] else { return RecipientState(health, waiting: 0, refused: (0, nil, nil)) }
            let since = (row["since"] as Int64?).map { Timestamp(milliseconds: $0) }
            let error = try health.lastError ?? firstError(recipient: health.name)
            return RecipientState(health, waiting: row["waiting"], refused: (row["refused"], since, error))
        }.sorted { $0.name < $1.name }
    }

    /// Why something that waits was not taken: what was refused first, else the oldest that was tried.
    private func firstError(recipient: String) throws -> String? {
        try rows(
            """
            recipient = ? AND owed = 1 AND attempted > 0 AND json_extract(body, '$.lastError') IS NOT NULL
            ORDER BY refused IS NULL, refused, since, number LIMIT 1
            """, [recipient]
        ).first?.lastError
    }

    // MARK: Messages

    func save(_ record: DeliveryRecord) throws {
        try run(
            """
            INSERT INTO message (id, number, recipient, begun, body) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET body = excluded.body
            """,
            [
                record.id, record.caseNumber, record.recipient, record.begunAt.milliseconds, try encode(record),
            ])
        try run(
            """
            DELETE FROM message WHERE number = ?1 AND recipient = ?2 AND place <= (SELECT place FROM message
            WHERE number = ?1 AND recipient = ?2 ORDER BY place DESC LIMIT 1 OFFSET ?3)
            """, [record.caseNumber, record.recipient, SQLiteTransaction.recordsKept])
    }

    func deliveryRecord(id: String) throws -> DeliveryRecord? {
        try body(DeliveryRecord.self, "SELECT id, body FROM message WHERE id = ?", [id])
    }

    func deliveryRecords(caseNumber: String) throws -> [DeliveryRecord] {
        try bodies(
            DeliveryRecord.self, "SELECT id, body FROM message WHERE number = ? ORDER BY place", [caseNumber])
    }

    func messagesBegun(
        caseNumber: String, recipient: String, since: Timestamp
    ) throws -> (count: Int, oldest: Timestamp?) {
        let row = try Row.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT count(*) AS count, min(begun) AS oldest FROM message
                    WHERE number = ? AND recipient = ? AND begun > ?
                    """), arguments: [caseNumber, recipient, since.milliseconds])
        guard let row else { return (0, nil) }
        return (row["count"], (row["oldest"] as Int64?).map { Timestamp(milliseconds: $0) })
    }

    func reports(caseNumber: String) throws -> (reports: [Envelope], certificates: [String]) {
        let rows = try Row.fetchAll(
            db.cachedStatement(sql: "SELECT envelope, certificate FROM case_report WHERE number = ? ORDER BY id"),
            arguments: [caseNumber])
        var certificates: [String] = []
        for row in rows {
            if let pem = row["certificate"] as String?, !certificates.contains(pem) { certificates.append(pem) }
        }
        return (rows.compactMap { readable(Envelope.self, $0, caseNumber, "envelope") }, certificates)
    }

    // MARK: The clock

    /// After a leap of the clock each row and each recipient has the time that it had left.
    func moveOutbox(by shift: Duration) throws {
        for var row in try rows("owed = 1", []) {
            row.next = row.next + shift
            row.claimedUntil = row.claimedUntil.map { $0 + shift }
            row.failingSince = row.failingSince.map { $0 + shift }
            try save(row)
        }
        for var health in try recipientHealths() {
            health.holdUntil = health.holdUntil.map { $0 + shift }
            health.failingSince = health.failingSince.map { $0 + shift }
            try save(health)
        }
    }
}
