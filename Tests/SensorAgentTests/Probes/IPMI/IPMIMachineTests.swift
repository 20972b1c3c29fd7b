import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("A machine's BMC")
struct IPMIMachineTests {
    /// A stand-in for ipmitool with two sensors, one entry in its log, and a power supply.
    private static let cases = """
        *"sdr dump"*) for last; do :; done; echo dump > "$last" ;;
        *"raw 0x0a 0x20"*) echo " 51 02 00 f0 3f ee 57 01 6b ff ff ff ff 02" ;;
        *"-v sdr list all"*) echo x >> "$(dirname "$0")/lists"
          printf 'noise before\\nSensor ID : FAN1 (0x30)\\n Entity ID : 29.1 (Fan Device)\\n'
          printf ' Sensor Type (Threshold) : Fan (0x04)\\n Sensor Reading : 5600 (+/- 0) RPM\\n Status : ok\\n'
          printf ' Lower critical : 500.000\\n' ;;
        *"-c sdr elist all"*) echo "FAN1,5500,RPM,ok" ;;
        *"raw 0x0a 0x40"*) echo " 51 01 00 f0 3f ee 57 01 6b ff ff ff ff 02" ;;
        *"raw 0x0a 0x48"*) echo " ee 57 01 6b" ;;
        *"raw 0x0a 0x43"*) echo " ff ff 01 00 02 ee 57 01 6b 41 00 04 0c 12 6f a1"; echo " 01 02" ;;
        *"fru print"*) printf 'FRU Device Description : PS1 (ID 1)\\n Board Serial : CN123\\n Board Part Number : 0GRT\\n' ;;
        *"raw 0x06 0x04"*) echo " 55 00" ;;
        *"raw 0x00 0x01"*) echo " 61 00 05 00" ;;
        *) exit 1 ;;
        """

    @Test("a look tells readings, limits, the log, the units and the chassis; the list is read once")
    func whole() async throws {
        let scratch = try ScratchFolder()
        let program = try BMC.program("ipmitool", Self.cases, in: scratch)
        let probe = IPMIProbe(
            tree: SysTree(root: scratch.url.path), cacheDirectory: scratch.url.path, program: program)
        let first = try await probe.observe(at: BMC.now, since: nil)
        #expect(BMC.objections(to: first) == [])
        #expect(BMC.measurement(first, "fan:ipmi/FAN1", "hw.fan.speed") == .reading(5600))
        #expect(first.components.first { $0.id.rawValue == "psu:ipmi/1" }?.part.serial == "CN123")
        #expect(BMC.measurement(first, "board:main", "hw.bmc.self_test") == .state("passed"))
        #expect(BMC.measurement(first, "intrusion:ipmi/chassis", "hw.intrusion") == .state("asserted"))
        #expect(
            BMC.measurement(first, "chassis:main", "hw.sensor.state{sensor=\"chassis status\"}")
                == .state("Drive Fault"))
        let errors = first.observations.filter { $0.signal.name == "hw.memory.error" }
        #expect(errors.map(\.signal.description) == ["hw.memory.error{error.type=\"uncorrected\"}"])
        let second = try await probe.observe(at: BMC.now + .seconds(60), since: first.cursor)
        #expect(BMC.measurement(second, "fan:ipmi/FAN1", "hw.fan.speed") == .reading(5500))
        let limit = "hw.fan.speed.limit{limit_type=\"low.critical\"}"
        #expect(BMC.measurement(second, "fan:ipmi/FAN1", limit) == .reading(500))
        #expect(!second.observations.contains { $0.signal.name == "hw.memory.error" })
        #expect(Recordings.text(scratch.url.appending(path: "lists")) == "x\n")
        // A restart begins with the list, and tells no entry again.
        let again = IPMIProbe(tree: SysTree(root: scratch.url.path), program: program)
        let third = try await again.observe(at: BMC.now + .seconds(120), since: second.cursor)
        #expect(!third.observations.contains { $0.signal.name == "hw.memory.error" })
        #expect(third.cursor == second.cursor)
    }

    @Test("a machine without a BMC says so, and what to load where the firmware names one")
    func absent() async throws {
        let probe = IPMIProbe(tree: SysTree(root: "/nonexistent"))
        await #expect(throws: ProbeError.self) { try await probe.observe(at: BMC.now, since: nil) }
    }

    @Test("a BMC that gives nothing closes nothing: the look fails and says why")
    func silent() async throws {
        let scratch = try ScratchFolder()
        let program = try BMC.program("ipmitool", "*) exit 1 ;;", in: scratch)
        let probe = IPMIProbe(tree: SysTree(root: scratch.url.path), program: program)
        await #expect {
            try await probe.observe(at: BMC.now, since: nil)
        } throws: { error in
            if case ProbeError.malformed(_, let problem) = error { problem.contains("does it answer?") } else { false }
        }
    }

    @Test("with a log that cannot be read the sensors are told, and the cursor stays")
    func logGone() async throws {
        let scratch = try ScratchFolder()
        let program = try BMC.program("ipmitool", "*raw*) exit 1 ;;\n" + Self.cases, in: scratch)
        let probe = IPMIProbe(tree: SysTree(root: scratch.url.path), program: program)
        let cursor = IPMICursor(last: "aa", erased: 7, seen: ["psu:ipmi/1"]).stored(for: "ipmi")
        let result = try await probe.observe(at: BMC.now, since: cursor)
        #expect(BMC.measurement(result, "board:main", "hw.event_log.used") == .unavailable(.readError))
        #expect(result.cursor == cursor)
    }

    @Test("the inventory of a recorded server names supplies with serial and part number")
    func units() throws {
        let text = """
            FRU Device Description : Builtin FRU Device (ID 0)
             Board Mfg             : DELL
             Board Product         : PowerEdge R630
             Board Serial          : CN1
             Product Serial        : 2WF88P2
            FRU Device Description : PS2 (ID 2)
             Device not present (Timeout)
            FRU Device Description : PS1 (ID 1)
             Board Product         : PWR SPLY,495W,RDNT,DELTA
             Board Serial          : CNDED0081G03X8
             Board Part Number     : 0GRTNKA02
            """
        let inventory = try IPMIInventory(parsing: Array(text.utf8), parts: IPMIParts())
        #expect(inventory.components.map(\.id.rawValue) == ["board:main", "chassis:main", "psu:ipmi/1"])
        #expect(inventory.components.last?.part.partNumber == "0GRTNKA02")
        #expect(inventory.silent == ["PS2"])
    }
}
