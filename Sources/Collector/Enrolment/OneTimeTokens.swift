import Crypto
import FoundationEssentials
import HTTPTypes
import Reports

/// Makes one-time tokens and lets in whoever brings one.
struct OneTimeTokens {
    let store: any CollectorStore
    /// Fingerprint of the TLS root. Whoever brings a token of the CA of before trusts that one, and may have shown the token
    /// to an impostor: it lets nobody in.
    let root: String

    /// A new token. The secret is in the answer and nowhere else.
    /// - Parameter replaces: the server whose place it gives away; nil where it lets in a new one.
    func create(
        _ purpose: IssuedToken.Purpose, replacing replaces: HostID? = nil, note: String, lifetime: Duration,
        at time: Timestamp
    ) async throws(StoreError) -> JoinToken {
        let token = JoinToken(
            id: RandomBytes.make(6).hexadecimal, secret: RandomBytes.make(16).hexadecimal, caFingerprint: root)
        try await store.save(
            IssuedToken(
                id: token.id, purpose: purpose, secretHash: OneTimeTokens.hash(token.secret), note: note,
                createdAt: time, expiresAt: time + lifetime, ca: root, replaces: replaces))
        return token
    }

    static func hash(_ secret: String) -> String { SHA256.hash(data: Data(secret.utf8)).hexadecimal }

    /// The token, if its secret is right and it may be used. One that was used already is given back as well: the
    /// caller knows whether this is a repetition.
    func admitted(
        id: String, secret: String, purpose: IssuedToken.Purpose, at time: Timestamp
    ) async throws -> IssuedToken {
        guard let token = try await store.token(id: id),
            ConstantTime.equal(Data(token.secretHash.utf8), Data(OneTimeTokens.hash(secret).utf8))
        else {
            throw RequestProblem(
                .unauthorized, "unknown-token",
                "The token is not of this collector: copy it whole, or make another one.")
        }
        guard token.purpose == purpose else {
            throw RequestProblem(
                .unauthorized, "unknown-token",
                purpose == .server
                    ? "The token pairs a site, and lets no server in: callhome-collector tokens create makes one for a server."
                    : "The token lets a server in, and pairs no site: callhome-collector pair create makes one for a site."
            )
        }
        if token.revokedAt != nil {
            throw RequestProblem(.forbidden, "token-revoked", "The token was revoked: make another one.")
        }
        if token.usedAt == nil, token.ca != root {
            throw RequestProblem(
                .forbidden, "token-outdated",
                "The token names the CA that this collector had before its TLS root (SHA-256 \(root)): make another one."
            )
        }
        if token.usedAt == nil, token.expiresAt < time {
            throw RequestProblem(
                .forbidden, "token-expired", "The token was good until \(token.expiresAt): make another one.")
        }
        return token
    }
}
