import Reports

/// A BMC's sensors as components and observations.
///
/// A BMC's own state is reported as received: readings, the limits it holds, whether one is crossed, and every
/// asserted state in words (`hw.sensor.state`). States of the specification are reported in the catalogue's words
/// besides. A sensor without a reading is `unavailable`: it recovers nothing.
struct IPMISensorSignals: Sendable {
    private(set) var result = ProbeResult()
    /// Ids of power supplies that were present, and `redundant:…` of what was fully redundant, in this look or before. A
    /// bay that was always empty is not missing, and one supply alone has lost no redundancy.
    private(set) var seen: Set<String>

    private let time: Timestamp
    private var places: [ComponentID: Int] = [:]
    private var health: [ComponentID: String] = [:]
    private var redundancies: [Signal: IPMIStates.Redundancy] = [:]
    /// The states of the specification that the sensors of one part and type assert together: several may watch one
    /// part, and what one of them does not assert another may.
    private var specifics: [Specific: Set<Int>] = [:]
    private var told: Set<Specific> = []

    private struct Specific: Hashable {
        var part: ComponentID
        var type: UInt8
    }

    init(_ sensors: [IPMISensor], parts: IPMIParts, seen: Set<String> = [], at time: Timestamp) {
        self.seen = seen
        self.time = time
        let names = IPMISensorSignals.uniqueNames(sensors)
        for sensor in sensors {
            guard let own = Self.specific(sensor, parts) else { continue }
            specifics[own.key, default: []].formUnion(own.offsets)
        }
        for (sensor, name) in zip(sensors, names) { add(sensor, name, parts) }
        for (component, word) in health.sorted(by: { $0.key < $1.key }) {
            add(component, Signal("hw.status"), .state(word))
        }
        for (signal, redundancy) in redundancies.sorted(by: { $0.key.name < $1.key.name }) {
            let key = "redundant:\(signal.name)"
            if redundancy == .full { self.seen.insert(key) }
            let word = redundancy == .lost && !self.seen.contains(key) ? "none" : redundancy.rawValue
            add(component(IPMIParts.chassis), signal, .state(word))
        }
    }

    /// The names, told apart by entity or number where a BMC gives one to several sensors (`Temp` of each processor).
    private static func uniqueNames(_ sensors: [IPMISensor]) -> [String] {
        let counts = Dictionary(grouping: sensors, by: \.name).mapValues(\.count)
        var taken: Set<String> = []
        return sensors.map { sensor in
            var name = sensor.name
            if counts[name, default: 1] > 1 {
                if let entity = sensor.entity { name += "@\(entity.id).\(entity.instance)" }
                if taken.contains(name), let number = sensor.number {
                    name += "#" + hexadecimal(UInt64(number), digits: 2)
                }
            }
            var (copy, occurrence) = (name, 2)
            while taken.contains(copy) {
                copy = "\(name)#\(occurrence)"
                occurrence += 1
            }
            taken.insert(copy)
            return copy
        }
    }

    private mutating func add(_ component: ComponentID, _ signal: Signal, _ measurement: Measurement) {
        result.observations.append(
            Observation(component: component, signal: signal, measurement: measurement, time: time))
    }

    /// Takes the component up once; its id.
    private mutating func component(_ component: Component) -> ComponentID {
        if places[component.id] == nil {
            places[component.id] = result.components.count
            result.components.append(component)
        }
        return component.id
    }

    private mutating func add(_ sensor: IPMISensor, _ name: String, _ parts: IPMIParts) {
        let part = parts.part(name: sensor.name, type: sensor.type, entity: sensor.entity)
        var isMeasured = false
        switch sensor.reading {
        case .value(let value, let unit):
            if let quantity = Quantity(unit: unit, sensor: sensor) {
                measure(sensor, name, part, quantity, quantity.convert(value))
                isMeasured = true
            }
        case .none:
            // The unit is more exact than the type, which is a current for a sensor of watts with some makers.
            if let quantity = sensor.unit.flatMap({ Quantity(unit: $0, sensor: sensor) })
                ?? Quantity(type: sensor.type)
            {
                measure(sensor, name, part, quantity, nil)
                isMeasured = true
            }
        case .discrete: break
        }
        guard !isMeasured || sensor.states != nil else { return }
        addStates(of: sensor, name, part)
    }

    // MARK: What is measured

    /// A quantity with its unit, its signal and the kind of its sensor.
    private struct Quantity {
        var kind: ComponentKind
        var signal: Signal
        var limit: String?
        var convert: @Sendable (Double) -> Double = { $0 }

        init(kind: ComponentKind, signal: Signal, limit: String?) {
            self.kind = kind
            self.signal = signal
            self.limit = limit
        }

        /// - Parameter unit: as ipmitool (`degrees C`) or FreeIPMI (`C`) writes it.
        init?(unit: String, sensor: IPMISensor) {
            let simple: [String: ComponentKind] = [
                "degrees C": .temperature, "C": .temperature, "Volts": .voltage, "V": .voltage, "Amps": .current,
                "A": .current, "Watts": .power, "W": .power, "RPM": .fan, "Joules": .energy, "J": .energy,
            ]
            let isFan = sensor.type == IPMIStates.fan || IPMIStates.plain(sensor.name).hasPrefix("fan")
            if let kind = simple[unit] {
                self.init(kind: kind)
            } else if unit == "degrees F" || unit == "F" {
                self.init(kind: .temperature)
                convert = { ($0 - 32) / 1.8 }
            } else if unit == "percent" || unit == "%" {
                if isFan {
                    self.init(kind: .fan, signal: Signal("hw.fan.speed_ratio"), limit: nil)
                    convert = { $0 / 100 }
                } else if IPMIStates.plain(sensor.name).contains("humid") {
                    self.init(kind: .humidity)
                } else {
                    self.init(kind: .chip, signal: Signal("hw.sensor.other", ["subfeature": "percent"]), limit: nil)
                }
            } else {
                let word = unit.isEmpty ? "unspecified" : String(unit.prefix(40))
                self.init(kind: .chip, signal: Signal("hw.sensor.other", ["subfeature": word]), limit: nil)
            }
        }

        init?(type: UInt8?) {
            switch type {
            case 0x01: self.init(kind: .temperature)
            case 0x02: self.init(kind: .voltage)
            case 0x03: self.init(kind: .current)
            case 0x04: self.init(kind: .fan)
            default: return nil
            }
        }

        private init(kind: ComponentKind) {
            let base =
                switch kind {
                case .temperature: "hw.temperature"
                case .voltage: "hw.voltage"
                case .current: "hw.current"
                case .power: "hw.power"
                case .fan: "hw.fan.speed"
                case .energy: "hw.energy"
                default: "hw.humidity"
                }
            self.init(
                kind: kind, signal: Signal(base), limit: kind == .energy || kind == .humidity ? nil : base + ".limit")
        }
    }

    /// - Parameter value: nil where the BMC gives no reading.
    private mutating func measure(
        _ sensor: IPMISensor, _ name: String, _ part: Component?, _ quantity: Quantity, _ value: Double?
    ) {
        let reading: Measurement = value.map { .gauge($0) } ?? .unavailable(.notSupported)
        if quantity.kind == .voltage, let part, part.kind == .boardBattery {
            let battery = component(part)
            add(battery, Signal("hw.battery.voltage"), reading)
            addLimits(sensor, quantity, battery)
            return
        }
        var own = Component(
            id: ComponentID(quantity.kind, "ipmi/\(name)"), kind: quantity.kind, name: sensor.name)
        if quantity.kind == .fan {
            let fan = IPMISensorSignals.fanName(name)
            own.id = ComponentID(.fan, "ipmi/\(fan)")
            own.name = fan
            own.part.location = fan
        }
        if let part, part.kind != .chassis {
            own.parent = component(part)
        } else if quantity.kind == .chip {
            // Nothing has a name for its quantity: it is reported for the board.
            own.parent = IPMIParts.board.id
        }
        own.attributes["sensor"] = sensor.number.map { "0x" + hexadecimal(UInt64($0), digits: 2) }
        own.attributes["entity"] = sensor.entity.map { "\($0.id).\($0.instance)" }
        let id = component(own)
        add(id, quantity.signal, reading)
        addLimits(sensor, quantity, id)
        guard let value, value.isFinite else { return }
        if quantity.kind == .voltage, let nominal = SensorLimits.nominal(label: sensor.name),
            abs(value - nominal) <= 0.2 * nominal
        {
            add(id, Signal("hw.voltage.nominal"), .reading(nominal))
        }
        if let part, part.kind == .psu, let signal = IPMISensorSignals.supplySignal(sensor, quantity.kind) {
            add(part.id, signal, .reading(value))
        }
    }

    /// `Fan 1` of `Fan 1 DutyCycle`, `Fan 1 Presence`, `Fan 1 Tach`: one fan, several sensors.
    static func fanName(_ name: String) -> String {
        let endings = ["presence", "dutycycle", "status", "speed", "rpm", "tach", "fault", "pwm"]
        var words = name.split(separator: " ")
        while words.count > 1, let last = words.last, endings.contains(IPMIStates.plain(last)) { words.removeLast() }
        return words.joined(separator: " ")
    }

    /// The power supply's own signal for a sensor whose name states on which side it measures.
    private static func supplySignal(_ sensor: IPMISensor, _ kind: ComponentKind) -> Signal? {
        let word = IPMIStates.plain(sensor.name)
        // `PS1 VIN`, `PSU1 Input`, `PS1 PIN`, `PS1 Power In`; `PS1 POUT`, `PSU1 Out Power`.
        let input = word.contains("input") || word.hasSuffix("in") || word.contains("acin")
        let output = word.contains("out")
        switch (kind, input, output) {
        case (.power, true, false): return Signal("hw.psu.input_power")
        case (.power, false, true): return Signal("hw.psu.output_power")
        case (.voltage, true, false): return Signal("hw.psu.input_voltage")
        case (.current, false, true): return Signal("hw.psu.output_current")
        default: return nil
        }
    }

    /// IPMI's limits in the catalogue's words, and in those of `SensorLimits`.
    private static let limitTypes = [
        ("lnr", "low.emergency", "lemergency"), ("lcr", "low.critical", "lcrit"), ("lnc", "low.degraded", "min"),
        ("unc", "high.degraded", "max"), ("ucr", "high.critical", "crit"), ("unr", "high.emergency", "emergency"),
    ]

    private mutating func addLimits(_ sensor: IPMISensor, _ quantity: Quantity, _ id: ComponentID) {
        guard let name = quantity.limit else { return }
        let feature: SensorFeature.Kind =
            switch quantity.kind {
            case .temperature: .temperature
            case .fan: .fan
            case .voltage: .voltage
            case .current: .current
            default: .power
            }
        var values: [String: Double] = [:]
        for (key, _, suffix) in Self.limitTypes { values[suffix] = sensor.limits[key].map(quantity.convert) }
        let limits = SensorLimits(kind: feature, superIO: false, values: values)
        for (key, type, suffix) in Self.limitTypes {
            guard let value = values[suffix], let raw = sensor.limits[key] else { continue }
            let signal = Signal(name, ["limit_type": type])
            if limits.isUnset(suffix) || !value.isFinite {
                add(id, signal, .unavailable(.unset))
                if value.isFinite {
                    result.asRead.append(RawReading(component: id, signal: signal, source: key, value: raw))
                }
            } else {
                add(id, signal, .reading(value))
            }
        }
        guard let status = sensor.status else { return }
        let isKnown = Self.limitTypes.contains { values[$0.2] != nil && !limits.isUnset($0.2) }
        let crossed = Self.crossed(status, by: sensor)
        for (key, type, suffix) in Self.limitTypes.dropFirst() where values[suffix] != nil {
            let state = crossed.contains(key) ? "asserted" : "clear"
            // `cr` of `sdr list` leaves open which side it means.
            let isSaid = status == "ok" || !crossed.isEmpty
            add(
                id, Signal("hw.alarm", ["alarm": type]),
                limits.isUnset(suffix) ? .unavailable(.unset) : isSaid ? .state(state) : .unavailable(.notSupported))
        }
        add(
            id, Signal("hw.alarm", ["alarm": "any"]),
            isKnown || values.isEmpty ? .state(status == "ok" ? "clear" : "asserted") : .unavailable(.unset))
    }

    /// The limits beyond which a reading of this status lies. `cr` leaves open which side it means; the reading shows it
    /// where the limits are printed beside.
    private static func crossed(_ status: String, by sensor: IPMISensor) -> Set<String> {
        switch status {
        case "nc", "cr", "nr": crossed(by: sensor)
        case "unc": ["unc"]
        case "ucr": ["unc", "ucr"]
        case "unr": ["unc", "ucr", "unr"]
        case "lnc": ["lnc"]
        case "lcr": ["lnc", "lcr"]
        case "lnr": ["lnc", "lcr", "lnr"]
        default: []
        }
    }

    private static func crossed(by sensor: IPMISensor) -> Set<String> {
        guard case .value(let value, _) = sensor.reading else { return [] }
        let beyond = sensor.limits.filter { $0.key.hasPrefix("l") ? value <= $0.value : value >= $0.value }.keys
        return Set(beyond.map { $0.prefix(1) }).count == 1 ? Set(beyond) : []
    }

    // MARK: States

    /// Offsets of the processor sensor by the catalogue's words (table 42-3, 07h).
    static let processorOffsets = [
        "internal_error", "thermal_trip", "self_test", "hang_at_start", "initialisation", "configuration",
        "uncorrectable", "presence", "disabled", nil, "throttled", "machine_check", "correctable",
    ]

    /// Offsets of the power supply sensor (08h); 04h and 05h are both an input out of range.
    static let supplyOffsets: [(String, Set<Int>)] = [
        ("presence", [0]), ("failure", [1]), ("predictive_failure", [2]), ("input_lost", [3]), ("input_range", [4, 5]),
        ("configuration", [6]), ("standby", [7]),
    ]

    /// The states of its type that a sensor asserts; nil where it reports in general words (`State Asserted`, whose
    /// sense is its maker's, or `Transition to OK`), or in words that nobody knows: these deny no state of the type.
    private static func specific(_ sensor: IPMISensor, _ parts: IPMIParts) -> (key: Specific, offsets: Set<Int>)? {
        guard sensor.reading != .none, sensor.offsets == nil, let type = sensor.type, let words = sensor.states else {
            return nil
        }
        guard !words.contains(where: { IPMIStates.redundancy($0) != nil || IPMIStates.health($0) != nil }) else {
            return nil
        }
        let offsets = Set(words.compactMap { IPMIStates.offset(of: $0, type: type) })
        guard !offsets.isEmpty || words.allSatisfy({ IPMIStates.plain($0) == "ok" }) else { return nil }
        let part = parts.part(name: sensor.name, type: sensor.type, entity: sensor.entity) ?? IPMIParts.board
        return (Specific(part: part.id, type: type), offsets)
    }

    private mutating func addStates(of sensor: IPMISensor, _ name: String, _ own: Component?) {
        var part = own ?? IPMIParts.board
        if sensor.type == IPMIStates.fan {
            let fan = Self.fanName(name)
            part = Component(
                id: ComponentID(.fan, "ipmi/\(fan)"), kind: .fan, name: fan, part: Part(location: fan))
        }
        let label = Signal("hw.sensor.state", ["sensor": name])
        let words = sensor.states ?? sensor.offsets.map { $0.sorted().map { "offset \($0)" } }
        guard sensor.reading != .none, let words else {
            add(component(part), label, .unavailable(.notSupported))
            let key = Specific(part: part.id, type: IPMIStates.powerSupply)
            if part.kind == .psu, specifics[key] == nil { addSupply(part, nil) }
            return
        }
        let redundancy = words.compactMap(IPMIStates.redundancy).first
        if let redundancy, let signal = sensor.type.flatMap(IPMIStates.redundancySignal) {
            // Of several sensors the worst counts.
            let worst = [redundancies[signal], redundancy].compactMap { $0 }
            redundancies[signal] = worst.contains(.lost) ? .lost : worst.contains(.degraded) ? .degraded : .full
            part = IPMIParts.chassis
        }
        let id = component(part)
        let said = words.joined(separator: ", ")
        add(id, label, .state(said.isEmpty ? "none" : String(said.prefix(200))))
        guard redundancy == nil else { return }
        let generic = words.reduce(nil as String?) { IPMIStates.worse($0, IPMIStates.health($1)) }
        if let generic, part.kind != .chassis, part.kind != .board { note(generic, of: part) }
        guard generic == nil, sensor.offsets == nil, let type = sensor.type else { return }
        let key = Specific(part: part.id, type: type)
        guard let offsets = specifics[key], told.insert(key).inserted else { return }
        addSpecific(part, type, offsets)
    }

    private mutating func note(_ word: String, of part: Component) {
        if part.kind == .psu, word == "missing", !seen.contains(part.id.rawValue) { return }
        health[part.id] = IPMIStates.worse(health[part.id], word)
    }

    /// The states that the specification defines for a sensor of `type`.
    private mutating func addSpecific(_ part: Component, _ type: UInt8, _ offsets: Set<Int>) {
        switch (type, part.kind) {
        case (IPMIStates.processor, .cpu):
            for (offset, word) in Self.processorOffsets.enumerated() {
                guard let word else { continue }
                add(part.id, Signal("hw.cpu.state", ["offset": word]), Self.state(offsets.contains(offset)))
            }
        case (IPMIStates.powerSupply, .psu): addSupply(part, offsets)
        case (IPMIStates.memory, .dimm):
            // An uncorrectable error, and a module that was switched off for its errors, last until the next start.
            let isFailed = !offsets.isDisjoint(with: [1, 4])
            let isDegraded = !offsets.isDisjoint(with: [2, 3, 5, 7, 10])
            note(isFailed ? "failed" : isDegraded ? "degraded" : "ok", of: part)
        case (IPMIStates.driveSlot, .slot):
            let word = offsets.contains(1) ? "fault" : offsets.contains(0) ? "ok" : "empty"
            add(part.id, Signal("hw.enclosure.slot"), .state(word))
            if offsets.contains(2) { note("predicted_failure", of: part) }
        case (IPMIStates.battery, _):
            let word = offsets.contains(1) ? "failed" : offsets.contains(0) ? "replace" : "ok"
            add(part.id, Signal("hw.battery.state"), .state(word))
        case (IPMIStates.physicalSecurity, .intrusion):
            add(part.id, Signal("hw.intrusion"), Self.state(!offsets.isDisjoint(with: [0, 1, 2, 3, 6])))
        default: break
        }
    }

    /// - Parameter offsets: nil where the BMC gives no reading.
    private mutating func addSupply(_ part: Component, _ offsets: Set<Int>?) {
        for (word, own) in Self.supplyOffsets {
            let signal = Signal("hw.psu.state", ["offset": word])
            add(
                part.id, signal, offsets.map { Self.state(!$0.isDisjoint(with: own)) } ?? .unavailable(.notSupported))
        }
        guard let offsets else { return }
        if offsets.contains(0) { seen.insert(part.id.rawValue) }
        if offsets.contains(1) {
            note("failed", of: part)
        } else if offsets.contains(2) {
            note("predicted_failure", of: part)
        } else if offsets.contains(0) {
            note("ok", of: part)
        } else {
            note("missing", of: part)
        }
    }

    private static func state(_ isAsserted: Bool) -> Measurement { .state(isAsserted ? "asserted" : "clear") }
}
