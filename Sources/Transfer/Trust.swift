/// Which certificate authority a server's certificate must come from. Its name is always checked, except by `unverified`.
public enum Trust: Sendable, Hashable {
    /// The authorities of the operating system.
    case system
    /// Only the authorities in this PEM text, and none of the operating system's.
    case pinned(caPEM: String)
    /// Only a collector whose TLS root is this PEM text: its certificate must be for servers in so many words (serverAuth)
    /// and name them; the common name counts for nothing. Only over HTTPS.
    /// - Parameter knownTime: seconds since 1970 that have passed for certain, where the machine's clock may be decades off:
    ///   see `KnownTime`; nil where the clock is trusted.
    case collector(rootPEM: String, knownTime: Int64? = nil)
    /// Anyone. Only for what is worth nothing until its fingerprint was compared: the CA certificate at enrolment.
    case unverified
}
