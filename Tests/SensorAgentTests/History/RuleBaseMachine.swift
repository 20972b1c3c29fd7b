import FaultPatterns
import Foundation
import Reports
import TestSupport

@testable import SensorAgent

/// A machine from a seed that has parts of each kind that some pattern of a rule base is for, with the attributes that
/// patterns ask for, and tells each signal that some pattern reads. Counters rise now and then, states turn and turn back,
/// gauges stay about a level and jump to another one.
struct RuleBaseMachine {
    private enum Way {
        case counter(UInt64)
        case gauge(level: Double)
        case state(words: [String], now: Int)
        case event
    }

    private struct Told {
        var component: ComponentID
        var signal: Signal
        var way: Way
    }

    private var dice: SplitMix
    private var now: Int64 = 1_790_000_000_000
    private var round = 0
    private var slow: [Told] = []
    private var fast: [Told] = []
    private var events: [Told] = []
    private(set) var components: [Component] = []
    /// Gauges move at each look by their last digits, so that not all of it can be kept.
    let isNoisy: Bool

    /// - Parameter share: of the signals, one in so many is told.
    init(_ pack: PatternPack, seed: UInt64, share: Int = 1, isNoisy: Bool = false) {
        dice = SplitMix(seed: seed)
        self.isNoisy = isNoisy
        let read = Dictionary(PatternLeaning.all(of: pack).map { ($0.id, $0.signals.keys) }) { first, _ in first }
        var signals: [ComponentKind: Set<Signal>] = [:]
        var values: [ComponentKind: [String: Set<String>]] = [:]
        for pattern in pack.patterns {
            for kind in pattern.kinds {
                signals[kind, default: []].formUnion(read[pattern.id].map { Set($0) } ?? [])
                for (key, some) in pattern.attributes {
                    values[kind, default: [:]][key, default: []].formUnion(
                        some.map { $0.replacing("*", with: "0") })
                }
            }
        }
        for kind in signals.keys.sorted(by: { $0.rawValue < $1.rawValue }) {
            for number in 0..<(kind == .disk ? 4 : 2) {
                var attributes: [String: String] = [:]
                for (key, some) in (values[kind] ?? [:]).sorted(by: { $0.key < $1.key }) {
                    attributes[key] = some.sorted()[dice.below(some.count)]
                }
                let id = ComponentID(kind, "made/\(number)")
                let part = Part(
                    manufacturer: attributes.removeValue(forKey: "maker"),
                    model: attributes.removeValue(forKey: "model") ?? "M1", serial: "\(kind)-\(number)",
                    firmware: attributes.removeValue(forKey: "firmware"), location: "place \(number)")
                components.append(
                    Component(id: id, kind: kind, name: "\(kind) \(number)", part: part, attributes: attributes))
                let own = (signals[kind] ?? []).sorted { $0.description < $1.description }
                for signal in own where dice.below(share) == 0 { add(signal, of: id, kind) }
            }
        }
    }

    private static let levels: [Double] = [0, 0, 0.5, 1, 3, 12, 30, 45, 60, 85, 100, 900, 4_000]

    private mutating func add(_ signal: Signal, of id: ComponentID, _ kind: ComponentKind) {
        guard let entry = SignalCatalogue.entry(named: signal.name),
            entry.components.isEmpty || entry.components.contains(kind)
        else { return }
        switch entry.kind {
        case .counter: slow.append(Told(component: id, signal: signal, way: .counter(UInt64(dice.below(4)))))
        case .state:
            let words = SignalCatalogue.words(ofState: signal.name)
            let all = (words?.well.prefix(1) ?? ["ok"]) + (words?.other ?? ["failed"])
            slow.append(Told(component: id, signal: signal, way: .state(words: Array(all), now: 0)))
        case .gauge:
            fast.append(Told(component: id, signal: signal, way: .gauge(level: Self.levels[dice.below(13)])))
        case .event: events.append(Told(component: id, signal: signal, way: .event))
        }
    }

    /// The looks of the next five minutes.
    mutating func next() -> [(look: HistoryLook, observations: [Observation], components: [Component])] {
        round += 1
        now += 300_000
        var looks: [(HistoryLook, [Observation], [Component])] = []
        if round % 3 == 1 { looks.append((look("disk-health", every: 900_000), tell(\.slow), components)) }
        looks.append((look("chip-sensors", every: 300_000), tell(\.fast), components))
        looks.append((look("kernel-log", every: 300_000), tell(\.events), []))
        return looks
    }

    private mutating func look(_ source: String, every interval: Int64) -> HistoryLook {
        HistoryLook(
            source: source, start: Timestamp(milliseconds: now),
            told: Timestamp(milliseconds: now + HistoryRecorder.step * Int64(1 + dice.below(4))), interval: interval)
    }

    private mutating func tell(_ path: WritableKeyPath<RuleBaseMachine, [Told]>) -> [Observation] {
        var told: [Observation] = []
        for index in self[keyPath: path].indices {
            var one = self[keyPath: path][index]
            let measurement = step(&one.way)
            self[keyPath: path][index] = one
            guard let measurement else { continue }
            told.append(
                Observation(
                    component: one.component, signal: one.signal, measurement: measurement,
                    time: Timestamp(milliseconds: now)))
        }
        return told
    }

    private mutating func step(_ way: inout Way) -> Reports.Measurement? {
        switch way {
        case .counter(let value):
            var next = value
            if dice.below(150) == 0 { next += UInt64(1 + dice.below(60)) }
            if dice.below(3_000) == 0 { next = 0 }
            way = .counter(next)
            return dice.below(500) == 0 ? .unavailable(.readError) : .counter(next)
        case .gauge(let level):
            var next = level
            if dice.below(250) == 0 { next = Self.levels[dice.below(13)] }
            way = .gauge(level: next)
            let noise = isNoisy && next > 0 ? next * Double(dice.below(1_000_003)) / 20_000_060 : 0
            return .gauge(next + noise)
        case .state(let words, let number):
            var next = number
            if number == 0, dice.below(300) == 0 { next = dice.below(words.count) }
            if number > 0, dice.below(20) == 0 { next = 0 }
            way = .state(words: words, now: next)
            return .state(words[next])
        case .event: return dice.below(900) == 0 ? .event("made up \(dice.below(3))") : nil
        }
    }
}
