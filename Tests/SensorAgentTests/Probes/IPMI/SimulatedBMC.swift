import Foundation
import Testing

@testable import SensorAgent

/// OpenIPMI's simulated BMC, asked over loopback (RMCP+).
final class SimulatedBMC {
    /// ipmitool's options for it.
    let connection: [String]
    private let process = Process()

    /// - Parameter sensors: lines of the simulator's language, between the making of the BMC and its start.
    init(sensors: String, in scratch: ScratchFolder) async throws {
        let port = Int.random(in: 21_000..<29_000)
        // Given up after 2 tries of 2 s: where the BMC is gone, ipmitool itself would try for a minute and more.
        connection = [
            "-I", "lanplus", "-C", "3", "-N", "2", "-R", "2", "-H", "127.0.0.1", "-p", "\(port)", "-U", "ipmiusr", "-P",
            "test",
        ]
        try scratch.write(
            "bmc.emu",
            """
            mc_setbmc 0x20
            mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02
            sel_enable 0x20 1000 0x0a
            \(sensors)
            mc_enable 0x20

            """)
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
        process.executableURL = URL(filePath: "/usr/bin/ipmi_sim")
        process.arguments = [
            "-n", "-c", scratch.url.appending(path: "lan.conf").path, "-f", scratch.url.appending(path: "bmc.emu").path,
            "-s", scratch.url.appending(path: "state").path,
        ]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        for _ in 0..<50 {
            if try await run("ipmitool", connection + ["mc", "info"]).0 == 0 { return }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    deinit { stop() }

    func stop() { kill(process.processIdentifier, SIGKILL) }

    /// The command that adds a record, whose number and length the header gets here.
    static func add(record body: [UInt8], type: UInt8) -> String {
        let bytes = [0, 0, 0x51, type, UInt8(body.count)] + body
        return "main_sdr_add 0x20 " + bytes.map { "0x" + String($0, radix: 16) }.joined(separator: " ")
    }
}
