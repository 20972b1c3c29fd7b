public import Daemon
import FoundationEssentials
public import Logging
import Reports

/// What an agent is told: `/etc/callhome/agent.conf` and `/etc/callhome/agent.conf.d/*.conf`. Every key has a default.
public struct AgentConfiguration: Sendable {
    public static let standardPath = "/etc/callhome/agent.conf"

    /// `state.directory`: where identity and spool lie. Only the agent's user needs to get in.
    public var stateDirectory = "/var/lib/callhome-agent"
    /// `control.socket`: where `callhome status`, `test` and `enroll` ask.
    public var controlSocket = "/run/callhome/agent.sock"
    /// `patterns.pack`: the built pattern pack.
    public var patternPack = "/usr/share/callhome/patterns.json"
    /// `hostname`: what people call this server; without it, the kernel's.
    public var hostname: String?
    /// `collectors`: addresses that are tried before those that enrolment gave, `https://server:port`, between commas.
    public var collectors: [String] = []
    /// `proxy`: `http://`, `https://`, `socks5h://`; without it, the environment's.
    public var proxy: String?
    /// `redfish`: `https://server` of a management controller that cannot be asked locally; `redfish.credentials`: the
    /// secret `user:password`; `redfish.certificate`: a PEM file with its certificate, or with its authority's.
    public var redfish: RedfishAccess?
    /// `spool.limit`: bytes of the spool file that samples and telemetry may fill it up to.
    public var spoolBytes = 64 << 20
    /// `spool.telemetry-age`: unsent telemetry older than this is given up.
    public var telemetryAge = Duration.seconds(14 * 86_400)
    /// `spool.sample-age`: how long the sample history is kept.
    public var sampleAge = Duration.seconds(30 * 86_400)
    /// `heartbeat.interval`: time from one heartbeat to the next.
    public var heartbeatInterval = Duration.seconds(60)
    /// `samples.interval`: the span of one sample aggregate.
    public var sampleInterval = Duration.seconds(300)
    /// `inventory.interval`: an inventory is sent when it changed, and anyway this often.
    public var inventoryInterval = Duration.seconds(86_400)
    /// `site.folder`: where the checks of the site lie: plugins and scripts that the probe `site` runs.
    public var siteFolder = SiteChecks.standardFolder
    /// `root`: a folder that is read as if it were `/`: a recorded machine.
    public var root = "/"
    /// `log.level`: `trace`, `debug`, `info`, `notice`, `warning`, `error`, `critical`.
    public var logLevel = Logger.Level.info
    /// `probe.NAME.interval`: time from the start of one look to the next; without it, the probe's own.
    public var probeIntervals: [String: Duration] = [:]
    /// `probe.NAME.enabled`: `no` switches the probe off.
    public var disabledProbes: Set<String> = []

    public init() {}

    private static let keys = [
        "state.directory", "control.socket", "patterns.pack", "hostname", "collectors", "proxy", "spool.limit",
        "spool.telemetry-age", "spool.sample-age", "heartbeat.interval", "samples.interval", "inventory.interval",
        "site.folder", "root", "log.level", "redfish", "redfish.credentials", "redfish.certificate", "probe.*.interval",
        "probe.*.enabled",
    ]

    /// Bytes: below, not even a day without a collector fits; above, it is no light agent.
    private static let spoolRange = (1 << 20)...(64 << 30)
    private static let intervalRange = Duration.milliseconds(100)...Duration.seconds(30 * 86_400)
    private static let ageRange = Duration.seconds(60)...Duration.seconds(3650 * 86_400)

    /// Reads the file and its drop-ins.
    /// - Parameter mustExist: whether the file itself has to be there: it was named.
    /// - Throws: `ConfigurationError` with file and line.
    public init(path: String = standardPath, mustExist: Bool = false) throws(ConfigurationError) {
        try self.init(
            try ConfigurationFile(path: path, allowing: AgentConfiguration.keys, mustExist: mustExist))
    }

    /// Reads the text of a file.
    public init(text: String) throws(ConfigurationError) {
        try self.init(
            try ConfigurationFile(
                parsing: [ConfigurationFile.Source(path: "agent.conf", text: text)], allowing: AgentConfiguration.keys))
    }

    private init(_ file: ConfigurationFile) throws(ConfigurationError) {
        stateDirectory = try AgentConfiguration.path("state.directory", in: file) ?? stateDirectory
        controlSocket = try AgentConfiguration.path("control.socket", in: file) ?? controlSocket
        patternPack = try AgentConfiguration.path("patterns.pack", in: file) ?? patternPack
        siteFolder = try AgentConfiguration.path("site.folder", in: file) ?? siteFolder
        root = try AgentConfiguration.path("root", in: file) ?? root
        hostname = file.text("hostname")
        collectors = file.list("collectors")
        if let address = collectors.first(where: { CollectorAddress($0) == nil }) {
            throw file.error("collectors", "\(address.debugDescription) is no address of the form https://server:port")
        }
        proxy = file.text("proxy")
        redfish = try AgentConfiguration.redfish(in: file)
        spoolBytes = try file.bytes("spool.limit", in: AgentConfiguration.spoolRange) ?? spoolBytes
        let ages = AgentConfiguration.ageRange
        telemetryAge = try file.duration("spool.telemetry-age", in: ages) ?? telemetryAge
        sampleAge = try file.duration("spool.sample-age", in: ages) ?? sampleAge
        let intervals = AgentConfiguration.intervalRange
        heartbeatInterval =
            try file.duration("heartbeat.interval", in: .seconds(1) ... .seconds(86_400)) ?? heartbeatInterval
        sampleInterval = try file.duration("samples.interval", in: intervals) ?? sampleInterval
        inventoryInterval = try file.duration("inventory.interval", in: intervals) ?? inventoryInterval
        logLevel = try file.choice("log.level", of: Logger.Level.self) ?? logLevel
        let known = AllProbes.make().map(\.name)
        for name in file.names(under: "probe") {
            let (interval, enabled) = ("probe.\(name).interval", "probe.\(name).enabled")
            guard known.contains(name) else {
                throw file.error(
                    file.keys.contains(interval) ? interval : enabled,
                    "no probe is called \(name); there are \(known.joined(separator: ", "))")
            }
            if let value = try file.duration(interval, in: intervals) { probeIntervals[name] = value }
            if try file.flag(enabled) == false { disabledProbes.insert(name) }
        }
    }

    private static func redfish(in file: ConfigurationFile) throws(ConfigurationError) -> RedfishAccess? {
        guard let address = file.text("redfish") else { return nil }
        guard address.hasPrefix("https://"), address.count > "https://".count else {
            throw file.error("redfish", "\(address.debugDescription) is no address of the form https://server[:port]")
        }
        var access = RedfishAccess(address: address, credentials: try file.secret("redfish.credentials"))
        if let path = try path("redfish.certificate", in: file) {
            do {
                access.authorityPEM = try SysTree().text(path)
            } catch {
                throw file.error("redfish.certificate", "\(error.probeError)")
            }
        }
        return access
    }

    private static func path(_ key: String, in file: ConfigurationFile) throws(ConfigurationError) -> String? {
        guard let path = file.text(key) else { return nil }
        guard path.hasPrefix("/") else { throw file.error(key, "\(path.debugDescription) is no path from /") }
        return path
    }

    /// Every value in effect, one `key = value` a line, as the file would have it.
    public var effective: String {
        func words(_ duration: Duration) -> String {
            duration.inMilliseconds % 1000 == 0 ? "\(duration.inMilliseconds / 1000)s" : "\(duration.inMilliseconds)ms"
        }
        var lines = [
            "state.directory = \(stateDirectory)", "control.socket = \(controlSocket)",
            "patterns.pack = \(patternPack)",
            "hostname = \(hostname ?? MachineNames(tree: SysTree(root: root)).hostname)",
            "collectors = \(collectors.joined(separator: ", "))", "proxy = \(proxy ?? "")",
            "redfish = \(redfish?.address ?? "")",
            "spool.limit = \(spoolBytes)",
            "spool.telemetry-age = \(words(telemetryAge))", "spool.sample-age = \(words(sampleAge))",
            "heartbeat.interval = \(words(heartbeatInterval))", "samples.interval = \(words(sampleInterval))",
            "inventory.interval = \(words(inventoryInterval))", "site.folder = \(siteFolder)", "root = \(root)",
            "log.level = \(logLevel.rawValue)",
        ]
        for probe in AllProbes.make(tree: SysTree(root: root)) {
            lines.append("probe.\(probe.name).interval = \(words(probeIntervals[probe.name] ?? probe.interval))")
            lines.append("probe.\(probe.name).enabled = \(disabledProbes.contains(probe.name) ? "no" : "yes")")
        }
        return lines.joined(separator: "\n")
    }
}
