import Reports
import Testing

@testable import Collector

@Suite("A server's state at a glance")
struct ServerStatusTests {
    private func server(_ change: (inout Server) -> Void) -> Server {
        var server = Server(
            host: "h", hostname: "srv", state: .connected, enrolledAt: SampleTicket.time, lastContact: nil,
            lastHeartbeat: nil,
            heartbeat: nil, agentVersion: nil, boot: nil, clockOffset: nil, chassis: Part(), epoch: 1,
            reportCounts: [:],
            urgency: nil, openCases: 0)
        server.heartbeat = heartbeat(["ok"])
        change(&server)
        return server
    }

    private func heartbeat(_ states: [String]) -> Heartbeat {
        Heartbeat(
            interval: 60,
            coverage: states.map {
                Heartbeat.Coverage(
                    probe: "disks", state: $0, because: "no right", components: 1, signals: 1, lastSuccess: nil)
            }, patternPack: "", openFaults: 0)
    }

    @Test("Good is only what was read and found good")
    func good() {
        #expect(ServerStatus(server { _ in }).mark == .good)
        #expect(ServerStatus(server { $0.heartbeat = nil }).mark == .unknown)
        #expect(ServerStatus(server { $0.heartbeat = heartbeat([]) }).mark == .unknown)
        #expect(ServerStatus(server { $0.heartbeat = heartbeat(["absent", "disabled"]) }).mark == .unknown)
        #expect(ServerStatus(server { $0.state = .expected }).mark == .unknown)
    }

    @Test("A server whose agent stopped in order is unknown, and said to be stopped; what must be ordered stays")
    func stopped() {
        let stopped = server { $0.heartbeat?.stopping = true }
        #expect(ServerStatus(stopped).mark == .unknown)
        #expect(ServerStatus(stopped).because(in: .english).contains("stopped in order"))
        #expect(ServerStatus(stopped).because(in: .german).contains("ordnungsgemäß angehalten"))
        var ordered = stopped
        ordered.urgency = .order
        #expect(ServerStatus(ordered).mark == .order)
        // When it is overdue, it is silent like any other.
        ordered = stopped
        ordered.state = .silent
        #expect(ServerStatus(ordered).mark == .silent && !ServerStatus(ordered).isStopped)
    }

    @Test(
        "A server that said why it goes away is unknown: since when, because of what, and back by when, in both languages"
    )
    func away() {
        let away = server {
            $0.lastHeartbeat = Timestamp(seconds: 1_795_000_000)
            $0.heartbeat?.away = Heartbeat.Away(why: .upgrade, atMost: 600)
        }
        #expect(ServerStatus(away).mark == .unknown)
        #expect(
            ServerStatus(away).because(in: .english)
                == "Its agent is away since 2026-11-18 11:06 UTC, because its package is being upgraded; back by "
                + "2026-11-18 11:16 UTC at the latest.")
        #expect(
            ServerStatus(away).because(in: .german)
                == "Sein Agent ist seit 18.11.2026 11:06 UTC weg, weil sein Paket aktualisiert wird; zurück bis spätestens "
                + "18.11.2026 11:16 UTC.")
        // What must be ordered stays, and that it is away is said beside it.
        var ordered = away
        ordered.urgency = .order
        #expect(ServerStatus(ordered).mark == .order)
        #expect(ServerStatus(ordered).because(in: .english).contains("must be sent now. Its agent is away since"))
        // Of one that is overdue, the silence says it.
        ordered.state = .silent
        #expect(!ServerStatus(ordered).because(in: .english).contains("away"))
    }

    @Test(
        "A probe that cannot read makes the server unknown, and says why",
        arguments: ["denied", "failing", "hanging", "new-word"])
    func blind(state: String) {
        let status = ServerStatus(server { $0.heartbeat = heartbeat(["ok", state]) })
        #expect(status.mark == .unknown)
        #expect(status.because(in: .english).contains("no right"))
    }

    @Test("A server whose parts are only listed, and none measured, is unknown: it is never good for want of eyes")
    func listedOnly() {
        let status = ServerStatus(
            server {
                $0.heartbeat?.coverage = [
                    Heartbeat.Coverage(
                        probe: "inventory", state: "ok", because: "", components: 9, signals: 4, lastSuccess: nil),
                    Heartbeat.Coverage(
                        probe: "disk-health", state: "absent", because: "no disk", components: 0, signals: 0,
                        lastSuccess: nil),
                ]
            })
        #expect(status.mark == .unknown)
        #expect(status.because(in: .english).contains("no disk"))
    }

    /// Failure modes in a state, with or without something to do about it.
    private func modes(_ count: Int, _ state: String, _ advice: Advice? = nil) -> [FailureMode] {
        (0..<count).map { number in
            FailureMode(
                pattern: "p.\(state)-\(number)", kind: .disk, titles: ["en": "It breaks"], state: state, parts: 1,
                seen: 0,
                reasons: advice.map { [FailureMode.Reason($0, count: 1, parts: [])] } ?? [])
        }
    }

    @Test("What could be seen and is not makes a server unknown: good is said of those that see what they can")
    func unseen() {
        func status(_ modes: [FailureMode]) -> ServerStatus {
            ServerStatus(server { $0.heartbeat?.failureModeCounts = Heartbeat.FailureModeCounts(modes) })
        }
        #expect(status(modes(50, "seen")).mark == .good)
        #expect(status(modes(50, "seen")).because(in: .english) == "All that was read is good.")
        #expect(status(modes(50, "seen") + modes(1, "unseen", Advice("bmc.driver"))).mark == .unknown)
        #expect(status(modes(2, "seen") + modes(3, "unseen", Advice("bmc.none"))).mark == .unknown)
        let plain = status(modes(50, "seen") + modes(3, "unseen", Advice("bmc.none")) + modes(99, "absent"))
        #expect(plain.mark == .good)
        #expect(
            plain.because(in: .english)
                == "All that was read is good. 3 of 53 kinds of failure are not seen here, or not on all parts.")
    }

    @Test(
        "An open case hides no blind spot, and a silent server's are history",
        arguments: [Urgency.watch, .plan, .order])
    func blindBehindCase(urgency: Urgency) {
        let status = ServerStatus(
            server {
                $0.urgency = urgency
                $0.heartbeat?.failureModeCounts = Heartbeat.FailureModeCounts(
                    modes(50, "seen") + modes(1, "unseen", Advice("bmc.driver")) + modes(2, "partly"))
            })
        #expect(status.mark.rawValue == urgency.rawValue)
        #expect(
            status.because(in: .english).hasSuffix("3 of 53 kinds of failure are not seen here, or not on all parts."))
        #expect(status.because(in: .german).contains("3 von 53 Arten von Ausfällen sind hier nicht zu sehen"))
        let silent = ServerStatus(
            server {
                $0.state = .silent
                $0.urgency = .order
                $0.heartbeat?.failureModeCounts = Heartbeat.FailureModeCounts(modes(1, "unseen"))
            })
        #expect(silent.because(in: .english) == "A part must be sent now.")
    }

    @Test("An interface that the machine does not have is no gap")
    func absent() {
        #expect(ServerStatus(server { $0.heartbeat = heartbeat(["ok", "absent"]) }).mark == .good)
    }

    @Test("What must be ordered is shown before everything else, and silence before all that is older news")
    func order() {
        #expect(
            ServerStatus(
                server {
                    $0.urgency = .order; $0.state = .silent
                }
            ).mark == .order)
        #expect(
            ServerStatus(
                server {
                    $0.urgency = .plan; $0.state = .silent
                }
            ).mark == .silent)
        #expect(
            ServerStatus(
                server {
                    $0.urgency = .plan; $0.heartbeat = nil
                }
            ).mark == .plan)
        #expect(ServerStatus(server { $0.urgency = .watch }).mark == .watch)
        #expect(
            ServerStatus(
                server {
                    $0.urgency = .order; $0.state = .revoked
                }
            ).mark == .revoked)
    }
}
