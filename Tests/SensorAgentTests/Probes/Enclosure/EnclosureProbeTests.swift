import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("Where disks sit")
struct EnclosuresTests {
    static let now = Timestamp(seconds: 1_763_712_000)

    /// A host bus adapter with a shelf of three bays, two of them taken, and an AHCI controller with one disk.
    private func machine() throws -> ScratchFolder {
        let scratch = try ScratchFolder()
        let hba = "sys/devices/pci0000:00/0000:00:03.0/0000:03:00.0/host0"
        let ahci = "sys/devices/pci0000:00/0000:00:17.0/ata3/host2"
        func link(_ path: String, _ target: String) throws {
            let url = scratch.url.appending(path: path)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            let up = String(repeating: "../", count: path.split(separator: "/").count - 1)
            try FileManager.default.createSymbolicLink(atPath: url.path, withDestinationPath: up + target)
        }
        func disk(_ name: String, _ folder: String, _ wwn: String) throws {
            try scratch.write("\(folder)/wwid", "naa.\(wwn)\n")
            try scratch.write("\(folder)/block/\(name)/size", "4096\n")
            try link("\(folder)/block/\(name)/device", folder)
            try link("sys/block/\(name)", "\(folder)/block/\(name)")
            try link("sys/class/block/\(name)", "\(folder)/block/\(name)")
        }
        for (file, text) in [
            "proc_name": "mpt3sas", "version_fw": "16.00.12.00", "board_name": "SAS9300-8i",
            "board_tracer": "SP12345678", "board_assembly": "03-25656-02A",
        ] { try scratch.write("\(hba)/scsi_host/host0/\(file)", "\(text)\n") }
        try link("sys/class/scsi_host/host0", "\(hba)/scsi_host/host0")
        try scratch.write("\(ahci)/scsi_host/host2/proc_name", "ahci\n")
        try link("sys/class/scsi_host/host2", "\(ahci)/scsi_host/host2")
        let port = "\(hba)/port-0:0/expander-0:0/port-0:0:4"
        let first = "\(port)/end_device-0:0:4/target0:0:4/0:0:4:0"
        try disk("sda", first, "5000c500aaaaaaa1")
        try scratch.write("\(port)/phy-0:0:4/x", "")
        for (file, text) in [
            "invalid_dword_count": "12", "running_disparity_error_count": "3", "loss_of_dword_sync_count": "1",
            "phy_reset_problem_count": "0", "negotiated_linkrate": "6.0 Gbit", "maximum_linkrate": "12.0 Gbit",
        ] { try scratch.write("sys/class/sas_phy/phy-0:0:4/\(file)", "\(text)\n") }
        let second = "\(hba)/port-0:0/expander-0:0/port-0:0:5/end_device-0:0:5/target0:0:5/0:0:5:0"
        try disk("sdb", second, "5000c500aaaaaaa2")
        try disk("sdc", "\(ahci)/target2:0:0/2:0:0:0", "5000c500aaaaaaa3")
        try scratch.write("sys/class/ata_port/ata3/port_no", "2\n")
        let ses = "\(hba)/port-0:0/expander-0:0/port-0:0:8/end_device-0:0:8/target0:0:8/0:0:8:0"
        for (file, text) in ["vendor": "LSI", "model": "SAS3x28", "rev": "0701"] {
            try scratch.write("\(ses)/\(file)", "\(text)\n")
        }
        let shelf = "\(ses)/enclosure/0:0:8:0"
        try scratch.write("\(shelf)/id", "0x500304801f71f0bd\n")
        try link("\(shelf)/device", ses)
        for (bay, status, fault) in [("Slot 01", "OK", "0"), ("Slot 02", "OK", "1"), ("Slot 03", "not installed", "0")]
        {
            try scratch.write("\(shelf)/\(bay)/status", "\(status)\n")
            try scratch.write("\(shelf)/\(bay)/fault", "\(fault)\n")
            try scratch.write("\(shelf)/\(bay)/slot", "\(Int(bay.suffix(2)) ?? 0)\n")
        }
        try link("\(shelf)/Slot 01/device", first)
        try link("\(shelf)/Slot 02/device", second)
        try link("sys/class/enclosure/0:0:8:0", shelf)
        return scratch
    }

    private func chain(_ result: ProbeResult, from id: String) -> [String] {
        let parents = Dictionary(result.components.map { ($0.id, $0.parent) }, uniquingKeysWith: { first, _ in first })
        var chain: [String] = []
        var next: ComponentID? = ComponentID(rawValue: id)
        while let current = next, chain.count < 10 {
            chain.append(current.rawValue)
            next = parents[current] ?? nil
        }
        return chain
    }

    @Test(
        "a disk in a shelf hangs on its bay, the shelf, the controller and the PCI function; without a shelf on its cable"
    )
    func chains() async throws {
        let scratch = try machine()
        let result = try await EnclosureProbe(tree: SysTree(root: scratch.url.path)).observe(at: Self.now, since: nil)
        expectInCatalogue(result)
        #expect(
            chain(result, from: "disk:wwn-0x5000c500aaaaaaa1") == [
                "disk:wwn-0x5000c500aaaaaaa1", "slot:ses-500304801f71f0bd/1", "backplane:ses-500304801f71f0bd",
                "controller:0000:03:00.0", "pcie_device:0000:03:00.0",
            ])
        #expect(
            chain(result, from: "disk:wwn-0x5000c500aaaaaaa3") == [
                "disk:wwn-0x5000c500aaaaaaa3", "cable:0000:00:17.0/port2", "controller:0000:00:17.0",
                "pcie_device:0000:00:17.0",
            ])
        let disk = try #require(result.components.first { $0.id.rawValue == "disk:wwn-0x5000c500aaaaaaa2" })
        #expect(disk.part.location == "Bay 2")
        let controller = try #require(result.components.first { $0.id.rawValue == "controller:0000:03:00.0" })
        #expect(
            controller.part
                == Part(
                    model: "SAS9300-8i", partNumber: "03-25656-02A", serial: "SP12345678", firmware: "16.00.12.00"))
    }

    @Test("the shelf's word of each bay and the errors of each link are told")
    func values() async throws {
        let scratch = try machine()
        let tree = SysTree(root: scratch.url.path)
        var result = try await EnclosureProbe(tree: tree).observe(at: Self.now, since: nil)
        let bays = { (result: ProbeResult) in
            result.observations.filter { $0.signal.name == "hw.enclosure.slot" }.map(\.measurement)
        }
        #expect(bays(result) == [.state("ok"), .state("fault"), .state("empty")])
        func value(_ signal: Signal) -> Reports.Measurement? {
            result.observations.first { $0.component.rawValue == "disk:wwn-0x5000c500aaaaaaa1" && $0.signal == signal }?
                .measurement
        }
        #expect(
            value(Signal("hw.physical_disk.phy_errors", ["phy": "0", "type": "invalid_dword"])) == .counter(12))
        #expect(value(Signal("hw.physical_disk.link_speed")) == .reading(6))
        #expect(value(Signal("hw.physical_disk.link_speed.limit", ["limit_type": "rated.high"])) == .reading(12))
        // A file that cannot be read any more says so, and a count that vanishes is no count of zero.
        try FileManager.default.removeItem(
            at: scratch.url.appending(path: "sys/class/sas_phy/phy-0:0:4/invalid_dword_count"))
        result = try await EnclosureProbe(tree: tree).observe(at: Self.now, since: nil)
        #expect(
            value(Signal("hw.physical_disk.phy_errors", ["phy": "0", "type": "invalid_dword"]))
                == .unavailable(.notSupported))
    }

    @Test("a shelf that the controller alone knows of is the same one")
    func bayIdentifier() async throws {
        let scratch = try machine()
        try FileManager.default.removeItem(at: scratch.url.appending(path: "sys/class/enclosure"))
        for end in ["end_device-0:0:4", "end_device-0:0:5"] {
            try scratch.write("sys/class/sas_device/\(end)/bay_identifier", "\(end.suffix(1))\n")
            try scratch.write("sys/class/sas_device/\(end)/enclosure_identifier", "0x500304801f71f0bd\n")
        }
        let result = try await EnclosureProbe(tree: SysTree(root: scratch.url.path)).observe(at: Self.now, since: nil)
        #expect(
            chain(result, from: "disk:wwn-0x5000c500aaaaaaa1").prefix(3) == [
                "disk:wwn-0x5000c500aaaaaaa1", "slot:ses-500304801f71f0bd/4", "backplane:ses-500304801f71f0bd",
            ])
    }

    @Test("the place of a disk in sysfs is read for what lies before it")
    func paths() {
        let sata = StoragePath("/sys/devices/pci0000:00/0000:00:17.0/ata3/host2/target2:0:0/2:0:0:0/block/sda")
        #expect(sata.pci == "0000:00:17.0" && sata.ataPort == "ata3" && sata.host == "host2" && !sata.isUSB)
        let usb = StoragePath(
            "/sys/devices/pci0000:00/0000:00:14.0/usb2/2-3/2-3:1.0/host4/target4:0:0/4:0:0:0/block/sdb")
        #expect(usb.isUSB)
        #expect(StoragePath("").pci == nil)
        #expect(StoragePath.isPCIAddress("10000:01:00.0") && !StoragePath.isPCIAddress("2:0:0:0"))
    }

    @Test(
        "on every recorded tree each disk hangs on a PCI function that find(1) finds above it too", .recorded("sysfs"))
    func recorded() async throws {
        var machines = 0
        var disks = 0
        for entry in Recordings.entries("sysfs") where entry.lastPathComponent.hasSuffix(".bz2") {
            guard let tree = try await RecordedTree(entry) else { continue }
            let probe = EnclosureProbe(tree: SysTree(root: tree.root.path))
            guard let result = try? await probe.observe(at: Self.now, since: nil) else { continue }
            machines += 1
            expectInCatalogue(result)
            for disk in result.components where disk.kind == .disk {
                disks += 1
                let top = chain(result, from: disk.id.rawValue).last ?? ""
                #expect(top.hasPrefix("pcie_device:"), "\(entry.lastPathComponent) \(disk.id)")
                let name = disk.attributes["device"]?.split(separator: "/").last.map(String.init) ?? ""
                let (_, found) = try await run("find", [tree.root.path, "-type", "d", "-name", name])
                let address = top.dropFirst("pcie_device:".count)
                #expect(String(decoding: found, as: UTF8.self).contains(address), "\(entry.lastPathComponent) \(name)")
            }
        }
        print("sysfs: \(machines) trees with storage controllers, \(disks) disks with their place")
    }
}
