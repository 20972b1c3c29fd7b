import Reports

/// What libsensors reads, as components and observations: pure, so that it can be tested without a chip.
///
/// Each feature is one component (`temperature:nct6798-isa-0290/temp1`), each subfeature one signal of it. What is
/// measured and must not be judged by is `unavailable`, with the value as read kept beside it (`ProbeResult.asRead`):
/// - the sensor reports that it is faulty: its reading, extremes and alarms are `sensorFault`;
/// - it shows what no such sensor can (`PlausibleRange`): its reading, extremes and alarms are `notPlausible`;
/// - a limit that nobody set, and alarms that have no other limit: `unset` (see `SensorLimits`).
struct ChipSensorSignals: Sendable {
    /// Chips and sensors; the same as long as the chips are the same.
    let components: [Component]
    private let features: [Feature]

    private struct Feature: Sendable {
        var component: ComponentID
        /// Its chip's place.
        var place: Int
        var name: String
        var label: String
        var kind: SensorFeature.Kind
        var superIO: Bool
        /// Volts that the rail should have by its label.
        var nominal: Double?
        var subfeatures: [Subfeature]
    }

    private struct Subfeature: Sendable {
        var name: String
        /// `crit_alarm` of `temp1_crit_alarm`.
        var suffix: String
        var signal: Signal
        var kind: SignalCatalogue.Kind
    }

    /// Power supplies by the place of their chip.
    private let supplies: [Int: PowerSupplySignals]

    /// - Parameter owners: by the place of the chip, what it is part of.
    init(chips: [SensorChip], owners: [Int: ChipOwner] = [:]) {
        var components: [Component] = []
        var features: [Feature] = []
        var supplies: [Int: PowerSupplySignals] = [:]
        var seen: [String: Int] = [:]
        for (place, chip) in chips.enumerated() {
            // Two devices at one address bear one name; `sensors` prints both alike. The second is told apart by order.
            let occurrence = seen[chip.name, default: 0] + 1
            seen[chip.name] = occurrence
            let chipName = occurrence == 1 ? chip.name : "\(chip.name)#\(occurrence)"
            let owner = owners[place]
            let part = ChipSensorSignals.part(chip, chipName: chipName, owner: owner)
            components.append(part)
            if case .supply(let rating)? = owner?.kind {
                supplies[place] = PowerSupplySignals(component: part.id, rating: rating)
            }
            let zones = part.kind == .chip ? SensorZones(chip.features) : SensorZones([])
            components += zones.components(chipName: chipName, parent: part.id)
            for feature in chip.features {
                var component = ChipSensorSignals.component(of: feature, chipName: chipName, chipID: part.id)
                if let zone = zones.zone(of: feature) {
                    component.parent = SensorZones.id(zone, chipName: chipName)
                }
                // The first temperature of a disk's chip is the disk's own; others are sensors inside it.
                if part.kind == .disk, feature.name == "temp1" { component = part }
                if component.id != part.id { components.append(component) }
                features.append(
                    Feature(
                        component: component.id, place: place, name: feature.name, label: feature.label,
                        kind: feature.kind, superIO: SensorLimits.isSuperIO(chip.prefix),
                        nominal: feature.kind == .voltage ? SensorLimits.nominal(label: feature.label) : nil,
                        subfeatures: feature.subfeatures.map { ChipSensorSignals.subfeature($0, of: feature) }))
            }
        }
        self.components = components
        self.features = features
        self.supplies = supplies
    }

    /// Fans, with the place of their chip and their name on it: `fan1`.
    var fans: [(place: Int, name: String, component: ComponentID)] {
        features.filter { $0.kind == .fan }.map { ($0.place, $0.name, $0.component) }
    }

    /// What the sensors of a chip hang on: the chip itself, or what it is part of.
    private static func part(_ chip: SensorChip, chipName: String, owner: ChipOwner?) -> Component {
        var attributes = ["prefix": chip.prefix, "path": chip.path]
        attributes["adapter"] = chip.adapter
        switch owner?.kind {
        case .disk(let disk): return disk
        case .supply:
            return Component(
                id: ComponentID(.psu, chipName), kind: .psu, name: "power supply \(chipName)", attributes: attributes)
        case .card(let function):
            return Component(
                id: ComponentID(.chip, chipName), kind: .chip, parent: function, name: chipName, attributes: attributes)
        case nil:
            return Component(id: ComponentID(.chip, chipName), kind: .chip, name: chipName, attributes: attributes)
        }
    }

    /// - Parameters:
    ///   - values: one per subfeature in the order of the chips; nil: not readable.
    ///   - skipped: places of chips that were not asked and of which nothing is reported.
    ///   - asleep: places of chips that were not asked because their disk may sleep.
    func result(
        values: [Double?], skipping skipped: Set<Int> = [], asleep: Set<Int> = [], at time: Timestamp
    ) -> ProbeResult {
        var readings: [Int: [PowerSupplySignals.Reading]] = [:]
        var observations: [Observation] = []
        observations.reserveCapacity(values.count)
        var asRead: [RawReading] = []
        var rest = values[...]
        for feature in features {
            let own = Array(rest.prefix(feature.subfeatures.count))
            rest = rest.dropFirst(feature.subfeatures.count)
            if skipped.contains(feature.place) { continue }
            if asleep.contains(feature.place) {
                observations += feature.subfeatures.map { subfeature in
                    Observation(
                        component: feature.component, signal: subfeature.signal, measurement: .unavailable(.asleep),
                        time: time)
                }
                continue
            }
            var bySuffix: [String: Double] = [:]
            for (subfeature, value) in zip(feature.subfeatures, own) { bySuffix[subfeature.suffix] = value }
            let limits = SensorLimits(kind: feature.kind, superIO: feature.superIO, values: bySuffix)
            let isPlausible = zip(feature.subfeatures, own).allSatisfy { subfeature, value in
                guard let value, value.isFinite, subfeature.suffix == "input" || subfeature.suffix == "average" else {
                    return true
                }
                return PlausibleRange.contains(value, signal: subfeature.signal.name, of: feature.component)
            }
            for (subfeature, value) in zip(feature.subfeatures, own) {
                let measurement = ChipSensorSignals.measurement(
                    subfeature, value, limits, faulty: bySuffix["fault"], isPlausible: isPlausible)
                observations.append(
                    Observation(
                        component: feature.component, signal: subfeature.signal, measurement: measurement, time: time))
                if let value, !measurement.holds(value) {
                    asRead.append(
                        RawReading(
                            component: feature.component, signal: subfeature.signal, source: subfeature.name,
                            value: value))
                }
            }
            if supplies[feature.place] != nil {
                readings[feature.place, default: []].append(
                    PowerSupplySignals.Reading(label: feature.label, kind: feature.kind, values: bySuffix))
            }
            if let nominal = feature.nominal, let input = bySuffix["input"], abs(input - nominal) <= 0.2 * nominal {
                observations.append(
                    Observation(
                        component: feature.component, signal: Signal("hw.voltage.nominal"),
                        measurement: .reading(nominal),
                        time: time))
            }
        }
        for (place, supply) in supplies.sorted(by: { $0.key < $1.key }) {
            observations += supply.observations(of: readings[place] ?? [], at: time)
        }
        return ProbeResult(components: components, observations: observations, asRead: asRead)
    }

    private static func measurement(
        _ subfeature: Subfeature, _ value: Double?, _ limits: SensorLimits, faulty: Double?, isPlausible: Bool
    ) -> Measurement {
        guard let value else { return .unavailable(.readError) }
        guard value.isFinite else { return .unavailable(.notFinite) }
        let suffix = subfeature.suffix
        if let faulty, faulty != 0, SensorLimits.isMeasured(suffix) { return .unavailable(.sensorFault) }
        // An alarm of a placeholder means nothing, nor does its greatest value.
        if !isPlausible, SensorLimits.isMeasured(suffix) { return .unavailable(.notPlausible) }
        if limits.isUnset(suffix) { return .unavailable(.unset) }
        // Of what no sensor can show the name that the chip has for it is kept here, which others do not know.
        if subfeature.kind == .gauge, !PlausibleRange.contains(value, signal: subfeature.signal.name) {
            return .unavailable(PlausibleRange.reason(signal: subfeature.signal.name))
        }
        return subfeature.kind == .state ? .state(value == 0 ? "clear" : "asserted") : .reading(value)
    }

    // MARK: Names

    private static func component(of feature: SensorFeature, chipName: String, chipID: ComponentID) -> Component {
        let kind: ComponentKind =
            switch feature.kind {
            case .voltage, .vid: .voltage
            case .fan: .fan
            case .temperature: .temperature
            case .power: .power
            case .energy: .energy
            case .current: .current
            case .humidity: .humidity
            case .intrusion: .intrusion
            case .beepEnable, .other: .chip
            }
        if kind == .chip { return Component(id: chipID, kind: .chip, name: chipName) }
        var attributes: [String: String] = [:]
        if feature.label != feature.name { attributes["label"] = feature.label }
        if kind == .temperature { attributes["role"] = SensorZones.role(label: feature.label) }
        return Component(
            id: ComponentID(kind, "\(chipName)/\(feature.name)"), kind: kind, parent: chipID, name: feature.label,
            attributes: attributes)
    }

    private static func subfeature(_ name: String, of feature: SensorFeature) -> Subfeature {
        let suffix = name.hasPrefix(feature.name + "_") ? String(name.dropFirst(feature.name.count + 1)) : ""
        let known = SensorAttributes.signal(kind: feature.kind, suffix: suffix)
        let signal = known ?? Signal("hw.sensor.other", ["subfeature": name])
        return Subfeature(
            name: name, suffix: suffix, signal: signal, kind: SignalCatalogue.entry(named: signal.name)?.kind ?? .gauge)
    }
}

extension Measurement {
    /// Whether a reader gets `value` back from this, so that it need not be told apart from it.
    fileprivate func holds(_ value: Double) -> Bool {
        switch self {
        case .reading(let reading): reading == value
        case .state(let word): value == (word == "asserted" ? 1 : 0)
        case .counter, .event, .unavailable: false
        }
    }
}
