import GRDB
import Reports

/// Who may log in, and with what.
extension SQLiteTransaction {
    func account(name: String) throws -> Account? {
        try body(Account.self, "SELECT name, body FROM account WHERE name = ?", [name])
    }

    func accounts() throws -> [Account] { try bodies(Account.self, "SELECT name, body FROM account ORDER BY name") }

    func save(_ account: Account) throws {
        try run(
            "INSERT INTO account VALUES (?, ?) ON CONFLICT DO UPDATE SET body = excluded.body",
            [account.name, try encode(account)])
    }

    func deleteAccount(name: String) throws { try run("DELETE FROM account WHERE name = ?", [name]) }

    func accessToken(hash: String) throws -> AccessToken? {
        try body(AccessToken.self, "SELECT account, body FROM access_token WHERE hash = ?", [hash])
    }

    func accessTokens(account: String?) throws -> [AccessToken] {
        try bodies(
            AccessToken.self,
            """
            SELECT account, body FROM access_token \(account == nil ? "" : "WHERE account = ?")
            ORDER BY created DESC, hash
            """, account.map { [$0] } ?? [])
    }

    func save(_ token: AccessToken) throws {
        try run(
            "INSERT INTO access_token VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
                + "expires = excluded.expires, body = excluded.body",
            [
                token.hash, token.kind.rawValue, token.account, token.createdAt.milliseconds,
                token.expiresAt.milliseconds, try encode(token),
            ])
    }

    func deleteAccessToken(hash: String) throws { try run("DELETE FROM access_token WHERE hash = ?", [hash]) }

    func deleteAccessTokens(account: String) throws {
        try run("DELETE FROM access_token WHERE account = ?", [account])
    }
}
