import Foundation
import GRDB
import Reports
import Testing

@testable import Collector

@Suite("Blind spots that somebody lives with")
struct BlindSpotTests {
    private static let virtual = Advice("ecc.virtual")

    private static func mode(
        _ id: String, _ state: String = "unseen", _ reasons: [(Advice, Int)] = [(virtual, 2)],
        on parts: [String] = ["DIMM_A1", "DIMM_A2"]
    ) -> FailureMode {
        FailureMode(
            pattern: id, kind: .dimm, titles: ["en": "Title of \(id)", "de": "Titel von \(id)"], state: state, parts: 4,
            seen: state == "seen" ? 4 : 0,
            reasons: state == "seen" || state == "absent"
                ? [] : reasons.map { FailureMode.Reason($0.0, count: $0.1, parts: Array(parts.prefix($0.1))) })
    }

    private static func inventory(_ modes: FailureMode...) -> ReportContent {
        .inventory(Inventory(components: [], failureModes: modes))
    }

    /// What an agent with these modes says, after its inventory.
    private static func heartbeat(_ modes: [FailureMode], probes: [(String, String)] = []) -> ReportContent {
        .heartbeat(
            Heartbeat(
                interval: 60,
                coverage: ([("disks", "ok")] + probes).map { name, state in
                    Heartbeat.Coverage(
                        probe: name, state: state, because: state == "ok" ? "" : "at \(UUID())", components: 1,
                        signals: 1, lastSuccess: nil)
                }, failureModeCounts: Heartbeat.FailureModeCounts(modes), patternPack: "1", openFaults: 0))
    }

    /// A server that sees `a.seen` and neither `a.one` nor `a.two`.
    private func fleet() async throws -> (TestFleet, TestServer) {
        let fleet = try await TestFleet()
        let server = try await fleet.enrol("h1", hostname: "vm-1")
        try await tell(server, [Self.mode("a.seen", "seen"), Self.mode("a.one"), Self.mode("a.two")])
        return (fleet, server)
    }

    private func tell(_ server: TestServer, _ modes: [FailureMode], probes: [(String, String)] = []) async throws {
        try await server.send(Self.heartbeat(modes, probes: probes))
        try await server.send(.inventory(Inventory(components: [], failureModes: modes)))
    }

    private func accept(_ fleet: TestFleet, _ names: String...) async throws -> [String] {
        try await fleet.store.acceptBlindSpots(
            names.isEmpty ? .all : .named(names), host: "h1", by: "admin", because: "a virtual machine",
            at: fleet.clock.time
        ).filter { $0.acceptance != nil }.map(\.name)
    }

    private func status(_ fleet: TestFleet) async throws -> ServerStatus {
        ServerStatus(try #require(try await fleet.store.server(host: "h1")))
    }

    private func accepted(_ fleet: TestFleet) async throws -> [String] {
        try await fleet.store.blindSpots(host: "h1").filter { $0.acceptance != nil }.map(\.name)
    }

    @Test("A server whose blind spots are accepted is good, and is still said to have them")
    func good() async throws {
        let (fleet, _) = try await fleet()
        #expect(try await status(fleet).mark == .unknown)
        #expect(try await accept(fleet, "a.one") == ["a.one"])
        let half = try await status(fleet)
        #expect(half.because(in: .english).contains("1 of 3 kinds of failure is not seen here"))
        #expect(half.because(in: .english).hasSuffix("1 blind spot accepted, not seen here: “Title of a.one”."))
        #expect(try await accept(fleet) == ["a.one", "a.two"])
        let whole = try await status(fleet)
        #expect(whole.mark == .good)
        #expect(
            whole.because(in: .german)
                == "Alles Gelesene ist gut. 2 blinde Flecken hingenommen, hier nicht zu sehen: „Titel von a.one“, „Titel von a.two“."
        )
        let event = try #require(try await fleet.store.events(host: "h1", limit: 1).first)
        #expect(event.kind == .blindSpotAccepted)
        #expect(event.because == "admin accepted that this is not seen: “Title of a.two”. a virtual machine")
        await #expect(throws: StoreError.conflict(because: "no blind spot of vm-1 is left to accept")) {
            try await accept(fleet)
        }
    }

    @Test(
        "Who accepts all accepts what nobody can mend; what has a step is accepted by name, and the answer says which")
    func mendable() async throws {
        let (fleet, server) = try await fleet()
        let modes = [Self.mode("a.one"), Self.mode("a.two", "unseen", [(Advice("bmc.driver"), 2)])]
        try await tell(server, modes)
        let steps = try await fleet.store.blindSpots(host: "h1").map(\.isMendable)
        #expect(steps == [false, true])
        #expect(try await accept(fleet) == ["a.one"])
        let refused = await #expect(throws: StoreError.self) { try await accept(fleet) }
        #expect(refused?.description.contains("by name; what is not seen here is called a.two") == true)
        #expect(try await accept(fleet, "a.two") == ["a.one", "a.two"])
    }

    @Test("One who names a probe that is not there is told what is not seen because of it, by the names to accept")
    func absentProbe() async throws {
        let (fleet, server) = try await fleet()
        let modes = [
            Self.mode("a.one"), Self.mode("psu.failed", "unseen", [(Advice("value.other", "ipmi", "it is absent"), 2)]),
        ]
        try await tell(server, modes, probes: [("ipmi", "absent")])
        let refused = await #expect(throws: StoreError.self) { try await accept(fleet, "ipmi") }
        #expect(
            refused?.description.hasSuffix("; what is not seen here is called psu.failed") == true,
            "\(String(describing: refused))")
        let unknown = await #expect(throws: StoreError.self) { try await accept(fleet, "zzzzzz") }
        #expect(unknown?.description.hasSuffix("what is not seen here is called a.one, psu.failed") == true)
        #expect(try await accept(fleet, "psu.failed") == ["psu.failed"])
    }

    @Test("A server that sees nothing at all stays unknown, whatever is accepted")
    func nothing() async throws {
        let fleet = try await TestFleet()
        let server = try await fleet.enrol("h1", hostname: "vm-1")
        try await tell(server, [Self.mode("a.one"), Self.mode("a.two")])
        #expect(try await accept(fleet) == ["a.one", "a.two"])
        #expect(try await status(fleet).mark == .unknown)
    }

    @Test(
        "What was accepted comes back when it is seen, for another reason, or on more parts, and the server tells why",
        arguments: [
            (mode("a.one", "seen"), "it is seen on all parts now"),
            (mode("a.one", "unseen", [(Advice("bmc.driver"), 2)]), "another reason than was accepted"),
            (mode("a.one", "partly", [(virtual, 1), (Advice("value.denied", "x"), 1)]), "another reason"),
            (mode("a.one", "unseen", [(virtual, 3)]), "it is not seen on 3 parts, and 2 were accepted"),
            (
                mode("a.one", on: ["DIMM_A1", "DIMM_B7"]),
                "it is not seen on DIMM_B7, which was not among the parts that were accepted"
            ),
        ])
    func comesBack(mode: FailureMode, because: String) async throws {
        let (fleet, server) = try await fleet()
        _ = try await accept(fleet)
        try await tell(server, [Self.mode("a.seen", "seen"), mode, Self.mode("a.two")])
        #expect(try await accepted(fleet) == ["a.two"])
        let event = try #require(try await fleet.store.events(host: "h1", limit: 1).first)
        #expect(event.kind == .blindSpotEnded)
        #expect(event.because.contains("“Title of a.one”: ") && event.because.contains(because), "\(event.because)")
        #expect(!event.because.contains("a.two"))
        let words = try await status(fleet).because(in: .english)
        #expect(words.contains("1 of 3 kinds of failure") == (mode.state != "seen"), "\(words)")
    }

    @Test(
        "A start of the agent, an absent part, fewer parts and an agent that does not say end nothing",
        arguments: [
            mode("a.one"), mode("a.one", "absent"), mode("a.one", "unseen", [(Advice("probe.starting", "x"), 9)]),
            mode("a.one", "partly", [(virtual, 1)]), nil,
        ])
    func stays(mode: FailureMode?) async throws {
        let (fleet, server) = try await fleet()
        _ = try await accept(fleet, "a.one")
        try await tell(server, [Self.mode("a.seen", "seen")] + [mode].compactMap(\.self))
        try await server.send(.inventory(Inventory(components: [])))
        try await tell(server, [Self.mode("a.seen", "seen"), Self.mode("a.one")])
        #expect(try await accepted(fleet) == ["a.one"])
        #expect(try await fleet.store.events(host: "h1", limit: 100).allSatisfy { $0.kind != .blindSpotEnded })
    }

    @Test("A probe that cannot read is accepted by its state, whatever it says of it, and ends when it reads")
    func probe() async throws {
        let fleet = try await TestFleet()
        let server = try await fleet.enrol("h1", hostname: "vm-1")
        let modes = [Self.mode("a.seen", "seen")]
        try await tell(server, modes, probes: [("ipmi", "failing")])
        #expect(try await status(fleet).mark == .unknown)
        #expect(try await accept(fleet, "ipmi") == ["ipmi"])
        #expect(try await status(fleet).mark == .good)
        #expect(
            try await status(fleet).because(in: .english).hasSuffix("1 blind spot accepted, not seen here: “ipmi”."))
        for state in ["failing", "starting", "absent", "failing"] {
            try await tell(server, modes, probes: [("ipmi", state)])
            #expect(try await accepted(fleet) == ["ipmi"], "\(state)")
        }
        // By the heartbeat alone: an inventory comes when parts change.
        try await server.send(Self.heartbeat(modes, probes: [("ipmi", "denied")]))
        #expect(try await accepted(fleet).isEmpty)
        #expect(try await status(fleet).mark == .unknown)
    }

    @Test("Two probes that change their states with each other are news, though the list of states stays the same")
    func swapped() async throws {
        let fleet = try await TestFleet()
        let server = try await fleet.enrol("h1", hostname: "vm-1")
        let modes = [Self.mode("a.seen", "seen")]
        try await tell(server, modes, probes: [("ipmi", "failing"), ("ups", "ok")])
        #expect(try await accept(fleet, "ipmi") == ["ipmi"])
        try await server.send(Self.heartbeat(modes, probes: [("ups", "failing"), ("ipmi", "ok")]))
        #expect(try await accepted(fleet).isEmpty)
        #expect(try await status(fleet).mark == .unknown, "the supply of power is not seen, and nobody accepted that")
    }

    @Test("What was taken back, or accepted anew, stays in the history")
    func withdrawn() async throws {
        let (fleet, _) = try await fleet()
        _ = try await accept(fleet)
        fleet.clock.advance(.seconds(60))
        _ = try await accept(fleet, "a.one")
        let spots = try await fleet.store.withdrawBlindSpots(
            .named(["a.two"]), host: "h1", by: "admin", because: "the host shows it now", at: fleet.clock.time)
        #expect(spots.filter { $0.acceptance != nil }.map(\.name) == ["a.one"])
        #expect(spots.first { $0.name == "a.one" }?.acceptance?.acceptedAt == fleet.clock.time)
        let event = try #require(try await fleet.store.events(host: "h1", limit: 1).first)
        #expect(event.kind == .blindSpotWithdrawn && event.because.contains("the host shows it now"))
        #expect(try await status(fleet).because(in: .english).contains("1 of 3 kinds of failure"))
        // By the database itself: three rows, two of them ended.
        let store = try #require(fleet.store as? SQLiteStore)
        let ends = try await store.pool.read { [setAside = store.setAside] db in
            try SQLiteTransaction(db: db, setAside: setAside).bodies(
                AcceptedBlindSpot.self, "SELECT body FROM accepted_blind_spot ORDER BY id"
            ).map(\.endedBecause)
        }
        #expect(ends == ["it was accepted anew by admin", "admin took it back: the host shows it now", nil])
    }

    @Test("A name that is none, or nothing that could be accepted, is refused with what may be meant")
    func refused() async throws {
        let (fleet, _) = try await fleet()
        for (name, words) in [
            ("a.onne", "there is no blind spot a.onne of vm-1; perhaps a.one"),
            ("a.seen", "a.seen is seen on vm-1: there is nothing to accept"),
        ] {
            let error = await #expect(throws: StoreError.self) { try await accept(fleet, name) }
            #expect(error?.description == words)
        }
        let error = await #expect(throws: StoreError.self) {
            try await fleet.store.withdrawBlindSpots(
                .named(["a.one"]), host: "h1", by: "admin", because: "x", at: fleet.clock.time)
        }
        #expect(error?.description == "there is no accepted blind spot a.one of vm-1")
        // What is refused changes nothing, also where another name is right.
        await #expect(throws: StoreError.self) { try await accept(fleet, "a.one", "a.none") }
        #expect(try await accepted(fleet).isEmpty)
    }

    /// A store with the server `h1`, of which `a.one` is not seen and nothing is accepted.
    private func reported(to store: any CollectorStore) async throws -> SigningAgent {
        var agent = try await store.enrolled("h1")
        let modes = [Self.mode("a.seen", "seen"), Self.mode("a.one")]
        try await store.accept(
            agent.verified(agent.report(Self.heartbeat(modes), .telemetry)),
            agent.verified(agent.report(.inventory(Inventory(components: [], failureModes: modes)), .telemetry)),
            from: "h1")
        return agent
    }

    @Test("What is accepted is there after a crash, by whom, when and why", .everyStore)
    func durable() async throws {
        let store = try openStore()
        var agent = try await reported(to: store)
        let time = SampleFault.time + .seconds(5)
        _ = try await store.acceptBlindSpots(
            .named(["a.one"]), host: "h1", by: "admin", because: "a virtual machine", at: time)
        let after = try #require(StoreUnderTest.current).afterCrash().open()
        let acceptance = try #require(try await after.blindSpots(host: "h1").first?.acceptance)
        #expect(
            (acceptance.by, acceptance.because, acceptance.acceptedAt) == ("admin", "a virtual machine", time))
        #expect(try await after.server(host: "h1")?.accepted?.count == 1)
        // The agent learns of it by its next receipt.
        #expect(try await after.accept(agent.heartbeat(), from: "h1").acceptedBlindSpots == ["a.one"])
        // And what a later report ends is ended there too.
        let seen = Inventory(components: [], failureModes: [Self.mode("a.one", "seen")])
        let receipt = try await after.accept(
            agent.verified(agent.report(.inventory(seen), .telemetry)), from: "h1")
        #expect(receipt.acceptedBlindSpots == nil)
        #expect(try await after.blindSpots(host: "h1").isEmpty)
        #expect(try await after.server(host: "h1")?.accepted == nil)
        #expect(try await after.events(host: "h1", limit: 1).map(\.kind) == [.blindSpotEnded])
    }

    @Test("Blind spots of a server that is not enrolled are refused", .everyStore)
    func noServer() async throws {
        let store = try openStore()
        await #expect(throws: StoreError.notFound(what: "server h9")) { try await store.blindSpots(host: "h9") }
        await #expect(throws: StoreError.notFound(what: "server h9")) {
            try await store.acceptBlindSpots(.all, host: "h9", by: "admin", because: "x", at: SampleFault.time)
        }
    }

    @Test("A database from before blind spots could be accepted is brought up to date, with what it holds")
    func migrated() async throws {
        let place = try StoreUnderTest(.sqlite)
        let old = try #require(try place.open() as? SQLiteStore)
        _ = try await reported(to: old)
        try await old.pool.write { db in
            try db.execute(
                sql: "DROP TABLE accepted_blind_spot; DELETE FROM grdb_migrations WHERE identifier = '2'")
        }
        let store = try place.afterCrash().open()
        #expect(try await store.blindSpots(host: "h1").map(\.name) == ["a.one"])
        _ = try await store.acceptBlindSpots(.all, host: "h1", by: "admin", because: "x", at: SampleFault.time)
        #expect(try await store.server(host: "h1")?.accepted?.count == 1)
    }
}
