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
            Key(
                "channel.*.source", "",
                "where a channel of fault patterns comes from: https://SERVER/PATH, a folder, or a file that ends in .tar"
            ),
            Key(
                "channel.*.root", "",
                "file with the root of the channel, pinned: it came by another way than the channel"),
            Key(
                "channel.*.prefix", "",
                "ids of the channel's patterns begin with this and a point; any, where it is not set"),
            Key("channel.*.ca", "", "PEM file with the CA of the source to trust instead of the system's"),
            Key("channel.*.soak", "1h", "how long one ring of servers runs a new version before the next ring does"),
            Key("channel.*.first", "", "servers, by name or id, that are first to run a new version"),
            Key("channel.*.last", "", "servers, by name or id, that are last"),
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
            Key(
                "outbox.parallel", "16",
                "messages that are delivered at the same time; each recipient has one in any case"),
            Key("heartbeat.interval", "60s", "promised between signs of life to partners; one is sent twice as often"),
            Key("retain.cases", "730d", "how long closed cases are kept"),
            Key("retain.history", "14d", "how long samples are kept"),
            Key("retain.reports", "30d", "how long signed fault reports are kept"),
            Key("log.level", "info", "trace, debug, info, notice, warning, error or critical"),
        ]

    /// Reads the file and its drop-ins.
    /// - Throws: everything that is wrong, with file and line.
    public init(path: String, mustExist: Bool = false) throws(ConfigurationErrors) {
        let (configuration, reader) = CollectorConfiguration.read(path: path, mustExist: mustExist)
        if let errors = ConfigurationErrors(reader.errors) { throw errors }
        self = configuration
    }

    /// What can be understood of the file and its drop-ins; the reader has everything that cannot.
    static func read(path: String, mustExist: Bool = false) -> (CollectorConfiguration, ConfigurationReader) {
        read(ConfigurationFile(path: path, allowing: keys.map(\.name), mustExist: mustExist))
    }

    static func read(_ file: ConfigurationFile) -> (CollectorConfiguration, ConfigurationReader) {
        var reader = ConfigurationReader(file)
        var configuration = CollectorConfiguration()
        configuration.take(&reader)
        return (configuration, reader)
    }

    private mutating func take(_ reader: inout ConfigurationReader) {
        dataDirectory = reader.text("data") ?? dataDirectory
        if !dataDirectory.hasPrefix("/") {
            reader.warn(
                "data",
                "\(dataDirectory.debugDescription) is no path from /: which directory it is depends on where the program is "
                    + "started")
        }
        socket = reader.text("socket") ?? socket
        if socket == "no" { socket = nil }
        if let listen = reader.text("listen") {
            if let address = CollectorConfiguration.address(listen) {
                (listenAddress, listenPort) = address
            } else {
                reader.refuse("listen", "\(listen) is no address with a port, such as 0.0.0.0:8443 or [::]:8443")
            }
        }
        names = reader.list("names")
        urls = reader.list("urls")
        for url in urls where !WebAddress.isValid(url, schemes: ["https"]) {
            reader.refuse("urls", "\(url) is no address of the form https://server:port")
        }
        site = Ticket.Site(
            name: reader.text("site.name") ?? "", address: reader.text("site.address") ?? "",
            contact: reader.text("site.contact") ?? "")
        casesPerHostPerHour = reader.integer("case.limit", in: 1...10_000) ?? casesPerHostPerHour
        outbox.firstRetry =
            reader.duration("outbox.retry", in: .seconds(1) ... .seconds(86_400)) ?? outbox.firstRetry
        outbox.longestRetry =
            reader.duration("outbox.longest-retry", in: .seconds(1) ... .seconds(86_400)) ?? outbox.longestRetry
        outbox.inFlight = reader.integer("outbox.parallel", in: 1...256) ?? outbox.inFlight
        takeTimes(&reader)
        logLevel = reader.choice("log.level", of: Logger.Level.self) ?? logLevel
        takeRecipients(&reader)
        channels = PatternChannelSettings.all(in: &reader)
    }

    private mutating func takeRecipients(_ reader: inout ConfigurationReader) {
        let known = reader.file.names(under: "recipient")
        let chain = FallbackChain(
            Dictionary(
                known.compactMap { name in
                    RecipientKeys(of: name, reader).text("fallback").map { (name, $0) }
                }, uniquingKeysWith: { first, _ in first }))
        for name in known {
            var keys = RecipientKeys(of: name, reader)
            if let fallback = keys.text("fallback"), fallback == name || !known.contains(fallback) {
                keys.refuse("fallback", "there is no other recipient \(fallback)")
            } else if let circle = chain.circle(of: name) {
                keys.refuse(
                    "fallback",
                    "it leads back to itself (\((circle + [name]).joined(separator: " → "))): each would get only what "
                        + "another does not take, and nobody would be told. Remove one of these lines")
            }
            if let recipient = Recipient(&keys) { recipients.append(recipient) }
            reader = keys.reader
        }
    }

    private mutating func takeTimes(_ reader: inout ConfigurationReader) {
        let day = Duration.seconds(86_400)
        let seconds = Duration.seconds(1)
        silenceGrace = reader.duration("silence.grace", in: seconds...day) ?? silenceGrace
        tokenLifetime = reader.duration("token.lifetime", in: CollectorConfiguration.tokenLifetimes) ?? tokenLifetime
        requestTimeout = reader.duration("request.timeout", in: seconds...(seconds * 3600)) ?? requestTimeout
        heartbeatInterval = reader.duration("heartbeat.interval", in: seconds...day) ?? heartbeatInterval
        outbox.alarmAfter = reader.duration("outbox.alarm", in: seconds...(day * 7)) ?? outbox.alarmAfter
        retention.closedCases = reader.duration("retain.cases", in: day...(day * 36_500)) ?? retention.closedCases
        retention.history = reader.duration("retain.history", in: day...(day * 3_650)) ?? retention.history
        retention.reports = reader.duration("retain.reports", in: day...(day * 3_650)) ?? retention.reports
    }

    /// `address:port`, `[address]:port` or a port alone.
    private static func address(_ text: String) -> (String, Int)? {
        let colon = text.lastIndex(of: ":")
        let host = colon.map { String(text[..<$0]).filter { $0 != "[" && $0 != "]" } } ?? "0.0.0.0"
        let digits = colon.map { text[text.index(after: $0)...] } ?? text[...]
        guard let port = Int(digits), (0...65_535).contains(port), !host.isEmpty else { return nil }
        return (host, port)
    }
}
