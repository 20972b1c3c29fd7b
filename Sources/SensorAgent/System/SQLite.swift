import CSQLite
import FoundationEssentials

/// One value of a row or a parameter. https://sqlite.org/datatype3.html
enum SQLiteValue: Hashable, Sendable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case blob(Data)

    var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
    var text: String? { if case .text(let value) = self { value } else { nil } }
    var blob: Data? { if case .blob(let value) = self { value } else { nil } }
    var real: Double? {
        switch self {
        case .real(let value): value
        case .integer(let value): Double(value)
        case .null, .text, .blob: nil
        }
    }

    init(_ value: Double?) { self = value.map(SQLiteValue.real) ?? .null }
    init(_ value: String?) { self = value.map(SQLiteValue.text) ?? .null }
    init(_ value: Data?) { self = value.map(SQLiteValue.blob) ?? .null }
}

/// What SQLite refused, in its own words and with the statement it refused. https://sqlite.org/rescode.html
struct SQLiteError: Error, Hashable, CustomStringConvertible {
    /// The extended result code.
    var code: Int32
    var message: String
    /// What was being done: a statement, or `open PATH`.
    var doing: String

    /// The code without its extension.
    var primaryCode: Int32 { code & 0xFF }
    /// The file is no database, or a damaged one.
    var isCorruption: Bool { primaryCode == SQLITE_CORRUPT || primaryCode == SQLITE_NOTADB }
    /// Another process holds the file.
    var isLocked: Bool { primaryCode == SQLITE_BUSY || primaryCode == SQLITE_LOCKED }
    /// No room on the disk.
    var isFull: Bool { primaryCode == SQLITE_FULL }
    /// The disk, its file system or the file itself refuses to be read or written.
    var isOfTheDisk: Bool {
        [SQLITE_IOERR, SQLITE_READONLY, SQLITE_FULL, SQLITE_CANTOPEN, SQLITE_PERM].contains(primaryCode) || isCorruption
    }

    var description: String { "\(message) (SQLite code \(code)) while doing: \(doing.prefix(200))" }
}

/// One connection to one database file. No pointer leaves this file; closing it ends every statement.
@safe
struct SQLite: ~Copyable {
    private let handle: OpaquePointer
    /// Prepared once, used again: the statements of an agent are few and fixed.
    private var prepared: [String: OpaquePointer] = unsafe [:]

    /// Opens the file, or makes it with access for its owner alone (the caller's umask decides).
    /// - Parameter busyTimeout: how long a statement waits for another process that holds the file.
    init(path: String, busyTimeout: Duration = .seconds(5)) throws(SQLiteError) {
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let code = unsafe sqlite3_open_v2(path, &opened, flags, nil)
        guard code == SQLITE_OK, let found = unsafe opened else {
            let message = unsafe String(cString: sqlite3_errstr(code))
            unsafe sqlite3_close_v2(opened)
            throw SQLiteError(code: code, message: message, doing: "open \(path)")
        }
        unsafe handle = found
        let milliseconds = busyTimeout.components.seconds * 1000
        unsafe sqlite3_busy_timeout(handle, Int32(clamping: milliseconds))
    }

    /// Opens a file of a disk that may not be touched: nothing beside it is made, locked or looked at, the log included.
    /// https://sqlite.org/uri.html#uriimmutable
    init(untouched path: String) throws(SQLiteError) {
        let plain = path.replacing("%", with: "%25").replacing("?", with: "%3f").replacing("#", with: "%23")
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let code = unsafe sqlite3_open_v2("file:\(plain)?immutable=1", &opened, flags, nil)
        guard code == SQLITE_OK, let found = unsafe opened else {
            let message = unsafe String(cString: sqlite3_errstr(code))
            unsafe sqlite3_close_v2(opened)
            throw SQLiteError(code: code, message: message, doing: "open \(path)")
        }
        unsafe handle = found
    }

    /// Opens a file that is there, to read what another process writes.
    init(reading path: String) throws(SQLiteError) {
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let code = unsafe sqlite3_open_v2(path, &opened, flags, nil)
        guard code == SQLITE_OK, let found = unsafe opened else {
            let message = unsafe String(cString: sqlite3_errstr(code))
            unsafe sqlite3_close_v2(opened)
            throw SQLiteError(code: code, message: message, doing: "open \(path)")
        }
        unsafe handle = found
        unsafe sqlite3_busy_timeout(handle, SQLite.patience)
    }

    /// Milliseconds that a reader waits for whoever writes.
    private static let patience: Int32 = 10_000

    deinit {
        for unsafe(_, statement) in unsafe prepared { unsafe sqlite3_finalize(statement) }
        unsafe sqlite3_close_v2(handle)
    }

    /// Runs one statement whose rows nobody wants. Returns the number of rows it changed.
    @discardableResult
    mutating func run(_ sql: String, _ values: SQLiteValue...) throws(SQLiteError) -> Int {
        try step(sql, values) { _ in false }
        return unsafe Int(sqlite3_changes64(handle))
    }

    /// Every row of one statement.
    mutating func rows(_ sql: String, _ values: SQLiteValue...) throws(SQLiteError) -> [[SQLiteValue]] {
        var found: [[SQLiteValue]] = []
        try step(sql, values) { row in
            found.append(row)
            return true
        }
        return found
    }

    /// Rows, one after the other, for as long as `wanted` returns true: the rest is not read.
    mutating func read(
        _ sql: String, _ values: SQLiteValue..., while wanted: ([SQLiteValue]) -> Bool
    ) throws(SQLiteError) {
        try step(sql, values, wanted)
    }

    /// The first value of the first row.
    mutating func value(_ sql: String, _ values: SQLiteValue...) throws(SQLiteError) -> SQLiteValue? {
        var found: SQLiteValue?
        try step(sql, values) { row in
            found = row.first
            return false
        }
        return found
    }

    /// Statements without parameters, separated by semicolons.
    func script(_ sql: String) throws(SQLiteError) {
        let code = unsafe sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw error(code, sql) }
    }

    // MARK: Statements

    private mutating func step(
        _ sql: String, _ values: [SQLiteValue], _ wanted: ([SQLiteValue]) -> Bool
    ) throws(SQLiteError) {
        let statement = unsafe try statement(for: sql)
        defer {
            unsafe sqlite3_reset(statement)
            unsafe sqlite3_clear_bindings(statement)
        }
        for (index, value) in values.enumerated() {
            let code = unsafe SQLite.bind(value, to: statement, at: Int32(index + 1))
            guard code == SQLITE_OK else { throw error(code, sql) }
        }
        while true {
            switch unsafe sqlite3_step(statement) {
            case SQLITE_ROW: if unsafe !wanted(SQLite.row(of: statement)) { return }
            case SQLITE_DONE: return
            case let code: throw error(code, sql)
            }
        }
    }

    private mutating func statement(for sql: String) throws(SQLiteError) -> OpaquePointer {
        if let known = unsafe prepared[sql] { return unsafe known }
        var made: OpaquePointer?
        let code = unsafe sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &made, nil)
        guard code == SQLITE_OK, let statement = unsafe made else { throw error(code, sql) }
        unsafe prepared[sql] = statement
        return unsafe statement
    }

    private static func bind(_ value: SQLiteValue, to statement: OpaquePointer, at index: Int32) -> Int32 {
        switch value {
        case .null: return unsafe sqlite3_bind_null(statement, index)
        case .integer(let value): return unsafe sqlite3_bind_int64(statement, index, value)
        case .real(let value): return unsafe sqlite3_bind_double(statement, index, value)
        case .text(let value):
            return unsafe callhome_bind_text(statement, index, value, Int32(clamping: value.utf8.count))
        case .blob(let value) where value.isEmpty: return unsafe sqlite3_bind_zeroblob(statement, index, 0)
        case .blob(let value):
            return unsafe value.withUnsafeBytes { bytes in
                unsafe callhome_bind_blob(statement, index, bytes.baseAddress, Int32(clamping: bytes.count))
            }
        }
    }

    private static func row(of statement: OpaquePointer) -> [SQLiteValue] {
        var row: [SQLiteValue] = []
        for column in unsafe 0..<sqlite3_column_count(statement) {
            row.append(unsafe value(of: statement, at: column))
        }
        return row
    }

    private static func value(of statement: OpaquePointer, at column: Int32) -> SQLiteValue {
        let length = unsafe Int(sqlite3_column_bytes(statement, column))
        switch unsafe sqlite3_column_type(statement, column) {
        case SQLITE_INTEGER: return .integer(unsafe sqlite3_column_int64(statement, column))
        case SQLITE_FLOAT: return .real(unsafe sqlite3_column_double(statement, column))
        case SQLITE_TEXT:
            guard let text = unsafe sqlite3_column_text(statement, column) else { return .text("") }
            return .text(unsafe String(decoding: UnsafeBufferPointer(start: text, count: length), as: UTF8.self))
        case SQLITE_BLOB:
            guard let bytes = unsafe sqlite3_column_blob(statement, column) else { return .blob(Data()) }
            return .blob(unsafe Data(bytes: bytes, count: length))
        default: return .null
        }
    }

    private func error(_ code: Int32, _ sql: String) -> SQLiteError {
        SQLiteError(code: code, message: unsafe String(cString: sqlite3_errmsg(handle)), doing: sql)
    }
}
