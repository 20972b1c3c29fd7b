/// Limits of the intake, each with its unit.
enum IntakeLimits {
    /// Bytes of bodies, as they arrive and inflated, held at the same time.
    static let bytesInFlight = 256 << 20
    /// Of these, bytes of one address.
    static let bytesPerPeer = 128 << 20
    /// Seconds, in `Retry-After`.
    static let retryAfter = 5
    /// Bytes of one JSON body of enrolment, pairing or heartbeat.
    static let smallBodyBytes = 128 << 10
    /// Bytes of a relayed ticket with its reports, inflated.
    static let ticketBytes = 32 << 20
}
