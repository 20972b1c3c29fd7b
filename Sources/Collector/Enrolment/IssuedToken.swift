import Reports

/// A one-time token as the collector remembers it: never the secret, only its hash.
struct IssuedToken: Hashable, Sendable, Codable {
    /// What it lets in.
    enum Purpose: String, Sendable, Codable {
        case server
        /// Another collector, which hands its tickets on to this one.
        case site
    }
    var id: String
    var purpose: Purpose
    /// SHA-256 of the secret, in hexadecimal. (The secret has 128 random bits, so a plain hash is enough.)
    var secretHash: String
    /// What the token is for, in the words of whoever made it.
    var note: String
    var createdAt: Timestamp
    var expiresAt: Timestamp
    var usedAt: Timestamp?
    /// Host or site that used it.
    var usedBy: String?
    var revokedAt: Timestamp?
    /// Fingerprint of the root that the token tells its holder to trust; nil: of the authority of before.
    var ca: String?
    /// The server whose place the bearer takes: this one and no other. nil lets in a new server only.
    var replaces: HostID?
}
