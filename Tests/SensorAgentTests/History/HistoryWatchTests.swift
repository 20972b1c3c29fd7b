import FaultPatterns
import Foundation
import Reports
import TestSupport
import Testing

@testable import SensorAgent

@Suite("History of a watch", .timeLimit(.minutes(2)))
struct HistoryWatchTests {
    @Test("The watch writes down what it tells its diagnosis, and a replay finds the same")
    func watch() async throws {
        let directory = try ScratchDirectory()
        let speed = Dial<Double?>(1_200)
        let running = try await RunningWatch([WatchFixture.fanProbe(speed)], in: directory.path, keepsHistory: true)
        try await WatchFixture.eventually("a first heartbeat") { try await !running.heartbeats().isEmpty }
        for value in [0, 1_150, 0] as [Double] {
            let before = try await running.changes().count
            speed.value = value
            running.clock.advance(by: .seconds(10))
            try await WatchFixture.eventually("it changes") { try await running.changes().count == before + 1 }
        }
        try await running.stop()
        let history = try RecordedHistory(path: HistoryKeeper.path(in: directory.path), days: 1)
        let outcome = try HistoryReplay.run(
            history, by: try WatchFixture.pack(), telling: .low, order: ["fixture"])
        #expect(outcome.changes.map(\.outline) == (try await running.changes().map(\.outline)))
        #expect(outcome.changes.map(\.kind) == [.opened, .cleared, .opened])
    }

    @Test("What stands now is in the history as soon as it is asked for: other patterns are tried on it")
    func now() async throws {
        let directory = try ScratchDirectory()
        let running = try await RunningWatch(
            [WatchFixture.fanProbe(Dial<Double?>(0))], in: directory.path, keepsHistory: true)
        try await WatchFixture.eventually("the fault is opened") { try await running.changes().count == 1 }
        await running.watch.writeRecording()
        let history = try RecordedHistory(path: HistoryKeeper.path(in: directory.path), days: 1)
        let outcome = try HistoryReplay.run(history, by: try WatchFixture.pack(), telling: .low, order: ["fixture"])
        #expect(outcome.changes.map(\.kind) == [.opened])
        try await running.stop()
    }

    @Test("Where the file cannot be made, the watch goes on as it does with it")
    func nowhere() async throws {
        let directory = try ScratchDirectory()
        try FileManager.default.createDirectory(
            atPath: HistoryKeeper.path(in: directory.path), withIntermediateDirectories: true)
        let speed = Dial<Double?>(1_200)
        let running = try await RunningWatch([WatchFixture.fanProbe(speed)], in: directory.path, keepsHistory: true)
        try await WatchFixture.eventually("a first heartbeat") { try await !running.heartbeats().isEmpty }
        speed.value = 0
        running.clock.advance(by: .seconds(10))
        try await WatchFixture.eventually("it changes") { try await running.changes().count == 1 }
        // It is tried again, and fails again.
        speed.value = 1_200
        running.clock.advance(by: .seconds(1_000))
        try await WatchFixture.eventually("it changes again") { try await running.changes().count == 2 }
        try await running.stop()
    }
}
