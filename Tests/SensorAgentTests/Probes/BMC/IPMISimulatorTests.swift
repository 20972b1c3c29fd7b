import Foundation
import Reports
import Testing

@testable import SensorAgent

/// ipmitool against OpenIPMI's simulated BMC over loopback (RMCP+): a real conversation with no recording in between.
@Suite("A simulated BMC", .enabled(if: isInstalled("ipmi_sim") && isInstalled("ipmitool")), .serialized)
struct IPMISimulatorTests {
    /// One temperature with limits, and the state of a power supply: full and compact sensor records (sections 43.1, 43.2).
    private static let emulation: String = {
        func hexadecimal(_ bytes: [UInt8]) -> String {
            bytes.map { "0x" + String($0, radix: 16) }.joined(separator: " ")
        }
        func name(_ text: String) -> [UInt8] { [0xC0 | UInt8(text.utf8.count)] + Array(text.utf8) }
        let temperature: [UInt8] =
            [
                0x20, 0, 1, 3, 1, 0x7F, 0x68, 1, 1, 0x80, 0x02, 0x80, 0x02, 0x18, 0x18, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0,
                0, 0,
            ]
            + [0, 255, 0, 0, 95, 85, 0, 0, 0, 1, 1, 0, 0, 0] + name("CPU1 Temp")
        let supply: [UInt8] =
            [
                0x20, 0, 16, 10, 1, 0x67, 0x40, 8, 0x6F, 0xFF, 0x0F, 0xFF, 0x0F, 0xFF, 0x0F, 0xC0, 0, 0, 1, 0, 0, 0, 0,
                0, 0, 0,
            ]
            + name("PS1 Status")
        return """
            mc_setbmc 0x20
            mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02
            sel_enable 0x20 1000 0x0a
            sensor_add 0x20 0 1 0x01 0x01
            sensor_set_value 0x20 0 1 45 0
            sensor_set_threshold 0x20 0 1 settable 011000 0 95 85 0 0 0
            sensor_set_event_support 0x20 0 1 enable scanning per-state 000000000000000 000000000000000 000000000000000 000000000000000
            main_sdr_add 0x20 \(hexadecimal([0, 0, 0x51, 1, UInt8(temperature.count)] + temperature))
            sensor_add 0x20 0 16 0x08 0x6f
            sensor_set_event_support 0x20 0 16 enable scanning per-state 000111111111111 000111111111111 000111111111111 000111111111111
            sensor_set_bit 0x20 0 16 0 1 0
            sensor_set_bit 0x20 0 16 3 1 0
            main_sdr_add 0x20 \(hexadecimal([0, 0, 0x51, 2, UInt8(supply.count)] + supply))
            mc_enable 0x20

            """
    }()

    @Test("sensors with limits, states and the event log come over the wire, each entry once")
    func conversation() async throws {
        let scratch = try ScratchFolder()
        let port = Int.random(in: 21_000..<29_000)
        try scratch.write("bmc.emu", Self.emulation)
        try scratch.write(
            "lan.conf",
            """
            name "test"
            set_working_mc 0x20
              startlan 1
                addr 127.0.0.1 \(port)
                priv_limit admin
                allowed_auths_admin none md2 md5 straight
                guid a123456789abcdefa123456789abcdef
              endlan
              user 2 true "ipmiusr" "test" admin 10 none md2 md5 straight

            """)
        try FileManager.default.createDirectory(
            at: scratch.url.appending(path: "state"), withIntermediateDirectories: true)
        let simulator = Process()
        simulator.executableURL = URL(filePath: "/usr/bin/ipmi_sim")
        simulator.arguments = [
            "-n", "-c", scratch.url.appending(path: "lan.conf").path, "-f", scratch.url.appending(path: "bmc.emu").path,
            "-s", scratch.url.appending(path: "state").path,
        ]
        simulator.standardInput = FileHandle.nullDevice
        simulator.standardOutput = FileHandle.nullDevice
        simulator.standardError = FileHandle.nullDevice
        try simulator.run()
        defer { kill(simulator.processIdentifier, SIGKILL) }
        let connection = [
            "-I", "lanplus", "-C", "3", "-H", "127.0.0.1", "-p", "\(port)", "-U", "ipmiusr", "-P", "test",
        ]
        for _ in 0..<50 {
            if try await run("ipmitool", connection + ["mc", "info"]).0 == 0 { break }
            try await Task.sleep(for: .milliseconds(100))
        }
        let probe = IPMI(
            tree: SysTree(root: scratch.url.path), cacheDirectory: scratch.url.path, connection: connection)
        let first = try await probe.observe(at: BMC.now, since: nil)
        #expect(BMC.objections(to: first) == [])
        #expect(BMC.measurement(first, "temperature:ipmi/CPU1 Temp", "hw.temperature") == .reading(45))
        let limit = "hw.temperature.limit{limit_type=\"high.critical\"}"
        #expect(BMC.measurement(first, "temperature:ipmi/CPU1 Temp", limit) == .reading(95))
        #expect(BMC.measurement(first, "psu:ipmi/1", "hw.psu.state{offset=\"input_lost\"}") == .state("asserted"))
        #expect(BMC.measurement(first, "psu:ipmi/1", "hw.psu.state{offset=\"failure\"}") == .state("clear"))
        #expect(BMC.measurement(first, "board:main", "hw.event_log.used") == .reading(0))
        // A power supply fails, and a correctable memory error is logged.
        try scratch.write(
            "events", "0x04 0x0c 0x12 0x6f 0xa0 0x01 0x02 # memory\n0x04 0x08 0x10 0x6f 0x01 0xff 0xff # psu\n")
        try await run("ipmitool", connection + ["sel", "add", scratch.url.appending(path: "events").path])
        let second = try await probe.observe(at: BMC.now + .seconds(60), since: first.cursor)
        #expect(BMC.measurement(second, "psu:ipmi/1", "hw.psu.state{offset=\"failure\"}") == .state("asserted"))
        #expect(second.observations.filter { $0.signal.name == "hw.memory.error" }.count == 1)
        let restarted = IPMI(
            tree: SysTree(root: scratch.url.path), cacheDirectory: scratch.url.path, connection: connection)
        let third = try await restarted.observe(at: BMC.now + .seconds(120), since: second.cursor)
        #expect(!third.observations.contains { $0.signal.name == "hw.event_log.entry" })
        // The BMC is gone: the look fails, and nothing is told to be well.
        kill(simulator.processIdentifier, SIGKILL)
        await #expect(throws: ProbeError.self) {
            try await restarted.observe(at: BMC.now + .seconds(180), since: third.cursor)
        }
    }
}
