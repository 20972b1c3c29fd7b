import FoundationEssentials
import Reports
import Transfer

/// What a file of history holds of a span, packed as it lies there: it is unpacked a day at a time.
struct RecordedHistory: Sendable {
    /// Looks, numbered from `first` on.
    struct Looks: Sendable {
        var first: Int64
        var body: Data
    }

    /// The engine's state before the first look to play; nil: it begins with nothing.
    var state: HistoryState?
    /// The number of the first look to play.
    var first: Int64 = 1
    var looks: [Looks] = []
    /// Points of each signal in the order of time, from the one on that held at the beginning.
    var points: [(series: HistorySeries, bodies: [Data])] = []
    /// By the number of their look.
    var events: [Int64: [HistoryBatch.Event]] = [:]
    /// Events of the span had to make room for newer ones.
    var eventsAreCut = false
    var components: [(look: Int64, source: String, components: [Component])] = []
    var declared: [(look: Int64, time: Timestamp, declaration: PartDeclaration)] = []

    /// Bytes of one row, unpacked.
    private static let rowBytes = 64 << 20

    /// Reads a file, in one moment of it.
    /// - Parameter days: from the newest look back; it begins with the newest state before, or the oldest that there is.
    init(path: String, days: Int) throws {
        var database = try SQLite(reading: path)
        try database.script("BEGIN;")
        guard try database.value("PRAGMA user_version")?.integer == HistorySchema.version else {
            throw SQLiteError(code: 0, message: "it is of another version", doing: "read \(path)")
        }
        let newest = try database.value("SELECT max(through) FROM looks")?.integer ?? 0
        let wanted = Timestamp(milliseconds: newest) - .seconds(86_400 * max(0, days))
        let row = try database.rows(
            "SELECT first, body FROM state WHERE time <= ? ORDER BY first DESC LIMIT 1",
            .integer(wanted.milliseconds)
        ).first
        let begin: [SQLiteValue]? =
            if let row { row } else { try database.rows("SELECT first, body FROM state ORDER BY first LIMIT 1").first }
        if let begin, let first = begin[0].integer, let body = begin[1].blob {
            self.first = first
            state = try WireFormat.decode(
                HistoryState.self, from: Gzip.decompress(body, limit: RecordedHistory.rowBytes))
        }
        try readLooks(&database)
        try readPoints(&database)
        try readTold(&database)
    }

    private mutating func readLooks(_ database: inout SQLite) throws {
        looks = try database.rows(
            "SELECT first, body FROM looks WHERE first + count > ? ORDER BY first", .integer(first)
        ).compactMap { row in
            guard let first = row[0].integer, let body = row[1].blob else { return nil }
            return Looks(first: first, body: body)
        }
    }

    private mutating func readPoints(_ database: inout SQLite) throws {
        var bodies: [Int64: [Data]] = [:]
        // What a signal was at the beginning is in the newest row that began before, or in an earlier one of it.
        for row in try database.rows(
            """
            SELECT series, body FROM chunk WHERE NOT EXISTS (SELECT 1 FROM chunk AS later
                WHERE later.series = chunk.series AND (later.first, later.piece) > (chunk.first, chunk.piece)
                AND later.start <= ?) ORDER BY series, first, piece
            """, .integer(state?.time.milliseconds ?? .min))
        {
            guard let series = row[0].integer, let body = row[1].blob else { continue }
            bodies[series, default: []].append(body)
        }
        for body in try database.rows("SELECT body FROM journal ORDER BY first").compactMap({ $0[0].blob }) {
            try HistoryJournal.read(body) { bodies[$0, default: []].append(Data($1)) }
        }
        points = try database.rows("SELECT id, source, component, signal FROM series ORDER BY id").compactMap { row in
            guard let number = row[0].integer, let series = HistorySeries(row), let found = bodies[number] else {
                return nil
            }
            return (series, found)
        }
    }

    private mutating func readTold(_ database: inout SQLite) throws {
        eventsAreCut = try database.value("SELECT value FROM note WHERE key = 'events-cut'")?.integer ?? 0 >= first
        for row in try database.rows("SELECT first, body FROM event ORDER BY first") {
            guard let first = row[0].integer, let body = row[1].blob else { continue }
            let some = try WireFormat.decode(
                [HistoryBatch.Event].self, from: Gzip.decompress(body, limit: RecordedHistory.rowBytes))
            for event in some where first + Int64(event.look) >= self.first {
                events[first + Int64(event.look), default: []].append(event)
            }
        }
        for row in try database.rows("SELECT first, source, body FROM components ORDER BY first") {
            guard let first = row[0].integer, let source = row[1].text, let body = row[2].blob else { continue }
            let list = try WireFormat.decode(
                [Component].self, from: Gzip.decompress(body, limit: RecordedHistory.rowBytes))
            components.append((first, source, list))
        }
        for row in try database.rows(
            "SELECT first, time, body FROM declared WHERE first >= ? ORDER BY id", .integer(first))
        {
            guard let first = row[0].integer, let time = row[1].integer, let body = row[2].blob else { continue }
            declared.append(
                (first, Timestamp(milliseconds: time), try WireFormat.decode(PartDeclaration.self, from: body)))
        }
    }
}
