import Foundation
import TestSupport
import Testing

/// `callhome doctor` and `callhome-agent coverage` on a made-up server.
@Suite("The doctor", .serialized)
struct DoctorTests {
    private let folder: URL
    private let agent: Program

    /// A server with a RAID card of Dell, a UPS on USB, memory without ECC driver, and none of the programs for them.
    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "callhome-doctor-\(UUID().uuidString)")
        let card = "root/sys/devices/pci0000:00/0000:00:01.0/0000:03:00.0"
        let files = [
            "\(card)/class": "0x010400", "\(card)/vendor": "0x1000", "\(card)/device": "0x005d",
            "\(card)/subsystem_vendor": "0x1028", "\(card)/subsystem_device": "0x1f47",
            "\(card)/current_link_speed": "8.0 GT/s PCIe", "\(card)/current_link_width": "8",
            "\(card)/max_link_speed": "8.0 GT/s PCIe", "\(card)/max_link_width": "8",
            "root/sys/devices/pci0000:00/usb1/1-2/idVendor": "051d",
            "root/sys/devices/pci0000:00/usb1/1-2/product": "Smart-UPS 1500",
            "root/proc/cpuinfo": "vendor_id\t: AuthenticAMD\nmodel\t\t: 1\nflags\t\t: fpu\n",
            "root/etc/machine-id": "0123456789abcdef0123456789abcdef",
            "agent.conf": """
            state.directory = \(folder.path)/state
            control.socket = \(folder.path)/a.sock
            patterns.pack = \(folder.path)/patterns.json
            root = \(folder.path)/root
            """,
        ]
        for (path, text) in files {
            let file = folder.appending(path: path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Site.write(text, to: file)
        }
        for (link, target) in [
            ("root/sys/bus/pci/devices/0000:03:00.0", "../../../devices/pci0000:00/0000:00:01.0/0000:03:00.0"),
            ("root/sys/bus/usb/devices/1-2", "../../../devices/pci0000:00/usb1/1-2"),
        ] {
            let path = folder.appending(path: link)
            try FileManager.default.createDirectory(
                at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(atPath: path.path, withDestinationPath: target)
        }
        try FileManager.default.copyItem(
            at: ShippedPackFile.url(), to: folder.appending(path: "patterns.json"))
        agent = Program(
            "agent", Program.built("callhome-agent"), ["run", "--config", "\(folder.path)/agent.conf"], in: folder)
    }

    private func doctor(_ arguments: String...) throws -> (status: Int32, output: String) {
        try Program.run(
            Program.built("callhome"), ["doctor", "--socket", "\(folder.path)/a.sock"] + arguments)
    }

    @Test("The doctor names program, package and file for what this server has, in the language that is wanted")
    func checklist() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try agent.start()
        defer { agent.killNow() }
        let english = try await eventually(within: .seconds(60), "the doctor knows the card") {
            let answer = try doctor("--language", "en")
            return answer.output.contains("perccli64") && answer.output.contains("Smart-UPS") ? answer : nil
        }
        #expect(english.status == 1, "something is to be done")
        for words in [
            "[ ] 1. This server is not joined to a collector", "callhome-collector tokens create",
            "Get perccli64 from the support pages of Dell", "A UPS is plugged in (Smart-UPS 1500)",
            "apt-get install nut-server", "/etc/nut/ups.conf", "modprobe amd64_edac", "apt-get install smartmontools",
            "modprobe k10temp", "What to do: ", "kinds of failure that this server can have would be seen.",
        ] { #expect(english.output.contains(words), "\(words) is missing in \(english.output)") }
        for words in ["sensors-detect", "Was zu tun ist", "[-]"] {
            #expect(!english.output.contains(words), "\(words) stands in \(english.output)")
        }
        let german = try doctor("--language", "de", "--all")
        for words in [
            "Holen Sie perccli64 von den Support-Seiten von Dell", "Eine USV ist angeschlossen (Smart-UPS 1500)",
            "Was zu tun ist: ", "[-]", "würden gesehen.",
        ] { #expect(german.output.contains(words), "\(words) is missing in \(german.output)") }
        let json = try Program.run(
            Program.built("callhome"), ["doctor", "--socket", "\(folder.path)/a.sock", "--json"])
        let items = try #require(
            try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]])
        let tasks = items.filter { $0["state"] as? String == "task" }
        #expect(tasks.count >= 5)
        #expect(tasks.allSatisfy { ($0["step"] as? String)?.isEmpty == false }, "a task without a step helps nobody")
        #expect(try doctor("--language", "fr").status == 64)
    }

    @Test("Status names the patterns of a newer pack that this agent cannot read, in the language that is wanted")
    func skippedPatterns() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let pack = folder.appending(path: "patterns.json")
        let text = String(decoding: try Data(contentsOf: pack), as: UTF8.self)
        let newer = text.replacingOccurrences(of: "hw.ups.load", with: "hw.ups.newer")
        #expect(newer != text)
        try Site.write(newer, to: pack)
        try agent.start()
        defer { agent.killNow() }
        func status(_ language: String) throws -> String {
            try Program.run(
                Program.built("callhome"), ["status", "--socket", "\(folder.path)/a.sock", "--language", language]
            ).output
        }
        let english = try await eventually(within: .seconds(60), "the agent answers") {
            let answer = try status("en")
            return answer.contains("patterns  ") ? answer : nil
        }
        #expect(english.contains("of this pack cannot be read by this agent"), "\(english)")
        #expect(english.contains("ups.battery-capacity") && english.contains("hw.ups.newer"), "\(english)")
        #expect(english.contains("Update the agent: apt-get update"), "\(english)")
        let german = try status("de")
        #expect(german.contains("kann dieser Agent nicht lesen") && german.contains("Aktualisieren Sie"), "\(german)")
    }

    @Test("Coverage says the same without an agent that runs, and refuses a language that it has not")
    func coverage() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        func coverage(_ arguments: String...) throws -> (status: Int32, output: String) {
            try Program.run(
                Program.built("callhome-agent"),
                ["coverage", "--config", "\(folder.path)/agent.conf"] + arguments)
        }
        let german = try coverage("--language", "de")
        #expect(german.status == 1)
        #expect(german.output.contains("Holen Sie perccli64"), "\(german.output)")
        #expect(german.output.contains("Die Batterie des RAID-Controllers ist defekt"), "\(german.output)")
        #expect(try coverage("--language", "en").output.contains("Get perccli64"))
        let refused = try coverage("--language", "xx")
        #expect(refused.status == 64 && refused.output.contains("no texts in the language xx"), "\(refused.output)")
    }
}
