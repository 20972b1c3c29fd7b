import Reports

/// One enrolled server, as its reports show it.
struct Server: Hashable, Sendable, Codable {
    enum State: String, Sendable, Codable {
        /// Enrolled, has never reported.
        case expected
        case connected
        /// Its heartbeat is overdue.
        case silent
        /// Its key was revoked.
        case revoked
    }

    var host: HostID
    var hostname: String
    var state: State
    var enrolledAt: Timestamp
    /// By the collector's clock.
    var lastContact: Timestamp?
    var lastHeartbeat: Timestamp?
    var heartbeat: Heartbeat?
    var agentVersion: String?
    var boot: String?
    /// Milliseconds that the server's clock was ahead of the collector's at its last report; negative: behind.
    var clockOffset: Int64?
    /// The chassis as its maker calls it.
    var chassis: Part
    var epoch: Int64
    /// Reports taken, by kind; unknown kinds count under their own names.
    var reportCounts: [String: Int]
    /// Highest urgency of its open cases.
    var urgency: Urgency?
    var openCases: Int
    /// Blind spots that somebody lives with; nil where there are none.
    var accepted: AcceptedBlindSpots?
    /// What its agent trusts, and until when it is vouched for; nil until it is known.
    var trust: AgentTrust?

    /// Why its clock needs looking at; nil while it is right to within `FleetLimits.clockTolerance`.
    var clockSymptom: String? {
        guard let clockOffset, clockOffset.magnitude > FleetLimits.clockTolerance.inMilliseconds else { return nil }
        let distance = Double(clockOffset.magnitude) / 1000
        let text: String
        switch distance {
        case 172_800...: text = "\(Int(distance / 86_400)) days"
        case 7_200...: text = "\(Int(distance / 3600)) hours"
        case 120...: text = "\(Int(distance / 60)) minutes"
        default: text = "\(Int(distance)) seconds"
        }
        return
            "the clock of the server is \(text) \(clockOffset > 0 ? "ahead" : "behind"): check NTP and the board's battery"
    }
}

/// Something about a server that is no fault of a part: a gap, a lost spool, dropped reports, a refusal, a new key.
struct ServerEvent: Hashable, Sendable, Codable {
    enum Kind: String, Sendable, Codable {
        case enrolled, replaced, keyRevoked, gap, dropped, newEpoch, oldEpoch, refused, unknownKind, storm,
            partExchanged, blindSpotAccepted, blindSpotWithdrawn, blindSpotEnded, declared, trustMoved, accountsDiffer
    }
    var time: Timestamp
    var kind: Kind
    var because: String
}

/// Limits of what is kept of servers, each with its unit.
enum FleetLimits {
    /// Events kept of one server.
    static let eventsPerServer = 200
    /// A clock that is off by more is shown as a symptom.
    static let clockTolerance = Duration.seconds(60)
    /// Signals kept of one server; further ones are counted and not stored.
    static let seriesPerServer = 50_000
    /// Kinds of report counted by their own names.
    static let reportKinds = 40
    /// Points returned for one sparkline.
    static let historyPoints = 1_000
}
