import FoundationEssentials
import Logging
import Reports

/// Everything that can be set for one collector; each value has a default. Read from `/etc/callhome/collector.conf`
/// and `/etc/callhome/collector.conf.d/*.conf`.
public struct CollectorConfiguration: Sendable {
    /// `data`: the directory with database, CA and keys.
    var dataDirectory = "/var/lib/callhome-collector"
    /// `listen`: address and port of the HTTPS server. Port 0 takes any free one.
    var listenAddress = "0.0.0.0"
    var listenPort = 8443
    /// `socket`: the Unix-domain socket for root on this machine; none where its directory is missing.
    var socket: String? = "/run/callhome-collector/collector.sock"
    /// `names`: DNS names and addresses under which agents reach this collector, besides host name and loopback.
    var names: [String] = []
    /// `urls`: base addresses that agents are given, in the order to try them; by default made of `names` and the port.
    var urls: [String] = []
    /// `site.name`, `site.address`, `site.contact`: as they stand in tickets.
    var site = Ticket.Site(name: "", address: "", contact: "")
    /// `recipient.NAME.*`, by name.
    var recipients: [Recipient] = []
    /// `channel.NAME.*`, by name.
    var channels: [PatternChannelSettings] = []
    /// `case.limit`: cases that one host may open in an hour; beyond it one storm case stands for the rest.
    var casesPerHostPerHour = CaseLimits.perHostPerHour
    /// `silence.grace`, seconds: how much later than three heartbeats a silence case is opened.
    var silenceGrace = Duration.seconds(60)
    /// `token.lifetime`, seconds: how long a join token can be used.
    var tokenLifetime = Duration.seconds(24 * 3600)
    static let tokenLifetimes = Duration.seconds(1)...Duration.seconds(365 * 86_400)
    /// `request.timeout`, seconds: for a request to arrive whole, and for a connection that sends nothing.
    var requestTimeout = Duration.seconds(60)
    /// `outbox.alarm`, seconds: a recipient that takes nothing for longer is an alarm. `outbox.parallel`: deliveries at
    /// the same time; each recipient has one in any case.
    var outbox = DeliveryRules.Limits()
    /// `heartbeat.interval`, seconds: what is promised to partners between signs of life; half of it passes between two.
    var heartbeatInterval = Duration.seconds(60)
    /// `retain.cases`, `retain.history`, `retain.reports`, days.
    var retention = Retention(
        closedCases: .seconds(730 * 86_400), history: .seconds(14 * 86_400), reports: .seconds(30 * 86_400))
    /// `log.level`.
    var logLevel = Logger.Level.info

    public init() {}

    /// Base addresses under which agents and partners reach this collector, in the order to try them.
    func addresses(port: Int) -> [String] {
        if !urls.isEmpty { return urls }
        let hosts = names.isEmpty ? [ProcessInfo.processInfo.hostName] : names
        return hosts.map { "https://\($0.contains(":") ? "[\($0)]" : $0):\(port)" }
    }

    func recipient(named name: String) -> Recipient? { recipients.first { $0.name == name } }
}
