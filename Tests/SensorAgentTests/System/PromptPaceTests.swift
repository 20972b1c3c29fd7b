import Testing

@testable import SensorAgent

@Suite("Pace of prompts")
struct PromptPaceTests {
    @Test("A change is told after half a second of quiet, however many events it makes")
    func settles() {
        var pace = PromptPace()
        #expect(pace.due == nil)
        for tenth in 0..<20 { pace.hear(at: .milliseconds(100 * tenth)) }
        #expect(pace.due == .milliseconds(1_900 + 500))
    }

    @Test("Events without end are told all the same")
    func restless() {
        var pace = PromptPace()
        for millisecond in 1...PromptPace.restlessEvents { pace.hear(at: .milliseconds(millisecond)) }
        #expect(pace.due == .milliseconds(PromptPace.restlessEvents))
    }

    @Test("A device that comes and goes all day is told of less and less often, once a minute at last")
    func backsOff() {
        var pace = PromptPace()
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
        var pace = PromptPace()
        var now = Duration.zero
        for _ in 0..<10 {
            pace.hear(at: now)
            now = pace.due ?? now
            pace.tell(at: now)
        }
        now += .seconds(121)
        pace.hear(at: now)
        #expect(pace.due == now + PromptPace.settle)
        pace.tell(at: now + PromptPace.settle)
        pace.hear(at: now + PromptPace.settle)
        #expect(pace.due == now + PromptPace.settle + PromptPace.pause)
    }
}
