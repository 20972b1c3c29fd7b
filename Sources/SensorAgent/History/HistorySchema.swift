import Reports

/// The tables of the file `history.sqlite`.
///
/// Looks are numbered from 1 on, and that number (`first`) says what came after what; times are the engine's. A batch of a
/// quarter of an hour is one row of `looks` and one of `journal`; once a day what the journal holds of each signal becomes
/// one row of `chunk`. A signal that does not change has no row, however long: its newest one holds.
///
/// Rows of `chunk` lie in the order in which they were written, so that pages are full, and those that go are whole pages.
/// (In the order of signals, each row of more than a quarter of a page took a page of its own.)
enum HistorySchema {
    /// `PRAGMA user_version`: a file of another layout is made anew.
    static let version: Int64 = 1

    /// A rollback journal, and no lock beyond a transaction: one file, which `callhome-agent replay` reads while the agent
    /// runs. A transaction each quarter of an hour is flushed in full.
    static let settings = """
        PRAGMA journal_mode=TRUNCATE; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-256;
        """

    private static let tables = """
        CREATE TABLE note(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
        CREATE TABLE series(
            id INTEGER PRIMARY KEY, source TEXT NOT NULL, component TEXT NOT NULL, signal TEXT NOT NULL,
            UNIQUE(component, signal, source));
        CREATE TABLE looks(
            first INTEGER PRIMARY KEY, count INTEGER NOT NULL, start INTEGER NOT NULL, through INTEGER NOT NULL,
            body BLOB NOT NULL);
        CREATE TABLE journal(first INTEGER PRIMARY KEY, body BLOB NOT NULL);
        CREATE TABLE chunk(
            id INTEGER PRIMARY KEY, series INTEGER NOT NULL, first INTEGER NOT NULL, piece INTEGER NOT NULL,
            start INTEGER NOT NULL, through INTEGER NOT NULL, ends INTEGER NOT NULL, loss INTEGER NOT NULL,
            body BLOB NOT NULL);
        CREATE UNIQUE INDEX chunk_of_series ON chunk(series, first, piece);
        CREATE TABLE event(first INTEGER PRIMARY KEY, bytes INTEGER NOT NULL, body BLOB NOT NULL);
        CREATE TABLE components(
            first INTEGER NOT NULL, source TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY(source, first)) WITHOUT ROWID;
        CREATE TABLE declared(id INTEGER PRIMARY KEY, first INTEGER NOT NULL, time INTEGER NOT NULL, body BLOB NOT NULL);
        CREATE TABLE state(first INTEGER PRIMARY KEY, time INTEGER NOT NULL, body BLOB NOT NULL);
        """

    /// Makes or checks the tables.
    /// - Returns: whether the file can be used; false where it is of another layout or damaged.
    static func prepare(_ database: inout SQLite) throws -> Bool {
        // Before the first page is written, or it has no effect: pages can be given back.
        try database.script("PRAGMA auto_vacuum=INCREMENTAL;")
        try database.script(settings)
        switch try database.value("PRAGMA user_version")?.integer ?? 0 {
        case version: return try database.value("PRAGMA quick_check(1)")?.text == "ok"
        case 0:
            try database.script("BEGIN IMMEDIATE; \(tables) PRAGMA user_version=\(version); COMMIT;")
            return true
        default: return false
        }
    }
}
