import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("UPSs")
struct UPSTests {
    private func result(_ text: String) throws -> ProbeResult {
        try UPSVariables(parsing: Array(text.utf8)).result(name: "ups", at: BMC.now)
    }

    private func flag(_ result: ProbeResult, _ flag: String) -> Reports.Measurement? {
        result.observations.first { $0.signal == Signal("hw.ups.status", ["flag": flag]) }?.measurement
    }

    @Test("every recorded list of variables is parsed, or refused with a reason", .recorded("nut"))
    func recordings() throws {
        let files = Recordings.entries("nut")
        guard !files.isEmpty else { return }
        var parsed = 0
        var refused: [String] = []
        for file in files {
            do {
                let result = try UPSVariables(parsing: Array(try Data(contentsOf: file))).result(
                    name: "ups", at: BMC.now)
                #expect(BMC.objections(to: result) == [], "\(file.lastPathComponent)")
                parsed += 1
            } catch let refusal as UPSRefusal {
                refused.append("\(file.lastPathComponent): \(refusal)")
            }
        }
        print("nut: \(files.count) files, parsed \(parsed), refused \(refused.count): \(refused)")
        #expect(parsed + refused.count == files.count)
        #expect(refused.count == 1)
    }

    @Test("numbers are those that a script reads from the same list", .recorded("nut"))
    func independent() async throws {
        let script = Recordings.own("nut/upsc.py").path
        var compared = 0
        for file in Recordings.entries("nut").enumerated().filter({ $0.offset % 10 == 0 }).map(\.element) {
            let (status, data) = try await run("python3", [script, file.path])
            #expect(status == 0)
            let numbers = try JSONDecoder().decode([String: Double].self, from: data)
            guard let variables = try? UPSVariables(parsing: Array(try Data(contentsOf: file))) else { continue }
            let result = variables.result(name: "ups", at: BMC.now)
            let told = Dictionary(
                result.observations.map { ($0.signal.description, $0.measurement) },
                uniquingKeysWith: { first, _ in first })
            for (name, signal) in [
                ("input.voltage", "hw.ups.input_voltage"), ("battery.voltage", "hw.battery.voltage"),
            ] {
                // What the UPS itself contradicts is no reading.
                guard let number = numbers[name], told[signal] != .unavailable(.notPlausible) else { continue }
                #expect(told[signal] == .reading(number), "\(file.lastPathComponent) \(name)")
                compared += 1
            }
            if let charge = numbers["battery.charge"], charge <= 100 {
                #expect(told["hw.battery.charge"] == .reading(charge / 100))
                compared += 1
            }
        }
        print("nut: \(compared) values compared with a script's")
    }

    @Test("on line and on battery at once is neither, and an empty status says nothing")
    func contradiction() throws {
        let both = try result("ups.status: OL DISCHRG OB\t#BAD: Actually the UPS is online.\n")
        #expect(flag(both, "OB") == .unavailable(.malformed))
        #expect(flag(both, "OL") == .unavailable(.malformed))
        #expect(flag(both, "DISCHRG") == .state("asserted"))
        let empty = try result("ups.status:\nups.load: 12\n")
        #expect(flag(empty, "OB") == .unavailable(.malformed))
        let off = try result("ups.status: OL OFF\n")
        #expect(flag(off, "OFF") == .unavailable(.malformed))
        #expect(flag(off, "LB") == .state("clear"))
    }

    @Test("a load of 562020 % is none, and is kept as it was read")
    func load() throws {
        let wild = try result("ups.status: OL\nups.load: 562020.0\n")
        #expect(wild.observations.first { $0.signal.name == "hw.ups.load" }?.measurement == .unavailable(.notPlausible))
        #expect(wild.asRead.map(\.value) == [562_020])
        let sane = try result("ups.status: OL\nups.load: 23\n")
        #expect(sane.observations.first { $0.signal.name == "hw.ups.load" }?.measurement == .reading(0.23))
    }

    @Test("a temperature that no UPS can have is none, and is kept as it was read", arguments: ["255", "-213", "1e9"])
    func temperature(_ text: String) throws {
        let wild = try result("ups.status: OL\nups.temperature: \(text)\nbattery.temperature: 25.5\n")
        let told = wild.observations.filter { $0.signal.name == "hw.ups.temperature" }.map(\.measurement)
        #expect(told == [.unavailable(.notPlausible), .reading(25.5)])
        #expect(wild.asRead.map(\.value) == [Double(text)])
        #expect(wild.asRead.map(\.source) == ["ups.temperature"])
    }

    @Test("a battery's age is counted from the date that was set, never from the factory's default")
    func age() throws {
        func age(_ text: String) throws -> Reports.Measurement? {
            try result("ups.status: OL\n\(text)\n").observations.first { $0.signal.name == "hw.battery.age" }?
                .measurement
        }
        #expect(try age("battery.mfr.date: 2001/01/01") == nil)
        // 2025-11-21T08:00:00Z minus 2024-11-21.
        #expect(try age("battery.date: 2024/11/21") == .reading(365 * 86_400 + 28_800))
        #expect(try age("battery.date: 11/21/24") == .reading(365 * 86_400 + 28_800))
        #expect(try age("battery.date: 2031/11/21") == nil)
    }

    private func told(_ text: String, _ signal: Signal) throws -> Reports.Measurement? {
        try result(text).observations.first { $0.signal == signal }?.measurement
    }

    @Test("of two dates of the battery the newest that can be true counts, in either order")
    func newestDate() throws {
        let age = Signal("hw.battery.age")
        let year = 365.0 * 86_400 + 28_800
        #expect(try told("battery.date: 2003/09/25\nbattery.mfr.date: 2024/11/21\n", age) == .reading(year))
        #expect(try told("battery.date: 2024/11/21\nbattery.mfr.date: 2019/07/02\n", age) == .reading(year))
        #expect(try told("battery.date: 2040/01/01\nbattery.mfr.date: 2024/11/21\n", age) == .reading(year))
        #expect(try told("battery.date: CPS\nbattery.mfr.date: 2024/11/21\n", age) == .reading(year))
    }

    @Test("run times at a counter's end or below nothing, and mains of thousands of volts, are no readings")
    func placeholders() throws {
        let time = Signal("hw.battery.time_left")
        #expect(try told("battery.runtime: 65535\n", time) == .unavailable(.notPlausible))
        #expect(try told("battery.runtime: -60\n", time) == .unavailable(.notPlausible))
        #expect(try told("battery.runtime: 5100\n", time) == .reading(5100))
        let mains = Signal("hw.ups.input_voltage")
        #expect(try told("ups.status: OL\ninput.voltage: 2320.0\n", mains) == .unavailable(.notPlausible))
        #expect(try told("ups.status: OL\ninput.voltage: 0.0\n", mains) == .reading(0))
    }

    @Test("mains that the UPS would leave are none while it is on them and neither raises nor lowers them")
    func contradictedMains() throws {
        let limits = "input.transfer.low: 160\ninput.transfer.high: 278\n"
        let mains = Signal("hw.ups.input_voltage")
        #expect(try told("ups.status: OL\ninput.voltage: 99\n\(limits)", mains) == .unavailable(.notPlausible))
        #expect(try told("ups.status: OL\ninput.voltage: 330\n\(limits)", mains) == .unavailable(.notPlausible))
        for status in ["OL BOOST", "OB DISCHRG", "OL BYPASS"] {
            #expect(try told("ups.status: \(status)\ninput.voltage: 99\n\(limits)", mains) == .reading(99))
        }
        #expect(try told("ups.status: OL\ninput.voltage: 231\n\(limits)", mains) == .reading(231))
    }

    @Test("limits of another network hide no mains: a voltage and its nominal one that agree are two against them")
    func foreignLimits() throws {
        let limits = "ups.status: OL\ninput.transfer.low: 92\ninput.transfer.high: 139\n"
        let voltage = Signal("hw.ups.input_voltage")
        #expect(try told(limits + "input.voltage: 201\ninput.voltage.nominal: 230\n", voltage) == .reading(201))
        #expect(
            try told(
                limits + "input.voltage: 201\ninput.voltage.nominal: 230\n", Signal("hw.ups.input_voltage.nominal"))
                == .reading(230))
        // Without a second word nobody knows which is wrong.
        #expect(try told(limits + "input.voltage: 201\n", voltage) != .reading(201))
        #expect(try told(limits + "input.voltage: 201\ninput.voltage.nominal: 120\n", voltage) != .reading(201))
    }

    @Test("nominal mains and transfer limits are limits, where they agree with each other")
    func transferLimits() throws {
        let text = "ups.status: OL\ninput.voltage.nominal: 100\ninput.transfer.low: 90\ninput.transfer.high: 113\n"
        let low = Signal("hw.ups.input_voltage.limit", ["limit_type": "low.critical"])
        let high = Signal("hw.ups.input_voltage.limit", ["limit_type": "high.critical"])
        #expect(try told(text, low) == .reading(90) && told(text, high) == .reading(113))
        #expect(try told(text, Signal("hw.ups.input_voltage.nominal")) == .reading(100))
        let wrong = text.replacing("nominal: 100", with: "nominal: 230")
        #expect(try told(wrong, Signal("hw.ups.input_voltage.nominal")) == .unavailable(.notPlausible))
        let swapped = "ups.status: OL\ninput.transfer.low: 300\ninput.transfer.high: 200\n"
        #expect(try told(swapped, low) == .unavailable(.unset))
    }

    @Test("a battery that is full and called well has its voltage; another pack's or a wrong scale's is no reading")
    func batteryVoltage() throws {
        let voltage = Signal("hw.battery.voltage")
        func told(_ status: String, _ charge: Int, _ volts: Double, _ nominal: Int) throws -> Reports.Measurement? {
            try self.told(
                "ups.status: \(status)\nbattery.charge: \(charge)\nbattery.voltage: \(volts)\n"
                    + "battery.voltage.nominal: \(nominal)\n", voltage)
        }
        #expect(try told("OL", 100, 16, 24) == .unavailable(.notPlausible))
        #expect(try told("OL", 100, 2.3, 22) == .unavailable(.notPlausible))
        #expect(try told("OL", 100, 91.3, 12) == .unavailable(.notPlausible))
        // These a bad battery can show.
        #expect(try told("OL RB", 100, 16, 24) == .reading(16))
        #expect(try told("OL CHRG", 40, 16, 24) == .reading(16))
        #expect(try told("OB DISCHRG", 100, 16, 24) == .reading(16))
        #expect(try told("OL", 100, 27.1, 24) == .reading(27.1))
    }

    @Test("what upsc does not print is refused, and ten megabytes are bounded")
    func hostile() throws {
        for bytes in [[], [UInt8](repeating: 0xFF, count: 4096), Array("Error: Unknown UPS\n".utf8)] {
            #expect(throws: UPSRefusal.self) { try UPSVariables(parsing: bytes) }
        }
        let flood = (0..<200_000).map { "ups.x\($0): 1\n" }.joined()
        #expect(try UPSVariables(parsing: Array(flood.utf8)).values.count == UPSVariables.variableLimit)
    }

    @Test("each time the mains go counts once, whatever is unknown meanwhile; a test of the battery is none")
    func powerLosses() {
        var history = MainsHistory()
        func losses(_ statuses: String...) -> UInt64 {
            for status in statuses {
                var variables = UPSVariables()
                variables.set("ups.status", status)
                history.take(variables.isOnMains)
            }
            return history.losses
        }
        #expect(losses("OB DISCHRG", "OL CHRG") == 0, "it was on battery when it was first seen")
        #expect(losses("OB DISCHRG", "OB LB", "OB LB") == 1)
        #expect(losses("OL", "", "WAIT", "OL OB", "OB") == 2)
        #expect(losses("OL", "OB TEST", "OL CAL DISCHRG", "OL") == 2)
    }

    @Test("words of the protocol stand between blanks or in quotes")
    func words() {
        #expect(
            UPSProbe.words("VAR su700 ups.mfr \"APC \\\"inc\\\" \\\\\"") == [
                "VAR", "su700", "ups.mfr", "APC \"inc\" \\",
            ])
        #expect(UPSProbe.words("VAR a b \"\"") == ["VAR", "a", "b", ""])
    }

    /// Starts `program` and waits until something listens on `port`.
    private func serving(
        _ program: String, _ arguments: [String], _ environment: [String: String] = [:], port: UInt16
    ) async throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        for _ in 0..<200 {
            if (try? LineConnection(loopbackPort: port, deadline: .seconds(1))) != nil { return process }
            try await Task.sleep(for: .milliseconds(50))
        }
        return process
    }

    @Test(
        "a server that speaks the protocol is asked for every UPS; a stale one is unavailable, and one that hangs is late"
    )
    func scripted() async throws {
        let scratch = try ScratchFolder()
        try scratch.write(
            "server.py",
            """
            import socket, sys
            server = socket.socket(); server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind(("127.0.0.1", int(sys.argv[1]))); server.listen(8)
            while True:
                connection, _ = server.accept()
                for line in connection.makefile():
                    line = line.strip()
                    if line == "LIST UPS":
                        answer = 'BEGIN LIST UPS\\nUPS one "first"\\nUPS two "second"\\nUPS four "4"\\nUPS five "5"\\nEND LIST UPS\\n'
                    elif line == "LIST VAR one":
                        answer = 'BEGIN LIST VAR one\\nVAR one ups.status "OB LB"\\nVAR one input.voltage "0.0"\\n'
                        answer += 'VAR one ups.serial "S 1"\\nEND LIST VAR one\\n'
                    elif line in ("LIST VAR four", "LIST VAR five"):
                        name = line.split()[2]
                        answer = f'BEGIN LIST VAR {name}\\nVAR {name} ups.status "OL"\\n'
                        answer += f'VAR {name} ups.serial "T2"\\nEND LIST VAR {name}\\n'
                    elif line == "LIST VAR two":
                        answer = "ERR DATA-STALE\\n"
                    else:
                        break
                    connection.sendall(answer.encode())
                connection.close()
            """)
        let port = UInt16.random(in: 20_000..<30_000)
        let server = try await serving(
            "python3", [scratch.url.appending(path: "server.py").path, "\(port)"], port: port)
        defer { kill(server.processIdentifier, SIGKILL) }
        let probe = UPSProbe(tree: SysTree(), port: port)
        let result = try await probe.observe(at: BMC.now, since: nil)
        #expect(BMC.objections(to: result) == [])
        #expect(BMC.measurement(result, "ups:S_1", "hw.ups.status{flag=\"OB\"}") == .state("asserted"))
        #expect(BMC.measurement(result, "ups:S_1", "hw.ups.input_voltage") == .reading(0))
        #expect(BMC.measurement(result, "ups:S_1", "hw.power_loss") == .counter(0))
        #expect(BMC.measurement(result, "ups:two", "hw.ups.status{flag=\"OB\"}") == .unavailable(.readError))
        // One number on two, of which the cord of one may be pulled.
        let twins = result.components.filter { $0.kind == .ups && $0.attributes["ambiguous"] != nil }
        #expect(twins.map(\.id.rawValue) == ["ups:T2@four", "ups:T2@five"])
    }

    @Test("where nobody listens the probe says what to install")
    func nobody() async throws {
        let probe = UPSProbe(tree: SysTree(), port: 1)
        await #expect {
            try await probe.observe(at: BMC.now, since: nil)
        } throws: { error in
            if case ProbeError.absent(let because) = error { because.contains("nut-server") } else { false }
        }
    }

    @Test(
        "the real upsd tells of its dummy UPS",
        .enabled(
            if: FileManager.default.isExecutableFile(atPath: "/lib/nut/upsd")
                && FileManager.default.isExecutableFile(atPath: "/lib/nut/dummy-ups")))
    func real() async throws {
        let scratch = try ScratchFolder()
        let folder = scratch.url.path
        let port = UInt16.random(in: 30_000..<32_000)
        try scratch.write("ups.conf", "[lab]\ndriver = dummy-ups\nport = lab.dev\ndesc = \"of the test\"\n")
        try scratch.write(
            "lab.dev",
            "ups.status: OB DISCHRG\ninput.voltage: 3.5\nbattery.charge: 87\nups.load: 41\nups.serial: LAB7\n")
        try scratch.write("upsd.conf", "LISTEN 127.0.0.1 \(port)\nSTATEPATH \(folder)\n")
        try scratch.write("upsd.users", "")
        let environment = ["NUT_CONFPATH": folder, "NUT_STATEPATH": folder, "NUT_ALTPIDPATH": folder]
        let driver = Process()
        driver.executableURL = URL(filePath: "/lib/nut/dummy-ups")
        driver.arguments = ["-a", "lab", "-u", "root", "-F"]
        driver.environment = environment
        driver.standardOutput = FileHandle.nullDevice
        driver.standardError = FileHandle.nullDevice
        try driver.run()
        defer { kill(driver.processIdentifier, SIGKILL) }
        let server = try await serving("/lib/nut/upsd", ["-u", "root", "-F"], environment, port: port)
        defer { kill(server.processIdentifier, SIGKILL) }
        let probe = UPSProbe(tree: SysTree(), port: port)
        var told: Reports.Measurement?
        for _ in 0..<100 where told == nil {
            let result = try await probe.observe(at: BMC.now, since: nil)
            told = BMC.measurement(result, "ups:LAB7", "hw.ups.status{flag=\"OB\"}")
            if told == .state("asserted") {
                #expect(BMC.measurement(result, "ups_battery:LAB7", "hw.battery.charge") == .reading(0.87))
                #expect(BMC.measurement(result, "ups:LAB7", "hw.ups.load") == .reading(0.41))
            } else {
                try await Task.sleep(for: .milliseconds(100))
            }
        }
        #expect(told == .state("asserted"))
    }
}

@Suite("Power supplies of the kernel")
struct PowerSupplyTests {
    @Test("an adapter without power, a battery with its charge, and no mouse")
    func tree() async throws {
        let scratch = try ScratchFolder()
        let folder = "sys/class/power_supply"
        try scratch.write("\(folder)/AC/type", "Mains\n")
        try scratch.write("\(folder)/AC/online", "0\n")
        for (file, text) in [
            ("type", "Battery"), ("present", "1"), ("voltage_now", "12229000"), ("voltage_min_design", "10800000"),
            ("capacity", "98"), ("status", "Unknown"), ("serial_number", " 38109"), ("health", "Dead"),
        ] { try scratch.write("\(folder)/BAT0/\(file)", text + "\n") }
        try scratch.write("\(folder)/mouse/type", "Battery\n")
        try scratch.write("\(folder)/mouse/scope", "Device\n")
        try scratch.write("\(folder)/gone/uevent", "\n")
        let result = try await PowerSupplyProbe(tree: SysTree(root: scratch.url.path)).observe(at: BMC.now, since: nil)
        #expect(BMC.objections(to: result) == [])
        #expect(result.components.map(\.id.rawValue) == ["psu:AC", "ups_battery:BAT0-38109"])
        #expect(BMC.measurement(result, "psu:AC", "hw.psu.state{offset=\"input_lost\"}") == .state("asserted"))
        #expect(BMC.measurement(result, "ups_battery:BAT0-38109", "hw.battery.state") == .state("failed"))
        #expect(BMC.measurement(result, "ups_battery:BAT0-38109", "hw.battery.charge") == .reading(0.98))
    }

    @Test("a machine without any says so")
    func absent() async throws {
        let scratch = try ScratchFolder()
        await #expect(throws: ProbeError.self) {
            try await PowerSupplyProbe(tree: SysTree(root: scratch.url.path)).observe(at: BMC.now, since: nil)
        }
    }

    @Test("the recorded trees are read", .recorded("sysfs"))
    func recorded() async throws {
        var read = 0
        for tree in Recordings.entries("sysfs") where tree.hasDirectoryPath {
            let probe = PowerSupplyProbe(tree: SysTree(root: tree.path))
            if let result = try? await probe.observe(at: BMC.now, since: nil) {
                #expect(BMC.objections(to: result) == [], "\(tree.lastPathComponent)")
                read += 1
            }
        }
        print("power-supplies: \(read) recorded trees read")
    }
}
