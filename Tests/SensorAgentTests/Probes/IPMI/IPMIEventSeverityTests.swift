import Reports
import Testing

@testable import SensorAgent

@Suite("What entries of an event log mean")
struct IPMIEventSeverityTests {
    private static let time = Timestamp(seconds: 1_795_000_000)

    /// What the lines of a recorded log report, as `component signal value`.
    private func told(_ lines: String...) -> [String] {
        let events = lines.compactMap { IPMIEvent(line: $0[...]) }
        #expect(events.count == lines.count)
        let signals = IPMIEventSignals(events, parts: IPMIParts(), oldest: IPMIEventSignals.anyAge, at: Self.time)
        return signals.observations.filter { $0.signal.name != "hw.event_log.entry" }.map { observation in
            let value = if case .state(let word) = observation.measurement { " \(word)" } else { "" }
            return "\(observation.component) \(observation.signal)\(value)"
        }
    }

    private static func line(_ sensor: String, _ state: String, _ end: String = "Asserted") -> String {
        "   1 | 11/01/2026 | 05:01:00 | \(sensor) | \(state) | \(end)"
    }

    @Test(
        "an entry that no signal of its own tells is graded by its limit, its generic state or the state of its type",
        arguments: [
            ("Fan FAN4", "Lower Non-recoverable going low ", "fan:ipmi/FAN4", "fatal"),
            ("Fan #0x41", "Lower Critical going low ", "fan:ipmi/sensor 41h", "critical"),
            ("Temperature CPU1 Temp", "Upper Critical going high", "temperature:ipmi/CPU1 Temp", "critical"),
            ("Voltage P5V", "Upper Critical going high", "voltage:ipmi/P5V", "critical"),
            (
                "Memory Mem ECC Warning", "Transition to Critical from less severe",
                "memory_controller:ipmi/Mem ECC Warning", "critical"
            ),
            ("Memory #0x02", "Memory Device Disabled", "memory_controller:ipmi/sensor 02h", "fatal"),
            (
                "Processor CPU Machine Chk", "Transition to Non-recoverable", "cpu:ipmi/CPU Machine Chk", "fatal"
            ),
            ("Drive Slot / Bay Drive 4", "Predictive Failure", "slot:ipmi/Drive 4", "predicted"),
            ("Drive Slot Drive 4", "In Failed Array", "slot:ipmi/Drive 4", "fatal"),
            ("Power Unit Pwr Unit Status", "Soft-power control failure", "chassis:main", "critical"),
            ("Chip Set #0x21", "Thermal Trip", "board:main", "fatal"),
            ("Slot / Connector PCIe Slot 3", "Fault Status asserted", "board:main", "critical"),
            ("Cable / Interconnect BP1 SAS A", "Configuration Error - Incorrect cable", "board:main", "critical"),
            ("Management Subsys Health #0x8a", "Controller unavailable", "board:main", "critical"),
            ("System Firmwares #0x06", "System Firmware Error", "board:main", "critical"),
            ("Module / Board #0x22", "Transition to Critical from less severe", "board:main", "critical"),
        ])
    func graded(sensor: String, state: String, component: String, severity: String) {
        #expect(
            told(Self.line(sensor, state)).contains("\(component) hw.logged_event{severity=\"\(severity)\"}"))
    }

    @Test(
        "what gets better, or is no more than a warning, is graded as nothing",
        arguments: [
            ("Fan FAN4", "Lower Critical going high"), ("Temperature CPU1 Temp", "Upper Non-critical going high"),
            ("Temperature CPU1 Temp", "Upper Critical going low"),
            ("Memory Mem ECC Warning", "Transition to Non-critical from OK"),
            ("Memory Mem ECC Warning", "Transition to Critical from Non-recoverable"),
            ("Memory Mem ECC Warning", "Transition to OK"), ("Drive Slot / Bay Drive 4", "Drive Present"),
            ("Version Change #0x10", "Firmware or software change success"), ("Unknown #0x19", ""),
            ("System Event #0x4a", "Undetermined system hardware failure"),
        ])
    func nothing(sensor: String, state: String) {
        #expect(!told(Self.line(sensor, state)).contains { $0.contains("hw.logged_event") })
    }

    @Test("a limit that is kept again later in the same log, as at each switching on, is no news")
    func over() {
        let low = Self.line("Fan FAN1", "Lower Critical going low ")
        #expect(told(low, Self.line("Fan FAN1", "Lower Critical going low ", "Deasserted")).isEmpty)
        #expect(told(low, Self.line("Fan FAN1", "Lower Critical going high ")).isEmpty)
        #expect(told(low, Self.line("Fan FAN2", "Lower Critical going low ", "Deasserted")).count == 1)
        #expect(told(Self.line("Fan FAN1", "Lower Critical going low ", "Deasserted"), low).count == 1)
        // FreeIPMI and newer ipmitool print more behind the direction.
        let reading = "\(Self.line("Fan FAN1", "Lower Critical going low ")) | Reading 200 < Threshold 300 RPM"
        let back =
            "\(Self.line("Fan FAN1", "Lower Critical going low ", "Deasserted")) | Reading 900 > Threshold 300 RPM"
        #expect(told(reading, back).isEmpty)
    }

    @Test("a lost reserve is that of what the sensor watches, and comes back")
    func redundancy() {
        let lost = Self.line("Power Supply PS Redundancy", "Redundancy Lost")
        #expect(told(lost) == ["chassis:main hw.psu.redundancy lost"])
        #expect(told(Self.line("Power Unit #0x77", "Redundancy Lost")) == ["chassis:main hw.psu.redundancy lost"])
        #expect(
            told(lost, Self.line("Power Supply PS Redundancy", "Fully Redundant")) == [
                "chassis:main hw.psu.redundancy full"
            ])
        #expect(told(Self.line("Fan Fan Redundancy", "Redundancy Lost")) == ["chassis:main hw.fan.redundancy lost"])
        #expect(
            told(Self.line("Memory MEM Mirror", "Redundancy Lost")) == [
                "memory_controller:ipmi/memory hw.memory.spared"
            ])
    }

    @Test(
        "a module that the words name is the part",
        arguments: [
            ("Uncorrectable ECC (@DIMMB2(CPU1))", "CPU1 DIMMB2"), ("Uncorrectable ECC (@DIMMB2(CPU2))", "CPU2 DIMMB2"),
            ("Uncorrectable ECC (UnCorrectable ECC |  DIMMB1)", "DIMMB1"),
            ("Uncorrectable ECC (DIMM location. (P2-DIMMH1))", "P2-DIMMH1"),
            ("Uncorrectable ECC (CPU 1, DIMM 3)", "CPU1 DIMM_3"),
            ("Uncorrectable ECC (DIMM 12 of processor 2)", "CPU2 DIMM_12"),
            ("Uncorrectable ECC at DIMM_A3.", "DIMM_A3"),
        ])
    func module(state: String, label: String) {
        #expect(
            told(Self.line("Memory #0x02", state)) == [
                "dimm:ipmi/\(label) hw.memory.error{error.type=\"uncorrected\"}"
            ])
    }

    @Test(
        "a module that the words name is the one that SMBIOS lists, by its whole place or the end of it, and no other",
        arguments: [
            ("DIMM_A1", ["DIMM_A1", "DIMM_A12"], "DIMM_A1"), ("DIMM_A12", ["DIMM_A1", "DIMM_A12"], "DIMM_A12"),
            // Of a module that is not plugged in, `A1` is not the beginning.
            ("DIMM_A12", ["DIMM_A1", "DIMM_B1"], "ipmi/DIMM_A12"), ("DIMM_A12", ["A1", "B1"], "ipmi/DIMM_A12"),
            ("DIMM_A1", ["CPU1_DIMM_A1", "CPU1_DIMM_B1"], "CPU1_DIMM_A1"),
            ("DIMM_A1", ["CPU1_DIMM_A1", "CPU2_DIMM_A1"], "ipmi/DIMM_A1"),
            ("@DIMMG1(CPU2)", ["P1-DIMMG1", "P2-DIMMG1"], "P2-DIMMG1"), ("DIMM A7", ["A7", "B7"], "A7"),
        ])
    func knownModule(words: String, locators: [String], part: String) throws {
        let table = SMBIOS(parsing: MadeSMBIOS.modules(locators.map { ($0, "BANK 0") }))
        let event = try #require(IPMIEvent(line: Self.line("Memory #0x02", "Uncorrectable ECC (\(words))")[...]))
        let signals = IPMIEventSignals(
            [event], parts: IPMIParts(firmware: table), oldest: IPMIEventSignals.anyAge, at: Self.time)
        let errors = signals.observations.filter { $0.signal.name == "hw.memory.error" }
        #expect(errors.map(\.component.rawValue) == ["dimm:\(part)"])
    }

    @Test("a cell that fell below its lower critical limit is to be replaced")
    func cell() {
        #expect(
            told(Self.line("Voltage VBAT", "Lower Critical going low ")) == [
                "board_battery:main hw.battery.state replace"
            ])
    }

    @Test("a cell whose voltage is too high is not empty: the board is to be checked")
    func cellTooHigh() {
        #expect(
            told(Self.line("Voltage VBAT", "Upper Critical going high")) == [
                "board:main hw.logged_event{severity=\"critical\"}"
            ])
    }

    @Test("a log of a hundred thousand entries that nothing ends is read in one pass")
    func long() {
        let line = Self.line("Fan FAN1", "Lower Critical going low ")
        let events = (0..<100_000).compactMap { _ in IPMIEvent(line: line[...]) }
        #expect(IPMIEventEndings(events).areOver.allSatisfy { !$0 })
    }

    @Test("the first watchdog's resets count as those of the second")
    func watchdog() {
        #expect(told(Self.line("Watchdog1 #0x03", "OS Reset")) == ["board:main hw.watchdog"])
    }

    @Test("a record of the BMC is graded as the line that ipmitool prints of it")
    func record() throws {
        // Record 1, time, generator, revision 4, fan 41h, threshold event, offset 2: lower critical going low.
        let bytes: [UInt8] = [1, 0, 2, 0, 0, 0, 0x60, 0x20, 0, 4, 0x04, 0x41, 0x01, 0x52, 0, 10]
        let event = try #require(IPMIEvent(parsing: bytes))
        #expect(event.state == "Lower Critical going low")
        #expect(IPMIEventSeverity(event) == .critical)
        let severe = try #require(IPMIEvent(parsing: Array(bytes[..<10]) + [0x07, 0x60, 0x07, 0x06, 0, 0]))
        #expect(IPMIEventSeverity(severe) == .fatal)
    }
}
