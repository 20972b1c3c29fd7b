import Reports
import Testing

@testable import SensorAgent

@Suite("Probe schedule")
struct ProbeScheduleTests {
    private func schedule(_ entries: ProbeSchedule.Entry...) -> ProbeSchedule {
        ProbeSchedule(entries, at: .seconds(100))
    }

    private func entry(
        _ name: String, every interval: Int, deadline: Int = 5, enabled: Bool = true
    ) -> ProbeSchedule.Entry {
        ProbeSchedule.Entry(
            name: name, interval: .seconds(interval), deadline: .seconds(deadline), enabled: enabled)
    }

    private func moment(_ seconds: Int64) -> Moment { SpoolFixture.moment(seconds - 100) }

    @Test("Each probe starts at once, then on its own interval")
    func intervals() {
        var plan = schedule(entry("fast", every: 10), entry("slow", every: 60))
        #expect(plan.start(at: .seconds(100)) == ["fast", "slow"])
        plan.finished("fast", .looked(components: 1, signals: 2), at: moment(101))
        plan.finished("slow", .looked(components: 1, signals: 2), at: moment(101))
        #expect(plan.nextDecision == .seconds(110))
        #expect(plan.start(at: .seconds(109)) == [])
        #expect(plan.start(at: .seconds(110)) == ["fast"])
        plan.finished("fast", .looked(components: 1, signals: 2), at: moment(110))
        #expect(plan.nextDecision == .seconds(120))
    }

    @Test("Lateness does not add up, and what was missed is not made up for")
    func lateness() {
        var plan = schedule(entry("a", every: 10))
        _ = plan.start(at: .seconds(103))
        plan.finished("a", .looked(components: 0, signals: 0), at: moment(103))
        #expect(plan.nextDecision == .seconds(110))
        _ = plan.start(at: .seconds(147))
        plan.finished("a", .looked(components: 0, signals: 0), at: moment(147))
        #expect(plan.nextDecision == .seconds(157))
    }

    @Test("A hanging probe is named once, delays no other, and is started again only when it has come back")
    func hanging() throws {
        var plan = schedule(entry("hangs", every: 10), entry("well", every: 10))
        _ = plan.start(at: .seconds(100))
        plan.finished("well", .looked(components: 1, signals: 1), at: moment(100))
        #expect(plan.overdue(at: .seconds(104)) == [])
        #expect(plan.nextDecision == .seconds(105))
        #expect(plan.overdue(at: .seconds(105)) == ["hangs"])
        #expect(plan.overdue(at: .seconds(106)) == [])
        let coverage = try #require(plan.coverage.first)
        #expect(coverage.state == "hanging" && coverage.because.contains("no answer within 5.0 s"))
        #expect(plan.start(at: .seconds(110)) == ["well"])
        plan.finished("well", .looked(components: 1, signals: 1), at: moment(110))
        plan.finished("hangs", .looked(components: 3, signals: 4), at: moment(114))
        #expect(plan.coverage.first?.state == "ok")
        #expect(plan.nextDecision == .seconds(120), "one that took so long looks more seldom")
        #expect(plan.start(at: .seconds(120)).contains("hangs"))
    }

    @Test("A failure is told in words, keeps the time of the last success, and claims no component")
    func failure() {
        var plan = schedule(entry("a", every: 10))
        _ = plan.start(at: .seconds(100))
        plan.finished("a", .looked(components: 3, signals: 9), at: moment(101))
        _ = plan.start(at: .seconds(110))
        plan.finished("a", .failed(.denied(path: "/dev/sg0")), at: moment(110))
        let coverage = plan.coverage[0]
        #expect(coverage.state == "denied" && coverage.because.contains("/dev/sg0"))
        #expect(coverage.components == 0 && coverage.signals == 0 && coverage.lastSuccess == moment(101).time)
    }

    @Test("A probe that is switched off is never started, and is said to be switched off")
    func disabled() {
        var plan = schedule(entry("off", every: 10, enabled: false))
        #expect(plan.start(at: .seconds(1_000)) == [])
        #expect(plan.nextDecision == nil)
        #expect(plan.coverage[0].state == "disabled" && plan.hasLookedOnce)
    }

    @Test("Events let a probe look early, once for a burst of them, and once more for one that came while it looked")
    func prompted() {
        var plan = schedule(entry("inventory", every: 3_600))
        _ = plan.start(at: .seconds(100))
        plan.finished("inventory", .looked(components: 1, signals: 0), at: moment(101))
        plan.hasten("inventory", at: .seconds(200))
        plan.hasten("inventory", at: .milliseconds(200_300))
        #expect(plan.nextDecision == .seconds(201))
        #expect(plan.start(at: .seconds(201)) == ["inventory"])
        plan.hasten("inventory", at: .seconds(202))
        plan.finished("inventory", .looked(components: 1, signals: 0), at: moment(205))
        #expect(plan.start(at: .seconds(205)) == ["inventory"])
        plan.finished("inventory", .looked(components: 1, signals: 0), at: moment(205))
        #expect(plan.nextDecision == .seconds(203 + 3_600))
    }

    @Test("An interval of zero does not make the agent spin")
    func zeroInterval() {
        var plan = schedule(entry("a", every: 0))
        _ = plan.start(at: .seconds(100))
        plan.finished("a", .looked(components: 0, signals: 0), at: moment(100))
        #expect(plan.start(at: .seconds(100)) == [])
    }

    @Test("An answer that nobody asked for changes nothing")
    func unasked() {
        var plan = schedule(entry("a", every: 10))
        plan.finished("a", .looked(components: 1, signals: 1), at: moment(100))
        plan.finished("b", .looked(components: 1, signals: 1), at: moment(100))
        #expect(plan.coverage.map(\.state) == ["starting"])
    }

    @Test("A probe that looks for more than a quarter of its time twice in a row is slowed down, says so, and recovers")
    func overBudget() throws {
        var plan = schedule(entry("slow", every: 10, deadline: 8))
        _ = plan.start(at: .seconds(100))
        plan.finished("slow", .looked(components: 1, signals: 1), at: moment(104))
        #expect(plan.nextDecision == .seconds(110), "once is chance")
        #expect(plan.coverage.first?.because.isEmpty == true)
        _ = plan.start(at: .seconds(110))
        plan.finished("slow", .looked(components: 1, signals: 1), at: moment(114))
        #expect(plan.nextDecision == .seconds(130), "from the start of the look that took too long")
        #expect(plan.coverage.first?.state == "ok")
        #expect(
            plan.coverage.first?.because
                == "a look takes 4.0 s, so it looks only every 20.0 s: the device is slow, or the whole machine is overloaded"
        )
        _ = plan.start(at: .seconds(130))
        plan.finished("slow", .looked(components: 1, signals: 1), at: moment(133))
        #expect(plan.nextDecision == .seconds(150), "short enough for the slower pace, too long for its own")
        _ = plan.start(at: .seconds(150))
        plan.finished("slow", .looked(components: 1, signals: 1), at: moment(151))
        #expect(plan.coverage.first?.because.isEmpty == true)
        #expect(plan.nextDecision == .seconds(160), "one short look is enough")
    }

    @Test("Looks that are too long now and then do not slow a probe down")
    func nowAndThen() {
        var plan = schedule(entry("slow", every: 10, deadline: 8))
        for round in stride(from: Int64(100), to: 200, by: 20) {
            _ = plan.start(at: .seconds(round))
            plan.finished("slow", .looked(components: 1, signals: 1), at: moment(round + 5))
            _ = plan.start(at: .seconds(round + 10))
            plan.finished("slow", .looked(components: 1, signals: 1), at: moment(round + 11))
            #expect(plan.nextDecision == .seconds(round + 20))
        }
    }

    @Test("Slow probes look at once at first, and then not in the same moment")
    func spread() {
        var plan = schedule(entry("one", every: 300), entry("two", every: 300))
        #expect(plan.start(at: .seconds(100)) == ["one", "two"])
        plan.finished("one", .looked(components: 1, signals: 1), at: moment(101))
        plan.finished("two", .looked(components: 1, signals: 1), at: moment(101))
        #expect(plan.start(at: .seconds(400)) == ["one"])
        #expect(plan.start(at: .seconds(420)) == ["two"])
    }
}
