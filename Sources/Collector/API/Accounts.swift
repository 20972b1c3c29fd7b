import FoundationEssentials
import Reports

/// Accounts of the console and the API, as the collector's own command makes them.
struct Accounts: Sendable {
    let store: any CollectorStore

    /// Makes `admin` with a random password when there is no account at all.
    /// - Returns: the password, shown once; nil where there are accounts.
    func makeFirst(at time: Timestamp) async throws -> (name: String, password: String)? {
        guard try await store.accounts().isEmpty else { return nil }
        let password = Accounts.randomPassword()
        try await set("admin", password: password, at: time)
        return ("admin", password)
    }

    /// Makes the account, or gives it another password.
    /// - Throws: `StoreError.conflict` for a password or name that cannot be used.
    func set(_ name: String, password: String, at time: Timestamp) async throws {
        guard !name.isEmpty, name.count <= 80, CleanText.line(name) == name else {
            throw StoreError.conflict(because: "an account's name has 1 to 80 visible characters")
        }
        guard password.count >= Password.shortest, password.utf8.count <= Password.longestBytes else {
            throw StoreError.conflict(because: "a password has at least \(Password.shortest) characters")
        }
        let created = try await store.account(name: name)?.createdAt ?? time
        try await store.save(
            Account(name: name, passwordHash: try await Password.hash(password), createdAt: created))
    }

    /// 100 bits in groups that can be read aloud: Crockford's base 32.
    static func randomPassword() -> String {
        let letters = Array("0123456789abcdefghjkmnpqrstvwxyz")
        let text = Password.randomBytes(20).map { letters[Int($0 & 31)] }
        return stride(from: 0, to: 20, by: 5).map { String(text[$0..<$0 + 5]) }.joined(separator: "-")
    }
}
