import Foundation
import GRDB
import Reports
import Testing
import Transfer

@testable import Collector

@Suite("Numbers off the wire")
struct HostileNumberTests {
    /// What arithmetic fears, as it is written in JSON.
    static let extremes = [
        "-9223372036854775808", "-9223372036854775807", "9223372036854775807", "9223372036854775806", "-1", "0",
        "9007199254740993", "2147483648", "1e18", "1.7976931348623157e308", "-1.7976931348623157e308", "5e-324",
    ]

    /// What everybody looks at afterwards.
    private func look(_ web: TestWeb, after what: String) async throws {
        for path in [
            "/metrics", "/healthz", "/servers", "/servers/h1", "/servers/h1/blind-spots", "/cases", "/delivery",
            "/patterns",
        ] {
            let answer = try await web.get(path)
            #expect(answer.status == 200, "\(path) after \(what): \(answer.status) \(answer.text.prefix(300))")
        }
        for found in try await fleetCases(web) {
            #expect(try await web.get("/cases/\(found)").status == 200, "case \(found) after \(what)")
        }
    }

    private func fleetCases(_ web: TestWeb) async throws -> [String] {
        let page = try await web.get("/cases").text
        // In the order of the page, the newest first.
        let numbers = page.components(separatedBy: "href=\"/cases/").dropFirst().map {
            String($0.prefix { $0 != "\"" })
        }
        return Array(numbers.filter { $0.hasPrefix("CH-") }.prefix(3))
    }

    @Test(
        "Whatever number a signed report holds, it is taken or refused, every page opens, and the next report is taken",
        arguments: SampleReports.contents)
    func everyNumber(content: ReportContent) async throws {
        let fleet = try await TestFleet {
            $0.recipients = [SampleRecipient.email("smtp://127.0.0.1:1")]
        }
        try await fleet.addAdmin()
        let server = try await fleet.enrol("h1", hostname: "srv-1")
        let report = Report(
            host: "h1", hostname: "srv-1", position: ReportPosition(epoch: 1, stream: content.stream, sequence: 1),
            time: SampleTicket.time, boot: "b", uptime: 1, agentVersion: "1", content: content)
        let tree = try JSONTree(report)
        var sent = 0
        var sequence: Int64 = 0
        try await withWeb(fleet) { web in
            _ = try await web.login()
            for extreme in Self.extremes {
                let variants = tree.variants { leaf in
                    guard case .literal(let text) = leaf, Double(text) != nil else { return nil }
                    return .literal(extreme)
                }
                var envelopes: [Envelope] = []
                for variant in variants where !variant.path.hasPrefix(".position") {
                    sequence += 1
                    let position = try JSONTree(ReportPosition(epoch: 1, stream: content.stream, sequence: sequence))
                    let json = variant.tree.setting(["position"], to: position).json
                    envelopes.append(try Envelope.sign(Data(json.utf8), as: .report, with: server.key))
                }
                let answer = try await web.send(
                    Transfer.HTTPRequest(
                        method: "POST", url: web.base + Routes.reports, headers: [],
                        body: EnvelopeLines.encode(envelopes)))
                #expect(answer.status == 200, "\(content.kind) \(extreme): \(answer.text.prefix(300))")
                let receipt = try WireFormat.decode(Envelope.self, from: answer.body)
                let through = try WireFormat.decode(Receipt.self, from: receipt.payload).through(content.stream)
                #expect(through == sequence, "\(content.kind) \(extreme)")
                sent += envelopes.count
                try await look(web, after: "\(content.kind) with \(extreme)")
            }
        }
        #expect(sent >= Self.extremes.count * 3)
    }

    @Test("The position of a report may hold any number: it is refused or noted, and nothing stops")
    func positions() async throws {
        let fleet = try await TestFleet()
        let server = try await fleet.enrol("h1", hostname: "srv-1")
        try await withWeb(fleet) { web in
            for extreme in Self.extremes {
                for field in ["epoch", "first", "sequence"] {
                    let report = Report(
                        host: "h1", hostname: "srv-1",
                        position: ReportPosition(epoch: 1, stream: .telemetry, sequence: 1), time: SampleTicket.time,
                        boot: "b", uptime: 1, agentVersion: "1", content: .dropped(Dropped(reason: "x")))
                    let json = try JSONTree(report).setting(["position", field], to: .literal(extreme)).json
                    let envelope = try Envelope.sign(Data(json.utf8), as: .report, with: server.key)
                    let answer = try await web.send(
                        Transfer.HTTPRequest(
                            method: "POST", url: web.base + Routes.reports, headers: [],
                            body: EnvelopeLines.encode([envelope])))
                    #expect([200, 422].contains(answer.status), "\(field) \(extreme): \(answer.text.prefix(200))")
                }
            }
        }
        // Whatever was taken of these, the agent goes on with a new spool.
        let next = TestServer(host: "h1", hostname: "srv-1", key: server.key, epoch: 900, fleet: fleet)
        try await next.heartbeat([("disks", "ok", "")])
        #expect(try await fleet.store.server(host: "h1")?.lastHeartbeat != nil)
    }

    @Test("What a paired site signs may hold any number as well")
    func tickets() async throws {
        let fleet = try await TestFleet { $0.recipients = [SampleRecipient.email("smtp://127.0.0.1:1")] }
        try await fleet.addAdmin()
        let time = fleet.clock.time
        var pairings = 0
        func paired() async throws -> SigningKey {
            pairings += 1
            let key = SigningKey()
            try await fleet.store.save(
                IssuedToken(
                    id: "t\(pairings)", purpose: .site, secretHash: "", note: "", createdAt: time,
                    expiresAt: time + .seconds(60)))
            try await fleet.store.pair(
                PairedSite(
                    id: "s2", name: "Süd", ca: "", crossCertificate: "", key: key.publicKey, pairedAt: time,
                    isSilent: false), token: "t\(pairings)", at: time)
            return key
        }
        var key = try await paired()
        let ticket = try JSONTree(SampleTicket.make { $0.closedAt = SampleTicket.time })
        var beat = CollectorHeartbeat(
            site: "s2", version: "1", time: time, interval: 60, openCases: 1, waiting: 1, counter: 1)
        beat.root = fleet.environment.tlsRoot.fingerprint
        let heartbeat = try JSONTree(beat)
        var taken = 0
        try await withWeb(fleet) { web in
            _ = try await web.login()
            for extreme in Self.extremes {
                func changed(_ tree: JSONTree) -> [(path: String, tree: JSONTree)] {
                    tree.variants { leaf in
                        guard case .literal(let text) = leaf, Double(text) != nil else { return nil }
                        return .literal(extreme)
                    }
                }
                for (index, variant) in changed(ticket).enumerated() {
                    let number = JSONTree.text("CH-AAAA-\(Self.extremes.firstIndex(of: extreme) ?? 0)-\(index)")
                    let json = variant.tree.setting(["number"], to: number).json
                    let message = RelayedTicket(
                        id: "\(extreme) \(index)",
                        ticket: try Envelope.sign(Data(json.utf8), as: .ticket, with: key), reports: [],
                        certificates: [])
                    let answer = try await web.send(
                        Transfer.HTTPRequest(
                            method: "POST", url: web.base + Routes.tickets, headers: [],
                            body: WireFormat.encode(message)))
                    #expect([200, 422].contains(answer.status), "\(variant.path) \(extreme): \(answer.text)")
                    taken += answer.status == 200 ? 1 : 0
                }
                for variant in changed(heartbeat) {
                    // One that counts to the end of the range has no later number: the next is of another key.
                    key = try await paired()
                    let envelope = try Envelope.sign(Data(variant.tree.json.utf8), as: .heartbeat, with: key)
                    let answer = try await web.send(
                        Transfer.HTTPRequest(
                            method: "POST", url: web.base + Routes.heartbeats, headers: [],
                            body: WireFormat.encode(envelope)))
                    #expect([204, 422].contains(answer.status), "\(variant.path) \(extreme): \(answer.text)")
                }
                try await fleet.store.recordSilence(
                    LivenessMonitor(startingAt: time),
                    silent: LivenessMonitor(startingAt: time).findings(
                        among: fleet.store.silenceSubjects(), grace: .seconds(1)), at: time)
                for path in ["/metrics", "/cases", "/delivery"] {
                    #expect(try await web.get(path).status == 200, "\(path) after \(extreme)")
                }
                for found in try await fleetCases(web) { #expect(try await web.get("/cases/\(found)").status == 200) }
            }
        }
        #expect(taken > 2 * Self.extremes.count)
    }

    // MARK: What is stored already

    /// Writes into the database behind the collector's back.
    private func execute(_ sql: String, in fleet: TestFleet) throws {
        let queue = try DatabaseQueue(path: "\(fleet.folder.path)/collector.sqlite")
        try queue.write { try $0.execute(sql: sql) }
        try queue.close()
    }

    @Test("A stored number that stopped the collector of before is read, and every page opens")
    func storedNumbers() async throws {
        let fleet = try await TestFleet()
        try await fleet.addAdmin()
        let server = try await fleet.enrol("h1", hostname: "srv-1")
        try await server.send(.heartbeat(SampleReports.heartbeat))
        try execute(
            """
            UPDATE server SET body = json_set(body, '$.server.clockOffset', -9223372036854775808,
                '$.server.heartbeat.failureModeCounts.seen', 9223372036854775807,
                '$.server.heartbeat.failureModeCounts.unseen', 9223372036854775807,
                '$.server.heartbeat.interval', 9223372036854775807, '$.server.enrolledAt', -9223372036854775808)
            """, in: fleet)
        try await withWeb(fleet) { web in
            _ = try await web.login()
            try await look(web, after: "what was stored")
        }
        let subjects = try await fleet.store.silenceSubjects()
        #expect(subjects.count == 1)
        var monitor = LivenessMonitor(startingAt: Timestamp(milliseconds: .min))
        monitor.tick(at: Timestamp(milliseconds: .max), grace: .seconds(60))
        _ = monitor.findings(among: subjects, grace: .seconds(60))
        try await server.send(.heartbeat(SampleReports.heartbeat))
        #expect(try await fleet.store.server(host: "h1")?.clockOffset == 0)
    }

    @Test(
        "A row that cannot be read is set aside and said once: the others are listed, and its own server reports again")
    func unreadableRows() async throws {
        let fleet = try await TestFleet { $0.recipients = [SampleRecipient.email("smtp://127.0.0.1:1")] }
        try await fleet.addAdmin()
        let broken = try await fleet.enrol("h1", hostname: "srv-1")
        let other = try await fleet.enrol("h2", hostname: "srv-2")
        for server in [broken, other] {
            try await server.heartbeat([("disks", "ok", "")])
            try await server.send(.samples([SampleReports.sample]))
            try await server.send(.inventory(Inventory(components: [SampleReports.disk])))
            try await server.open(SampleTicket.fault)
        }
        for table in ["server", "inventory", "\"case\""] {
            try execute("UPDATE \(table) SET body = '{\"x\": [1' WHERE host = 'h1'", in: fleet)
        }
        try execute("UPDATE series SET latest = 'x' WHERE host = 'h1'", in: fleet)
        try execute(
            "UPDATE told SET body = 'x' WHERE number = (SELECT number FROM \"case\" WHERE host = 'h1')", in: fleet)
        try execute("INSERT INTO setting VALUES ('silence', 'x')", in: fleet)
        #expect(try await fleet.store.servers().map(\.host) == ["h2"])
        #expect(try await fleet.store.silenceSubjects().map(\.id) == ["h2"])
        #expect(try await fleet.store.cases(CaseQuery()).map(\.host) == ["h2"])
        #expect(try await fleet.store.livenessMonitor() == nil)
        #expect(try await fleet.store.readings(host: "h1").isEmpty)
        let due = try await fleet.store.begin(at: fleet.clock.time)
        #expect(due.count == 1)
        try await withWeb(fleet) { web in
            _ = try await web.login()
            for path in ["/metrics", "/healthz", "/servers", "/servers/h1", "/servers/h2", "/cases", "/delivery"] {
                #expect(try await web.get(path).status == 200, "\(path)")
            }
        }
        // One transaction for both: what one has stored keeps no other out, and both are taken.
        try await other.open(SampleTicket.fault)
        let next = TestServer(host: "h1", hostname: "srv-1", key: broken.key, epoch: 2, fleet: fleet)
        try await next.heartbeat([("disks", "ok", "")])
        #expect(try await fleet.store.servers().map(\.host).sorted() == ["h1", "h2"])
        var again = SampleTicket.fault
        again.id = FaultID(rawValue: "f2")
        try await next.open(again)
        #expect(try await fleet.store.cases(CaseQuery()).map(\.host).sorted() == ["h1", "h2"])
        #expect((fleet.store as? SQLiteStore)?.setAside.count ?? 0 >= 4)
    }
}
