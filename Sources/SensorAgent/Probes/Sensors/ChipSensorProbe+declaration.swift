import Reports

extension ChipSensorProbe {
    public static var declaration: ProbeDeclaration {
        let interface = "hwmon through libsensors: Documentation/hwmon/sysfs-interface.rst"
        return ProbeDeclaration(
            reads: """
                voltages, temperatures, fans and how hard they are driven, power, currents, energy, humidity, \
                intrusion, with limits, alarms and faults
                """,
            through: "libsensors",
            finds: [.fan: .usual, .temperature: .usual, .voltage: .usual, .boardBattery: .last],
            signals: [
                SignalDeclaration(
                    "hw.voltage", "hw.voltage.limit", "hw.voltage.extreme", of: .voltage, source: interface),
                SignalDeclaration(
                    "hw.voltage.nominal", of: .voltage,
                    source: "the label of the rail, where the reading agrees with it"),
                SignalDeclaration("hw.chip.vid", of: .voltage, source: interface),
                SignalDeclaration(
                    "hw.temperature", "hw.temperature.limit", "hw.temperature.extreme", of: .temperature,
                    source: interface),
                SignalDeclaration("hw.sensor.type", "hw.sensor.offset", of: .temperature, source: interface),
                SignalDeclaration(
                    "hw.temperature", "hw.temperature.limit", "hw.temperature.extreme", "hw.alarm", of: .disk,
                    source: "Documentation/hwmon/drivetemp.rst, and the chip of the driver nvme", likelihood: .last),
                SignalDeclaration(
                    "hw.fan.speed", "hw.fan.speed.limit", "hw.fan.pulses", "hw.fan.divisor", of: .fan,
                    source: interface),
                SignalDeclaration("hw.fan.speed_ratio", of: .fan, source: "pwmN of \(interface)"),
                SignalDeclaration(
                    "hw.current", "hw.current.limit", "hw.current.extreme", of: .current, source: interface),
                SignalDeclaration(
                    "hw.power", "hw.power.average", "hw.power.average_interval", "hw.power.limit", "hw.power.extreme",
                    of: .power, source: interface),
                SignalDeclaration("hw.energy", of: .energy, source: interface),
                SignalDeclaration("hw.humidity", of: .humidity, source: interface),
                SignalDeclaration("hw.intrusion", of: .intrusion, source: interface),
                SignalDeclaration("hw.alarm", of: .voltage, .fan, .temperature, .power, .current, source: interface),
                SignalDeclaration("hw.sensor.fault", of: .fan, .temperature, source: interface),
                SignalDeclaration(
                    "hw.sensor.beep", of: .voltage, .fan, .temperature, .current, .intrusion, source: interface),
                SignalDeclaration("hw.chip.beep_enable", of: .chip, source: interface),
                SignalDeclaration(
                    "hw.sensor.other", of: .chip, .power,
                    source: "what libsensors has and the catalogue has no word for"),
                SignalDeclaration(
                    "hw.psu.input_voltage", "hw.psu.input_power", "hw.psu.output_power", "hw.psu.output_current",
                    "hw.power.limit", of: .psu, source: "PMBus: Documentation/hwmon/pmbus.rst", likelihood: .last),
                SignalDeclaration(
                    "hw.psu.state", of: .psu, labels: ["offset": ["input_lost", "input_range"]],
                    source: "PMBus: Documentation/hwmon/pmbus.rst", likelihood: .last),
            ])
    }
}
