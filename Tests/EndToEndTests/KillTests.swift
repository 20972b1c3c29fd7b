import Foundation
import TestSupport
import Testing

/// What the product is for: no ticket lost, none doubled, whatever dies when.
@Suite("Kills", .serialized)
struct KillTests {
    /// One opening of one fault, as the test made it.
    private struct Episode {
        var server: String
        var module: Int
        var number: Int
        enum Stage { case failing, healing, over }
        var stage: Stage
    }

    /// A message about a ticket, as a partner's mailbox or receiver has it.
    private struct Message {
        var id: String
        var number: String
        var event: String
        var fault: String

        init?(_ message: (id: String, ticket: [String: Any])) {
            guard let number = message.ticket["number"] as? String, let event = message.ticket["event"] as? String,
                let faults = message.ticket["faults"] as? [[String: Any]], let fault = faults.first?["id"] as? String,
                message.ticket["test"] as? Bool == false
            else { return nil }
            id = message.id
            self.number = number
            self.event = event
            self.fault = fault
        }
    }

    private static let kills = 100
    private static let modules = 6

    @Test(
        "Agent and collector killed 100 times, mail server and webhook receiver coming and going: each fault ends as one case with one ticket number per channel",
        .timeLimit(.minutes(20)))
    func kills() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("kill test: seed \(seed)")
        var random = SplitMix(seed: seed)
        let site = try await Site()
        defer { site.stop() }
        let pack = site.folder.appending(path: "patterns.json").path
        let built = try Program.run(
            Program.built("callhome"),
            ["patterns", "build", Site.packageRoot.appending(path: "Tests/EndToEndTests/Patterns").path, "-o", pack])
        try #require(built.status == 0, "\(built.output)")
        let servers = [
            try await site.server("one", modules: Self.modules, patterns: pack),
            try await site.server("two", modules: Self.modules, patterns: pack),
        ]
        defer { for server in servers { server.agent.killNow() } }

        var episodes = try begin(servers)
        var outages: [(program: Program, until: Int)] = []
        for kill in 0..<Self.kills {
            let victim = [site.collector, servers[0].agent, servers[1].agent][random.below(3)]
            try await Task.sleep(for: .milliseconds(20 + random.below(600)))
            victim.killNow()
            try victim.start()
            if random.below(8) == 0, outages.isEmpty {
                let program = random.below(2) == 0 ? site.mailbox : site.webhook
                program.killNow()
                outages.append((program, kill + 3 + random.below(6)))
            }
            for outage in outages where outage.until <= kill { try outage.program.start() }
            outages.removeAll { $0.until <= kill }
            if kill % 5 == 4 { try advance(&episodes, servers: servers, site: site, reopen: true) }
        }
        for outage in outages { try outage.program.start() }
        print("kill test: \(Self.kills) kills done, \(episodes.count) faults so far; letting the rest end")
        let end = ContinuousClock.now + .seconds(240)
        while episodes.contains(where: { $0.stage != .over }), ContinuousClock.now < end {
            try advance(&episodes, servers: servers, site: site, reopen: false)
            try await Task.sleep(for: .milliseconds(500))
        }
        let open = episodes.filter { $0.stage != .over }
        #expect(open.isEmpty, "not ended: \(open)\n\(site.collector.output.suffix(3000))")
        try judge(site, faults: episodes.count)
    }

    private func begin(_ servers: [Server]) throws -> [Episode] {
        var episodes: [Episode] = []
        for server in servers {
            for module in 0..<Self.modules {
                try server.set(module: module, errors: 200)
                episodes.append(Episode(server: server.name, module: module, number: 1, stage: .failing))
            }
        }
        return episodes
    }

    /// A fault heals when both channels have its ticket, and the next one begins when both have its end.
    private func advance(_ episodes: inout [Episode], servers: [Server], site: Site, reopen: Bool) throws {
        let mails = try site.mails().map(\.ticket)
        let hooks = try site.hooks().map(\.ticket)
        func count(_ event: String, _ episode: Episode) -> Int {
            [mails, hooks].map { tickets in
                Set(
                    tickets.filter { ticket in
                        let server = (ticket["server"] as? [String: Any])?["hostname"] as? String
                        let component = (ticket["suspect"] as? [String: Any])?["component"] as? String
                        return ticket["event"] as? String == event && server == episode.server
                            && component?.hasSuffix("dimm\(episode.module)") == true
                    }.compactMap { $0["number"] as? String }
                ).count
            }.min() ?? 0
        }
        for index in episodes.indices {
            let episode = episodes[index]
            guard let server = servers.first(where: { $0.name == episode.server }) else { continue }
            if episode.stage == .failing, count("opened", episode) >= episode.number {
                try server.set(module: episode.module, errors: 0)
                episodes[index].stage = .healing
            } else if episode.stage == .healing, count("closed", episode) >= episode.number {
                episodes[index].stage = .over
                guard reopen else { continue }
                try server.set(module: episode.module, errors: 200)
                episodes.append(
                    Episode(
                        server: episode.server, module: episode.module, number: episode.number + 1, stage: .failing))
            }
        }
    }

    private func judge(_ site: Site, faults: Int) throws {
        let channels = [
            "e-mail": try site.mails().compactMap(Message.init), "webhook": try site.hooks().compactMap(Message.init),
        ]
        var numbersByFault: [String: Set<String>] = [:]
        for (channel, messages) in channels {
            for (fault, about) in Dictionary(grouping: messages, by: \.fault) {
                let numbers = Set(about.map(\.number))
                #expect(numbers.count == 1, "\(channel): fault \(fault) has tickets \(numbers)")
                numbersByFault[fault, default: []].formUnion(numbers)
                for event in ["opened", "closed"] {
                    // A repetition is allowed only under the same name: then the receiver knows it for one.
                    let names = Set(about.filter { $0.event == event }.map(\.id))
                    #expect(names.count == 1, "\(channel): \(event) of \(fault) came as \(names)")
                }
            }
            let repeats = messages.count - Set(messages.map(\.id)).count
            print("kill test: \(channel): \(messages.count) messages, \(repeats) repeated under the same name")
        }
        #expect(numbersByFault.count == faults, "\(numbersByFault.count) faults arrived, \(faults) were made")
        #expect(numbersByFault.allSatisfy { $0.value.count == 1 })
        #expect(Set(numbersByFault.values.flatMap { $0 }).count == faults, "one ticket number for each fault")
        let upstream = try partnerTickets(site)
        #expect(
            upstream == numbersByFault.values.flatMap { $0 }.sorted(), "the partner's collector has the same tickets")
        print("kill test: \(faults) faults, \(faults) cases, one ticket number each on e-mail, webhook and partner")
    }

    /// Numbers of the cases that the partner's collector has, as its own database says; one twice would be two cases.
    private func partnerTickets(_ site: Site) throws -> [String] {
        let result = try Program.run(
            "/usr/bin/sqlite3", [site.folder.appending(path: "partner/collector.db").path, Self.partnerQuery])
        return result.output.split(separator: "\n").map(String.init).sorted()
    }

    private static let partnerQuery = #"SELECT number FROM "case""#
}
