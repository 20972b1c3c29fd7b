import Reports

/// The collector's figures, as text of Prometheus (https://prometheus.io/docs/instrumenting/exposition_formats/) or of
/// OpenMetrics 1.0 (https://prometheus.io/docs/specs/om/open_metrics_spec/).
struct MetricsPage: Sendable {
    enum Format: CaseIterable, Sendable {
        case text, openMetrics

        /// What is asked for. A header that names neither, or both alike, gets the text, which everyone reads.
        /// - Parameter accept: of the request (RFC 9110, section 12.5.1).
        init(accept: String?) {
            var quality: [Format: Double] = [:]
            for part in (accept ?? "").split(separator: ",").prefix(50) {
                let fields = part.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
                var format: Format
                switch fields.first {
                case "application/openmetrics-text": format = .openMetrics
                case "text/plain", "text/*": format = .text
                default: continue
                }
                var weight = 1.0
                for field in fields.dropFirst() {
                    if field.hasPrefix("q=") { weight = Double(field.dropFirst(2)) ?? 0 }
                    // Another version of a format is one that is not spoken here.
                    if field.hasPrefix("version="), !format.versions.contains(String(field.dropFirst(8))) { weight = 0 }
                }
                quality[format] = max(quality[format] ?? 0, weight)
            }
            self = quality[.openMetrics] ?? 0 > quality[.text] ?? 0 ? .openMetrics : .text
        }

        private var versions: Set<String> {
            switch self {
            case .text: ["0.0.4"]
            case .openMetrics: ["1.0.0"]
            }
        }

        var contentType: String {
            switch self {
            case .text: "text/plain; version=0.0.4; charset=utf-8"
            case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
            }
        }
    }

    var servers: [Server]
    /// Those that are not closed.
    var cases: [Case]
    var recipients: [RecipientState]
    var alarms: [RecipientAlarm]
    /// Channels of patterns, as their mirrors stand.
    var channels: [MirroredChannel] = []
    var time: Timestamp

    /// - Parameter withNames: of recipients; else they are taken together by channel.
    func text(as format: Format, withNames: Bool) -> String {
        var text = ""
        func family(
            _ name: String, _ type: String, _ help: String, _ samples: [(labels: [(String, String)], value: Double)]
        ) {
            let suffix = type == "counter" ? "_total" : type == "info" ? "_info" : ""
            // OpenMetrics names the family; the older text names the samples, and has no type for what never changes.
            switch format {
            case .openMetrics: text += "# TYPE \(name) \(type)\n# HELP \(name) \(help)\n"
            case .text:
                text += "# HELP \(name)\(suffix) \(help)\n"
                text += "# TYPE \(name)\(suffix) \(type == "info" ? "gauge" : type)\n"
            }
            for sample in samples {
                let labels = sample.labels.map { "\($0.0)=\"\(MetricsPage.escaped($0.1))\"" }.joined(separator: ",")
                text += "\(name)\(suffix)\(labels.isEmpty ? "" : "{\(labels)}") \(MetricsPage.number(sample.value))\n"
            }
        }
        family("callhome_collector_build", "info", "The program.", [([("version", CallhomeVersion.current)], 1)])
        family(
            "callhome_servers", "gauge", "Enrolled servers by state.",
            ServerStatus.Mark.allCases.map { mark in
                ([("state", mark.rawValue)], Double(servers.filter { ServerStatus($0).mark == mark }.count))
            })
        family(
            "callhome_accepted_blind_spots", "gauge",
            "What cannot be seen on enrolled servers, and somebody has accepted so.",
            [([], Double(servers.reduce(0) { $0 + ($1.accepted?.count ?? 0) }))])
        family(
            "callhome_cases", "gauge", "Cases that are not closed, by urgency and state.",
            Urgency.allCases.flatMap { urgency in
                [Case.State.open, .acknowledged].map { state in
                    let count = cases.filter { $0.urgency == urgency && $0.state == state && $0.test == nil }.count
                    return ([("urgency", urgency.rawValue), ("state", state.rawValue)], Double(count))
                }
            })
        var reports: [String: Int] = [:]
        for server in servers { reports.merge(server.reportCounts) { $0 + $1 } }
        family(
            "callhome_reports", "counter", "Reports taken from agents, by kind.",
            reports.sorted { $0.key < $1.key }.prefix(50).map { ([("kind", $0.key)], Double($0.value)) })
        deliveries(family, withNames: withNames)
        if !channels.isEmpty { patterns(family) }
        return format == .openMetrics ? text + "# EOF\n" : text
    }

    private func deliveries(
        _ family: (String, String, String, [(labels: [(String, String)], value: Double)]) -> Void, withNames: Bool
    ) {
        func each(
            together: (Double, Double) -> Double = (+), _ value: (RecipientState) -> Double
        ) -> [(labels: [(String, String)], value: Double)] {
            if withNames {
                return recipients.map { ([("recipient", $0.name), ("channel", $0.channel.rawValue)], value($0)) }
            }
            let byChannel = Dictionary(recipients.map { ($0.channel.rawValue, value($0)) }, uniquingKeysWith: together)
            return byChannel.sorted { $0.key < $1.key }.map { ([("channel", $0.key)], $0.value) }
        }
        family(
            "callhome_deliveries_waiting", "gauge", "Cases of which a recipient does not know the newest yet.",
            each { Double($0.waiting) })
        family(
            "callhome_deliveries_refused", "gauge", "Those among them whose message the recipient refused.",
            each { Double($0.refused) })
        family(
            "callhome_deliveries_delivered", "counter", "Messages that a recipient has taken.",
            each { Double($0.delivered) })
        family(
            "callhome_recipient_failing_seconds", "gauge", "How long a recipient has taken nothing; 0 while it does.",
            each(together: max) { state in state.failingSince.map { max(0, (time - $0).inSeconds) } ?? 0 })
        family(
            "callhome_recipient_alarm", "gauge", "1 while a recipient is an alarm.",
            each(together: max) { state in alarms.contains { $0.recipient == state.name } ? 1 : 0 })
    }

    /// A channel's name is the site's own word for its maker, and says nothing of servers.
    private func patterns(
        _ family: (String, String, String, [(labels: [(String, String)], value: Double)]) -> Void
    ) {
        func each(_ value: (MirroredChannel) -> Double) -> [(labels: [(String, String)], value: Double)] {
            channels.map { ([("channel", $0.name)], value($0)) }
        }
        family(
            "callhome_patterns_version", "gauge",
            "Version of the packs that the mirror of a channel holds; 0 for none.",
            each { Double($0.targets ?? 0) })
        family(
            "callhome_patterns_refused", "gauge",
            "1 while what the source of a channel offers is refused or does not come.",
            each { $0.refusal == nil ? 0 : 1 })
        family(
            "callhome_patterns_expired_seconds", "gauge",
            "How long the maker's promise of something newer has been over; 0 while it holds.",
            each { channel in channel.expires.map { max(0, (time - $0).inSeconds) } ?? 0 })
        family(
            "callhome_patterns_servers", "gauge", "Servers by channel and the version of its packs that they run.",
            channels.flatMap(running))
    }

    /// Versions of a channel that servers run, with how many do.
    private func running(_ channel: MirroredChannel) -> [(labels: [(String, String)], value: Double)] {
        let versions = servers.compactMap { server in
            server.heartbeat?.channels?.first { $0.channel == channel.name }?.active
        }
        let counts = Dictionary(grouping: versions) { $0 }.mapValues(\.count)
            .sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        var samples: [(labels: [(String, String)], value: Double)] = []
        for (version, count) in counts.prefix(MetricsPage.versionsShown) {
            samples.append((labels: [("channel", channel.name), ("version", "\(version)")], value: Double(count)))
        }
        // A server names what it likes: those that few run are taken together.
        let others = counts.dropFirst(MetricsPage.versionsShown).reduce(0) { $0 + $1.value }
        if others > 0 {
            samples.append((labels: [("channel", channel.name), ("version", "other")], value: Double(others)))
        }
        return samples
    }

    /// Versions of one channel that have a sample of their own.
    private static let versionsShown = 10

    private static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)"
    }

    /// The three characters that the format escapes in label values.
    private static func escaped(_ text: String) -> String {
        CleanText.line(text, limit: 100).replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    }
}
