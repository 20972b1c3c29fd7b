import Reports

/// `/servers`: all servers with their state at a glance, worst first.
struct FleetPage: Sendable {
    struct Row: Sendable {
        var link: String
        var hostname: String
        var badge: Badge
        var because: String
        var model: String
        var lastHeard: String
        var openCases: Int
        var clock: String?
    }

    struct Count: Sendable {
        var badge: Badge
        var count: Int
    }

    let frame: PageLayout
    let w: [String: String]
    let rows: [Row]
    let counts: [Count]

    init(_ servers: [Server], frame: PageLayout, language: Language, at time: Timestamp) {
        self.frame = frame
        w = ConsoleStrings.all(in: language)
        let words = TicketStrings(language: language)
        let glances = servers.map { (server: $0, status: ServerStatus($0)) }
        let sorted = glances.sorted { left, right in
            let ranks = (ServerStatus.rank(left.status.mark), ServerStatus.rank(right.status.mark))
            return ranks.0 != ranks.1 ? ranks.0 < ranks.1 : left.server.hostname < right.server.hostname
        }
        rows = sorted.map { server, status in
            Row(
                link: "/servers/\(ConsoleLink.segment(server.host))",
                hostname: CleanText.line(server.hostname, limit: 80),
                badge: Badge(status, in: language), because: status.because(in: language),
                model: CleanText.line(
                    [server.chassis.manufacturer, server.chassis.model].compactMap(\.self).joined(separator: " "),
                    limit: 80),
                lastHeard: server.lastContact.map { words.span(time - $0) }.map { language("\($0) ago", "vor \($0)") }
                    ?? "–",
                openCases: server.openCases, clock: server.clockSymptom)
        }
        counts = ServerStatus.Mark.allCases.compactMap { mark in
            let matching = glances.filter { $0.status.mark == mark }
            guard let first = matching.first else { return nil }
            return Count(badge: Badge(first.status, in: language), count: matching.count)
        }
    }
}
