import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("Redfish")
struct RedfishTests {
    private func result(_ text: String) throws -> ProbeResult {
        try RedfishRecording.result(of: Array(text.utf8), at: BMC.now)
    }

    @Test("every recorded resource is parsed, or refused with a reason", .recorded("redfish"))
    func recordings() throws {
        let files = Recordings.entries("redfish")
        guard !files.isEmpty else { return }
        var parsed = 0
        var observations = 0
        var refused: [String: Int] = [:]
        for file in files {
            do {
                let result = try RedfishRecording.result(of: Array(try Data(contentsOf: file)), at: BMC.now)
                #expect(BMC.objections(to: result) == [], "\(file.lastPathComponent)")
                parsed += 1
                observations += result.observations.count
            } catch let refusal as RedfishRefusal {
                let words = refusal.description.split(separator: " ").prefix(7).joined(separator: " ")
                refused[words, default: 0] += 1
            }
        }
        print("redfish: \(files.count) files, parsed \(parsed) with \(observations) observations, refused:")
        for (words, count) in refused.sorted(by: { $0.value > $1.value }) { print("  \(count) \(words)") }
        #expect(parsed + refused.values.reduce(0, +) == files.count)
        #expect(parsed >= 120)
    }

    @Test(
        "readings are those that jq finds in the same resource", .recorded("redfish"), .enabled(if: isInstalled("jq")))
    func independent() async throws {
        var compared = 0
        for file in Recordings.entries("redfish") {
            guard let result = try? RedfishRecording.result(of: Array(try Data(contentsOf: file)), at: BMC.now) else {
                continue
            }
            for (array, key, signal) in [
                ("Temperatures", "ReadingCelsius", "hw.temperature"), ("Voltages", "ReadingVolts", "hw.voltage"),
            ] {
                let filter = "[(.\(array)? // [])[] | select(.Status.State? != \"Absent\") | .\(key) | numbers]"
                let (status, data) = try await run("jq", ["-c", filter, file.path])
                guard status == 0, let numbers = try? JSONDecoder().decode([Double].self, from: data) else { continue }
                let told = result.observations.filter { $0.signal == Signal(signal) }.compactMap(\.measurement.number)
                // A reading that is a text of a number is told too, and jq finds none.
                #expect(numbers.allSatisfy { told.contains($0) }, "\(file.lastPathComponent) \(key)")
                compared += numbers.count
            }
        }
        print("redfish: \(compared) readings compared with jq's")
    }

    @Test("readings may be texts, null is not now, and what is absent is no sensor")
    func readings() throws {
        let told = try result(
            """
            {"@odata.id": "/redfish/v1/Chassis/1U/Thermal", "@odata.type": "#Thermal.v1_4_0.Thermal", "Temperatures": [
              {"Name": "CPU1", "ReadingCelsius": "41.5", "UpperThresholdCritical": 90, "Status": {"Health": "OK"}},
              {"Name": "CPU2", "ReadingCelsius": null}, {"Name": "CPU3", "ReadingCelsius": "hot"},
              {"Name": "CPU4", "ReadingCelsius": 0, "Status": {"State": "Absent"}}],
              "Fans": [{"FanName": "Fan1", "CurrentReading": 30, "Units": "Percent", "Status": {"Health": "Critical"}}],
              "Oem": {"Hp": {"Temperatures": 7}}}
            """)
        #expect(BMC.measurement(told, "temperature:redfish/1U/CPU1", "hw.temperature") == .reading(41.5))
        let limit = "hw.temperature.limit{limit_type=\"high.critical\"}"
        #expect(BMC.measurement(told, "temperature:redfish/1U/CPU1", limit) == .reading(90))
        #expect(BMC.measurement(told, "temperature:redfish/1U/CPU2", "hw.temperature") == .unavailable(.notSupported))
        #expect(BMC.measurement(told, "temperature:redfish/1U/CPU3", "hw.temperature") == .unavailable(.malformed))
        #expect(BMC.measurement(told, "temperature:redfish/1U/CPU4", "hw.temperature") == nil)
        #expect(BMC.measurement(told, "fan:redfish/1U/Fan1", "hw.fan.speed_ratio") == .reading(0.3))
        #expect(BMC.measurement(told, "fan:redfish/1U/Fan1", "hw.status") == .state("failed"))
    }

    @Test(
        "a sensor without a type is known by its unit",
        arguments: [
            ("Cel", "temperature", "hw.temperature", 37.0), ("V", "voltage", "hw.voltage", 37.0),
            ("A", "current", "hw.current", 37.0), ("W", "power", "hw.power", 37.0),
            ("RPM", "fan", "hw.fan.speed", 37.0),
            ("kW.h", "energy", "hw.energy", 133_200_000.0), ("%", "fan", "hw.fan.speed_ratio", 0.37),
        ])
    func units(unit: String, kind: String, signal: String, value: Double) throws {
        let told = try result(
            """
            {"@odata.id": "/redfish/v1/Chassis/1U/Sensors/S", "@odata.type": "#Sensor.v1_6_0.Sensor", "Id": "S",
             "Name": "Fan or not", "Reading": 37, "ReadingUnits": "\(unit)", "Status": {"Health": "OK"}}
            """)
        #expect(BMC.objections(to: told) == [])
        let component = "\(kind):redfish/1U/S"
        #expect(BMC.measurement(told, component, signal) == .reading(value))
        #expect(BMC.measurement(told, component, "hw.status") == .state("ok"))
    }

    @Test("a percentage that is no fan's, and a unit that nobody knows, stay readings without a meaning")
    func otherUnits() throws {
        for unit in ["%", "furlong"] {
            let told = try result(
                """
                {"@odata.id": "/redfish/v1/Chassis/1U/Sensors/S", "@odata.type": "#Sensor.v1_6_0.Sensor", "Name": "S",
                 "Reading": 37, "ReadingUnits": "\(unit)"}
                """)
            #expect(told.observations.map(\.signal.name) == ["hw.sensor.other"])
        }
    }

    private func volume(_ fields: String) throws -> ProbeResult {
        let told = try result(
            """
            {"@odata.id": "/redfish/v1/Systems/S1/Storage/RAID.1/Volumes/1", "@odata.type": "#Volume.v1_6_2.Volume",
             "Id": "1", "Name": "Virtual Disk 0", \(fields)}
            """)
        #expect(BMC.objections(to: told) == [])
        return told
    }

    @Test(
        "a volume is an array with the state that its health tells",
        arguments: [
            (#""RAIDType": "RAID1", "Status": {"State": "Enabled", "Health": "Critical"}"#, "failed", "failed"),
            (#""RAIDType": "RAID5", "Status": {"Health": "Warning"}"#, "degraded", "degraded"),
            (#""Status": {"Health": "OK"}"#, "ok", "ok"),
            (
                #""Status": {"Health": "Warning"}, "Operations": [{"Operation": "Rebuild", "PercentageComplete": 40}]"#,
                "degraded", "rebuilding"
            ),
        ])
    func volumes(fields: String, status: String, state: String) throws {
        let told = try volume(fields)
        let array = "raid_array:redfish/S1/RAID.1/1"
        #expect(BMC.measurement(told, array, "hw.status") == .state(status))
        #expect(BMC.measurement(told, array, "hw.raid.state") == .state(state))
        if state == "rebuilding" { #expect(BMC.measurement(told, array, "hw.raid.progress") == .gauge(0.4)) }
    }

    @Test("a volume of one disk has a status and no state of an array; one that is absent is none")
    func otherVolumes() throws {
        let single = try volume(#""RAIDType": "None", "Status": {"Health": "Critical"}"#)
        #expect(single.observations.map(\.signal.name) == ["hw.status"])
        #expect(try volume(#""Status": {"State": "Absent"}"#).components.isEmpty)
    }

    @Test("storage controllers and batteries tell their health, also where the controllers are inside the subsystem")
    func controllers() throws {
        let own = try result(
            """
            {"@odata.id": "/redfish/v1/Systems/S1/Storage/1/Controllers/1", "Id": "1", "SerialNumber": "C7",
             "@odata.type": "#StorageController.v1_2_0.StorageController", "Status": {"Health": "Critical"}}
            """)
        #expect(BMC.measurement(own, "controller:redfish/S1/1/1", "hw.status") == .state("failed"))
        #expect(own.components.first?.part.serial == "C7")
        let inside = try result(
            """
            {"@odata.id": "/redfish/v1/Systems/S1/Storage/1", "@odata.type": "#Storage.v1_3_0.Storage",
             "StorageControllers": [{"MemberId": "0", "Status": {"Health": "Warning"}}]}
            """)
        #expect(BMC.measurement(inside, "controller:redfish/S1/1/0", "hw.status") == .state("degraded"))
        let battery = try result(
            """
            {"@odata.id": "/redfish/v1/Chassis/1U/PowerSubsystem/Batteries/M1", "@odata.type": "#Battery.v1_2_2.Battery",
             "Id": "M1", "Name": "Battery 1", "Status": {"State": "Enabled", "Health": "Critical"}}
            """)
        #expect(BMC.measurement(battery, "ups_battery:redfish/1U/M1", "hw.status") == .state("failed"))
        #expect(BMC.measurement(battery, "ups_battery:redfish/1U/M1", "hw.battery.state") == .state("failed"))
        for result in [own, inside, battery] { #expect(BMC.objections(to: result) == []) }
    }

    @Test("sensors of one name keep their names whatever stands before them in the list")
    func likeNamed() throws {
        func ids(_ sensors: [String]) throws -> [Double: String] {
            let told = try RedfishRecording.result(
                of: Array(
                    "{\"@odata.id\": \"/redfish/v1/Chassis/1U/Thermal\", \"Temperatures\": [\(sensors.joined(separator: ","))]}"
                        .utf8), at: BMC.now)
            return Dictionary(
                told.observations.compactMap { observation in
                    guard case .reading(let value) = observation.measurement else { return nil }
                    return (value, observation.component.rawValue)
                }, uniquingKeysWith: { first, _ in first })
        }
        let member = ["A": 31, "B": 32].map {
            #"{"Name": "Temp", "MemberId": "\#($0.key)", "ReadingCelsius": \#($0.value)}"#
        }
        .sorted()
        let told = [31.0: "temperature:redfish/1U/Temp#A", 32: "temperature:redfish/1U/Temp#B"]
        #expect(try ids(member) == told)
        #expect(try ids(member.reversed()) == told)
        let linked = [("T5", 41), ("T9", 42)].map {
            #"{"Name": "Temp", "@odata.id": "/redfish/v1/Chassis/1U/Thermal#/Temperatures/\#($0.0)", "ReadingCelsius": \#($0.1)}"#
        }
        #expect(
            try ids(linked.reversed()) == [41: "temperature:redfish/1U/Temp#T5", 42: "temperature:redfish/1U/Temp#T9"])
        #expect(try ids([member[0]]) == [31: "temperature:redfish/1U/Temp"])
        // Resources of their own: two answers, one name.
        for (id, value) in [("CPU0", 51.0), ("CPU1", 52.0)] {
            let text = """
                {"@odata.id": "/redfish/v1/Chassis/1U/Sensors/\(id)", "@odata.type": "#Sensor.v1_6_0.Sensor",
                 "Id": "\(id)", "Name": "CPU Temp", "ReadingType": "Temperature", "ReadingUnits": "Cel",
                 "Reading": \(value)}
                """
            let result = try RedfishRecording.result(of: Array(text.utf8), at: BMC.now)
            #expect(result.components.map(\.id.rawValue) == ["temperature:redfish/1U/\(id)"])
            #expect(result.components.map(\.name) == ["CPU Temp"])
        }
    }

    @Test("a log entry bears its own time, and a file that is not there is absent")
    func entryTime() async throws {
        let scratch = try ScratchFolder()
        try scratch.write(
            "entry.json",
            """
            {"@odata.type":"#LogEntry.v1_3_0.LogEntry","Id":"7","Created":"2012-03-07T14:44:00Z","Severity":"Warning",
             "Message":"Temperature threshold exceeded","EntryType":"SEL"}
            """)
        let probe = RedfishProbe(tree: SysTree(), input: scratch.url.appending(path: "entry.json").path)
        let result = try await probe.observe(at: BMC.now, since: nil)
        #expect(result.observations.map(\.time) == [Timestamp(seconds: 1_331_131_440)])
        let document = await ProbeDocument(observing: [probe], at: BMC.now)
        #expect(document.text.contains("at 2012-03-07T14:44:00Z"))
        #expect(document.text.hasPrefix("looked at \(BMC.now.rfc3339)"))
        let missing = await ProbeDocument(
            observing: [RedfishProbe(tree: SysTree(), input: scratch.url.appending(path: "none.json").path)],
            at: BMC.now)
        #expect(missing.exitCode == 69)
    }

    @Test("bodies that are no JSON, errors and lists of links are refused with what they are")
    func refusals() {
        for (text, words) in [
            ("<html>", "no JSON"), ("", "nothing was printed"), ("[]", "no object"),
            ("{\"error\": {\"message\": \"busy\"}}", "busy"),
            ("{\"Members\": [{\"@odata.id\": \"/redfish/v1/Chassis/1\"}]}", "a list of 1 links"),
            ("{\"@odata.type\": \"#AccountService.v1_0.AccountService\"}", "AccountService"),
        ] {
            #expect {
                try result(text)
            } throws: { error in
                "\(error)".contains(words)
            }
        }
    }

    /// A recorded service with a chassis, a supply in each of two bays, a DIMM, and a log on two pages.
    private func service(
        secondBay: String = "Enabled", entries: [Int] = [1, 2, 3], message: String = "Uncorrectable ECC"
    ) throws -> ScratchFolder {
        let scratch = try ScratchFolder()
        func write(_ path: String, _ text: String) throws { try scratch.write("redfish/v1/\(path)index.json", text) }
        func link(_ path: String) -> String { "{\"@odata.id\": \"/redfish/v1/\(path)\"}" }
        try write("", "{\"Chassis\": \(link("Chassis")), \"Systems\": \(link("Systems"))}")
        try write("Chassis/", "{\"Members\": [\(link("Chassis/1U")), \(link("Chassis/1U")), \(link("Chassis/gone"))]}")
        try write(
            "Chassis/1U/",
            "{\"@odata.type\": \"#Chassis.v1.Chassis\", \"SerialNumber\": \"S9\", \"Power\": \(link("Chassis/1U/Power"))}"
        )
        try write(
            "Chassis/1U/Power/",
            """
            {"@odata.type": "#Power.v1.Power", "PowerSupplies": [
             {"MemberId": "0", "SerialNumber": "A", "Status": {"State": "Enabled", "Health": "OK"}},
             {"MemberId": "1", "SerialNumber": "B", "Status": {"State": "\(secondBay)"}}]}
            """)
        try write("Systems/", "{\"Members\": [\(link("Systems/1"))]}")
        try write(
            "Systems/1/",
            "{\"@odata.type\": \"#ComputerSystem.v1.ComputerSystem\", \"LogServices\": \(link("Systems/1/LogServices"))}"
        )
        try write("Systems/1/LogServices/", "{\"Members\": [\(link("Systems/1/LogServices/Sel"))]}")
        try write(
            "Systems/1/LogServices/Sel/",
            "{\"@odata.type\": \"#LogService.v1.LogService\", \"Entries\": \(link("Systems/1/LogServices/Sel/Entries"))}"
        )
        let texts = entries.map { number in
            "{\"Id\": \"\(number)\", \"Created\": \"2025-11-21T07:0\(number):00Z\", \"Message\": \"\(message)\", "
                + "\"SensorType\": \"Memory\", \"Severity\": \"Critical\", \"EntryCode\": \"Assert\"}"
        }
        let folder = "Systems/1/LogServices/Sel/Entries"
        try write(
            "\(folder)/",
            "{\"@odata.type\": \"#LogEntryCollection.LogEntryCollection\", "
                + "\"Members@odata.nextLink\": \"/redfish/v1/\(folder)/2\", \"Members\": [\(texts.prefix(1).joined())]}"
        )
        try write(
            "\(folder)/2/",
            "{\"@odata.type\": \"#LogEntryCollection.LogEntryCollection\", "
                + "\"Members@odata.nextLink\": \"/redfish/v1/\(folder)/2\", "
                + "\"Members\": [\(texts.dropFirst().joined(separator: ","))]}")
        return scratch
    }

    @Test("a recorded tree is walked: parts, both pages of the log once, and no link twice")
    func tree() async throws {
        let scratch = try service()
        let probe = RedfishProbe(tree: SysTree(root: scratch.url.path))
        let first = try await probe.observe(at: BMC.now, since: nil)
        #expect(BMC.objections(to: first) == [])
        #expect(first.components.first { $0.kind == .chassis }?.part.serial == "S9")
        #expect(first.components.filter { $0.kind == .psu }.map(\.part.serial) == ["A", "B"])
        let uncorrected = first.observations.filter { $0.signal.name == "hw.memory.error" }
        #expect(uncorrected.count == 3)
        #expect(uncorrected.first?.signal[label: "error.type"] == "uncorrected")
        let second = try await probe.observe(at: BMC.now + .seconds(300), since: first.cursor)
        #expect(!second.observations.contains { $0.signal.name == "hw.memory.error" })
        #expect(second.cursor == first.cursor)
        let more = try service(entries: [2, 3, 4])
        let third = try await RedfishProbe(tree: SysTree(root: more.url.path))
            .observe(at: BMC.now + .seconds(600), since: second.cursor)
        #expect(third.observations.filter { $0.signal.name == "hw.memory.error" }.count == 1)
    }

    @Test("the module that an entry of the log names is the one that SMBIOS lists, for which the kernel counts")
    func modules() async throws {
        let scratch = try service(message: "Uncorrectable ECC at DIMM_A1")
        try scratch.write(
            "sys/firmware/dmi/tables/DMI", MadeSMBIOS.modules([("CPU1_DIMM_A1", "NODE 0"), ("CPU1_DIMM_B1", "NODE 0")]))
        let told = try await RedfishProbe(tree: SysTree(root: scratch.url.path)).observe(at: BMC.now, since: nil)
        let errors = told.observations.filter { $0.signal.name == "hw.memory.error" }
        #expect(Set(errors.map(\.component.rawValue)) == ["dimm:CPU1_DIMM_A1"])
    }

    @Test("a supply that was there and is absent is missing; a bay that was always empty is not")
    func missing() async throws {
        let whole = try service()
        let full = try await RedfishProbe(tree: SysTree(root: whole.url.path)).observe(at: BMC.now, since: nil)
        #expect(full.cursor != nil)
        let scratch = try service(secondBay: "Absent")
        let pulled = try await RedfishProbe(tree: SysTree(root: scratch.url.path))
            .observe(at: BMC.now + .seconds(300), since: full.cursor)
        #expect(BMC.measurement(pulled, "psu:redfish/1U/1", "hw.status") == .state("missing"))
        let empty = try await RedfishProbe(tree: SysTree(root: scratch.url.path)).observe(at: BMC.now, since: nil)
        #expect(empty.components.filter { $0.kind == .psu }.count == 1)
    }

    @Test("without an address the probe says what to set, and a tree without a service says so")
    func absent() async throws {
        let scratch = try ScratchFolder()
        for tree in [SysTree(), SysTree(root: scratch.url.path)] {
            await #expect(throws: ProbeError.self) {
                try await RedfishProbe(tree: tree).observe(at: BMC.now, since: nil)
            }
        }
    }

    @Test("the address is configured, and is HTTPS; the secret is no part of what is shown")
    func configuration() throws {
        let scratch = try ScratchFolder()
        try scratch.write("secret", "monitor:secret\n")
        let path = scratch.url.appending(path: "secret").path
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        let configuration = try AgentConfiguration(
            text: "redfish = https://bmc.example\nredfish.credentials = \(path)\n")
        #expect(configuration.redfish?.credentials == "monitor:secret")
        #expect(!configuration.effective.contains("secret"))
        #expect(throws: (any Error).self) { try AgentConfiguration(text: "redfish = http://bmc.example\n") }
    }

    private func chassis(_ resources: [String: String]) async throws -> ProbeResult {
        let scratch = try ScratchFolder()
        func write(_ path: String, _ text: String) throws { try scratch.write("redfish/v1/\(path)index.json", text) }
        func link(_ path: String) -> String { "{\"@odata.id\": \"/redfish/v1/\(path)\"}" }
        try write("", "{\"Chassis\": \(link("Chassis"))}")
        try write("Chassis/", "{\"Members\": [\(link("Chassis/1U"))]}")
        let names = ["Thermal", "Power", "ThermalSubsystem", "PowerSubsystem", "Sensors"].map {
            "\"\($0)\": \(link("Chassis/1U/\($0)"))"
        }
        try write(
            "Chassis/1U/",
            "{\"@odata.id\": \"/redfish/v1/Chassis/1U\", \"@odata.type\": \"#Chassis.v1.Chassis\", "
                + "\(names.joined(separator: ", "))}")
        for (path, text) in resources { try write("Chassis/1U/\(path)/", text) }
        let result = try await RedfishProbe(tree: SysTree(root: scratch.url.path)).observe(at: BMC.now, since: nil)
        #expect(BMC.objections(to: result) == [])
        return result
    }

    private static let older = [
        "Thermal": """
        {"@odata.type": "#Thermal.v1.Thermal", "Temperatures": [{"Name": "Inlet", "ReadingCelsius": 21}],
        "Fans": [{"Name": "Fan 1", "Reading": 4200, "ReadingUnits": "RPM"}]}
        """,
        "Power": """
        {"@odata.type": "#Power.v1.Power", "PowerSupplies": [
        {"MemberId": "0", "Status": {"State": "Enabled", "Health": "Critical"}}]}
        """,
    ]

    @Test("the older resources are read where the newer cannot be, or hold nothing")
    func olderResources() async throws {
        let empty = ["ThermalSubsystem": "{\"@odata.type\": \"#ThermalSubsystem.v1.ThermalSubsystem\"}"]
        for resources in [Self.older, Self.older.merging(empty) { first, _ in first }] {
            let result = try await chassis(resources)
            #expect(BMC.measurement(result, "temperature:redfish/1U/Inlet", "hw.temperature") == .reading(21))
            #expect(BMC.measurement(result, "fan:redfish/1U/Fan 1", "hw.fan.speed") == .reading(4200))
            #expect(BMC.measurement(result, "psu:redfish/1U/0", "hw.status") == .state("failed"))
        }
    }

    @Test("temperatures of a whole chassis are read, each once and as the sensor that it is; its fans are told once")
    func thermalMetrics() async throws {
        var resources = Self.older
        resources["ThermalSubsystem"] = """
            {"@odata.type": "#ThermalSubsystem.v1.ThermalSubsystem",
            "Fans": {"@odata.id": "/redfish/v1/Chassis/1U/ThermalSubsystem/Fans"},
            "ThermalMetrics": {"@odata.id": "/redfish/v1/Chassis/1U/ThermalSubsystem/ThermalMetrics"}}
            """
        resources["ThermalSubsystem/Fans"] = """
            {"Members": [{"@odata.id": "/redfish/v1/Chassis/1U/ThermalSubsystem/Fans/A"}]}
            """
        resources["ThermalSubsystem/Fans/A"] = """
            {"@odata.id": "/redfish/v1/Chassis/1U/ThermalSubsystem/Fans/A", "@odata.type": "#Fan.v1.Fan", "Id": "A",
            "SpeedPercent": {"Reading": 40, "SpeedRPM": 8000}}
            """
        resources["ThermalSubsystem/ThermalMetrics"] = """
            {"@odata.id": "/redfish/v1/Chassis/1U/ThermalSubsystem/ThermalMetrics",
            "@odata.type": "#ThermalMetrics.v1.ThermalMetrics", "TemperatureReadingsCelsius": [
            {"DataSourceUri": "/redfish/v1/Chassis/1U/Sensors/CPU1", "DeviceName": "CPU 1", "Reading": 61},
            {"DataSourceUri": "/redfish/v1/Chassis/1U/Sensors/CPU2", "DeviceName": "CPU 2", "Reading": null}],
            "TemperatureSummaryCelsius": {"Intake": {"Reading": 23}}}
            """
        resources["Sensors"] = "{\"Members\": [{\"@odata.id\": \"/redfish/v1/Chassis/1U/Sensors/CPU1\"}]}"
        resources["Sensors/CPU1"] = """
            {"@odata.id": "/redfish/v1/Chassis/1U/Sensors/CPU1", "@odata.type": "#Sensor.v1.Sensor", "Id": "CPU1",
            "ReadingType": "Temperature", "Reading": 62}
            """
        let result = try await chassis(resources)
        let temperatures = result.observations.filter { $0.signal.name == "hw.temperature" }
        #expect(
            temperatures.map(\.component.rawValue).sorted() == [
                "temperature:redfish/1U/CPU1", "temperature:redfish/1U/CPU2", "temperature:redfish/1U/Intake",
            ])
        #expect(BMC.measurement(result, "temperature:redfish/1U/CPU1", "hw.temperature") == .reading(62))
        let silent = BMC.measurement(result, "temperature:redfish/1U/CPU2", "hw.temperature")
        #expect(silent == .unavailable(.notSupported))
        #expect(BMC.measurement(result, "temperature:redfish/1U/Intake", "hw.temperature") == .reading(23))
        #expect(result.components.filter { $0.kind == .fan }.map(\.id.rawValue) == ["fan:redfish/1U/A"])
        #expect(result.components.contains { $0.id.rawValue == "psu:redfish/1U/0" })
    }

    @Test("a code and a type of an entry may be lists of words, or of objects with one")
    func listedWords() throws {
        for (code, type) in [
            ("[{\"Member\": \"Deassert\"}]", "[{\"Member\": \"Battery\"}]"), ("[\"Deassert\"]", "[\"Battery\"]"),
            ("\"Deassert\"", "\"Battery\""),
        ] {
            let told = try result(
                """
                {"Members": [{"@odata.type": "#LogEntry.v1_3_0.LogEntry", "Created": "2025-10-16T05:18:36-05:00",
                "EntryCode": \(code), "EntryType": "SEL", "Id": "4", "Message": "The PERC2 battery is operating normally.",
                "SensorType": \(type), "Severity": "OK"}]}
                """)
            let entry = try #require(told.observations.first { $0.signal.name == "hw.event_log.entry" })
            #expect(entry.signal[label: "state"] == "deasserted")
            // The cache battery of a controller is none of the board's.
            #expect(entry.component.rawValue == "controller:ipmi/PERC2")
        }
    }

    @Test("a disk that is called well has not used up its life: 0 per cent left is a placeholder then")
    func lifeLeft() throws {
        func used(_ left: Int, _ health: String, _ predicted: Bool) throws -> Reports.Measurement? {
            let told = try result(
                """
                {"@odata.type": "#Drive.v1_9_0.Drive", "Id": "D", "SerialNumber": "S1", "MediaType": "SSD",
                "CapacityBytes": 1, "PredictedMediaLifeLeftPercent": \(left), "FailurePredicted": \(predicted),
                "Status": {"Health": "\(health)", "State": "Enabled"}}
                """)
            return told.observations.first { $0.signal.name == "hw.physical_disk.endurance_used" }?.measurement
        }
        #expect(try used(0, "OK", false) == .unavailable(.notPlausible))
        #expect(try used(0, "Warning", false) == .reading(1) && used(0, "OK", true) == .reading(1))
        #expect(try used(100, "OK", false) == .reading(0))
    }
}
