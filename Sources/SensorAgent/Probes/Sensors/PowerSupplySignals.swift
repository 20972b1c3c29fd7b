import Reports

/// What a power supply on PMBus reports, under the names that all supplies have: input, output, and whether its
/// input is there (PMBus specification part II; Documentation/hwmon/pmbus.rst for the labels).
struct PowerSupplySignals: Sendable {
    let component: ComponentID
    /// Watts that it may give; nil where not reported.
    let rating: Double?

    /// One of its sensors with the values that could be read, by suffix.
    struct Reading: Sendable {
        var label: String
        var kind: SensorFeature.Kind
        var values: [String: Double]

        func isAsserted(_ alarms: [String]) -> Bool? {
            let known = alarms.compactMap { values[$0] }
            return known.isEmpty ? nil : known.contains { $0 != 0 }
        }
    }

    /// Volts below which nothing comes from the mains: a supply that still answers hangs on its neighbours' standby rail.
    private static let noInput = 10.0

    private static let names: [(label: String, signal: String)] = [
        ("vin", "hw.psu.input_voltage"), ("pin", "hw.psu.input_power"), ("pout", "hw.psu.output_power"),
        ("iout", "hw.psu.output_current"),
    ]

    func observations(of readings: [Reading], at time: Timestamp) -> [Observation] {
        var list: [Observation] = []
        func add(_ signal: Signal, _ measurement: Measurement) {
            list.append(Observation(component: component, signal: signal, measurement: measurement, time: time))
        }
        for name in PowerSupplySignals.names {
            guard let reading = readings.first(where: { $0.label == name.label || $0.label == "\(name.label)1" }) else {
                continue
            }
            let value = reading.values["input"] ?? reading.values["average"]
            add(Signal(name.signal), value.map { .gauge($0) } ?? .unavailable(.readError))
        }
        if let rating { add(Signal("hw.power.limit", ["limit_type": "rated.high"]), .gauge(rating)) }
        guard let input = readings.first(where: { $0.label == "vin" }) else { return list }
        let state = { (offset: String) in Signal("hw.psu.state", ["offset": offset]) }
        let volts = input.values["input"]
        if let volts { add(state("input_lost"), .state(volts < PowerSupplySignals.noInput ? "asserted" : "clear")) }
        if let isOutside = input.isAsserted(["alarm", "min_alarm", "max_alarm", "lcrit_alarm", "crit_alarm"]) {
            add(state("input_range"), .state(isOutside ? "asserted" : "clear"))
        }
        return list
    }
}
