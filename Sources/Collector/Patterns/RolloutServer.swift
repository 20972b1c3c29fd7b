import Reports

/// One server as the rollout of a version sees it.
struct RolloutServer: Hashable, Sendable {
    enum Pin: Hashable, Sendable { case first, last }

    var host: HostID
    var hostname: String
    /// By the collector's clock; nil before the first heartbeat.
    var heard: Timestamp?
    /// Its heartbeats are overdue.
    var isSilent: Bool
    /// It said that it goes away, and was not heard since: it is not waited for.
    var isAway: Bool
    /// What it says of the channel; nil where it does not take it.
    var status: ChannelStatus?
    /// Version of the pack that runs, as its heartbeats say; nil before the first.
    var pack: String?
    var pin: Pin?
    /// Faults that its patterns opened lately.
    var openings: [FaultOpenings.Entry]

    init(
        host: HostID, hostname: String, heard: Timestamp?, isSilent: Bool = false, isAway: Bool = false,
        status: ChannelStatus?,
        pack: String? = nil, pin: Pin? = nil, openings: [FaultOpenings.Entry] = []
    ) {
        self.host = host
        self.hostname = hostname
        self.heard = heard
        self.isSilent = isSilent
        self.isAway = isAway
        self.status = status
        self.pack = pack
        self.pin = pin
        self.openings = openings
    }

    init(_ server: Server, _ openings: FaultOpenings, _ channel: PatternChannelSettings) {
        func names(_ list: [String]) -> Bool { list.contains(server.host) || list.contains(server.hostname) }
        self.init(
            host: server.host, hostname: server.hostname, heard: server.lastHeartbeat,
            isSilent: server.state == .silent,
            isAway: server.heartbeat?.stopping == true || server.heartbeat?.away != nil,
            status: server.heartbeat?.channels?.first { $0.channel == channel.name },
            pack: server.heartbeat?.patternPack.split(separator: " ").first.map(String.init),
            pin: names(channel.first) ? .first : names(channel.last) ? .last : nil, openings: openings.entries)
    }

    /// How far it is with one version.
    enum Standing: Hashable, Sendable {
        case unanswered
        case checking
        case proved(PatternForecast?)
        case refused(because: String)
        /// It did not get the version, or its signatures do not hold there: a source that does not answer may do so later.
        case unable(because: String)
        case runs
        /// It ran the version, and went back by itself.
        case wentBack(because: String)
    }

    /// Whether it has tried a version, and on too little to say something of it.
    func remembersTooLittle(for version: Int64) -> Bool {
        guard case .proved(let forecast) = standing(of: version) else { return false }
        return !(forecast?.saysSomething ?? false)
    }

    /// Nil where it does not take the channel.
    func standing(of version: Int64) -> Standing? {
        guard let status else { return nil }
        if let candidate = status.candidate, candidate.targets == version {
            switch candidate.state {
            case "refused": return .refused(because: candidate.because)
            case "withdrawn": return .wentBack(because: candidate.because)
            case "proved" where status.active != version: return .proved(candidate.forecast)
            default: return status.active == version ? .runs : .checking
            }
        }
        if status.active == version { return .runs }
        return status.refused.map { .unable(because: $0) } ?? .unanswered
    }
}
