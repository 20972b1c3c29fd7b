import FoundationEssentials
import Reports

/// `POST /v1/pair`: a site's collector asks another one to take its tickets from now on.
struct PairingRequest: Hashable, Sendable, Codable {
    static let path = "/v1/pair"

    @Bounded<CountBounds> var format: Int
    /// `JoinToken.id` and `.secret`.
    var tokenID: String
    var tokenSecret: String
    /// The asking collector's own id and its name for people.
    var site: String
    var name: String
    /// PEM of its CA.
    var ca: String
    /// What it signs tickets and heartbeats with.
    var key: VerifyingKey
    /// Signature by `key` over `proofBytes`.
    var proof: Data

    init(token: JoinToken, site: String, name: String, ca: String, signedBy key: SigningKey) throws {
        format = WireFormat.version
        tokenID = token.id
        tokenSecret = token.secret
        self.site = site
        self.name = name
        self.ca = ca
        self.key = key.publicKey
        proof = try key.signature(
            for: PairingRequest.proofBytes(tokenID: token.id, site: site, ca: ca, key: key.publicKey))
    }

    static func proofBytes(tokenID: String, site: String, ca: String, key: VerifyingKey) -> Data {
        Data("callhome-pair-v1\n\(tokenID)\n\(site)\n\(key.id)\n\(ca)".utf8)
    }

    var isProven: Bool {
        key.verifies(proof, for: PairingRequest.proofBytes(tokenID: tokenID, site: site, ca: ca, key: key))
    }
}

/// The answer to `POST /v1/pair`.
struct PairingResponse: Hashable, Sendable, Codable {
    @Bounded<CountBounds> var format: Int
    /// PEM of the partner's CA; pinned from now on.
    var ca: String
    var key: VerifyingKey
}
