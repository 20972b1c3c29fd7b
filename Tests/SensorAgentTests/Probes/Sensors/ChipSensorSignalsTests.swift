import Reports
import Testing

@testable import SensorAgent

@Suite("Signals of chip sensors")
struct ChipSensorSignalsTests {
    static let now = Timestamp(seconds: 1_763_712_000)

    /// One sensor with its values, through the mapping.
    private func look(
        _ kind: SensorFeature.Kind, _ name: String, prefix: String = "nct6798", label: String? = nil,
        _ values: KeyValuePairs<String, Double?>
    ) -> [String: Reports.Measurement] {
        let subfeatures = values.map { $0.key.isEmpty ? name : "\(name)_\($0.key)" }
        let feature = SensorFeature(name: name, label: label ?? name, kind: kind, subfeatures: subfeatures)
        let chip = SensorChip(
            name: "\(prefix)-isa-0290", prefix: prefix, adapter: "ISA adapter", path: "", features: [feature])
        let result = ChipSensorSignals(chips: [chip]).result(values: values.map(\.value), at: Self.now)
        return Dictionary(
            result.observations.map { observation in
                let source = SensorAttributes.source(of: observation.signal, component: observation.component)
                return (source ?? observation.signal.description, observation.measurement)
            }, uniquingKeysWith: { first, _ in first })
    }

    @Test("a faulty sensor's reading, extremes and alarms are unavailable; its limits stay")
    func faulty() {
        let seen = look(
            .temperature, "temp1",
            ["input": -61.5, "max": 80, "alarm": 0, "max_alarm": 1, "fault": 1, "highest": 20, "type": 4])
        #expect(seen["temp1_input"] == .unavailable(.sensorFault))
        #expect(seen["temp1_alarm"] == .unavailable(.sensorFault))
        #expect(seen["temp1_max_alarm"] == .unavailable(.sensorFault))
        #expect(seen["temp1_highest"] == .unavailable(.sensorFault))
        #expect(seen["temp1_max"] == .reading(80))
        #expect(seen["temp1_fault"] == .state("asserted"))
    }

    @Test("a placeholder is no reading, and its alarm and extremes mean nothing; its limits stay")
    func placeholder() {
        var seen = look(
            .temperature, "temp15", ["input": 3_892_313.987, "crit": 110, "crit_alarm": 1, "highest": 3_892_313.987])
        #expect(seen["temp15_input"] == .unavailable(.notPlausible))
        #expect(seen["temp15_crit_alarm"] == .unavailable(.notPlausible))
        #expect(seen["temp15_highest"] == .unavailable(.notPlausible))
        #expect(seen["temp15_crit"] == .reading(110))
        seen = look(.fan, "fan1", prefix: "max31785", ["input": 65_535, "fault": 0, "alarm": 1])
        #expect(seen["fan1_input"] == .unavailable(.notPlausible) && seen["fan1_alarm"] == .unavailable(.notPlausible))
        #expect(seen["fan1_fault"] == .state("clear"))
    }

    @Test("what cannot be read is unavailable, and so is what is no number")
    func unreadable() {
        let seen = look(.temperature, "temp1", ["input": nil, "max": .infinity, "crit": 95, "alarm": nil])
        #expect(seen["temp1_input"] == .unavailable(.readError))
        #expect(seen["temp1_max"] == .unavailable(.notFinite))
        #expect(seen["temp1_alarm"] == .unavailable(.readError))
        #expect(seen["temp1_crit"] == .reading(95))
    }

    @Test("limits that nobody set are unset, with their alarms and hysteresis, and the value as read is kept")
    func unset() {
        // min >= max
        var seen = look(.voltage, "in2", ["input": 1.016, "min": 0, "max": 0, "alarm": 1])
        #expect(seen["in2_input"] == .reading(1.016))
        #expect(seen["in2_min"] == .unavailable(.unset))
        #expect(seen["in2_max"] == .unavailable(.unset))
        #expect(seen["in2_alarm"] == .unavailable(.unset))
        // absolute zero and 0xFFFF kelvin
        seen = look(
            .temperature, "temp2", prefix: "nvme", ["input": 40, "min": -273.15, "max": 65261.85, "max_alarm": 0])
        #expect(seen["temp2_min"] == .unavailable(.unset))
        #expect(seen["temp2_max"] == .unavailable(.unset))
        #expect(seen["temp2_max_alarm"] == .unavailable(.unset))
        // register ends
        seen = look(.temperature, "temp3", ["input": 40, "max": 127, "max_hyst": 127, "crit": 100])
        #expect(seen["temp3_max"] == .unavailable(.unset))
        #expect(seen["temp3_max_hyst"] == .unavailable(.unset))
        #expect(seen["temp3_crit"] == .reading(100))
        seen = look(.voltage, "in0", ["input": 0.9, "min": 0.6, "max": 2.04, "alarm": 0])
        #expect(seen["in0_max"] == .unavailable(.unset))
        #expect(seen["in0_alarm"] == .state("clear"), "the lower limit still guards")
        seen = look(.voltage, "in0", prefix: "pmbus", ["input": 0.9, "min": 0.6, "max": 2.04])
        #expect(seen["in0_max"] == .reading(2.04), "only Super-I/O chips have such registers")
        // a negative rail may have an upper limit of 0
        seen = look(.voltage, "in5", ["input": -12, "min": -13, "max": 0])
        #expect(seen["in5_max"] == .reading(0))
        #expect(seen["in5_min"] == .reading(-13))
    }

    @Test("a fan whose lower limit is 0 has no alarm to trust")
    func unguardedFan() {
        let seen = look(.fan, "fan3", ["input": 0, "min": 0, "alarm": 0])
        #expect(seen["fan3_input"] == .reading(0))
        #expect(seen["fan3_min"] == .unavailable(.unset))
        #expect(seen["fan3_alarm"] == .unavailable(.unset))
    }

    @Test("a label gives the nominal voltage of a rail only where the reading is within 20 % of it")
    func nominal() {
        #expect(look(.voltage, "in1", label: "+12V", ["input": 12.1])["hw.voltage.nominal"] == .reading(12))
        #expect(look(.voltage, "in1", label: "+12V", ["input": 1.1])["hw.voltage.nominal"] == nil)
        #expect(look(.voltage, "in1", label: "3VSB", ["input": 3.38])["hw.voltage.nominal"] == .reading(3.3))
        #expect(look(.voltage, "in1", label: "Vcore", ["input": 1.2])["hw.voltage.nominal"] == nil)
        #expect(look(.voltage, "in1", label: "VIN4", ["input": 4])["hw.voltage.nominal"] == nil)
    }

    @Test("two chips of one name keep two names")
    func twice() {
        let feature = SensorFeature(name: "temp1", label: "temp1", kind: .temperature, subfeatures: ["temp1_input"])
        let chip = SensorChip(name: "spd5118-virtual-0", prefix: "spd5118", adapter: nil, path: "", features: [feature])
        let components = ChipSensorSignals(chips: [chip, chip]).components
        #expect(Set(components.map(\.id)).count == 4)
    }

    @Test("every subfeature that libsensors 3.6 knows has a signal of the catalogue, and its name comes back from it")
    func complete() throws {
        let printed = MadeMachine.printed(json: Recordings.text(Recordings.own("sensors/every-feature.json")))
        #expect(printed.count >= 95)
        let kinds: [(String, SensorFeature.Kind)] = [
            ("in", .voltage), ("fan", .fan), ("temp", .temperature), ("power", .power), ("energy", .energy),
            ("curr", .current), ("humidity", .humidity), ("cpu", .vid), ("beep", .beepEnable),
        ]
        for (value, _) in printed {
            let name = value.subfeature
            var feature = String(name.split(separator: "_").first ?? "")
            var kind = kinds.first { feature.hasPrefix($0.0) }?.1 ?? .other
            if name.hasSuffix("_vid") || name == "beep_enable" { feature = name }
            if feature.hasPrefix("intrusion") { kind = .intrusion }
            let suffix = name == feature ? "" : String(name.dropFirst(feature.count + 1))
            let signal = try #require(SensorAttributes.signal(kind: kind, suffix: suffix), "\(name)")
            #expect(SensorAttributes.source(of: signal, component: ComponentID(.chip, "x/\(feature)")) == name)
        }
    }
}
