import GRDB
import Reports

/// What people declare of parts, until and after the agent has answered.
extension SQLiteStore {
    func declare(
        _ verb: PartDeclaration.Verb, part: String, faultClass: String?, host: HostID, by: String, because: String,
        at time: Timestamp
    ) async throws(StoreError) -> DeclaredPart {
        try await write("declaring something of a part") {
            try DeclarationRecorder(transaction: $0, time: time).declare(
                verb, part: part, faultClass: faultClass, host: host, by: by, because: because)
        }
    }
}

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
