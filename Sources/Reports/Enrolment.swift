public import FoundationEssentials

/// A one-time secret that lets one server join, and names the collector to trust:
/// `callhome1.<id>.<secret>.<SHA-256 of the CA certificate's DER, hexadecimal>`.
public struct JoinToken: Hashable, Sendable, CustomStringConvertible {
    public static let prefix = "callhome1"
    public var id: String
    public var secret: String
    public var caFingerprint: String

    public init(id: String, secret: String, caFingerprint: String) {
        self.id = id
        self.secret = secret
        self.caFingerprint = caFingerprint
    }

    public init?(parsing text: String) {
        let fields = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard fields.count == 4, fields[0] == JoinToken.prefix, !fields[1].isEmpty, fields[2].count >= 16,
            fields[3].count == 64, fields[3].allSatisfy(\.isHexDigit)
        else { return nil }
        id = fields[1]
        secret = fields[2]
        caFingerprint = fields[3].lowercased()
    }

    public var description: String { "\(JoinToken.prefix).\(id).\(secret).\(caFingerprint)" }
}

/// `POST /v1/enrol`.
public struct EnrolmentRequest: Hashable, Sendable, Codable {
    @Bounded<CountBounds> public var format: Int
    /// `JoinToken.id` and `.secret`.
    public var tokenID: String
    public var tokenSecret: String
    /// What the agent calls itself (from its machine id); the answer may assign another.
    public var host: HostID
    public var hostname: String
    public var key: VerifyingKey
    /// Name or id of the server whose history this one takes over: after a reinstallation or a new board.
    public var replace: String?
    /// Signature by `key` over `proofBytes`: proves that the sender holds the private key.
    public var proof: Data

    public init(
        tokenID: String, tokenSecret: String, host: HostID, hostname: String, replace: String?, signedBy key: SigningKey
    ) throws {
        format = WireFormat.version
        self.tokenID = tokenID
        self.tokenSecret = tokenSecret
        self.host = host
        self.hostname = hostname
        self.key = key.publicKey
        self.replace = replace
        proof = try key.signature(
            for: EnrolmentRequest.proofBytes(tokenID: tokenID, host: host, key: key.publicKey, replace: replace))
    }

    /// - Parameter replace: whose place is taken is part of what is proven, so that nobody on the way can add it.
    public static func proofBytes(tokenID: String, host: HostID, key: VerifyingKey, replace: String? = nil) -> Data {
        guard let replace else { return Data("callhome-enrol-v1\n\(tokenID)\n\(host)\n\(key.id)".utf8) }
        return Data("callhome-enrol-v2\n\(tokenID)\n\(host)\n\(key.id)\n\(replace)".utf8)
    }

    public var isProven: Bool {
        key.verifies(
            proof, for: EnrolmentRequest.proofBytes(tokenID: tokenID, host: host, key: key, replace: replace))
    }
}

/// The answer to `POST /v1/enrol`.
public struct EnrolmentResponse: Hashable, Sendable, Codable {
    @Bounded<CountBounds> public var format: Int
    public var host: HostID
    /// PEM: the site CA's statement that `host` holds the key.
    public var certificate: String
    /// PEM of the CA; pinned from now on.
    public var ca: String
    /// What receipts are signed with.
    public var collectorKey: VerifyingKey
    /// The spool epoch to begin with.
    @Bounded<SequenceBounds> public var epoch: Int64
    /// Addresses of this collector, in the order to try them.
    public var collectors: [String]

    public init(
        host: HostID, certificate: String, ca: String, collectorKey: VerifyingKey, epoch: Int64, collectors: [String]
    ) {
        format = WireFormat.version
        self.host = host
        self.certificate = certificate
        self.ca = ca
        self.collectorKey = collectorKey
        self.epoch = epoch
        self.collectors = collectors
    }
}

/// The body of every answer that is not 2xx.
public struct Problem: Error, Hashable, Sendable, Codable, CustomStringConvertible {
    /// A stable word: `bad-signature`, `unknown-key`, `revoked-key`, `token-used`, `too-large`, `not-found`, …
    public var code: String
    /// What was wrong and what to do now.
    public var message: String
    public init(code: String, message: String) {
        self.code = code
        self.message = message
    }
    public var description: String { "\(message) [\(code)]" }
}
