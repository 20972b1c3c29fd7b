import FoundationEssentials
import GRDB
import Reports

/// Turns the outbox of 0.1, a table of messages, into what each recipient was told and is owed. What had been tried keeps its
/// id and its ticket, so that a recipient that has it knows it again; what had not is made anew when its turn comes.
struct OutboxMigration {
    let db: Database

    func run() throws {
        var healths: [String: RecipientHealth] = [:]
        let pairs = try Row.fetchAll(
            db, sql: "SELECT DISTINCT number, recipient FROM delivery ORDER BY number, recipient")
        for pair in pairs {
            let (number, recipient) = (pair["number"] as String, pair["recipient"] as String)
            let messages = try Row.fetchAll(
                db, sql: "SELECT * FROM delivery WHERE number = ? AND recipient = ? ORDER BY place",
                arguments: [number, recipient]
            ).compactMap(Message.init)
            guard let last = messages.last else { continue }
            var health = healths[recipient] ?? RecipientHealth(name: recipient, channel: last.channel)
            for message in messages { try count(message, in: &health) }
            healths[recipient] = health
            var told = ToldRow(messages, of: number, to: recipient, last)
            told.standIn = try String.fetchOne(
                db, sql: "SELECT recipient FROM delivery WHERE number = ? AND instead_of = ? LIMIT 1",
                arguments: [number, recipient])
            try save(told)
        }
        for (name, health) in healths {
            try db.execute(sql: "INSERT INTO recipient VALUES (?, ?)", arguments: [name, try encode(health)])
        }
        try db.execute(sql: "DROP TABLE delivery")
    }

    private func count(_ message: Message, in health: inout RecipientHealth) throws {
        // What waits and was not tried is no message any more, but what its row is owed.
        guard !message.isWaiting || message.isTried else { return }
        try db.execute(
            sql: "INSERT INTO message (id, number, recipient, begun, body) VALUES (?, ?, ?, ?, ?)",
            arguments: [
                message.id, message.caseNumber, health.name, message.created.milliseconds,
                try encode(message.record(to: health.name)),
            ])
        if message.state == .delivered {
            health.delivered += 1
            health.lastDelivered = [health.lastDelivered, message.delivered].compactMap(\.self).max()
        } else if message.isWaiting, let since = message.failing {
            // Whether it was refused or not reached was not kept: the first attempt will show.
            health.failures = 1
            health.failingSince = min(health.failingSince ?? since, since)
            health.lastError = message.error
        }
    }

    private func save(_ row: ToldRow) throws {
        try SQLiteTransaction(db: db, setAside: SetAside(nil)).save(row)
    }

    private func encode(_ value: some Encodable) throws -> String {
        String(decoding: try WireFormat.encode(value), as: UTF8.self)
    }

    /// A row of the table of before.
    fileprivate struct Message {
        var id: String
        var caseNumber: String
        var channel: ChannelKind
        var state: DeliveryRecord.State
        var attempts: Int
        var created: Timestamp
        var next: Timestamp
        var failing: Timestamp?
        var error: String?
        var delivered: Timestamp?
        var reference: String?
        var insteadOf: String?
        var ticket: Ticket

        /// nil where it cannot be read: its recipient is told anew when the case changes.
        init?(_ row: Row) {
            guard let state = DeliveryRecord.State(rawValue: row["state"]),
                let ticket = try? WireFormat.decode(Ticket.self, from: Data((row["ticket"] as String).utf8))
            else { return nil }
            func time(_ column: String) -> Timestamp? {
                (row[column] as Int64?).map { Timestamp(milliseconds: $0) }
            }
            id = row["id"]
            caseNumber = row["number"]
            channel = ChannelKind(rawValue: row["channel"])
            self.state = state
            attempts = row["attempts"]
            created = Timestamp(milliseconds: row["created"])
            next = Timestamp(milliseconds: row["next"])
            failing = time("failing")
            error = row["error"]
            delivered = time("delivered")
            reference = row["reference"]
            insteadOf = row["instead_of"]
            self.ticket = ticket
        }

        var order: TicketOrder { TicketOrder(revision: ticket.revision) }
        var isWaiting: Bool { state == .queued || state == .claimed || state == .retrying }
        /// Whether the recipient may have it.
        var isTried: Bool { isWaiting && (attempts > 0 || state == .claimed) }

        func record(to recipient: String) -> DeliveryRecord {
            DeliveryRecord(
                id: id, caseNumber: caseNumber, recipient: recipient, channel: channel, order: order,
                event: ticket.event, state: isTried ? .retrying : state, attempts: attempts,
                createdAt: created, begunAt: created, nextAttempt: next, deliveredAt: delivered, lastError: error,
                reference: reference, insteadOf: insteadOf)
        }
    }
}

extension ToldRow {
    fileprivate init(
        _ messages: [OutboxMigration.Message], of number: String, to recipient: String, _ last: OutboxMigration.Message
    ) {
        let waiting = messages.filter(\.isWaiting)
        self.init(
            caseNumber: number, recipient: recipient, because: last.ticket.because, urgency: last.ticket.urgency,
            isTest: last.ticket.event == .test, owedSince: waiting.first?.created ?? last.created,
            insteadOf: messages.lazy.compactMap(\.insteadOf).first)
        told = messages.filter { $0.state == .delivered }.map(\.order).max()
        taken = messages.last { $0.state == .delivered && $0.ticket.event != .test }.map { message in
            Taken(
                order: message.order, isEnd: message.ticket.event == .closed,
                at: message.delivered ?? message.created)
        }
        want = waiting.map(\.order).max() ?? told
        failingSince = waiting.compactMap(\.failing).min()
        lastError = waiting.lazy.compactMap(\.error).first
        // It is tried at once: what was put off before says nothing of what the recipient takes now.
        next = owedSince
        guard let begun = waiting.first(where: \.isTried) else { return }
        trying = Trying(
            id: begun.id, order: begun.order, ticket: begun.ticket, attempts: begun.attempts, answer: .unknown,
            beganAt: begun.created)
    }
}
