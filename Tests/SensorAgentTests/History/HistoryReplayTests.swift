import FaultPatterns
import Foundation
import RecordedFleet
import Reports
import TestSupport
import Testing

@testable import SensorAgent

@Suite("Replay of history", .timeLimit(.minutes(5)))
struct HistoryReplayTests {
    private func engine(
        seed: UInt64, minutes: Int, limits: HistoryKeeper.Limits = .exact, isNoisy: Bool = false
    ) async throws -> RecordedEngine {
        let engine = try await RecordedEngine(pack: try ShippedPack.built(), limits: limits)
        var machine = MadeUpMachine(seed: seed, isNoisy: isNoisy)
        for minute in 0..<minutes {
            for (look, observations, components) in machine.next() {
                try await engine.look(look, observations, components)
            }
            if minute % 1_700 == 1_699 {
                try await engine.handOver()
                try await engine.restart()
            }
        }
        try await engine.handOver()
        return engine
    }

    @Test("What a replay tells is what was told, look by look, whether condensed or not", arguments: [UInt64(1), 2, 3])
    func told(seed: UInt64) async throws {
        let engine = try await engine(seed: seed, minutes: 2_500)
        let history = try engine.recorded()
        var cursors: [String: [HistoryCursor]] = [:]
        for (series, bodies) in history.points {
            cursors[series.source, default: []].append(HistoryCursor(series, bodies))
        }
        let looks = try history.looks.flatMap { try HistoryLooks.looks($0.body) }
        #expect(looks == engine.told.map { $0.look })
        for (number, (look, observations)) in engine.told.enumerated() {
            var told: [Observation] = (history.events[Int64(number + 1)] ?? []).map {
                Observation(
                    component: $0.component, signal: $0.signal, measurement: .event($0.text), time: $0.time,
                    count: $0.count)
            }
            for index in (cursors[look.source] ?? []).indices {
                for point in try cursors[look.source]?[index].told(at: look.start) ?? [] {
                    guard let series = cursors[look.source]?[index], let measurement = point.value.measurement else {
                        continue
                    }
                    told.append(
                        Observation(
                            component: series.component, signal: series.signal, measurement: measurement,
                            time: point.measuredAt ?? look.start))
                }
            }
            // Within a signal the order counts, between signals it does not.
            func sorted(_ list: [Observation]) -> [Observation] {
                list.enumerated().sorted {
                    ($0.element.component.rawValue, $0.element.signal.description, $0.offset)
                        < ($1.element.component.rawValue, $1.element.signal.description, $1.offset)
                }.map(\.element)
            }
            try #require(sorted(told) == sorted(observations), "look \(number)")
        }
    }

    @Test(
        "Where all was written down as it was, a replay brings the same faults at the same moments as what was told",
        arguments: [UInt64(11), 12, 13, 14])
    func equal(seed: UInt64) async throws {
        let engine = try await engine(seed: seed, minutes: 4_000)
        let outcome = try HistoryReplay.run(
            engine.recorded(), by: try ShippedPack.built(), telling: .low, order: RecordedEngine.order)
        #expect(outcome.changes.map(\.outline) == engine.changes.map(\.outline))
        #expect(outcome.inBounds.isEmpty)
        #expect(!engine.changes.isEmpty, "nothing happened to compare")
        let forecast = try ReplayForecast(
            of: engine.recorded(), by: try ShippedPack.built(), order: RecordedEngine.order)
        #expect(forecast.rows.allSatisfy { $0.class == .exact && $0.surely == $0.atMost })
    }

    @Test("From a stored state on, a replay goes on as the engine did", arguments: [UInt64(21), 22])
    func fromState(seed: UInt64) async throws {
        let engine = try await RecordedEngine(pack: try ShippedPack.built(), limits: .exact)
        var machine = MadeUpMachine(seed: seed)
        var before = 0
        for minute in 0..<4_000 {
            for (look, observations, components) in machine.next() {
                try await engine.look(look, observations, components)
            }
            if minute == 2_000 {
                try await engine.handOver(withState: true)
                before = engine.changes.count
            }
        }
        try await engine.handOver()
        let history = try engine.recorded(days: 0)
        #expect(history.state != nil && history.first > 1)
        let outcome = try HistoryReplay.run(
            history, by: try ShippedPack.built(), telling: .low, order: RecordedEngine.order)
        #expect(outcome.changes.map(\.outline) == engine.changes[before...].map(\.outline))
        #expect(engine.changes.count > before)
    }

    @Test(
        "Where gauges were thinned, the truth lies between surely and at most, of each pattern",
        arguments: [UInt64(31), 32, 33, 34, 35, 36])
    func bounds(seed: UInt64) async throws {
        var limits = HistoryKeeper.Limits()
        limits.chunkBytes = 64
        let engine = try await engine(seed: seed, minutes: 4_000, limits: limits, isNoisy: true)
        let pack = try ShippedPack.built()
        let forecast = try ReplayForecast(of: engine.recorded(), by: pack, order: RecordedEngine.order)
        var truth: [String: Set<ComponentID>] = [:]
        for change in engine.changes where change.kind != .cleared {
            truth[change.fault.pattern, default: []].insert(change.fault.component)
        }
        for row in forecast.rows {
            let count = truth[row.pattern]?.count ?? 0
            #expect(row.surely <= count && count <= row.atMost, "\(row)")
        }
        #expect(forecast.classes[.bounded] ?? 0 > 0 && forecast.classes[.exact] ?? 0 > 200)
        print("seed \(seed): \(forecast.classes), \(truth.count) patterns found something, \(forecast.urgencies)")
    }

    // MARK: All patterns

    private func ruleBase(
        seed: UInt64, rounds: Int, share: Int, limits: HistoryKeeper.Limits, isNoisy: Bool
    ) async throws -> RecordedEngine {
        let pack = try ShippedPack.built()
        var limits = limits
        // A row of each signal in six hours, and not the journal alone.
        limits.batchesPerChunk = 5
        let engine = try await RecordedEngine(pack: pack, limits: limits, batchLooks: 30)
        var machine = RuleBaseMachine(pack, seed: seed, share: share, isNoisy: isNoisy)
        for _ in 0..<rounds {
            for (look, observations, components) in machine.next() {
                try await engine.look(look, observations, components)
            }
        }
        try await engine.handOver()
        return engine
    }

    @Test(
        "Of a machine with all that patterns look at, a replay brings the same faults at the same moments",
        arguments: [UInt64(51), 52, 53])
    func equalOfAll(seed: UInt64) async throws {
        let engine = try await ruleBase(seed: seed, rounds: 600, share: 3, limits: .exact, isNoisy: false)
        let pack = try ShippedPack.built()
        let outcome = try HistoryReplay.run(engine.recorded(), by: pack, telling: .low, order: RecordedEngine.order)
        #expect(outcome.changes.map(\.outline) == engine.changes.prefix(HistoryReplay.changeLimit).map(\.outline))
        #expect(outcome.inBounds.isEmpty)
        let patterns = Set(engine.changes.map(\.fault.pattern))
        #expect(patterns.count > 40, "too little happened to compare")
        print("seed \(seed): \(engine.changes.count) changes of \(patterns.count) patterns")
    }

    @Test(
        "Of a machine with all that patterns look at, thinned, the truth lies between surely and at most",
        arguments: [UInt64(61), 62, 63])
    func boundsOfAll(seed: UInt64) async throws {
        var limits = HistoryKeeper.Limits()
        limits.chunkBytes = 64
        limits.counterBytes = 24
        let engine = try await ruleBase(seed: seed, rounds: 600, share: 3, limits: limits, isNoisy: true)
        let classes = try expectTruth(of: engine, "seed \(seed)")
        #expect(classes[.exact] ?? 0 < 300 && classes[.bounded] ?? 0 > 5, "too little was thinned to say something")
    }

    /// - Returns: how many patterns are of each class.
    private func expectTruth(of engine: RecordedEngine, _ name: String) throws -> [ReplayForecast.Class: Int] {
        let pack = try ShippedPack.built()
        let forecast = try ReplayForecast(of: engine.recorded(), by: pack, order: RecordedEngine.order)
        var truth: [String: Set<ComponentID>] = [:]
        for change in engine.changes where change.kind != .cleared {
            truth[change.fault.pattern, default: []].insert(change.fault.component)
        }
        for row in forecast.rows {
            let count = truth[row.pattern]?.count ?? 0
            #expect(row.surely <= count && count <= row.atMost, "\(name): \(count) of \(row)")
            if row.class == .exact { #expect(row.surely == row.atMost) }
        }
        print(
            "\(name): \(forecast.classes.map { "\($0.key.rawValue) \($0.value)" }.sorted()), \(truth.count) patterns found "
                + "something, \(forecast.urgencies.map { "\($0.key.rawValue) \($0.value.surely)…\($0.value.atMost)" }.sorted())"
        )
        return forecast.classes
    }

    // MARK: Recorded disks

    @Test(
        "A server of 24 recorded disks that failed, 90 days: as the agent keeps it, counters are exact and so are the faults",
        .enabled("no recordings of disks") { FileManager.default.fileExists(atPath: RecordedDisks.failed.path) })
    func recordedDisks() async throws {
        var limits = HistoryKeeper.Limits()
        limits.batchesPerChunk = 1
        let engine = try await RecordedEngine(pack: try ShippedPack.built(), limits: limits, batchLooks: 1)
        for look in try RecordedDisks.looks(of: 24) { try await engine.look(look) }
        try await engine.handOver()
        #expect(engine.told.count > 80 && Set(engine.changes.map(\.fault.pattern)).count > 5)
        let outcome = try HistoryReplay.run(
            engine.recorded(), by: try ShippedPack.built(), telling: .low, order: RecordedEngine.order)
        #expect(outcome.changes.map(\.outline) == engine.changes.map(\.outline))
        let classes = try expectTruth(of: engine, "recorded disks, \(engine.bytes) bytes")
        #expect(classes[.exact] ?? 0 > 300)
    }

    @Test(
        "A host of 12 recorded disks, their latency thinned: the truth lies between surely and at most",
        .enabled("no recordings of latency") { FileManager.default.fileExists(atPath: RecordedDisks.latency.path) },
        arguments: ["host_9", "host_30"])
    func recordedLatency(host: String) async throws {
        let engine = try await RecordedEngine(pack: try ShippedPack.built(), batchLooks: 3)
        for look in try RecordedDisks.latencies(of: host) { try await engine.look(look) }
        try await engine.handOver()
        #expect(engine.told.count > 400)
        let classes = try expectTruth(of: engine, "latency of \(host), \(engine.bytes) bytes")
        #expect(classes[.exact] ?? 0 > 300)
    }

    /// How many of the forty recorded servers are played; all of them with `CALLHOME_RECORDED_SERVERS=40`.
    private static let servers =
        ProcessInfo.processInfo.environment["CALLHOME_RECORDED_SERVERS"].flatMap { Int($0) } ?? 10

    @Test(
        "Of servers made of recorded parts that fail, the engine and a replay of what the agent kept say the same where that is exact, and the truth lies between surely and at most elsewhere",
        .enabled("no recordings") { RecordedServer.areThere }, arguments: [false, true])
    func recordedServers(isTight: Bool) async throws {
        let scratch = try ScratchFolder()
        try scratch.write("here", "")
        let pack = try ShippedPack.built()
        let all = try await RecordedServer.forty(in: scratch.url)
        #expect(all.count == 40)
        var limits = HistoryKeeper.Limits()
        limits.batchesPerChunk = 1
        if isTight { (limits.chunkBytes, limits.counterBytes, limits.creditDays) = (32, 16, 1) }
        var (classes, patterns, faults) = ([ReplayForecast.Class: Int](), Set<String>(), 0)
        let step = max(1, all.count / max(1, Self.servers))
        for (number, server) in all.enumerated() where number % step == step - 1 {
            let engine = try await RecordedEngine(
                pack: pack, limits: limits, batchLooks: server.looks.count > 200 ? 48 : 1)
            for look in server.looks { try await engine.look(look) }
            try await engine.handOver()
            let found = try expectTruth(of: engine, server.name)
            classes.merge(found, uniquingKeysWith: +)
            patterns.formUnion(engine.changes.map(\.fault.pattern))
            faults += engine.changes.count { $0.kind == .opened }
            let outcome = try HistoryReplay.run(
                engine.recorded(), by: pack, telling: .low, order: RecordedEngine.order)
            guard outcome.inBounds.isEmpty else { continue }
            #expect(outcome.changes.map(\.outline) == engine.changes.map(\.outline), "\(server)")
        }
        let sum = max(1, classes.values.reduce(0, +))
        let shares = classes.sorted { $0.value > $1.value }.map { "\($0.key.rawValue) \($0.value * 1000 / sum) ‰" }
        print(
            "\(all.count / step) servers, \(isTight ? "tight" : "as agents keep it"): \(faults) faults opened by "
                + "\(patterns.count) patterns; of \(sum) patterns \(shares)")
        #expect(faults > 30 && patterns.count > 10, "too little happened to compare")
        #expect(isTight || classes[.exact] ?? 0 > sum * 9 / 10)
    }
}

extension HistoryValue {
    fileprivate var measurement: Reports.Measurement? {
        switch self {
        case .reading(let value): .reading(value)
        case .counter(let value): .counter(value)
        case .state(let word): .state(word)
        case .unavailable(let reason): .unavailable(reason)
        case .absent, .between: nil
        }
    }
}
