import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("PCI devices")
struct PCIDevicesTests {
    static let now = Timestamp(seconds: 1_763_712_000)
    private static let correctable = "RxErr 2\nBadTLP 1\nBadDLLP 0\nTOTAL_ERR_COR 3\n"
    private static let fatal = "Undefined 0\nDLP 0\nTOTAL_ERR_FATAL 0\n"

    /// A root port, a switch, and below it a disk controller and a card of two functions.
    private func machine() throws -> ScratchFolder {
        let scratch = try ScratchFolder()
        let root = "pci0000:00/0000:00:01.0"
        let up = "\(root)/0000:01:00.0"
        let functions: [(path: String, classCode: String, speed: String, width: String)] = [
            (root, "0x060400", "16.0 GT/s PCIe", "16"), (up, "0x060400", "16.0 GT/s PCIe", "16"),
            ("\(up)/0000:02:01.0", "0x060400", "8.0 GT/s PCIe", "8"),
            ("\(up)/0000:02:01.0/0000:03:00.0", "0x010700", "16.0 GT/s PCIe", "16"),
            ("\(up)/0000:02:02.0", "0x060400", "16.0 GT/s PCIe", "4"),
            ("\(up)/0000:02:02.0/0000:04:00.0", "0x020000", "8.0 GT/s PCIe", "8"),
            ("\(up)/0000:02:02.0/0000:04:00.1", "0x020000", "8.0 GT/s PCIe", "8"),
        ]
        for function in functions {
            let folder = "sys/devices/\(function.path)"
            for (file, text) in [
                ("class", function.classCode), ("vendor", "0x1000"), ("device", "0x00e6"),
                ("subsystem_vendor", "0x1028"), ("subsystem_device", "0x1f9c"), ("revision", "0x02"),
                ("max_link_speed", function.speed), ("max_link_width", function.width),
                ("current_link_speed", "8.0 GT/s PCIe"), ("current_link_width", "4"),
                ("aer_dev_correctable", Self.correctable), ("aer_dev_fatal", Self.fatal),
                ("power/runtime_status", "active"),
            ] { try scratch.write("\(folder)/\(file)", text + "\n") }
            let name = String(function.path.split(separator: "/").last ?? "")
            try scratch.link("sys/bus/pci/devices/\(name)", to: "../../../devices/\(function.path)")
        }
        return scratch
    }

    private func observe(_ scratch: ScratchFolder) async throws -> ProbeResult {
        try await PCIeProbe(tree: SysTree(root: scratch.url.path)).observe(at: Self.now, since: nil)
    }

    private func value(_ result: ProbeResult, _ address: String, _ signal: Signal) -> Reports.Measurement? {
        result.observations.first { $0.component.rawValue == "pcie_device:\(address)" && $0.signal == signal }?
            .measurement
    }

    private static let speed = Signal("hw.pcie.link_speed")
    private static let width = Signal("hw.pcie.link_width")
    private static let speedLimit = Signal("hw.pcie.link_speed.limit", ["limit_type": "rated.high"])
    private static let widthLimit = Signal("hw.pcie.link_width.limit", ["limit_type": "rated.high"])
    private static let total = Signal("hw.pcie.errors", ["severity": "correctable", "error": "TOTAL_ERR_COR"])

    private let card = "sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/0000:02:01.0/0000:03:00.0"

    @Test("a function hangs on the bridge above it, and a disk controller on its function")
    func parents() async throws {
        let result = try await observe(try machine())
        let parents = Dictionary(uniqueKeysWithValues: result.components.map { ($0.id.rawValue, $0.parent?.rawValue) })
        #expect(parents["pcie_device:0000:00:01.0"] == .some(nil))
        #expect(parents["pcie_device:0000:03:00.0"] == "pcie_device:0000:02:01.0")
        #expect(parents["controller:0000:03:00.0"] == "pcie_device:0000:03:00.0")
        #expect(parents["pcie_device:0000:04:00.1"] == "pcie_device:0000:02:02.0")
        #expect(!parents.keys.contains("controller:0000:04:00.0"))
    }

    @Test("a link is told of once, by its lower end and the first function, and may be as good as both ends are")
    func links() async throws {
        let result = try await observe(try machine())
        let tellers = Set(result.observations.filter { $0.signal == Self.speed }.map(\.component.rawValue))
        #expect(tellers == ["pcie_device:0000:01:00.0", "pcie_device:0000:03:00.0", "pcie_device:0000:04:00.0"])
        #expect(value(result, "0000:03:00.0", Self.speedLimit) == .reading(8))
        #expect(value(result, "0000:03:00.0", Self.widthLimit) == .reading(8))
        #expect(value(result, "0000:04:00.0", Self.speedLimit) == .reading(8))
        #expect(value(result, "0000:04:00.0", Self.widthLimit) == .reading(4))
        #expect(value(result, "0000:04:00.0", Self.speed) == .reading(8))
        #expect(value(result, "0000:04:00.0", Self.width) == .reading(4))
    }

    @Test("errors that never happened are told by the total alone")
    func errors() async throws {
        let result = try await observe(try machine())
        let names = result.observations.filter { $0.component.rawValue == "pcie_device:0000:03:00.0" }
            .compactMap { $0.signal[label: "error"] }
        #expect(names == ["RxErr", "BadTLP", "TOTAL_ERR_COR", "faults", "TOTAL_ERR_FATAL", "faults"])
        #expect(value(result, "0000:03:00.0", Self.total) == .counter(3))
    }

    @Test("the sum of faults leaves out advisories, unknown requests and pulled devices, in old and new words")
    func faults() throws {
        func faults(_ text: String) throws -> UInt64 { try #require(AERCounters(parsing: text)).faults }
        #expect(try faults("RxErr 2\nBadTLP 1\nNonFatalErr 9\nHeaderOF 4\nTOTAL_ERR_COR 16\n") == 3)
        #expect(try faults("Receiver Error 2\nAdvisory Non-Fatal 9\nTOTAL_ERR_COR 11\n") == 2)
        #expect(try faults("TLP 1\nUnsupReq 70\nACSViol 3\nUnxCmplt 2\nSDES 1\nTOTAL_ERR_NONFATAL 77\n") == 1)
        #expect(try faults("Poisoned TLP 1\nUnsupported Request 70\nTOTAL_ERR_NONFATAL 71\n") == 1)
        #expect(try faults("DLP 18446744073709551615\nTLP 1\nTOTAL_ERR_FATAL 1\n") == .max)
    }

    @Test("a device that the kernel has powered down is not asked")
    func asleep() async throws {
        let scratch = try machine()
        try scratch.write("\(card)/power/runtime_status", "suspended\n")
        let result = try await observe(scratch)
        #expect(value(result, "0000:03:00.0", Self.speed) == .unavailable(.asleep))
        #expect(value(result, "0000:03:00.0", Self.total) == .counter(3))
    }

    @Test(
        "a link that answers nonsense is unavailable, and no link of no lanes",
        arguments: [
            ("Unknown", "63"), ("-8 GT/s", "-1"), ("9999 GT/s", "33"), ("8.0 GB/s", "x8"), ("\u{FFFD}\u{7F}", "0"),
        ])
    func nonsense(speed: String, width: String) async throws {
        let scratch = try machine()
        try scratch.write("\(card)/current_link_speed", speed)
        try scratch.write("\(card)/current_link_width", width)
        let result = try await observe(scratch)
        #expect(value(result, "0000:03:00.0", Self.speed) == .unavailable(.readError))
        #expect(value(result, "0000:03:00.0", Self.width) == .unavailable(.readError))
    }

    @Test(
        "counts that are garbage, empty, endless or without a total are unavailable, and the others are still read",
        arguments: [
            "", "RxErr\n", "RxErr many\nTOTAL_ERR_COR 1\n", "RxErr 1\n", "TOTAL_ERR_COR -1\n",
            String(repeating: "RxErr 1\n", count: 100) + "TOTAL_ERR_COR 1\n",
            String(repeating: "x", count: 10 << 20), "\u{FFFD}\u{0}\u{7F}",
        ])
    func garbage(text: String) async throws {
        let scratch = try machine()
        try scratch.write("\(card)/aer_dev_correctable", text)
        let result = try await observe(scratch)
        guard case .unavailable(let reason)? = value(result, "0000:03:00.0", Self.total) else {
            Issue.record("a total was read of \(text.prefix(40))")
            return
        }
        #expect(reason == .malformed)
        #expect(value(result, "0000:04:00.0", Self.total) == .counter(3))
    }

    @Test("a device that vanishes between list and read makes its own values unavailable")
    func vanishes() async throws {
        let scratch = try machine()
        let probe = PCIeProbe(tree: SysTree(root: scratch.url.path))
        _ = try await probe.observe(at: Self.now, since: nil)
        try FileManager.default.removeItem(at: scratch.url.appending(path: card))
        let result = try await probe.observe(at: Self.now + .seconds(60), since: nil)
        #expect(value(result, "0000:03:00.0", Self.total) == .unavailable(.notSupported))
        #expect(value(result, "0000:03:00.0", Self.speed) == .unavailable(.notSupported))
        #expect(value(result, "0000:04:00.0", Self.total) == .counter(3))
    }

    @Test("virtual functions and what a processor shows of its own inside are no components")
    func leftOut() async throws {
        let scratch = try machine()
        for (name, text) in [("class", "0x088000"), ("vendor", "0x8086"), ("device", "0x2021")] {
            try scratch.write("sys/devices/pci0000:00/0000:00:04.0/\(name)", text)
        }
        try scratch.link("sys/bus/pci/devices/0000:00:04.0", to: "../../../devices/pci0000:00/0000:00:04.0")
        try scratch.write("\(card)/physfn/class", "0x010700")
        let names = try await observe(scratch).components.map(\.id.rawValue)
        #expect(!names.contains("pcie_device:0000:00:04.0"))
        #expect(!names.contains("pcie_device:0000:03:00.0"))
        #expect(names.contains("pcie_device:0000:04:00.0"))
    }

    @Test("the board's own word for a slot counts before the kernel's number, also where the table names the port")
    func slots() async throws {
        let scratch = try machine()
        try scratch.write("sys/bus/pci/slots/7/address", "0000:03:00\n")
        try scratch.write("sys/bus/pci/slots/9/address", "0000:04:00\n")
        // Segment 0, bus 2, device 1: the port above 03:00.0.
        var area = [UInt8](repeating: 0, count: 0x11 - 4)
        area[0] = 1
        area[0x0F - 4] = 2
        area[0x10 - 4] = 1 << 3
        try scratch.write(
            "sys/firmware/dmi/tables/DMI",
            MadeSMBIOS.structure(9, handle: 0x900, area, ["PCIe Slot 3"])
                + MadeSMBIOS.structure(127, handle: 0xFEFF, [], []))
        let result = try await observe(scratch)
        let locations = Dictionary(
            uniqueKeysWithValues: result.components.map { ($0.id.rawValue, $0.part.location) })
        #expect(locations["pcie_device:0000:03:00.0"] == "PCIe Slot 3")
        #expect(locations["controller:0000:03:00.0"] == "PCIe Slot 3")
        #expect(locations["pcie_device:0000:04:00.0"] == "Slot 9")
    }

    @Test("names come from the list of the tree, whatever the pieces it is read in")
    func names() async throws {
        let scratch = try machine()
        let list = """
            # comment
            1000  Broadcom / LSI
            \t00e6  Fusion-MPT 12GSAS/PCIe Secure SAS38xx
            \t\t1028 1f9c  HBA355i
            1028  Dell
            C 01  Mass storage controller
            \t07  Serial Attached SCSI controller
            \t\t01  OBSOLETE

            """
        try scratch.write("usr/share/misc/pci.ids", String(repeating: "# \n", count: 4000) + list)
        let result = try await observe(scratch)
        let device = try #require(result.components.first { $0.id.rawValue == "pcie_device:0000:03:00.0" })
        #expect(device.part.manufacturer == "Broadcom / LSI")
        #expect(device.part.model == "Fusion-MPT 12GSAS/PCIe Secure SAS38xx")
        #expect(device.attributes["card"] == "HBA355i")
        #expect(device.attributes["card_maker"] == "Dell")
        #expect(device.name == "Serial Attached SCSI controller 0000:03:00.0")
        #expect(device.attributes["class"] == "010700")
    }

    @Test("a machine without PCI says so")
    func absent() async throws {
        let scratch = try ScratchFolder()
        try scratch.write("sys/class/x/y", "")
        await #expect(throws: ProbeError.self) { try await observe(scratch) }
    }

    @Test(
        "an address is read as kernel and lspci write it, and printed as the kernel does",
        arguments: [
            ("0000:3b:00.1", "0000:3b:00.1"), ("3b:1f.7", "0000:3b:1f.7"), ("10000:e1:00.0", "10000:e1:00.0"),
        ])
    func addresses(text: String, printed: String) { #expect(PCIAddress(text)?.description == printed) }

    @Test(
        "what is no address is none",
        arguments: ["", "pcie001", "0000:00:02.1:pcie001", "0000:00:20.0", "00:00.8", "0:0.0"])
    func noAddress(text: String) { #expect(PCIAddress(text) == nil) }

    // MARK: Recordings

    private struct Recorded: Decodable {
        var functions: [String: [String: Double]]
        init(from decoder: any Decoder) throws {
            functions = try decoder.singleValueContainer().decode([String: [String: Double]].self)
        }
    }

    @Test("recorded trees give what another program reads in them", .recorded("sysfs", "aer"), .timeLimit(.minutes(5)))
    func recordedTrees() async throws {
        var read = 0
        var refused: [String] = []
        var functions = 0
        var compared = 0
        let entries = (Recordings.entries("sysfs") + Recordings.entries("aer")).filter { $0.pathExtension != "txt" }
        for entry in entries {
            guard let recorded = try await RecordedTree(entry) else { continue }
            let result: ProbeResult
            do throws(ProbeError) {
                result = try await PCIeProbe(tree: SysTree(root: recorded.root.path)).observe(at: Self.now, since: nil)
            } catch {
                refused.append("\(entry.lastPathComponent): \(error)")
                continue
            }
            read += 1
            functions += result.components.filter { $0.kind == .pcieDevice }.count
            let script = Recordings.package.appending(path: "Tests/Independent/pci.py").path
            let (status, json) = try await run("python3", [script, "tree", recorded.root.path])
            #expect(status == 0)
            let other = try #require(try JSONDecoder().decode([Recorded].self, from: json).first).functions
            for observation in result.observations {
                let key =
                    switch observation.signal.name {
                    case "hw.pcie.errors": observation.signal[label: "error"] ?? ""
                    case "hw.pcie.link_speed": "current_link_speed"
                    case "hw.pcie.link_width": "current_link_width"
                    default: ""
                    }
                let address = String(observation.component.rawValue.dropFirst("pcie_device:".count))
                guard key.hasPrefix("TOTAL_ERR") || key.hasPrefix("current") else { continue }
                #expect(
                    observation.measurement.number == other[address]?[key],
                    "\(entry.lastPathComponent) \(address) \(key)")
                compared += 1
            }
        }
        guard !entries.isEmpty else { return }
        print("pcie: \(read) trees read, \(refused.count) refused, \(functions) functions, \(compared) values compared")
        for words in refused { print("  \(words)") }
        #expect(read == 15)
        #expect(refused.count == 23)
        #expect(refused.allSatisfy { $0.contains("not there") || $0.contains("no PCI function") })
        #expect(functions == 154)
        #expect(compared == 93)
    }

    @Test("recorded lspci outputs give what another program reads in them", .recorded("aer"))
    func recordedTexts() async throws {
        let files = Recordings.entries("aer").filter { $0.pathExtension == "txt" }
        guard !files.isEmpty else { return }
        let script = Recordings.package.appending(path: "Tests/Independent/pci.py").path
        let (status, json) = try await run("python3", [script, "lspci"] + files.map(\.path))
        #expect(status == 0)
        let others = try JSONDecoder().decode([[String: [Double]]].self, from: json)
        var links = 0
        for (file, other) in zip(files, others) {
            let result = try await PCIeProbe(tree: SysTree(), input: file.path).observe(at: Self.now, since: nil)
            #expect(result.components.count == 1, "\(file.lastPathComponent)")
            let number = { (signal: Signal) in result.observations.first { $0.signal == signal }?.measurement.number }
            if let now = other["LnkSta"], let most = other["LnkCap"] {
                links += 1
                #expect([number(Self.speed), number(Self.width)] == now, "\(file.lastPathComponent)")
                #expect([number(Self.speedLimit), number(Self.widthLimit)] == most, "\(file.lastPathComponent)")
            }
        }
        print("pcie: \(files.count) outputs of lspci read, 0 refused, \(links) links compared")
        #expect(files.count == 27)
        #expect(links == 26)
    }

    @Test("every value is one of the signal catalogue")
    func catalogue() async throws {
        let result = try await observe(try machine())
        let kinds = Dictionary(uniqueKeysWithValues: result.components.map { ($0.id, $0.kind) })
        for observation in result.observations {
            let kind = try #require(kinds[observation.component])
            #expect(
                SignalCatalogue.objection(to: observation.signal, of: kind, measurement: observation.measurement) == nil
            )
        }
    }
}
