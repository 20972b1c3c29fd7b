import FoundationEssentials
import GRDB
import Reports

/// One transaction of the SQLite store.
struct SQLiteTransaction: CollectorLedger {
    let db: Database
    let setAside: SetAside
    private let inHand = CasesInHand()

    init(db: Database, setAside: SetAside) {
        self.db = db
        self.setAside = setAside
    }

    // MARK: JSON columns

    func encode(_ value: some Encodable) throws -> String {
        String(decoding: try WireFormat.encode(value), as: UTF8.self)
    }

    func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
        try WireFormat.decode(type, from: Data(text.utf8))
    }

    func body<Value: Decodable>(
        _ type: Value.Type, _ sql: String, _ arguments: StatementArguments
    ) throws -> Value? {
        try Row.fetchOne(db.cachedStatement(sql: sql), arguments: arguments).flatMap { readable(type, $0) }
    }

    func bodies<Value: Decodable>(
        _ type: Value.Type, _ sql: String, _ arguments: StatementArguments = []
    ) throws -> [Value] {
        try Row.fetchAll(db.cachedStatement(sql: sql), arguments: arguments).compactMap { readable(type, $0) }
    }

    /// The noun in a row's last column, where it can be read. The first column names the row.
    private func readable<Value: Decodable>(_ type: Value.Type, _ row: Row) -> Value? {
        let names = Array(row.columnNames)
        let first: DatabaseValue = row[0]
        let name = String.fromDatabaseValue(first) ?? "\(first)"
        return readable(type, row, names.count > 1 ? name : "", names.last ?? "body")
    }

    /// The noun in `column`, where it can be read; else the row is set aside.
    func readable<Value: Decodable>(_ type: Value.Type, _ row: Row, _ name: String, _ column: String) -> Value? {
        do {
            return try decode(type, row[column] as String? ?? "")
        } catch {
            setAside.note(type, row: name, because: error)
            return nil
        }
    }

    func word<Word: RawRepresentable<String>>(_ text: String) throws -> Word {
        guard let word = Word(rawValue: text) else {
            throw StoreError.conflict(
                because: "the database holds the unknown word \(text.prefix(40)): it is newer than this program")
        }
        return word
    }

    func run(_ sql: String, _ arguments: StatementArguments = []) throws {
        try db.cachedStatement(sql: sql).execute(arguments: arguments)
    }

    // MARK: Settings

    func setting(_ name: String) throws -> String? {
        try String.fetchOne(db.cachedStatement(sql: "SELECT value FROM setting WHERE name = ?"), arguments: [name])
    }

    func set(_ name: String, to value: String) throws {
        try run("INSERT INTO setting VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", [name, value])
    }

    func setting<Value: Codable & Sendable>(_ name: String, as type: Value.Type) throws -> Value? {
        try body(type, "SELECT name, value FROM setting WHERE name = ?", [name])
    }

    func set<Value: Codable & Sendable>(_ name: String, to value: Value) throws { try set(name, to: try encode(value)) }

    func identity() throws -> StoreIdentity {
        if let text = try setting("identity") { return try decode(StoreIdentity.self, text) }
        let new = StoreIdentity.random()
        try set("identity", to: try encode(new))
        return new
    }

    // MARK: Cases

    func newTicketNumber() throws -> String {
        var generator = SystemRandomNumberGenerator()
        return try TicketNumber.draw(using: &generator) { number in
            try Bool.fetchOne(
                db.cachedStatement(sql: #"SELECT EXISTS (SELECT 1 FROM "case" WHERE number = ?)"#), arguments: [number])
                ?? false
        }
    }

    func findCase(number: String) throws -> Case? {
        if let known = inHand.cases[number] { return known.found }
        let found = try body(Case.self, #"SELECT number, body FROM "case" WHERE number = ?"#, [number])
        if let found { inHand.cases[number] = CasesInHand.Held(found: found) }
        return found
    }

    /// The case whose number the statement finds.
    func findCase(_ sql: String, _ arguments: StatementArguments) throws -> Case? {
        guard let number = try String.fetchOne(db.cachedStatement(sql: sql), arguments: arguments) else { return nil }
        return try findCase(number: number)
    }

    /// Writes what changed of the cases that were looked at: before the transaction ends, and before a list is read.
    func writeCases() throws {
        for (number, held) in inHand.cases where held.isUnwritten {
            try run(#"UPDATE "case" SET body = ? WHERE number = ?"#, [try encode(held.found), number])
            inHand.cases[number]?.isUnwritten = false
        }
    }

    func caseHolding(fault: FaultID, host: HostID) throws -> Case? {
        try findCase("SELECT number FROM case_fault WHERE host = ? AND fault = ?", [host, fault.rawValue])
    }

    func openCase(host: HostID, key: String) throws -> Case? {
        try findCase(
            #"SELECT number FROM "case" WHERE host = ? AND subject = ? AND state <> 'closed' AND sender IS NULL"#,
            [host, key])
    }

    func openCases(host: HostID) throws -> [Case] {
        try writeCases()
        return try bodies(
            Case.self,
            #"SELECT number, body FROM "case" WHERE host = ? AND state <> 'closed' AND sender IS NULL ORDER BY opened, number"#,
            [host])
    }

    func casesOpened(host: HostID, origin: Case.Origin, since: Timestamp) throws -> Int {
        try Int.fetchOne(
            db.cachedStatement(
                sql: #"SELECT count(*) FROM "case" WHERE host = ? AND opened > ? AND origin = ? AND sender IS NULL"#),
            arguments: [host, since.milliseconds, origin.rawValue]) ?? 0
    }

    func newestCase(host: HostID, origin: Case.Origin, since: Timestamp) throws -> Case? {
        try findCase(
            """
            SELECT number FROM "case" WHERE host = ? AND opened > ? AND origin = ? AND sender IS NULL
            ORDER BY opened DESC, number DESC LIMIT 1
            """, [host, since.milliseconds, origin.rawValue])
    }

    /// A row that cannot be read keeps no new case of its part out, though the database refuses a second open one.
    private func makeRoom(for found: Case) throws {
        guard found.sender == nil, !found.isClosed else { return }
        let sql = """
            SELECT number FROM "case" WHERE host = ? AND subject = ? AND state <> 'closed' AND sender IS NULL
            AND number <> ?
            """
        let arguments: StatementArguments = [found.host, found.key, found.number]
        guard let rival = try String.fetchOne(db.cachedStatement(sql: sql), arguments: arguments),
            try findCase(number: rival) == nil
        else { return }
        try run(#"UPDATE "case" SET subject = subject || ' of ' || number WHERE number = ?"#, [rival])
    }

    func save(_ found: Case, senderNumber: String?) throws {
        let known = inHand.cases[found.number]
        // One of two about one part of an older database has a subject of its own, and keeps it.
        let isAboutAnother = known.map { $0.found.key != found.key } ?? false
        try makeRoom(for: found)
        // The columns at once, for what is searched by them; the body of one that is there, when all is done.
        try run(
            """
            INSERT INTO "case" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (number) DO UPDATE SET
            host = excluded.host, state = excluded.state, urgency = excluded.urgency, updated = excluded.updated,
            closed = excluded.closed, subject = CASE WHEN ? THEN excluded.subject ELSE subject END,
            sender_number = coalesce(excluded.sender_number, sender_number),
            sender_store = coalesce(excluded.sender_store, sender_store)
            """,
            [
                found.number, found.host, found.key, found.state.rawValue, found.urgency.rawValue,
                found.origin.rawValue,
                found.sender, senderNumber, found.openedAt.milliseconds, found.updatedAt.milliseconds,
                found.closedAt?.milliseconds, "", found.relayed?.origin?.store, isAboutAnother,
            ])
        var held = CasesInHand.Held(found: found, isUnwritten: true, faults: known?.faults ?? [])
        // A line that is added to a closed case, or to one that a fault has left, takes it from no case that is open by it.
        if found.sender == nil, !found.isClosed {
            for member in found.members where member.isOpen && held.faults.insert(member.fault.id).inserted {
                try run(
                    "INSERT INTO case_fault VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET number = excluded.number",
                    [found.host, member.fault.id.rawValue, found.number])
            }
        }
        inHand.cases[found.number] = held
    }

    func keep(_ report: Envelope, certificate: String?, caseNumber: String) throws {
        guard inHand.kept[caseNumber] != report.signatures else { return }
        inHand.kept[caseNumber] = report.signatures
        try run(
            "INSERT INTO case_report (number, envelope, certificate) VALUES (?, ?, ?)",
            [caseNumber, try encode(report), certificate])
        try run(
            """
            DELETE FROM case_report WHERE number = ?1 AND id NOT IN
            (SELECT id FROM case_report WHERE number = ?1 ORDER BY id DESC LIMIT ?2)
            """, [caseNumber, CaseLimits.reports])
    }

    func forgetReports(caseNumber: String) throws {
        inHand.kept[caseNumber] = nil
        try run("DELETE FROM case_report WHERE number = ?", [caseNumber])
    }

    // MARK: Servers

    func serverRecord(host: HostID) throws -> ServerRecord? {
        let sql = "SELECT host, body FROM server WHERE host = ?"
        guard let row = try Row.fetchOne(db.cachedStatement(sql: sql), arguments: [host]) else { return nil }
        return try readable(ServerRecord.self, row) ?? remade(host: host, from: row["body"])
    }

    /// A server whose row cannot be read is enrolled all the same: its next reports fill the row anew.
    private func remade(host: HostID, from text: String) throws -> ServerRecord? {
        struct Outline: Decodable { var positions: StreamPositions }
        let enrolled = try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT enrolled FROM agent_key WHERE host = ? ORDER BY enrolled DESC LIMIT 1"),
            arguments: [host])
        guard let enrolled else { return nil }
        let positions = (try? decode(Outline.self, text))?.positions ?? StreamPositions()
        return ServerRecord(
            server: Server(
                host: host, hostname: host, state: .expected, enrolledAt: Timestamp(milliseconds: enrolled),
                chassis: Part(), epoch: positions.epoch, reportCounts: [:], openCases: 0),
            positions: positions)
    }

    func save(_ record: ServerRecord) throws {
        try run(
            "INSERT INTO server VALUES (?, ?) ON CONFLICT DO UPDATE SET body = excluded.body",
            [record.server.host, try encode(record)])
    }

    func note(_ event: ServerEvent, host: HostID) throws {
        let newest = try Row.fetchOne(
            db.cachedStatement(
                sql: "SELECT id, kind, because FROM server_event WHERE host = ? ORDER BY id DESC LIMIT 1"),
            arguments: [host])
        // What repeats itself fills no page.
        if let newest, newest["kind"] == event.kind.rawValue, newest["because"] == event.because {
            return try run(
                "UPDATE server_event SET time = ? WHERE id = ?", [event.time.milliseconds, newest["id"] as Int64])
        }
        try run(
            "INSERT INTO server_event (host, time, kind, because) VALUES (?, ?, ?, ?)",
            [host, event.time.milliseconds, event.kind.rawValue, event.because])
        try run(
            """
            DELETE FROM server_event WHERE host = ?1 AND id <=
            (SELECT id FROM server_event WHERE host = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)
            """, [host, FleetLimits.eventsPerServer])
    }

    func save(_ inventory: Inventory, host: HostID) throws {
        try run(
            "INSERT INTO inventory VALUES (?, ?) ON CONFLICT DO UPDATE SET body = excluded.body",
            [host, try encode(inventory)])
    }

    func save(_ samples: [SampleAggregate], host: HostID, at time: Timestamp) throws {
        for sample in samples {
            guard let series = try updatedSeries(sample, host: host, at: time) else { continue }
            guard sample.count > 0 else { continue }
            try run(
                "INSERT OR IGNORE INTO sample VALUES (?, ?, ?, ?, ?, ?)",
                [
                    series, time.milliseconds, sample.through.milliseconds, sample.minimum, sample.maximum,
                    sample.mean ?? sample.last,
                ])
        }
    }

    /// The row of the sample's series, made if there is room; nil where there is none.
    private func updatedSeries(_ sample: SampleAggregate, host: HostID, at time: Timestamp) throws -> Int64? {
        let (component, signal) = (sample.component.rawValue, sample.signal.description)
        let known = try Int64.fetchOne(
            db.cachedStatement(
                sql: """
                    UPDATE series SET received = ?, latest = ? WHERE host = ? AND component = ? AND signal = ? RETURNING id
                    """),
            arguments: [time.milliseconds, try encode(sample), host, component, signal])
        if let known { return known }
        let count =
            try Int.fetchOne(
                db.cachedStatement(sql: "SELECT count(*) FROM series WHERE host = ?"), arguments: [host]) ?? 0
        guard count < FleetLimits.seriesPerServer else { return nil }
        try run(
            "INSERT INTO series (host, component, signal, received, latest) VALUES (?, ?, ?, ?, ?)",
            [host, component, signal, time.milliseconds, try encode(sample)])
        return db.lastInsertedRowID
    }

    func archive(_ report: VerifiedReport, kind: String, host: HostID, at time: Timestamp) throws {
        let envelope = try encode(report.envelope)
        try run(
            """
            INSERT INTO report (host, epoch, stream, sequence, kind, received, envelope, bytes)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                host, report.position.epoch, report.position.stream.rawValue, report.position.sequence,
                String(kind.prefix(100)), time.milliseconds, envelope, envelope.utf8.count,
            ])
        // Now and then is enough, and at once where much came.
        let id = db.lastInsertedRowID
        guard id % ArchiveLimits.reportsBetween == 0 || envelope.utf8.count > ArchiveLimits.large else { return }
        try run(
            """
            DELETE FROM report WHERE host = ?1 AND id <= (SELECT id FROM
            (SELECT id, sum(bytes) OVER (ORDER BY id DESC) AS total FROM report WHERE host = ?1)
            WHERE total > ?2 ORDER BY id DESC LIMIT 1)
            """, [host, ReportLimits.archiveBytes])
    }

    // MARK: Tests and tickets of others

    func saveTest(id: String, caseNumber: String, at time: Timestamp) throws {
        try run("INSERT OR IGNORE INTO test VALUES (?, ?, ?)", [id, caseNumber, time.milliseconds])
    }

    func acceptance(sender: String, ticketID: String) throws -> String? {
        try String.fetchOne(
            db.cachedStatement(sql: "SELECT number FROM acceptance WHERE sender = ? AND id = ?"),
            arguments: [sender, ticketID])
    }

    func saveAcceptance(sender: String, ticketID: String, caseNumber: String, at time: Timestamp) throws {
        try run("INSERT INTO acceptance VALUES (?, ?, ?, ?)", [sender, ticketID, caseNumber, time.milliseconds])
    }

    func pairedSite(id: String) throws -> PairedSite? {
        try body(PairedSite.self, "SELECT id, body FROM site WHERE id = ?", [id])
    }

    func save(_ site: PairedSite) throws {
        try run(
            "INSERT INTO site VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET key = excluded.key, body = excluded.body",
            [site.id, site.key.id, try encode(site)])
    }
}

/// How often the archive of signed reports is cut to `ReportLimits.archiveBytes`.
enum ArchiveLimits {
    /// Reports that may come in between.
    static let reportsBetween: Int64 = 32
    /// Bytes of one report after which it is cut at once.
    static let large = 256 << 10
}

/// The cases that a transaction has looked at or changed: each is read once, and written once, however often it changes.
/// Else a report of 256 changes would write a case of 64 faults 256 times, and all others would wait for it.
private final class CasesInHand {
    struct Held {
        var found: Case
        var isUnwritten = false
        /// Those of which it is noted that the case holds them.
        var faults: Set<FaultID> = []
    }

    var cases: [String: Held] = [:]
    /// By case number, the signatures of the report that was kept last.
    var kept: [String: [Envelope.Signature]] = [:]
}
