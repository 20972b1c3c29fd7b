import FaultPatterns
import Foundation
import RecordedFleet
import Reports
import TestSupport

@testable import SensorAgent

/// An engine and a recorder that are told the same, and the file that keeps what they are told.
final class RecordedEngine {
    let directory: ScratchDirectory
    let keeper: HistoryKeeper
    private let pack: PatternPack
    private(set) var diagnosis: Diagnosis
    private var recorder = HistoryRecorder()
    private var catalogue = ComponentCatalogue(order: RecordedEngine.order)
    private(set) var changes: [FaultChange] = []
    /// What each look told, for the comparison.
    private(set) var told: [(look: HistoryLook, observations: [Observation])] = []
    private var batches = 0
    private let batchLooks: Int

    static let order = RecordedServer.order + ["chip-sensors"]

    init(
        pack: PatternPack, limits: HistoryKeeper.Limits = HistoryKeeper.Limits(), batchLooks: Int = 45
    ) async throws {
        directory = try ScratchDirectory()
        keeper = HistoryKeeper(directory: directory.path, limits: limits, log: SpoolFixture.log)
        self.pack = pack
        self.batchLooks = batchLooks
        diagnosis = Diagnosis(patterns: pack)
        try await restart()
    }

    /// Goes on as another process would: from what lies in the file.
    func restart() async throws {
        guard let resumed = await keeper.resume() else { throw HistoryFixtureError() }
        recorder = HistoryRecorder(resuming: resumed.last)
    }

    func look(_ look: HistoryLook, _ observations: [Observation], _ components: [Component]) async throws {
        let isNews = catalogue.update(look.source, components)
        if isNews || diagnosis.awaitsReports {
            changes += diagnosis.know(catalogue.components, reported: components, at: look.told)
        }
        changes += diagnosis.observe(
            observations, at: look.told, interval: look.interval.map { .milliseconds($0) }, from: look.source)
        recorder.record(observations, of: look, components: components, isNews: isNews)
        told.append((look, observations))
        if told.count % batchLooks == 0 { try await handOver() }
    }

    func look(_ recorded: FleetLook) async throws {
        try await look(recorded.look, recorded.observations, recorded.components)
    }

    func declare(_ declaration: PartDeclaration, at time: Timestamp) throws {
        changes += try diagnosis.apply(declaration, at: time)
        recorder.record(declaration, at: time)
    }

    func handOver(withState: Bool = false) async throws {
        var state: HistoryState?
        if withState, let time = diagnosis.newestTime {
            state = HistoryState(
                time: time, states: diagnosis.wholeState, eventSourcesRead: diagnosis.eventSourcesRead,
                patternPack: pack.identity)
        }
        guard await keeper.keep(recorder.take(state: state)) else { throw HistoryFixtureError() }
    }

    func recorded(days: Int = 90) throws -> RecordedHistory {
        try RecordedHistory(path: HistoryKeeper.path(in: directory.path), days: days)
    }

    var bytes: Int {
        let path = HistoryKeeper.path(in: directory.path)
        return ((try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int) ?? 0
    }
}

struct HistoryFixtureError: Error {}

extension HistoryKeeper.Limits {
    /// Nothing is thinned.
    static let exact = {
        var limits = HistoryKeeper.Limits()
        limits.chunkBytes = .max
        limits.counterBytes = .max
        return limits
    }()
}

extension FaultChange {
    /// What of a change is the same in a replay: all but the random number of its fault.
    var outline: String {
        "\(time.milliseconds) \(kind.rawValue) \(fault.pattern) \(fault.component) \(fault.urgency.rawValue)"
    }
}

/// A machine from a seed whose disks, fans and sensors go bad, are silent, are exchanged and come back.
struct MadeUpMachine {
    private var dice: SplitMix
    private var now: Int64 = 1_790_000_000_000
    private var pending: [UInt64]
    private var reallocated: [UInt64]
    private var serials: [Int]
    private var heat = [Double](repeating: 40, count: 4)
    private var speeds = [Double](repeating: 4_000, count: 3)
    private var asleep: [Bool]
    private var silentUntil: [String: Int64] = [:]
    private var minute = 0
    /// Gauges move at each look, so that not all of it can be kept.
    let isNoisy: Bool

    init(seed: UInt64, isNoisy: Bool = false) {
        dice = SplitMix(seed: seed)
        pending = [0, 0, 0, 0]
        reallocated = [0, 0, 8, 0]
        serials = [1, 2, 3, 4]
        asleep = [false, false, false, false]
        self.isNoisy = isNoisy
    }

    private func disk(_ number: Int) -> Component {
        Component(
            id: ComponentID(.disk, "bay-\(number)"), kind: .disk, name: "Disk \(number)",
            part: Part(model: "ST4000", serial: "S\(serials[number])", location: "bay \(number)"),
            attributes: ["rotational": "1", "bus": "ata"])
    }

    private static func sensor(_ kind: ComponentKind, _ number: Int) -> Component {
        Component(id: ComponentID(kind, "chip/\(number)"), kind: kind, name: "\(kind) \(number)", part: Part())
    }

    /// The looks of the next minute.
    mutating func next() -> [(look: HistoryLook, observations: [Observation], components: [Component])] {
        minute += 1
        now += 60_000 + (dice.below(3) == 0 ? Int64(dice.below(7)) : 0)
        if dice.below(700) == 0 { now += Int64(dice.below(8)) * 3_600_000 }
        var looks: [(HistoryLook, [Observation], [Component])] = []
        if minute % 10 == 1, let disks = look("disk-health", every: 600_000) {
            looks.append((disks, diskObservations(disks), (0..<4).map { disk($0) }))
        }
        if let sensors = look("chip-sensors", every: 60_000) {
            let parts = (0..<4).map { Self.sensor(.temperature, $0) } + (0..<3).map { Self.sensor(.fan, $0) }
            looks.append((sensors, sensorObservations(sensors), parts))
        }
        if let log = look("kernel-log", every: 60_000) { looks.append((log, events(log), [])) }
        return looks
    }

    private mutating func look(_ source: String, every interval: Int64) -> HistoryLook? {
        if dice.below(900) == 0 { silentUntil[source] = now + Int64(dice.below(20)) * 900_000 }
        guard now >= silentUntil[source] ?? .min else { return nil }
        return HistoryLook(
            source: source, start: Timestamp(milliseconds: now),
            told: Timestamp(milliseconds: now + HistoryRecorder.step * Int64(1 + dice.below(4))), interval: interval)
    }

    private mutating func diskObservations(_ look: HistoryLook) -> [Observation] {
        var observations: [Observation] = []
        for number in 0..<4 {
            let id = disk(number).id
            if dice.below(150) == 0 { pending[number] += UInt64(dice.below(40)) }
            if dice.below(200) == 0 { reallocated[number] += UInt64(dice.below(30)) }
            if dice.below(300) == 0 { pending[number] = 0 }
            if dice.below(100) == 0 { asleep[number].toggle() }
            if dice.below(400) == 0 {
                serials[number] += 10
                (pending[number], reallocated[number]) = (0, 0)
            }
            let values: [(String, UInt64)] = [("197.raw", pending[number]), ("5.raw", reallocated[number])]
            for (attribute, value) in values where dice.below(60) > 0 {
                let signal = Signal("hw.physical_disk.smart", ["attribute": attribute])
                let time = dice.below(30) == 0 ? look.start - .seconds(30) : look.start
                observations.append(
                    Observation(
                        component: id, signal: signal,
                        measurement: asleep[number] ? .unavailable(.asleep) : .counter(value), time: time))
                // A look that tells of an earlier one too.
                if dice.below(50) == 0 {
                    observations.append(
                        Observation(
                            component: id, signal: signal, measurement: .counter(value), time: look.start - .seconds(90)
                        ))
                }
            }
            let state = pending[number] > 100 && dice.below(3) > 0 ? "failed" : "ok"
            observations.append(
                Observation(component: id, signal: Signal("hw.status"), measurement: .state(state), time: look.start))
        }
        return observations
    }

    private mutating func sensorObservations(_ look: HistoryLook) -> [Observation] {
        var observations: [Observation] = []
        for number in 0..<4 {
            let id = Self.sensor(.temperature, number).id
            if isNoisy || dice.below(5) == 0 { heat[number] += Double(dice.below(7) - 3) }
            if dice.below(900) == 0 { heat[number] += 45 }
            if heat[number] > 110 || heat[number] < 10 { heat[number] = 40 }
            let value = isNoisy ? heat[number] + Double(dice.below(1_000_003)) / 1_000_003 : heat[number]
            observations.append(
                Observation(
                    component: id, signal: Signal("hw.temperature"), measurement: .gauge(value), time: look.start))
            observations.append(
                Observation(
                    component: id, signal: Signal("hw.temperature.limit", ["limit_type": "high.critical"]),
                    measurement: .reading(90), time: look.start))
        }
        for number in 0..<3 {
            let id = Self.sensor(.fan, number).id
            if dice.below(400) == 0 { speeds[number] = speeds[number] == 0 ? 4_000 : 0 }
            let noise = isNoisy && speeds[number] > 0 ? Double(dice.below(2_000)) / 7 : 0
            observations.append(
                Observation(
                    component: id, signal: Signal("hw.fan.speed"), measurement: .gauge(speeds[number] + noise),
                    time: look.start))
        }
        return observations
    }

    private mutating func events(_ look: HistoryLook) -> [Observation] {
        guard dice.below(60) == 0 else { return [] }
        return (0...dice.below(4)).map { number in
            Observation(
                component: disk(dice.below(4)).id, signal: Signal("hw.physical_disk.exception"),
                measurement: .event("exception \(number)"),
                time: look.start - .milliseconds(Int64(dice.below(3)) * 9_000), count: 1 + dice.below(3))
        }
    }
}
