import Reports

extension RedfishProbe {
    public static var declaration: ProbeDeclaration {
        let schema = "DMTF DSP0268"
        return ProbeDeclaration(
            reads: """
                the same of a management controller that can only be asked over HTTPS: sensors, supplies, \
                fans, memory, processors, drives, logs
                """,
            through: "Redfish", recordedOutput: "one resource (JSON), or a list of log entries",
            finds: [.fan: .usual, .temperature: .usual, .voltage: .usual, .psu: .usual],
            signals: [
                SignalDeclaration(
                    "hw.status", of: .temperature, .voltage, .current, .power, .energy, .humidity, .fan, .psu, .dimm,
                    .cpu, .gpu, .chassis, .upsBattery, source: "\(schema), Status.Health"),
                SignalDeclaration("hw.status", of: .disk, .raidArray, .controller, source: "\(schema), Status.Health"),
                SignalDeclaration(
                    "hw.temperature", "hw.temperature.limit", of: .temperature, source: "\(schema), Thermal, Sensor"),
                SignalDeclaration("hw.voltage", "hw.voltage.limit", of: .voltage, source: "\(schema), Power, Sensor"),
                SignalDeclaration("hw.current", "hw.current.limit", of: .current, source: "\(schema), Sensor"),
                SignalDeclaration(
                    "hw.power", "hw.power.average", "hw.power.limit", "hw.power.extreme", of: .power,
                    source: "\(schema), Power, Sensor"),
                SignalDeclaration("hw.energy", of: .energy, source: "\(schema), Sensor"),
                SignalDeclaration("hw.humidity", of: .humidity, source: "\(schema), Sensor"),
                SignalDeclaration(
                    "hw.fan.speed", "hw.fan.speed.limit", "hw.fan.speed_ratio", of: .fan,
                    source: "\(schema), Thermal, Fan"),
                SignalDeclaration("hw.sensor.other", of: .chip, source: "\(schema), Sensor of another ReadingType"),
                SignalDeclaration(
                    "hw.psu.input_voltage", "hw.psu.input_power", "hw.psu.output_power", of: .psu,
                    source: "\(schema), PowerSupply, PowerSupplyMetrics"),
                SignalDeclaration(
                    "hw.power.limit", of: .psu, labels: ["limit_type": ["rated.high"]], source: "\(schema), PowerSupply"
                ),
                SignalDeclaration(
                    "hw.psu.state", of: .psu, labels: ["offset": ["failure", "input_lost", "predictive_failure"]],
                    source: "\(schema), PowerSupply, LogEntry"),
                SignalDeclaration("hw.cpu.state", of: .cpu, source: "\(schema), LogEntry", likelihood: .last),
                SignalDeclaration("hw.temperature", "hw.energy", of: .psu, source: "\(schema), PowerSupplyMetrics"),
                SignalDeclaration(
                    "hw.fan.redundancy", "hw.psu.redundancy", of: .chassis, source: "\(schema), Redundancy"),
                SignalDeclaration("hw.memory.size", of: .dimm, source: "\(schema), Memory", likelihood: .last),
                SignalDeclaration(
                    "hw.cpu.core.count", of: .cpu, labels: ["state": ["present"]], source: "\(schema), Processor"),
                SignalDeclaration(
                    "hw.physical_disk.size", "hw.physical_disk.endurance_used", "hw.physical_disk.smart.health",
                    of: .disk,
                    source: "\(schema), Drive", likelihood: .last),
                SignalDeclaration("hw.intrusion", of: .intrusion, source: "\(schema), Chassis.PhysicalSecurity"),
                SignalDeclaration(
                    "hw.raid.state", "hw.raid.progress", of: .raidArray, source: "\(schema), Volume",
                    likelihood: .last),
                SignalDeclaration("hw.battery.state", of: .upsBattery, source: "\(schema), Battery", likelihood: .last),
                SignalDeclaration(
                    "hw.logged_event", of: .board, .chassis, .dimm, .memoryController, .fan, .slot,
                    source: "\(schema), LogEntry"),
                SignalDeclaration(
                    "hw.event_log.entry", of: .board, .chassis, .cpu, .dimm, .memoryController, .psu, .fan, .slot,
                    .intrusion, .boardBattery, source: "\(schema), LogEntry"),
                SignalDeclaration(
                    "hw.memory.error", of: .dimm, .memoryController,
                    labels: ["error.type": ["corrected", "uncorrected"]],
                    source: "\(schema), LogEntry.SensorType Memory", likelihood: .last),
                SignalDeclaration(
                    "hw.memory.address_parity", "hw.memory.spared", "hw.memory.correction_limit",
                    of: .dimm, .memoryController, source: "\(schema), LogEntry.SensorType Memory", likelihood: .last),
                SignalDeclaration(
                    "hw.battery.state", of: .boardBattery, source: "\(schema), LogEntry.SensorType Battery",
                    likelihood: .last),
                SignalDeclaration(
                    "hw.enclosure.slot", of: .slot, source: "\(schema), LogEntry.SensorType", likelihood: .last),
                SignalDeclaration(
                    "hw.watchdog", of: .board, source: "\(schema), LogEntry.SensorType", likelihood: .last),
                SignalDeclaration(
                    "hw.pcie.error", of: .slot, source: "\(schema), LogEntry.SensorType", likelihood: .last),
            ])
    }
}
