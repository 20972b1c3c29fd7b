import GRDB
import Reports

/// Steps, neighbours, and what partners were told.
extension SQLiteTransaction {
    // MARK: Steps

    func highestStep(of collector: String) throws -> Int64 {
        try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT max(counter) FROM work_log WHERE collector = ?"), arguments: [collector])
            ?? 0
    }

    func caseNumber(ofStep id: WorkStep.ID) throws -> String? {
        try String.fetchOne(
            db.cachedStatement(sql: "SELECT number FROM work_log WHERE collector = ? AND counter = ?"),
            arguments: [id.collector, id.counter])
    }

    func log(_ id: WorkStep.ID, caseNumber: String, at time: Timestamp) throws {
        try run(
            "INSERT INTO work_log (place, number, collector, counter) VALUES (?, ?, ?, ?)",
            [max(try newestWork() + 1, time.milliseconds), caseNumber, id.collector, id.counter])
    }

    func logAgain(caseNumber: String, at time: Timestamp) throws {
        let places = try Int64.fetchAll(
            db.cachedStatement(sql: "SELECT place FROM work_log WHERE number = ? ORDER BY place"),
            arguments: [caseNumber])
        for place in places {
            try run(
                "UPDATE work_log SET place = ? WHERE place = ?",
                [max(try newestWork() + 1, time.milliseconds), place])
        }
    }

    func workLog(after place: Int64, limit: Int) throws -> [LoggedStep] {
        try Row.fetchAll(
            db.cachedStatement(sql: "SELECT * FROM work_log WHERE place > ? ORDER BY place LIMIT ?"),
            arguments: [place, limit]
        ).map { row in
            LoggedStep(
                place: row["place"], caseNumber: row["number"],
                step: WorkStep.ID(collector: row["collector"], counter: row["counter"]))
        }
    }

    func newestWork() throws -> Int64 {
        try Int64.fetchOne(db.cachedStatement(sql: "SELECT max(place) FROM work_log")) ?? 0
    }

    // MARK: Neighbours

    func neighbours() throws -> [String: NeighbourState] {
        let rows = try Row.fetchAll(db.cachedStatement(sql: "SELECT name, body FROM work_neighbour"))
        return rows.reduce(into: [:]) { states, row in
            let name: String = row["name"]
            states[name] = readable(NeighbourState.self, row, name, "body")
        }
    }

    func neighbour(_ name: String) throws -> NeighbourState? {
        try body(NeighbourState.self, "SELECT name, body FROM work_neighbour WHERE name = ?", [name])
    }

    func save(_ state: NeighbourState, of name: String) throws {
        try run(
            "INSERT INTO work_neighbour VALUES (?, ?) ON CONFLICT DO UPDATE SET body = excluded.body",
            [name, try encode(state)])
    }

    // MARK: What partners were told

    func toldTickets(recipient: String) throws -> [HeldTicket] {
        // In the words of the index `told_open`, without which it would look through all that was ever told.
        try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT number, json_extract(body, '$.taken') AS taken FROM told WHERE recipient = ?
                    AND CASE WHEN json_valid(body) THEN json_extract(body, '$.taken.isEnd') END = 0 ORDER BY number
                    """), arguments: [recipient]
        ).compactMap { row in
            let number: String = row["number"]
            guard let taken = readable(ToldRow.Taken.self, row, number, "taken") else { return nil }
            return HeldTicket(number: number, epoch: taken.order.epoch, revision: taken.order.revision)
        }
    }

    func heldTickets(sender: String) throws -> [HeldTicket] {
        try Row.fetchAll(
            db.cachedStatement(sql: "SELECT * FROM held_ticket WHERE sender = ? ORDER BY sender_number"),
            arguments: [sender]
        ).map { row in
            HeldTicket(
                number: row["sender_number"], epoch: StoreEpoch(term: row["term"], start: row["start"]),
                revision: row["revision"])
        }
    }

    func noteHeld(_ ticket: Ticket, of sender: String, caseNumber: String) throws {
        guard ticket.event != .closed, !ticket.test else {
            return try run(
                "DELETE FROM held_ticket WHERE sender = ? AND sender_number = ?", [sender, ticket.number])
        }
        let epoch = ticket.epoch ?? .unbegun
        try run(
            """
            INSERT INTO held_ticket VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
            term = excluded.term, start = excluded.start, revision = excluded.revision, number = excluded.number
            """, [sender, ticket.number, epoch.term, epoch.start, ticket.revision, caseNumber])
    }
}
