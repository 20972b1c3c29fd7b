public import Daemon
import FoundationEssentials
public import Logging
import Reports

/// The agent's settings: `/etc/callhome/agent.conf` and `/etc/callhome/agent.conf.d/*.conf`. Every key has a default.
public struct AgentConfiguration: Sendable {
    public static let standardPath = "/etc/callhome/agent.conf"

    /// `state.directory`: where identity and spool lie. Only the agent's user needs to get in.
    public var stateDirectory = "/var/lib/callhome-agent"
    /// `control.socket`: where `callhome status`, `test` and `enroll` ask.
    public var controlSocket = "/run/callhome/agent.sock"
    /// `patterns.pack`: the built pattern pack, a path from `/` wherever the configuration is in order.
    public var patternPack = standardPack
    /// Where the package brings it.
    static let standardPack = "/usr/share/callhome/patterns.json"
    /// `patterns.overlay`: what this site changes of the patterns; none where there is no such file.
    public var patternOverlay = SiteOverlay.standardPath
    /// Where the roots of channels of patterns lie that may be taken; `channels.folder` leads to the last.
    var channelFolders = PinnedChannel.folders
    /// `hostname`: what people call this server; without it, the kernel's.
    public var hostname: String?
    /// `collectors`: addresses that are tried before those that enrolment gave, `https://server:port`, between commas.
    public var collectors: [String] = []
    /// `proxy`: `http://`, `https://`, `socks5h://`; without it, none: those of the environment are not used.
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
    public var siteFolder = SiteCheckProbe.standardFolder
    /// `root`: a folder that is read as if it were `/`: a recorded machine.
    public var root = "/"
    /// `log.level`: `trace`, `debug`, `info`, `notice`, `warning`, `error`, `critical`.
    public var logLevel = Logger.Level.info
    /// `probe.NAME.interval`: time from the start of one look to the next; without it, the probe's own.
    public var probeIntervals: [String: Duration] = [:]
    /// `probe.NAME.enabled`: `no` switches the probe off.
    public var disabledProbes: Set<String> = []
    /// What is hardly meant and is used all the same: the log and `check-config` say so.
    private(set) var warnings: [ConfigurationError] = []

    /// Where the spool goes while the disk of `stateDirectory` cannot be written: the folder of the control socket, which systemd
    /// makes in memory and keeps over a restart; nil where that is the state directory itself.
    var memoryDirectory: String? {
        let folder = controlSocket.split(separator: "/").dropLast().joined(separator: "/")
        let state = stateDirectory.split(separator: "/").joined(separator: "/")
        return folder.isEmpty || folder == state ? nil : "/\(folder)"
    }

    public init() {}

    /// Every key there is; `*` stands for the name of a probe.
    public static let keys: [ConfigurationKey] = [
        ConfigurationKey("state.directory", "/var/lib/callhome-agent", "directory with identity and spool"),
        ConfigurationKey(
            "control.socket", "/run/callhome/agent.sock", "socket on which callhome status, test and enroll ask"),
        ConfigurationKey("patterns.pack", standardPack, "the built pattern pack"),
        ConfigurationKey(
            "patterns.overlay", SiteOverlay.standardPath,
            "what this site changes of the patterns, as callhome patterns overlay wrote it; there need be none"),
        ConfigurationKey(
            "channels.folder", PinnedChannel.standardFolder,
            "where roots of pattern channels lie that you pin, NAME.root.json; one of the same name that a package brought "
                + "counts no more"),
        ConfigurationKey("hostname", "", "what people call this server; without it, the kernel's name"),
        ConfigurationKey(
            "collectors", "",
            "addresses https://server:port, separated by commas, tried before those that enrolment gave"),
        ConfigurationKey("proxy", "", "http://, https:// or socks5h:// server and port; without it, none is used"),
        ConfigurationKey("redfish", "", "https://server of a management controller that cannot be asked locally"),
        ConfigurationKey(
            "redfish.credentials", "", "/FILE with user:password for it, or the name of a systemd credential"),
        ConfigurationKey("redfish.certificate", "", "PEM file with its certificate, or with its authority's"),
        ConfigurationKey("spool.limit", "64MiB", "size of the spool up to which samples and telemetry may fill it"),
        ConfigurationKey("spool.telemetry-age", "14d", "unsent telemetry that is older is given up"),
        ConfigurationKey("spool.sample-age", "30d", "how long the history of samples is kept"),
        ConfigurationKey("heartbeat.interval", "60s", "from one heartbeat to the next"),
        ConfigurationKey("samples.interval", "5min", "the span that one aggregate of samples covers"),
        ConfigurationKey(
            "inventory.interval", "1d", "an inventory is sent when it changed, and anyway this often"),
        ConfigurationKey(
            "site.folder", SiteCheckProbe.standardFolder, "where your own checks lie: plugins and scripts, run by site"),
        ConfigurationKey("root", "/", "a folder that is read as if it were /: a recorded machine"),
        ConfigurationKey("log.level", "info", "trace, debug, info, notice, warning, error or critical"),
        ConfigurationKey(
            "probe.*.interval", "", "from the start of one look of this probe to the next; without it, its own"),
        ConfigurationKey("probe.*.enabled", "yes", "no switches the probe off"),
    ]

    /// Bytes: below, not even a day without a collector fits; above, it is no light agent.
    private static let spoolRange = (1 << 20)...(64 << 30)
    private static let intervalRange = Duration.milliseconds(100)...Duration.seconds(30 * 86_400)
    private static let ageRange = Duration.seconds(60)...Duration.seconds(3650 * 86_400)

    /// Reads the file and its drop-ins.
    /// - Parameter mustExist: whether the file itself has to be there: it was named.
    /// - Throws: everything that is wrong, with file and line.
    public init(path: String = standardPath, mustExist: Bool = false) throws(ConfigurationErrors) {
        let (configuration, errors) = AgentConfiguration.read(path: path, mustExist: mustExist)
        if let errors = ConfigurationErrors(errors) { throw errors }
        self = configuration
    }

    /// Reads the text of a file.
    public init(text: String) throws(ConfigurationErrors) {
        let source = ConfigurationFile.Source(path: "agent.conf", text: text)
        let (configuration, errors) = AgentConfiguration.read(
            ConfigurationFile(parsing: [source], allowing: AgentConfiguration.keys.map(\.name)))
        if let errors = ConfigurationErrors(errors) { throw errors }
        self = configuration
    }

    /// What can be understood of the file and its drop-ins, and everything that cannot.
    static func read(path: String, mustExist: Bool) -> (AgentConfiguration, [ConfigurationError]) {
        read(ConfigurationFile(path: path, allowing: AgentConfiguration.keys.map(\.name), mustExist: mustExist))
    }

    private static func read(_ file: ConfigurationFile) -> (AgentConfiguration, [ConfigurationError]) {
        var reader = ConfigurationReader(file)
        var configuration = AgentConfiguration()
        configuration.take(&reader)
        return (configuration, reader.errors)
    }

    private mutating func take(_ reader: inout ConfigurationReader) {
        stateDirectory = AgentConfiguration.path("state.directory", &reader) ?? stateDirectory
        controlSocket = AgentConfiguration.path("control.socket", &reader) ?? controlSocket
        // As it was written, if it is no path: whoever checks must not go on to complain of another pack.
        patternPack = AgentConfiguration.path("patterns.pack", &reader) ?? reader.text("patterns.pack") ?? patternPack
        patternOverlay = AgentConfiguration.path("patterns.overlay", &reader) ?? patternOverlay
        if let folder = AgentConfiguration.path("channels.folder", &reader) {
            channelFolders = [PinnedChannel.packageFolder, folder]
        }
        siteFolder = AgentConfiguration.path("site.folder", &reader) ?? siteFolder
        root = AgentConfiguration.path("root", &reader) ?? root
        if root != "/", !SysTree(root: root).exists("/") {
            reader.warn("root", "there is no folder \(root): no probe sees anything")
        }
        hostname = reader.text("hostname")
        if let hostname, !AgentConfiguration.isName(hostname) {
            reader.warn(
                "hostname",
                "\(hostname.debugDescription) is no name of a server: take letters, digits, hyphens and dots, at most "
                    + "\(AgentConfiguration.nameBytes) (hostname(7))")
        }
        collectors = reader.list("collectors")
        for address in collectors where CollectorAddress(address) == nil {
            reader.refuse("collectors", "\(address.debugDescription) is no address of the form https://server:port")
        }
        proxy = reader.text("proxy")
        redfish = AgentConfiguration.redfish(&reader)
        spoolBytes = reader.bytes("spool.limit", in: AgentConfiguration.spoolRange) ?? spoolBytes
        let ages = AgentConfiguration.ageRange
        telemetryAge = reader.duration("spool.telemetry-age", in: ages) ?? telemetryAge
        sampleAge = reader.duration("spool.sample-age", in: ages) ?? sampleAge
        let intervals = AgentConfiguration.intervalRange
        heartbeatInterval =
            reader.duration("heartbeat.interval", in: .seconds(1) ... .seconds(86_400)) ?? heartbeatInterval
        sampleInterval = reader.duration("samples.interval", in: intervals) ?? sampleInterval
        inventoryInterval = reader.duration("inventory.interval", in: intervals) ?? inventoryInterval
        logLevel = reader.choice("log.level", of: Logger.Level.self) ?? logLevel
        let known = AllProbes.make().map(\.name)
        for name in reader.file.names(under: "probe") {
            let (interval, enabled) = ("probe.\(name).interval", "probe.\(name).enabled")
            guard known.contains(name) else {
                reader.refuse(
                    reader.file.keys.contains(interval) ? interval : enabled,
                    "no probe is called \(name); \(Wording.hint(name, among: known))")
                continue
            }
            if let value = reader.duration(interval, in: intervals) { probeIntervals[name] = value }
            if reader.flag(enabled) == false { disabledProbes.insert(name) }
        }
        warnings = reader.warnings
    }

    private static func redfish(_ reader: inout ConfigurationReader) -> RedfishAccess? {
        guard let address = reader.text("redfish") else { return nil }
        let credentials = reader.secret("redfish.credentials")
        var authority: String?
        if let path = path("redfish.certificate", &reader) {
            do { authority = try SysTree().text(path) } catch {
                reader.refuse("redfish.certificate", "\(error.probeError)")
            }
        }
        guard address.hasPrefix("https://"), address.count > "https://".count else {
            reader.refuse("redfish", "\(address.debugDescription) is no address of the form https://server[:port]")
            return nil
        }
        var access = RedfishAccess(address: address, credentials: credentials)
        access.authorityPEM = authority ?? access.authorityPEM
        return access
    }

    /// Bytes of a host name (hostname(7)).
    private static let nameBytes = 253

    /// Whether people and commands can name a server so; `_` is no letter of host names, and is borne by many.
    private static func isName(_ text: String) -> Bool {
        text.utf8.count <= nameBytes
            && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
                !label.isEmpty && !label.hasPrefix("-")
                    && label.allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }
            }
    }

    private static func path(_ key: String, _ reader: inout ConfigurationReader) -> String? {
        guard let path = reader.text(key) else { return nil }
        guard path.hasPrefix("/") else {
            reader.refuse(key, "\(path.debugDescription) is no path from /")
            return nil
        }
        return path
    }

    /// Every value in effect, one `key = value` a line, as the file would have it.
    public var effective: String {
        func words(_ duration: Duration) -> String {
            duration.inMilliseconds % 1000 == 0 ? "\(duration.inMilliseconds / 1000)s" : "\(duration.inMilliseconds)ms"
        }
        var lines = [
            "state.directory = \(stateDirectory)", "control.socket = \(controlSocket)",
            "patterns.pack = \(patternPack)", "patterns.overlay = \(patternOverlay)",
            "channels.folder = \(channelFolders.last ?? "")",
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
