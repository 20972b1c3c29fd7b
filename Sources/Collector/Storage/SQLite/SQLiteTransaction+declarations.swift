import GRDB
import Reports

/// What people declare of parts, until and after the agent has answered.
extension SQLiteTransaction {
    func unansweredDeclarations(host: HostID) throws -> [DeclaredPart] {
        try bodies(
            DeclaredPart.self,
            "SELECT id, body FROM part_declaration WHERE host = ? AND answered IS NULL ORDER BY declared, id", [host])
    }

    func save(_ declared: DeclaredPart, host: HostID) throws {
        try run(
            """
            INSERT INTO part_declaration (id, host, declared, answered, body) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET answered = excluded.answered, body = excluded.body
            """,
            [
                declared.declaration.id, host, declared.declaration.at.milliseconds,
                declared.answer?.time.milliseconds, try encode(declared),
            ])
    }
}
