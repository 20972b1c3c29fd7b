/// `POST /v1/renewals`, signed by the agent's key: it says which root it trusts, and asks for a certificate. The collector
/// decides by its own clock whether a new one is due; the agent's clock plays no part.
public struct RenewalRequest: Hashable, Sendable, Codable {
    @Bounded<CountBounds> public var format: Int
    public var host: HostID
    /// SHA-256 of the TLS root that the agent keeps and trusts alone, in hexadecimal.
    public var root: String

    public init(host: HostID, root: String) {
        format = WireFormat.version
        self.host = host
        self.root = root
    }
}

/// The answer, signed by the collector.
public struct Renewal: Hashable, Sendable, Codable {
    @Bounded<CountBounds> public var format: Int
    public var host: HostID
    /// `VerifyingKey.id` of the agent's key.
    public var keyID: String
    /// PEM: the statement that `host` holds the key.
    public var certificate: String

    /// Seconds that a new certificate is good for, from when it is made.
    public static let certificateSeconds: Int64 = 90 * 86_400

    public init(host: HostID, keyID: String, certificate: String) {
        format = WireFormat.version
        self.host = host
        self.keyID = keyID
        self.certificate = certificate
    }
}

/// What a collector tells another one that hands it tickets: which root to trust from now on. Signed.
public struct RootNotice: Hashable, Sendable, Codable {
    @Bounded<CountBounds> public var format: Int
    /// The collector that it is for.
    public var site: String
    /// PEM of the TLS root.
    public var root: String

    public init(site: String, root: String) {
        format = WireFormat.version
        self.site = site
        self.root = root
    }
}
