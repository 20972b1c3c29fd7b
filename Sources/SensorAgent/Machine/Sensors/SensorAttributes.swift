import Reports

/// Which signal each attribute of a monitoring chip is (Documentation/hwmon/sysfs-interface.rst), and back.
enum SensorAttributes {
    /// The limit of each suffix, in the words of the catalogue.
    private static let limitTypes = [
        "min": "low.degraded", "max": "high.degraded", "lcrit": "low.critical", "crit": "high.critical",
        "emergency": "high.emergency", "cap": "cap",
    ]

    /// The signal for a subfeature (`crit_hyst` of a temperature); nil where the catalogue has no word for it.
    static func signal(kind: SensorFeature.Kind, suffix: String) -> Signal? {
        guard let signal = unchecked(kind: kind, suffix: suffix) else { return nil }
        return SignalCatalogue.objection(to: signal) == nil ? signal : nil
    }

    /// What the device calls it: `temp1_crit` for the limit `high.critical` of `temperature:…/temp1`; nil for a signal
    /// that no subfeature gives.
    static func source(of signal: Signal, component: ComponentID) -> String? {
        if signal.name == "hw.chip.beep_enable" { return "beep_enable" }
        if signal.name == "hw.sensor.other" { return signal[label: "subfeature"] }
        guard let suffix = suffixes[signal], let slash = component.rawValue.lastIndex(of: "/") else { return nil }
        let feature = component.rawValue[component.rawValue.index(after: slash)...]
        return suffix.isEmpty ? String(feature) : "\(feature)_\(suffix)"
    }

    private static let suffixes: [Signal: String] = {
        let limits = limitTypes.keys.flatMap { [$0, "\($0)_hyst", "\($0)_alarm"] }
        let words =
            limits + extremes + [
                "", "input", "input_lowest", "input_highest", "alarm", "fault", "beep", "pulses", "div", "type",
                "offset", "average_interval",
            ]
        var suffixes: [Signal: String] = [:]
        for kind in SensorFeature.Kind.allCases {
            for word in words {
                // Power alone has `input_highest`; what it calls `highest` no driver has.
                if kind == .power, word == "lowest" || word == "highest" { continue }
                if kind != .power, word.hasPrefix("input_") { continue }
                if let signal = signal(kind: kind, suffix: word) { suffixes[signal] = word }
            }
        }
        return suffixes
    }()

    private static func unchecked(kind: SensorFeature.Kind, suffix: String) -> Signal? {
        switch (kind, suffix) {
        case (.vid, ""): return Signal("hw.chip.vid")
        case (.beepEnable, ""): return Signal("hw.chip.beep_enable")
        case (.intrusion, "alarm"): return Signal("hw.intrusion")
        case (.fan, "pulses"): return Signal("hw.fan.pulses")
        case (.fan, "div"): return Signal("hw.fan.divisor")
        case (.temperature, "type"): return Signal("hw.sensor.type")
        case (.temperature, "offset"): return Signal("hw.sensor.offset")
        case (.power, "average"): return Signal("hw.power.average")
        case (.power, "average_interval"): return Signal("hw.power.average_interval")
        case (_, "beep"): return Signal("hw.sensor.beep")
        case (_, "fault"): return Signal("hw.sensor.fault")
        case (_, "alarm"): return Signal("hw.alarm", ["alarm": "any"])
        default: break
        }
        if suffix.hasSuffix("_alarm"), let limit = limitTypes[String(suffix.dropLast(6))] {
            return Signal("hw.alarm", ["alarm": limit])
        }
        guard let base = quantity(kind) else { return nil }
        if suffix == "input" { return Signal(base) }
        if suffix.hasSuffix("_hyst"), let limit = limitTypes[String(suffix.dropLast(5))] {
            return Signal(base + ".limit", ["limit_type": limit + ".hysteresis"])
        }
        if let limit = limitTypes[suffix] { return Signal(base + ".limit", ["limit_type": limit]) }
        let extreme = suffix.hasPrefix("input_") ? String(suffix.dropFirst(6)) : suffix
        return extremes.contains(extreme) ? Signal(base + ".extreme", ["extreme": extreme]) : nil
    }

    private static let extremes = ["lowest", "highest", "average", "average_lowest", "average_highest"]

    private static func quantity(_ kind: SensorFeature.Kind) -> String? {
        switch kind {
        case .voltage: "hw.voltage"
        case .fan: "hw.fan.speed"
        case .temperature: "hw.temperature"
        case .power: "hw.power"
        case .energy: "hw.energy"
        case .current: "hw.current"
        case .humidity: "hw.humidity"
        case .vid, .intrusion, .beepEnable, .other: nil
        }
    }
}
