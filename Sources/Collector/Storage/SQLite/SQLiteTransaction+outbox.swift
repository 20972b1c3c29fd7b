import FoundationEssentials
import GRDB
import Reports

/// The outbox.
extension SQLiteTransaction {
    func enqueue(_ delivery: Delivery) throws {
        try run(
            """
            INSERT OR IGNORE INTO delivery (id, number, recipient, channel, event, state, attempts, created, next,
            instead_of, ticket) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                delivery.id, delivery.caseNumber, delivery.recipient, delivery.channel.rawValue,
                delivery.ticket.event.rawValue, delivery.state.rawValue, delivery.attempts,
                delivery.createdAt.milliseconds,
                delivery.nextAttempt.milliseconds, delivery.insteadOf, try encode(delivery.ticket),
            ])
    }

    func supersedeUpdates(caseNumber: String, recipient: String, all: Bool) throws {
        try run(
            """
            UPDATE delivery SET state = 'superseded' WHERE number = ?1 AND recipient = ?2
            AND (event = 'updated' OR (?3 AND event = 'closed')) AND state IN ('queued', 'retrying') AND attempts = 0
            """, [caseNumber, recipient, all])
    }

    func messages(caseNumber: String, since: Timestamp) throws -> (count: Int, oldest: Timestamp?) {
        let row = try Row.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT count(*) AS count, min(created) AS oldest FROM delivery WHERE number = ? AND created > ?
                    AND state <> 'superseded' GROUP BY recipient ORDER BY count DESC LIMIT 1
                    """), arguments: [caseNumber, since.milliseconds])
        guard let row else { return (0, nil) }
        return (row["count"], (row["oldest"] as Int64?).map { Timestamp(milliseconds: $0) })
    }

    func retryNow(recipient: String, at time: Timestamp) throws {
        try run(
            "UPDATE delivery SET next = ? WHERE recipient = ? AND state = 'retrying' AND next > ?",
            [time.milliseconds, recipient, time.milliseconds])
    }

    func allDelivered(caseNumber: String) throws -> Bool {
        let row = try Row.fetchOne(
            db.cachedStatement(
                sql:
                    "SELECT count(*) AS total, coalesce(sum(state = 'delivered'), 0) AS done FROM delivery WHERE number = ?"
            ),
            arguments: [caseNumber])
        guard let row else { return false }
        let (total, done) = (row["total"] as Int, row["done"] as Int)
        return total > 0 && total == done
    }

    func claim(limit: Int, at time: Timestamp, until: Timestamp) throws -> [Delivery] {
        // What is due later than anything can be was put off by a clock that leapt.
        let rows = try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT * FROM delivery AS d WHERE state IN ('queued', 'retrying', 'claimed')
                    AND (next <= ? OR next > ?)
                    AND NOT EXISTS (SELECT 1 FROM delivery AS o WHERE o.number = d.number AND o.recipient = d.recipient
                        AND o.place < d.place AND o.state IN ('queued', 'retrying', 'claimed'))
                    ORDER BY event = 'test' AND attempts = 0 DESC, next, place LIMIT ?
                    """),
            arguments: [time.milliseconds, (time + OutboxPlan.Limits.longestWait).milliseconds, limit])
        return try rows.compactMap { row in
            guard var claimed = try delivery(row) else {
                // It would be due for ever, and keep the case's later messages back.
                try run(
                    "UPDATE delivery SET state = 'superseded', error = 'its ticket cannot be read' WHERE id = ?",
                    [row["id"] as String])
                return nil
            }
            claimed.state = .claimed
            claimed.nextAttempt = until
            try run(
                "UPDATE delivery SET state = 'claimed', next = ? WHERE id = ?", [until.milliseconds, claimed.id])
            return claimed
        }
    }

    func deliveries(caseNumber: String) throws -> [Delivery] {
        try Row.fetchAll(
            db.cachedStatement(sql: "SELECT * FROM delivery WHERE number = ? ORDER BY place"), arguments: [caseNumber]
        ).compactMap(delivery)
    }

    func findDelivery(id: String) throws -> Delivery? {
        try Row.fetchOne(db.cachedStatement(sql: "SELECT * FROM delivery WHERE id = ?"), arguments: [id])
            .flatMap(delivery)
    }

    /// nil where its ticket cannot be read.
    private func delivery(_ row: Row) throws -> Delivery? {
        let number: String = row["number"]
        guard let ticket = readable(Ticket.self, row, number, "ticket") else { return nil }
        let reports = try Row.fetchAll(
            db.cachedStatement(sql: "SELECT envelope, certificate FROM case_report WHERE number = ? ORDER BY id"),
            arguments: [number])
        var certificates: [String] = []
        for row in reports {
            if let pem = row["certificate"] as String?, !certificates.contains(pem) { certificates.append(pem) }
        }
        return Delivery(
            id: row["id"], caseNumber: number, recipient: row["recipient"],
            channel: try word(row["channel"]), ticket: ticket,
            reports: reports.compactMap { readable(Envelope.self, $0, number, "envelope") },
            certificates: certificates,
            state: try word(row["state"]), attempts: row["attempts"],
            createdAt: Timestamp(milliseconds: row["created"]),
            nextAttempt: Timestamp(milliseconds: row["next"]),
            failingSince: (row["failing"] as Int64?).map { Timestamp(milliseconds: $0) }, lastError: row["error"],
            deliveredAt: (row["delivered"] as Int64?).map { Timestamp(milliseconds: $0) }, reference: row["reference"],
            insteadOf: row["instead_of"])
    }

    func word<Word: RawRepresentable<String>>(_ text: String) throws -> Word {
        guard let word = Word(rawValue: text) else {
            throw StoreError.conflict(
                because: "the database holds the unknown word \(text.prefix(40)): it is newer than this program")
        }
        return word
    }

    func update(_ delivery: Delivery) throws {
        try run(
            """
            UPDATE delivery SET state = ?, attempts = ?, next = ?, failing = ?, error = ?, delivered = ?, reference = ?
            WHERE id = ?
            """,
            [
                delivery.state.rawValue, delivery.attempts, delivery.nextAttempt.milliseconds,
                delivery.failingSince?.milliseconds, delivery.lastError, delivery.deliveredAt?.milliseconds,
                delivery.reference, delivery.id,
            ])
    }

    func nextDeliveryDue() throws -> Timestamp? {
        try Int64.fetchOne(
            db.cachedStatement(
                sql: "SELECT min(next) FROM delivery WHERE state IN ('queued', 'retrying', 'claimed')")
        ).map { Timestamp(milliseconds: $0) }
    }

    func moveDeliveries(by shift: Duration) throws {
        let by = shift.inMilliseconds
        // What a leap would take beyond the end of time is left where it is.
        let room = "BETWEEN -4000000000000000000 AND 4000000000000000000"
        guard by.magnitude < 4_000_000_000_000_000_000 else { return }
        try run(
            """
            UPDATE delivery SET next = next + ?1, failing = failing + ?1
            WHERE state IN ('queued', 'retrying', 'claimed') AND next \(room)
            """, [by])
    }

    func recipientStates(_ addressees: [CasePolicy.Addressee]) throws -> [RecipientState] {
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT recipient, min(channel) AS channel, count(*) FILTER (WHERE state = 'delivered') AS done,
                count(*) FILTER (WHERE state IN ('queued', 'retrying', 'claimed')) AS waiting, max(delivered) AS last,
                min(failing) FILTER (WHERE state IN ('retrying', 'claimed')) AS failing
                FROM delivery GROUP BY recipient ORDER BY recipient
                """)
        var states = try rows.map { row in
            RecipientState(
                name: row["recipient"], channel: try word(row["channel"]), waiting: row["waiting"],
                delivered: row["done"],
                lastDelivered: (row["last"] as Int64?).map { Timestamp(milliseconds: $0) },
                failingSince: (row["failing"] as Int64?).map { Timestamp(milliseconds: $0) },
                lastError: try lastError(recipient: row["recipient"]))
        }
        states.removeAll { state in state.waiting == 0 && !addressees.contains { $0.name == state.name } }
        for addressee in addressees where !states.contains(where: { $0.name == addressee.name }) {
            states.append(RecipientState(name: addressee.name, channel: addressee.kind, waiting: 0, delivered: 0))
        }
        return states.sorted { $0.name < $1.name }
    }

    private func lastError(recipient: String) throws -> String? {
        try String.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT error FROM delivery WHERE recipient = ? AND state IN ('retrying', 'claimed') AND error IS NOT NULL
                    ORDER BY failing DESC LIMIT 1
                    """), arguments: [recipient])
    }
}
