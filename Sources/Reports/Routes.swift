/// Paths of the collector's interface, for both sides.
public enum Routes {
    public static let reports = "/v1/reports"
    public static let enrol = "/v1/enrol"
    /// The root of the collector's TLS in PEM; public, and worth nothing until its fingerprint was compared.
    public static let ca = "/v1/ca"
    /// The CA that vouches for agents' keys, in PEM. Up to 0.1 it was the root of TLS as well: it tells an old fingerprint
    /// from a wrong one.
    public static let agentsCA = "/v1/ca/agents"
    /// A signed request of an agent for a new certificate, and its word which root it trusts.
    public static let renewal = "/v1/renewals"
    public static let tickets = "/v1/tickets"
    /// A collector's own sign of life, to its partner.
    public static let heartbeats = "/v1/heartbeats"
    /// The site's mirror of a channel of patterns, to which the path of each file is added: `metadata/timestamp.json`.
    public static func channel(_ name: String) -> String { "/v1/channels/\(name)" }
    public static func test(_ id: String) -> String { "/v1/tests/\(id)" }
    /// What `callhome` and the console's scripts use; needs an API token or the local socket.
    public static let api = "/api/v1"
    public static let health = "/healthz"
    public static let metrics = "/metrics"
    /// Beside the reports: base64 of the newest receipt that the agent holds, as one line of JSON. It is a header and no field
    /// of a report, so that it costs nothing in the spool and a collector that does not know it passes it over.
    public static let receiptHeader = "callhome-receipt"
    /// With each answer to `api`: a sentence where the collector may not act for its site.
    public static let standingHeader = "callhome-standing"
}
