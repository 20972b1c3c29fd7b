import FaultPatterns
import Foundation
import Reports
import TestSupport
import Testing

@testable import SensorAgent

@Suite("Forecast of a pack on trial", .timeLimit(.minutes(5)))
struct PatternForecastTests {
    private static func pattern(_ id: String, _ when: String, urgency: String, clear: String? = nil) -> String {
        """
        {"id": "\(id)", "revision": "1", "status": "active", "evidence": "B", "applies_to": {"component": "fan"},
        "when": "\(when)", \(clear.map { "\"clear\": \"\($0)\", " } ?? "")"urgency": [{"is": "\(urgency)"}],
        "suspects": [{"part": "self", "certainty": "0.9"}],
        "action": "replace-planned", "provenance": "vendor's rule", "sources": ["the test"],
        "text": {"en": {"title": "t", "description": "d", "impact": "i", "action": "a"},
        "de": {"title": "t", "description": "d", "impact": "i", "action": "a"}}}
        """
    }

    private static func pack(_ patterns: String...) throws -> PatternPack {
        try PatternPack(
            json: Data(
                #"{"format": 1, "engine_level": 1, "version": "t", "patterns": [\#(patterns.joined(separator: ", "))]}"#
                    .utf8))
    }

    private static let stopped = pattern("fan.stopped", "hw.fan.speed < 100", urgency: "plan")

    /// Three fans for two days: the first stops for an hour each day, the second is slow, the third is well; each at
    /// a steady speed, or at one that never comes twice.
    private func engine(_ running: PatternPack, isNoisy: Bool = false) async throws -> RecordedEngine {
        var limits = HistoryKeeper.Limits.exact
        if isNoisy { limits.chunkBytes = 64 }
        let engine = try await RecordedEngine(pack: running, limits: limits, batchLooks: 15)
        let fans = (1...3).map {
            Component(id: ComponentID(.fan, "chip/fan\($0)"), kind: .fan, name: "Fan \($0)", part: Part())
        }
        var dice = SplitMix(seed: 7)
        for minute in 0..<2_880 {
            let time = Timestamp(milliseconds: 1_790_000_000_000 + Int64(minute) * 60_000)
            let observations = fans.enumerated().map { number, fan in
                let isStopped = number == 0 && (minute / 60) % 24 == 5
                let noise = isNoisy && !isStopped ? Double(dice.below(1_000_003)) / 20_000 : 0
                let speed = isStopped ? 0 : number == 1 ? 2_000 : 6_000
                return Observation(
                    component: fan.id, signal: Signal("hw.fan.speed"), measurement: .reading(Double(speed) + noise),
                    time: time)
            }
            try await engine.look(
                HistoryLook(source: "chip-sensors", start: time, told: time + .milliseconds(16), interval: 60_000),
                observations, fans)
        }
        try await engine.handOver()
        return engine
    }

    private func forecast(_ candidate: PatternPack, _ engine: RecordedEngine, _ running: PatternPack) throws
        -> PatternForecast
    {
        try HistoryReplay.forecast(
            candidate: candidate, running: running, path: HistoryKeeper.path(in: engine.directory.path), days: 30,
            order: RecordedEngine.order)
    }

    @Test(
        "The pack that runs opens nothing new, whether its signals were kept exactly or within bounds",
        arguments: [false, true])
    func same(isNoisy: Bool) async throws {
        let running = try Self.pack(Self.stopped)
        let forecast = try forecast(running, try await engine(running, isNoisy: isNoisy), running)
        #expect(forecast.entries.isEmpty && forecast.more == 0 && forecast.clears == 0)
        #expect(forecast.span > 2_870 * 60)
    }

    @Test("A new pattern is told with what it finds, exactly; one that opens again and again, each time")
    func new() async throws {
        let running = try Self.pack(Self.stopped)
        let candidate = try Self.pack(
            Self.stopped, Self.pattern("fan.slow", "hw.fan.speed < 3000", urgency: "order"),
            Self.pattern("fan.all", "hw.fan.speed >= 0", urgency: "watch"))
        let forecast = try forecast(candidate, try await engine(running), running)
        #expect(
            forecast.entries == [
                PatternForecast.Entry(pattern: "fan.slow", urgency: "order", surely: 3, atMost: 3),
                PatternForecast.Entry(pattern: "fan.all", urgency: "watch", surely: 3, atMost: 3),
            ])
    }

    @Test("A pattern that became more urgent is told with all that it finds; one that became less urgent, with nothing")
    func urgency() async throws {
        let running = try Self.pack(Self.stopped)
        let engine = try await engine(running)
        let graver = try Self.pack(Self.pattern("fan.stopped", "hw.fan.speed < 100", urgency: "order"))
        #expect(
            try forecast(graver, engine, running).entries == [
                PatternForecast.Entry(pattern: "fan.stopped", urgency: "order", surely: 2, atMost: 2)
            ])
        let milder = try Self.pack(Self.pattern("fan.stopped", "hw.fan.speed < 100", urgency: "watch"))
        #expect(try forecast(milder, engine, running).entries.isEmpty)
    }

    @Test("Where gauges were thinned, a new pattern is told with surely and at most, and the truth lies between")
    func bounds() async throws {
        let running = try Self.pack(Self.stopped)
        let engine = try await engine(running, isNoisy: true)
        let candidate = try Self.pack(Self.stopped, Self.pattern("fan.slow", "hw.fan.speed < 2045", urgency: "order"))
        let entry = try #require(try forecast(candidate, engine, running).entries.first)
        // Fan 1 stops, fan 2 turns at 2,000 to 2,050.
        #expect(entry.pattern == "fan.slow" && entry.surely <= 2 && entry.atMost >= 2 && entry.atMost <= 3)
    }

    @Test("Standing faults that the pack would clear are counted")
    func clears() async throws {
        let running = try Self.pack(Self.pattern("fan.slow", "hw.fan.speed < 3000", urgency: "plan"))
        let engine = try await engine(running)
        let forecast = try forecast(
            try Self.pack(Self.pattern("fan.slow", "hw.fan.speed < 30", urgency: "plan")), engine, running)
        #expect(forecast.entries.isEmpty && forecast.clears == 1)
    }

    @Test("What is foretold of a part that has a fault already is told apart, where that fault is more than shown")
    func faulty() async throws {
        let slow = "hw.fan.speed < 3000"
        for (urgency, faulty) in [("plan", 1), ("inform", nil)] as [(String, Int?)] {
            let running = try Self.pack(Self.pattern("fan.slow", slow, urgency: urgency))
            let candidate = try Self.pack(
                Self.pattern("fan.slow", slow, urgency: urgency), Self.pattern("fan.lost", slow, urgency: "order"))
            let engine = try await engine(running)
            // Fan 1 stopped twice and turns again; fan 2 is slow to the end.
            #expect(
                try forecast(candidate, engine, running).entries == [
                    PatternForecast.Entry(pattern: "fan.lost", urgency: "order", surely: 3, atMost: 3, faulty: faulty)
                ])
        }
    }

    @Test(
        "A standing fault that is put down to something less urgent counts as cleared, for it is told to nobody any more",
        arguments: [("inform", 1), ("plan", 0), ("order", 0)])
    func putDown(urgency: String, clears: Int) async throws {
        let slow = Self.pattern("fan.slow", "hw.fan.speed < 3000", urgency: "plan")
        let running = try Self.pack(slow)
        let engine = try await engine(running)
        let cause = Self.pattern("fan.cause", "hw.fan.speed < 3000", urgency: urgency)
            .replacing(#""suspects":"#, with: #""explains": ["fan.slow anywhere"], "suspects":"#)
        let forecast = try forecast(try Self.pack(slow, cause), engine, running)
        #expect(forecast.clears == clears, "\(forecast)")
    }

    @Test("Of many entries the gravest are told, and how many more there are")
    func many() async throws {
        let running = try Self.pack(Self.stopped)
        let patterns = (0..<40).map {
            Self.pattern("fan.p\($0)", "hw.fan.speed >= 0", urgency: $0 == 39 ? "order" : "inform")
        }
        let candidate = try PatternPack(
            json: Data(
                #"{"format": 1, "engine_level": 1, "version": "t", "patterns": [\#(patterns.joined(separator: ","))]}"#
                    .utf8))
        let forecast = try forecast(candidate, try await engine(running), running)
        #expect(forecast.entries.count == WireLimits.forecastEntries && forecast.more == 8)
        #expect(forecast.entries.first?.pattern == "fan.p39")
    }
}
