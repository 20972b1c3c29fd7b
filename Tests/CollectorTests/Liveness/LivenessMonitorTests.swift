import Reports
import Testing

@testable import Collector

@Suite("Silence")
struct LivenessMonitorTests {
    private let start = SampleFault.time
    private let grace = Duration.seconds(60)

    private func subject(
        heard: Timestamp?, interval: Int? = 60, isStopped: Bool = false, isSilent: Bool = false
    ) -> LivenessSubject {
        LivenessSubject(
            kind: .server, id: "h1", name: "srv-1", since: start, lastHeartbeat: heard, interval: interval,
            isStopped: isStopped, isSilent: isSilent)
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
