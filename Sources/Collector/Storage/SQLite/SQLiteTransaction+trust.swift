import GRDB
import Reports

/// Tokens, keys, sites and partners.
extension SQLiteTransaction {
    // MARK: Tokens and keys

    func token(id: String) throws -> IssuedToken? {
        try body(IssuedToken.self, "SELECT id, body FROM token WHERE id = ?", [id])
    }

    func tokens(_ purpose: IssuedToken.Purpose?) throws -> [IssuedToken] {
        try bodies(
            IssuedToken.self,
            "SELECT id, body FROM token \(purpose == nil ? "" : "WHERE purpose = ?") ORDER BY created DESC, id",
            purpose.map { [$0.rawValue] } ?? [])
    }

    func save(_ token: IssuedToken) throws {
        try run(
            "INSERT INTO token VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body",
            [token.id, token.purpose.rawValue, token.createdAt.milliseconds, try encode(token)])
    }

    func agentKey(id: String) throws -> AgentKey? {
        try Row.fetchOne(
            db.cachedStatement(sql: "SELECT * FROM agent_key WHERE id = ?"), arguments: [id]
        ).map { row in
            AgentKey(
                key: try VerifyingKey(bytes: row["public_key"]), host: row["host"], certificate: row["certificate"],
                enrolledAt: Timestamp(milliseconds: row["enrolled"]),
                revokedAt: (row["revoked"] as Int64?).map { Timestamp(milliseconds: $0) },
                revokedBecause: row["because"])
        }
    }

    func save(_ key: AgentKey) throws {
        try run(
            """
            INSERT INTO agent_key (id, host, public_key, certificate, enrolled, revoked, because)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            ON CONFLICT (id) DO UPDATE SET host = ?2, certificate = ?4, enrolled = ?5, revoked = ?6, because = ?7
            """,
            [
                key.key.id, key.host, key.key.bytes, key.certificate, key.enrolledAt.milliseconds,
                key.revokedAt?.milliseconds, key.revokedBecause,
            ])
    }

    func revokeKeys(host: HostID, because: String, at time: Timestamp) throws {
        try run(
            "UPDATE agent_key SET revoked = ?, because = ? WHERE host = ? AND revoked IS NULL",
            [time.milliseconds, because, host])
    }

    // MARK: Sites and partners

    func siteIDs() throws -> [String] { try String.fetchAll(db, sql: "SELECT id FROM site ORDER BY id") }

    func pairedSites() throws -> [PairedSite] {
        try bodies(PairedSite.self, "SELECT id, body FROM site ORDER BY id")
    }

    func pairedSite(keyID: String) throws -> PairedSite? {
        try body(PairedSite.self, "SELECT id, body FROM site WHERE key = ?", [keyID])
    }

    func partnerTrust(recipient: String) throws -> PartnerTrust? {
        try body(PartnerTrust.self, "SELECT recipient, body FROM partner WHERE recipient = ?", [recipient])
    }

    func save(_ trust: PartnerTrust) throws {
        try run(
            "INSERT INTO partner VALUES (?, ?) ON CONFLICT DO UPDATE SET body = excluded.body",
            [trust.recipient, try encode(trust)])
    }

    // MARK: Which root is trusted

    /// A field of a row's JSON; NULL where the row cannot be read, which is told where it is needed.
    private static func field(_ path: String) -> String {
        "CASE WHEN json_valid(body) THEN json_extract(body, '$.\(path)') END"
    }

    func isAnyRootTrusted() throws -> Bool {
        let sql = """
            SELECT 1 FROM server WHERE \(SQLiteTransaction.field("server.trust.root")) IS NOT NULL
            AND \(SQLiteTransaction.field("server.state")) <> 'revoked' LIMIT 1
            """
        return try Int.fetchOne(db, sql: sql) != nil
    }

    func trustingEarlier(than root: String, limit: Int) throws -> [String] {
        let servers = """
            SELECT COALESCE(\(SQLiteTransaction.field("server.hostname")), host) FROM server
            WHERE \(SQLiteTransaction.field("server.trust.root")) IS NOT ?1
            AND \(SQLiteTransaction.field("server.state")) <> 'revoked' LIMIT ?2
            """
        let sites = """
            SELECT COALESCE(\(SQLiteTransaction.field("name")), id) FROM site
            WHERE json_valid(body) AND \(SQLiteTransaction.field("root")) IS NOT ?1 LIMIT ?2
            """
        let names = try [servers, sites].flatMap { try String.fetchAll(db, sql: $0, arguments: [root, limit]) }
        return Array(names.prefix(limit))
    }
}
