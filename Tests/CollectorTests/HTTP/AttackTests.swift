import Foundation
import Reports
import TestSupport
import Testing
import Transfer

@testable import Collector

/// Against a whole collector behind TLS, in a process of its own attackers.
@Suite("Attacks by strangers", .serialized)
struct AttackTests {
    /// Reports that an honest agent sends meanwhile, and how long the slowest took.
    private func slowestReport(_ live: LiveCollector, _ agent: inout SigningAgent, count: Int) async throws -> Duration
    {
        var slowest = Duration.zero
        for _ in 0..<count {
            let envelope = try agent.sign(agent.report(.heartbeat(SampleReports.heartbeat), .telemetry))
            let start = ContinuousClock.now
            let answer = try await live.post([envelope])
            slowest = max(slowest, ContinuousClock.now - start)
            #expect(answer.status == 200, "\(answer.text.prefix(300))")
        }
        return slowest
    }

    @Test(
        "Whatever strangers hold on to, agents get through meanwhile, and nobody holds a connection for ever",
        arguments: [
            ("idle", 200), ("tls", 64), ("announce", 100), ("drip", 64), ("get", 32), ("login", 64), ("form", 64),
            ("unread", 8),
        ])
    func holding(mode: String, count: Int) async throws {
        try await LiveCollector.with {
            $0.requestTimeout = .seconds(3)
        } _: { live in
            var (agent, _) = try await live.enrolled("h1")
            let attacker = try ServerProgram("attacker", ["\(live.port)", mode, "\(count)"])
            #expect(Int(attacker["opened"]) ?? 0 > 0)
            let slowest = try await slowestReport(live, &agent, count: 20)
            #expect(slowest < .seconds(30), "\(slowest)")
            #expect(live.program.environment.budget.inUse < 4 << 20)
            // The guard closes them by itself; what is asked for meanwhile is answered.
            let end = ContinuousClock.now + .seconds(60)
            while live.program.connections.count > 4, ContinuousClock.now < end {
                #expect(try await live.send("GET", Routes.ca).status == 200)
            }
            #expect(live.program.connections.count <= 4, "\(mode)")
            attacker.tell("")
        }
    }

    /// Spaces, depth, width, one text, blank lines and many lines: 64 MiB and less, as a few kilobytes of gzip.
    private static let bombs: [Data] = {
        func many(_ piece: String, _ count: Int) -> Data {
            var data = Data(piece.utf8)
            while data.count < piece.utf8.count * count { data.append(data) }
            return data
        }
        let texts = [
            many(" ", 64 << 20), many("[", 1 << 20), Data("{\"a\":[".utf8) + many("0,", 16 << 20) + Data("0]}".utf8),
            Data("\"".utf8) + many("a", 40 << 20), many("\n", 64 << 20), many("{}\n", 10 << 20),
        ]
        return texts.compactMap { try? Gzip.compress($0) }
    }()

    @Test(
        "A bomb is refused at every door before it is inflated, and what is held is given back",
        arguments: [
            Routes.reports, Routes.enrol, PairingRequest.path, Routes.tickets, Routes.heartbeats,
        ])
    func bombs(path: String) async throws {
        // Made once, which takes long: not while a collector waits for what comes.
        let bombs = Self.bombs
        try await LiveCollector.with { live in
            var (agent, _) = try await live.enrolled("h1")
            let type = (name: "content-type", value: "application/json")
            let gzip = (name: "content-encoding", value: "gzip")
            for bomb in bombs {
                #expect(bomb.count < 200_000)
                let answer = try await live.send("POST", path, bomb, headers: [type, gzip])
                #expect([400, 413].contains(answer.status), "\(path): \(answer.status) \(answer.text.prefix(200))")
            }
            #expect(bombs.count == 6 && live.program.environment.budget.inUse == 0)
            _ = try await slowestReport(live, &agent, count: 1)
        }
    }

    @Test(
        "To strangers health and figures name nobody; whoever shows a token is told all"
    )
    func health() async throws {
        let fleet = try await TestFleet {
            $0.recipients = [SampleRecipient.email("smtp://127.0.0.1:1", name: "secret-desk")]
        }
        try await fleet.addAdmin()
        let server = try await fleet.enrol("h1", hostname: "srv-1")
        try await server.open(SampleTicket.fault)
        let due = try await fleet.store.begin(at: fleet.clock.time)
        try await fleet.store.record(.failed(after: nil, because: "no route"), to: due[0], at: fleet.clock.time)
        fleet.clock.advance(.seconds(365 * 86_400))
        let admission = try await Authenticator(store: fleet.store).login(
            name: "admin", password: "correct horse battery", peer: "p", as: .api, note: "", at: fleet.clock.time)
        try await withWeb(fleet) { web in
            for path in [Routes.metrics, Routes.health] {
                let strangers = try await web.get(path)
                #expect(strangers.status == 200 && !strangers.text.contains("secret-desk"), "\(path)")
                let forged = try await web.get(
                    path, headers: [("authorization", "Bearer callhome_\(String(repeating: "0", count: 64))")])
                #expect(forged.status == 200 && !forged.text.contains("secret-desk"), "\(path)")
                let known = try await web.get(path, headers: [("authorization", "Bearer \(admission.secret)")])
                #expect(known.status == 200 && known.text.contains("secret-desk"), "\(path)")
            }
            #expect(try await web.get(Routes.health).text.contains("\"status\":\"alarm\""))
            #expect(
                try await web.get(Routes.metrics).text.contains("callhome_deliveries_waiting{channel=\"email\"} 1\n"))
        }
    }

    @Test(
        "Health and figures are made once in their lifetime, however many ask",
        arguments: [Routes.metrics, Routes.health])
    func madeOnce(path: String) async throws {
        let fleet = try await TestFleet {
            $0.recipients = [SampleRecipient.email("smtp://127.0.0.1:1")]
            $0.outbox.alarmAfter = .seconds(0)
        }
        try await fleet.addAdmin()
        let server = try await fleet.enrol("h1", hostname: "srv-1")
        try await server.open(SampleTicket.fault)
        let due = try await fleet.store.begin(at: fleet.clock.time)
        try await fleet.store.record(.failed(after: nil, because: "no route"), to: due[0], at: fleet.clock.time)
        let admission = try await Authenticator(store: fleet.store).login(
            name: "admin", password: "correct horse battery", peer: "p", as: .api, note: "", at: fleet.clock.time)
        try await withWeb(fleet) { web in
            let start = ContinuousClock.now
            var answers: Set<String> = []
            for number in 0..<10 {
                answers.insert(
                    try await web.get(path, headers: [("authorization", "Bearer \(admission.secret)")]).text)
                // One case more, and one message that waits.
                try await server.open(SampleFault.make("g\(number)", blaming: "sd\(number)"))
            }
            let lifetimes = Int((ContinuousClock.now - start) / MetricsRoutes.lifetime)
            #expect(answers.count <= 1 + lifetimes, "\(answers.count) answers in \(lifetimes) lifetimes")
        }
    }
}
