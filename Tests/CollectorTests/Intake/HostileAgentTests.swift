import Foundation
import GRDB
import Reports
import Synchronization
import Testing
import Transfer

@testable import Collector

@Suite("An enrolled agent that is hostile or broken")
struct HostileAgentTests {
    private func withFleet(_ work: (TestFleet, TestServer, TestWeb) async throws -> Void) async throws {
        let fleet = try await TestFleet { $0.recipients = [SampleRecipient.email("smtp://127.0.0.1:1")] }
        try await fleet.addAdmin()
        let server = try await fleet.enrol("h1", hostname: "srv-1")
        try await withWeb(fleet) { web in try await work(fleet, server, web) }
    }

    /// Sends what is signed as it is; the answer's receipt.
    private func send(_ payloads: [Data], by key: SigningKey, to web: TestWeb) async throws -> Receipt {
        let envelopes = try payloads.map { try Envelope.sign($0, as: .report, with: key) }
        let answer = try await web.send(
            Transfer.HTTPRequest(
                method: "POST", url: web.base + Routes.reports, headers: [], body: EnvelopeLines.encode(envelopes)))
        #expect(answer.status == 200, "\(answer.text.prefix(300))")
        return try WireFormat.decode(
            Receipt.self, from: WireFormat.decode(Envelope.self, from: answer.body).payload)
    }

    private func report(_ content: ReportContent, _ sequence: Int64) -> Report {
        Report(
            host: "h1", hostname: "srv-1",
            position: ReportPosition(epoch: 1, stream: content.stream, sequence: sequence), time: SampleTicket.time,
            boot: "b", uptime: 1, agentVersion: "1", content: content)
    }

    private func messages(_ fleet: TestFleet) async throws -> Int {
        try await fleet.store.recipientStates().reduce(0) { $0 + $1.waiting }
    }

    @Test("256 tests at once are a dozen messages; the others are refused in the receipt, and said once")
    func tests() async throws {
        try await withFleet { fleet, server, web in
            let payloads = try (1...256).map { number in
                let fault = CollectorFaults.defused(SampleFault.make("f\(number)"), test: "t\(number)")
                return try WireFormat.encode(report(.test(TestFault(id: "t\(number)", fault: fault)), Int64(number)))
            }
            var refused = 0
            for start in [0, 100, 200] {
                let receipt = try await send(Array(payloads[start..<min(256, start + 100)]), by: server.key, to: web)
                #expect(receipt.through(.faults) == min(256, Int64(start) + 100))
                refused += receipt.refused.count
            }
            #expect(refused == 256 - ReportLimits.testsPerHour)
            #expect(try await messages(fleet) == ReportLimits.testsPerHour)
            let said = try await fleet.store.events(host: "h1", limit: 200).filter { $0.kind == .refused }
            #expect(said.count == 1)
            // Faults go on, and so does another server's test.
            var real = SampleTicket.fault
            real.id = FaultID(rawValue: "real")
            let fault = FaultChange(kind: .opened, fault: real, because: "x", time: SampleTicket.time)
            #expect(
                try await send([WireFormat.encode(report(.faults([fault]), 257))], by: server.key, to: web).refused
                    .isEmpty)
            let other = try await fleet.enrol("h2", hostname: "srv-2")
            try await other.send(
                .test(TestFault(id: "t", fault: CollectorFaults.defused(SampleFault.make("f"), test: "t"))))
            #expect(try await messages(fleet) == ReportLimits.testsPerHour + 2)
            fleet.clock.advance(.seconds(3601))
            let again = CollectorFaults.defused(SampleFault.make("f300"), test: "t300")
            let later = try await send(
                [WireFormat.encode(report(.test(TestFault(id: "t300", fault: again)), 258))], by: server.key, to: web)
            #expect(later.refused.isEmpty)
        }
    }

    @Test(
        "A request that costs much is taken in parts: the receipt shows how far, and the rest is taken when it is sent again"
    )
    func parts() async throws {
        try await withFleet { _, server, web in
            let payloads = try (1...200).map { number in
                try WireFormat.encode(
                    report(.faults([SampleFault.change(.opened, SampleFault.make("f\(number)"))]), Int64(number)))
            }
            let first = try await send(payloads, by: server.key, to: web)
            let through = Int(first.through(.faults))
            #expect((100..<200).contains(through) && first.refused.isEmpty)
            #expect(try await send(Array(payloads[through...]), by: server.key, to: web).through(.faults) == 200)
        }
    }

    @Test("Who brings little waits for one who brings much at most")
    func turns() async throws {
        let (gate, opened) = AsyncStream.makeStream(of: Void.self)
        let groups = Mutex<[[HostID]]>([])
        let queue = IntakeQueue { group in
            groups.withLock { $0.append(group.map(\.0.host)) }
            if groups.withLock({ $0.count }) == 1 { for await _ in gate { break } }
            return group.map { _ in .failure(.notFound(what: "x")) }
        }
        let heavy = report(.faults((0..<17).map { SampleFault.change(.opened, SampleFault.make("f\($0)")) }), 1)
        let light = report(.heartbeat(SampleReports.heartbeat), 1)
        @Sendable func accept(_ report: Report, _ host: HostID) async throws {
            let verified = VerifiedReport(
                position: report.position, envelope: try Envelope.sign(Data(), as: .report, with: SigningKey()),
                certificate: "", content: .report(report))
            _ = await queue.accept(VerifiedBatch(host: host, reports: [verified]), at: SampleTicket.time)
        }
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await accept(light, "first") }
            while groups.withLock({ $0.isEmpty }) { await Task.yield() }
            for number in 0..<3 {
                for (name, content) in [("heavy\(number)", heavy), ("light\(number)", light)] {
                    tasks.addTask { try await accept(content, name) }
                    while await queue.count < 2 * number + (name.hasPrefix("heavy") ? 1 : 2) { await Task.yield() }
                }
            }
            opened.yield()
            try await tasks.waitForAll()
        }
        #expect(
            groups.withLock { $0 } == [
                ["first"], ["heavy0"], ["light0", "light1", "light2"], ["heavy1"], ["heavy2"],
            ])
    }

    @Test("Tests that are passed off as faults are counted as tests")
    func disguisedTests() async throws {
        try await withFleet { fleet, server, web in
            let payloads = try (1...30).map { number in
                let changes = (0..<4).map { part in
                    var fault = SampleFault.make("f\(number)-\(part)")
                    fault.test = "t\(number)-\(part)"
                    return SampleFault.change(.opened, fault)
                }
                return try WireFormat.encode(report(.faults(changes), Int64(number)))
            }
            #expect(try await send(payloads, by: server.key, to: web).refused.count == 27)
            #expect(try await messages(fleet) == ReportLimits.testsPerHour)
        }
    }

    /// A text that no field may hold, and no field is refused for by its place alone.
    private static let long = String(repeating: "x", count: ReportLimits.textBytes + 1)

    @Test(
        "No text of any field is longer than one can be: it is refused in the receipt",
        arguments: SampleReports.contents)
    func everyText(content: ReportContent) async throws {
        try await withFleet { fleet, server, web in
            let tree = try JSONTree(report(content, 1))
            let variants = tree.variants { leaf in
                if case .text = leaf { .text(Self.long) } else { nil }
            }
            // Words that decide what the report is: another one is another report, or none.
            let exempt = [".host", ".position.stream", ".content.kind", ".urgency", ".declaration.state"]
            var sequence: Int64 = 0
            var checked = 0
            for variant in variants where !exempt.contains(where: { variant.path.hasSuffix($0) }) {
                sequence += 1
                let position = try JSONTree(ReportPosition(epoch: 1, stream: content.stream, sequence: sequence))
                let json = variant.tree.setting(["position"], to: position).json
                let receipt = try await send([Data(json.utf8)], by: server.key, to: web)
                if variant.path.contains(".statement.faults"), !variant.path.hasSuffix(".fault.id") {
                    // Of a statement the one fault is refused, so that the others are known.
                    let isKept = try await fleet.store.cases(CaseQuery()).contains { !$0.openFaults.isEmpty }
                    #expect(!isKept, "\(content.kind) \(variant.path)")
                } else {
                    #expect(receipt.refused.map(\.sequence) == [sequence], "\(content.kind) \(variant.path)")
                }
                checked += 1
            }
            #expect(checked >= 3)
            let row = try #require(try await fleet.store.server(host: "h1"))
            #expect(try WireFormat.encode(row).count < 4_000)
        }
    }

    @Test("The name of an unknown kind stays short, in the row of the server as in the archive")
    func unknownKinds() async throws {
        try await withFleet { fleet, server, web in
            let tree = try JSONTree(report(.dropped(Dropped(reason: "x")), 1))
            var payloads: [Data] = []
            for number in 1...60 {
                let kind = "kind\(number)" + String(repeating: "x", count: number % 2 == 0 ? 0 : 4 << 10)
                let position = try JSONTree(ReportPosition(epoch: 1, stream: .telemetry, sequence: Int64(number)))
                payloads.append(
                    Data(
                        tree.setting(["content", "kind"], to: .text(kind)).setting(["position"], to: position).json.utf8
                    ))
            }
            let receipt = try await send(payloads, by: server.key, to: web)
            #expect(receipt.refused.count == 30)
            let row = try #require(try await fleet.store.server(host: "h1"))
            #expect(row.reportCounts.count <= FleetLimits.reportKinds + 1)
            #expect(try WireFormat.encode(row).count < 4_000)
        }
    }

    @Test("The archive of one server keeps the newest reports, up to its quota, and takes nothing of another's")
    func archive() async throws {
        try await withFleet { fleet, server, web in
            let other = try await fleet.enrol("h2", hostname: "srv-2")
            try await other.open(SampleTicket.fault)
            let tree = try JSONTree(report(.dropped(Dropped(reason: "x")), 1))
            let filler = JSONTree.text(String(repeating: "y", count: 3 << 20))
            let rounds = ReportLimits.archiveBytes / (3 << 20) + 4
            for number in 1...rounds {
                let position = try JSONTree(ReportPosition(epoch: 1, stream: .telemetry, sequence: Int64(number)))
                let json = tree.setting(["content"], to: .object(["kind": .text("newer"), "x": filler])).setting(
                    ["position"], to: position
                ).json
                let verified = VerifiedReport(
                    position: ReportPosition(epoch: 1, stream: .telemetry, sequence: Int64(number)),
                    envelope: try Envelope.sign(Data(json.utf8), as: .report, with: server.key), certificate: "PEM",
                    content: .report(report(.unknown(kind: "newer"), Int64(number))))
                _ = try await fleet.store.accept(
                    VerifiedBatch(host: "h1", reports: [verified]), at: fleet.clock.time)
            }
            let queue = try DatabaseQueue(path: "\(fleet.folder.path)/collector.sqlite")
            let (bytes, newest, others) = try await queue.read { db in
                (
                    try Int.fetchOne(db, sql: "SELECT sum(length(envelope)) FROM report WHERE host = 'h1'") ?? 0,
                    try Int.fetchOne(db, sql: "SELECT max(sequence) FROM report WHERE host = 'h1'") ?? 0,
                    try Int.fetchOne(db, sql: "SELECT count(*) FROM report WHERE host = 'h2'") ?? 0
                )
            }
            try queue.close()
            #expect(bytes <= ReportLimits.archiveBytes && bytes > ReportLimits.archiveBytes / 2)
            #expect(newest == rounds && others == 1)
        }
    }

    /// Hands out what is due, all of it taken at once.
    private func deliver(_ fleet: TestFleet) async throws -> [Delivery] {
        try await fleet.store.deliverAll(at: fleet.clock.time)
    }

    @Test("A fault that flaps is told of a dozen times in an hour, and the last word is told when the hour is over")
    func flapping() async throws {
        try await withFleet { fleet, server, _ in
            var told = 0
            for round in 0..<200 {
                var fault = SampleTicket.fault
                fault.urgency = round % 2 == 0 ? .order : .plan
                try await server.send(
                    .faults([
                        FaultChange(
                            kind: round == 0 ? .opened : .updated, fault: fault, because: "round \(round)",
                            time: SampleTicket.time)
                    ]))
                told += try await deliver(fleet).count
                fleet.clock.advance(.seconds(1))
            }
            #expect(told == Routing.limit)
            try await server.clear(SampleTicket.fault, because: "gone")
            #expect(try await deliver(fleet).isEmpty)
            #expect(try await messages(fleet) == 1)
            fleet.clock.advance(.seconds(3600))
            let last = try await deliver(fleet)
            #expect(last.map(\.ticket.event) == [.closed] && last.first?.ticket.because == "gone")
            #expect(try await messages(fleet) == 0)
        }
    }

    @Test("Faults that come and go in a storm open one storm case, not one each time, and are told of within the limit")
    func storms() async throws {
        try await withFleet { fleet, server, _ in
            for number in 0..<fleet.environment.configuration.casesPerHostPerHour {
                try await server.open(SampleFault.make("f\(number)", blaming: "sd\(number)"))
            }
            _ = try await deliver(fleet)
            var told = 0
            for number in 0..<60 {
                let fault = SampleFault.make("g\(number)", blaming: "sdx\(number)")
                try await server.open(fault)
                told += try await deliver(fleet).count
                try await server.clear(fault, because: "gone")
                told += try await deliver(fleet).count
                fleet.clock.advance(.seconds(1))
            }
            #expect(try await fleet.store.allCases().filter { $0.origin == .storm }.count == 1)
            #expect(told == Routing.limit)
            // One that stays is told in the end.
            try await server.open(SampleFault.make("stays", blaming: "sdlast"))
            #expect(try await fleet.store.allCases().filter { $0.origin == .storm }.map(\.state) == [.open])
            fleet.clock.advance(.seconds(3600))
            let last = try await deliver(fleet)
            #expect(last.map(\.ticket.event) == [.updated])
            #expect(last.first?.ticket.faults.contains { $0.id.rawValue == "stays" } == true)
        }
    }
}
