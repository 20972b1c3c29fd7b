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

    let frame: PageFrame
    let w: [String: String]
    let rows: [Row]
    let counts: [Count]

    init(_ servers: [Server], frame: PageFrame, language: Language, at time: Timestamp) {
        self.frame = frame
        w = ConsoleWords.all(in: language)
        let words = TicketWords(language: language)
        let glances = servers.map { (server: $0, glance: ServerGlance($0)) }
        let sorted = glances.sorted { left, right in
            let ranks = (ServerGlance.rank(left.glance.mark), ServerGlance.rank(right.glance.mark))
            return ranks.0 != ranks.1 ? ranks.0 < ranks.1 : left.server.hostname < right.server.hostname
        }
        rows = sorted.map { server, glance in
            Row(
                link: "/servers/\(ConsoleLink.segment(server.host))",
                hostname: CleanText.line(server.hostname, limit: 80),
                badge: Badge(glance, in: language), because: glance.because(in: language),
                model: CleanText.line(
                    [server.chassis.manufacturer, server.chassis.model].compactMap(\.self).joined(separator: " "),
                    limit: 80),
                lastHeard: server.lastContact.map { words.span(time - $0) }.map { language("\($0) ago", "vor \($0)") }
                    ?? "–",
                openCases: server.openCases, clock: server.clockSymptom)
        }
        counts = ServerGlance.Mark.allCases.compactMap { mark in
            let matching = glances.filter { $0.glance.mark == mark }
            guard let first = matching.first else { return nil }
            return Count(badge: Badge(first.glance, in: language), count: matching.count)
        }
    }
}
