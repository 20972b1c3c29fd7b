import Testing

@testable import SensorAgent

@Suite("Pace of prompts")
struct HotplugDebounceTests {
    @Test("A change is told after half a second of quiet, however many events it makes")
    func settles() {
        var pace = HotplugDebounce()
        #expect(pace.due == nil)
        for tenth in 0..<20 { pace.hear(at: .milliseconds(100 * tenth)) }
        #expect(pace.due == .milliseconds(1_900 + 500))
    }

    @Test("Events without end are told all the same")
    func restless() {
        var pace = HotplugDebounce()
        for millisecond in 1...HotplugDebounce.restlessEvents { pace.hear(at: .milliseconds(millisecond)) }
        #expect(pace.due == .milliseconds(HotplugDebounce.restlessEvents))
    }

    @Test("A device that comes and goes all day is told of less and less often, once a minute at last")
    func backsOff() {
        var pace = HotplugDebounce()
        var now = Duration.zero
        var told: [Duration] = []
        while now < .seconds(3_600) {
            pace.hear(at: now)
            if let due = pace.due, due <= now {
                told.append(now)
                pace.tell(at: now)
            }
            now += .milliseconds(2)
        }
        #expect(told.count < 70)
        #expect(told.prefix(3).last.map { $0 < .seconds(5) } == true, "the first ones are told soon")
    }

    @Test("After calm it is as quick as at first")
    func recovers() {
        var pace = HotplugDebounce()
        var now = Duration.zero
        for _ in 0..<10 {
            pace.hear(at: now)
            now = pace.due ?? now
            pace.tell(at: now)
        }
        now += .seconds(121)
        pace.hear(at: now)
        #expect(pace.due == now + HotplugDebounce.settle)
        pace.tell(at: now + HotplugDebounce.settle)
        pace.hear(at: now + HotplugDebounce.settle)
        #expect(pace.due == now + HotplugDebounce.settle + HotplugDebounce.pause)
    }
}
