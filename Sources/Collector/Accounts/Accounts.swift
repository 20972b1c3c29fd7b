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
        try await store.save(Account(name: name, passwordHash: try Password.hash(password), createdAt: created))
    }

    /// 100 bits in groups that can be read aloud: Crockford's base 32.
    static func randomPassword() -> String {
        let letters = Array("0123456789abcdefghjkmnpqrstvwxyz")
        let text = RandomBytes.make(20).map { letters[Int($0 & 31)] }
        return stride(from: 0, to: 20, by: 5).map { String(text[$0..<$0 + 5]) }.joined(separator: "-")
    }
}
