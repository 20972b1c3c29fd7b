import Foundation
import Reports
import Testing

@testable import Collector

@Suite("Servers that said that they go away")
struct AwayTests {
    private let grace = Duration.seconds(60)

    /// A collector that has listened since `start` and does at `time`.
    private func watch(from start: Timestamp, until time: Timestamp) -> LivenessMonitor {
        var watch = LivenessMonitor(startingAt: start)
        var next = start
        while next < time {
            next = min(next + grace, time)
            watch.tick(at: next, grace: grace)
        }
        return watch
    }

    private func last(_ away: String) throws -> ReportContent {
        .heartbeat(
            try WireFormat.decode(
                Heartbeat.self,
                from: Data(
                    #"{"away":\#(away),"coverage":[],"interval":60,"openFaults":0,"patternPack":"1","stopping":true}"#
                        .utf8)))
    }

    @Test("Whatever a server says, it is silent after an hour and the grace; until then the page says why it is away")
    func hour() async throws {
        let fleet = try await TestFleet()
        try await fleet.addAdmin()
        let server = try await fleet.enrol("h1", hostname: "srv-1")
        let start = fleet.clock.time
        try await server.send(try last(#"{"atMost":9223372036854775807,"why":"reboot"}"#))
        try await withWeb(fleet) { web in
            _ = try await web.login()
            #expect(try await web.get("/servers/h1").text.contains("because its server is starting anew; back by"))
        }
        let subjects = try await fleet.store.silenceSubjects()
        let end = start + .seconds(3_600) + grace
        #expect(watch(from: start, until: end).findings(among: subjects, grace: grace).isEmpty)
        let late = watch(from: start, until: end + .seconds(1))
        let found = late.findings(among: subjects, grace: grace)
        #expect(found.map(\.dueAt) == [end])

        try await fleet.store.recordSilence(late, silent: found, at: end + .seconds(1))
        let silence = try #require(try await fleet.store.cases(CaseQuery(host: "h1")).first)
        #expect(silence.history[0].because.contains("because its server is starting anew. It was to be back by"))
        fleet.clock.advance(end - start + .seconds(60))
        // It is back: the case ends, and nothing is said of it being away.
        try await server.heartbeat([("fans", "ok", "")])
        #expect(try await fleet.store.cases(CaseQuery(host: "h1")).isEmpty)
        #expect(try await fleet.store.server(host: "h1").map { ServerStatus($0).mark } == .good)
    }

    @Test("One that is back before its time is watched as any other from then on")
    func back() async throws {
        let fleet = try await TestFleet()
        let server = try await fleet.enrol("h1", hostname: "srv-1")
        let start = fleet.clock.time
        try await server.send(try last(#"{"atMost":3600,"why":"upgrade"}"#))
        try await server.heartbeat([("fans", "ok", "")])
        let subjects = try await fleet.store.silenceSubjects()
        let found = watch(from: start, until: start + .seconds(241)).findings(among: subjects, grace: grace)
        #expect(found.map(\.dueAt) == [start + .seconds(240)])
        #expect(found.first?.because.contains("was last heard from") == true)
    }
}
