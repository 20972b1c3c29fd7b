import FoundationEssentials
import Reports

/// Makes the accounts of the console and the API.
struct Accounts: Sendable {
    /// Characters of a password that a person chose: NIST SP 800-63B asks for at least 8.
    static let shortestPassword = 10

    let store: any CollectorStore

    /// Makes `admin` with a random password when there is no account at all.
    /// - Returns: name and password; nil where there are accounts.
    func makeFirst(at time: Timestamp) async throws -> (name: String, password: String)? {
        guard try await store.accounts().isEmpty else { return nil }
        let password = Accounts.randomPassword()
        try await set("admin", password: password, at: time)
        return ("admin", password)
    }

    /// Gives an account a new random password, and returns it.
    /// - Parameter creating: makes the account, and never touches one that is there.
    /// - Throws: `notFound` with the nearest names; `conflict` where an account that is to be made is there.
    func reset(_ name: String, creating: Bool, at time: Timestamp) async throws -> String {
        let isThere = try await store.account(name: name) != nil
        let shown = CleanText.line(name, limit: 80)
        if creating, isThere {
            throw StoreError.conflict(because: "the login \(shown) is there: without --create it gets a new password")
        }
        if !creating, !isThere {
            let names = try await store.accounts().map(\.name)
            let near = Wording.near(name, among: names)
            let known = names.isEmpty ? "there is none at all" : "the logins are \(Wording.names(names))"
            let hint = near.isEmpty ? known : "perhaps \(near.joined(separator: " or "))"
            throw StoreError.notFound(what: "login \(shown); \(hint). To make it, give --create too")
        }
        let password = Accounts.randomPassword()
        try await set(name, password: password, at: time)
        return password
    }

    /// Makes the account, or gives it another password.
    func set(_ name: String, password: String, at time: Timestamp) async throws {
        guard NameRules.isHost(name) else {
            throw StoreError.conflict(because: "a login is made of 1 to 64 letters, digits, '.', '_' and '-'")
        }
        guard password.count >= Accounts.shortestPassword, password.utf8.count <= Password.longest else {
            throw StoreError.conflict(because: "a password has at least \(Accounts.shortestPassword) characters")
        }
        let created = try await store.account(name: name)?.createdAt ?? time
        try await store.save(Account(name: name, passwordHash: try await Password.hashed(password), createdAt: created))
    }

    /// One account and what it is logged in with now.
    struct Line: Hashable, Sendable {
        var account: Account
        /// Newest first; none that has run out.
        var logins: [AccessToken]
    }

    /// By name.
    func list(at time: Timestamp) async throws(StoreError) -> [Line] {
        var lines: [Line] = []
        for account in try await store.accounts() {
            let logins = try await store.logins(account: account.name).filter { $0.expiresAt > time }
            lines.append(Line(account: account, logins: logins))
        }
        return lines
    }

    /// Ends one login of the account, or all.
    /// - Parameter id: at least the first `AccessToken.idLength` characters of its hash; nil: all.
    /// - Returns: how many ended.
    func endLogins(of name: String, id: String?) async throws(StoreError) -> Int {
        guard try await store.account(name: name) != nil else { throw try await unknown(name) }
        let logins = try await store.logins(account: name)
        let meant = logins.filter { login in
            id.map { $0.count >= AccessToken.idLength && login.hash.hasPrefix($0) } ?? true
        }
        if let id, meant.isEmpty {
            throw .notFound(what: "login \(CleanText.line(id, limit: 40)) of \(CleanText.line(name, limit: 80))")
        }
        for login in meant { try await store.deleteAccessToken(hash: login.hash) }
        return meant.count
    }

    /// Removes the account with all its logins.
    /// - Throws: `conflict` for the last one: nobody could come in any more.
    func remove(_ name: String) async throws(StoreError) {
        guard try await store.account(name: name) != nil else { throw try await unknown(name) }
        try await store.removeAccount(name: name)
    }

    private func unknown(_ name: String) async throws(StoreError) -> StoreError {
        let names = try await store.accounts().map(\.name)
        let near = Wording.near(name, among: names)
        let hint = near.isEmpty ? "the logins are \(Wording.names(names))" : "perhaps \(near.joined(separator: " or "))"
        return .notFound(what: "login \(CleanText.line(name, limit: 80)); \(hint)")
    }

    /// 100 bits in groups that can be read aloud: Crockford's base 32.
    static func randomPassword() -> String {
        let letters = Array("0123456789abcdefghjkmnpqrstvwxyz")
        let text = RandomBytes.make(20).map { letters[Int($0 & 31)] }
        return stride(from: 0, to: 20, by: 5).map { String(text[$0..<$0 + 5]) }.joined(separator: "-")
    }
}
