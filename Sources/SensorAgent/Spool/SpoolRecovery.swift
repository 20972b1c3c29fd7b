import FoundationEssentials
import Reports

/// Takes out of a damaged spool what can still be read: reports that verify, diagnosis state, cursors.
///
/// Telemetry and samples are not worth the doubt.
struct SpoolRecovery {
    private let name: String
    private let author: ReportSigner

    /// - Parameter name: the damaged file, already set aside.
    init(from name: String, author: ReportSigner) {
        self.name = name
        self.author = author
    }

    /// Fills the new file, in the epoch `Spool.unsettled`, and returns what became of the old one.
    func pour(into database: inout SQLite, because error: SQLiteError) throws -> String {
        let reports = faultReports()
        try database.script("BEGIN IMMEDIATE;")
        var sequence: Int64 = 0
        for var report in reports {
            sequence += 1
            report.position = ReportPosition(epoch: Spool.unsettled, stream: .faults, sequence: sequence)
            report.host = author.host
            report.hostname = author.hostname
            try database.insert(report, signedBy: author)
        }
        try database.run("UPDATE stream SET next = ? WHERE name = 'faults'", .integer(sequence + 1))
        let states = rows("SELECT id, latches, windows FROM component")
        for row in states {
            try database.run("INSERT OR IGNORE INTO component VALUES(?, ?, ?)", row[0], row[1], row[2])
        }
        for row in rows("SELECT probe, value FROM cursor") {
            try database.run("INSERT OR IGNORE INTO cursor VALUES(?, ?)", row[0], row[1])
        }
        for row in rows("SELECT fault, stamp, body FROM standing") {
            try database.run("INSERT OR IGNORE INTO standing VALUES(?, ?, ?)", row[0], row[1], row[2])
        }
        for row in rows("SELECT key, value FROM note WHERE key IN ('stamp', 'restated')") {
            try database.run("INSERT OR IGNORE INTO note VALUES(?, ?)", row[0], row[1])
        }
        try database.script("COMMIT;")
        return "the spool file was damaged (\(error.message)) and is now \(name): \(reports.count) waiting fault "
            + "reports and the state of \(states.count) components were read from it, its telemetry is lost; "
            + "check the disk; they are numbered by the next answer of the collector"
    }

    private func faultReports() -> [Report] {
        rows("SELECT envelope FROM report WHERE stream = 'faults' ORDER BY sequence").compactMap { row in
            row[0].blob.flatMap { try? author.verify($0) }
        }
    }

    /// Rows up to the first that cannot be read. Each query has a connection of its own: damage in one table is no
    /// reason to give up another.
    private func rows(_ sql: String) -> [[SQLiteValue]] {
        guard var database = try? SQLite(path: name) else { return [] }
        var found: [[SQLiteValue]] = []
        // What was found before the damage counts; the damage itself is known and reported already.
        try? database.read(sql) { row in
            found.append(row)
            return true
        }
        return found
    }
}
