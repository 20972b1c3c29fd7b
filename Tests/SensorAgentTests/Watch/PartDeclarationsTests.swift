import FaultPatterns
import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("What people declare of parts, at the agent", .timeLimit(.minutes(2)))
struct PartDeclarationsTests {
    let directory: ScratchDirectory

    init() throws { directory = try ScratchDirectory() }

    private static func said(_ id: String, _ verb: PartDeclaration.Verb, at time: Timestamp) -> PartDeclaration {
        PartDeclaration(id: id, verb: verb, component: WatchFixture.fan.id, because: "dust", by: "anna", at: time)
    }

    @Test("A declaration is applied once, however often and across a restart, and each asker is answered")
    func once() async throws {
        let speed = Dial<Double?>(0)
        let clock = ManualClock()
        let ask = Self.said("d1", .acquitted, at: clock.now().time)
        do {
            let running = try await RunningWatch([WatchFixture.fanProbe(speed)], in: directory.path, clock: clock)
            try await WatchFixture.eventually("the fault is opened") { try await running.changes().count == 1 }
            await running.watch.apply([ask, ask], at: clock.now().time)
            #expect(try await running.changes().map(\.kind) == [.opened, .cleared])
            let answer = try #require(try await running.answers().first)
            #expect(answer.id == "d1" && answer.state == .applied && answer.cleared.count == 1)
            #expect(answer.because == "1 fault cleared.")
            clock.advance(by: .seconds(30))
            await running.watch.apply([ask], at: clock.now().time)
            #expect(try await running.answers().count == 1, "the first answer may be on its way")
            try await running.stop()
        }
        let running = try await RunningWatch([WatchFixture.fanProbe(speed)], in: directory.path, clock: clock)
        await running.watch.apply([ask], at: clock.now().time)
        let answers = try await running.answers()
        #expect(answers.count == 2 && answers[0] == answers[1])
        #expect(try await running.changes().count == 2)
        try await running.stop()
    }

    @Test("What was declared over a month before it arrived is not applied, and said to be too old")
    func expired() async throws {
        let running = try await RunningWatch([WatchFixture.fanProbe(Dial(0))], in: directory.path)
        try await WatchFixture.eventually("the fault is opened") { try await running.changes().count == 1 }
        let now = running.clock.now().time
        let ask = Self.said("d1", .replaced, at: now - PartDeclaration.lifetime - .milliseconds(1))
        await running.watch.apply([ask, Self.said("d2", .replaced, at: now - PartDeclaration.lifetime)], at: now)
        #expect(try await running.answers().map(\.state) == [.expired, .applied])
        try await running.stop()
    }

    @Test("A part is meant by its id, name or place, and one that is not there is named with the nearest")
    func meant() async throws {
        let running = try await RunningWatch([WatchFixture.fanProbe(Dial(0))], in: directory.path)
        try await WatchFixture.eventually("the fault is opened") { try await running.changes().count == 1 }
        for words in ["fan:chip/fan1", "fan 1", "FAN1"] {
            #expect(try await running.watch.part(meant: words).id == WatchFixture.fan.id)
        }
        let problem = await #expect(throws: Problem.self) { try await running.watch.part(meant: "Fan 2") }
        #expect(problem?.code == "not-found")
        #expect(problem?.message == "This server has no part \"Fan 2\": perhaps Fan 1.")
        try await running.stop()
    }
}
