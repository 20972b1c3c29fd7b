import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("Sensors of a BMC")
struct IPMISensorTests {
    private func signals(_ text: String, seen: Set<String> = []) throws -> IPMISensorSignals {
        IPMISensorSignals(
            try IPMISensorOutput(parsing: Array(text.utf8)).sensors, parts: IPMIParts(), seen: seen, at: BMC.now)
    }

    /// Made after what ipmitool 1.8.19 prints with -v.
    private static let block = """
        Sensor ID              : FAN1 (0x30)
         Entity ID             : 29.1 (Fan Device)
         Sensor Type (Threshold)  : Fan (0x04)
         Sensor Reading        : 5600 (+/- 0) RPM
         Status                : ok
         Lower non-recoverable : 300.000
         Lower critical        : 500.000
         Lower non-critical    : 700.000
         Assertions Enabled    : lnc- lcr- lnr-

        Sensor ID              : PS2 Status (0x51)
         Entity ID             : 10.2 (Power Supply)
         Sensor Type (Discrete): Power Supply (0x08)
         Sensor Reading        : 0h
         States Asserted       : Power Supply
                                 [Presence detected]
                                 [Power Supply AC lost]
         Assertions Enabled    : Power Supply
                                 [Presence detected]
                                 [Failure detected]
        """

    @Test("a fan is a component with its speed and the limits that the BMC holds")
    func fan() throws {
        let result = try signals(Self.block).result
        #expect(BMC.measurement(result, "fan:ipmi/FAN1", "hw.fan.speed") == .reading(5600))
        let limit = "hw.fan.speed.limit{limit_type=\"low.degraded\"}"
        #expect(BMC.measurement(result, "fan:ipmi/FAN1", limit) == .reading(700))
        #expect(BMC.measurement(result, "fan:ipmi/FAN1", "hw.alarm{alarm=\"any\"}") == .state("clear"))
        #expect(BMC.objections(to: result) == [])
    }

    @Test("a power supply's states are told by offset, all of them, and only asserted ones are asserted")
    func supply() throws {
        let result = try signals(Self.block).result
        var states: [String: String] = [:]
        for (offset, _) in IPMISensorSignals.supplyOffsets {
            if case .state(let word) = BMC.measurement(result, "psu:ipmi/2", "hw.psu.state{offset=\"\(offset)\"}") {
                states[offset] = word
            }
        }
        #expect(states.filter { $0.value == "asserted" }.keys.sorted() == ["input_lost", "presence"])
        #expect(states.count == 7)
        #expect(
            BMC.measurement(result, "psu:ipmi/2", "hw.sensor.state{sensor=\"PS2 Status\"}")
                == .state("Presence detected, Power Supply AC lost"))
        #expect(BMC.measurement(result, "psu:ipmi/2", "hw.status") == .state("ok"))
    }

    @Test("states that are printed without the sensor's type have that of its entity")
    func untypedStates() throws {
        let result = try signals(
            """
            CPU1 Status      | 0Fh | ok  |  3.1 | IERR
            PSU1 Status      | 50h | ok  | 10.1 | Presence detected, Failure detected
            PSU Redundancy   | 52h | ok  | 21.1 | Redundancy Lost
            DIMM A1          | 60h | ok  | 32.1 | Presence Detected, Uncorrectable ECC
            Drive 3          | 70h | ok  | 26.3 | Drive Present, Drive Fault
            ROMB Battery     | 80h | ok  |  7.5 | Failed
            Fan Redundancy   | 90h | ok  | 30.1 | Fully Redundant
            OEM State        | 91h | ok  | 10.4 | State Asserted
            """, seen: ["redundant:hw.psu.redundancy"]
        ).result
        #expect(BMC.measurement(result, "cpu:ipmi/1", "hw.cpu.state{offset=\"internal_error\"}") == .state("asserted"))
        #expect(BMC.measurement(result, "psu:ipmi/1", "hw.psu.state{offset=\"failure\"}") == .state("asserted"))
        #expect(BMC.measurement(result, "chassis:main", "hw.psu.redundancy") == .state("lost"))
        #expect(BMC.measurement(result, "chassis:main", "hw.fan.redundancy") == .state("full"))
        #expect(BMC.measurement(result, "dimm:ipmi/DIMM A1", "hw.status") == .state("failed"))
        #expect(BMC.measurement(result, "slot:ipmi/Drive 3", "hw.enclosure.slot") == .state("fault"))
        #expect(BMC.measurement(result, "controller:ipmi/ROMB Battery", "hw.battery.state") == .state("failed"))
        #expect(BMC.objections(to: result) == [])
    }

    @Test("bits of a power supply and of a processor are states where the bit of presence is set")
    func bits() throws {
        let rows = """
            PS1 Status       | 0x3        | discrete   | 0x0380| na        | na        | na        | na        | na        | na
            PS2 Status       | 0x1        | discrete   | 0x0180| na        | na        | na        | na        | na        | na
            PS3 Status       | 0x2        | discrete   | 0x0280| na        | na        | na        | na        | na        | na
            CPU1 Status      | 0x0        | discrete   | 0x8180| na        | na        | na        | na        | na        | na
            """
        let result = try signals(rows).result
        let failure = "hw.psu.state{offset=\"failure\"}"
        #expect(BMC.measurement(result, "psu:ipmi/1", failure) == .state("asserted"))
        #expect(BMC.measurement(result, "psu:ipmi/2", failure) == .state("clear"))
        // `State Asserted` of a sensor of general states has this bit too.
        #expect(BMC.measurement(result, "psu:ipmi/3", failure) == nil)
        #expect(BMC.measurement(result, "cpu:ipmi/1", "hw.cpu.state{offset=\"internal_error\"}") == .state("asserted"))
    }

    @Test("a critical state whose side is not printed lies on that of the limit that the reading crossed")
    func sides() throws {
        let result = try signals(
            """
            FAN1             | 0.000      | RPM        | nr    | 300.000   | 500.000   | 700.000   | 25300.000 | 25400.000 | 25500.000
            CPU1 Temp        | 97.000     | degrees C  | cr    | 0.000     | 0.000     | 0.000     | 90.000    | 95.000    | 100.000
            """
        ).result
        func alarm(_ part: String, _ alarm: String) -> Reports.Measurement? {
            BMC.measurement(result, part, "hw.alarm{alarm=\"\(alarm)\"}")
        }
        #expect(alarm("fan:ipmi/FAN1", "low.critical") == .state("asserted"))
        #expect(alarm("fan:ipmi/FAN1", "high.critical") == .state("clear"))
        #expect(alarm("temperature:ipmi/CPU1 Temp", "high.critical") == .state("asserted"))
        #expect(alarm("temperature:ipmi/CPU1 Temp", "high.emergency") == .state("clear"))
        #expect(alarm("temperature:ipmi/CPU1 Temp", "low.critical") == .state("clear"))
    }

    @Test("a bay that was always empty is not missing, and one that was full is")
    func missing() throws {
        let empty = Self.block.replacing(
            "[Presence detected]\n                         [Power Supply AC lost]", with: "")
        #expect(BMC.measurement(try signals(empty).result, "psu:ipmi/2", "hw.status") == nil)
        let known = try signals(Self.block).seen
        let result = try signals(empty, seen: known).result
        #expect(BMC.measurement(result, "psu:ipmi/2", "hw.status") == .state("missing"))
    }

    @Test("redundancy is lost only where there was some")
    func redundancy() throws {
        let lost = "Power Supplies   | 08h | ok  | 10.3 | Non-Redundant: Sufficient from Redundant"
        let full = "Power Supplies   | 08h | ok  | 10.3 | Fully Redundant"
        func typed(_ row: String) throws -> [IPMISensor] {
            try IPMISensorOutput(parsing: Array(row.utf8)).sensors.map { sensor in
                var sensor = sensor
                sensor.type = IPMIStates.powerSupply
                return sensor
            }
        }
        let single = IPMISensorSignals(try typed(lost), parts: IPMIParts(), at: BMC.now)
        #expect(BMC.measurement(single.result, "chassis:main", "hw.psu.redundancy") == .state("none"))
        let before = IPMISensorSignals(try typed(full), parts: IPMIParts(), at: BMC.now)
        #expect(BMC.measurement(before.result, "chassis:main", "hw.psu.redundancy") == .state("full"))
        let after = IPMISensorSignals(try typed(lost), parts: IPMIParts(), seen: before.seen, at: BMC.now)
        #expect(BMC.measurement(after.result, "chassis:main", "hw.psu.redundancy") == .state("lost"))
    }

    @Test("a sensor without a reading is unavailable, whatever its limits are")
    func unreadable() throws {
        let result = try signals(
            "FAN5 | na | | na | na | na | na | na | na | na\n"
                + "CPU1 Temp | na | degrees C | na | na | na | na | 85.000 | 90.000 | na\n12V | 04h | ns | 7.1 | No Reading"
        )
        .result
        #expect(!result.observations.isEmpty)
        for observation in result.observations where !observation.signal.name.hasSuffix(".limit") {
            #expect(observation.measurement == .unavailable(.notSupported))
        }
    }

    @Test("limits at the end of a register, and pairs that cross, were set by nobody")
    func unset() throws {
        let result = try signals(
            "FCB Ambient1 | 21.000 | degrees C | ok | na | na | na | na | 50.000 | 255.000\n"
                + "CPU Temp | 25.000 | degrees C | ok | 0.000 | 0.000 | 0.000 | 95.000 | 100.000 | 100.000"
        ).result
        let signal = "hw.temperature.limit{limit_type=\"high.emergency\"}"
        #expect(BMC.measurement(result, "temperature:ipmi/FCB Ambient1", signal) == .unavailable(.unset))
        #expect(BMC.measurement(result, "temperature:ipmi/CPU Temp", signal) == .reading(100))
        #expect(result.asRead.map(\.value) == [255])
    }

    @Test("the coin cell's voltage is the board battery's, and a cache battery's is not")
    func battery() throws {
        let result = try signals(
            "VBAT | 3.040 | Volts | ok | 2.400 | 2.500 | 2.600 | 3.500 | 3.560 | 3.600\n"
                + "Stor Batt V | 7.900 | Volts | ok | na | na | na | na | na | na"
        ).result
        #expect(BMC.measurement(result, "board_battery:main", "hw.battery.voltage") == .reading(3.04))
        #expect(BMC.measurement(result, "voltage:ipmi/Stor Batt V", "hw.voltage") == .reading(7.9))
    }

    @Test("sensors of one name are told apart by their entity")
    func oneName() throws {
        let text = "Temp | 01h | ok | 3.1 | 41 degrees C\nTemp | 02h | ok | 3.2 | 42 degrees C"
        let result = try signals(text).result
        #expect(BMC.measurement(result, "temperature:ipmi/Temp@3.1", "hw.temperature") == .reading(41))
        #expect(BMC.measurement(result, "temperature:ipmi/Temp@3.2", "hw.temperature") == .reading(42))
        #expect(
            result.components.first { $0.id.rawValue == "temperature:ipmi/Temp@3.1" }?.parent?.rawValue == "cpu:ipmi/1")
    }

    @Test("noise between the rows is passed over")
    func noise() throws {
        let output = try IPMISensorOutput(
            parsing: Array("Unable to send command: Invalid argument\nFAN1 | 1200 RPM | ok\n<<  BMC Session: 1\n".utf8))
        #expect(output.sensors.map(\.name) == ["FAN1"])
        #expect(output.noise == 2)
    }

    @Test("ten megabytes of rows are bounded, and empty or binary input is refused")
    func hostile() throws {
        let flood = Array(String(repeating: "FAN1 | 1200 RPM | ok\n", count: 480_000).utf8)
        #expect(try IPMISensorOutput(parsing: flood).sensors.count == IPMISensorOutput.sensorLimit)
        for bytes in [[], [UInt8](repeating: 0xFF, count: 4096), Array("\0\0\0|\0".utf8)] {
            #expect(throws: IPMIRefusal.self) { try IPMISensorOutput(parsing: bytes) }
        }
    }

    @Test("a look without sensor numbers is matched with the list by order and name, commas in names or not")
    func look() throws {
        var known = [IPMISensor(name: "Temp"), IPMISensor(name: "Temp"), IPMISensor(name: "PS, left")]
        known[0].entity = IPMISensor.Entity(parsing: "3.1")
        known[1].entity = IPMISensor.Entity(parsing: "3.2")
        let text = "noise\nTemp,41,degrees C,ok\nTemp,,,ns\nPS, left,10h,ok,10.1,Presence detected, Failure detected\n"
        let read = try #require(IPMISensorOutput.reading(Array(text.utf8), of: known))
        #expect(read[0].reading == .value(41, unit: "degrees C"))
        #expect(read[1].reading == .none)
        #expect(read[2].states == ["Presence detected", "Failure detected"])
        #expect(IPMISensorOutput.reading(Array("Temp,41,degrees C,ok\n".utf8), of: known) == nil)
    }

    private func freeIPMI(_ rows: String...) -> String {
        "ID  | Name | Type | State | Reading | Units | Event\n"
            + rows.enumerated().map { "\($0.offset + 1) | \($0.element)\n" }.joined()
    }

    @Test("general words of a sensor deny no state of its type: a supply that is present stays so")
    func generalWords() throws {
        let text = freeIPMI(
            "PSU1_AC_OK | Power Supply | Warning | N/A | N/A | 'State Asserted'",
            "PSU1_STATUS | Power Supply | Nominal | N/A | N/A | 'Presence detected'",
            "PSU1_PWRGD | Power Supply | Warning | N/A | N/A | 'State Deasserted'",
            "PSU1_LIMIT | Power Supply | Nominal | N/A | N/A | 'Limit Not Exceeded'")
        let result = try signals(text, seen: ["psu:ipmi/1"]).result
        #expect(BMC.measurement(result, "psu:ipmi/1", "hw.status") == .state("ok"))
        #expect(BMC.measurement(result, "psu:ipmi/1", "hw.psu.state{offset=\"presence\"}") == .state("asserted"))
        let presence = result.observations.filter { $0.signal.description == "hw.psu.state{offset=\"presence\"}" }
        #expect(presence.count == 1)
    }

    @Test("what one sensor of a processor asserts another does not clear in the same look, in either order")
    func severalSensors() throws {
        let rows = [
            "P2 Status | Processor | Critical | N/A | N/A | 'IERR' 'Presence detected'",
            "P2 ERR2 | Processor | Nominal | N/A | N/A | 'State Deasserted'",
            "P2 Therm | Processor | Nominal | N/A | N/A | 'OK'",
        ]
        for order in [rows, rows.reversed()] {
            let result = try signals(freeIPMI(order[0], order[1], order[2])).result
            let error = "hw.cpu.state{offset=\"internal_error\"}"
            let told = result.observations.filter { $0.signal.description == error }.map(\.measurement)
            #expect(told == [.state("asserted")])
            let trip = "hw.cpu.state{offset=\"thermal_trip\"}"
            #expect(BMC.measurement(result, "cpu:ipmi/2", trip) == .state("clear"))
        }
    }

    @Test("a sensor without a reading measures in the unit that is printed, whatever its type is called")
    func unitWithoutReading() throws {
        let result = try signals(freeIPMI("Mem Power | Current | N/A | N/A | W | N/A")).result
        #expect(BMC.measurement(result, "power:ipmi/Mem Power", "hw.power") == .unavailable(.notSupported))
        #expect(!result.components.contains { $0.kind == .current })
    }

    @Test(
        "a module whose sensor asserts an error that was not corrected is not called well",
        arguments: [
            ("Uncorrectable memory error", "failed"), ("Memory Device Disabled", "failed"),
            ("Correctable ECC logging limit reached", "degraded"), ("Presence detected", "ok"), ("OK", "ok"),
        ])
    func memory(words: String, status: String) throws {
        let result = try signals(freeIPMI("DIMM A3 | Memory | Critical | N/A | N/A | '\(words)'")).result
        #expect(BMC.measurement(result, "dimm:ipmi/DIMM A3", "hw.status") == .state(status))
    }
}
