import Reports

extension IPMIProbe {
    public static var declaration: ProbeDeclaration {
        let specification = "IPMI 2.0"
        return ProbeDeclaration(
            reads: """
                the management controller (BMC): sensors with their limits, states of power supplies, \
                processors, memory and bays, the event log, units with serial numbers
                """,
            through: "`/dev/ipmi0`; `ipmitool` for the list of sensors, once a day",
            recordedOutput:
                "ipmitool or FreeIPMI: sensor, sdr elist, ipmi-sensors, sel elist, fru, chassis status, mc info",
            finds: [
                .fan: .usual, .temperature: .usual, .voltage: .usual, .psu: .usual, .boardBattery: .first,
            ],
            signals: [
                SignalDeclaration(
                    "hw.temperature", "hw.temperature.limit", of: .temperature, source: "\(specification), chapter 35"),
                SignalDeclaration("hw.voltage", of: .voltage, source: "\(specification), chapter 35"),
                SignalDeclaration(
                    "hw.voltage.limit", of: .voltage, .boardBattery, source: "\(specification), chapter 35"),
                SignalDeclaration(
                    "hw.voltage.nominal", of: .voltage,
                    source: "the name of the sensor, where the reading agrees with it"),
                SignalDeclaration(
                    "hw.battery.voltage", of: .boardBattery, source: "\(specification), chapter 35",
                    likelihood: .first),
                SignalDeclaration(
                    "hw.current", "hw.current.limit", of: .current, source: "\(specification), chapter 35"),
                SignalDeclaration("hw.power", "hw.power.limit", of: .power, source: "\(specification), chapter 35"),
                SignalDeclaration(
                    "hw.power", "hw.power.average", "hw.power.extreme", of: .chassis,
                    source: "DCMI 1.5, Get Power Reading"),
                SignalDeclaration("hw.energy", of: .energy, source: "\(specification), chapter 35"),
                SignalDeclaration("hw.humidity", of: .humidity, source: "\(specification), chapter 35"),
                SignalDeclaration(
                    "hw.fan.speed", "hw.fan.speed.limit", "hw.fan.speed_ratio", of: .fan,
                    source: "\(specification), chapter 35"),
                SignalDeclaration(
                    "hw.alarm", of: .temperature, .voltage, .current, .power, .fan, .boardBattery,
                    source: "\(specification), thresholds that a reading has crossed"),
                SignalDeclaration(
                    "hw.sensor.other", of: .chip, source: "\(specification), units that the catalogue has no word for"),
                SignalDeclaration(
                    "hw.psu.input_voltage", "hw.psu.input_power", "hw.psu.output_power", "hw.psu.output_current",
                    of: .psu, source: "sensors of a supply that say by their name on which side they measure"),
                SignalDeclaration(
                    "hw.sensor.state", of: .board, .chassis, .cpu, .dimm, .memoryController, .psu, .fan, .slot,
                    .intrusion, .boardBattery, .controller, source: "\(specification), table 42-3"),
                SignalDeclaration(
                    "hw.status", of: .cpu, .dimm, .memoryController, .psu, .fan, .slot, .intrusion, .boardBattery,
                    .controller, source: "\(specification), table 42-2: severity, availability, presence"),
                SignalDeclaration("hw.cpu.state", of: .cpu, source: "\(specification), sensor type 07h"),
                SignalDeclaration(
                    "hw.psu.state", of: .psu, source: "\(specification), sensor type 08h", likelihood: .first),
                SignalDeclaration(
                    "hw.psu.redundancy", "hw.fan.redundancy", of: .chassis,
                    source: "\(specification), table 42-2: redundancy"),
                SignalDeclaration(
                    "hw.enclosure.slot", of: .slot, source: "\(specification), sensor type 0Dh", likelihood: .last),
                SignalDeclaration(
                    "hw.battery.state", of: .boardBattery, source: "\(specification), sensor type 29h",
                    likelihood: .first),
                SignalDeclaration(
                    "hw.battery.state", of: .controller, source: "\(specification), sensor type 29h",
                    likelihood: .last),
                SignalDeclaration(
                    "hw.intrusion", of: .intrusion, source: "\(specification), sensor type 05h; Get Chassis Status",
                    likelihood: .first),
                SignalDeclaration("hw.bmc.self_test", of: .board, source: "\(specification), Get Self Test Results"),
                SignalDeclaration(
                    "hw.event_log.used", of: .board, source: "\(specification), Get SEL Info",
                    unshown: "asked of the BMC itself, which no recorded output holds; IPMIMachineTests asks one"),
                SignalDeclaration(
                    "hw.logged_event", of: .board, .chassis, .cpu, .dimm, .memoryController, .psu, .fan, .slot,
                    .controller, .temperature, .voltage, .current, source: "\(specification), tables 42-1 to 42-3"),
                SignalDeclaration(
                    "hw.event_log.entry", of: .board, .chassis, .cpu, .dimm, .memoryController, .psu, .fan, .slot,
                    .intrusion, .boardBattery, .controller, source: "\(specification), chapter 32"),
                SignalDeclaration(
                    "hw.memory.error", of: .dimm, .memoryController,
                    labels: ["error.type": ["corrected", "uncorrected"]], source: "\(specification), sensor type 0Ch",
                    likelihood: .last),
                SignalDeclaration(
                    "hw.memory.address_parity", of: .dimm, .memoryController,
                    source: "\(specification), sensor type 0Ch", likelihood: .last),
                SignalDeclaration(
                    "hw.memory.spared", "hw.memory.correction_limit", of: .dimm, .memoryController,
                    source: "\(specification), sensor types 0Ch and 10h", likelihood: .first),
                SignalDeclaration("hw.watchdog", of: .board, source: "\(specification), sensor type 23h"),
                SignalDeclaration(
                    "hw.pcie.error", of: .slot, .pcieDevice, source: "\(specification), sensor type 13h",
                    likelihood: .last),
            ])
    }
}
