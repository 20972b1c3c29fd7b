import FaultPatterns
import FoundationEssentials
import Reports

/// A machine whose probes and clock say anything at all.
struct HostileMachine {
    let signals: [Signal]

    private static let numbers: [Double] = [
        0, -0.0, 1, -1, .nan, .signalingNaN, .infinity, -.infinity, .greatestFiniteMagnitude,
        -.greatestFiniteMagnitude, .leastNonzeroMagnitude, 1e100, -1e100, 1e154, 1e-300, 0x1p63, 0x1p64, 16, 55, 60,
    ]
    private static let counts: [UInt64] = [
        0, 1, 2, 15, 16, 100, 1 << 16, (1 << 32) - 1, 1 << 32, 1 << 53, (1 << 53) + 1, 1 << 63, .max - 1, .max,
    ]
    private static let times: [Int64] = [
        0, -1, 1, .min, .min + 1, .max, .max - 1, -62_135_596_800_000, 253_402_300_800_000, 1 << 53, 1_767_225_600_000,
    ]
    private static let kinds: [ComponentKind] = [
        .disk, .dimm, .fan, .psu, .cpu, .nic, .chassis, .controller, .temperature, .voltage, .test,
        ComponentKind(rawValue: ""), ComponentKind(rawValue: "no such kind"),
    ]

    private func id(_ random: inout SplitMix) -> ComponentID {
        random.once(in: 30)
            ? ComponentID(rawValue: random.pick(["", ":", "disk", "disk:", ":disk", "\u{0}", "fan:\u{1F32C}"]))
            : ComponentID(random.pick(Self.kinds), "c\(random.below(4))")
    }

    private func time(_ clock: Int64, _ random: inout SplitMix) -> Timestamp {
        switch random.below(12) {
        case 0: Timestamp(milliseconds: random.pick(Self.times))
        case 1: Timestamp(milliseconds: Int64(bitPattern: random.next()))
        case 2: Timestamp(milliseconds: clock &- Int64(random.below(700_000)))
        default: Timestamp(milliseconds: clock)
        }
    }

    private func measurement(of signal: Signal, _ random: inout SplitMix) -> Reports.Measurement {
        var kind = SignalCatalogue.entry(named: signal.name)?.kind ?? .gauge
        if random.once(in: 10) { kind = random.pick([.gauge, .counter, .event, .state]) }
        if random.once(in: 12) { return .unavailable(random.pick([.notFinite, .asleep, .unset, .notSupported])) }
        switch kind {
        case .gauge: return .reading(random.once(in: 2) ? random.pick(Self.numbers) : Double(random.below(120)))
        case .counter: return .counter(random.once(in: 2) ? random.pick(Self.counts) : UInt64(random.below(400)))
        case .state:
            return .state(random.pick(["ok", "failed", "asserted", "passed", "", String(repeating: "x", count: 500)]))
        case .event: return .event(random.pick(["e", "e1", "e2", "", "\u{0}", String(repeating: "y", count: 500)]))
        }
    }

    private func signal(_ random: inout SplitMix) -> Signal {
        let known = random.pick(signals)
        guard random.once(in: 6) else { return known }
        return Signal(
            known.name,
            [
                "attribute": "\(random.below(256)).raw",
                random.pick(["page", "row", "column", "bank", ""]): "a\(random.below(9))",
            ])
    }

    func observations(at clock: Int64, _ random: inout SplitMix) -> [Observation] {
        (0..<random.below(random.once(in: 20) ? 200 : 16)).map { _ in
            let signal = signal(&random)
            return Observation(
                component: id(&random), signal: signal, measurement: measurement(of: signal, &random),
                time: time(clock, &random))
        }
    }

    func components(_ random: inout SplitMix) -> [Component] {
        (0..<random.below(8)).map { _ in
            let own = id(&random)
            return Component(
                id: own,
                kind: random.once(in: 5)
                    ? random.pick(Self.kinds) : ComponentKind(rawValue: String(own.rawValue.prefix { $0 != ":" })),
                parent: random.once(in: 3) ? nil : id(&random), name: random.pick(["", "x", "/dev/sda"]),
                part: Part(
                    manufacturer: random.pick([nil, "Seagate", ""]), model: random.pick([nil, "ST4000DM000", "*"]),
                    serial: random.pick([nil, "S1", "S2", ""]), location: random.pick([nil, "Bay 1", ""])),
                attributes: random.pick([
                    [:], ["bus": "ata", "rotational": "1"], ["bus": "sas"], ["bus": ""],
                    // Which of the others of its kind it is, is not sure.
                    ["ambiguous": "no locator fits"], ["ambiguous": "", "edac": "mc0/dimm0"], ["edac": "mc0/dimm1"],
                ]))
        }
    }

    func step(_ clock: Int64, _ random: inout SplitMix) -> Timestamp {
        switch random.below(25) {
        case 0: Timestamp(milliseconds: random.pick(Self.times))
        case 1: Timestamp(milliseconds: Int64(bitPattern: random.next()))
        case 2: Timestamp(milliseconds: clock &- Int64(random.below(10_000_000)))
        default: Timestamp(milliseconds: clock &+ Int64(random.below(random.once(in: 4) ? 90_000_000 : 600_000)))
        }
    }

    /// A life of some rounds, with restarts from stored state that may be damaged.
    func live(_ pack: PatternPack, rounds: Int, _ mutator: Mutator, _ random: inout SplitMix) {
        var diagnosis = Diagnosis(patterns: pack)
        var clock: Int64 = 1_767_225_600_000
        for _ in 0..<rounds {
            clock = step(clock, &random).milliseconds
            if random.once(in: 3) { _ = diagnosis.know(components(&random), at: Timestamp(milliseconds: clock)) }
            _ = diagnosis.observe(observations(at: clock, &random), at: Timestamp(milliseconds: clock))
            guard random.once(in: 8) else { continue }
            var states = diagnosis.takeChanges(windows: !random.once(in: 3))
            if random.once(in: 2), !states.isEmpty {
                let index = random.below(states.count)
                states[index].latches = Data(mutator.bytes(Array(states[index].latches), &random))
                states[index].windows = states[index].windows.map { Data(mutator.bytes(Array($0), &random)) }
            }
            diagnosis = Diagnosis(patterns: pack, resuming: states)
            _ = diagnosis.openFaults
        }
    }
}
