/// Which certificate authority a server's certificate must come from. Its name is always checked, except by `unverified`.
public enum Trust: Sendable, Hashable {
    /// The authorities of the operating system.
    case system
    /// Only the authorities in this PEM text, and none of the operating system's.
    case pinned(caPEM: String)
    /// Anyone. Only for what is worth nothing until its fingerprint was compared: the CA certificate at enrolment.
    case unverified
}
