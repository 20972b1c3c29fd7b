public import Daemon
import FoundationEssentials
import Logging
import Reports

extension CollectorConfiguration {
    public static let defaultPath = "/etc/callhome/collector.conf"

    private typealias Key = ConfigurationKey

    /// Every key there is; `*` stands for a name of the user's choice.
    public static let keys: [ConfigurationKey] =
        [
            Key("data", "/var/lib/callhome-collector", "directory with database, CA and keys"),
            Key("listen", "0.0.0.0:8443", "address and port of the HTTPS server"),
            Key("socket", "/run/callhome-collector/collector.sock", "socket for root on this machine; none: no"),
            Key("names", "", "DNS names and addresses of this collector, besides host name and loopback"),
            Key("urls", "https://NAME:PORT", "base addresses that servers are told, in the order to try them"),
            Key("site.name", "", "the practice or site, as it stands in tickets"),
            Key("site.address", "", "where parts are sent to, in one line"),
            Key("site.contact", "", "whom a technician calls"),
            Key(
                "recipient.*.kind", "", "one of \(Channel.all.map(\.kind.rawValue).joined(separator: ", "))"),
            Key(
                "recipient.*.url", "smtp://localhost:25",
                "smtp://HOST:PORT, the webhook's URL, or the partner's base URL"),
            Key("recipient.*.ca", "", "PEM file with the CA to trust instead of the system's"),
            Key("recipient.*.language", "en", "en or de"),
            Key("recipient.*.fallback", "", "the recipient that gets what this one does not take, and nothing else"),
        ] + Channel.all.flatMap(\.keys) + [
            Key("case.limit", "20", "cases that one server may open in an hour"),
            Key("silence.grace", "60s", "how long after three missed heartbeats a server counts as silent"),
            Key("token.lifetime", "1d", "how long a join token can be used"),
            Key("request.timeout", "60s", "for a request to arrive whole"),
            Key(
                "outbox.alarm", "1h",
                "how long a recipient may take nothing before it is an alarm and its fallback is used"
            ),
            Key("outbox.retry", "5s", "after a first failed delivery; doubled with each further one"),
            Key("outbox.longest-retry", "10min", "between two attempts at a recipient that does not answer"),
            Key("outbox.parallel", "16", "messages that are delivered at the same time"),
            Key("heartbeat.interval", "60s", "between signs of life to partners"),
            Key("retain.cases", "730d", "how long closed cases are kept"),
            Key("retain.history", "14d", "how long samples are kept"),
            Key("retain.reports", "30d", "how long signed fault reports are kept"),
            Key("log.level", "info", "trace, debug, info, notice, warning, error or critical"),
        ]

    /// Reads the file and its drop-ins.
    /// - Throws: `ConfigurationError` with file and line.
    public init(path: String, mustExist: Bool = false) throws(ConfigurationError) {
        try self.init(
            ConfigurationFile(path: path, allowing: CollectorConfiguration.keys.map(\.name), mustExist: mustExist))
    }

    init(_ file: ConfigurationFile) throws(ConfigurationError) {
        self.init()
        dataDirectory = file.text("data") ?? dataDirectory
        socket = file.text("socket") ?? socket
        if socket == "no" { socket = nil }
        if let listen = file.text("listen") {
            (listenAddress, listenPort) = try CollectorConfiguration.address(listen, file)
        }
        names = file.list("names")
        urls = file.list("urls")
        for url in urls where !url.hasPrefix("https://") {
            throw file.error("urls", "\(url) does not begin with https://")
        }
        site = Ticket.Site(
            name: file.text("site.name") ?? "", address: file.text("site.address") ?? "",
            contact: file.text("site.contact") ?? "")
        casesPerHostPerHour = try file.integer("case.limit", in: 1...10_000) ?? casesPerHostPerHour
        outbox.firstRetry =
            try file.duration("outbox.retry", in: .seconds(1) ... .seconds(86_400)) ?? outbox.firstRetry
        outbox.longestRetry =
            try file.duration("outbox.longest-retry", in: .seconds(1) ... .seconds(86_400)) ?? outbox.longestRetry
        outbox.inFlight = try file.integer("outbox.parallel", in: 1...256) ?? outbox.inFlight
        try readTimes(file)
        logLevel = try file.choice("log.level", of: Logger.Level.self) ?? logLevel
        for name in file.names(under: "recipient") {
            recipients.append(try Recipient(RecipientKeys(recipient: name, file: file)))
        }
        for recipient in recipients {
            guard let fallback = recipient.fallback else { continue }
            guard fallback != recipient.name, self.recipient(named: fallback) != nil else {
                throw file.error("recipient.\(recipient.name).fallback", "there is no other recipient \(fallback)")
            }
        }
    }

    private mutating func readTimes(_ file: ConfigurationFile) throws(ConfigurationError) {
        let day = Duration.seconds(86_400)
        let seconds = Duration.seconds(1)
        silenceGrace = try file.duration("silence.grace", in: seconds...day) ?? silenceGrace
        tokenLifetime = try file.duration("token.lifetime", in: seconds...(day * 365)) ?? tokenLifetime
        requestTimeout = try file.duration("request.timeout", in: seconds...(seconds * 3600)) ?? requestTimeout
        heartbeatInterval = try file.duration("heartbeat.interval", in: seconds...day) ?? heartbeatInterval
        outbox.alarmAfter = try file.duration("outbox.alarm", in: seconds...(day * 7)) ?? outbox.alarmAfter
        retention.closedCases = try file.duration("retain.cases", in: day...(day * 36_500)) ?? retention.closedCases
        retention.history = try file.duration("retain.history", in: day...(day * 3_650)) ?? retention.history
        retention.reports = try file.duration("retain.reports", in: day...(day * 3_650)) ?? retention.reports
    }

    /// `address:port`, `[address]:port` or a port alone.
    private static func address(_ text: String, _ file: ConfigurationFile) throws(ConfigurationError) -> (String, Int) {
        let colon = text.lastIndex(of: ":")
        let host = colon.map { String(text[..<$0]).filter { $0 != "[" && $0 != "]" } } ?? "0.0.0.0"
        let digits = colon.map { text[text.index(after: $0)...] } ?? text[...]
        guard let port = Int(digits), (0...65_535).contains(port), !host.isEmpty else {
            throw file.error("listen", "\(text) is no address with a port, such as 0.0.0.0:8443 or [::]:8443")
        }
        return (host, port)
    }
}
