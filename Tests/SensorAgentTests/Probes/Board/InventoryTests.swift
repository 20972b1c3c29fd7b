import Foundation
import Reports
import TestSupport
import Testing

@testable import SensorAgent

@Suite("Inventory")
struct InventoryTests {
    static let now = Timestamp(seconds: 1_763_712_000)

    @Test("modules carry locator, manufacturer, part number, serial and size; an empty slot is none")
    func modules() {
        let table = SMBIOS(parsing: MadeSMBIOS.modules([("DIMM_A1", "BANK 0"), ("DIMM_B1", "BANK 1")]))
        #expect(table.problem == nil)
        let modules = MemoryModules(table).modules.map(\.component)
        #expect(modules.map(\.id.rawValue) == ["dimm:DIMM_A1", "dimm:DIMM_B1"])
        #expect(
            modules.first?.part
                == Part(manufacturer: "Made Up", partNumber: "MU-32G-0", serial: "SN000000", location: "DIMM_A1"))
        #expect(modules.first?.attributes["size_bytes"] == "34359738368")
        #expect(modules.first?.attributes["memory_type"] == "DDR4")
        let empty = MadeSMBIOS.structure(17, handle: 1, [UInt8](repeating: 0, count: 0x24), ["DIMM_C1"])
        #expect(MemoryModules(SMBIOS(parsing: empty)).modules.isEmpty)
    }

    @Test("slots of one name are told apart by their bank, else by their handle")
    func likeNamedSlots() {
        let banks = MemoryModules(SMBIOS(parsing: MadeSMBIOS.modules([("DIMM 0", "A"), ("DIMM 0", "B")]))).modules
        #expect(banks.map(\.component.id.rawValue) == ["dimm:A/DIMM 0", "dimm:B/DIMM 0"])
        let alike = MemoryModules(SMBIOS(parsing: MadeSMBIOS.modules([("DIMM 0", "A"), ("DIMM 0", "A")]))).modules
        #expect(alike.map(\.component.id.rawValue) == ["dimm:handle-0x1100", "dimm:handle-0x1101"])
    }

    @Test(
        "what firmware writes when it has nothing to say is absent",
        arguments: [
            "To Be Filled By O.E.M.", "NO DIMM", "Not Specified", "0x000", "00000000", "FFFFFFFF", "  ", "None",
            "Unknown",
            "Default string", "DIMM_A1_SerNum".replacing("DIMM_A1_", with: ""), "XXXXXXXX", "Not Provided",
            "\u{1}\u{2}",
        ])
    func filler(_ text: String) {
        #expect(PlaceholderText.removed(text) == nil)
    }

    @Test("a real word stays", arguments: ["02C2CP", "A00", "1.0", "SN000000", "X", "F", "Samsung", "DIMM_A1", "8"])
    func noFiller(_ text: String) {
        #expect(PlaceholderText.removed(text) == text)
    }

    @Test("a broken table gives what stands before the break, and says where it broke")
    func broken() {
        let whole = MadeSMBIOS.modules([("DIMM_A1", "A"), ("DIMM_B1", "B")])
        let cut = SMBIOS(parsing: Array(whole.prefix(whole.count * 2 / 3)))
        #expect(cut.structures.count == 1 || cut.structures.count == 2)
        #expect(cut.problem != nil)
        #expect(SMBIOS(parsing: []).structures.isEmpty)
        #expect(SMBIOS(parsing: [17, 3, 0, 0, 0, 0]).problem?.contains("shorter than its header") == true)
        let endless = (0..<(SMBIOS.structureLimit + 1)).flatMap { _ in MadeSMBIOS.structure(126, handle: 0, [], []) }
        #expect(SMBIOS(parsing: endless).structures.count == SMBIOS.structureLimit)
        #expect(SMBIOS(parsing: endless).problem == "more than \(SMBIOS.structureLimit) structures")
        #expect(SMBIOS(parsing: Array("_SM3_".utf8) + [UInt8](repeating: 0xFF, count: 40)).structures.isEmpty)
    }

    @Test(
        "what holds no part is no table, and says so",
        arguments: ["", "# dmidecode 3.3\nGetting SMBIOS data from sysfs.\n", "<html><body>404</body></html>", "hello"])
    func foreign(_ text: String) async throws {
        let scratch = try ScratchFolder()
        try scratch.write("file", text)
        let probe = InventoryProbe(tree: SysTree(), input: scratch.url.appending(path: "file").path)
        let document = await ProbeDocument(observing: [probe], at: Self.now)
        #expect(document.exitCode == 65)
    }

    @Test("flipped bytes never trap")
    func flipped() {
        let bytes = MadeSMBIOS.modules([("DIMM_A1", "A"), ("DIMM_B1", "B"), ("DIMM_C1", "C")])
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix(seed: seed)
        var whole = 0
        for _ in 0..<2_000 {
            var damaged = bytes
            for _ in 0...random.next() % 8 {
                damaged[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            let table = SMBIOS(parsing: damaged)
            _ = FirmwareInventory(table, files: SysTree(root: "/nonexistent"))
            if table.problem == nil { whole += 1 }
        }
        #expect(whole < 2_000, "seed \(seed)")
    }

    @Test("every recorded table gives what an independent walk through it finds", .recorded("dmi-binary"))
    func recordedTables() async throws {
        var tables = 0
        var found = 0
        for file in Recordings.entries("dmi-binary") {
            let result = try await InventoryProbe(tree: SysTree(), input: file.path).observe(at: Self.now, since: nil)
            let (code, output) = try await run("dmidecode", ["--from-dump", file.path, "-t", "17", "-q"])
            tables += 1
            #expect(
                result.components.contains { $0.kind == .board || $0.kind == .chassis }, "\(file.lastPathComponent)")
            // dmidecode reads only files with an entry point.
            guard code == 0, !String(decoding: output, as: UTF8.self).contains("No SMBIOS") else { continue }
            let text = String(decoding: output, as: UTF8.self)
            for block in text.components(separatedBy: "Memory Device\n").dropFirst() {
                let lines = block.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
                let value: (String) -> String? = { key in
                    lines.first { $0.hasPrefix(key + ": ") }.map { String($0.dropFirst(key.count + 2)) }
                }
                guard let size = value("Size"), size.first?.isNumber == true else { continue }
                let serial = PlaceholderText.removed(value("Serial Number"))
                let module = result.components.first {
                    $0.kind == .dimm && ($0.part.location ?? "").hasSuffix(value("Locator") ?? "?")
                        && ($0.attributes["bank"] ?? value("Bank Locator")) == value("Bank Locator")
                }
                #expect(module != nil, "\(file.lastPathComponent): \(value("Locator") ?? "")")
                #expect(module?.part.serial == serial, "\(file.lastPathComponent)")
                #expect(
                    module?.part.partNumber == PlaceholderText.removed(value("Part Number")),
                    "\(file.lastPathComponent)")
                #expect(
                    module?.part.manufacturer == PlaceholderText.removed(value("Manufacturer")),
                    "\(file.lastPathComponent)")
                found += 1
            }
        }
        print("SMBIOS: \(tables) recorded tables, \(found) modules equal to dmidecode's")
    }

    @Test("every recorded tree gives an inventory or a reason, with each component once", .recorded("sysfs"))
    func recordedTrees() async throws {
        var counts: [String: Int] = [:]
        for entry in Recordings.entries("sysfs") {
            guard let tree = try await RecordedTree(entry) else { continue }
            let probe = InventoryProbe(tree: SysTree(root: tree.root.path))
            guard let result = try? await probe.observe(at: Self.now, since: nil) else { continue }
            #expect(Set(result.components.map(\.id)).count == result.components.count, "\(entry.lastPathComponent)")
            for component in result.components { counts[component.kind.rawValue, default: 0] += 1 }
        }
        #expect(!counts.isEmpty)
        print("inventory of recorded trees: \(counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" })")
    }

    @Test("one disk on two paths is one component; two disks with one made-up WWN are two")
    func sameNames() async throws {
        let scratch = try ScratchFolder()
        for (disk, serial) in [("sda", "AAA1"), ("sdb", "AAA1"), ("sdc", "BBB2")] {
            try scratch.write("sys/class/block/\(disk)/device/wwid", "naa.5000123400000001")
            try scratch.write("sys/class/block/\(disk)/device/vpd_pg80", [0, 0x80, 0, 4] + Array(serial.utf8))
        }
        try scratch.write("sys/class/block/sdc/partition", "1")
        try scratch.write("sys/class/block/sdd/device/wwid", "naa.5000123400000001")
        try scratch.write("sys/class/block/sdd/device/vpd_pg80", [0, 0x80, 0, 4] + Array("CCC3".utf8))
        let result = try await InventoryProbe(tree: SysTree(root: scratch.url.path)).observe(at: Self.now, since: nil)
        #expect(
            result.components.map(\.id.rawValue)
                == ["disk:wwn-0x5000123400000001@AAA1", "disk:wwn-0x5000123400000001@CCC3"])
        #expect(result.components.first?.attributes["devices"] == "/dev/sda /dev/sdb")
    }

    @Test("a disk has the slot of its enclosure, a card the address that was burnt in")
    func slots() async throws {
        let scratch = try ScratchFolder()
        try scratch.write("sys/class/block/sda/device/wwid", "naa.5000123400000001")
        try scratch.write("sys/class/block/sda/device/enclosure_device:Slot 07/slot", "7\n")
        try scratch.write("sys/class/net/eth0/device/vendor", "0x8086\n")
        try scratch.write("sys/class/net/eth0/device/device", "0x1521\n")
        try scratch.write("sys/class/net/eth0/address", "00:16:3e:aa:bb:01\n")
        try scratch.write("sys/class/net/bond0/address", "00:16:3e:aa:bb:01\n")
        let result = try await InventoryProbe(tree: SysTree(root: scratch.url.path)).observe(at: Self.now, since: nil)
        #expect(result.components.map(\.id.rawValue) == ["disk:wwn-0x5000123400000001", "nic:00:16:3e:aa:bb:01"])
        #expect(result.components.first?.part.location == "Bay 7")
        #expect(result.components.last?.attributes["pci_id"] == "8086:1521")
        // An address is no serial number.
        #expect(result.components.last?.part.serial == nil)
        #expect(result.components.last?.attributes["mac"] == "00:16:3e:aa:bb:01")
    }

    @Test("a virtual disk has no maker by the number of its bus")
    func virtual() async throws {
        let scratch = try ScratchFolder()
        try scratch.write("sys/class/block/vda/device/vendor", "0x1af4\n")
        try scratch.write("sys/class/block/vda/serial", "VOL-7\n")
        let result = try await InventoryProbe(tree: SysTree(root: scratch.url.path)).observe(at: Self.now, since: nil)
        #expect(result.components.map(\.part) == [Part(serial: "VOL-7")])
    }
}
