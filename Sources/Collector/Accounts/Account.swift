import Reports

/// Someone who may log in at the console.
struct Account: Hashable, Sendable, Codable {
    var name: String
    /// As `Password.hash` writes it.
    var passwordHash: String
    var createdAt: Timestamp
}

/// A secret that stands for a login: a console session or an API token. Only its hash is stored.
struct AccessToken: Hashable, Sendable, Codable {
    enum Kind: String, Sendable, Codable { case session, api }
    /// Characters of the hash that name a login to people.
    static let idLength = 12
    var id: String { String(hash.prefix(AccessToken.idLength)) }
    /// SHA-256 of the token, in hexadecimal.
    var hash: String
    var kind: Kind
    var account: String
    /// What it is used for, in the words of whoever made it.
    var note: String
    var createdAt: Timestamp
    var expiresAt: Timestamp
}
