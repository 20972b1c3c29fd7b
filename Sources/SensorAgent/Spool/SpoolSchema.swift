import Reports

/// The tables of the spool file and the promises they rest on.
enum SpoolSchema {
    /// `PRAGMA user_version`: the layout of the tables. A file of a later layout is refused, never changed; in layout 1 no
    /// report is packed, which a reader sees by its first byte, and before layout 3 there is no account of the faults that stand.
    static let version: Int64 = 3

    /// Bytes that the write-ahead log keeps on disk after a checkpoint.
    static let logBytes: Int64 = 1 << 20

    /// Every report is acknowledged by number, so that a transaction that was reported as done must outlast a power
    /// cut, heartbeats included: a sequence used twice would be taken for a repeat. Hence synchronous=FULL throughout;
    /// the price is one flush per transaction, about one a minute. https://sqlite.org/pragma.html#pragma_synchronous
    ///
    /// The lock is held for as long as the file is open: two agents on one spool would number reports twice.
    private static let settings = """
        PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA journal_size_limit=\(logBytes);
        PRAGMA temp_store=MEMORY; PRAGMA cache_size=-512;
        """

    private static let tables = """
        CREATE TABLE note(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
        CREATE TABLE stream(name TEXT PRIMARY KEY, next INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE report(
            id INTEGER PRIMARY KEY, stream TEXT NOT NULL, sequence INTEGER NOT NULL, first INTEGER NOT NULL,
            kind TEXT NOT NULL, test TEXT, time INTEGER NOT NULL, envelope BLOB NOT NULL, UNIQUE(stream, sequence));
        CREATE TABLE component(id TEXT PRIMARY KEY, latches BLOB NOT NULL, windows BLOB);
        CREATE TABLE cursor(probe TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE series(
            id INTEGER PRIMARY KEY, component TEXT NOT NULL, signal TEXT NOT NULL, UNIQUE(component, signal));
        CREATE TABLE sample(
            through INTEGER NOT NULL, series INTEGER NOT NULL, start INTEGER NOT NULL, count INTEGER NOT NULL,
            minimum REAL, maximum REAL, mean REAL, last REAL, state TEXT, unavailable TEXT,
            PRIMARY KEY(through, series)) WITHOUT ROWID;
        """ + standing

    private static let standing = """

        CREATE TABLE IF NOT EXISTS standing(fault TEXT PRIMARY KEY, stamp INTEGER NOT NULL, body BLOB NOT NULL) WITHOUT ROWID;
        """

    /// Makes or checks the tables of an open file.
    /// - Parameter epoch: of a file that is made.
    /// - Returns: the epoch of the file.
    /// - Throws: `SQLiteError`, with `SQLITE_NOTADB` or `SQLITE_CORRUPT` where the file is no spool or a damaged one.
    static func prepare(_ database: inout SQLite, path: String, epoch: Int64) throws -> Int64 {
        // The lock before anything is read: without it the index of the log would be a file of its own, which a disk that is
        // only read does not take. Then, before the first page is written, or it has no effect: pages can be given back.
        try database.script("PRAGMA locking_mode=EXCLUSIVE; PRAGMA auto_vacuum=INCREMENTAL;")
        try database.script(settings)
        let found = try database.value("PRAGMA user_version")?.integer ?? 0
        switch found {
        case 1...version:
            guard try database.value("PRAGMA quick_check(1)")?.text == "ok" else {
                throw SQLiteError(
                    code: SpoolSchema.corrupt, message: "the quick check found damage", doing: "open \(path)")
            }
            if found < version { try database.script("\(standing) PRAGMA user_version=\(version);") }
        case 0:
            try database.script("BEGIN IMMEDIATE;")
            try database.script(tables)
            for stream in ReportStream.allCases {
                try database.run("INSERT INTO stream VALUES(?, 1)", .text(stream.rawValue))
            }
            try database.run("INSERT INTO note VALUES('epoch', ?)", .integer(epoch))
            try database.script("PRAGMA user_version=\(version); COMMIT;")
        default:
            throw SpoolError.later(path: path, layout: found, known: version)
        }
        // Nothing was written yet: a disk that can only be read shows itself here, and not at the first fault.
        try setNote("opened", Int64(1), &database)
        return try self.epoch(&database) ?? epoch
    }

    /// Whether the file has the tables, and can be read at all.
    static func isReadable(_ database: inout SQLite) -> Bool {
        (try? database.value("SELECT count(*) FROM stream")) != nil
    }

    // MARK: Notes

    static func epoch(_ database: inout SQLite) throws -> Int64? {
        try database.value("SELECT value FROM note WHERE key = 'epoch'")?.integer
    }

    /// `generation`: of a file in memory, which state of it; `taken`: the generation whose content a file on disk took over.
    static func note(_ key: String, _ database: inout SQLite) throws -> String? {
        try database.value("SELECT value FROM note WHERE key = ?", .text(key))?.text
    }

    static func setNote(_ key: String, _ value: String, _ database: inout SQLite) throws {
        try database.run("INSERT OR REPLACE INTO note VALUES(?, ?)", .text(key), .text(value))
    }

    static func setNote(_ key: String, _ value: Int64, _ database: inout SQLite) throws {
        try database.run("INSERT OR REPLACE INTO note VALUES(?, ?)", .text(key), .integer(value))
    }

    /// SQLITE_CORRUPT of https://sqlite.org/rescode.html.
    static let corrupt: Int32 = 11
}
