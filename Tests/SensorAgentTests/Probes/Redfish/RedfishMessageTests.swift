import Reports
import Testing

@testable import SensorAgent

@Suite("Messages of a Redfish log")
struct RedfishMessageTests {
    private func told(_ message: String, severity: String = "Critical") throws -> [String] {
        let tree = try #require(
            try? JSONTree(
                parsing: Array(
                    #"{"Created": "2026-11-01T05:01:00Z", "Id": "7", "Severity": "\#(severity)", "Message": "\#(message)"}"#
                        .utf8)))
        let log = try #require(RedfishLog(tree))
        let signals = IPMIEventSignals(
            [log.event], parts: IPMIParts(), oldest: IPMIEventSignals.anyAge, at: Timestamp(seconds: 1_795_000_000))
        return signals.observations.filter { $0.signal.name != "hw.event_log.entry" }.map { observation in
            let value = if case .state(let word) = observation.measurement { " \(word)" } else { "" }
            return "\(observation.component) \(observation.signal)\(value)"
        }
    }

    @Test(
        "an entry without sensor type or code is understood by its words",
        arguments: [
            (
                "Multi-bit memory errors detected on a memory device at location(s) DIMM_A3.",
                #"dimm:ipmi/DIMM_A3 hw.memory.error{error.type="uncorrected"}"#
            ),
            ("Correctable memory error rate exceeded for DIMM_B1.", "dimm:ipmi/DIMM_B1 hw.memory.correction_limit"),
            (
                "Corrected Memory Error threshold exceeded (Processor 1, DIMM 3)",
                "dimm:ipmi/CPU1 DIMM_3 hw.memory.correction_limit"
            ),
            ("CPU 2 has an internal error (IERR).", #"cpu:ipmi/2 hw.cpu.state{offset="internal_error"} asserted"#),
            (
                "CPU 1 has a thermal trip (over-temperature) event.",
                #"cpu:ipmi/1 hw.cpu.state{offset="thermal_trip"} asserted"#
            ),
            ("Power supply 1 failed.", #"psu:ipmi/1 hw.psu.state{offset="failure"} asserted"#),
            (
                "The power input for power supply 2 is lost.",
                #"psu:ipmi/2 hw.psu.state{offset="input_lost"} asserted"#
            ),
            ("Power supply redundancy is lost.", "chassis:main hw.psu.redundancy lost"),
            // None of these tells of an end, though each has a word of one.
            ("The power supplies are not redundant.", "chassis:main hw.psu.redundancy lost"),
            ("The power supplies are no longer redundant.", "chassis:main hw.psu.redundancy lost"),
            ("The fans are not redundant.", "chassis:main hw.fan.redundancy lost"),
            ("Power supply 2 failed and must be replaced.", #"psu:ipmi/2 hw.psu.state{offset="failure"} asserted"#),
            ("The inlet temperature is abnormal.", #"board:main hw.logged_event{severity="critical"}"#),
            ("The temperature is above the normal range.", #"board:main hw.logged_event{severity="critical"}"#),
            ("A memory health issue is unresolved.", #"board:main hw.logged_event{severity="critical"}"#),
            ("The storage battery is not operational.", #"board:main hw.logged_event{severity="critical"}"#),
            ("Fan redundancy is lost.", "chassis:main hw.fan.redundancy lost"),
            (
                "Fan 3 RPM is less than the lower critical threshold.",
                #"fan:ipmi/fan 3 hw.logged_event{severity="critical"}"#
            ),
            ("Fault detected on drive 1 in disk drive bay 1.", "slot:ipmi/drive 1 hw.enclosure.slot fault"),
            (
                "Predictive failure reported for Disk 3 in Backplane 1 of RAID Controller in Slot 4.",
                #"slot:ipmi/disk 3 hw.logged_event{severity="predicted"}"#
            ),
            ("The system board battery has failed.", "board_battery:main hw.battery.state failed"),
            (
                "A bus fatal error was detected on a component at bus 59 device 0 function 0.",
                #"slot:ipmi/PCI hw.pcie.error{severity="fatal"}"#
            ),
            (
                "The storage controller reports something that no table knows.",
                #"board:main hw.logged_event{severity="critical"}"#
            ),
        ])
    func understood(message: String, told: String) throws {
        #expect(try self.told(message) == [told])
    }

    @Test(
        "an entry that is graded good, or tells of an end, is no fault",
        arguments: [
            ("Power supply 1 is operating normally.", "OK"),
            ("The input power for power supply 2 has been restored.", "OK"),
            ("Fan redundancy is restored.", "Critical"), ("The power supplies are redundant.", "Critical"),
            ("The fan 3 has been replaced.", "Critical"), ("The temperature is within range.", "Critical"),
            ("The system board battery is operating normally.", "Critical"), ("Power supply 1 failed.", "OK"),
            ("The memory health issue at DIMM_A3 was resolved.", "Critical"),
            ("User root logged in.", "Informational"), ("Fan 3 is removed.", "Warning"),
        ])
    func good(message: String, severity: String) throws {
        #expect(try told(message, severity: severity).isEmpty)
    }
}
