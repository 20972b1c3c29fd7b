import Reports

/// One pattern of a version: what was foretold of it against what came.
struct RolloutFigure: Hashable, Sendable {
    var pattern: String
    /// The gravest urgency that a forecast names; nil where none does.
    var urgency: String?
    /// Of servers that tried it and do not run it: how many of them foretell it, and how much in all.
    var servers = 0
    var surely = 0
    var atMost = 0
    /// Where it runs: at most so many were foretold, so many came, and so many would be by the other servers.
    var foretold = 0
    var found = 0
    var others = 0

    init(pattern: String) { self.pattern = pattern }
}

extension Rollout {
    /// Patterns with something foretold or found, what came against the forecast first.
    func figures(of servers: [RolloutServer], at time: Timestamp) -> [RolloutFigure] {
        var figures: [String: RolloutFigure] = [:]
        func figure(_ pattern: String, _ change: (inout RolloutFigure) -> Void) {
            change(&figures[pattern, default: RolloutFigure(pattern: pattern)])
        }
        for server in servers where activated[server.host] == nil {
            guard case .proved(let forecast?) = server.standing(of: targets) else { continue }
            for entry in forecast.entries where entry.atMost > 0 {
                figure(entry.pattern) { figure in
                    figure.servers += 1
                    figure.surely += entry.surely
                    figure.atMost += entry.atMost
                    figure.urgency = Rollout.graver(figure.urgency, entry.urgency)
                }
            }
        }
        let evidence = Evidence(self, servers, at: time)
        for (pattern, count) in foretold where count > 0 { figure(pattern) { $0.foretold = count } }
        for (pattern, count) in evidence.found { figure(pattern) { $0.found = count } }
        for pattern in Array(figures.keys) {
            figure(pattern) { $0.others = Int((evidence.background[pattern] ?? 0).rounded()) }
        }
        return figures.values.sorted {
            ($1.found - $1.foretold, $1.surely, $0.pattern) < ($0.found - $0.foretold, $0.surely, $1.pattern)
        }
    }

    private static func graver(_ left: String?, _ right: String) -> String {
        guard let left else { return right }
        guard let known = Urgency(rawValue: left), let other = Urgency(rawValue: right) else { return left }
        return max(known, other).rawValue
    }

    /// Servers that take the channel and do not run the version, in the order in which a person looks at them.
    func behind(_ servers: [RolloutServer]) -> [RolloutServer] {
        func rank(_ server: RolloutServer) -> Int {
            switch server.standing(of: targets) {
            case .wentBack: 0
            case .refused, .unable: 1
            case .unanswered, .checking: 2
            case .proved: 3
            case .runs, nil: 4
            }
        }
        return servers.filter { rank($0) < 4 }.sorted { (rank($0), $0.hostname) < (rank($1), $1.hostname) }
    }
}
