import Reports
import Testing

@testable import Collector

@Suite("Silence")
struct LivenessMonitorTests {
    private let start = SampleFault.time
    private let grace = Duration.seconds(60)

    private func subject(
        heard: Timestamp?, interval: Int? = 60, isStopped: Bool = false, away: Heartbeat.Away? = nil,
        isSilent: Bool = false
    ) -> LivenessSubject {
        LivenessSubject(
            kind: .server, id: "h1", name: "srv-1", since: start, lastHeartbeat: heard, interval: interval,
            isStopped: isStopped, away: away, isSilent: isSilent)
    }

    private func watch(until seconds: Int, step: Int = 5) -> LivenessMonitor {
        var watch = LivenessMonitor(startingAt: start)
        for second in stride(from: step, through: seconds, by: step) {
            watch.tick(at: start + .seconds(second), grace: grace)
        }
        return watch
    }

    @Test("Three missed heartbeats and the grace are silence, one second less is not")
    func limit() {
        #expect(watch(until: 240).findings(among: [subject(heard: start)], grace: grace).isEmpty)
        let found = watch(until: 245).findings(among: [subject(heard: start)], grace: grace)
        #expect(found.map(\.dueAt) == [start + .seconds(240)])
        #expect(found[0].because.contains("was last heard from"))
    }

    @Test("An agent that said that it stops has the time of a restart, and is then missed as any other")
    func stoppedInOrder() {
        let stopped = subject(heard: start, isStopped: true)
        #expect(watch(until: 21 * 60).findings(among: [stopped], grace: grace).isEmpty)
        let found = watch(until: 21 * 60 + 5).findings(among: [stopped], grace: grace)
        #expect(found.map(\.dueAt) == [start + .seconds(21 * 60)])
        #expect(found.first?.because.contains("was stopped in order at") == true)
        // Whoever reports once an hour is not missed sooner for having said that it stops.
        let rare = subject(heard: start, interval: 3600, isStopped: true)
        #expect(watch(until: 3 * 3600, step: 30).findings(among: [rare], grace: grace).isEmpty)
    }

    @Test("An agent that said for how long it is away has that time and the grace, and no second more")
    func away() {
        let upgraded = subject(heard: start, isStopped: true, away: Heartbeat.Away(why: .upgrade, atMost: 600))
        #expect(watch(until: 660).findings(among: [upgraded], grace: grace).isEmpty)
        let found = watch(until: 665).findings(among: [upgraded], grace: grace)
        #expect(found.map(\.dueAt) == [start + .seconds(660)])
        #expect(found.first?.because.contains("because its package is being upgraded. It was to be back by") == true)
        // Its word counts, also where it would be missed later or sooner without it.
        let rare = subject(heard: start, interval: 3600, away: Heartbeat.Away(why: .restart, atMost: 300))
        #expect(watch(until: 365).findings(among: [rare], grace: grace).map(\.dueAt) == [start + .seconds(360)])
        let long = subject(heard: start, away: Heartbeat.Away(why: .shutdown, atMost: 3_600))
        #expect(watch(until: 3_660).findings(among: [long], grace: grace).isEmpty)
        #expect(watch(until: 3_665).findings(among: [long], grace: grace).count == 1)
    }

    @Test("Whoever said that it is away, and is heard again, is missed as any other")
    func back() {
        // Its next heartbeat has taken the place of the one that said so.
        let back = subject(heard: start + .seconds(30))
        #expect(watch(until: 275).findings(among: [back], grace: grace).map(\.dueAt) == [start + .seconds(270)])
    }

    @Test("While a collector does not run, nobody who is away is late")
    func awayWhileDown() {
        var watch = watch(until: 100)
        watch.tick(at: start + .seconds(10_000), grace: grace)
        let away = subject(heard: start + .seconds(90), away: Heartbeat.Away(why: .reboot, atMost: 600))
        #expect(watch.findings(among: [away], grace: grace).isEmpty)
        for second in stride(from: 10_005, through: 10_665, by: 5) {
            watch.tick(at: start + .seconds(second), grace: grace)
        }
        #expect(watch.findings(among: [away], grace: grace).map(\.dueAt) == [start + .seconds(10_660)])
    }

    @Test("Who is known as silent is not found again")
    func once() {
        #expect(watch(until: 900).findings(among: [subject(heard: start, isSilent: true)], grace: grace).isEmpty)
    }

    @Test("A server that never spoke after its enrolment is found as well, with the default interval")
    func neverHeard() {
        let found = watch(until: 900).findings(among: [subject(heard: nil, interval: nil)], grace: grace)
        #expect(found.count == 1)
        #expect(found.first?.because.contains("was never heard from") == true)
    }

    @Test("Time in which the collector did not run is nobody's silence")
    func downtime() {
        var watch = watch(until: 100)
        watch.tick(at: start + .seconds(10_000), grace: grace)
        #expect(watch.findings(among: [subject(heard: start + .seconds(90))], grace: grace).isEmpty)
        for second in stride(from: 10_005, through: 10_245, by: 5) {
            watch.tick(at: start + .seconds(second), grace: grace)
        }
        #expect(watch.findings(among: [subject(heard: start + .seconds(90))], grace: grace).count == 1)
    }

    @Test("A restart shorter than the grace does not hide silence")
    func shortRestart() {
        var watch = watch(until: 230)
        watch.tick(at: start + .seconds(280), grace: grace)
        #expect(watch.findings(among: [subject(heard: start)], grace: grace).count == 1)
    }

    @Test("Jumps of the collector's clock, by decades forward or back, make nobody silent", arguments: [1, -1])
    func jumps(sign: Int) {
        var watch = watch(until: 100)
        watch.tick(at: start + .seconds(sign * 30 * 365 * 86_400), grace: grace)
        #expect(watch.findings(among: [subject(heard: start + .seconds(90))], grace: grace).isEmpty)
    }

    @Test("A server that promises absurd intervals is watched all the same", arguments: [0, -5, Int.max, Int.min])
    func absurdIntervals(interval: Int) {
        let late = LivenessLimits.missedHeartbeats * LivenessLimits.longestInterval + 600
        #expect(
            watch(until: late, step: 60).findings(among: [subject(heard: start, interval: interval)], grace: grace)
                .count == 1)
    }
}
